//! What an identity provider publishes about itself (OpenID Connect Discovery 1.0
//! §3 and §4, RFC 9207). Only what a login needs is read, so that an odd value
//! elsewhere in the document stands in nobody's way.

use std::time::Duration;

use koppeltaal_core::directory::Domain;
use koppeltaal_outbound::check_url;
use openidconnect::{AuthUrl, IssuerUrl, JsonWebKeySetUrl, TokenUrl, UserInfoUrl};
use serde::Deserialize;
use serde_json::Value;

use super::calls::{Calls, fetch_object};
use super::failure::Failure;

const WELL_KNOWN: &str = "/.well-known/openid-configuration";

/// The part of a discovery document that a login needs.
#[derive(Debug, Deserialize)]
pub(super) struct Document {
    pub(super) issuer: IssuerUrl,
    pub(super) authorization_endpoint: AuthUrl,
    pub(super) token_endpoint: TokenUrl,
    pub(super) jwks_uri: JsonWebKeySetUrl,
    #[serde(default)]
    pub(super) userinfo_endpoint: Option<UserInfoUrl>,
    #[serde(default)]
    pub(super) token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    response_types_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: Option<bool>,
}

/// Fetches the document at `url`, which is the issuer or the document's own URL.
pub(super) async fn fetch(calls: Calls<'_>, url: &str) -> Result<(Document, Duration), Failure> {
    let issuer = issuer_of(url);
    let at = format!("{issuer}{WELL_KNOWN}");
    let (object, lifetime) = fetch_object(calls, &at, "discovery document").await?;
    Ok((read(Value::Object(object), issuer)?, lifetime))
}

fn read(object: Value, issuer: &str) -> Result<Document, Failure> {
    let document: Document = serde_json::from_value(object).map_err(|_| {
        Failure::misconfigured(
            "the discovery document lacks what a login needs, or has no URL there",
        )
    })?;
    // Both spellings lead to the same document; anything else is another provider.
    if document.issuer.trim_end_matches('/') != issuer {
        return Err(Failure::misconfigured(
            "the issuer in the discovery document is not the one it was fetched for",
        ));
    }
    let types = document.response_types_supported.as_deref();
    if types.is_some_and(|types| !types.iter().any(|it| it == "code")) {
        return Err(Failure::misconfigured("the response type `code` is not supported"));
    }
    Ok(document)
}

/// The issuer without the slash at its end.
fn issuer_of(url: &str) -> &str {
    url.strip_suffix(WELL_KNOWN).unwrap_or(url).trim_end_matches('/')
}

impl Document {
    /// Whether a browser may be sent to the authorization endpoint: the rules for
    /// URLs hold here too, though this server does not call it.
    pub(super) fn check_for_browser(&self, domain: &Domain) -> Result<(), Failure> {
        let url = self.authorization_endpoint.url();
        let plain =
            url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        if plain && check_url(url.as_str(), domain).is_ok() {
            return Ok(());
        }
        Err(Failure::misconfigured("no browser may be sent to its authorization endpoint"))
    }

