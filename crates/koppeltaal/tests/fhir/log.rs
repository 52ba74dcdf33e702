//! The log at its most talkative: it names no secret and no person.

use std::io::Write;
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;

use crate::client::{JSON, path};
use crate::resources::{changed, official, patient, subscription};
use crate::support::Engine;
use crate::world::World;

/// What was logged.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// On one thread, so that all of it goes to the log of this test.
#[tokio::test]
async fn no_secret_and_no_person_is_in_the_log() {
    // While there is but one subscriber, what another test logs first on a thread
    // without one would never be logged here.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(lines.clone())
        .with_ansi(false)
        .with_max_level(tracing::Level::TRACE)
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let world = World::start(Engine::Sqlite).await;
    let own = world.client("own").await;
    let mut new = patient();
    new["name"] = serde_json::json!([official("Achternaamsgeheim", "Voornaamsgeheim")]);
    new["identifier"][0]["value"] = "999911120".into();
    let kept = own.create(&new).await;
    own.update(&changed(&kept)).await;
    own.search("Patient?family=Achternaamsgeheim").await;
    own.search("Patient?identifier=https://example.test/ids%7C999911120").await;
    let form = [("content-type", "application/x-www-form-urlencoded")];
    own.call("POST", "Patient/_search", &form, "family=Achternaamsgeheim").await.expect(200);
    new["birthDate"] = "Achternaamsgeheim".into();
    own.try_create(&new).await.expect(422);
    let broken = "{\"Achternaamsgeheim\":";
    own.call("POST", "Patient", &[("content-type", JSON)], broken).await.expect(400);
    let mut hook = subscription("Patient?family=Achternaamsgeheim");
    hook["channel"]["header"] = serde_json::json!(["Authorization: Bearer kanaalgeheim"]);
    hook["channel"]["endpoint"] = "https://hooks.example.test/padgeheim".into();
    own.create(&hook).await;
    hook["channel"]["header"] = serde_json::json!(["Host: kanaalgeheim"]);
    own.try_create(&hook).await.expect(422);
    own.delete(&path(&kept)).await.expect(200);
    let token = world.token("own").await;
    world.anyone().with_token(&format!("{token}x")).get("Patient").await.expect(401);
    drop(guard);
    let log = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("request"), "something is logged: {log}");
    for secret in [
        token.as_str(),
        "Achternaamsgeheim",
        "Voornaamsgeheim",
        "999911120",
        "kanaalgeheim",
        "padgeheim",
    ] {
        let line = log.lines().find(|line| line.contains(secret));
        // What clients of the test itself log is theirs.
        let line = line.filter(|line| line.contains("koppeltaal"));
        assert_eq!(line, None, "{secret}");
    }
}
