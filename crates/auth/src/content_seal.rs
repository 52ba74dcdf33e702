//! The seal over content that applications leave with the server: a key of its own for each purpose
//! and domain, derived from the `seal_key`, and bound to the row it stands in, so that what one
//! domain or row sealed opens in no other.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use koppeltaal_core::{Error, Result};

use crate::seal::SealKey;

/// A key over one kind of content.
pub struct ContentKey(RandomizedNonceKey);

impl fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContentKey(…)")
    }
}

impl SealKey {
    /// The key over content of this purpose; another purpose has another key.
    pub fn content_key(&self, purpose: &str) -> Result<ContentKey> {
        let key = self.derive(&format!("content/{purpose}"));
        let key = RandomizedNonceKey::new(&AES_256_GCM, &key)
            .map_err(|_| Error::internal("no key could be derived"))?;
        Ok(ContentKey(key))
    }
}

impl ContentKey {
    /// Seals content; `place` says where it will stand.
    pub fn seal(&self, content: &[u8], place: &[u8]) -> Result<Vec<u8>> {
        let mut sealed = content.to_vec();
        let nonce = self
            .0
            .seal_in_place_append_tag(Aad::from(place), &mut sealed)
            .map_err(|_| Error::internal("sealing failed"))?;
        let mut bytes = nonce.as_ref().to_vec();
        bytes.append(&mut sealed);
        Ok(bytes)
    }

    /// Opens what this key sealed for this place.
    pub fn open(&self, mut sealed: Vec<u8>, place: &[u8]) -> Result<Vec<u8>> {
        let failed = || {
            Error::internal("sealed content cannot be opened: it was sealed with another seal_key")
        };
        let (nonce, content) = sealed.split_at_mut_checked(NONCE_LEN).ok_or_else(failed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| failed())?;
        let plain = self.0.open_in_place(nonce, Aad::from(place), content).map_err(|_| failed())?;
        Ok(plain.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::DEVELOPMENT_KEY;

    #[test]
    fn content_opens_in_its_own_domain_and_place_only() {
        let seal = SealKey::parse(DEVELOPMENT_KEY).unwrap();
        let key = seal.content_key("storage item/d").unwrap();
        let sealed = key.seal(b"secret", b"1/2").unwrap();
        assert!(!sealed.windows(6).any(|some| some == b"secret"));
        assert_eq!(key.open(sealed.clone(), b"1/2").unwrap(), b"secret");
        assert!(key.open(sealed.clone(), b"1/3").is_err());
        let other = seal.content_key("storage item/e").unwrap();
        assert!(other.open(sealed.clone(), b"1/2").is_err());
        for odd in [Vec::new(), vec![0; 5], sealed[..20].to_vec()] {
            assert!(key.open(odd, b"1/2").is_err());
        }
        assert_ne!(key.seal(b"secret", b"1/2").unwrap(), sealed);
    }
}
