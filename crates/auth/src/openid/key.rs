//! The public keys of an identity provider (RFC 7517) and the check of a signature
//! with them (RFC 7518 §3). `openidconnect` would check with libraries of its own;
//! here it is the one that this server uses for all cryptography.

use std::time::Duration;

use aws_lc_rs::digest;
use aws_lc_rs::signature::{self, EcdsaVerificationAlgorithm, RsaParameters, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::{
    CoreJsonWebKeyType as Type, CoreJsonWebKeyUse, CoreJwsSigningAlgorithm as Algorithm,
};
use openidconnect::{
    JsonWebKey, JsonWebKeyAlgorithm, JsonWebKeyId, JsonWebKeySet, SignatureVerificationError,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::calls::{Calls, fetch_object};
use super::failure::Failure;

/// The keys that a provider publishes.
pub(super) type Keys = Vec<Key>;

/// More keys than this are not read.
const MOST: usize = 100;

/// What an id_token may be signed with: never nothing, never a shared secret.
pub(super) static ALGORITHMS: [(&str, Algorithm); 9] = [
    ("RS256", Algorithm::RsaSsaPkcs1V15Sha256),
    ("RS384", Algorithm::RsaSsaPkcs1V15Sha384),
    ("RS512", Algorithm::RsaSsaPkcs1V15Sha512),
    ("ES256", Algorithm::EcdsaP256Sha256),
    ("ES384", Algorithm::EcdsaP384Sha384),
    ("ES512", Algorithm::EcdsaP521Sha512),
    ("PS256", Algorithm::RsaSsaPssSha256),
    ("PS384", Algorithm::RsaSsaPssSha384),
    ("PS512", Algorithm::RsaSsaPssSha512),
];

/// A public key as published; numbers stay base64url until they are used.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Key {
    kty: Type,
    #[serde(rename = "use", default)]
    usage: Option<CoreJsonWebKeyUse>,
    #[serde(default)]
    key_ops: Option<Vec<String>>,
    #[serde(default)]
    kid: Option<JsonWebKeyId>,
    #[serde(default)]
    alg: Option<String>,
    #[serde(default)]
    crv: Option<String>,
    #[serde(default)]
    n: Option<String>,
    #[serde(default)]
    e: Option<String>,
    #[serde(default)]
    x: Option<String>,
    #[serde(default)]
    y: Option<String>,
}

/// Fetches the keys at `url`.
pub(super) async fn fetch(calls: Calls<'_>, url: &str) -> Result<(Keys, Duration), Failure> {
    let (mut object, lifetime) = fetch_object(calls, url, "key set").await?;
    let Some(Value::Array(keys)) = object.remove("keys") else {
        return Err(Failure::unavailable("the key set has no keys"));
    };
    Ok((read(keys), lifetime))
}

/// The keys set for `openidconnect`.
pub(super) fn set(keys: &Keys) -> JsonWebKeySet<Key> {
    JsonWebKeySet::new(keys.clone())
}

/// Keys of a kind that is not known here are for others, and skipped.
fn read(keys: Vec<Value>) -> Keys {
    keys.into_iter()
        .filter_map(|key| serde_json::from_value::<Key>(key).ok())
        .filter(Key::can_verify)
        .take(MOST)
        .collect()
}

impl Key {
    fn can_verify(&self) -> bool {
        let numbers = match self.kty {
            Type::RSA => self.n.is_some() && self.e.is_some(),
            Type::EllipticCurve => self.crv.is_some() && self.x.is_some() && self.y.is_some(),
            _ => false,
        };
        let usage = matches!(self.usage, None | Some(CoreJsonWebKeyUse::Signature));
        let operations = self.key_ops.as_ref();
        numbers && usage && operations.is_none_or(|them| them.iter().any(|it| it == "verify"))
    }

    fn verify_rsa(
        &self,
        parameters: &'static RsaParameters,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureVerificationError> {
        let without_zeros = |bytes: Vec<u8>| -> Vec<u8> {
            bytes.into_iter().skip_while(|byte| *byte == 0).collect()
        };
        let components = signature::RsaPublicKeyComponents {
            n: without_zeros(number(&self.n)?),
            e: without_zeros(number(&self.e)?),
        };
        let key = components.to_parsed_public_key(parameters).map_err(|_| unusable())?;
        key.verify_sig(message, signature).map_err(|_| wrong())
    }

    fn verify_ec(
        &self,
        curve: &str,
        length: usize,
        algorithm: &'static EcdsaVerificationAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureVerificationError> {
        let (x, y) = (number(&self.x)?, number(&self.y)?);
        if self.crv.as_deref() != Some(curve) || x.len() != length || y.len() != length {
            return Err(unusable());
        }
        let point = [&[4][..], &x, &y].concat();
        UnparsedPublicKey::new(algorithm, point).verify(message, signature).map_err(|_| wrong())
    }
}

fn number(text: &Option<String>) -> Result<Vec<u8>, SignatureVerificationError> {
    let text = text.as_deref().ok_or_else(unusable)?;
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).map_err(|_| unusable())
}

fn unusable() -> SignatureVerificationError {
    SignatureVerificationError::InvalidKey("the key cannot be used with this algorithm".to_owned())
}

fn wrong() -> SignatureVerificationError {
    SignatureVerificationError::CryptoError("the signature is wrong".to_owned())
}

impl JsonWebKey for Key {
    type KeyUse = CoreJsonWebKeyUse;
    type SigningAlgorithm = Algorithm;

    fn key_id(&self) -> Option<&JsonWebKeyId> {
        self.kid.as_ref()
    }

    fn key_type(&self) -> &Type {
        &self.kty
    }

