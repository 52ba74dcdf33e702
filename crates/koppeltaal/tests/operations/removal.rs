//! `koppeltaal retention run` and `koppeltaal erase`.

use koppeltaal_client::kt1::{Filter, Status};
use serde_json::json;

use crate::on_both_engines;
use crate::world::{Engine, World, patient_url, values};

on_both_engines!(retention_removes_bodies_that_everybody_had, a_patient_is_erased,);

async fn retention_removes_bodies_that_everybody_had(engine: Engine) {
    let world = World::new(engine).await;
    // The job of the server ran when it started, and the grace is a day.
    let server = world.serve(&[]);
    server.send_plan("1", "p").await;
    server.send_plan("2", "q").await;
    let game = server.connector("game");
    let claimed = game.claim(&Filter::default()).await.unwrap().unwrap();
    game.set_status(claimed.header(), &Status::Success).await.unwrap();
    assert_eq!(world.json(&["retention", "run", "--dry-run"]), json!([]));

    let run = |arguments: &[&str]| {
        let mut command = world.command(&[&["retention", "run"], arguments].concat());
        let output = command.env("KOPPELTAAL_KT1_RETENTION_GRACE", "0s").output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let parsed = |text: String| serde_json::from_str::<serde_json::Value>(&text).unwrap();
    let expected = json!([{
        "domain": "zon", "event": "CreateOrUpdateCarePlan", "retrieved": 1, "too_old": 0,
    }]);
    for _ in 0..2 {
        assert_eq!(parsed(run(&["--dry-run", "--json"])), expected, "a dry run removes nothing");
    }
    assert!(run(&[]).starts_with("DOMAIN "));
    assert_eq!(parsed(run(&["--json"])), json!([]));

    let id = claimed.header().id();
    let shown = world.json(&["messages", "show", id]);
    assert_eq!((&shown["status"], &shown["expired"]), (&json!("Success"), &json!(true)));
    assert!(game.header(id).await.unwrap().is_expired());
    assert!(game.claim(&Filter::default()).await.unwrap().is_some(), "the other is whole");
    let refused = world.refused(4, &["messages", "requeue", id, "--reason", "x"]);
    assert!(refused.contains("its body has been removed"), "{refused}");
    let trail = world.list(&["audit", "search", "--action", "retention"]);
    assert_eq!(values(&trail, "detail"), ["1 bodies after retrieval, 0 by age"]);
    assert_eq!(values(&trail, "event"), ["CreateOrUpdateCarePlan"]);
}

async fn a_patient_is_erased(engine: Engine) {
    let world = World::new(engine).await;
    let server = world.serve(&[]);
    server.send_plan("1", "p").await;
    server.send_plan("2", "q").await;
    let patient = patient_url("p");
    let erase = ["erase", &patient, "--domain", "zon"];
    let dry = ["erase", &patient, "--domain", "zon", "--dry-run"];

    let counted = world.json(&dry);
    assert_eq!(counted["messages"], 1);
    assert_eq!(counted["items"], 1);
    let said = world.out(&dry);
    assert!(said.starts_with("would erase 1 messages, 1 copies, "), "{said}");
    assert_eq!(world.list(&["messages", "list"]).len(), 2);
    assert!(world.list(&["audit", "search", "--action", "erase"]).is_empty());

    assert_eq!(world.json(&erase), counted);
    assert_eq!(values(&world.list(&["messages", "list"]), "patient"), [patient_url("q")]);
    let game = server.connector("game");
    assert!(game.claim(&Filter::patient(&patient)).await.unwrap().is_none());
    assert!(game.claim(&Filter::default()).await.unwrap().is_some());
    // The server knows no version any more: the patient can come again as new.
    server.send_plan("1", "p").await;

    let trail = world.list(&["audit", "search", "--patient", &patient]);
    let actions = values(&trail, "action");
    assert!(actions.contains(&"accept") && actions.contains(&"erase"), "{actions:?}");
    let erased = trail.iter().find(|row| row["action"] == "erase").unwrap();
    assert_eq!(erased["agent"], "noor (koppeltaal erase)");

    let nobody = patient_url("nobody");
    let missing = world.refused(3, &["erase", &nobody, "--domain", "zon"]);
    assert!(missing.contains("holds nothing about"), "{missing}");
    world.refused(3, &["erase", &patient, "--domain", "maan"]);
}
