//! What verifies, and what does not although everything else about it is right.

use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use serde_json::json;

use super::keys::{
    RSA, ec_jwk, ec_spki, encode, hmac_token, jwk, jwks, pem, rsa_jwk, rsa_spki, signature,
    signed_part, token, token_of, with,
};
use crate::jose::{Algorithm, KeySet, Unverified};

const NOT_OF_THE_KEY: &str = "has a signature that is not of the key";
const OTHER_ALGORITHM: &str = "is signed with an algorithm that is not of the key";

fn verify(token: &str, keys: &KeySet) -> Result<String, String> {
    let parsed = Unverified::parse(token).map_err(|refused| refused.to_string())?;
    let claims = parsed.verify(keys).map_err(|refused| refused.to_string())?;
    Ok(claims.text("iss").unwrap_or_default().to_owned())
}

fn refused(token: &str, keys: &KeySet) -> String {
    verify(token, keys).unwrap_err()
}

#[test]
fn every_algorithm_verifies_with_its_key_and_with_no_other() {
    for signed in Algorithm::ALL {
        let token = token(signed, "k");
        for of_key in Algorithm::ALL {
            let keys = jwks(&[with(jwk(of_key, "k"), &json!({"alg": of_key.name()}))]);
            if signed == of_key {
                // Twice, since the second time the key is parsed already.
                assert_eq!(verify(&token, &keys).as_deref(), Ok("me"), "{signed}");
                assert_eq!(verify(&token, &keys).as_deref(), Ok("me"), "{signed}");
            } else {
                assert_eq!(refused(&token, &keys), OTHER_ALGORITHM, "{signed} {of_key}");
            }
        }
        let keys = jwks(&[jwk(signed, "k")]);
        assert_eq!(verify(&token, &keys).as_deref(), Ok("me"), "{signed}, key without alg");
    }
}

#[test]
fn a_key_without_alg_still_takes_only_what_fits_its_type_and_curve() {
    for (signed, of_key) in [
        (Algorithm::Rs256, Algorithm::Es256),
        (Algorithm::Es256, Algorithm::Rs256),
        (Algorithm::Es256, Algorithm::Es384),
        (Algorithm::Es384, Algorithm::Es512),
        (Algorithm::Es512, Algorithm::Es256),
    ] {
        let keys = jwks(&[jwk(of_key, "k")]);
        assert_eq!(refused(&token(signed, "k"), &keys), OTHER_ALGORITHM, "{signed} {of_key}");
    }
}

#[test]
fn an_hmac_under_the_public_key_is_no_signature() {
    let spki = pem("PUBLIC KEY", &rsa_spki());
    for secret in [spki.as_bytes(), spki.trim().as_bytes(), &rsa_spki()] {
        for alg in ["HS256", "HS384", "HS512"] {
            for keys in [jwks(&[rsa_jwk(&RSA, "rsa")]), KeySet::from_pem(&spki).unwrap()] {
                let why = refused(&hmac_token(alg, secret), &keys);
                assert_eq!(why, "is signed with an algorithm that is not accepted", "{alg}");
            }
        }
        let disguised = hmac_token("RS256", secret);
        assert_eq!(refused(&disguised, &jwks(&[rsa_jwk(&RSA, "rsa")])), NOT_OF_THE_KEY);
    }
}

