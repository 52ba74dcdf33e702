//! Who signs in where: A is the portal, B a public game, C a confidential module with
//! refresh tokens, N cannot be launched, X is in another domain. And the steps.

use std::time::Duration;

use koppeltaal_auth::SealKey;
use koppeltaal_auth::seal::DEVELOPMENT_KEY;
use koppeltaal_core::directory::{RedirectPolicy, Secret};
use koppeltaal_store::Tx;
use koppeltaal_store::directory::{Author, Change, Item, change, load};
use reqwest::{Method, header, redirect};
use serde_json::Value;

use crate::support::client::Client;
use crate::support::setup::{PASSWORD, Setup};
use crate::support::{Builder, Engine, TestApp};

pub const PATIENT: &str = "https://app.example/fhir/Patient/p1";
pub const USER: &str = "https://app.example/fhir/Practitioner/d1";
pub const BACK: &str = "https://game.example/back";
pub const ELSEWHERE: &str = "http://anywhere.example/koppeltaalauth?x=1";
/// The secret of C; a colon is part of it.
pub const SECRET: &str = "s3cr:et";

pub fn build(engine: Engine) -> Builder {
    TestApp::build(engine).setup(cast)
}

pub async fn start(engine: Engine) -> TestApp {
    build(engine).start().await
}

pub fn sealed(text: &str) -> Secret {
    SealKey::parse(DEVELOPMENT_KEY).unwrap().seal(text).unwrap()
}

fn cast(setup: &mut Setup) {
    let b = setup.application("AppB");
    b.launch_url = Some("https://game.example/start".to_owned());
    b.redirect_uris = vec![BACK.to_owned()];
    b.allow_public_token_requests = true;
    let c = setup.application("AppC");
    c.launch_url = Some("https://module.example/start?a=1".to_owned());
    c.redirect_policy = RedirectPolicy::Any;
    c.oauth_secret = Some(sealed(SECRET));
    c.refresh_tokens = true;
    let x = setup.application("AppX");
    x.launch_url = Some("https://x.example/start".to_owned());
    x.redirect_uris = vec![BACK.to_owned()];
    x.allow_public_token_requests = true;
}

/// An answer, whatever it is made of.
#[derive(Debug, Clone)]
pub struct Seen {
    pub status: u16,
    pub headers: header::HeaderMap,
    pub text: String,
}

impl Seen {
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect(&self.text)
    }

    /// A member that is a text.
    #[track_caller]
    pub fn member(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_else(|| panic!("no {name}: {}", self.text)).to_owned()
    }

    /// The error of OAuth and the code of the issue, which stand in one object.
    #[track_caller]
    pub fn error(&self) -> (String, String) {
        let body = self.json();
        assert_eq!(body["resourceType"], "OperationOutcome", "{}", self.text);
        assert_eq!(body["issue"][0]["severity"], "error");
        assert!(!body["error_description"].as_str().unwrap().is_empty());
        (self.member("error"), self.issue())
    }

    /// The code of the issue of an OperationOutcome.
    #[track_caller]
    pub fn issue(&self) -> String {
        self.json()["issue"][0]["type"]["code"].as_str().unwrap().to_owned()
    }

    /// Where the browser is sent, in parts.
    #[track_caller]
    pub fn location(&self) -> url::Url {
        let location = self.header("location").unwrap_or_else(|| panic!("no Location: {self:?}"));
        url::Url::parse(location).unwrap()
    }

    /// A parameter of where the browser is sent.
    #[track_caller]
    pub fn sent(&self, name: &str) -> Option<String> {
        let url = self.location();
        let found = url.query_pairs().find(|(known, _)| known == name);
        found.map(|(_, value)| value.into_owned())
    }
}

/// A browser or an application that follows no redirect.
#[derive(Debug, Clone)]
pub struct Browser {
    http: reqwest::Client,
    base: String,
}

impl Browser {
    pub fn at(base: &str) -> Self {
        let http = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .timeout(Duration::from_secs(60))
            .build()
            .unwrap();
        Self { http, base: base.to_owned() }
    }

    pub fn new(app: &TestApp) -> Self {
        Self::at(&app.server.public_url)
    }

    /// A request to an endpoint of single sign-on.
    pub fn ask(&self, method: Method, endpoint: &str, query: &[(&str, &str)]) -> Ask {
        let mut url =
            url::Url::parse(&format!("{}/OAuth2/Koppeltaal/{endpoint}", self.base)).unwrap();
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ask(self.http.request(method, url))
    }

    pub fn get(&self, endpoint: &str, query: &[(&str, &str)]) -> Ask {
        self.ask(Method::GET, endpoint, query)
    }

    pub fn post(&self, endpoint: &str, form: &[(&str, &str)]) -> Ask {
        self.ask(Method::POST, endpoint, &[]).form(form)
    }

    /// A launches an application for the patient.
    pub fn launch(&self, client: &str) -> Ask {
        self.get("Launch", &[("client_id", client), ("patient", PATIENT)]).user("a")
    }

    /// The id of a launch by A.
    pub async fn launched(&self, client: &str) -> String {
        self.launch(client).seen().await.expect(302).sent("launch").unwrap()
    }

