//! Keys of a fake provider, and tokens signed with them, right or wrong.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self, EcdsaKeyPair, KeyPair as _, RsaEncoding, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// A private key under an id.
pub struct KeyPair {
    pub kid: &'static str,
    pub alg: &'static str,
    pair: Pair,
}

enum Pair {
    Ec(EcdsaKeyPair),
    Rsa(Box<RsaKeyPair>),
}

pub fn base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl KeyPair {
    /// A new key for one of the algorithms.
    pub fn new(kid: &'static str, alg: &'static str) -> Self {
        let algorithm = match alg {
            "ES256" => &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
            "ES384" => &signature::ECDSA_P384_SHA384_FIXED_SIGNING,
            "ES512" => &signature::ECDSA_P521_SHA512_FIXED_SIGNING,
            _ => {
                let pair = Pair::Rsa(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()));
                return Self { kid, alg, pair };
            }
        };
        Self { kid, alg, pair: Pair::Ec(EcdsaKeyPair::generate(algorithm).unwrap()) }
    }

    /// The same key, used with another algorithm.
    pub fn with(self, alg: &'static str) -> Self {
        Self { alg, ..self }
    }

    /// The public key as published.
    pub fn jwk(&self) -> Value {
        match &self.pair {
            Pair::Ec(pair) => {
                let point = pair.public_key().as_ref();
                let (x, y) = point[1..].split_at(point.len() / 2);
                let crv = match x.len() {
                    32 => "P-256",
                    48 => "P-384",
                    _ => "P-521",
                };
                json!({"kty": "EC", "use": "sig", "kid": self.kid, "crv": crv,
                       "x": base64(x), "y": base64(y)})
            }
            Pair::Rsa(pair) => {
                // The DER form of a 2048 bit key has its modulus here; a leading zero
                // is something that real providers publish.
                let modulus = &pair.public_key().as_ref()[8..265];
                json!({"kty": "RSA", "kid": self.kid, "n": base64(modulus), "e": "AQAB"})
            }
        }
    }

    /// A signed token.
    pub fn sign(&self, claims: &Value) -> String {
        self.sign_as(&json!({"alg": self.alg, "kid": self.kid}), claims)
    }

    /// A signed token with any header.
    pub fn sign_as(&self, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", base64(header.to_string()), base64(claims.to_string()));
        let random = SystemRandom::new();
        let signed = match &self.pair {
            Pair::Ec(pair) => pair.sign(&random, message.as_bytes()).unwrap().as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let encoding: &'static dyn RsaEncoding = match self.alg {
                    "RS256" => &signature::RSA_PKCS1_SHA256,
                    "RS384" => &signature::RSA_PKCS1_SHA384,
                    "RS512" => &signature::RSA_PKCS1_SHA512,
                    "PS256" => &signature::RSA_PSS_SHA256,
                    "PS384" => &signature::RSA_PSS_SHA384,
                    _ => &signature::RSA_PSS_SHA512,
                };
                let mut signed = vec![0; 256];
                pair.sign(encoding, &random, message.as_bytes(), &mut signed).unwrap();
                signed
            }
        };
        format!("{message}.{}", base64(signed))
    }
}
