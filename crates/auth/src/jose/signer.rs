//! Our own key pairs (kt2-auth 1.6, T020-1): RSA of 2048 bits, RS512, named by the
//! thumbprint of the public key.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA512};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use koppeltaal_core::{Error, Result};
use serde::Serialize;
use serde_json::{Value, json};

use super::key::PublicKey;
use super::{Algorithm, KeySet};

/// A key pair that signs tokens.
pub struct Signer {
    pair: KeyPair,
    kid: String,
    /// Modulus and exponent in base64url.
    n: String,
    e: String,
    /// The header of every token, encoded.
    header: String,
    public: KeySet,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl Signer {
    /// A new key pair. Takes a good part of a second of a core: not for an async
    /// thread.
    pub fn generate() -> Result<Self> {
        Self::new(KeyPair::generate(KeySize::Rsa2048).map_err(Error::internal)?)
    }

    /// The key pair that [`Signer::to_pkcs8`] wrote.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self> {
        Self::new(KeyPair::from_pkcs8(der).map_err(Error::internal)?)
    }

    fn new(pair: KeyPair) -> Result<Self> {
        let public = pair.public_key();
        let encode = |number: &[u8]| URL_SAFE_NO_PAD.encode(number);
        let n = encode(public.modulus().big_endian_without_leading_zero());
        let e = encode(public.exponent().big_endian_without_leading_zero());
        // RFC 7638: the required members only, in this order, without spaces.
        let canonical = format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#);
        let kid = encode(digest(&SHA256, canonical.as_bytes()).as_ref());
        let header = json!({"alg": Algorithm::Rs512.name(), "kid": &kid, "typ": "JWT"});
        let key = PublicKey::from_der(public.as_ref()).map_err(Error::internal)?;
        Ok(Self {
            header: encode(header.to_string().as_bytes()),
            public: KeySet::from((kid.clone(), Algorithm::Rs512, key)),
            pair,
            kid,
            n,
            e,
        })
    }

    /// The key pair in PKCS#8, to be sealed and kept. A secret.
    pub fn to_pkcs8(&self) -> Result<Vec<u8>> {
        let der: Pkcs8V1Der<'_> = self.pair.as_der().map_err(Error::internal)?;
        Ok(der.as_ref().to_vec())
    }

    /// The name of the key: its RFC 7638 thumbprint (SHA-256).
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public key as it is published.
    pub fn jwk(&self) -> Value {
        json!({
            "kty": "RSA",
            "kid": self.kid,
            "use": "sig",
            "alg": Algorithm::Rs512.name(),
            "key_ops": ["verify"],
            "n": self.n,
            "e": self.e,
        })
    }

    /// The public key, ready to verify.
    pub fn public_keys(&self) -> KeySet {
        self.public.clone()
    }

    /// The signed token of these claims, which must be an object.
    pub fn sign(&self, claims: &impl Serialize) -> Result<String> {
        let payload = serde_json::to_vec(claims).map_err(Error::internal)?;
        let mut token = self.header.clone();
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(payload, &mut token);
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA512, &SystemRandom::new(), token.as_bytes(), &mut signature)
            .map_err(Error::internal)?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }
}
