//! Keys are read in every form, and what they sign is verified with what they publish.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::*;
use crate::kt2::Signer;
use crate::kt2::assertion::Assertion;

const KINDS: [KeyKind; 4] = [KeyKind::Rsa2048, KeyKind::P256, KeyKind::P384, KeyKind::P521];

fn decoded(key: &PrivateKey, member: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(key.public_jwk("k")[member].as_str().unwrap()).unwrap()
}

/// Whether the JWK of the key verifies the signature.
fn verifies(key: &PrivateKey, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
    let rsa = |parameters| {
        let components = RsaPublicKeyComponents { n: decoded(key, "n"), e: decoded(key, "e") };
        components.verify(parameters, message, signature).is_ok()
    };
    let ec = |by: &'static dyn VerificationAlgorithm| {
        let point = [vec![4], decoded(key, "x"), decoded(key, "y")].concat();
        UnparsedPublicKey::new(by, point).verify(message, signature).is_ok()
    };
    match algorithm {
        Algorithm::Rs256 => rsa(&RSA_PKCS1_2048_8192_SHA256),
        Algorithm::Rs384 => rsa(&RSA_PKCS1_2048_8192_SHA384),
        Algorithm::Rs512 => rsa(&RSA_PKCS1_2048_8192_SHA512),
        Algorithm::Es256 => ec(&ECDSA_P256_SHA256_FIXED),
        Algorithm::Es384 => ec(&ECDSA_P384_SHA384_FIXED),
        Algorithm::Es512 => ec(&ECDSA_P521_SHA512_FIXED),
    }
}

#[test]
fn a_token_is_verified_by_the_published_key_and_by_no_other() {
    let keys = KINDS.map(|kind| PrivateKey::generate(kind).unwrap());
    let mut signed = 0;
    for key in keys {
        let other = match key.default_algorithm() {
            Algorithm::Rs512 => PrivateKey::generate(KeyKind::Rsa2048).unwrap(),
            Algorithm::Es256 => PrivateKey::generate(KeyKind::P256).unwrap(),
            Algorithm::Es384 => PrivateKey::generate(KeyKind::P384).unwrap(),
            _ => PrivateKey::generate(KeyKind::P521).unwrap(),
        };
        let key = std::sync::Arc::new(key);
        for algorithm in Algorithm::ALL {
            let Ok(signer) = Signer::new(key.clone()).with_algorithm(algorithm) else {
                continue;
            };
            let token = Assertion::new("c", "a").sign(&signer).unwrap();
            let (message, signature) = token.rsplit_once('.').unwrap();
            let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
            assert!(verifies(&key, algorithm, message.as_bytes(), &signature), "{algorithm}");
            assert!(!verifies(&key, algorithm, b"another", &signature), "{algorithm}");
            assert!(!verifies(&other, algorithm, message.as_bytes(), &signature), "{algorithm}");
            signed += 1;
        }
    }
    assert_eq!(signed, 6, "each algorithm belongs to one kind of key");
}

#[test]
fn a_key_that_is_written_is_read_as_the_same_key() {
    for kind in KINDS {
        let key = PrivateKey::generate(kind).unwrap();
        let read = PrivateKey::from_pem(&key.private_pem().unwrap()).unwrap();
        assert_eq!(read.thumbprint(), key.thumbprint(), "{kind:?}");
    }
}

#[test]
fn the_public_pem_verifies_too() {
    let key = PrivateKey::generate(KeyKind::Rsa2048).unwrap();
    let blocks = pem::blocks(&key.public_pem().unwrap());
    assert_eq!(blocks[0].label, "PUBLIC KEY");
    let public = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA512, &blocks[0].der).unwrap();
    let signature = key.signature(Algorithm::Rs512, b"m").unwrap();
    assert!(public.verify_sig(b"m", &signature).is_ok());
}

#[test]
fn keys_of_openssl_are_read_in_each_of_its_forms() {
    // `openssl rsa -traditional` and `openssl ecparam -genkey`, of throw-away keys.
    for (text, algorithm) in [
        (include_str!("testdata/rsa-pkcs1.pem"), Algorithm::Rs512),
        (include_str!("testdata/rsa-pkcs8.pem"), Algorithm::Rs512),
        (include_str!("testdata/ec-sec1-p256.pem"), Algorithm::Es256),
        (include_str!("testdata/ec-sec1-p384.pem"), Algorithm::Es384),
        (include_str!("testdata/ec-pkcs8-p521.pem"), Algorithm::Es512),
    ] {
        let key = PrivateKey::from_pem(text).unwrap();
        assert_eq!(key.default_algorithm(), algorithm);
        let signature = key.signature(algorithm, b"m").unwrap();
        assert!(verifies(&key, algorithm, b"m", &signature));
    }
    let [one, other] =
        [include_str!("testdata/rsa-pkcs1.pem"), include_str!("testdata/rsa-pkcs8.pem")]
            .map(|text| PrivateKey::from_pem(text).unwrap().thumbprint());
    assert_eq!(one, other, "they are two forms of one key");
}

#[test]
fn what_is_no_usable_key_is_refused_with_the_reason() {
    let key = PrivateKey::generate(KeyKind::P256).unwrap();
    for (text, reason) in [
        (String::new(), "-----BEGIN PRIVATE KEY-----"),
        (key.public_pem().unwrap(), "PUBLIC KEY"),
        (pem::block("ENCRYPTED PRIVATE KEY", &[1]), "encrypted"),
        (pem::block("OPENSSH PRIVATE KEY", &[1]), "OPENSSH"),
        (pem::block("PRIVATE KEY", &[1, 2, 3]), "2048"),
        (include_str!("testdata/rsa-1024.pem").to_owned(), "2048"),
    ] {
        match PrivateKey::from_pem(&text) {
            Err(Error::Setup(why)) => assert!(why.contains(reason), "{why}"),
            other => panic!("{reason}: {other:?}"),
        }
    }
    assert!(key.signature(Algorithm::Rs512, b"m").is_err());
}

#[test]
fn a_private_key_is_not_shown() {
    let key = PrivateKey::generate(KeyKind::P256).unwrap();
    assert_eq!(format!("{key:?}"), r#"PrivateKey("P-256")"#);
}

#[test]
fn the_thumbprint_is_that_of_the_canonical_members() {
    let key = PrivateKey::generate(KeyKind::P256).unwrap();
    let jwk = key.public_jwk("k");
    let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":{},"y":{}}}"#, jwk["x"], jwk["y"]);
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, canonical.as_bytes());
    assert_eq!(key.thumbprint(), URL_SAFE_NO_PAD.encode(digest));
}