    /// Whether the answer is from the provider that was asked (RFC 9207 §2.4).
    /// `asked` is the issuer when the login began.
    pub(super) fn check_answer(&self, answered: Option<&str>, asked: &str) -> Result<(), Failure> {
        if self.issuer.as_str() != asked {
            return Err(Failure::refused("the provider's issuer changed during the login"));
        }
        match answered {
            Some(issuer) if issuer == asked => Ok(()),
            Some(_) => Err(Failure::refused("the answer names another issuer")),
            None if self.authorization_response_iss_parameter_supported == Some(true) => {
                Err(Failure::refused("the answer does not name its issuer, as announced"))
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use koppeltaal_core::directory::Phase;
    use serde_json::json;

    use super::*;

    fn document() -> Value {
        json!({
            "issuer": "https://idp.example/x",
            "authorization_endpoint": "https://idp.example/authorize?tenant=1",
            "token_endpoint": "https://idp.example/token",
            "jwks_uri": "https://idp.example/jwks",
            "response_types_supported": ["code", "id_token"],
            "op_tos_uri": "",
            "claims_supported": "odd"
        })
    }

    #[test]
    fn the_discovery_url_may_be_the_issuer_or_the_document() {
        for (url, issuer) in [
            ("https://idp.example", "https://idp.example"),
            ("https://idp.example/", "https://idp.example"),
            ("https://idp.example/x/", "https://idp.example/x"),
            ("https://idp.example/x/.well-known/openid-configuration", "https://idp.example/x"),
            ("https://idp.example//.well-known/openid-configuration", "https://idp.example"),
        ] {
            assert_eq!(issuer_of(url), issuer, "{url}");
        }
    }

    #[test]
    fn a_document_is_read_for_its_own_issuer_only() {
        assert!(read(document(), "https://idp.example/x").is_ok());
        for issuer in
            ["https://idp.example", "https://idp.example/X", "https://other.example/x", ""]
        {
            assert!(matches!(read(document(), issuer), Err(Failure::Misconfigured(_))), "{issuer}");
        }
        let mut slash = document();
        slash["issuer"] = json!("https://idp.example/x/");
        let read = read(slash, "https://idp.example/x").unwrap();
        assert_eq!(read.issuer.as_str(), "https://idp.example/x/");
    }

    #[test]
    fn a_document_without_what_a_login_needs_is_misconfigured() {
        for missing in ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"] {
            for odd in [json!(null), json!(7), json!("no url"), json!("")] {
                let mut document = document();
                document[missing] = odd;
                let failed = read(document, "https://idp.example/x");
                assert!(matches!(failed, Err(Failure::Misconfigured(_))), "{missing}");
            }
        }
        let mut implicit = document();
        implicit["response_types_supported"] = json!(["id_token"]);
        assert!(read(implicit, "https://idp.example/x").is_err());
    }

    #[test]
    fn a_browser_is_sent_to_https_only_unless_the_domain_allows_loopback() {
        let relaxed = Domain { allow_http_loopback: true, ..Domain::default() };
        let strict = Domain { phase: Phase::Production, ..relaxed.clone() };
        let closed = Domain::default();
        for (url, expected) in [
            ("https://idp.example/a", [true, true, true]),
            ("http://127.0.0.1:80/a", [true, false, false]),
            ("http://localhost/a", [true, false, false]),
            ("http://[::1]/a", [true, false, false]),
            ("http://idp.example/a", [false, false, false]),
            ("https://user@idp.example/a", [false, false, false]),
            ("https://idp.example/a#b", [false, false, false]),
            ("javascript:alert(1)", [false, false, false]),
        ] {
            let mut value = document();
            value["authorization_endpoint"] = json!(url);
            let document = read(value, "https://idp.example/x").unwrap();
            let found = [&relaxed, &strict, &closed]
                .map(|domain| document.check_for_browser(domain).is_ok());
            assert_eq!(found, expected, "{url}");
        }
    }

    #[test]
    fn the_answer_must_be_from_the_issuer_that_was_asked() {
        const ASKED: &str = "https://idp.example/x";
        let silent = read(document(), ASKED).unwrap();
        let mut announcing = document();
        announcing["authorization_response_iss_parameter_supported"] = json!(true);
        let announcing = read(announcing, ASKED).unwrap();
        for (answered, expected) in [
            (Some(ASKED), (true, true)),
            (Some("https://evil.example"), (false, false)),
            (None, (true, false)),
        ] {
            let found = (
                silent.check_answer(answered, ASKED).is_ok(),
                announcing.check_answer(answered, ASKED).is_ok(),
            );
            assert_eq!(found, expected, "{answered:?}");
        }
        assert!(silent.check_answer(None, "https://former.example").is_err());
    }
}