#[test]
fn another_signature_of_the_same_family_is_not_taken() {
    let keys = jwks(&[rsa_jwk(&RSA, "k")]);
    for (named, signed) in [
        (Algorithm::Rs256, Algorithm::Rs512),
        (Algorithm::Rs256, Algorithm::Ps256),
        (Algorithm::Ps512, Algorithm::Rs512),
    ] {
        let header = json!({"alg": named.name(), "kid": "k"}).to_string();
        let message = signed_part(&header, r#"{"iss":"me"}"#);
        let token = format!("{message}.{}", encode(signature(signed, &message)));
        assert_eq!(refused(&token, &keys), NOT_OF_THE_KEY, "{named} {signed}");
    }
}

#[test]
fn whatever_was_changed_after_signing_is_noticed() {
    let keys = jwks(&[rsa_jwk(&RSA, "k"), rsa_jwk(&RSA, "k2")]);
    let good = token(Algorithm::Rs512, "k");
    assert_eq!(verify(&good, &keys).as_deref(), Ok("me"));
    let parts: Vec<&str> = good.split('.').collect();
    let [header, payload, signature] = parts[..] else { panic!() };
    let other_header = encode(r#"{"alg":"RS512","kid":"k2"}"#);
    let other_payload = encode(r#"{"iss":"you"}"#);
    let reordered = encode(r#"{ "iss":"me"}"#);
    let mut flipped = super::keys::signature(Algorithm::Rs512, &format!("{header}.{payload}"));
    flipped[100] ^= 1;
    for changed in [
        format!("{other_header}.{payload}.{signature}"),
        format!("{header}.{other_payload}.{signature}"),
        format!("{header}.{reordered}.{signature}"),
        format!("{header}.{payload}.{}", encode(&flipped)),
        format!("{header}.{payload}.{}", encode(&flipped[..255])),
        format!("{header}.{payload}.{}", encode([&[0], &flipped[..]].concat())),
        format!("{header}.{payload}.{}", encode([0; 256])),
        format!("{header}.{payload}.AA"),
    ] {
        assert_eq!(refused(&changed, &keys), NOT_OF_THE_KEY);
    }
}

#[test]
fn odd_signatures_of_elliptic_keys_are_refused() {
    let keys = jwks(&[jwk(Algorithm::Es256, "k")]);
    let message = signed_part(r#"{"alg":"ES256","kid":"k"}"#, "{}");
    let good = signature(Algorithm::Es256, &message);
    let (r, s) = good.split_at(32);
    for odd in [vec![0; 64], vec![0xff; 64], [r, &[0; 32]].concat(), [s, r].concat(), {
        // The form of X.509, which JWS does not use.
        let integer = |n: &[u8]| [&[2, 33, 0], n].concat();
        [&[0x30, 70], &integer(r)[..], &integer(s)].concat()
    }] {
        assert_eq!(refused(&format!("{message}.{}", encode(odd)), &keys), NOT_OF_THE_KEY);
    }
    assert!(verify(&format!("{message}.{}", encode(&good)), &keys).is_ok());
}

#[test]
fn from_a_jwks_the_kid_selects() {
    let other = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let keys = jwks(&[rsa_jwk(&other, "other"), rsa_jwk(&RSA, "mine")]);
    assert!(verify(&token(Algorithm::Rs512, "mine"), &keys).is_ok());
    assert_eq!(refused(&token(Algorithm::Rs512, "other"), &keys), NOT_OF_THE_KEY);
    for unknown in ["MINE", "mine ", "x"] {
        let why = refused(&token(Algorithm::Rs512, unknown), &keys);
        assert_eq!(why, "has a kid that is not in the JWKS", "{unknown}");
    }
    let nameless = token_of(r#"{"alg":"RS512"}"#, "{}");
    assert_eq!(refused(&nameless, &keys), "has no kid, which a JWKS needs");
    assert!(keys.has("mine") && !keys.has("MINE"));
}

#[test]
fn of_several_keys_with_one_kid_those_that_fit_are_tried() {
    let other = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let keys = jwks(&[
        jwk(Algorithm::Es256, "k"),
        rsa_jwk(&other, "k"),
        with(rsa_jwk(&other, "k"), &json!({"use": "enc"})),
        rsa_jwk(&RSA, "k"),
    ]);
    assert!(verify(&token(Algorithm::Rs512, "k"), &keys).is_ok());
    assert!(verify(&token(Algorithm::Es256, "k"), &keys).is_ok());
    assert_eq!(refused(&token(Algorithm::Es384, "k"), &keys), OTHER_ALGORITHM);
    // No more than a few, or a token would cost what its sender likes.
    let many: Vec<_> = (0..50).map(|_| rsa_jwk(&other, "k")).chain([rsa_jwk(&RSA, "k")]).collect();
    assert_eq!(refused(&token(Algorithm::Rs512, "k"), &jwks(&many)), NOT_OF_THE_KEY);
}

#[test]
fn a_pem_verifies_whatever_the_kid_says() {
    let keys = KeySet::from_pem(&pem("PUBLIC KEY", &rsa_spki())).unwrap();
    assert!(verify(&token(Algorithm::Rs256, "any"), &keys).is_ok());
    assert!(verify(&token_of(r#"{"alg":"RS512"}"#, "{}"), &keys).is_ok());
    assert!(keys.has("any"));
    assert_eq!(refused(&token(Algorithm::Es256, "k"), &keys), OTHER_ALGORITHM);
    let keys = KeySet::from_pem(&pem("PUBLIC KEY", &ec_spki(&super::keys::P521))).unwrap();
    assert!(verify(&token(Algorithm::Es512, "any"), &keys).is_ok());
    assert_eq!(refused(&token(Algorithm::Es256, "any"), &keys), OTHER_ALGORITHM);
    assert_eq!(refused(&token(Algorithm::Rs256, "any"), &keys), OTHER_ALGORITHM);
}

#[test]
fn a_public_key_in_a_jwk_of_another_curve_is_not_taken_for_that_curve() {
    let crossed = jwks(&[ec_jwk(&super::keys::P384, "P-256", "k")]);
    assert!(refused(&token(Algorithm::Es384, "k"), &crossed).contains("cannot be used"));
}
