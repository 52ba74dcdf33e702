//! The authorization service of one domain as one application uses it: access tokens (SMART
//! backend services), introspection (RFC 7662), revocation (RFC 7009).

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use reqwest::Client;

use super::answer::{AccessToken, Introspection};
use super::assertion::{ASSERTION_TYPE, Assertion};
use super::cache::Cache;
use super::discovery::{Discovery, base_of};
use super::error::{Error, Result};
use super::http::{self, Answer, Options};
use super::signer::Signer;

/// One application at the authorization service of its domain. Clones share connections and
/// tokens.
#[derive(Clone)]
pub struct Authorization {
    client: Client,
    discovery: Arc<Discovery>,
    client_id: Arc<str>,
    signer: Signer,
    audience: Option<Arc<str>>,
    cache: Arc<Cache>,
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorization")
            .field("fhir_base", &self.discovery.fhir_base)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

impl Authorization {
    /// Asks the FHIR base of a domain where its authorization service is.
    pub async fn discover(
        fhir_base: &str,
        client_id: &str,
        signer: Signer,
        options: &Options,
    ) -> Result<Authorization> {
        let base = base_of(fhir_base)?;
        let client = http::client(&base, options)?;
        let discovery = Discovery::fetch(&client, &base).await?;
        Ok(Authorization {
            client,
            discovery: Arc::new(discovery),
            client_id: client_id.into(),
            signer,
            audience: options.audience.as_deref().map(Arc::from),
            cache: Arc::default(),
        })
    }

    /// The same service for another application.
    #[must_use]
    pub fn with_identity(&self, client_id: &str, signer: Signer) -> Authorization {
        Authorization { client_id: client_id.into(), signer, cache: Arc::default(), ..self.clone() }
    }

    /// What the domain says about itself.
    pub fn discovery(&self) -> &Discovery {
        &self.discovery
    }

    /// The application.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// An access token; the same again until 30 s before it expires. An empty scope means all that
    /// the role permits.
    pub async fn token(&self, scope: &str) -> Result<AccessToken> {
        self.cache.get(scope, Instant::now, async || self.new_token(scope).await).await
    }

    /// An access token that nobody had before.
    pub async fn new_token(&self, scope: &str) -> Result<AccessToken> {
        let mut fields = vec![("grant_type", "client_credentials")];
        if !scope.is_empty() {
            fields.push(("scope", scope));
        }
        let answer = self.post(&self.discovery.token_endpoint, fields).await?;
        AccessToken::read(answer.status, answer.object()?)
    }

    /// Forgets the access tokens, after a 401 for example.
    pub async fn forget_tokens(&self) {
        self.cache.clear().await;
    }

    /// What a token is: a launch token for this application (which can be introspected once), an
    /// access token or an id_token.
    pub async fn introspect(&self, token: &str) -> Result<Introspection> {
        let endpoint =
            self.discovery.introspection_endpoint.as_deref().ok_or_else(|| {
                Error::Setup("the server has no introspection endpoint".to_owned())
            })?;
        let answer = self.post(endpoint, vec![("token", token)]).await?;
        Introspection::read(answer.status, answer.object()?)
    }

    /// Makes an access token of this application worthless. One that is not valid, or not its own,
    /// is no error.
    pub async fn revoke(&self, token: &str) -> Result<()> {
        let endpoint = self.discovery.revocation_endpoint().ok_or_else(|| {
            Error::Setup("the server has no token endpoint that ends in /token".to_owned())
        })?;
        self.cache.clear().await;
        self.post(&endpoint, vec![("token", token)]).await.map(drop)
    }

    /// Posts a form with a new assertion.
    pub(super) async fn post(
        &self,
        endpoint: &str,
        mut fields: Vec<(&str, &str)>,
    ) -> Result<Answer> {
        let audience = self.audience.as_deref().unwrap_or(endpoint);
        let assertion = Assertion::new(&self.client_id, audience).sign(&self.signer)?;
        fields.push(("client_assertion_type", ASSERTION_TYPE));
        fields.push(("client_assertion", &assertion));
        http::post(&self.client, endpoint, &fields).await
    }
}
