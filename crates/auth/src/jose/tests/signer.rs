//! Our own tokens and keys.

use serde_json::json;

use crate::jose::{KeySet, Signer, Unverified};

#[test]
fn a_token_of_ours_verifies_with_the_published_key() {
    let signer = Signer::generate().unwrap();
    let token = signer.sign(&json!({"iss": "us", "exp": 1})).unwrap();
    let parsed = Unverified::parse(&token).unwrap();
    assert_eq!(parsed.kid(), Some(signer.kid()));
    assert_eq!(parsed.algorithm().name(), "RS512");
    assert_eq!(parsed.verify(&signer.public_keys()).unwrap().text("iss"), Some("us"));
    let published = json!({"keys": [signer.jwk()]}).to_string();
    let published = KeySet::from_jwks(published.as_bytes()).unwrap();
    Unverified::parse(&token).unwrap().verify(&published).unwrap();
    assert_eq!(published.describe(), signer.public_keys().describe());
    let other = Signer::generate().unwrap();
    assert_ne!(other.kid(), signer.kid());
    assert!(Unverified::parse(&token).unwrap().verify(&other.public_keys()).is_err());
}

#[test]
fn a_key_pair_survives_being_kept() {
    let signer = Signer::generate().unwrap();
    let again = Signer::from_pkcs8(&signer.to_pkcs8().unwrap()).unwrap();
    assert_eq!((again.kid(), again.jwk()), (signer.kid(), signer.jwk()));
    let token = again.sign(&json!({})).unwrap();
    Unverified::parse(&token).unwrap().verify(&signer.public_keys()).unwrap();
    assert!(Signer::from_pkcs8(b"no key").is_err());
}

#[test]
fn only_the_public_half_is_published_or_shown() {
    let signer = Signer::generate().unwrap();
    let jwk = signer.jwk();
    let names: Vec<&str> = jwk.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["kty", "kid", "use", "alg", "key_ops", "n", "e"]);
    assert_eq!(format!("{signer:?}"), format!("Signer {{ kid: {:?}, .. }}", signer.kid()));
}

#[test]
fn the_name_of_a_key_is_its_rfc_7638_thumbprint() {
    // The members in the order and form that RFC 7638, 3.1 wants.
    let signer = Signer::generate().unwrap();
    let jwk = signer.jwk();
    let canonical = format!(r#"{{"e":{},"kty":"RSA","n":{}}}"#, jwk["e"], jwk["n"]);
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, canonical.as_bytes());
    assert_eq!(signer.kid(), super::keys::encode(digest));
    assert_eq!(signer.kid().len(), 43);
}
