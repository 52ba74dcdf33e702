//! The private key of an application: read from PEM or made, and what it signs.

use std::fmt;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
    ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair,
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RsaKeyPair,
};

use super::algorithm::Algorithm;
use super::error::{Error, Result};
use super::pem::{self, Block};

/// What kind of key is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA with 2048 bits: what every Koppeltaal server takes.
    Rsa2048,
    /// The elliptic curve P-256.
    P256,
    /// The elliptic curve P-384.
    P384,
    /// The elliptic curve P-521.
    P521,
}

/// The private key of an application.
pub struct PrivateKey(pub(super) Pair);

pub(super) enum Pair {
    Rsa(RsaKeyPair),
    Ec(Curve, EcdsaKeyPair),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    const ALL: [Curve; 3] = [Curve::P256, Curve::P384, Curve::P521];

    fn signing(self) -> &'static EcdsaSigningAlgorithm {
        match self {
            Curve::P256 => &ECDSA_P256_SHA256_FIXED_SIGNING,
            Curve::P384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
            Curve::P521 => &ECDSA_P521_SHA512_FIXED_SIGNING,
        }
    }

    fn algorithm(self) -> Algorithm {
        match self {
            Curve::P256 => Algorithm::Es256,
            Curve::P384 => Algorithm::Es384,
            Curve::P521 => Algorithm::Es512,
        }
    }

    /// Its name in a JWK.
    pub(super) fn name(self) -> &'static str {
        match self {
            Curve::P256 => "P-256",
            Curve::P384 => "P-384",
            Curve::P521 => "P-521",
        }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.0 {
            Pair::Rsa(_) => "RSA",
            Pair::Ec(curve, _) => curve.name(),
        };
        f.debug_tuple("PrivateKey").field(&kind).finish()
    }
}

impl PrivateKey {
    /// Makes a new key.
    pub fn generate(kind: KeyKind) -> Result<PrivateKey> {
        let curve = |curve: Curve| {
            EcdsaKeyPair::generate(curve.signing()).map(|pair| Pair::Ec(curve, pair))
        };
        let made = match kind {
            KeyKind::Rsa2048 => RsaKeyPair::generate(KeySize::Rsa2048).map(Pair::Rsa),
            KeyKind::P256 => curve(Curve::P256),
            KeyKind::P384 => curve(Curve::P384),
            KeyKind::P521 => curve(Curve::P521),
        };
        made.map(PrivateKey).map_err(|_| Error::Setup("a key cannot be made".to_owned()))
    }

    /// The first private key in a PEM text: PKCS#8 (`PRIVATE KEY`), PKCS#1 (`RSA PRIVATE KEY`) or
    /// SEC1 (`EC PRIVATE KEY`); RSA from 2048 bits on, or one of the curves of [`KeyKind`].
    pub fn from_pem(text: &str) -> Result<PrivateKey> {
        let blocks = pem::blocks(text);
        let Some(block) = blocks.iter().find(|block| block.label.ends_with("PRIVATE KEY")) else {
            return Err(no_key(&blocks));
        };
        let der = &block.der;
        let pair = match block.label.as_str() {
            "PRIVATE KEY" => RsaKeyPair::from_pkcs8(der).ok().map(Pair::Rsa).or_else(|| {
                let on = |curve: Curve| EcdsaKeyPair::from_pkcs8(curve.signing(), der).ok();
                Curve::ALL.into_iter().find_map(|curve| on(curve).map(|p| Pair::Ec(curve, p)))
            }),
            "RSA PRIVATE KEY" => RsaKeyPair::from_der(der).ok().map(Pair::Rsa),
            "EC PRIVATE KEY" => {
                let on =
                    |curve: Curve| EcdsaKeyPair::from_private_key_der(curve.signing(), der).ok();
                Curve::ALL.into_iter().find_map(|curve| on(curve).map(|p| Pair::Ec(curve, p)))
            }
            "ENCRYPTED PRIVATE KEY" => {
                return Err(Error::Setup(
                    "the private key is encrypted; decrypt it first (openssl pkey)".to_owned(),
                ));
            }
            other => return Err(Error::Setup(format!("a key of the kind {other} is not usable"))),
        };
        pair.map(PrivateKey).ok_or_else(|| {
            let text =
                "the private key is not RSA of 2048 bits or more, or on P-256, P-384 or P-521";
            Error::Setup(text.to_owned())
        })
    }

    /// The key as PEM (PKCS#8). It is a secret.
    pub fn private_pem(&self) -> Result<String> {
        let encoded = match &self.0 {
            Pair::Rsa(pair) => {
                AsDer::<Pkcs8V1Der<'_>>::as_der(pair).map(|der| der.as_ref().to_vec())
            }
            Pair::Ec(_, pair) => pair.to_pkcs8v1().map(|der| der.as_ref().to_vec()),
        };
        let der = encoded.map_err(|_| Error::Setup("the key cannot be written".to_owned()))?;
        Ok(pem::block("PRIVATE KEY", &der))
    }

    /// The public key as PEM (`PUBLIC KEY`, SubjectPublicKeyInfo).
    pub fn public_pem(&self) -> Result<String> {
        let encoded = match &self.0 {
            Pair::Rsa(pair) => AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()),
            Pair::Ec(_, pair) => AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()),
        };
        let der = encoded.map_err(|_| Error::Setup("the key cannot be written".to_owned()))?;
        Ok(pem::block("PUBLIC KEY", der.as_ref()))
    }

    /// The algorithm that is chosen for this key unless another is wished for: RS512, or the one
    /// of its curve.
    pub fn default_algorithm(&self) -> Algorithm {
        match &self.0 {
            Pair::Rsa(_) => Algorithm::Rs512,
            Pair::Ec(curve, _) => curve.algorithm(),
        }
    }

    /// Whether the key can sign with the algorithm.
    pub fn can(&self, algorithm: Algorithm) -> bool {
        match &self.0 {
            Pair::Rsa(_) => {
                matches!(algorithm, Algorithm::Rs256 | Algorithm::Rs384 | Algorithm::Rs512)
            }
            Pair::Ec(curve, _) => curve.algorithm() == algorithm,
        }
    }

    /// The signature of a message, in the form of JWS (RFC 7518 §3.3, §3.4).
    pub fn signature(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>> {
        let cannot = || Error::Setup(format!("this key cannot sign with {algorithm}"));
        if !self.can(algorithm) {
            return Err(cannot());
        }
        match &self.0 {
            Pair::Rsa(pair) => {
                let padding = match algorithm {
                    Algorithm::Rs256 => &RSA_PKCS1_SHA256,
                    Algorithm::Rs384 => &RSA_PKCS1_SHA384,
                    _ => &RSA_PKCS1_SHA512,
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &SystemRandom::new(), message, &mut signature)
                    .map_err(|_| cannot())?;
                Ok(signature)
            }
            Pair::Ec(_, pair) => {
                let signature = pair.sign(&SystemRandom::new(), message).map_err(|_| cannot())?;
                Ok(signature.as_ref().to_vec())
            }
        }
    }
}

fn no_key(blocks: &[Block]) -> Error {
    let text = match blocks.first() {
        Some(block) => format!("the PEM holds a {}, not a private key", block.label),
        None => "there is no private key in PEM: it begins with -----BEGIN PRIVATE KEY-----".into(),
    };
    Error::Setup(text)
}

#[cfg(test)]
#[path = "key_tests.rs"]
mod tests;
