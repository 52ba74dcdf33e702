//! The seal over secrets that the server must read again (header values of
//! webhooks, secrets at other services): AES-256-GCM under the key of the
//! configuration, so that a copy of the store alone gives none of them away.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use koppeltaal_core::directory::Secret;
use koppeltaal_core::{Error, Result};

/// The form of what is sealed; also bound into the seal.
const FORM: &str = "sealed:v1:";

/// What `seal_key` is when nobody sets it. It protects nothing, since everybody
/// can read it here.
pub const DEVELOPMENT_KEY: &str = "a29wcGVsdGFhbCBkZXZlbG9wbWVudCBzZWFsIGtleSE=";

/// The key that seals and opens.
pub struct SealKey {
    key: RandomizedNonceKey,
    derive: hmac::Key,
    development: bool,
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(…)")
    }
}

impl SealKey {
    /// Reads the key of the configuration: base64 of 32 bytes.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        let invalid = || {
            Error::Invalid(
                "seal_key is not the base64 form of 32 bytes: make one with `openssl rand -base64 32`"
                    .to_owned(),
            )
        };
        let bytes = STANDARD.decode(text).map_err(|_| invalid())?;
        let key = RandomizedNonceKey::new(&AES_256_GCM, &bytes).map_err(|_| invalid())?;
        let derive = hmac::Key::new(hmac::HMAC_SHA256, &bytes);
        Ok(Self { key, derive, development: text == DEVELOPMENT_KEY })
    }

    /// A key for another purpose, which tells nothing of this one.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        let tag = hmac::sign(&self.derive, purpose.as_bytes());
        let mut key = [0; 32];
        for (to, from) in key.iter_mut().zip(tag.as_ref()) {
            *to = *from;
        }
        key
    }

    /// Whether it is the key that everybody knows.
    pub fn is_development(&self) -> bool {
        self.development
    }

    /// Seals a secret; every call gives another text.
    pub fn seal(&self, plain: &str) -> Result<Secret> {
        let mut sealed = plain.as_bytes().to_vec();
        let nonce = self
            .key
            .seal_in_place_append_tag(Aad::from(FORM), &mut sealed)
            .map_err(|_| Error::internal("sealing failed"))?;
        let mut bytes = nonce.as_ref().to_vec();
        bytes.append(&mut sealed);
        Ok(Secret(format!("{FORM}{}", STANDARD.encode(bytes))))
    }

    /// Whether this is what was sealed, compared in constant time.
    pub fn holds(&self, secret: &Secret, given: &str) -> Result<bool> {
        let plain = self.open(secret)?;
        Ok(verify_slices_are_equal(plain.as_bytes(), given.as_bytes()).is_ok())
    }

    /// Opens what this key sealed.
    pub fn open(&self, secret: &Secret) -> Result<String> {
        let failed = || {
            Error::internal("a sealed secret cannot be opened: it was sealed with another seal_key")
        };
        let text = secret.0.strip_prefix(FORM).ok_or_else(failed)?;
        let mut bytes = STANDARD.decode(text).map_err(|_| failed())?;
        let (nonce, sealed) = bytes.split_at_mut_checked(NONCE_LEN).ok_or_else(failed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| failed())?;
        let plain = self.key.open_in_place(nonce, Aad::from(FORM), sealed).map_err(|_| failed())?;
        String::from_utf8(plain.to_vec()).map_err(|_| failed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_with_the_same_key_only() {
        let key = SealKey::parse(DEVELOPMENT_KEY).unwrap();
        let sealed = key.seal("s3cret é").unwrap();
        assert!(sealed.0.starts_with("sealed:v1:"));
        assert!(!sealed.0.contains("s3cret"));
        assert_eq!(key.open(&sealed).unwrap(), "s3cret é");
        assert!(key.holds(&sealed, "s3cret é").unwrap());
        assert!(!key.holds(&sealed, "s3cret").unwrap() && !key.holds(&sealed, "").unwrap());
        assert_ne!(key.seal("s3cret é").unwrap(), sealed);
        let other = SealKey::parse(&STANDARD.encode([7; 32])).unwrap();
        assert!(other.open(&sealed).is_err());
    }

    #[test]
    fn what_was_tampered_with_does_not_open() {
        let key = SealKey::parse(DEVELOPMENT_KEY).unwrap();
        for odd in ["", "s3cret", "sealed:v1:", "sealed:v1:AAAA", "sealed:v1:%"] {
            assert!(key.open(&Secret(odd.to_owned())).is_err(), "{odd}");
        }
        let mut sealed = key.seal("x").unwrap();
        let last = sealed.0.pop().unwrap();
        sealed.0.push(if last == 'A' { 'B' } else { 'A' });
        assert!(key.open(&sealed).is_err());
    }

    #[test]
    fn the_development_key_is_recognised_and_odd_keys_are_refused() {
        assert!(SealKey::parse(DEVELOPMENT_KEY).unwrap().is_development());
        let own = format!("{}\n", STANDARD.encode([1; 32]));
        assert!(!SealKey::parse(&own).unwrap().is_development());
        for odd in ["", "short", "AAAA", &STANDARD.encode([1; 16]), &STANDARD.encode([1; 33])] {
            assert!(matches!(SealKey::parse(odd), Err(Error::Invalid(_))), "{odd}");
        }
    }
}
