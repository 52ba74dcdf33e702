//! Crashes while applications write resources of Koppeltaal 2.0: what was answered
//! is there afterwards, whole, found by what it holds now and by nothing else.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use koppeltaal_client::kt2::{Authorization, KeyKind, Options, PrivateKey, Signer, jwks};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::chance::Chance;
use crate::world::{Engine, Server, World, until};

const CLIENT: &str = "6d1f5a0e-5c1f-4f0f-9a53-6f1c7d3a2b01";
const KID: &str = "k";
/// The system of identifiers.
pub const SYSTEM: &str = "http://example.nl/crash";
const PATIENCE: Duration = Duration::from_secs(20);

/// A resource as its writer knows it.
#[derive(Debug, Clone, Default)]
struct Known {
    /// Its id; absent while its creation was not answered.
    id: Option<String>,
    /// The version that was answered last.
    version: i64,
    is_deleted: bool,
    /// A write that was sent and not answered.
    unsure: Option<Write>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Write {
    Create,
    Update,
    Delete,
}

type Ledger = Arc<Mutex<BTreeMap<String, Known>>>;

/// An application at a server; its token is good there.
#[derive(Clone)]
pub struct Application {
    http: reqwest::Client,
    base: String,
    token: String,
}

impl Application {
    pub async fn at(server: &Server, key: &Arc<PrivateKey>) -> Self {
        let base = format!("{}/api/v1/demo/fhir/r4", server.url);
        let signer = Signer::new(key.clone()).with_kid(KID);
        let service = Authorization::discover(&base, CLIENT, signer, &Options::default()).await;
        let token = service.unwrap().new_token("").await.unwrap().secret().to_owned();
        Self { http: reqwest::Client::new(), base, token }
    }

    /// Status and body; nothing when no whole answer came.
    async fn ask(
        &self,
        method: Method,
        path: &str,
        if_match: Option<i64>,
        body: Option<&Value>,
    ) -> Option<(StatusCode, Value)> {
        self.ask_as(None, method, path, if_match, body).await
    }

    /// The same in a request with this id.
    pub async fn ask_as(
        &self,
        id: Option<&str>,
        method: Method,
        path: &str,
        if_match: Option<i64>,
        body: Option<&Value>,
    ) -> Option<(StatusCode, Value)> {
        let request = self.http.request(method, format!("{}/{path}", self.base));
        let mut request = request.bearer_auth(&self.token);
        if let Some(id) = id {
            request = request.header("X-Request-Id", id);
        }
        if let Some(version) = if_match {
            request = request.header("If-Match", format!("W/\"{version}\""));
        }
        if let Some(body) = body {
            let json = "application/fhir+json";
            request = request.header("Content-Type", json).body(body.to_string());
        }
        let answer = request.send().await.ok()?;
        let status = answer.status();
        let text = answer.text().await.ok()?;
        Some((status, serde_json::from_str(&text).unwrap()))
    }

    pub async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.ask(Method::GET, path, None, None).await.expect("an answer")
    }

    /// How many practitioners a search by identifier finds.
    pub async fn found(&self, value: &str) -> i64 {
        let (status, bundle) =
            self.get(&format!("Practitioner?identifier={SYSTEM}%7C{value}")).await;
        assert_eq!(status, 200, "{bundle}");
        let entries = bundle["entry"].as_array().map_or(0, Vec::len);
        let total = bundle["total"].as_i64().unwrap();
        assert_eq!(i64::try_from(entries).unwrap(), total, "{value}");
        total
    }
}

/// The practitioner of this name in this version, which an identifier of its own tells.
pub fn practitioner(name: &str, version: i64) -> Value {
    json!({
        "resourceType": "Practitioner",
        "meta": { "profile": ["http://koppeltaal.nl/fhir/StructureDefinition/KT2Practitioner"] },
        "identifier": [
            { "system": SYSTEM, "value": name },
            { "system": SYSTEM, "value": marker(name, version) },
        ],
        "active": true,
        "name": [{ "use": "usual", "given": ["Sam"] }],
        "telecom": [{ "system": "email", "value": "sam@example.nl", "use": "work" }],
    })
}

/// The value of that identifier.
pub fn marker(name: &str, version: i64) -> String {
    format!("{name}-v{version}")
}

/// Runs rounds with a kill in each, and judges what is left.
pub async fn run(engine: Engine, servers: usize, rounds: usize) {
    let key = Arc::new(PrivateKey::generate(KeyKind::P256).unwrap());
    let world = World::with(engine, &provisioning(&key)).await;
    let (ledger, chance) = (Ledger::default(), Arc::new(Chance::new()));
    let serve = || world.serve_with(&[("KOPPELTAAL_LOG_LEVEL", "error")]);
    let mut running: Vec<Server> = (0..servers).map(|_| serve()).collect();
    for round in 0..rounds {
        let (stop, stopped) = watch::channel(false);
        let mut writers = Vec::new();
        for (at, server) in running.iter().enumerate() {
            let application = Application::at(server, &key).await;
            for writer in 0..4 {
                let name = format!("r{round}s{at}w{writer}");
                let (ledger, chance) = (ledger.clone(), chance.clone());
                let work = write(application.clone(), name, ledger, chance, stopped.clone());
                writers.push(tokio::spawn(work));
            }
        }
        let answered = || count(&ledger, |known| known.id.is_some());
        let goal = answered() + 20;
        until("resources are written", PATIENCE, async || answered() >= goal).await;
        tokio::time::sleep(Duration::from_millis(chance.below(300))).await;
        running.remove(0).kill();
        stop.send_replace(true);
        for writer in join_all(writers).await {
            writer.unwrap();
        }
        running.push(serve());
    }
    judge(&world, &ledger, &Application::at(&running[0], &key).await).await;
}

