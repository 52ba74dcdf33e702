//! A running server with the [`cast`](crate::cast), what its clients send, and the
//! hands of an operator on its store.

use std::sync::Arc;
use std::time::{Duration, Instant};

use koppeltaal::config::Config;
use koppeltaal::server::Server;
use koppeltaal_auth::SealKey;
use koppeltaal_auth::key_ring::KeyRing;
use koppeltaal_client::kt2::{ASSERTION_TYPE, Assertion, LaunchToken};
use koppeltaal_core::directory::{Directory, Instance, Role};
use koppeltaal_store::directory::{Author, Change, Item, change, load};
use serde_json::Value;

use crate::caller::{Caller, Reply};
use crate::cast::{ZORG, cast, signer};
use crate::support::setup::Setup;
use crate::support::{Builder, Engine, TestApp};

/// Where clients reach every process of the server, whatever address it listens at.
pub const PUBLIC: &str = "https://kt.example.test";

/// A running server and its clients.
pub struct World {
    pub app: TestApp,
    http: reqwest::Client,
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
        World { app: self.0.start().await, http }
    }
}

/// The URL of something below the issuer of `zorg`.
pub fn url(path: &str) -> String {
    format!("{}{path}", issuer(ZORG))
}

/// The issuer of a domain.
pub fn issuer(domain: &str) -> String {
    format!("{PUBLIC}/api/v1/{domain}")
}

/// The parameters of a token request.
pub fn client_credentials(assertion: &str) -> [(&str, &str); 3] {
    [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", assertion),
    ]
}

