//! Search parameters of a domain's own: what is there and what comes is found by
//! them, and what the server cannot do is refused by name.

use koppeltaal_store::definitions;
use serde_json::{Value, json};

use crate::ground::{filled, found, import, refused, store, zon};
use crate::samples::{id, patient, search_parameter};
use crate::world::Engine;

on_both_engines!(
    a_new_parameter_finds_what_was_there_and_what_comes,
    a_parameter_that_is_not_ready_is_not_known,
    what_cannot_be_searched_by_is_refused_by_name,
    a_parameter_that_changed_is_indexed_anew,
);

fn own_name(expression: &str) -> Value {
    search_parameter("own-name", "own-name", "Patient", expression)
}

async fn a_new_parameter_finds_what_was_there_and_what_comes(engine: Engine) {
    let world = filled(engine).await;
    world.refused(2, &["fhir", "search", "Patient?own-name=zoe", "--domain", "zon"]);
    // In one file with a resource that it is for.
    let said = import(&world, &[patient("karin"), own_name("Patient.name.given")]);
    assert_eq!((&said["created"], &said["refused"]), (&json!(2), &json!(0)), "{said}");
    assert_eq!(said["search_parameters"], json!(["https://example.test/SearchParameter/own-name"]));
    for name in ["zoe", "bart", "karin"] {
        let search = format!("Patient?own-name={name}");
        assert_eq!(found(&world, &search), [format!("Patient/{}", id(name))]);
    }
    assert_eq!(import(&world, &[patient("els")])["created"], 1);
    assert_eq!(found(&world, "Patient?own-name=els").len(), 1);
    let stored = format!("SearchParameter/{}", id("own-name"));
    assert_eq!(world.json(&["fhir", "get", &stored, "--domain", "zon"])["code"], "own-name");
    // It goes with an export, and comes with an import.
    let types = ["--type", "SearchParameter"];
    assert_eq!(crate::ground::exported(&world, &types).len(), 1);
    let again = import(&world, &[own_name("Patient.name.given")]);
    assert_eq!((&again["unchanged"], &again["search_parameters"]), (&json!(1), &json!([])));
}

async fn a_parameter_that_is_not_ready_is_not_known(engine: Engine) {
    let world = filled(engine).await;
    import(&world, &[own_name("Patient.name.given")]);
    // As it is while resources are still being indexed.
    let store = store(&world).await;
    let scope = store.scope(&*zon(&store).await);
    let url = "https://example.test/SearchParameter/own-name";
    scope.write(move |tx| definitions::begin(tx, url)).await.unwrap();
    let said = world.refused(2, &["fhir", "search", "Patient?own-name=zoe", "--domain", "zon"]);
    assert!(said.contains("own-name"), "{said}");
    // Resources of other types say nothing about it.
    world.out(&["reindex", "--domain", "zon", "--type", "Task"]);
    world.refused(2, &["fhir", "search", "Patient?own-name=zoe", "--domain", "zon"]);
    let done = world.list(&["reindex", "--domain", "zon", "--type", "Patient"]);
    assert_eq!(done[0]["search_parameters"], json!([url]));
    assert_eq!(found(&world, "Patient?own-name=zoe").len(), 1);
    store.close().await;
}

async fn what_cannot_be_searched_by_is_refused_by_name(engine: Engine) {
    let world = filled(engine).await;
    let with = |key: &str, value: Value| {
        let mut parameter = own_name("Patient.name.given");
        parameter[key] = value;
        parameter
    };
    for (parameter, told) in [
        (own_name("Patient.name.frobnicate()"), "frobnicate"),
        (own_name("Patient.name.("), ""),
        (
            search_parameter("g", "gender", "Patient", "Patient.gender"),
            "`gender` of Patient is http://hl7.org",
        ),
        (search_parameter("i", "_id", "Patient", "Patient.id"), "_id"),
        (search_parameter("o", "o", "Observation", "Observation.code"), "no such resources"),
        (with("status", json!("draft")), "active"),
        (
            with("url", json!("http://hl7.org/fhir/SearchParameter/individual-birthdate")),
            "built in",
        ),
        (with("type", json!("special")), ""),
    ] {
        let said = refused(&world, std::slice::from_ref(&parameter), &[]);
        let problem = said["problems"][0]["details"].as_str().unwrap();
        assert!(problem.contains(told), "{parameter}: {said}");
    }
    let twice = [
        own_name("Patient.name.given"),
        search_parameter("other", "own-name", "Patient", "Patient.name.family"),
    ];
    let said = refused(&world, &twice, &[]);
    assert_eq!(said["problems"][0]["line"], 2, "{said}");
    assert!(found(&world, "SearchParameter").is_empty());
}

async fn a_parameter_that_changed_is_indexed_anew(engine: Engine) {
    let world = filled(engine).await;
    import(&world, &[own_name("Patient.name.given")]);
    let said = import(&world, &[own_name("Patient.name.family")]);
    assert_eq!(said["changed"], 1, "{said}");
    assert!(found(&world, "Patient?own-name=zoe").is_empty());
    assert_eq!(found(&world, "Patient?own-name=jansen").len(), 2);
}
