//! A running server with the [`cast`](crate::cast), and its clients with their
//! access tokens.

use std::collections::HashMap;
use std::time::Duration;

use koppeltaal::config::Config;
use koppeltaal::server::Server;
use koppeltaal_client::kt2::{ASSERTION_TYPE, Assertion};
use koppeltaal_core::directory::Instance;
use tokio::sync::Mutex;

use crate::cast::{ZORG, cast, signer};
use crate::client::Client;
use crate::support::setup::Setup;
use crate::support::{Builder, Engine, TestApp};

/// Where clients reach every process of the server, whatever address it listens at.
pub const PUBLIC: &str = "https://kt.example.test";

/// A running server and its clients.
pub struct World {
    pub app: TestApp,
    http: reqwest::Client,
    /// The tokens that clients have, and when they end.
    tokens: Mutex<HashMap<String, (String, i64)>>,
}

/// A world before it begins.
pub struct Plan(Builder);

impl Plan {
    pub fn setup(self, change: impl FnOnce(&mut Setup)) -> Self {
        Self(self.0.setup(change))
    }

    pub fn config(self, change: impl FnOnce(&mut Config)) -> Self {
        Self(self.0.config(change))
    }

    pub async fn start(self) -> World {
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(60))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        World { app: self.0.start().await, http, tokens: Mutex::default() }
    }
}

/// The FHIR base of a domain as clients know it, without a slash at its end.
pub fn base(domain: &str) -> String {
    format!("{PUBLIC}/api/v1/{domain}/fhir/r4")
}

impl World {
    pub async fn start(engine: Engine) -> Self {
        Self::build(engine).start().await
    }

    pub fn build(engine: Engine) -> Plan {
        let builder = TestApp::build(engine)
            .setup(|setup| *setup = cast())
            .config(|config| config.public_url = Some(PUBLIC.to_owned()));
        Plan(builder)
    }

    /// Who calls `zorg` without a token.
    pub fn anyone(&self) -> Client {
        self.anyone_at(&self.app.server, ZORG)
    }

    /// Who calls a domain of another process without a token.
    pub fn anyone_at(&self, server: &Server, domain: &str) -> Client {
        Client::new(self.http.clone(), format!("http://{}", server.address), domain)
    }

    /// A client with its token.
    pub async fn client(&self, name: &str) -> Client {
        self.client_at(&self.app.server, name).await
    }

    /// The same at another process.
    pub async fn client_at(&self, server: &Server, name: &str) -> Client {
        let domain = self.instance(name).domain.clone();
        let token = self.token(name).await;
        self.anyone_at(server, &domain).with_token(&token)
    }

    /// An access token of a client, a new one when that of before is about to end.
    pub async fn token(&self, name: &str) -> String {
        let mut tokens = self.tokens.lock().await;
        let now = self.app.now().0.div_euclid(1_000_000);
        if let Some((token, until)) = tokens.get(name)
            && now + 60 < *until
        {
            return token.clone();
        }
        let domain = &self.instance(name).domain;
        let audience = format!("{PUBLIC}/api/v1/{domain}/oauth2/token");
        let assertion = Assertion::new(&self.client_id(name), &audience).issued_at(now);
        let assertion = assertion.sign(&signer(name)).unwrap();
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_assertion_type", ASSERTION_TYPE)
            .append_pair("client_assertion", &assertion)
            .finish();
        let url = format!("http://{}/api/v1/{domain}/oauth2/token", self.app.server.address);
        let request = self.http.post(url).body(form);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let text = request.send().await.unwrap().text().await.unwrap();
        let answer: serde_json::Value = serde_json::from_str(&text).unwrap();
        let token = answer["access_token"].as_str().expect(&text).to_owned();
        tokens.insert(name.to_owned(), (token.clone(), now + 300));
        token
    }

    /// Whoever asks for a token from now on gets a new one.
    pub async fn forget_tokens(&self) {
        self.tokens.lock().await.clear();
    }

    /// The id of a client, which is that of its Device.
    pub fn client_id(&self, name: &str) -> String {
        self.instance(name).client_id.clone()
    }

    /// The Device of a client, as a reference.
    pub fn device(&self, name: &str) -> String {
        format!("Device/{}", self.client_id(name))
    }

    fn instance(&self, name: &str) -> &Instance {
        &self.app.directory.instance_by_username(name).unwrap().instance
    }
}
