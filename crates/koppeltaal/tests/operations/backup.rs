//! Backup and restore on both engines.

use std::path::PathBuf;
use std::process::Command;

use koppeltaal_client::kt1::Filter;
use serde_json::Value;

use crate::world::{Engine, Running, World};

/// What a store answers: everything an operator and a recipient can see.
fn answers(world: &World) -> Vec<Value> {
    let lists: [&[&str]; 4] = [
        &["messages", "list", "--limit", "1000"],
        &["notifications", "list"],
        &["instance", "list"],
        &["audit", "search", "--domain", "server"],
    ];
    let mut answers: Vec<Value> = lists.iter().map(|list| world.json(list)).collect();
    answers.push(Value::from(world.out(&["export", "--reveal-secrets"])));
    answers
}

/// A server that was sent something and goes on receiving.
async fn busy(world: &World) -> (Running, tokio::task::JoinHandle<()>) {
    let server = world.serve(&[]);
    for number in 0..20 {
        server.send_plan(&number.to_string(), "p").await;
    }
    let portal = server.connector("portal");
    let sending = tokio::spawn(async move {
        for number in 1000.. {
            use koppeltaal_client::kt1::{Resource, resource::patient};
            let url = format!("https://portal.example/fhir/Patient/{number}");
            let person = Resource::new(&url, patient("Zwaantje", "Kleuterstaart"));
            portal.send("CreateOrUpdatePatient", person, Some(&url), vec![]).await.unwrap();
        }
    });
    (server, sending)
}

/// Everything that was sent before the backup is in the copy, and it can be
/// served: what waits is claimed.
async fn check(copy: &World) {
    let plans = copy.list(&["messages", "list", "--event", "CreateOrUpdateCarePlan"]);
    assert_eq!(plans.len(), 20);
    let before = answers(copy);
    let server = copy.serve(&[]);
    assert_eq!(answers(copy), before);
    let message = server.connector("game").claim(&Filter::default()).await.unwrap().unwrap();
    assert_eq!(message.header().id(), plans[0]["id"].to_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sqlite_store_is_copied_while_it_serves_and_restored() {
    let world = World::new(Engine::Sqlite).await;
    let (server, sending) = busy(&world).await;
    let said = world.run(&["backup", "copy.db"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.starts_with("copy.db written, "), "{said:?}");
    assert!(said.err.ends_with("100 %\n"), "{said:?}");
    sending.abort();
    let again = world.refused(4, &["backup", "copy.db"]);
    assert!(again.contains("exists"), "{again}");

    let copy = world.path().join("copy.db").display().to_string();
    let other = World::empty(Engine::Sqlite).await;
    other.out(&["restore", &copy]);
    check(&other).await;

    // In the place of a store that is there: not while it is used, nor unasked.
    other.refused(4, &["restore", &copy]);
    let busy = world.refused(4, &["restore", &copy, "--replace"]);
    assert!(busy.contains("stop the server first"), "{busy}");
    drop(server);
    assert_eq!(
        world.out(&["restore", &copy, "--replace"]),
        format!("{}/koppeltaal.db restored\n", world.path().display())
    );
    check(&world).await;
    world.refused(3, &["restore", "nothing.db", "--replace"]);
    std::fs::write(world.path().join("noise.db"), "noise").unwrap();
    world.refused(2, &["restore", "noise.db", "--replace"]);
}

/// The procedure of docs/operations.md.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgresql_store_is_copied_by_pg_dump_while_it_serves_and_restored() {
    let world = World::new(Engine::Postgres).await;
    let refused = world.refused(2, &["backup", "copy.db"]);
    assert!(refused.contains("pg_dump"), "{refused}");
    let (_server, sending) = busy(&world).await;
    let file = world.path().join("koppeltaal.dump").display().to_string();
    postgres("pg_dump", &["--format=custom", "--file", &file, &world.database]);
    sending.abort();
    let other = World::empty(Engine::Postgres).await;
    postgres(
        "pg_restore",
        &[
            "--no-owner",
            "--exit-on-error",
            "--single-transaction",
            "--dbname",
            &other.database,
            &file,
        ],
    );
    check(&other).await;
    let refused = other.refused(2, &["restore", &file]);
    assert!(refused.contains("docs/operations.md"), "{refused}");
}

/// Runs one of PostgreSQL's programs.
fn postgres(program: &str, arguments: &[&str]) {
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let found: Vec<PathBuf> = installed
        .map(|version| version.path().join("bin").join(program))
        .filter(|p| p.exists())
        .collect();
    let program = found.last().cloned().unwrap_or_else(|| PathBuf::from(program));
    let output = Command::new(&program).args(arguments).output().expect("PostgreSQL's programs");
    assert!(output.status.success(), "{program:?}: {}", String::from_utf8_lossy(&output.stderr));
}
