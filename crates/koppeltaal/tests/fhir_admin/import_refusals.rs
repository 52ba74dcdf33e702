//! What cannot be imported: told by line, and nothing of the file is stored.

use std::fs;

use serde_json::{Value, json};

use crate::ground::{empty, filled, found, import, refused};
use crate::samples::{id, patient, practitioner, related_person, resource, task, to};
use crate::world::Engine;

on_both_engines!(
    each_mistake_is_told_with_its_line,
    a_file_with_a_mistake_stores_nothing_unless_told_to,
    what_refers_to_a_refused_line_is_refused_too,
    the_origin_of_a_resource_never_changes,
);

fn changed(mut resource: Value, change: impl FnOnce(&mut Value)) -> Value {
    change(&mut resource);
    resource
}

async fn each_mistake_is_told_with_its_line(engine: Engine) {
    let world = empty(engine).await;
    let good = practitioner("sam");
    let elsewhere = json!({ "reference": "Device/00000000-0000-4000-8000-000000000000" });
    for (bad, element, told) in [
        (changed(patient("a"), |r| r["id"] = json!("not an id")), "Patient.id", "64 letters"),
        (
            changed(patient("a"), |r| drop(r.as_object_mut().unwrap().remove("id"))),
            "Patient.id",
            "no id",
        ),
        (
            changed(patient("a"), |r| r["extension"] = json!([])),
            "Patient.extension",
            "resource-origin",
        ),
        (
            changed(patient("a"), |r| r["extension"][0]["valueReference"] = elsewhere.clone()),
            "",
            "refers to Device/00000000-0000-4000-8000-000000000000",
        ),
        (changed(patient("a"), |r| r["gender"] = json!("x")), "Patient.gender", ""),
        (changed(patient("a"), |r| r["meta"] = json!({})), "", ""),
        (task("t", "nobody", to("Practitioner", "sam")), "", "refers to Patient/"),
        (practitioner("sam"), "", "line 1 holds the same"),
        (resource("Observation", "o", json!({})), "", "Observation is no type"),
        (resource("ValueSet", "v", json!({})), "", "ig install"),
        (json!({ "id": "x" }), "", "resourceType"),
        (json!([1]), "", ""),
    ] {
        let said = refused(&world, &[good.clone(), bad.clone()], &[]);
        assert_eq!(said["refused"], 1, "{bad}: {said}");
        let problem = &said["problems"][0];
        assert_eq!(problem["line"], 2, "{bad}: {said}");
        assert!(
            problem["expression"].as_str().unwrap_or_default().starts_with(element),
            "{bad}: {said}"
        );
        assert!(problem["details"].as_str().unwrap().contains(told), "{bad}: {said}");
        assert_eq!(said["stored"], false);
    }
    for text in ["{", "{\"resourceType\":\"Patient\",\"resourceType\":\"Patient\"}", "\u{feff}x"] {
        fs::write(world.path().join("odd.ndjson"), format!("\n{text}\n")).unwrap();
        let said = world.run(&["fhir", "import", "odd.ndjson", "--domain", "zon"]);
        assert_eq!(said.code, 2);
        assert!(said.err.starts_with("line 2: "), "{said:?}");
    }
    assert!(found(&world, "Practitioner").is_empty());
    world.refused(3, &["fhir", "import", "none.ndjson", "--domain", "zon"]);
    world.refused(3, &["fhir", "import", "odd.ndjson", "--domain", "maan"]);
}

async fn a_file_with_a_mistake_stores_nothing_unless_told_to(engine: Engine) {
    let world = empty(engine).await;
    let bad = changed(patient("b"), |r| r["birthDate"] = json!("29-02-1980"));
    let file = [patient("a"), bad, patient("c")];
    refused(&world, &file, &[]);
    assert!(found(&world, "Patient").is_empty());
    let said = refused(&world, &file, &["--keep-going"]);
    assert_eq!((&said["created"], &said["refused"]), (&json!(2), &json!(1)), "{said}");
    assert_eq!(found(&world, "Patient").len(), 2);
}

async fn what_refers_to_a_refused_line_is_refused_too(engine: Engine) {
    let world = filled(engine).await;
    let bad = changed(patient("b"), |r| r["gender"] = json!("x"));
    let file = [
        task("t", "b", to("RelatedPerson", "r")),
        related_person("r", "b"),
        bad,
        // It is refused, but what is stored stays as it is.
        changed(patient("zoe"), |r| r["gender"] = json!("x")),
        task("u", "zoe", to("Practitioner", "sam")),
    ];
    let said = refused(&world, &file, &["--keep-going"]);
    assert_eq!((&said["created"], &said["refused"]), (&json!(1), &json!(4)), "{said}");
    let lines: Vec<&Value> =
        said["problems"].as_array().unwrap().iter().map(|problem| &problem["line"]).collect();
    for line in 1..=4 {
        assert!(lines.contains(&&json!(line)), "{said}");
    }
    assert_eq!(found(&world, &format!("Task?_id={}", id("u"))).len(), 1);
    assert!(found(&world, &format!("RelatedPerson?_id={}", id("r"))).is_empty());
}

async fn the_origin_of_a_resource_never_changes(engine: Engine) {
    let world = filled(engine).await;
    let game = "Device/2e7b4d86-5f19-4c02-a6d8-7b90c4e3d511";
    let stolen =
        changed(patient("zoe"), |r| r["extension"][0]["valueReference"]["reference"] = json!(game));
    let said = refused(&world, &[stolen], &[]);
    assert!(said["problems"][0]["details"].as_str().unwrap().contains("never changes"), "{said}");
    // What happened does not change either.
    let event = crate::samples::audit_event("gelezen", to("Patient", "bart"));
    let said = refused(&world, &[event], &[]);
    assert!(
        said["problems"][0]["details"].as_str().unwrap().contains("another AuditEvent"),
        "{said}"
    );
    let own =
        changed(patient("new"), |r| r["extension"][0]["valueReference"]["reference"] = json!(game));
    assert_eq!(import(&world, &[own])["created"], 1);
}
