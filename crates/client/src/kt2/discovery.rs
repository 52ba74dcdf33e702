//! What a domain says about its authorization service: `.well-known/smart-configuration` below the
//! FHIR base (topic 016).

use reqwest::{Client, Url};
use serde_json::{Map, Value};

use super::error::{Error, Result};
use super::http;

/// The endpoints of a domain.
#[derive(Debug, Clone)]
pub struct Discovery {
    /// The FHIR base URL, without a final slash.
    pub fhir_base: String,
    /// Who signs the tokens.
    pub issuer: String,
    /// Where tokens come from.
    pub token_endpoint: String,
    /// Where tokens are looked into.
    pub introspection_endpoint: Option<String>,
    /// Where a launch goes with the browser.
    pub authorization_endpoint: Option<String>,
    /// The public keys of the issuer.
    pub jwks_uri: Option<String>,
    /// The document as it came.
    pub document: Map<String, Value>,
}

impl Discovery {
    pub(super) async fn fetch(client: &Client, fhir_base: &Url) -> Result<Discovery> {
        let base = fhir_base.as_str().trim_end_matches('/');
        let answer = http::get(client, &format!("{base}/.well-known/smart-configuration")).await;
        let answer = answer.map_err(|error| match error.status() {
            Some(status @ 400..500) => {
                let why = format!(
                    "{base} has no smart-configuration: is it the FHIR base URL of a domain?"
                );
                Error::unexpected(status, why)
            }
            _ => error,
        })?;
        let status = answer.status;
        Discovery::read(base, answer.object()?).map_err(|why| Error::unexpected(status, why))
    }

    fn read(fhir_base: &str, document: Map<String, Value>) -> Result<Discovery, String> {
        let encrypted = fhir_base.starts_with("https:");
        let url = |name: &str| -> Result<Option<String>, String> {
            let Some(value) = document.get(name) else {
                return Ok(None);
            };
            let text = value.as_str().unwrap_or_default();
            let scheme = Url::parse(text).map(|url| url.scheme().to_owned()).unwrap_or_default();
            match scheme.as_str() {
                "https" => Ok(Some(text.to_owned())),
                // Whoever asked over https does not send an assertion in the clear.
                "http" if !encrypted => Ok(Some(text.to_owned())),
                _ => Err(format!("`{name}` of the smart-configuration is no usable URL: {value}")),
            }
        };
        let required = |name: &str| {
            url(name)?.ok_or_else(|| format!("the smart-configuration has no `{name}`"))
        };
        let issuer = document.get("issuer").and_then(Value::as_str);
        Ok(Discovery {
            fhir_base: fhir_base.to_owned(),
            issuer: issuer.ok_or("the smart-configuration has no `issuer`")?.to_owned(),
            token_endpoint: required("token_endpoint")?,
            introspection_endpoint: url("introspection_endpoint")?,
            authorization_endpoint: url("authorization_endpoint")?,
            jwks_uri: url("jwks_uri")?,
            document,
        })
    }

    /// Where tokens are revoked (RFC 7009). The standard forbids to publish it: it stands beside
    /// the token endpoint, if that is called `token`.
    pub fn revocation_endpoint(&self) -> Option<String> {
        let parent = self.token_endpoint.strip_suffix("/token")?;
        Some(format!("{parent}/revoke"))
    }
}

/// The FHIR base URL in a text.
pub(super) fn base_of(text: &str) -> Result<Url> {
    let wrong = |why: &str| Error::Setup(format!("`{text}` is not a FHIR base URL: {why}"));
    let mut url = Url::parse(text).map_err(|cause| wrong(&cause.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong("it must begin with https:// or http://"));
    }
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(base: &str, document: Value) -> Result<Discovery, String> {
        Discovery::read(base, document.as_object().unwrap().clone())
    }

    #[test]
    fn the_endpoints_are_taken_from_the_document() {
        let document = json!({
            "issuer": "https://h/api/v1/d",
            "token_endpoint": "https://h/api/v1/d/oauth2/token",
            "introspection_endpoint": "https://h/api/v1/d/oauth2/introspect",
        });
        let found = read("https://h/api/v1/d/fhir/r4", document).unwrap();
        assert_eq!(
            found.introspection_endpoint.as_deref(),
            Some("https://h/api/v1/d/oauth2/introspect")
        );
        assert_eq!(
            found.revocation_endpoint().as_deref(),
            Some("https://h/api/v1/d/oauth2/revoke")
        );
        assert_eq!(found.authorization_endpoint, None);
    }

    #[test]
    fn a_document_without_or_with_unusable_endpoints_is_refused() {
        let check = |document: Value, named: &str| {
            let why = read("https://h/fhir", document).unwrap_err();
            assert!(why.contains(named), "{why}");
        };
        check(json!({"issuer": "https://h"}), "token_endpoint");
        check(json!({"token_endpoint": "https://h/token"}), "issuer");
        for wrong in [json!("http://h/token"), json!("/token"), json!("file:///x"), json!(1)] {
            check(json!({"issuer": "https://h", "token_endpoint": wrong}), "token_endpoint");
        }
        let plain = json!({"issuer": "http://h", "token_endpoint": "http://h/token"});
        assert!(read("http://h/fhir", plain).is_ok());
    }

    #[test]
    fn a_base_is_an_http_url() {
        assert_eq!(base_of("https://h/fhir?x#y").unwrap().as_str(), "https://h/fhir");
        for wrong in ["", "h/fhir", "ftp://h", "/fhir"] {
            assert!(matches!(base_of(wrong), Err(Error::Setup(_))), "{wrong}");
        }
    }
}
