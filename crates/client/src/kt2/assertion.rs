//! The client assertion (RFC 7523 §2.2, SMART backend services): how an application proves who it
//! is at the authorization service.

use super::token::Token;

/// The `client_assertion_type` that goes with an assertion.
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Marks a [`Token`] as an assertion.
#[derive(Debug, Clone, Copy)]
pub enum Kind {}

/// A client assertion.
pub type Assertion = Token<Kind>;

impl Assertion {
    /// The assertion of `client_id` for one request at `audience` (the URL of the endpoint), valid
    /// for five minutes from now, and once.
    pub fn new(client_id: &str, audience: &str) -> Assertion {
        Token::with_claims([
            ("iss", client_id.into()),
            ("sub", client_id.into()),
            ("aud", audience.into()),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kt2::{KeyKind, PrivateKey, Signer};
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    fn decoded(part: &str) -> Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    }

    #[test]
    fn an_assertion_has_exactly_the_claims_of_the_standard() {
        let claims = Assertion::new("c", "https://h/token").claims().clone();
        let names: Vec<&str> = claims.keys().map(String::as_str).collect();
        assert_eq!(names, ["iss", "sub", "aud", "jti", "iat", "exp"]);
        assert_eq!(
            (&claims["iss"], &claims["sub"], &claims["aud"]),
            (&json!("c"), &json!("c"), &json!("https://h/token"))
        );
        let jti = uuid::Uuid::try_parse(claims["jti"].as_str().unwrap()).unwrap();
        assert_eq!(jti.get_version_num(), 4);
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 300);
        assert_ne!(claims["jti"], Assertion::new("c", "a").claims()["jti"]);
    }

    #[test]
    fn every_claim_and_header_can_be_replaced_or_dropped() {
        let signer = Signer::new(PrivateKey::generate(KeyKind::P256).unwrap()).with_kid("k");
        let token = Assertion::new("c", "a")
            .claim("aud", json!(["a", "b"]))
            .without("sub")
            .issued_at(1_000)
            .lifetime(std::time::Duration::from_secs(60))
            .header("alg", "none")
            .without_header("typ")
            .sign(&signer)
            .unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        assert_eq!(parts.len(), 3);
        assert_eq!(decoded(parts[0]), json!({"alg": "none", "kid": "k"}));
        let mut claims = decoded(parts[1]);
        claims.as_object_mut().unwrap().remove("jti");
        assert_eq!(claims, json!({"iss": "c", "aud": ["a", "b"], "iat": 1000, "exp": 1060}));
    }

    #[test]
    fn the_header_names_algorithm_type_and_key() {
        let key = PrivateKey::generate(KeyKind::P384).unwrap();
        let header = |signer: &Signer| {
            let token = Assertion::new("c", "a").sign(signer).unwrap();
            decoded(token.split('.').next().unwrap())
        };
        let signer = Signer::new(key);
        assert_eq!(header(&signer), json!({"alg": "ES384", "typ": "JWT"}));
        let signer = signer.with_kid("2026");
        assert_eq!(header(&signer), json!({"alg": "ES384", "kid": "2026", "typ": "JWT"}));
    }
}
