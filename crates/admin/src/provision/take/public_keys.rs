//! The public keys that a table gives itself: whether an assertion could be
//! verified with them, and that nobody gives a private key away.

use koppeltaal_auth::jose::KeySet;
use serde_json::Value;

/// How many unusable keys are named.
const NAMED: usize = 5;

/// Members of a JWK that only its owner may know (RFC 7518, 6.2.2, 6.3.2, 6.4.1).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A key set with one usable key at least.
pub fn check_jwks(text: &str) -> Result<(), String> {
    let keys = KeySet::from_jwks(text.as_bytes()).map_err(|why| why.to_string())?;
    if let Some(name) = private_member(text) {
        return Err(format!(
            "holds a private key (`{name}`): only public ones belong here; replace that key pair"
        ));
    }
    let keys = keys.describe();
    if keys.is_empty() {
        return Err("has no key".to_owned());
    }
    if keys.iter().any(|key| key.problem.is_none()) {
        return Ok(());
    }
    let problems = keys.iter().take(NAMED).enumerate().map(|(index, key)| {
        let name = key.kid.clone().unwrap_or_else(|| format!("number {}", index + 1));
        format!("key {name}: {}", key.problem.as_deref().unwrap_or_default())
    });
    let mut problems: Vec<String> = problems.collect();
    if keys.len() > NAMED {
        problems.push(format!("and {} more", keys.len() - NAMED));
    }
    Err(format!("has no usable key: {}", problems.join("; ")))
}

/// One public key, RSA of 2048 bits at least or on one of the three curves.
pub fn check_pem(text: &str) -> Result<(), String> {
    KeySet::from_pem(text).map(drop).map_err(|why| why.to_string())
}

fn private_member(text: &str) -> Option<&'static str> {
    let set: Value = serde_json::from_str(text).ok()?;
    let keys = set.get("keys")?.as_array()?;
    PRIVATE.into_iter().find(|name| keys.iter().any(|key| key.get(name).is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"kty":"EC","crv":"P-256","kid":"a","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}"#;

    fn set(keys: &[&str]) -> String {
        format!(r#"{{"keys":[{}]}}"#, keys.join(","))
    }

    #[test]
    fn a_key_set_needs_one_usable_key() {
        check_jwks(&set(&[GOOD])).unwrap();
        check_jwks(&set(&["{}", GOOD])).unwrap();
        let symmetric = r#"{"kty":"oct","kid":"s"}"#;
        let encrypts = GOOD.replace(r#""kid":"a""#, r#""kid":"b","use":"enc""#);
        for (text, why) in [
            ("{}".to_owned(), "has no array `keys`"),
            (set(&[]), "has no key"),
            (
                set(&["3", symmetric, &encrypts]),
                "has no usable key: key number 1: it has no kid of 1 to 256 characters; \
                 key s: it is symmetric, and only asymmetric keys are accepted; \
                 key b: its use is not sig",
            ),
        ] {
            assert_eq!(check_jwks(&text), Err(why.to_owned()), "{text}");
        }
        let many = set(&["{}"; 7]);
        assert!(check_jwks(&many).unwrap_err().ends_with("; and 2 more"));
    }

    #[test]
    fn a_private_key_is_refused_beside_a_usable_one_too() {
        for (name, value) in [("d", "x"), ("k", "x"), ("qi", "x")] {
            let private = GOOD.replace(r#""kid":"a""#, &format!(r#""kid":"b","{name}":"{value}""#));
            let why = check_jwks(&set(&[GOOD, &private])).unwrap_err();
            assert!(why.starts_with(&format!("holds a private key (`{name}`)")), "{why}");
        }
    }
}