    fn key_use(&self) -> Option<&CoreJsonWebKeyUse> {
        self.usage.as_ref()
    }

    fn signing_alg(&self) -> JsonWebKeyAlgorithm<&Algorithm> {
        let Some(name) = &self.alg else { return JsonWebKeyAlgorithm::Unspecified };
        ALGORITHMS
            .iter()
            .find(|(known, _)| known == name)
            .map_or(JsonWebKeyAlgorithm::Unsupported, |(_, it)| JsonWebKeyAlgorithm::Algorithm(it))
    }

    /// A key that verifies nothing: shared secrets are never accepted.
    fn new_symmetric(_secret: Vec<u8>) -> Self {
        Self {
            kty: Type::Symmetric,
            usage: None,
            key_ops: None,
            kid: None,
            alg: None,
            crv: None,
            n: None,
            e: None,
            x: None,
            y: None,
        }
    }

    fn verify_signature(
        &self,
        algorithm: &Algorithm,
        message: &[u8],
        signed: &[u8],
    ) -> Result<(), SignatureVerificationError> {
        use signature as s;
        let rsa = |parameters| self.verify_rsa(parameters, message, signed);
        let ec = |curve, length, with| self.verify_ec(curve, length, with, message, signed);
        match algorithm {
            Algorithm::RsaSsaPkcs1V15Sha256 => rsa(&s::RSA_PKCS1_2048_8192_SHA256),
            Algorithm::RsaSsaPkcs1V15Sha384 => rsa(&s::RSA_PKCS1_2048_8192_SHA384),
            Algorithm::RsaSsaPkcs1V15Sha512 => rsa(&s::RSA_PKCS1_2048_8192_SHA512),
            Algorithm::RsaSsaPssSha256 => rsa(&s::RSA_PSS_2048_8192_SHA256),
            Algorithm::RsaSsaPssSha384 => rsa(&s::RSA_PSS_2048_8192_SHA384),
            Algorithm::RsaSsaPssSha512 => rsa(&s::RSA_PSS_2048_8192_SHA512),
            Algorithm::EcdsaP256Sha256 => ec("P-256", 32, &s::ECDSA_P256_SHA256_FIXED),
            Algorithm::EcdsaP384Sha384 => ec("P-384", 48, &s::ECDSA_P384_SHA384_FIXED),
            Algorithm::EcdsaP521Sha512 => ec("P-521", 66, &s::ECDSA_P521_SHA512_FIXED),
            _ => Err(SignatureVerificationError::UnsupportedAlg("not accepted here".to_owned())),
        }
    }

    fn hash_bytes(&self, bytes: &[u8], algorithm: &Algorithm) -> Result<Vec<u8>, String> {
        let with = match algorithm {
            Algorithm::RsaSsaPkcs1V15Sha256
            | Algorithm::RsaSsaPssSha256
            | Algorithm::EcdsaP256Sha256 => &digest::SHA256,
            Algorithm::RsaSsaPkcs1V15Sha384
            | Algorithm::RsaSsaPssSha384
            | Algorithm::EcdsaP384Sha384 => &digest::SHA384,
            Algorithm::RsaSsaPkcs1V15Sha512
            | Algorithm::RsaSsaPssSha512
            | Algorithm::EcdsaP521Sha512 => &digest::SHA512,
            _ => return Err("not accepted here".to_owned()),
        };
        Ok(digest::digest(with, bytes).as_ref().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_that_cannot_verify_a_signature_are_skipped() {
        let rsa = json!({"kty": "RSA", "n": "AQAB", "e": "AQAB"});
        let with = |name: &str, value: Value| {
            let mut key = rsa.clone();
            key[name] = value;
            key
        };
        for (key, kept) in [
            (rsa.clone(), true),
            (with("use", json!("sig")), true),
            (with("use", json!("enc")), false),
            (with("key_ops", json!(["verify"])), true),
            (with("key_ops", json!(["encrypt"])), false),
            (with("kty", json!("oct")), false),
            (with("kty", json!("FUTURE")), false),
            (with("n", json!(null)), false),
            (with("n", json!(7)), false),
            (json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}), true),
            (json!({"kty": "EC", "crv": "P-256", "x": "AA"}), false),
            (json!("text"), false),
            (json!(null), false),
        ] {
            assert_eq!(read(vec![key.clone()]).len() == 1, kept, "{key}");
        }
        assert_eq!(read(vec![rsa; 1000]).len(), MOST);
    }

    #[test]
    fn an_odd_key_verifies_nothing_and_breaks_nothing() {
        for number in ["", "AA", "AAAA", "AQ", "%", "_____w", &"_".repeat(344)] {
            let keys = read(vec![
                json!({"kty": "RSA", "n": number, "e": number}),
                json!({"kty": "EC", "crv": "P-256", "x": number, "y": number}),
                json!({"kty": "EC", "crv": "P-521", "x": number, "y": number}),
            ]);
            assert_eq!(keys.len(), 3);
            for (key, (_, algorithm)) in
                keys.iter().flat_map(|k| ALGORITHMS.iter().map(move |a| (k, a)))
            {
                for signature in [&[][..], &[0], &[0; 64], &[1; 256]] {
                    assert!(key.verify_signature(algorithm, b"message", signature).is_err());
                }
            }
        }
    }

    #[test]
    fn a_shared_secret_verifies_nothing() {
        let key = Key::new_symmetric(b"secret".to_vec());
        for algorithm in [Algorithm::HmacSha256, Algorithm::HmacSha512, Algorithm::None] {
            assert!(key.verify_signature(&algorithm, b"message", b"").is_err());
            assert!(key.hash_bytes(b"message", &algorithm).is_err());
        }
    }
}
