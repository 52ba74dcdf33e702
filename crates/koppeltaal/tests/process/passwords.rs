//! A rotated password: the new one works within a second, and the old one stops
//! with it, or when its time is up.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use koppeltaal_core::Timestamp;

use crate::world::{Engine, Server, World, exchange, until};

/// What is promised, and what a busy machine may take for it once in a while.
const PROMISED: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(10);

async fn status(server: &Server, password: &str) -> u16 {
    let credentials = STANDARD.encode(format!("module:{password}"));
    let request = format!(
        "GET /FHIR/Koppeltaal/MessageHeader/_search?_summary=true HTTP/1.1\r\nHost: h\r\n\
         Authorization: Basic {credentials}\r\n\r\n"
    );
    exchange(server, &request).await.status
}

fn rotate(world: &World, password: &str, more: &str) {
    world.apply(&format!(
        "[[instance]]\ndomain = \"home\"\napplication = \"Module\"\nusername = \"module\"\n\
         password = \"{password}\"\n{more}\n"
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotated_password_works_within_a_second_and_the_old_one_stops_on_sqlite() {
    rotates(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotated_password_works_within_a_second_and_the_old_one_stops_on_postgres() {
    rotates(Engine::Postgres).await;
}

async fn rotates(engine: Engine) {
    let world = World::with(engine, "").await;
    let server = world.serve();
    assert_eq!(status(&server, "module-secret").await, 200);
    let mut old = "module-secret".to_owned();
    let mut quickest = PATIENCE;
    for turn in 0..3 {
        let new = format!("secret-number-{turn}");
        rotate(&world, &new, "");
        // The old one tells: wrong passwords are throttled, right ones are not.
        let took =
            until("the old password stops", PATIENCE, async || status(&server, &old).await == 401)
                .await;
        assert_eq!(status(&server, &new).await, 200, "the new one works as soon");
        quickest = quickest.min(took);
        old = new;
    }
    assert!(quickest < PROMISED, "at best {quickest:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_previous_password_until_both_work_until_then() {
    let world = World::with(Engine::Sqlite, "").await;
    let server = world.serve();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let live = Duration::from_secs(4);
    let end = Timestamp(i64::try_from((now + live).as_micros()).unwrap());
    rotate(&world, "new-secret", &format!("previous_password_until = \"{end}\""));
    until("the new password works", PATIENCE, async || status(&server, "new-secret").await == 200)
        .await;
    let still = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let old = status(&server, "module-secret").await;
    assert!(old == 200 || still > now + live, "the old one works until its time is up");
    until("the old password stops", PATIENCE, async || {
        status(&server, "module-secret").await == 401
    })
    .await;
    assert!(SystemTime::now().duration_since(UNIX_EPOCH).unwrap() >= now + live);
    assert_eq!(status(&server, "new-secret").await, 200);
}
