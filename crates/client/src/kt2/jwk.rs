//! The public key as a JWK (RFC 7517, RFC 7518 §6), and its thumbprint (RFC 7638).

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::KeyPair;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::der;
use super::key::{Pair, PrivateKey};

impl PrivateKey {
    /// The public key as a JWK for signatures with this `kid`. It names the algorithm where there is
    /// but one: an RSA key signs with three.
    pub fn public_jwk(&self, kid: &str) -> Map<String, Value> {
        let mut jwk = self.required_members();
        jwk.insert("kid".to_owned(), kid.into());
        jwk.insert("use".to_owned(), "sig".into());
        if let Pair::Ec(..) = self.0 {
            jwk.insert("alg".to_owned(), self.default_algorithm().name().into());
        }
        jwk
    }

    /// The SHA-256 thumbprint of the public key: a `kid` that nobody has to think up.
    pub fn thumbprint(&self) -> String {
        let canonical = Value::Object(self.required_members()).to_string();
        URL_SAFE_NO_PAD.encode(digest(&SHA256, canonical.as_bytes()))
    }

    /// The members that make up the key, in the order of RFC 7638.
    fn required_members(&self) -> Map<String, Value> {
        let text = |bytes: &[u8]| Value::from(URL_SAFE_NO_PAD.encode(bytes));
        let members = match &self.0 {
            Pair::Rsa(pair) => {
                let (n, e) = der::rsa_public_key(pair.public_key().as_ref()).unwrap_or_default();
                vec![("e", text(e)), ("kty", "RSA".into()), ("n", text(n))]
            }
            Pair::Ec(curve, pair) => {
                // 0x04, then both coordinates at full length.
                let point = pair.public_key().as_ref();
                let coordinates = point.get(1..).unwrap_or_default();
                let (x, y) = coordinates.split_at(coordinates.len() / 2);
                vec![
                    ("crv", curve.name().into()),
                    ("kty", "EC".into()),
                    ("x", text(x)),
                    ("y", text(y)),
                ]
            }
        };
        members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// A key set of these keys, as an application publishes it.
pub fn jwks(keys: impl IntoIterator<Item = Map<String, Value>>) -> Value {
    json!({ "keys": keys.into_iter().collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kt2::KeyKind;

    #[test]
    fn a_jwk_is_public_and_says_what_it_is_for() {
        for (kind, members) in [
            (KeyKind::Rsa2048, ["e", "kty", "n", "kid", "use"].as_slice()),
            (KeyKind::P256, &["crv", "kty", "x", "y", "kid", "use", "alg"]),
            (KeyKind::P384, &["crv", "kty", "x", "y", "kid", "use", "alg"]),
            (KeyKind::P521, &["crv", "kty", "x", "y", "kid", "use", "alg"]),
        ] {
            let jwk = PrivateKey::generate(kind).unwrap().public_jwk("k");
            let names: Vec<&str> = jwk.keys().map(String::as_str).collect();
            assert_eq!(names, members, "{kind:?}");
            assert_eq!((&jwk["kid"], &jwk["use"]), (&json!("k"), &json!("sig")));
        }
    }

    #[test]
    fn coordinates_have_the_full_length_of_their_curve() {
        for (kind, bytes) in [(KeyKind::P256, 32), (KeyKind::P384, 48), (KeyKind::P521, 66)] {
            let jwk = PrivateKey::generate(kind).unwrap().public_jwk("k");
            for name in ["x", "y"] {
                let decoded = URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
                assert_eq!(decoded.len(), bytes, "{kind:?}");
            }
        }
    }
}
