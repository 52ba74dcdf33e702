//! Key pairs of every kind, and tokens that they sign in any form.

use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
    ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::jose::{Algorithm, KeySet};

pub(super) static RSA: LazyLock<RsaKeyPair> =
    LazyLock::new(|| RsaKeyPair::generate(KeySize::Rsa2048).unwrap());
pub(super) static P256: LazyLock<EcdsaKeyPair> =
    LazyLock::new(|| EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap());
pub(super) static P384: LazyLock<EcdsaKeyPair> =
    LazyLock::new(|| EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap());
pub(super) static P521: LazyLock<EcdsaKeyPair> =
    LazyLock::new(|| EcdsaKeyPair::generate(&ECDSA_P521_SHA512_FIXED_SIGNING).unwrap());

pub(super) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Header and claims, encoded.
pub(super) fn signed_part(header: &str, claims: &str) -> String {
    format!("{}.{}", encode(header), encode(claims))
}

/// Signs with the key of the test that fits the algorithm.
pub(super) fn signature(algorithm: Algorithm, message: &str) -> Vec<u8> {
    let random = SystemRandom::new();
    let rsa = |encoding| {
        let mut signature = vec![0; RSA.public_modulus_len()];
        RSA.sign(encoding, &random, message.as_bytes(), &mut signature).unwrap();
        signature
    };
    let ec = |pair: &EcdsaKeyPair| pair.sign(&random, message.as_bytes()).unwrap().as_ref().into();
    match algorithm {
        Algorithm::Rs256 => rsa(&RSA_PKCS1_SHA256),
        Algorithm::Rs384 => rsa(&RSA_PKCS1_SHA384),
        Algorithm::Rs512 => rsa(&RSA_PKCS1_SHA512),
        Algorithm::Ps256 => rsa(&RSA_PSS_SHA256),
        Algorithm::Ps384 => rsa(&RSA_PSS_SHA384),
        Algorithm::Ps512 => rsa(&RSA_PSS_SHA512),
        Algorithm::Es256 => ec(&P256),
        Algorithm::Es384 => ec(&P384),
        Algorithm::Es512 => ec(&P521),
    }
}

/// A token of any header and claims, signed with RS512.
pub(super) fn token_of(header: &str, claims: &str) -> String {
    let message = signed_part(header, claims);
    let signature = signature(Algorithm::Rs512, &message);
    format!("{message}.{}", encode(signature))
}

/// A good token.
pub(super) fn token(algorithm: Algorithm, kid: &str) -> String {
    let header = json!({"alg": algorithm.name(), "kid": kid, "typ": "JWT"}).to_string();
    let message = signed_part(&header, r#"{"iss":"me"}"#);
    let signature = signature(algorithm, &message);
    format!("{message}.{}", encode(signature))
}

/// A token whose signature is an HMAC under `secret`.
pub(super) fn hmac_token(alg: &str, secret: &[u8]) -> String {
    let message = signed_part(&format!(r#"{{"alg":"{alg}","kid":"rsa"}}"#), r#"{"iss":"me"}"#);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
    format!("{message}.{}", encode(tag))
}

pub(super) fn rsa_jwk(pair: &RsaKeyPair, kid: &str) -> Value {
    let public = pair.public_key();
    json!({
        "kty": "RSA", "kid": kid,
        "n": encode(public.modulus().big_endian_without_leading_zero()),
        "e": encode(public.exponent().big_endian_without_leading_zero()),
    })
}

pub(super) fn ec_jwk(pair: &EcdsaKeyPair, crv: &str, kid: &str) -> Value {
    let point = &pair.public_key().as_ref()[1..];
    let (x, y) = point.split_at(point.len() / 2);
    json!({"kty": "EC", "kid": kid, "crv": crv, "x": encode(x), "y": encode(y)})
}

/// The key that fits an algorithm, as a JWK.
pub(super) fn jwk(algorithm: Algorithm, kid: &str) -> Value {
    match algorithm {
        Algorithm::Es256 => ec_jwk(&P256, "P-256", kid),
        Algorithm::Es384 => ec_jwk(&P384, "P-384", kid),
        Algorithm::Es512 => ec_jwk(&P521, "P-521", kid),
        _ => rsa_jwk(&RSA, kid),
    }
}

/// The JWK with some members set, or taken away where they are null.
pub(super) fn with(mut jwk: Value, members: &Value) -> Value {
    for (name, value) in members.as_object().unwrap() {
        jwk[name] = value.clone();
    }
    jwk.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    jwk
}

pub(super) fn jwks(keys: &[Value]) -> KeySet {
    KeySet::from_jwks(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
}

pub(super) fn rsa_spki() -> Vec<u8> {
    let der: PublicKeyX509Der<'_> = RSA.public_key().as_der().unwrap();
    der.as_ref().to_vec()
}

pub(super) fn ec_spki(pair: &EcdsaKeyPair) -> Vec<u8> {
    let der: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    der.as_ref().to_vec()
}

/// As OpenSSL writes it, 64 characters a line.
pub(super) fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