    pub fn authorize(&self, client: &str, launch: &str, back: &str) -> Ask {
        let scope = format!("patient/*.read launch:{launch}");
        self.get(
            "Authorize",
            &[
                ("client_id", client),
                ("redirect_uri", back),
                ("response_type", "code"),
                ("scope", &scope),
                ("state", "s 1&2"),
            ],
        )
    }

    /// A code for a new launch of B, or of C.
    pub async fn code(&self, client: &str) -> String {
        let back = if client == "AppB" { BACK } else { ELSEWHERE };
        let launch = self.launched(client).await;
        self.authorize(client, &launch, back).seen().await.expect(302).sent("code").unwrap()
    }

    pub fn token_of_b(&self, code: &str) -> Ask {
        self.get("Token", &exchange(code, BACK))
    }

    pub fn token_of_c(&self, code: &str) -> Ask {
        self.get("Token", &exchange(code, ELSEWHERE)).basic("AppC", SECRET)
    }

    pub fn refresh(&self, token: &str) -> Ask {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        self.post("Token", &form).basic("AppC", SECRET)
    }

    /// Tokens for a new launch of B, or of C.
    pub async fn signed_in(&self, client: &str) -> Seen {
        let code = self.code(client).await;
        let ask = if client == "AppB" { self.token_of_b(&code) } else { self.token_of_c(&code) };
        ask.seen().await.expect(200)
    }

    /// An access token of B for a patient.
    pub async fn access_for(&self, patient: &str) -> String {
        let query = [("client_id", "AppB"), ("patient", patient)];
        let launch = self.get("Launch", &query).user("a").seen().await.expect(302);
        let launch = launch.sent("launch").unwrap();
        let seen = self.authorize("AppB", &launch, BACK).seen().await.expect(302);
        let code = seen.sent("code").unwrap();
        self.token_of_b(&code).seen().await.expect(200).member("access_token")
    }

    /// The activation code that A gets for B.
    pub async fn activation_code(&self) -> String {
        let query = [("client_id", "AppB"), ("patient", PATIENT)];
        let seen = self.get("MobileLaunch", &query).user("a").seen().await;
        seen.expect(200).member("activation_code")
    }
}

/// The parameters with which a code is exchanged.
pub fn exchange<'a>(code: &'a str, back: &'a str) -> [(&'a str, &'a str); 3] {
    [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", back)]
}

/// A request that is being put together.
pub struct Ask(reqwest::RequestBuilder);

impl Ask {
    pub fn form(self, form: &[(&str, &str)]) -> Self {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.header("content-type", "application/x-www-form-urlencoded").body(&body)
    }

    pub fn body(self, body: &str) -> Self {
        Self(self.0.body(body.to_owned()))
    }

    pub fn header(self, name: &str, value: &str) -> Self {
        Self(self.0.header(name, value))
    }

    pub fn basic(self, user: &str, password: &str) -> Self {
        Self(self.0.basic_auth(user, Some(password)))
    }

    pub fn user(self, user: &str) -> Self {
        self.basic(user, PASSWORD)
    }

    pub fn bearer(self, token: &str) -> Self {
        Self(self.0.bearer_auth(token))
    }

    /// The answer to a question that has none of its own.
    pub async fn plain(self) -> Seen {
        let response = self.0.send().await.unwrap();
        Seen {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        }
    }

    /// The answer, held to what holds for all: it can be read from any origin, is not
    /// kept, and says that it is JSON, unless it is a page for a person.
    pub async fn seen(self) -> Seen {
        let seen = self.plain().await;
        assert_eq!(seen.header("access-control-allow-origin"), Some("*"), "{seen:?}");
        assert!(seen.status < 500, "{seen:?}");
        let kind = seen.header("content-type").expect("every answer has a type");
        let known = ["application/json", "text/html", "application/xml"];
        assert!(known.iter().any(|known| kind.starts_with(known)), "{kind}");
        assert_eq!(seen.header("cache-control"), Some("no-store"), "{seen:?}");
        assert_eq!(seen.status == 302, seen.header("location").is_some(), "{seen:?}");
        seen
    }
}

/// Switches an instance off in the directory, as an operator does.
pub async fn switch_off(app: &TestApp, user: &str) {
    let store = app.store();
    let directory = store.read(load).await.unwrap();
    let mut instance = directory.instance_by_username(user).unwrap().instance.clone();
    instance.active = Some(false);
    let changes = [Change { item: Item::Instance(instance), summary: "off".to_owned() }];
    let author = Author { agent: "test".to_owned(), recorded: app.now(), request_id: None };
    let (ids, based_on) = (app.ids().await, directory.version);
    let catalogs = koppeltaal_kt2::Catalogs::default();
    let write = move |tx: &mut dyn Tx| change(tx, &ids, &catalogs, based_on, &changes, &author);
    store.write(write).await.unwrap().unwrap();
}

/// A client of the mailbox with an access token.
pub fn with_token(app: &TestApp, token: &str) -> Client {
    app.anyone().header("authorization", &format!("Bearer {token}"))
}
