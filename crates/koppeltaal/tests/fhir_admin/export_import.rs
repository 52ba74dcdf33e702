//! Export and import: what leaves one store comes into another as it was.

use std::collections::BTreeMap;
use std::fs;

use koppeltaal_store::resource;
use serde_json::{Value, json};

use crate::ground::{self, empty, exported, filled, import, is_of_portal, name, plain};
use crate::samples::{all, id, patient, task, to};
use crate::world::Engine;

on_both_engines!(
    what_is_exported_comes_into_another_store_as_it_was,
    importing_again_changes_nothing_and_another_content_is_a_new_version,
    a_dry_run_tells_the_same_and_stores_nothing,
    an_export_can_be_of_some_types_and_hides_secrets,
    deleted_resources_are_not_exported,
    imports_and_exports_are_recorded,
    many_resources_go_through_in_pages,
);

const EVERYTHING: [&str; 2] = ["--audit-events", "--reveal-secrets"];

fn by_name(resources: &[Value]) -> BTreeMap<String, Value> {
    resources.iter().map(|resource| (name(resource), plain(resource))).collect()
}

async fn what_is_exported_comes_into_another_store_as_it_was(engine: Engine) {
    let (one, other) = (filled(engine).await, empty(engine).await);
    let first = exported(&one, &EVERYTHING);
    let given = first.iter().filter(|resource| is_of_portal(resource)).cloned().collect::<Vec<_>>();
    let mut sorted = all();
    sorted.sort_by_key(name);
    assert_eq!(
        by_name(&given).into_values().collect::<Vec<_>>(),
        sorted.iter().map(plain).collect::<Vec<_>>()
    );

    let said = import(&other, &first);
    // The Devices of the two applications are what the directory says.
    assert_eq!(said["kept"], 2, "{said}");
    // The server's own Device of the other store is a Device like any other here.
    assert_eq!(said["created"], json!(all().len() + 1), "{said}");
    let second = exported(&other, &EVERYTHING);
    let without_devices = |resources: &[Value]| -> Vec<Value> {
        resources.iter().filter(|one| one["resourceType"] != "Device").map(plain).collect()
    };
    assert_eq!(without_devices(&second), without_devices(&first), "in the same order too");
    let devices = |resources: &[Value]| {
        resources.iter().filter(|one| one["resourceType"] == "Device").count()
    };
    assert_eq!(devices(&second), devices(&first) + 1);
    // What was imported is found like what was written.
    let by_owner = format!("Task?owner=CareTeam/{}", id("team"));
    assert_eq!(ground::found(&other, &by_owner), [format!("Task/{}", id("samen"))]);
}

async fn importing_again_changes_nothing_and_another_content_is_a_new_version(engine: Engine) {
    let world = filled(engine).await;
    let said = import(&world, &all());
    assert_eq!((&said["created"], &said["changed"]), (&json!(0), &json!(0)), "{said}");
    assert_eq!(said["unchanged"], json!(all().len()));

    let mut changed = patient("zoe");
    changed["gender"] = json!("other");
    let said = import(&world, &[changed, patient("bart")]);
    assert_eq!((&said["changed"], &said["unchanged"]), (&json!(1), &json!(1)), "{said}");
    let zoe = format!("Patient/{}", id("zoe"));
    let now = world.json(&["fhir", "get", &zoe, "--domain", "zon"]);
    assert_eq!((&now["meta"]["versionId"], &now["gender"]), (&json!("2"), &json!("other")));
    assert_eq!(ground::found(&world, "Patient?gender=other"), [zoe]);
}

async fn a_dry_run_tells_the_same_and_stores_nothing(engine: Engine) {
    let world = empty(engine).await;
    ground::file(&world, "all.ndjson", &all());
    let dry = ["fhir", "import", "all.ndjson", "--domain", "zon", "--dry-run"];
    let said = world.json(&dry);
    assert_eq!((&said["created"], &said["stored"]), (&json!(all().len()), &json!(false)));
    assert!(world.out(&dry).starts_with("would have created 17, changed 0"));
    assert!(ground::found(&world, "Patient").is_empty());
    assert!(
        world
            .list(&["audit", "search", "--action", "administration", "--domain", "zon"])
            .iter()
            .all(|row| row["detail"].as_str().is_none_or(|detail| !detail.starts_with("import")))
    );
}

