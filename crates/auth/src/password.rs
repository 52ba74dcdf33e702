//! Passwords as argon2id hashes in PHC form, with the parameters that OWASP
//! recommends as the least (19 MiB, two passes, one lane).

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{Error as HashError, PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use koppeltaal_core::{Error, Result};
use rand::RngExt;
use rand::distr::Alphanumeric;

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// A hash from elsewhere may cost more than ours, but not so much that one
/// sign-in stops the server.
const MOST_MEMORY_KIB: u32 = 256 * 1024;
const MOST_PASSES: u32 = 16;

/// A hash that no password has: verifying against it costs what verifying
/// against a real one does.
pub(crate) const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
                                 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(Error::internal)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// The PHC string of a password, with a fresh salt. Takes tens of milliseconds
/// of a core: not for an async thread.
pub fn hash(password: &str) -> Result<String> {
    argon2()?
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(Error::internal)
}

/// Whether `password` has this hash. Takes as long as [`hash()`].
pub fn verify(password: &str, hash: &str) -> Result<bool> {
    let hash = PasswordHash::new(hash).map_err(Error::internal)?;
    match argon2()?.verify_password(password.as_bytes(), &hash) {
        Ok(()) => Ok(true),
        Err(HashError::PasswordInvalid) => Ok(false),
        Err(cause) => Err(Error::internal(cause)),
    }
}

/// Refuses what is not an argon2id hash in PHC form that this server is willing
/// to verify.
pub fn check_hash(hash: &str) -> Result<()> {
    let invalid = |why: &str| Error::Invalid(format!("the password hash {why}"));
    let parsed = PasswordHash::new(hash)
        .map_err(|_| invalid("is not of the form $argon2id$v=19$m=…,t=…,p=…$salt$hash"))?;
    if parsed.algorithm.as_str() != "argon2id" {
        return Err(invalid("is not argon2id"));
    }
    if parsed.salt.is_none() || parsed.hash.is_none() {
        return Err(invalid("lacks its salt or its hash"));
    }
    let params =
        Params::try_from(&parsed).map_err(|_| invalid("has parameters that argon2 lacks"))?;
    if params.m_cost() > MOST_MEMORY_KIB || params.t_cost() > MOST_PASSES {
        return Err(invalid("would cost too much to verify (at most m=262144, t=16)"));
    }
    Ok(())
}

/// A password of 32 letters and digits (190 bits).
pub fn generate_password() -> String {
    rand::rng().sample_iter(Alphanumeric).take(32).map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_verifies_against_its_own_hash_only() {
        let made = hash("se:cr:et é").unwrap();
        assert!(made.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{made}");
        assert!(verify("se:cr:et é", &made).unwrap());
        assert!(!verify("se", &made).unwrap());
        assert!(!verify("", NOBODY).unwrap());
        assert_ne!(made, hash("se:cr:et é").unwrap(), "every hash has its own salt");
    }

    #[test]
    fn the_hash_of_nobody_costs_what_ours_cost() {
        check_hash(NOBODY).unwrap();
        let ours = hash("x").unwrap();
        assert_eq!(ours.len(), NOBODY.len());
        assert_eq!(&ours[..31], &NOBODY[..31]);
    }

    #[test]
    fn hashes_of_another_kind_are_refused() {
        check_hash(&hash("x").unwrap()).unwrap();
        for odd in [
            "",
            "secret",
            "$2b$12$abcdefghijklmnopqrstuv",
            "$argon2id$v=19$m=19456,t=2,p=1",
            "$argon2i$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "$argon2id$v=19$m=4194304,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ] {
            assert!(matches!(check_hash(odd), Err(Error::Invalid(_))), "{odd}");
        }
    }

    #[test]
    fn a_generated_password_is_long_and_new_every_time() {
        let made = generate_password();
        assert_eq!(made.len(), 32);
        assert!(made.bytes().all(|b| b.is_ascii_alphanumeric()));
        assert_ne!(made, generate_password());
    }
}
