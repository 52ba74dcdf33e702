//! Public keys as administrators paste them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::keys::{P256, P384, P521, RSA, ec_spki, pem, rsa_spki, token};
use crate::jose::{Algorithm, KeySet, Unverified};
use aws_lc_rs::signature::KeyPair as _;

fn strength(text: &str) -> Option<String> {
    KeySet::from_pem(text)
        .unwrap_or_else(|why| panic!("{text}: {why}"))
        .describe()
        .remove(0)
        .strength
}

#[test]
fn a_key_is_read_with_and_without_its_first_and_last_line() {
    let spki = pem("PUBLIC KEY", &rsa_spki());
    let body = STANDARD.encode(rsa_spki());
    let pkcs1 = RSA.public_key().as_ref();
    for text in [
        spki.clone(),
        format!("\u{feff}{spki}").trim_start_matches('\u{feff}').to_owned(),
        spki.replace('\n', "\r\n"),
        spki.replace('\n', " "),
        format!("\n\n  {spki}\t\n"),
        body.clone(),
        format!("{}\n{}\n", &body[..64], &body[64..]),
        format!("-----BEGIN PUBLIC KEY-----\n{body}"),
        format!("{body}\n-----END PUBLIC KEY-----"),
        pem("RSA PUBLIC KEY", pkcs1),
        STANDARD.encode(pkcs1),
    ] {
        assert_eq!(strength(&text).as_deref(), Some("2048 bits"), "{text}");
        let keys = KeySet::from_pem(&text).unwrap();
        Unverified::parse(&token(Algorithm::Rs384, "k")).unwrap().verify(&keys).unwrap();
    }
    for (pair, curve) in [(&*P256, "P-256"), (&*P384, "P-384"), (&*P521, "P-521")] {
        assert_eq!(strength(&pem("PUBLIC KEY", &ec_spki(pair))).as_deref(), Some(curve));
    }
}

#[test]
fn what_is_no_public_key_is_refused() {
    let spki = pem("PUBLIC KEY", &rsa_spki());
    let body = STANDARD.encode(rsa_spki());
    let many = "is not one public key in PEM";
    let no_base64 = "is not base64 between its first and last line";
    let unusable = "holds a key that cannot be used: \
                    it is neither an RSA key nor one on P-256, P-384 or P-521";
    let private = "is a private key: the public one belongs here";
    let mut cut = rsa_spki();
    cut.truncate(200);
    for (text, expected) in [
        (String::new(), no_base64),
        ("key".to_owned(), no_base64),
        (format!("{body}A"), no_base64),
        (body.replacen('M', "*", 1), no_base64),
        (format!("{spki}{spki}"), many),
        (format!("{spki}x"), many),
        (format!("x{spki}"), many),
        (format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END RSA PUBLIC KEY-----"), many),
        (pem("EC PARAMETERS", b"x"), many),
        (pem("CERTIFICATE", b"x"), "is a certificate: the public key in it belongs here"),
        (pem("PRIVATE KEY", b"x"), private),
        (pem("RSA PRIVATE KEY", b"x"), private),
        (pem("ENCRYPTED PRIVATE KEY", b"x"), private),
        (pem("PUBLIC KEY", b"x"), unusable),
        (pem("PUBLIC KEY", &cut), unusable),
        // The bare point of a curve is not a key in PEM.
        (pem("PUBLIC KEY", P256.public_key().as_ref()), unusable),
        ("A".repeat(16 * 1024 + 1), "is longer than 16 KiB"),
    ] {
        let refused = KeySet::from_pem(&text).expect_err(&text).to_string();
        assert_eq!(refused, expected, "{text}");
    }
}

#[test]
fn a_weak_rsa_key_is_refused() {
    // rsa-1024, made with `openssl genrsa 1024 | openssl rsa -pubout`.
    let weak = include_str!("weak.pem");
    let refused = KeySet::from_pem(weak).unwrap_err().to_string();
    assert_eq!(refused, "holds a key that cannot be used: its modulus has not 2048 to 8192 bits");
}
