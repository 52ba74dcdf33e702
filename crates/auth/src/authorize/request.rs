//! What a module asks of `authorize` (spec 3.1). Until client and redirect URI are
//! known to be good nothing is sent anywhere (no open redirect); then the other
//! parameters are checked and errors go to the module.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE_NO_PAD};
use base64::{alphabet, engine::DecodePaddingMode};
use http::StatusCode;
use koppeltaal_core::directory::{ConnectedInstance, Directory, Domain, Pkce};

use super::failure::{Failure, Known, Told};
use super::page::Advice;
use crate::audit_event::Outcome;
use crate::body::Form;
use crate::urls::Urls;

/// The scopes of a launch; each of them, nothing else, in any order.
const SCOPES: [&str; 3] = ["fhirUser", "launch", "openid"];
/// The longest `state` and `nonce` that are carried through.
const MOST_OPAQUE: usize = 2048;

/// A module that may be told errors.
pub(super) struct Module {
    pub instance: Arc<ConnectedInstance>,
    pub redirect_uri: String,
    pub state: Option<String>,
}

/// The parameters of a request that is in order.
pub(super) struct Request {
    pub scope: String,
    pub state: String,
    pub launch: String,
    pub nonce: Option<String>,
    pub challenge: Option<Vec<u8>>,
    pub prompt: Option<String>,
}

/// Finds the module and its redirect URI.
pub(super) fn module(
    directory: &Directory,
    domain: &Domain,
    form: &Form,
) -> Result<Module, Box<Failure>> {
    let page = |module: Option<Arc<ConnectedInstance>>, reason: &str| {
        Box::new(Failure {
            known: Known { module, ..Known::default() },
            told: Told::Page(StatusCode::BAD_REQUEST, Advice::AskForHelp),
            outcome: Outcome::Minor,
            reason: reason.to_owned(),
            entries: Vec::new(),
        })
    };
    if form.is_repeated("client_id") || form.is_repeated("redirect_uri") {
        return Err(page(None, "client_id or redirect_uri is given more than once"));
    }
    let client_id = form.get("client_id").ok_or_else(|| page(None, "client_id is missing"))?;
    let instance = directory
        .instance_by_client_id(domain.number, client_id)
        .ok_or_else(|| page(None, "client_id is no client of this domain"))?
        .clone();
    if !instance.takes_part() {
        return Err(page(Some(instance), "the application is not approved or is switched off"));
    }
    let Some(redirect_uri) = form.get("redirect_uri") else {
        return Err(page(Some(instance), "redirect_uri is missing"));
    };
    let mut registered =
        instance.instance.redirect_uris.iter().chain(&instance.application.redirect_uris);
    if !registered.any(|known| known == redirect_uri) {
        return Err(page(Some(instance), "redirect_uri is not registered for the application"));
    }
    let state = form.get("state").filter(|state| state.len() <= MOST_OPAQUE).map(str::to_owned);
    Ok(Module { instance, redirect_uri: redirect_uri.to_owned(), state })
}

impl Module {
    /// A failure that the module is told.
    pub fn failure(&self, error: &'static str, reason: impl Into<String>) -> Failure {
        Failure {
            known: Known { module: Some(self.instance.clone()), ..Known::default() },
            told: Told::Module {
                redirect_uri: self.redirect_uri.clone(),
                state: self.state.clone(),
                error,
            },
            outcome: Outcome::Minor,
            reason: reason.into(),
            entries: Vec::new(),
        }
    }

    /// Checks the other parameters.
    pub fn request(&self, urls: &Urls, form: &Form) -> Result<Request, Box<Failure>> {
        let invalid = |reason: &str| Box::new(self.failure("invalid_request", reason));
        if form.has_repeated() {
            return Err(invalid("a parameter is given more than once"));
        }
        match form.get("response_type") {
            Some("code") => {}
            Some(_) => {
                let reason = "response_type is not code";
                return Err(Box::new(self.failure("unsupported_response_type", reason)));
            }
            None => return Err(invalid("response_type is missing")),
        }
        if let Some("fragment" | "form_post") = form.get("response_mode") {
            return Err(invalid("response_mode is not query"));
        }
        if form.get("request").is_some() || form.get("request_uri").is_some() {
            return Err(invalid("request objects are not supported"));
        }
        let state = self.state.clone().ok_or_else(|| invalid("state is missing or too long"))?;
        let scope = form.get("scope").unwrap_or("");
        let mut asked: Vec<&str> = scope.split(' ').filter(|word| !word.is_empty()).collect();
        asked.sort_unstable();
        if asked != SCOPES {
            let reason = "scope is not exactly launch, openid and fhirUser";
            return Err(Box::new(self.failure("invalid_scope", reason)));
        }
        if !form.get("aud").is_some_and(|aud| urls.is_fhir_base(aud)) {
            return Err(invalid("aud is not the FHIR base URL of this domain"));
        }
        let nonce = form.get("nonce").map(str::to_owned);
        if nonce.as_ref().is_some_and(|nonce| nonce.len() > MOST_OPAQUE) {
            return Err(invalid("nonce is too long"));
        }
        let challenge = self.challenge(form)?;
        let launch = form.get("launch").ok_or_else(|| invalid("launch is missing"))?;
        Ok(Request {
            scope: scope.to_owned(),
            state,
            launch: launch.to_owned(),
            nonce,
            challenge,
            prompt: form.get("prompt").map(str::to_owned),
        })
    }

    /// PKCE (RFC 7636): S256 only, and mandatory unless the instance is an old
    /// client that may leave it out.
    fn challenge(&self, form: &Form) -> Result<Option<Vec<u8>>, Box<Failure>> {
        let invalid = |reason: &str| Box::new(self.failure("invalid_request", reason));
        let Some(challenge) = form.get("code_challenge") else {
            if form.get("code_challenge_method").is_some() {
                return Err(invalid("code_challenge is missing"));
            }
            return match self.instance.instance.pkce {
                Pkce::Optional => Ok(None),
                Pkce::Required => Err(invalid("code_challenge is missing: PKCE is mandatory")),
            };
        };
        // Without a method it would be `plain`.
        if form.get("code_challenge_method") != Some("S256") {
            return Err(invalid("code_challenge_method is not S256"));
        }
        match decoded(challenge) {
            Some(bytes) if bytes.len() == 32 => Ok(Some(bytes)),
            _ => Err(invalid("code_challenge is not the base64url form of a SHA-256")),
        }
    }
}

/// Old clients write the challenge in the standard alphabet or with padding.
fn decoded(challenge: &str) -> Option<Vec<u8>> {
    const STANDARD: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let bare = challenge.trim_end_matches('=');
    URL_SAFE_NO_PAD.decode(bare).or_else(|_| STANDARD.decode(bare)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_may_have_padding_and_the_standard_alphabet() {
        let bytes = [0xfb; 32];
        for text in [
            URL_SAFE_NO_PAD.encode(bytes),
            base64::engine::general_purpose::URL_SAFE.encode(bytes),
            base64::engine::general_purpose::STANDARD.encode(bytes),
        ] {
            assert_eq!(decoded(&text).as_deref(), Some(bytes.as_slice()), "{text}");
        }
        assert_eq!(decoded("not base64!"), None);
    }
}
