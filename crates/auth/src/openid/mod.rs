//! OpenID Connect towards the identity providers of a domain: which provider
//! signs a user in, where the browser goes, and whether what comes back proves who
//! it is (`kt2-auth.md` 3.2–3.4, topic T023, OpenID Connect Core 1.0 §3.1). The
//! protocol is that of the `openidconnect` crate; calls go through the outbound
//! clients and signatures are checked by the same library as everywhere else.

mod cache;
mod calls;
mod choose;
mod client;
mod discovery;
mod exchange;
mod failure;
mod key;
mod slot;
mod token;
mod username;

use std::fmt;
use std::sync::Arc;

use koppeltaal_core::directory::{Domain, IdentityProvider};
use koppeltaal_core::{Clock, Timestamp};
use koppeltaal_outbound::Clients;
use openidconnect::core::{CoreAuthPrompt, CoreResponseType};
use openidconnect::{
    AuthenticationFlow, CsrfToken, JsonWebKeySet, Nonce, PkceCodeChallenge, Scope,
};
use serde::{Deserialize, Serialize};

use crate::SealKey;
use cache::Cache;
use calls::Calls;
use discovery::Document;
use key::Keys;
use slot::Want;

pub use choose::{Choice, choose};
pub use failure::Failure;

/// The identity providers that this process knows, with what they have published.
pub struct IdentityProviders {
    outbound: Arc<Clients>,
    clock: Arc<dyn Clock>,
    seal: Arc<SealKey>,
    cache: Cache,
}

impl fmt::Debug for IdentityProviders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdentityProviders").finish_non_exhaustive()
    }
}

/// A login that has begun.
#[derive(Debug)]
pub struct Begun {
    /// Where the browser goes.
    pub url: String,
    /// What [`IdentityProviders::finish`] needs; to be kept sealed.
    pub kept: Kept,
}

/// What is remembered while the user is at the identity provider. It binds the
/// answer to the request: whoever has it can finish the login.
#[derive(Clone, Serialize, Deserialize)]
pub struct Kept {
    issuer: String,
    nonce: String,
    code_verifier: String,
}

impl Kept {
    /// The issuer of the provider.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// What the identity provider sent to the callback.
#[derive(Clone, Copy)]
pub struct Answer<'a> {
    /// The authorization code.
    pub code: &'a str,
    /// The `iss` parameter of RFC 9207.
    pub issuer: Option<&'a str>,
}

impl fmt::Debug for Answer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// Who signed in, as the identity provider says.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// The value of the claim that names the user.
    pub username: String,
    /// The provider's own id of the user.
    pub subject: String,
    /// The provider.
    pub issuer: String,
    /// When the user really authenticated, if the provider says so.
    pub authenticated: Option<Timestamp>,
}

/// Without the person: who it is belongs in no log.
impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person")
            .field("issuer", &self.issuer)
            .field("authenticated", &self.authenticated)
            .finish_non_exhaustive()
    }
}

impl IdentityProviders {
    /// Nothing is called until somebody signs in.
    pub fn new(outbound: Arc<Clients>, clock: Arc<dyn Clock>, seal: Arc<SealKey>) -> Self {
        Self { outbound, clock, seal, cache: Cache::default() }
    }

