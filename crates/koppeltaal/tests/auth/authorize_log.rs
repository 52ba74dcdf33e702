//! The log of a launch, at its most talkative: it names no secret and no person.

use std::io::Write;
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;

use crate::authorize_world::*;
use crate::provider::SECRET;
use crate::provider_sign_in::SignIn;
use crate::support::Engine;

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
    let launch = world.launched(PATIENT);
    let request = world.request(&launch);
    let login = world.begun(&request).await;
    let code = world.signs_in(&login, &SignIn::of(&email(PATIENT))).await.code();
    let redemption = world.redemption("module", ZORG, &code);
    world.post(&world.endpoint(ZORG, "token"), &redemption.clone().set("code_verifier", "x")).await;
    let answer = world.redeem(&code, |request| request).await.expect(200).json();
    world.redeem(&code, |request| request).await.error();
    world.authorize(&request).await.told_error();
    let again = world.login(PATIENT).await;
    world.signs_in(&again, &SignIn::of("stiekem@elders.example")).await.told_error();
    drop(guard);

    let log = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("a launch failed") && log.contains("request_id"), "{log}");
    let (_, cookie) = login.cookie().split_once('=').unwrap();
    let nonce = world.provider.asked(&login.location).remove("nonce").unwrap();
    for (what, secret) in [
        ("the code", code.as_str()),
        ("the state at the provider", &login.state()),
        ("the cookie", cookie),
        ("the nonce at the provider", &nonce),
        ("the launch token", &launch[launch.len() - 40..]),
        ("the assertion", &redemption.get("client_assertion")[60..120]),
        ("the verifier", VERIFIER),
        ("the id_token", answer["id_token"].as_str().unwrap()),
        ("our secret at the provider", SECRET),
        ("who signed in", &email(PATIENT)),
        ("who tried", "stiekem@"),
        ("the provider's own id", "subject-7"),
    ] {
        assert!(!log.contains(secret), "{what} is in the log");
    }
}
