//! A key set of a stranger: read, described, and used on a token.

#![no_main]

use koppeltaal_fuzz::jose::{KeySet, MAX_JWKS, MAX_KEYS, Unverified};
use libfuzzer_sys::fuzz_target;

const TOKENS: [&str; 3] = [
    include_str!("../corpus/jwt/rs512"),
    include_str!("../corpus/jwt/es256"),
    include_str!("../corpus/jwt/es512"),
];

fuzz_target!(|data: &[u8]| {
    let Ok(keys) = KeySet::from_jwks(data) else {
        return;
    };
    let described = keys.describe();
    assert!(data.len() <= MAX_JWKS && described.len() <= MAX_KEYS);
    for key in described {
        assert_ne!(key.strength.is_some(), key.problem.is_some());
        assert!(key.strength.is_none() || key.kid.is_some());
        assert_ne!(key.kty.as_deref().filter(|_| key.problem.is_none()), Some("oct"));
    }
    for token in TOKENS {
        let Ok(parsed) = Unverified::parse(token) else {
            panic!("the token of the corpus is a good one");
        };
        let known = parsed.kid().is_some_and(|kid| keys.has(kid));
        assert!(parsed.verify(&keys).is_err() || known);
    }
});
