//! A domain with one identity provider, and a login there from begin to end.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use koppeltaal_auth::SealKey;
use koppeltaal_auth::openid::{Answer, Begun, Failure, IdentityProviders, Person};
use koppeltaal_auth::seal::DEVELOPMENT_KEY;
use koppeltaal_core::directory::{Domain, IdentityProvider};
use koppeltaal_core::{Clock, Timestamp};
use koppeltaal_outbound::{Clients, Settings};
use serde_json::{Value, json};

use crate::key_pair::KeyPair;
use crate::provider::{Provider, Reply};

pub const CALLBACK: &str = "https://koppeltaal.example/api/v1/d/oauth2/idp/callback";
pub const CLIENT: &str = "koppeltaal client";
pub const SECRET: &str = "s3cret: & more";
pub const ACCESS_TOKEN: &str = "access-token";

/// The second at which every test begins.
pub const START: i64 = 1_800_000_000;

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct Hands(AtomicI64);

impl Hands {
    pub fn forward(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst) * 1_000_000)
    }
}

pub struct World {
    pub provider: Provider,
    pub key: KeyPair,
    pub clock: Arc<Hands>,
    pub domain: Domain,
    pub settings: IdentityProvider,
    pub providers: IdentityProviders,
}

impl World {
    /// Everything in order: a key is published, the secret is known.
    pub async fn new() -> Self {
        let provider = Provider::start().await;
        let key = KeyPair::new("first", "ES256");
        provider.on("/jwks", Reply::json(&json!({"keys": [key.jwk()]})));
        let seal = SealKey::parse(DEVELOPMENT_KEY).unwrap();
        let settings = IdentityProvider {
            name: "idp".to_owned(),
            discovery_url: provider.issuer.clone(),
            client_id: CLIENT.to_owned(),
            client_secret: Some(seal.seal(SECRET).unwrap()),
            ..IdentityProvider::default()
        };
        let clock = Arc::new(Hands(AtomicI64::new(START)));
        let limits = Settings { timeout: Duration::from_millis(700), ..Settings::default() };
        let clients = Arc::new(Clients::new(limits).unwrap());
        let providers = IdentityProviders::new(clients, clock.clone(), Arc::new(seal));
        let domain = Domain { number: 1, allow_http_loopback: true, ..Domain::default() };
        Self { provider, key, clock, domain, settings, providers }
    }

    pub async fn begin(&self) -> Result<Begun, Failure> {
        self.providers.begin(&self.domain, &self.settings, CALLBACK, "the state", None).await
    }

    /// The claims of a good id_token for this login.
    pub fn claims(&self, begun: &Begun) -> Value {
        let now = self.clock.now().0 / 1_000_000;
        json!({
            "iss": self.provider.issuer,
            "sub": "user 7",
            "aud": CLIENT,
            "exp": now + 300,
            "iat": now,
            "auth_time": now - 20,
            "nonce": query(&begun.url)["nonce"],
            "email": "A.User@example.nl"
        })
    }

    /// What the token endpoint will answer.
    pub fn give(&self, id_token: &str) {
        self.provider.on(
            "/token",
            Reply::json(&json!({
                "access_token": ACCESS_TOKEN,
                "token_type": "Bearer",
                "expires_in": 60,
                "id_token": id_token
            })),
        );
    }

    pub async fn finish(&self, begun: &Begun) -> Result<Person, Failure> {
        self.answer(begun, None).await
    }

    pub async fn answer(&self, begun: &Begun, issuer: Option<&str>) -> Result<Person, Failure> {
        let answer = Answer { code: "the code", issuer };
        self.providers.finish(&self.domain, &self.settings, CALLBACK, answer, &begun.kept).await
    }

    /// A login whose id_token has these claims changed, or removed where null.
    pub async fn login(&self, changes: Value) -> Result<Person, Failure> {
        let begun = self.begin().await?;
        let claims = changed(self.claims(&begun), changes);
        self.give(&self.key.sign(&claims));
        self.finish(&begun).await
    }
}

pub fn changed(mut claims: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

pub fn query(url: &str) -> HashMap<String, String> {
    url::Url::parse(url).unwrap().query_pairs().into_owned().collect()
}

#[track_caller]
pub fn is_refused<T: std::fmt::Debug>(outcome: &Result<T, Failure>) {
    assert!(matches!(outcome, Err(Failure::Refused(_))), "{outcome:?}");
}

#[track_caller]
pub fn is_misconfigured<T: std::fmt::Debug>(outcome: &Result<T, Failure>) {
    assert!(matches!(outcome, Err(Failure::Misconfigured(_))), "{outcome:?}");
}

#[track_caller]
pub fn is_unavailable<T: std::fmt::Debug>(outcome: &Result<T, Failure>) {
    assert!(matches!(outcome, Err(Failure::Unavailable(_))), "{outcome:?}");
}
