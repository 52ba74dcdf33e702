//! `erase Patient/…`: the patient with everything about it, without a trace.

use serde_json::{Value, json};

use crate::ground::{delete, empty, exported, filled, import, name, store, tables_with};
use crate::samples::{self, care_team, id, patient, task, to};
use crate::world::{Engine, World};

on_both_engines!(
    a_dry_run_tells_what_would_go_and_changes_nothing,
    everything_about_the_patient_goes_and_leaves_no_trace,
    deleted_resources_and_former_versions_go_too,
    what_only_refers_to_the_patient_stops_it,
);

const ABOUT_ZOE: [(&str, &str); 7] = [
    ("Task", "slapen-1"),
    ("Task", "slapen"),
    ("Task", "helpen"),
    ("Task", "samen"),
    ("CareTeam", "team"),
    ("RelatedPerson", "moeder"),
    ("Patient", "zoe"),
];

fn erase(world: &World, more: &[&str]) -> Value {
    let zoe = format!("Patient/{}", id("zoe"));
    world.json(&[&["erase", zoe.as_str(), "--domain", "zon"], more].concat())
}

fn names(resources: &[(&str, &str)]) -> Vec<String> {
    let mut names: Vec<String> =
        resources.iter().map(|(kind, of)| format!("{kind}/{}", id(of))).collect();
    names.sort();
    names
}

