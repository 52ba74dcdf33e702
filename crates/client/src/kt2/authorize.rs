//! The launch of a module in the browser (SMART HTI on FHIR): where the browser is sent, and what
//! the code that comes back is worth.

use reqwest::Url;

use super::answer::LaunchContext;
use super::authorization::Authorization;
use super::error::{Error, Result};
use super::pkce::Pkce;

/// The scope of every launch.
pub const LAUNCH_SCOPE: &str = "launch openid fhirUser";

/// What a module asks for when it was launched.
#[derive(Debug, Clone, Copy)]
pub struct AuthorizeRequest<'a> {
    /// The launch token that the portal posted.
    pub launch: &'a str,
    /// Where the browser comes back to; registered.
    pub redirect_uri: &'a str,
    /// Comes back with the browser; random, and bound to its session.
    pub state: &'a str,
    /// Its challenge goes along.
    pub pkce: &'a Pkce,
    /// Comes back in the id_token.
    pub nonce: Option<&'a str>,
}

impl Authorization {
    /// Where the browser is sent.
    pub fn authorize_url(&self, request: &AuthorizeRequest<'_>) -> Result<String> {
        let discovery = self.discovery();
        let endpoint = discovery
            .authorization_endpoint
            .as_deref()
            .ok_or_else(|| Error::Setup("the server has no authorization endpoint".to_owned()))?;
        let mut url = Url::parse(endpoint).map_err(|cause| Error::Setup(cause.to_string()))?;
        let mut query = url.query_pairs_mut();
        query.extend_pairs([
            ("response_type", "code"),
            ("client_id", self.client_id()),
            ("redirect_uri", request.redirect_uri),
            ("scope", LAUNCH_SCOPE),
            ("state", request.state),
            ("aud", &discovery.fhir_base),
            ("launch", request.launch),
            ("code_challenge", &request.pkce.challenge),
            ("code_challenge_method", "S256"),
        ]);
        if let Some(nonce) = request.nonce {
            query.append_pair("nonce", nonce);
        }
        drop(query);
        Ok(url.into())
    }

    /// The context of the launch for the code that came back; a code works once.
    pub async fn exchange(
        &self,
        code: &str,
        redirect_uri: &str,
        verifier: &str,
    ) -> Result<LaunchContext> {
        let fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", verifier),
        ];
        let answer = self.post(&self.discovery().token_endpoint, fields).await?;
        LaunchContext::read(answer.status, answer.object()?)
    }
}
