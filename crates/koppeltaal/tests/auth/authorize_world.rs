//! A domain with a portal, modules, an identity provider and its people, and each
//! step of a launch as a portal, a browser and a module take it.

use std::sync::Arc;
use std::time::Duration;

use koppeltaal::server::Server;
use koppeltaal_client::kt2::{ASSERTION_TYPE, Assertion, LaunchToken, Pkce};
use koppeltaal_core::directory::InstanceStatus;
use koppeltaal_core::resource::Body;
use koppeltaal_store::audit::{self, Filter, Record};
use koppeltaal_store::directory::{Author, Change, Item, change, load};
use koppeltaal_store::resource::{self, Indexed, New};
use serde_json::{Value, json};

pub use crate::authorize_cast::*;
use crate::authorize_request::{Login, Request, Response};
use crate::provider::Provider;
use crate::provider_sign_in::SignIn;
use crate::recorded::as_resource;
use crate::support::setup::Setup;
use crate::support::{Engine, TestApp, eventually};

/// The servers, the provider and a browser's way of asking.
#[derive(Clone)]
pub struct World {
    pub app: Arc<TestApp>,
    pub provider: Provider,
    /// The server that is asked.
    pub base: String,
    http: reqwest::Client,
}

impl World {
    pub async fn start(engine: Engine) -> Self {
        Self::with(engine, |_, _| {}).await
    }

