//! Proof Key for Code Exchange (RFC 7636) with S256, which every launch needs.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::error::{Error, Result};

/// A verifier and its challenge, for one launch.
#[derive(Clone)]
pub struct Pkce {
    /// Stays with the application until it exchanges the code. It is a secret.
    pub verifier: String,
    /// Goes with the authorize request, as `code_challenge` with the method S256.
    pub challenge: String,
}

impl fmt::Debug for Pkce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pkce").field("challenge", &self.challenge).finish_non_exhaustive()
    }
}

impl Pkce {
    /// A new random pair. Fails only where the system has no randomness.
    pub fn new() -> Result<Pkce> {
        let mut bytes = [0; 32];
        rand::fill(&mut bytes).map_err(|_| Error::Setup("there is no randomness".to_owned()))?;
        Ok(Pkce::from_verifier(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// The pair with this verifier.
    pub fn from_verifier(verifier: impl Into<String>) -> Pkce {
        let verifier = verifier.into();
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
        Pkce { verifier, challenge }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_the_example_in_the_rfc() {
        let pair = Pkce::from_verifier("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(pair.challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn a_verifier_is_long_enough_random_and_not_shown() {
        let (one, other) = (Pkce::new().unwrap(), Pkce::new().unwrap());
        assert_eq!(one.verifier.len(), 43);
        assert_ne!(one.verifier, other.verifier);
        assert!(!format!("{one:?}").contains(&one.verifier));
    }
}
