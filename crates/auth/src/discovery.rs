//! What the authorization service publishes about itself (TOP-KT-016, TOP-KT-020;
//! spec 4): the SMART configuration, the OpenID configuration and its public keys.

use http::{HeaderValue, StatusCode, header};
use koppeltaal_core::Result;
use koppeltaal_core::directory::Domain;
use serde_json::{Value, json};

use crate::answer::{Answer, json_answer};
use crate::app::Inner;
use crate::key_ring::PUBLISHED_MAX_AGE;
use crate::urls::Urls;

/// The signatures that are accepted.
const ALGORITHMS: [&str; 9] =
    ["RS512", "RS384", "RS256", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512"];

/// The SMART configuration of a domain.
pub fn smart_configuration(urls: &Urls) -> Value {
    json!({
        "issuer": urls.issuer(),
        "jwks_uri": urls.jwks(),
        "authorization_endpoint": urls.authorize(),
        "token_endpoint": urls.token(),
        "introspection_endpoint": urls.introspect(),
        "management_endpoint": urls.management(),
        "grant_types_supported": ["authorization_code", "client_credentials"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "scopes_supported": [
            "openid", "launch", "fhirUser", "system/*.cruds", "system/*.cruds?resource-origin="
        ],
        "response_types_supported": ["code"],
        "capabilities": [
            "launch-ehr", "authorize-post", "client-confidential-asymmetric",
            "sso-openid-connect", "context-ehr-hti", "permission-v2"
        ],
        "code_challenge_methods_supported": ["S256"],
    })
}

/// The OpenID configuration of a domain (OpenID Connect Discovery 1.0).
pub fn openid_configuration(urls: &Urls) -> Value {
    let mut document = smart_configuration(urls);
    document["subject_types_supported"] = json!(["public"]);
    document["id_token_signing_alg_values_supported"] = json!(["RS512"]);
    document["claims_supported"] = json!([
        "iss",
        "sub",
        "aud",
        "azp",
        "exp",
        "iat",
        "nbf",
        "jti",
        "nonce",
        "auth_time",
        "fhirUser"
    ]);
    document["request_parameter_supported"] = false.into();
    document["request_uri_parameter_supported"] = false.into();
    document
}

impl Inner {
    /// Answers with the SMART configuration, which is also below the FHIR base.
    pub fn smart_configuration(&self, domain: &Domain) -> Answer {
        json_answer(StatusCode::OK, &smart_configuration(&self.urls(domain)))
    }

    pub(crate) fn openid_configuration(&self, domain: &Domain) -> Answer {
        json_answer(StatusCode::OK, &openid_configuration(&self.urls(domain)))
    }

    /// The public keys: those that sign, that will, and that did while what they
    /// signed is still good.
    pub(crate) async fn jwks(&self, domain: &Domain) -> Result<Answer> {
        let keys = self.keys.keys(domain).await?;
        let published: Vec<Value> =
            keys.published(self.now()).map(|key| key.signer.jwk()).collect();
        let mut answer = json_answer(StatusCode::OK, &json!({ "keys": published }));
        let headers = answer.headers_mut();
        let kept = format!("public, max-age={}", PUBLISHED_MAX_AGE.as_secs());
        if let Ok(kept) = HeaderValue::try_from(kept) {
            headers.insert(header::CACHE_CONTROL, kept);
        }
        headers.remove(header::PRAGMA);
        Ok(answer)
    }
}