    /// Changes who takes part; told the issuer of the provider.
    pub async fn with(engine: Engine, change: impl FnOnce(&mut Setup, &str)) -> Self {
        let provider = Provider::start().await;
        let app = TestApp::build(engine).setup(|setup| {
            *setup = everybody(&provider.issuer);
            change(setup, &provider.issuer);
        });
        let app = Arc::new(app.start().await);
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(60))
            .build()
            .unwrap();
        let world = Self { base: app.server.public_url.clone(), app, provider, http };
        for user in PEOPLE {
            world.has(user, json!({})).await;
        }
        world
    }

    /// The same world, asking another server process.
    pub fn at(&self, server: &Server) -> Self {
        Self { base: server.public_url.clone(), ..self.clone() }
    }

    /// Puts a person in the store; `more` are further members.
    pub async fn has(&self, user: &str, more: Value) {
        let (kind, id) = user.split_once('/').unwrap();
        let mut members = json!({ "identifier": [{ "system": SYSTEM, "value": email(user) }] });
        if kind == "RelatedPerson" {
            members["patient"] = json!({ "reference": PATIENT });
        }
        members.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.put(kind, id, &members).await;
    }

    /// Puts a resource in the store.
    pub async fn put(&self, kind: &str, id: &str, members: &Value) {
        self.put_in(ZORG, kind, id, members).await;
    }

    /// Puts a resource in a domain.
    pub async fn put_in(&self, domain: &str, kind: &str, id: &str, members: &Value) {
        let (kind, id) = (kind.to_owned(), id.to_owned());
        let members = members.to_string();
        let body = Body::new("", &members[1..members.len() - 1]);
        let (ids, now) = (self.app.ids().await, self.app.now());
        let scope = self.app.store().scope(&self.app.domain(domain));
        let stored = scope.write(move |tx| {
            let indexed = Indexed::default();
            let new = New {
                resource_type: &kind,
                id: &id,
                origin: "portal",
                body: &body,
                indexed: &indexed,
            };
            resource::create(tx, &ids, &new, now).map(drop)
        });
        stored.await.unwrap();
    }

    /// The domain's administrator rejects a client; the server has heard of it.
    pub async fn reject(&self, client: &str) {
        let directory = self.app.store().read(load).await.unwrap();
        let mut instance = directory.instance_by_username(client).unwrap().instance.clone();
        instance.status = InstanceStatus::Rejected;
        let item = Item::Instance(instance);
        let changes = [Change { item, summary: "rejected".to_owned() }];
        let author =
            Author { agent: "test".to_owned(), recorded: self.app.now(), request_id: None };
        let (ids, version) = (self.app.ids().await, directory.version);
        let catalogs = koppeltaal_kt2::Catalogs::default();
        let write = move |tx: &mut dyn koppeltaal_store::Tx| {
            change(tx, &ids, &catalogs, version, &changes, &author)
        };
        let changed = self.app.store().write(write);
        changed.await.unwrap().unwrap();
        // A client that takes part is told what is wrong; one that does not is not.
        eventually("the server follows", async || {
            self.pause();
            let request = self.request("x").set("client_id", &self.id(client));
            self.authorize(&request.set("scope", "x")).await.status == 400
        })
        .await;
    }

    /// The client_id of a client.
    pub fn id(&self, client: &str) -> String {
        self.app.directory.instance_by_username(client).unwrap().instance.client_id.clone()
    }

    /// The present second.
    pub fn seconds(&self) -> i64 {
        self.app.now().0.div_euclid(1_000_000)
    }

    /// Time goes by, so that one failure does not count with the next.
    pub fn pause(&self) {
        self.app.advance(Duration::from_secs(11));
    }

    pub fn issuer(&self, domain: &str) -> String {
        format!("{}/api/v1/{domain}", self.base)
    }

    pub fn endpoint(&self, domain: &str, name: &str) -> String {
        format!("{}/oauth2/{name}", self.issuer(domain))
    }

    /// What the portal says of a launch of `module`; to be signed.
    pub fn launch(&self, user: &str) -> LaunchToken {
        let token = LaunchToken::new(&self.id("portal"), &self.id("module"), user, "Task/t1")
            .definition("https://zorg.example/ActivityDefinition/a1")
            .intent("plan")
            .issued_at(self.seconds());
        match user.starts_with("RelatedPerson") {
            true => token.patient(PATIENT),
            false => token,
        }
    }

    /// A signed launch.
    pub fn launched(&self, user: &str) -> String {
        self.launch(user).sign(&signer("portal")).unwrap()
    }

    /// The authorization request of `module` with everything right.
    pub fn request(&self, launch: &str) -> Request {
        Request::of(&[
            ("response_type", "code"),
            ("client_id", &self.id("module")),
            ("redirect_uri", BACK),
            ("scope", "launch openid fhirUser"),
            ("state", STATE),
            ("aud", &format!("{}/fhir/r4", self.issuer(ZORG))),
            ("launch", launch),
            ("code_challenge", &Pkce::from_verifier(VERIFIER).challenge),
            ("code_challenge_method", "S256"),
            ("nonce", "nonce van de module"),
        ])
    }

    /// Asks with GET.
    pub async fn authorize(&self, request: &Request) -> Response {
        let url = format!("{}?{}", self.endpoint(ZORG, "authorize"), request.encoded());
        self.get(&url, &[]).await
    }

    pub async fn get(&self, url: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = self.http.get(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Response::of(request.send().await.unwrap()).await
    }

    pub async fn post(&self, url: &str, form: &Request) -> Response {
        let request = self.http.post(url).body(form.encoded());
        let request = request.header("Content-Type", "application/x-www-form-urlencoded");
        Response::of(request.send().await.unwrap()).await
    }

    /// Begins a login, which must work.
    pub async fn begun(&self, request: &Request) -> Login {
        self.authorize(request).await.login()
    }

    /// Begins the login of somebody.
    pub async fn login(&self, user: &str) -> Login {
        self.begun(&self.request(&self.launched(user))).await
    }

    /// The browser comes back to `url`.
    pub async fn callback(&self, url: &str, cookies: &str) -> Response {
        match cookies {
            "" => self.get(url, &[]).await,
            cookies => self.get(url, &[("Cookie", cookies)]).await,
        }
    }

    /// Somebody signs in at the provider, and the browser comes back.
    pub async fn signs_in(&self, login: &Login, who: &SignIn) -> Response {
        let url = self.provider.signs_in(&login.location, who, self.app.now());
        self.callback(&url, login.cookie()).await
    }

    /// A whole login; the code for the module.
    pub async fn code(&self, user: &str) -> String {
        let login = self.login(user).await;
        self.signs_in(&login, &SignIn::of(&email(user))).await.code()
    }

    /// The token request of a client with everything right.
    pub fn redemption(&self, client: &str, domain: &str, code: &str) -> Request {
        let endpoint = self.endpoint(domain, "token");
        let assertion = Assertion::new(&self.id(client), &endpoint).issued_at(self.seconds());
        Request::of(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", BACK),
            ("code_verifier", VERIFIER),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", &assertion.sign(&signer(client)).unwrap()),
        ])
    }

    /// `module` redeems a code with these changes.
    pub async fn redeem(&self, code: &str, change: impl FnOnce(Request) -> Request) -> Response {
        let request = change(self.redemption("module", ZORG, code));
        self.post(&self.endpoint(ZORG, "token"), &request).await
    }

    /// `client` introspects a token.
    pub async fn introspect(&self, client: &str, token: &str) -> Value {
        let endpoint = self.endpoint(ZORG, "introspect");
        let assertion = Assertion::new(&self.id(client), &endpoint).issued_at(self.seconds());
        let request = Request::of(&[
            ("token", token),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", &assertion.sign(&signer(client)).unwrap()),
        ]);
        self.post(&endpoint, &request).await.expect(200).json()
    }

    /// The rows of the trail that carry an AuditEvent, oldest first.
    pub async fn trail(&self) -> Vec<Record> {
        self.trail_of(ZORG).await
    }

    pub async fn trail_of(&self, domain: &str) -> Vec<Record> {
        let scope = self.app.store().scope(&self.app.domain(domain));
        let filter = Filter::default();
        let mut rows = scope.read(move |tx| audit::search(tx, &filter, 10_000)).await.unwrap();
        rows.retain(|row| row.shown.is_some());
        rows
    }

    /// The AuditEvents of the domain, oldest first.
    pub async fn events(&self) -> Vec<Value> {
        self.trail().await.iter().filter_map(as_resource).collect()
    }

    /// The newest AuditEvent.
    pub async fn last_event(&self) -> Value {
        self.events().await.pop().expect("an AuditEvent")
    }
}
