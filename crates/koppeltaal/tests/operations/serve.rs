//! `koppeltaal serve`: its start-up lines, health, and end.

use crate::on_both_engines;
use crate::world::{Engine, SEAL_KEY, World, eventually};

on_both_engines!(five_lines_say_what_runs_where);

async fn five_lines_say_what_runs_where(engine: Engine) {
    let world = World::empty(engine).await;
    let mut server = world.serve(&[
        ("KOPPELTAAL_SERVER_NAME", "Proef"),
        ("KOPPELTAAL_PUBLIC_URL", "https://koppeltaal.example"),
        ("KOPPELTAAL_METRICS_LISTEN", "127.0.0.1:0"),
        ("KOPPELTAAL_LIMITS_REQUESTS_PER_SECOND", "50"),
    ]);
    let lines = server.lines.clone();
    assert_eq!(lines[0], format!("koppeltaal {} — Proef", env!("CARGO_PKG_VERSION")));
    assert!(
        lines[1].starts_with("database  sqlite:/") || lines[1].starts_with("database  postgres://")
    );
    assert!(lines[2].starts_with("listening http://127.0.0.1:"), "{}", lines[2]);
    let metrics = lines[2].split(", metrics ").nth(1).unwrap();
    let metrics = metrics.split(", admin ").next().unwrap();
    assert_eq!(
        lines[3],
        "KT1       https://koppeltaal.example/FHIR/Koppeltaal, KT2 https://koppeltaal.example/api/v1/DOMAIN/fhir/r4"
    );
    assert_eq!(
        lines[4],
        "limits    body 10485760 bytes, 50 requests a second of one instance, 100 at once; \
         claims 15m, bodies 1d after retrieval and at most 56d"
    );
    let document = include_str!("../../../../docs/operations.md");
    assert!(document.contains(&format!("\n{}\n", lines[3])), "the sample is of this program");
    for line in &lines {
        assert!(server.log().contains(line), "{line} is logged too");
    }
    assert!(!server.log().contains('\u{1b}'), "no colours in a file");

    assert_eq!(
        server.get("/healthz").await,
        (200, "text/plain; charset=utf-8".into(), "ok\n".into())
    );
    assert_eq!(server.get("/readyz").await.0, 200);
    assert_eq!(server.get("/metrics").await.0, 404, "metrics have a listener of their own");
    let there = reqwest::get(metrics).await.unwrap();
    assert_eq!(there.status(), 200);
    let face = metrics.replace("/metrics", "/FHIR/Koppeltaal/metadata");
    assert_eq!(reqwest::get(face).await.unwrap().status(), 404);

    let began = std::time::Instant::now();
    assert_eq!(server.stop("-TERM"), 0);
    assert!(began.elapsed().as_secs() < 5, "nothing was in progress");
    assert!(server.log().trim_end().ends_with("stopped"), "{}", server.log());
}

#[tokio::test]
async fn what_cannot_be_served_is_said_at_once() {
    let world = World::new(Engine::Sqlite).await;
    let server = world.serve(&[]);
    let address = server.url.trim_start_matches("http://");
    let said = world.refused(5, &["serve", "--listen", address]);
    assert!(said.contains("cannot bind") && said.contains("stop the other process"), "{said}");
    let mut command = world.command(&["serve", "--listen", "127.0.0.1:0"]);
    let output = command.env("KOPPELTAAL_LOG_LEVEL", "koppeltaal=loud").output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");

    std::fs::write(
        world.path().join("strict.toml"),
        "[[domain]]\nname = 'echt'\nphase = 'production'\n",
    )
    .unwrap();
    let mut apply = world.command(&["apply", "strict.toml"]);
    let applied = apply.env("KOPPELTAAL_SEAL_KEY", SEAL_KEY).output().unwrap();
    assert!(applied.status.success(), "{applied:?}");
    let refused = world.refused(4, &["serve", "--listen", "127.0.0.1:0"]);
    assert!(refused.contains("development key"), "{refused}");
}

#[tokio::test]
async fn a_running_server_takes_no_domain_of_real_people_under_the_development_key() {
    let world = World::new(Engine::Sqlite).await;
    let server = world.serve(&[]);
    let apply = |text: &str| {
        std::fs::write(world.path().join("echt.toml"), text).unwrap();
        let mut apply = world.command(&["apply", "echt.toml"]);
        let applied = apply.env("KOPPELTAAL_SEAL_KEY", SEAL_KEY).output().unwrap();
        assert!(applied.status.success(), "{applied:?}");
    };
    let there = |domain: &'static str| {
        let url = format!("{}/api/v1/{domain}/fhir/r4/metadata", server.url);
        async move { reqwest::get(url).await.unwrap().status() == 200 }
    };
    let said = || server.log().matches("`seal_key` is the development key").count();
    apply("[[domain]]\nname = 'echt'\nphase = 'production'\n");
    eventually("said in the log", || said() > 0).await;
    assert!(!there("echt").await, "it is not served");
    assert!(there("zon").await, "what was served still is");
    apply("[[domain]]\nname = 'later'\nphase = 'test'\n");
    apply("[[domain]]\nname = 'echt'\nphase = 'test'\n");
    let followed = || server.log().contains("directory changed");
    eventually("followed again", followed).await;
    assert!(there("echt").await && there("later").await);
    assert_eq!(said(), 1, "{}", server.log());
}
