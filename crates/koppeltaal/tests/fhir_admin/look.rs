//! `fhir get|search|history`: what an operator sees, and what the trail keeps of it.

use serde_json::{Value, json};

use crate::ground::{delete, filled, found, import};
use crate::samples::{id, patient};
use crate::world::{Engine, World, values};

on_both_engines!(
    a_resource_is_shown_and_the_look_is_recorded,
    the_history_shows_every_version,
    a_search_narrows_nothing_and_refuses_what_it_does_not_know,
    header_values_of_subscriptions_are_masked,
);

fn reads(world: &World) -> Vec<Value> {
    world.list(&["audit", "search", "--domain", "zon", "--action", "read"])
}

async fn a_resource_is_shown_and_the_look_is_recorded(engine: Engine) {
    let world = filled(engine).await;
    let zoe = format!("Patient/{}", id("zoe"));
    let shown = world.json(&["fhir", "get", &zoe, "--domain", "zon"]);
    assert_eq!((&shown["resourceType"], &shown["id"]), (&json!("Patient"), &json!(id("zoe"))));
    assert!(world.out(&["fhir", "get", &zoe, "--domain", "zon"]).starts_with("{\n"));
    let rows = reads(&world);
    assert_eq!(rows.len(), 2);
    let url = format!("http://127.0.0.1:8080/api/v1/zon/fhir/r4/{zoe}");
    assert_eq!((&rows[0]["focal"], &rows[0]["patient"]), (&json!(url), &json!(url)));
    assert_eq!(rows[0]["agent"], "noor (koppeltaal fhir get)");

    world.refused(3, &["fhir", "get", "Patient/nobody", "--domain", "zon"]);
    world.refused(3, &["fhir", "get", &zoe, "--domain", "zon", "--version", "2"]);
    world.refused(3, &["fhir", "get", &zoe, "--domain", "maan"]);
    world.refused(2, &["fhir", "get", "Observation/1", "--domain", "zon"]);
    world.refused(2, &["fhir", "get", "zoe", "--domain", "zon"]);
    delete(&world, "Task", &id("wandelen")).await;
    let gone = format!("Task/{}", id("wandelen"));
    let said = world.refused(3, &["fhir", "get", &gone, "--domain", "zon"]);
    assert!(said.contains("was deleted at "), "{said}");
    let before = world.json(&["fhir", "get", &gone, "--domain", "zon", "--version", "1"]);
    assert_eq!(before["status"], "ready");
}

async fn the_history_shows_every_version(engine: Engine) {
    let world = filled(engine).await;
    let mut changed = patient("zoe");
    changed["gender"] = json!("other");
    import(&world, &[changed]);
    let zoe = format!("Patient/{}", id("zoe"));
    let versions = world.list(&["fhir", "history", &zoe, "--domain", "zon"]);
    let numbers: Vec<&Value> = versions.iter().map(|version| &version["version"]).collect();
    assert_eq!(numbers, [&json!(2), &json!(1)]);
    assert_eq!(versions[1]["resource"]["gender"], "female");
    let table = world.out(&["fhir", "history", &zoe, "--domain", "zon"]);
    assert!(table.starts_with("TYPE "), "{table}");
    assert!(table.contains("zoe Jansen"), "{table}");
    assert_eq!(world.list(&["fhir", "history", &zoe, "--domain", "zon", "--limit", "1"]).len(), 1);
    world.refused(3, &["fhir", "history", "Patient/nobody", "--domain", "zon"]);
    assert_eq!(reads(&world).len(), 4, "each look, whether or not it found anything");
}

async fn a_search_narrows_nothing_and_refuses_what_it_does_not_know(engine: Engine) {
    let world = filled(engine).await;
    assert_eq!(found(&world, "Task?status=ready").len(), 5);
    let of_zoe = format!("Task?patient=Patient/{}&_sort=_id", id("zoe"));
    assert_eq!(found(&world, &of_zoe).len(), 4);
    assert_eq!(found(&world, "Task?patient.given=bart").len(), 1);
    let devices = world.list(&["fhir", "search", "Device", "--domain", "zon"]);
    assert_eq!(values(&devices, "label").len(), 3);
    let some = world.run(&["fhir", "search", "Task", "--domain", "zon", "--count", "2"]);
    assert_eq!((some.out.lines().count(), some.err.trim()), (3, "2 of 5"));
    for wrong in [
        "Task?colour=red",
        "Task?status:odd=x",
        "Observation",
        "Task?_count=x",
        "Patient?birthdate=x",
    ] {
        world.refused(2, &["fhir", "search", wrong, "--domain", "zon"]);
    }
    let rows = reads(&world);
    assert!(rows.iter().all(|row| row["agent"] == "noor (koppeltaal fhir search)"));
    assert!(values(&rows, "detail").contains(&"search of Task: 2 of 5 shown"), "{rows:#?}");
    assert!(!Value::from(rows).to_string().contains("bart"), "what was searched for is not kept");
}

async fn header_values_of_subscriptions_are_masked(engine: Engine) {
    let world = filled(engine).await;
    let name = format!("Subscription/{}", id("melding"));
    for arguments in [
        ["fhir", "get", &name, "--domain", "zon", "--json"],
        ["fhir", "history", &name, "--domain", "zon", "--json"],
        ["fhir", "search", "Subscription", "--domain", "zon", "--json"],
    ] {
        let out = world.out(&arguments);
        assert!(out.contains("Authorization: ***") && !out.contains("geheim"), "{out}");
    }
}
