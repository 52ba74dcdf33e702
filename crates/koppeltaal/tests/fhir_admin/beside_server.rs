//! The commands beside a server that goes on serving: it follows them, and its
//! answers are right throughout.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use koppeltaal_client::kt2::{Authorization, KeyKind, Options, PrivateKey, Signer};
use serde_json::{Value, json};

use crate::ground::{ZON, file, found, import};
use crate::samples::{self, PORTAL, audit_event, id, patient, search_parameter, to};
use crate::world::{Engine, Running, World};

on_both_engines!(
    a_new_search_parameter_misses_nothing_that_is_written_meanwhile,
    the_server_knows_nothing_of_an_erased_patient,
);

/// The portal of a running server.
#[derive(Clone)]
struct Portal {
    base: String,
    http: reqwest::Client,
    token: String,
}

impl Portal {
    /// Serves the domain, in which the portal may do everything with Patients, Tasks
    /// and AuditEvents.
    async fn start(engine: Engine) -> (World, Running, Self) {
        let key = PrivateKey::generate(KeyKind::P256).unwrap();
        let role = r#"
[[role]]
domain = "zon"
name = "portaal"
permissions = [
  { resource = "Patient", operations = "CRUD", scope = "ALL" },
  { resource = "Task", operations = "CRUD", scope = "ALL" },
  { resource = "AuditEvent", operations = "R", scope = "ALL" },
]
"#;
        let own = format!("client_id = \"{PORTAL}\"");
        let keyed = format!(
            "{own}\nrole = \"portaal\"\npublic_key_pem = \"\"\"{}\"\"\"",
            key.public_pem().unwrap()
        );
        let world = World::empty(engine).await;
        world.apply(&format!("{}{role}", ZON.replace(&own, &keyed)));
        let server = world.serve(&[]);
        let base = format!("{}/api/v1/zon/fhir/r4", server.url);
        let options = Options::default();
        let authorization =
            Authorization::discover(&base, PORTAL, Signer::new(key), &options).await.unwrap();
        let token = authorization.token("").await.unwrap().secret().to_owned();
        (world, server, Self { base, http: reqwest::Client::new(), token })
    }

    /// Status and body of an answer.
    async fn get(&self, path: &str) -> (u16, Value) {
        let request = self.http.get(format!("{}/{path}", self.base)).bearer_auth(&self.token);
        let answer = request.header("prefer", "handling=strict").send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Creates a patient with this given name.
    async fn create(&self, name: &str) {
        let mut resource = patient(name);
        let members = resource.as_object_mut().unwrap();
        members.remove("id");
        members.remove("extension");
        let request = self.http.post(format!("{}/Patient", self.base)).bearer_auth(&self.token);
        let request = request.header("content-type", "application/fhir+json");
        let answer = request.body(resource.to_string()).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 201, "{}", answer.text().await.unwrap());
    }

    /// How many a search finds; `None` when the server does not know the parameter.
    async fn count(&self, search: &str) -> Option<usize> {
        match self.get(search).await {
            (200, bundle) => Some(usize::try_from(bundle["total"].as_u64().unwrap()).unwrap()),
            (400, _) => None,
            (status, body) => panic!("{status}: {body}"),
        }
    }
}

async fn a_new_search_parameter_misses_nothing_that_is_written_meanwhile(engine: Engine) {
    let (world, _server, portal) = Portal::start(engine).await;
    let many: Vec<Value> = (0..300)
        .map(|n| {
            let mut one = patient(&format!("p{n}"));
            one["name"][0]["given"] = json!(["Ria"]);
            one
        })
        .collect();
    import(&world, &many);
    let (written, is_over) = (Arc::new(AtomicUsize::new(300)), Arc::new(AtomicBool::new(false)));
    let writer = {
        let (portal, written, is_over) = (portal.clone(), written.clone(), is_over.clone());
        tokio::spawn(async move {
            while !is_over.load(Ordering::SeqCst) {
                portal.create("Ria").await;
                written.fetch_add(1, Ordering::SeqCst);
            }
        })
    };
    let reader = {
        let (portal, written, is_over) = (portal.clone(), written.clone(), is_over.clone());
        tokio::spawn(async move {
            while !is_over.load(Ordering::SeqCst) {
                let least = written.load(Ordering::SeqCst);
                if let Some(count) = portal.count("Patient?own-name=ria&_summary=count").await {
                    assert!(count >= least, "{count} of {least} are found");
                }
            }
        })
    };
    let parameter = search_parameter("own-name", "own-name", "Patient", "Patient.name.given");
    file(&world, "parameter.ndjson", &[parameter]);
    let world = Arc::new(world);
    let importing = world.clone();
    let said = tokio::task::spawn_blocking(move || {
        importing.json(&["fhir", "import", "parameter.ndjson", "--domain", "zon"])
    });
    assert_eq!(said.await.unwrap()["created"], 1);
    // The server follows within a second; the reader sees it answer.
    while portal.count("Patient?own-name=ria&_summary=count").await.is_none() {
        tokio::task::yield_now().await;
    }
    portal.create("Ria").await;
    is_over.store(true, Ordering::SeqCst);
    writer.await.unwrap();
    reader.await.unwrap();
    let all = written.load(Ordering::SeqCst) + 1;
    assert!(all > 301, "nothing was written meanwhile");
    assert_eq!(portal.count("Patient?own-name=ria&_summary=count").await, Some(all));
}

async fn the_server_knows_nothing_of_an_erased_patient(engine: Engine) {
    let (world, _server, portal) = Portal::start(engine).await;
    let resources = [
        patient("zoe"),
        samples::practitioner("sam"),
        samples::task("slapen", "zoe", to("Practitioner", "sam")),
        audit_event("gelezen", to("Patient", "zoe")),
    ];
    import(&world, &resources);
    let (zoe, task) = (format!("Patient/{}", id("zoe")), format!("Task/{}", id("slapen")));
    assert_eq!(portal.get(&zoe).await.0, 200);
    world.out(&["erase", &zoe, "--domain", "zon"]);
    for name in [&zoe, &task] {
        for path in [name.clone(), format!("{name}/_history/1"), format!("{name}/_history")] {
            assert_eq!(portal.get(&path).await.0, 404, "{path}");
        }
    }
    assert_eq!(portal.count(&format!("Task?_id={}", id("slapen"))).await, Some(0));
    assert_eq!(portal.get(&format!("AuditEvent/{}", id("gelezen"))).await.0, 200);
    assert!(found(&world, "Task").is_empty());
}