    /// Where to send the browser. `state` comes back with the answer; `prompt` is
    /// passed on when it is one of none, login, consent and select_account.
    ///
    /// # Errors
    /// When the provider has not published how it is reached, or publishes
    /// something that cannot be used.
    pub async fn begin(
        &self,
        domain: &Domain,
        provider: &IdentityProvider,
        callback: &str,
        state: &str,
        prompt: Option<&str>,
    ) -> Result<Begun, Failure> {
        let document = self.document(domain, provider, Want::Fresh).await?;
        document.check_for_browser(domain)?;
        let client = client::build(provider, &document, callback, JsonWebKeySet::default())?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let state = CsrfToken::new(state.to_owned());
        let mut request = client
            .authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                || state,
                Nonce::new_random,
            )
            .set_pkce_challenge(challenge);
        if let Some(scope) = username::scope(username::claim(provider)) {
            request = request.add_scope(Scope::new(scope.to_owned()));
        }
        if let Some(prompt) = prompt.and_then(known_prompt) {
            request = request.add_prompt(prompt);
        }
        let (url, _, nonce) = request.url();
        let kept = Kept {
            issuer: document.issuer.as_str().to_owned(),
            nonce: nonce.secret().clone(),
            code_verifier: verifier.secret().clone(),
        };
        Ok(Begun { url: url.into(), kept })
    }

    /// Exchanges the code and says who signed in. `callback` is the one given to
    /// [`Self::begin`].
    ///
    /// # Errors
    /// `Refused` when the answer proves nothing; the others when the provider or
    /// its settings are in the way.
    pub async fn finish(
        &self,
        domain: &Domain,
        provider: &IdentityProvider,
        callback: &str,
        answer: Answer<'_>,
        kept: &Kept,
    ) -> Result<Person, Failure> {
        let document = self.document(domain, provider, Want::Fresh).await?;
        document.check_answer(answer.issuer, &kept.issuer)?;
        let secret = client::Secret::open(provider, &document, &self.seal)?;
        let client = client::build(provider, &document, callback, JsonWebKeySet::default())?;
        let client = secret.give_to(client);
        let tokens = exchange::redeem(client, answer.code, kept, self.calls(domain)).await?;

        let expected = token::Expected {
            client_id: &provider.client_id,
            issuer: &document.issuer,
            nonce: &kept.nonce,
            now: self.clock.now(),
        };
        let mut keys = self.keys(domain, provider, &document, Want::Fresh).await?;
        if token::is_key_unknown(&tokens, &expected, &keys)? {
            keys = self.keys(domain, provider, &document, Want::Other(&keys)).await?;
        }
        let proven = token::verify(&tokens, &expected, &keys)?;

        let username = match username::in_token(username::claim(provider), &proven.claims)? {
            Some(username) => username,
            None => {
                let client = client::build(provider, &document, callback, key::set(&keys))?;
                let subject = &proven.subject;
                let calls = self.calls(domain);
                let claims = exchange::userinfo(client, &document, &tokens, subject, calls).await?;
                username::in_userinfo(username::claim(provider), &claims)?
            }
        };
        Ok(Person {
            username,
            subject: proven.subject,
            issuer: kept.issuer.clone(),
            authenticated: proven.authenticated,
        })
    }

    /// Fetches what the provider publishes now and says whether a login could work.
    ///
    /// # Errors
    /// What is in the way.
    pub async fn check(&self, domain: &Domain, provider: &IdentityProvider) -> Result<(), Failure> {
        let document = self.document(domain, provider, Want::Now).await?;
        document.check_for_browser(domain)?;
        client::Secret::open(provider, &document, &self.seal)?;
        let keys = self.keys(domain, provider, &document, Want::Now).await?;
        if keys.is_empty() {
            return Err(Failure::misconfigured("it publishes no key that can verify a signature"));
        }
        Ok(())
    }

    async fn document(
        &self,
        domain: &Domain,
        provider: &IdentityProvider,
        want: Want<'_, Document>,
    ) -> Result<Arc<Document>, Failure> {
        let entry = self.cache.entry(domain.number, &provider.discovery_url, self.clock.now());
        let fetch = discovery::fetch(self.calls(domain), &provider.discovery_url);
        entry.document.get(self.clock.as_ref(), want, fetch).await
    }

    async fn keys(
        &self,
        domain: &Domain,
        provider: &IdentityProvider,
        document: &Document,
        want: Want<'_, Keys>,
    ) -> Result<Arc<Keys>, Failure> {
        let entry = self.cache.entry(domain.number, &provider.discovery_url, self.clock.now());
        let fetch = key::fetch(self.calls(domain), document.jwks_uri.as_str());
        let slot = entry.keys(document.jwks_uri.as_str());
        slot.get(self.clock.as_ref(), want, fetch).await
    }

    fn calls<'a>(&'a self, domain: &'a Domain) -> Calls<'a> {
        Calls { clients: &self.outbound, domain }
    }
}

fn known_prompt(prompt: &str) -> Option<CoreAuthPrompt> {
    match prompt {
        "none" => Some(CoreAuthPrompt::None),
        "login" => Some(CoreAuthPrompt::Login),
        "consent" => Some(CoreAuthPrompt::Consent),
        "select_account" => Some(CoreAuthPrompt::SelectAccount),
        _ => None,
    }
}