/// The parameters of a request about a token.
pub fn about<'a>(token: &'a str, assertion: &'a str) -> [(&'a str, &'a str); 3] {
    [("token", token), ("client_assertion_type", ASSERTION_TYPE), ("client_assertion", assertion)]
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

    /// The process ends, and another begins on the same store.
    pub async fn restart(mut self) -> Self {
        self.app.server.shutdown().await;
        let (config, clock) = (&self.app.config, self.app.clock.clone());
        self.app.server = Server::start(config, clock).await.unwrap();
        self
    }

    /// One more process on the same store.
    pub async fn another_server(&self) -> Server {
        self.app.second_server().await
    }

    /// A caller of the (first) process.
    pub fn here(&self) -> Caller {
        self.at(&self.app.server)
    }

    /// A caller of another process.
    pub fn at(&self, server: &Server) -> Caller {
        Caller::new(self.http.clone(), format!("http://{}", server.address))
    }

    pub fn client_id(&self, client: &str) -> String {
        self.instance(client).client_id.clone()
    }

    fn instance(&self, client: &str) -> &Instance {
        &self.app.directory.instance_by_username(client).unwrap().instance
    }

    /// The present moment in seconds.
    pub fn seconds(&self) -> i64 {
        self.app.now().0.div_euclid(1_000_000)
    }

    /// Lets a failed attempt be forgotten, so that a table of them is not slowed
    /// down.
    pub fn pause(&self) {
        self.app.advance(Duration::from_secs(3));
    }

    /// An assertion for the token endpoint of the client's domain.
    pub fn assertion(&self, client: &str) -> Assertion {
        let domain = &self.instance(client).domain;
        self.assertion_for(client, &format!("{}/oauth2/token", issuer(domain)))
    }

    pub fn assertion_for(&self, client: &str, audience: &str) -> Assertion {
        Assertion::new(&self.client_id(client), audience).issued_at(self.seconds())
    }

    /// The same, signed.
    pub fn signed(&self, client: &str) -> String {
        self.assertion(client).sign(&signer(client)).unwrap()
    }

    /// A launch token of a portal for a module.
    pub fn launch(&self, portal: &str, module: &str) -> LaunchToken {
        let (portal, module) = (self.client_id(portal), self.client_id(module));
        LaunchToken::new(&portal, &module, "Patient/p-1", "Task/t-1").issued_at(self.seconds())
    }

    /// A launch token of `portal` for `module`, signed.
    pub fn launched(&self) -> String {
        self.launch("portal", "module").sign(&signer("portal")).unwrap()
    }

    /// Asks for a token with this assertion.
    pub async fn ask(&self, assertion: &str) -> Reply {
        self.here().form(ZORG, "token", &client_credentials(assertion)).await
    }

    /// An access token of a client.
    pub async fn token(&self, client: &str) -> String {
        self.token_from(&self.here(), client).await
    }

    pub async fn token_from(&self, caller: &Caller, client: &str) -> String {
        let domain = self.instance(client).domain.clone();
        let assertion = self.signed(client);
        let reply = caller.form(&domain, "token", &client_credentials(&assertion)).await;
        reply.expect(200).text_of("access_token")
    }

    /// A client introspects a token in its domain.
    pub async fn introspect(&self, client: &str, token: &str) -> Reply {
        self.introspect_at(&self.here(), client, token).await
    }

    pub async fn introspect_at(&self, caller: &Caller, client: &str, token: &str) -> Reply {
        let domain = self.instance(client).domain.clone();
        caller.form(&domain, "introspect", &about(token, &self.signed(client))).await
    }

    /// A client introspects a token that is not active.
    pub async fn finds_inactive(&self, client: &str, token: &str, why: &str) {
        let reply = self.introspect(client, token).await.expect(200);
        assert_eq!(reply.text, r#"{"active":false}"#, "{why}");
    }

    /// Whether the FHIR service of `zorg` takes an access token; `reader` and
    /// `admin` may read the Device that is asked for.
    pub async fn is_taken(&self, caller: &Caller, token: &str) -> bool {
        let path = format!("Device/{}", self.client_id("portal"));
        let reply = caller.read(ZORG, token, &path).await;
        match reply.status {
            200 => true,
            401 => false,
            _ => panic!("{}: {}", reply.status, reply.text),
        }
    }

    /// The public keys of `zorg`.
    pub async fn published(&self, caller: &Caller) -> Vec<Value> {
        let reply = caller.get("/api/v1/zorg/.well-known/jwks.json").await.expect(200);
        reply.json()["keys"].as_array().unwrap().clone()
    }

    /// The names of these keys.
    pub async fn kids(&self, caller: &Caller) -> Vec<String> {
        let keys = self.published(caller).await;
        keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    }

    /// The signing keys, as another process has them.
    pub fn key_ring(&self) -> KeyRing {
        let seal = Arc::new(SealKey::parse(&self.app.config.seal_key).unwrap());
        let lifetime = self.app.config.kt2.access_token_lifetime;
        KeyRing::new(self.app.store().clone(), seal, self.app.clock.clone(), lifetime)
    }

    /// A token that a domain's service has signed, of any content.
    pub async fn minted(&self, domain: &str, claims: &Value) -> String {
        let ring = self.key_ring();
        ring.signing(&self.app.domain(domain)).await.unwrap().signer.sign(claims).unwrap()
    }

    /// An id_token of `zorg` for a client, as the end of a launch makes one.
    pub async fn id_token(&self, client: &str) -> String {
        let (client_id, now) = (self.client_id(client), self.seconds());
        let claims = serde_json::json!({
            "iss": issuer(ZORG), "aud": client_id, "azp": client_id, "sub": "Patient/p-1",
            "fhirUser": url("/fhir/r4/Patient/p-1"), "iat": now, "nbf": now, "exp": now + 300,
            "auth_time": now, "jti": uuid::Uuid::new_v4().to_string(), "nonce": "n",
        });
        self.minted(ZORG, &claims).await
    }

    /// An operator changes a client.
    pub async fn change_instance(&self, client: &str, change: impl FnOnce(&mut Instance)) {
        let directory = self.stored().await;
        let mut instance = directory.instance_by_username(client).unwrap().instance.clone();
        change(&mut instance);
        self.write(&directory, Item::Instance(instance)).await;
    }

    /// An operator changes a role of `zorg`.
    pub async fn change_role(&self, name: &str, change: impl FnOnce(&mut Role)) {
        let directory = self.stored().await;
        let is = |role: &&Role| role.domain == ZORG && role.name == name;
        let mut role = directory.roles().iter().find(is).unwrap().clone();
        change(&mut role);
        self.write(&directory, Item::Role(role)).await;
    }

    async fn stored(&self) -> Directory {
        self.app.store().read(load).await.unwrap()
    }

    async fn write(&self, directory: &Directory, item: Item) {
        let changes = [Change { item, summary: "changed by a test".to_owned() }];
        let (agent, recorded) = ("test".to_owned(), self.app.now());
        let author = Author { agent, recorded, request_id: None };
        let (ids, based_on) = (self.app.ids().await, directory.version);
        let catalogs = koppeltaal_kt2::Catalogs::default();
        let write = move |tx: &mut dyn koppeltaal_store::Tx| {
            change(tx, &ids, &catalogs, based_on, &changes, &author)
        };
        self.app.store().write(write).await.unwrap().expect("nobody else changes the directory");
    }
}

/// Waits for what has to be in force within a second of now: whoever asks later
/// than that has to see it. (One second more, for a machine that is busy with
/// other tests.)
pub async fn within_a_second<F: Future<Output = bool>>(what: &str, is_so: impl Fn() -> F) {
    let changed = Instant::now();
    loop {
        let asked = changed.elapsed();
        if is_so().await {
            return;
        }
        assert!(asked < Duration::from_secs(2), "not in force after {asked:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
