//! Key sets as publishers write them.

use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use serde_json::{Value, json};

use super::keys::{P256, RSA, ec_jwk, encode, jwk, jwks, rsa_jwk, token, with};
use crate::jose::{Algorithm, KeySet, MAX_JWKS, Unverified};

fn problem(jwk: Value) -> Option<String> {
    jwks(&[jwk]).describe().remove(0).problem
}

/// An RSA key of so many bits that is no real one but has the form of one.
fn rsa_of(bits: usize) -> Value {
    let mut n = vec![0xff; bits.div_ceil(8)];
    n[0] >>= (8 - bits % 8) % 8;
    json!({"kty": "RSA", "kid": "k", "n": encode(n), "e": "AQAB"})
}

#[test]
fn what_is_no_jwks_is_refused() {
    let many = vec![json!({}); 101];
    let long = format!("{{\"keys\":[]{}}}", " ".repeat(MAX_JWKS));
    let deep = format!("{{\"keys\":{}{}}}", "[".repeat(9999), "]".repeat(9999));
    for (text, expected) in [
        ("", "is no JSON object"),
        ("<html>", "is no JSON object"),
        ("[]", "is no JSON object"),
        (&deep, "is no JSON object"),
        ("{}", "has no array `keys`"),
        (r#"{"keys":{}}"#, "has no array `keys`"),
        (&json!({ "keys": many }).to_string(), "has more than 100 keys"),
        (&long, "is longer than 64 KiB"),
    ] {
        let refused = KeySet::from_jwks(text.as_bytes()).unwrap_err();
        assert_eq!(refused.to_string(), expected);
    }
    assert_eq!(KeySet::from_jwks(b"{\"keys\":[]}").unwrap().describe(), []);
}

#[test]
fn a_key_is_used_only_when_everything_about_it_fits() {
    let rsa = || rsa_jwk(&RSA, "k");
    let ec = || ec_jwk(&P256, "P-256", "k");
    let no_kid = "it has no kid of 1 to 256 characters";
    let numbers = "one of its numbers is not in base64url";
    let bits = "its modulus has not 2048 to 8192 bits";
    let odd = "its modulus or exponent is even, or its exponent below 3 or over 32 bits";
    let length = "its coordinates have not the length of the curve";
    let point = "its coordinates are no point of the curve";
    let alg = "its alg is not an accepted signature algorithm";
    for (key, expected) in [
        (json!("key"), no_kid),
        (with(rsa(), &json!({"kid": null})), no_kid),
        (with(rsa(), &json!({"kid": 1})), no_kid),
        (with(rsa(), &json!({"kid": "x".repeat(257)})), no_kid),
        (with(rsa(), &json!({"use": "enc"})), "its use is not sig"),
        (with(rsa(), &json!({"use": ["sig"]})), "its use is not sig"),
        (with(rsa(), &json!({"key_ops": ["sign"]})), "its key_ops lack verify"),
        (with(rsa(), &json!({"key_ops": "verify"})), "its key_ops lack verify"),
        (with(rsa(), &json!({"alg": "HS256"})), alg),
        (with(rsa(), &json!({"alg": "none"})), alg),
        (with(rsa(), &json!({"alg": 1})), alg),
        (with(rsa(), &json!({"alg": "ES256"})), "its alg is not one of its kty and crv"),
        (with(ec(), &json!({"alg": "ES384"})), "its alg is not one of its kty and crv"),
        (with(rsa(), &json!({"kty": "OKP"})), "its kty is neither RSA nor EC"),
        (with(rsa(), &json!({"kty": null})), "its kty is neither RSA nor EC"),
        (
            json!({"kty": "oct", "kid": "k", "k": "c2VjcmV0"}),
            "it is symmetric, and only asymmetric keys are accepted",
        ),
        (with(rsa(), &json!({"n": null})), "its modulus is zero"),
        (with(rsa(), &json!({"n": "AAAA"})), "its modulus is zero"),
        (with(rsa(), &json!({"n": "AQ=="})), numbers),
        (with(rsa(), &json!({"n": "+/+/"})), numbers),
        (with(rsa(), &json!({"e": "A QAB"})), numbers),
        (rsa_of(1024), bits),
        (rsa_of(2047), bits),
        (rsa_of(8193), bits),
        (rsa_of(16384), bits),
        (with(rsa(), &json!({"e": null})), odd),
        (with(rsa(), &json!({"e": "AQ"})), odd),
        (with(rsa(), &json!({"e": "Ag"})), odd),
        (with(rsa(), &json!({"e": encode([1, 0, 0, 0, 1])})), odd),
        (with(rsa(), &json!({"n": encode([0xfe; 256])})), odd),
        (with(ec(), &json!({"crv": "P-224"})), "its curve is not P-256, P-384 or P-521"),
        (with(ec(), &json!({"crv": "secp256k1"})), "its curve is not P-256, P-384 or P-521"),
        (with(ec(), &json!({"crv": "P-384"})), length),
        (with(ec(), &json!({"x": "AA"})), length),
        (with(ec(), &json!({"y": null})), length),
        (with(ec(), &json!({"x": encode([0; 32]), "y": encode([0; 32])})), point),
        (with(ec(), &json!({"x": encode([7; 32])})), point),
    ] {
        assert_eq!(problem(key.clone()).as_deref(), Some(expected), "{key}");
    }
}

#[test]
fn harmless_members_do_no_harm() {
    for key in [
        with(rsa_jwk(&RSA, "k"), &json!({"use": "sig", "key_ops": ["sign", "verify"]})),
        with(rsa_jwk(&RSA, "k"), &json!({"alg": "RS256", "x5c": ["AA"], "x5t": 1})),
        // A private key that somebody published: its owner's trouble.
        with(rsa_jwk(&RSA, "k"), &json!({"d": "AA", "p": "AA", "q": 7})),
        ec_jwk(&P256, "P-256", "k"),
    ] {
        assert_eq!(problem(key.clone()), None, "{key}");
    }
}

#[test]
fn zeros_in_front_of_a_modulus_are_passed_over() {
    let public = RSA.public_key();
    let n = [&[0, 0], public.modulus().big_endian_without_leading_zero()].concat();
    let keys = jwks(&[with(rsa_jwk(&RSA, "k"), &json!({"n": encode(n)}))]);
    Unverified::parse(&token(Algorithm::Rs512, "k")).unwrap().verify(&keys).unwrap();
}

#[test]
fn one_bad_key_does_not_spoil_the_others() {
    let keys = jwks(&[
        json!(null),
        json!({"kty": "oct", "kid": "k", "k": "AA"}),
        rsa_of(1024),
        rsa_jwk(&RSA, "k"),
    ]);
    Unverified::parse(&token(Algorithm::Rs512, "k")).unwrap().verify(&keys).unwrap();
}

#[test]
fn a_token_of_a_bad_key_says_what_is_wrong_with_it() {
    for (key, expected) in [
        (with(rsa_jwk(&RSA, "k"), &json!({"use": "enc"})), "its use is not sig"),
        (rsa_of(1024), "its modulus has not 2048 to 8192 bits"),
    ] {
        let parsed = Unverified::parse(&token(Algorithm::Rs512, "k")).unwrap();
        let refused = parsed.verify(&jwks(&[key])).unwrap_err().to_string();
        assert_eq!(refused, format!("has a kid whose key cannot be used: {expected}"));
    }
}

#[test]
fn a_description_tells_type_strength_and_trouble() {
    let large = RsaKeyPair::generate(KeySize::Rsa3072).unwrap();
    let keys = jwks(&[
        with(rsa_jwk(&large, "a\u{1b}[31m"), &json!({"alg": "PS256", "use": "sig"})),
        jwk(Algorithm::Es512, "b"),
        rsa_of(1024),
    ]);
    let [rsa, ec, weak] = &keys.describe()[..] else { panic!() };
    assert_eq!(rsa.kid.as_deref(), Some("a[31m"), "no control characters on a terminal");
    assert_eq!(rsa.strength.as_deref(), Some("3072 bits"));
    assert_eq!((rsa.algorithm.as_deref(), rsa.usage.as_deref()), (Some("PS256"), Some("sig")));
    assert_eq!((ec.kty.as_deref(), ec.strength.as_deref()), (Some("EC"), Some("P-521")));
    assert_eq!((&rsa.problem, &ec.problem), (&None, &None));
    assert!(weak.problem.is_some() && weak.strength.is_none());
}