async fn an_export_can_be_of_some_types_and_hides_secrets(engine: Engine) {
    let world = filled(engine).await;
    let some = exported(&world, &["--type", "Patient", "--type", "Subscription"]);
    let names: Vec<String> = some.iter().map(name).collect();
    let expected = [("Patient", "zoe"), ("Patient", "bart"), ("Subscription", "melding")];
    assert_eq!(names, expected.map(|(kind, of)| format!("{kind}/{}", id(of))));
    assert_eq!(some[2]["channel"]["header"], json!(["Authorization: ***"]));
    assert!(!world.out(&["fhir", "export", "--domain", "zon"]).contains("geheim-77"));
    assert!(exported(&world, &[]).iter().all(|one| one["resourceType"] != "AuditEvent"));
    world.refused(2, &["fhir", "export", "--domain", "zon", "--type", "Observation"]);
    world.refused(3, &["fhir", "export", "--domain", "maan"]);
    // What is masked is not imported as if it were a value.
    let other = empty(engine).await;
    let said = ground::refused(&other, &some, &[]);
    assert_eq!((&said["refused"], &said["problems"][0]["line"]), (&json!(1), &json!(3)));
    assert!(said["problems"][0]["details"].as_str().unwrap().contains("--reveal-secrets"));
}

async fn deleted_resources_are_not_exported(engine: Engine) {
    let world = filled(engine).await;
    ground::delete(&world, "Task", &id("wandelen")).await;
    let names: Vec<String> = exported(&world, &[]).iter().map(name).collect();
    assert!(!names.contains(&format!("Task/{}", id("wandelen"))));
    // An id that was used is not used again.
    let said = ground::refused(&world, &[task("wandelen", "bart", to("Practitioner", "sam"))], &[]);
    assert!(said["problems"][0]["details"].as_str().unwrap().contains("was deleted"), "{said}");
}

async fn imports_and_exports_are_recorded(engine: Engine) {
    let world = filled(engine).await;
    exported(&world, &[]);
    let rows = world.list(&["audit", "search", "--domain", "zon"]);
    let has = |action: &str, detail: &str| {
        rows.iter().any(|row| {
            row["action"] == action
                && row["detail"].as_str().is_some_and(|text| text.starts_with(detail))
                && row["agent"].as_str().unwrap().starts_with("noor (koppeltaal fhir ")
        })
    };
    assert!(has("administration", "import: 17 created, 0 changed"), "{rows:#?}");
    assert!(has("read", "export of "), "{rows:#?}");
}

async fn many_resources_go_through_in_pages(engine: Engine) {
    let world = empty(engine).await;
    let mut many: Vec<Value> = (0..450).map(|n| patient(&format!("p{n}"))).collect();
    // Each Task refers to a patient in another transaction, before or after it.
    many.insert(0, task("first", "p449", to("Patient", "p449")));
    many.push(task("last", "p0", to("Patient", "p0")));
    assert_eq!(import(&world, &many)["created"], 452);
    assert_eq!(exported(&world, &["--type", "Patient"]).len(), 450);
    assert_eq!(ground::found(&world, "Patient").len(), 450);
    let first = format!("Task/{}", id("first"));
    let by_patient = format!("Task?patient=Patient/{}", id("p449"));
    assert_eq!(ground::found(&world, &by_patient), [first]);
    let store = ground::store(&world).await;
    let domain = ground::zon(&store).await;
    let page = store.scope(&domain).read(|tx| resource::walk(tx, 0, Some(&["Task"]), 1)).await;
    assert_eq!(page.unwrap()[0].id, id("first"));
    store.close().await;
    let text = fs::read_to_string(world.path().join("import.ndjson")).unwrap();
    let input = format!("{}\n\n", text.trim_end());
    let mut command = world.command(&["fhir", "import", "-", "--domain", "zon", "--json"]);
    let mut child = command
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
    let said: Value = serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap();
    assert_eq!(said["unchanged"], 452);
}
