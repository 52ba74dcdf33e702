//! A token, or header and claims as two lines that are encoded here, since a
//! fuzzer finds its way through JSON and not through base64.

#![no_main]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use koppeltaal_fuzz::jose::{MAX_TOKEN, Unverified};
use koppeltaal_fuzz::{JWKS, PEM};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if data.first() == Some(&b'{') {
        let mut lines = data.splitn(2, |byte| *byte == b'\n');
        let mut part = || URL_SAFE_NO_PAD.encode(lines.next().unwrap_or_default());
        check(&format!("{}.{}.{}", part(), part(), "A".repeat(86)));
    } else if let Ok(token) = std::str::from_utf8(data) {
        check(token);
    }
});

fn check(token: &str) {
    let Ok(parsed) = Unverified::parse(token) else {
        return;
    };
    assert!(token.len() <= MAX_TOKEN);
    assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)));
    assert!(parsed.kid().is_none_or(|kid| (1..=256).contains(&kid.chars().count())));
    for name in ["exp", "iat", "nbf", "x"] {
        let time = parsed.claims().time(name);
        assert_eq!(time == Ok(None), !parsed.claims().as_map().contains_key(name));
    }
    assert!(parsed.claims().audience().len() <= MAX_TOKEN);
    for keys in [&*JWKS, &*PEM] {
        let Ok(parsed) = Unverified::parse(token) else {
            panic!("it was parsed once");
        };
        if let Ok(claims) = parsed.verify(keys) {
            // All that was ever signed with these keys.
            assert_eq!(claims.text("iss"), Some("corpus"));
            assert_eq!(claims.as_map().len(), 1);
        }
    }
}
