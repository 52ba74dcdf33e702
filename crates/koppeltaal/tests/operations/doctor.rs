//! `koppeltaal doctor`.

use std::net::TcpListener;
use std::process::{Command, Output};

use serde_json::Value;

use crate::hook::Hook;
use crate::on_both_engines;
use crate::world::{DOMAIN, Engine, Running, SEAL_KEY, World, eventually};

on_both_engines!(a_healthy_installation_needs_nothing, everything_wrong_is_named_with_its_fix);

fn doctor(world: &World, public_url: &str, seal_key: Option<&str>) -> (Output, Vec<Value>) {
    let mut command: Command = world.command(&["doctor", "--json"]);
    command.env("KOPPELTAAL_PUBLIC_URL", public_url).env("KOPPELTAAL_DATA_DIR", world.path());
    if let Some(key) = seal_key {
        command.env("KOPPELTAAL_SEAL_KEY", key);
    }
    let output = command.output().unwrap();
    let findings = serde_json::from_slice(&output.stdout).expect("JSON");
    (output, findings)
}

fn level<'a>(findings: &'a [Value], check: &str) -> &'a str {
    let found = findings.iter().find(|finding| finding["check"] == check);
    found.unwrap_or_else(|| panic!("{check} is not checked"))["level"].as_str().unwrap()
}

async fn retention_ran(world: &World, server: &Running) {
    let ran = || {
        let (_, findings) = doctor(world, &server.url, Some(SEAL_KEY));
        level(&findings, "retention") == "ok"
    };
    eventually("the retention job runs at start", ran).await;
}

async fn a_healthy_installation_needs_nothing(engine: Engine) {
    let world = World::empty(engine).await;
    std::fs::write(world.path().join("domain.toml"), DOMAIN).unwrap();
    let mut apply = world.command(&["apply", "domain.toml"]);
    assert!(apply.env("KOPPELTAAL_SEAL_KEY", SEAL_KEY).status().unwrap().success());
    let server = world.serve(&[("KOPPELTAAL_SEAL_KEY", SEAL_KEY)]);
    retention_ran(&world, &server).await;
    let (output, findings) = doctor(&world, &server.url, Some(SEAL_KEY));
    assert_eq!(output.status.code(), Some(0), "{findings:?}");
    let checked: Vec<&str> =
        findings.iter().map(|finding| finding["check"].as_str().unwrap()).collect();
    for check in [
        "store",
        "commit",
        "disk",
        "seal key",
        "oldest New",
        "dead letters",
        "retention",
        "public_url",
    ] {
        assert!(checked.contains(&check), "{check}: {checked:?}");
    }
    assert_eq!(checked.contains(&"clock"), engine == Engine::Postgres);
    assert!(findings.iter().all(|finding| finding["level"] == "ok" && finding["fix"].is_null()));
}

async fn everything_wrong_is_named_with_its_fix(engine: Engine) {
    let world = World::new(engine).await;
    let hook = Hook::answering(500);
    // A port at which nobody listens, once this listener is gone.
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    world.apply(&format!("{DOMAIN}webhook = {{ url = \"{}\" }}\n", hook.url));
    let server = world.serve(&[("KOPPELTAAL_KT1_WEBHOOK_ATTEMPTS", "1")]);
    server.send_plan("1", "p").await;
    let dead = || !world.list(&["notifications", "list", "--state", "dead"]).is_empty();
    eventually("given up", dead).await;
    world.apply(&format!("{DOMAIN}webhook = {{ url = \"http://{nobody}/\" }}\n"));

    let (output, findings) = doctor(&world, &format!("http://{nobody}"), None);
    assert_eq!(output.status.code(), Some(1), "{findings:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("findings need attention"));
    for check in ["seal key", "dead letters", "public_url", "webhook"] {
        assert_eq!(level(&findings, check), "warning", "{check}");
    }
    for finding in &findings {
        assert_eq!(finding["fix"].is_string(), finding["level"] != "ok", "{finding}");
    }
    let table = world.run(&["doctor"]);
    assert_eq!(table.code, 1);
    assert!(table.out.starts_with("CHECK "), "{}", table.out);
    assert_eq!(hook.told(), 1, "doctor notifies nobody");
}

#[tokio::test]
async fn without_a_store_it_leaves_with_5() {
    let world = World::empty(Engine::Sqlite).await;
    let (output, findings) = doctor(&world, "http://127.0.0.1:1", None);
    assert_eq!(output.status.code(), Some(5));
    assert_eq!(level(&findings, "store"), "error");
    let said = world.run(&["doctor", "--database", "postgres://k:geheim@127.0.0.1:1/k"]);
    assert_eq!(said.code, 5, "{said:?}");
    assert!(!said.out.contains("geheim") && !said.err.contains("geheim"), "{said:?}");
}

#[tokio::test]
async fn a_certificate_that_ends_soon_is_named() {
    let world = World::new(Engine::Sqlite).await;
    let key = rcgen::KeyPair::generate().unwrap();
    for (last_year, expected) in [(2000, "warning"), (4000, "ok")] {
        let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(last_year, 1, 1);
        let certificate = params.self_signed(&key).unwrap();
        std::fs::write(world.path().join("c.pem"), certificate.pem()).unwrap();
        std::fs::write(world.path().join("k.pem"), key.serialize_pem()).unwrap();
        let mut command = world.command(&["doctor", "--json"]);
        command.env("KOPPELTAAL_TLS_CERTIFICATE", "c.pem").env("KOPPELTAAL_TLS_KEY", "k.pem");
        let findings: Vec<Value> =
            serde_json::from_slice(&command.output().unwrap().stdout).unwrap();
        assert_eq!(level(&findings, "certificate"), expected);
    }
}