fn told(said: &Value) -> Vec<String> {
    let listed = said["resources"].as_array().unwrap().iter();
    let mut names: Vec<String> = listed.map(|one| one.as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

async fn a_dry_run_tells_what_would_go_and_changes_nothing(engine: Engine) {
    let world = filled(engine).await;
    let before = exported(&world, &["--audit-events"]);
    let said = erase(&world, &["--dry-run"]);
    assert_eq!(told(&said), names(&ABOUT_ZOE));
    assert_eq!(
        said["counts"],
        json!({ "CareTeam": 1, "Patient": 1, "RelatedPerson": 1, "Task": 4 })
    );
    // What refers stands before what it refers to: a run that is broken off can be repeated.
    let order: Vec<&str> =
        said["resources"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let place =
        |kind: &str, of: &str| order.iter().position(|one| **one == format!("{kind}/{}", id(of)));
    assert!(place("Task", "slapen-1") < place("Task", "slapen"), "{order:?}");
    assert_eq!(place("Patient", "zoe"), Some(6));
    let zoe = format!("Patient/{}", id("zoe"));
    let out = world.out(&["erase", &zoe, "--domain", "zon", "--dry-run"]);
    assert!(
        out.ends_with("would erase 1 CareTeam, 1 Patient, 1 RelatedPerson, 4 Task in zon\n"),
        "{out}"
    );
    assert_eq!(exported(&world, &["--audit-events"]), before);
    assert!(world.list(&["audit", "search", "--action", "erase"]).is_empty());
}

async fn everything_about_the_patient_goes_and_leaves_no_trace(engine: Engine) {
    let world = filled(engine).await;
    let mut again = patient("zoe");
    again["gender"] = json!("other");
    import(&world, &[again]);
    let said = erase(&world, &[]);
    assert_eq!(told(&said), names(&ABOUT_ZOE));
    for (kind, of) in ABOUT_ZOE {
        let name = format!("{kind}/{}", id(of));
        world.refused(3, &["fhir", "get", &name, "--domain", "zon"]);
        world.refused(3, &["fhir", "get", &name, "--domain", "zon", "--version", "1"]);
        world.refused(3, &["fhir", "history", &name, "--domain", "zon"]);
    }
    let left: Vec<String> = exported(&world, &["--audit-events"]).iter().map(name).collect();
    for (kind, of) in [
        ("Patient", "bart"),
        ("CareTeam", "team-bart"),
        ("Task", "wandelen"),
        ("Practitioner", "sam"),
        ("Subscription", "melding"),
        // What happened stays known.
        ("AuditEvent", "gelezen"),
    ] {
        assert!(left.contains(&format!("{kind}/{}", id(of))), "{kind} {of} of {left:?}");
    }
    // The trail and the AuditEvent name the patient; nothing else does.
    world.out(&["fhir", "search", "AuditEvent", "--domain", "zon"]);
    let store = store(&world).await;
    for (_, of) in &ABOUT_ZOE[..6] {
        assert_eq!(tables_with(&store, &id(of)).await, ["audit"], "{of}");
    }
    let tables = tables_with(&store, &id("zoe")).await;
    assert_eq!(tables, ["audit"]);
    let event = exported(&world, &["--type", "AuditEvent"]);
    let naming = event.iter().filter(|one| one.to_string().contains(&id("zoe"))).count();
    assert_eq!(naming, 1);
    store.close().await;

    let rows = world.list(&["audit", "search", "--action", "erase"]);
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["detail"], "1 CareTeam, 1 Patient, 1 RelatedPerson, 4 Task");
    assert!(rows[0]["patient"].as_str().unwrap().ends_with(&format!("/Patient/{}", id("zoe"))));
    assert_eq!(rows[0]["agent"], "noor (koppeltaal erase)");
    let zoe = format!("Patient/{}", id("zoe"));
    let again = world.refused(3, &["erase", &zoe, "--domain", "zon"]);
    assert!(again.contains("holds nothing about"), "{again}");
    world.refused(3, &["erase", &zoe, "--domain", "maan"]);
    world.refused(2, &["erase", "Patient/not an id", "--domain", "zon"]);
}

async fn deleted_resources_and_former_versions_go_too(engine: Engine) {
    let world = empty(engine).await;
    let all: Vec<Value> =
        samples::all().into_iter().filter(|one| one["resourceType"] != "AuditEvent").collect();
    import(&world, &all);
    // A Task that was Zoë's is Bart's, and others were deleted.
    import(&world, &[task("overgang", "zoe", to("Practitioner", "sam"))]);
    import(&world, &[task("overgang", "bart", to("Practitioner", "sam"))]);
    delete(&world, "Task", &id("slapen-1")).await;
    delete(&world, "Task", &id("slapen")).await;
    delete(&world, "Task", &id("wandelen")).await;
    let said = erase(&world, &[]);
    assert_eq!(told(&said), names(&ABOUT_ZOE));
    assert_eq!(said["versions"], 1);
    let store = store(&world).await;
    for (_, of) in ABOUT_ZOE {
        let tables = tables_with(&store, &id(of)).await;
        assert_eq!(tables, if of == "zoe" { vec!["audit"] } else { vec![] }, "{of}");
    }
    store.close().await;
    let kept = format!("Task/{}", id("overgang"));
    assert_eq!(world.list(&["fhir", "history", &kept, "--domain", "zon"]).len(), 1);
    let deleted = format!("Task/{}", id("wandelen"));
    assert_eq!(world.list(&["fhir", "history", &deleted, "--domain", "zon"]).len(), 2);
}

async fn what_only_refers_to_the_patient_stops_it(engine: Engine) {
    let world = filled(engine).await;
    let neighbours = care_team("buren", "bart", to("RelatedPerson", "moeder"));
    import(&world, &[neighbours]);
    let zoe = format!("Patient/{}", id("zoe"));
    let before = exported(&world, &[]);
    for arguments in [
        vec!["erase", &zoe, "--domain", "zon"],
        vec!["erase", &zoe, "--domain", "zon", "--dry-run"],
    ] {
        let said = world.refused(4, &arguments);
        assert!(said.contains(&format!("CareTeam/{}", id("buren"))), "{said}");
    }
    assert_eq!(exported(&world, &[]), before);
    import(&world, &[care_team("buren", "bart", to("Practitioner", "sam"))]);
    assert_eq!(told(&erase(&world, &[])), names(&ABOUT_ZOE));
}