fn count(ledger: &Ledger, is: impl Fn(&Known) -> bool) -> usize {
    let all = ledger.lock().unwrap_or_else(PoisonError::into_inner);
    all.values().filter(|known| is(known)).count()
}

/// Creates, updates and deletes until it is told to stop or the server is gone.
async fn write(
    application: Application,
    name: String,
    ledger: Ledger,
    chance: Arc<Chance>,
    stopped: watch::Receiver<bool>,
) {
    for number in 0.. {
        let name = format!("{name}n{number}");
        let mut known = Known::default();
        for write in [Write::Create, Write::Update, Write::Update, Write::Delete] {
            if write != Write::Create && chance.below(3) == 0 {
                continue;
            }
            if *stopped.borrow() {
                return;
            }
            known.unsure = Some(write);
            note(&ledger, &name, &known);
            let is_answered = one(&application, &name, write, &mut known).await;
            if !is_answered {
                return;
            }
            known.unsure = None;
            note(&ledger, &name, &known);
        }
    }
}

fn note(ledger: &Ledger, name: &str, known: &Known) {
    let mut all = ledger.lock().unwrap_or_else(PoisonError::into_inner);
    all.insert(name.to_owned(), known.clone());
}

/// One write; what was answered is noted. False: there was no answer.
async fn one(application: &Application, name: &str, write: Write, known: &mut Known) -> bool {
    let next = known.version + 1;
    let id = known.id.clone().unwrap_or_default();
    let mut body = practitioner(name, next);
    let path = format!("Practitioner/{id}");
    let (answer, expected) = match write {
        Write::Create => {
            (application.ask(Method::POST, "Practitioner", None, Some(&body)).await, 201)
        }
        Write::Update => {
            body["id"] = id.into();
            (application.ask(Method::PUT, &path, Some(known.version), Some(&body)).await, 200)
        }
        Write::Delete => {
            (application.ask(Method::DELETE, &path, Some(known.version), None).await, 200)
        }
    };
    let Some((status, said)) = answer else { return false };
    assert_eq!(status, expected, "{name}: {said}");
    known.version = next;
    known.is_deleted = write == Write::Delete;
    if write == Write::Create {
        known.id = said["id"].as_str().map(str::to_owned);
    }
    true
}

/// Everything that was answered is so; what was not is wholly there or not at all.
async fn judge(world: &World, ledger: &Ledger, application: &Application) {
    let all = ledger.lock().unwrap_or_else(PoisonError::into_inner).clone();
    assert!(count(ledger, |known| known.unsure.is_some()) > 0, "no kill met a write");
    let mut audited = BTreeMap::new();
    for action in ["create", "update", "delete"] {
        for row in world.list(&["audit", "search", "--domain", "demo", "--action", action]) {
            let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
            let focal = text("focal").rsplit('/').next().unwrap_or_default().to_owned();
            *audited.entry((focal, text("version"))).or_insert(0) += 1;
        }
    }
    for (name, known) in &all {
        let Some(id) = &known.id else {
            // The creation was not answered: it is there once, or not.
            let found = application.found(name).await;
            assert!(found <= 1, "{name} was created {found} times");
            assert_eq!(application.found(&marker(name, 1)).await, found, "{name} is half there");
            continue;
        };
        let (_, history) = application.get(&format!("Practitioner/{id}/_history?_count=50")).await;
        let versions = history["total"].as_i64().unwrap();
        let may_be_more = i64::from(known.unsure.is_some());
        assert!(
            (known.version..=known.version + may_be_more).contains(&versions),
            "{name}: {known:?}, and there are {versions} versions"
        );
        let is_new = versions > known.version;
        let is_deleted = known.is_deleted || (is_new && known.unsure == Some(Write::Delete));
        let (status, resource) = application.get(&format!("Practitioner/{id}")).await;
        assert_eq!(status, if is_deleted { 410 } else { 200 }, "{name}: {known:?}");
        if !is_deleted {
            assert_eq!(resource["meta"]["versionId"], versions.to_string());
            assert_eq!(resource["identifier"][1]["value"], marker(name, versions));
        }
        // The index has what is there, and nothing that was.
        assert_eq!(application.found(name).await, i64::from(!is_deleted), "{name}");
        for version in 1..=versions {
            let is_now = !is_deleted && version == versions;
            let found = application.found(&marker(name, version)).await;
            assert_eq!(found, i64::from(is_now), "{name} version {version}");
            let rows = audited.get(&(id.clone(), version.to_string()));
            assert_eq!(rows, Some(&1), "{name} version {version} in the trail");
        }
    }
}

/// A domain with an application that may do everything.
pub fn provisioning(key: &PrivateKey) -> String {
    let keys = jwks([key.public_jwk(KID)]);
    format!(
        r#"
[[domain]]
name = "demo"
phase = "test"
allow_http_loopback = true

[[application]]
id = "Platform"

[[role]]
domain = "demo"
name = "everything"
permissions = [{{ resource = "*", operations = "CRUD", scope = "ALL" }}]

[[instance]]
domain = "demo"
application = "Platform"
client_id = "{CLIENT}"
jwks = '{keys}'
role = "everything"
status = "approved"
"#
    )
}
