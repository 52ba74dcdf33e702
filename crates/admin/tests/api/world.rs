//! The API over a store with a directory, administrators of each role, and a clock
//! that tests move.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, header};
use http_body_util::{BodyExt, Full};
use koppeltaal_admin::api::{App, PREFIX, Parts, handle};
use koppeltaal_admin::desk::Settings;
use koppeltaal_admin::provision::{self, Rules, Secrets};
use koppeltaal_auth::SealKey;
use koppeltaal_auth::administrator::{Administrators, TOKEN_PREFIX, generate};
use koppeltaal_auth::seal::DEVELOPMENT_KEY;
use koppeltaal_core::administrator::{Rights, Role};
use koppeltaal_core::directory::Phase;
use koppeltaal_core::retention::Limits;
use koppeltaal_core::{Clock, Timestamp};
use koppeltaal_outbound::Clients;
use koppeltaal_store::administrator::{NewToken, create_token};
use koppeltaal_store::directory::{Author, load};
use koppeltaal_store::{AuditLog, Ids, Store};
use serde_json::Value;

pub const START: i64 = 1_717_200_000_000_000;
pub const INSIDE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
pub const OUTSIDE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 9));

#[derive(Debug)]
pub struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

#[derive(Clone)]
pub struct World {
    pub app: App,
    pub store: Store,
    pub clock: Arc<TestClock>,
    pub audit_log: AuditLog,
    ids: Arc<Ids>,
    seal: Arc<SealKey>,
    rules: Rules,
}

pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// What stands in this member of every item.
    pub fn items(&self, member: &str) -> Vec<String> {
        let json = self.json();
        let items = json["items"].as_array().unwrap().iter();
        items.map(|item| item[member].as_str().unwrap().to_owned()).collect()
    }
}

impl World {
    /// A world whose directory is what this provisioning file says.
    pub async fn new(store: &Store, file: &str) -> Self {
        let clock = Arc::new(TestClock(AtomicI64::new(START)));
        let ids = Arc::new(Ids::of_node(1));
        let seal = Arc::new(SealKey::parse(DEVELOPMENT_KEY).unwrap());
        let rules =
            Rules { phases: Phase::ALL.to_vec(), retention_max: Duration::from_secs(56 * 86_400) };
        let audit_log = AuditLog::start(store.clone(), ids.clone());
        let administrators =
            Administrators::new(store.clone(), ids.clone(), clock.clone(), seal.clone());
        let app = App::new(Parts {
            store: store.clone(),
            ids: ids.clone(),
            clock: clock.clone(),
            seal: seal.clone(),
            outbound: Arc::new(Clients::new(koppeltaal_outbound::Settings::default()).unwrap()),
            audit_log: audit_log.clone(),
            administrators,
            settings: Arc::new(Settings {
                public_url: "https://koppeltaal.example".to_owned(),
                server_name: "Koppeltaal Test".to_owned(),
                rules: rules.clone(),
                retention: Limits {
                    grace: Duration::from_secs(86_400),
                    max: Duration::from_secs(56 * 86_400),
                },
                access_token_lifetime: Duration::from_secs(300),
            }),
            allow_from: vec!["127.0.0.0/8".parse().unwrap()],
            is_https: true,
        });
        let world =
            Self { app, store: store.clone(), clock, audit_log, ids, seal: seal.clone(), rules };
        let (rules, now) = (world.rules.clone(), world.clock.now());
        let author = author(now);
        provision::apply(store, seal, rules, "test.toml", file, author, now, false).await.unwrap();
        world
    }

    pub fn advance(&self, by: Duration) {
        self.clock.0.fetch_add(i64::try_from(by.as_micros()).unwrap(), Ordering::Relaxed);
    }

    /// A token with these rights.
    pub async fn token(&self, rights: Rights) -> String {
        let made = generate(TOKEN_PREFIX);
        let new = NewToken {
            digest: made.digest,
            name: "test".to_owned(),
            rights,
            account: None,
            expires: None,
        };
        let (ids, author) = (self.ids.clone(), author(self.clock.now()));
        self.store.write(move |tx| create_token(tx, &ids, &new, &author)).await.unwrap();
        made.secret
    }

    /// Somebody with a token of this role for these.
    pub async fn user(&self, role: Role, names: &[&str]) -> User {
        let names = names.iter().map(|name| (*name).to_owned());
        let token = self.token(Rights::new(role, names).unwrap()).await;
        self.anyone().header("authorization", &format!("Bearer {token}"))
    }

    pub async fn system(&self) -> User {
        self.user(Role::System, &[]).await
    }

    pub fn anyone(&self) -> User {
        User { world: self.clone(), headers: HeaderMap::new(), peer: INSIDE }
    }

    /// The directory as a file, with hashes and without secrets.
    pub async fn directory(&self) -> toml::Table {
        let directory = self.store.read(load).await.unwrap();
        let text =
            provision::export(&directory, &self.seal, Secrets::Revealed, self.clock.now()).unwrap();
        toml::from_str(&text).unwrap()
    }
}

fn author(now: Timestamp) -> Author {
    Author { agent: "tester".to_owned(), recorded: now, request_id: None }
}

/// Somebody who asks.
#[derive(Clone)]
pub struct User {
    world: World,
    headers: HeaderMap,
    peer: IpAddr,
}

impl User {
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, value.parse().unwrap());
        self
    }

    pub fn from(mut self, peer: IpAddr) -> Self {
        self.peer = peer;
        self
    }

    pub async fn call(&self, method: Method, path: &str, body: Option<String>) -> Answer {
        let body = Full::new(Bytes::from(body.unwrap_or_default()));
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = format!("{PREFIX}{path}").parse().unwrap();
        *request.headers_mut() = self.headers.clone();
        let id = uuid::Uuid::new_v4().to_string();
        let response = handle(self.world.app.clone(), request, self.peer, id).await;
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let answer = Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        };
        answer.check_form();
        answer
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PUT, path, Some(body.to_string())).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Some(body.to_string())).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PATCH, path, Some(body.to_string())).await
    }
}

impl Answer {
    /// What holds for every answer.
    fn check_form(&self) {
        assert!(self.status < 500, "{}", self.text);
        let content_type = self.headers.get(header::CONTENT_TYPE);
        let content_type = content_type.map_or("", |value| value.to_str().unwrap());
        match self.status {
            204 => assert!(self.text.is_empty() && content_type.is_empty()),
            200..=299 => assert_eq!(content_type, "application/json", "{}", self.text),
            _ => {
                assert_eq!(content_type, "application/problem+json", "{}", self.text);
                assert_eq!(self.json()["status"], self.status);
            }
        }
        assert_eq!(self.headers[header::CACHE_CONTROL], "no-store");
    }
}
