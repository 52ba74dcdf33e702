//! Tokens that no decent client makes, put together by hand, and tokens taken apart.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{
    RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_SHA256,
    RsaKeyPair, RsaParameters,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use koppeltaal_client::kt2::Signer;
use serde_json::{Map, Value, json};

/// A key of 1024 bits, as its client has registered it.
pub const SMALL_JWK: &str = concat!(
    r#"{"kty":"RSA","use":"sig","kid":"small","e":"AQAB","n":""#,
    "xO1o0DkM6G7aJ_6V7E6hcByDv0CFagVHqFLLXPNjRA3VRW1uoxjh3AoIpKW-oMtdLqkk3V6wYu0MstZOP0z59U_DOMif",
    "BJhEmJ7dPzx4uo2tcRu1SzTNuAq8knkLbUoSxBTJN8EDiYPq-VBPh1ZhjYttDcMgXKPjTujAkg9e0gE",
    r#""}"#
);
/// When [`SMALL_ASSERTION`] was issued: at the beginning of the year 2099.
pub const SMALL_ISSUED: i64 = 4_070_908_800;
/// An assertion that is right in everything but the length of its key (no library
/// of ours signs with such a key).
pub const SMALL_ASSERTION: &str = concat!(
    "eyJhbGciOiJSUzI1NiIsImtpZCI6InNtYWxsIiwidHlwIjoiSldUIn0.",
    "eyJpc3MiOiIwZjBmMGYwZi0wZjBmLTRmMGYtOGYwZi0wZjBmMGYwZjEwMjQiLCJzdWIiOiIwZjBmMGYwZi0wZjBmLTRm",
    "MGYtOGYwZi0wZjBmMGYwZjEwMjQiLCJhdWQiOiJodHRwczovL2t0LmV4YW1wbGUudGVzdC9hcGkvdjEvem9yZy9vYXV0",
    "aDIvdG9rZW4iLCJqdGkiOiJzbWFsbC0xIiwiaWF0Ijo0MDcwOTA4ODAwLCJleHAiOjQwNzA5MDkxMDB9.",
    "cZRkuI6uxuKhhTDGYPMunCGCieWMxYZg5SifybB_XcxEtRRm6erH6uSN07E62hSTp1t59nDHhHU0epDkeaQLkqAos00F",
    "ACXnlD_6Chqvm2Ra1DQg8TNaz8fpi1N7xOkfVZYIDt9FvZozF-KqlGlK-04xKvEw7XFwYDOzw9Fy4w0"
);

/// A token in its compact form, signed by whatever `sign` does.
pub fn compact(
    header: &Value,
    claims: &Map<String, Value>,
    sign: impl FnOnce(&[u8]) -> Vec<u8>,
) -> String {
    let part = |value: String| URL_SAFE_NO_PAD.encode(value);
    let claims = Value::Object(claims.clone());
    let signed = format!("{}.{}", part(header.to_string()), part(claims.to_string()));
    let signature = sign(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// The claims under the algorithm `none`, without a signature.
pub fn none(kid: &str, claims: &Map<String, Value>) -> String {
    compact(&json!({ "alg": "none", "typ": "JWT", "kid": kid }), claims, |_| Vec::new())
}

/// The claims under HS256, with something public as the secret.
pub fn hs256(kid: &str, secret: &[u8], claims: &Map<String, Value>) -> String {
    let header = json!({ "alg": "HS256", "typ": "JWT", "kid": kid });
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    compact(&header, claims, |signed| hmac::sign(&key, signed).as_ref().to_vec())
}

/// The claims under PS256.
pub fn ps256(signer: &Signer, claims: &Map<String, Value>) -> String {
    let header = json!({ "alg": "PS256", "typ": "JWT", "kid": signer.kid() });
    let pem = signer.key().private_pem().unwrap();
    let der: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let pair = RsaKeyPair::from_pkcs8(&STANDARD.decode(der).unwrap()).unwrap();
    compact(&header, claims, |signed| {
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PSS_SHA256, &SystemRandom::new(), signed, &mut signature).unwrap();
        signature
    })
}

/// Header and claims of a token, without a look at its signature.
#[track_caller]
pub fn taken_apart(token: &str) -> (Value, Value) {
    let parts: Vec<&str> = token.split('.').collect();
    assert_eq!(parts.len(), 3, "{token}");
    let read = |part: &str| {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).expect("a JSON object")
    };
    (read(parts[0]), read(parts[1]))
}

/// The `kid` of a token.
#[track_caller]
pub fn kid(token: &str) -> String {
    taken_apart(token).0["kid"].as_str().unwrap().to_owned()
}

/// Whether the token bears an RS512 signature of this key.
pub fn is_signed_by(token: &str, jwk: &Value) -> bool {
    verifies(token, jwk, |n, e, signed, signature| {
        rsa(n, e, &RSA_PKCS1_2048_8192_SHA512, signed, signature)
    })
}

/// Whether [`SMALL_ASSERTION`] is what it says.
pub fn small_is_signed() -> bool {
    let jwk = serde_json::from_str(SMALL_JWK).unwrap();
    verifies(SMALL_ASSERTION, &jwk, |n, e, signed, signature| {
        rsa(n, e, &RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, signed, signature)
    })
}

fn rsa(
    n: &[u8],
    e: &[u8],
    algorithm: &'static RsaParameters,
    signed: &[u8],
    signature: &[u8],
) -> bool {
    PublicKeyComponents { n, e }.verify(algorithm, signed, signature).is_ok()
}

fn verifies(
    token: &str,
    jwk: &Value,
    with: impl FnOnce(&[u8], &[u8], &[u8], &[u8]) -> bool,
) -> bool {
    let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let number = |name: &str| bytes(jwk[name].as_str().unwrap());
    let (signed, signature) = token.rsplit_once('.').unwrap();
    with(&number("n"), &number("e"), signed.as_bytes(), &bytes(signature))
}

/// The token with one character of its middle part changed.
pub fn tampered(token: &str) -> String {
    let parts: Vec<&str> = token.split('.').collect();
    let (header, claims) = taken_apart(token);
    let mut claims = claims.as_object().unwrap().clone();
    claims.insert("azp".to_owned(), SMALL_JWK.len().to_string().into());
    let forged = compact(&header, &claims, |_| Vec::new());
    let (signed, _) = forged.rsplit_once('.').unwrap();
    format!("{signed}.{}", parts[2])
}
