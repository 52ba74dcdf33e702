//! A key with the algorithm and the `kid` it signs with: what a token is signed by.

use std::sync::Arc;

use super::algorithm::Algorithm;
use super::error::{Error, Result};
use super::key::PrivateKey;

/// A key and how it signs. Clones share the key.
#[derive(Debug, Clone)]
pub struct Signer {
    key: Arc<PrivateKey>,
    algorithm: Algorithm,
    kid: Option<String>,
}

impl Signer {
    /// Signs with the default algorithm of the key and names no `kid`.
    pub fn new(key: impl Into<Arc<PrivateKey>>) -> Signer {
        let key = key.into();
        Signer { algorithm: key.default_algorithm(), key, kid: None }
    }

    /// With a `kid`, which an application that publishes a JWKS must name.
    #[must_use]
    pub fn with_kid(mut self, kid: impl Into<String>) -> Signer {
        self.kid = Some(kid.into());
        self
    }

    /// With another algorithm that the key can sign with.
    pub fn with_algorithm(mut self, algorithm: Algorithm) -> Result<Signer> {
        if !self.key.can(algorithm) {
            return Err(Error::Setup(format!("this key cannot sign with {algorithm}")));
        }
        self.algorithm = algorithm;
        Ok(self)
    }

    /// The key.
    pub fn key(&self) -> &PrivateKey {
        &self.key
    }

    /// The algorithm.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The `kid`, if it names one.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }
}
