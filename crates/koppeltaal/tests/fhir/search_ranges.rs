//! Dates and quantities, alone and in composites, and the prefixes that compare them
//! (FHIR R4, Search, 3.1.1.4.7 and 3.1.1.4.11).

use serde_json::{Value, json};

use crate::support::Engine;
use crate::world::World;

on_both_engines!(
    dates_are_compared_with_their_precision,
    quantities_and_composites_are_compared_with_unit_and_code,
);

async fn dates_are_compared_with_their_precision(engine: Engine) {
    let world = World::start(engine).await;
    let at = |moment: &str| json!({ "authoredOn": moment });
    let during = |start: Option<&str>, end: Option<&str>| json!({ "executionPeriod": { "start": start, "end": end } });
    let clean = |mut value: Value| {
        if let Some(period) = value["executionPeriod"].as_object_mut() {
            period.retain(|_, value| !value.is_null());
        }
        value
    };
    let all = [
        ("y", at("2024")),
        ("m", at("2024-05")),
        ("d", at("2024-05-31")),
        ("s", at("2024-05-31T10:00:00Z")),
        ("z", at("2024-05-31T23:30:00-02:00")),
        ("f", at("2024-05-31T10:00:00.250Z")),
        ("closed", during(Some("2024-03-01"), Some("2024-03-31"))),
        ("since", clean(during(Some("2024-03-15"), None))),
        ("until", clean(during(None, Some("2024-03-15")))),
        ("none", json!({})),
    ];
    world.keep("Task", &all).await;
    let client = world.client("reader").await;
    client
        .check(
            "Task",
            &[
                ("authored-on", "2024", "y m d s z f"),
                ("authored-on", "2024-05", "m d s f"),
                ("authored-on", "2024-06", "z"),
                ("authored-on", "2024-05-31", "d s f"),
                ("authored-on", "2024-06-01", "z"),
                ("authored-on", "2024-05-31T10:00:00Z", "s f"),
                ("authored-on", "2024-05-31T12:00:00+02:00", "s f"),
                ("authored-on", "2024-05-31T10:00:00.250Z", "f"),
                ("authored-on", "eq2024-05-31T10:00:00.251Z", ""),
                ("authored-on", "2024-05-31T10:00Z", "s f"),
                ("authored-on", "ne2024-05-31", "y m z"),
                ("authored-on", "gt2024-05-31", "y z"),
                ("authored-on", "lt2024-05-31", "y m"),
                ("authored-on", "ge2024-05-31", "y z d s f"),
                ("authored-on", "le2024-05-31", "y m d s f"),
                ("authored-on", "sa2024-05-31", "z"),
                ("authored-on", "eb2024-05-31", ""),
                ("authored-on", "eb2024-06-01", "m d s f"),
                ("authored-on", "sa2024-05-31T10:00:00.200Z", "z f"),
                ("authored-on", "gt2023", "y m d s z f"),
                ("authored-on", "lt2025", "y m d s z f"),
                ("authored-on", "sa2024", ""),
                ("authored-on", "eb2025", "y m d s z f"),
                ("authored-on", "ap2024-05-31", "y m d s z f"),
                ("authored-on", "2024-05-31,2024-06-01", "d s f z"),
                ("authored-on:missing", "true", "closed since until none"),
                ("period", "2024-03", "closed"),
                ("period", "2024", "closed"),
                ("period", "2024-03-10", ""),
                ("period", "gt2024-03-31", "since"),
                ("period", "ge2024-03", "closed since"),
                ("period", "lt2024-03-01", "until"),
                ("period", "le2024-03", "closed until"),
                ("period", "sa2024-02", "closed since"),
                ("period", "sa2024-03", ""),
                ("period", "eb2024-04", "closed until"),
                ("period", "ne2024-03", "since until"),
                ("period:missing", "false", "closed since until"),
            ],
        )
        .await;
    for (url, count) in [
        ("Task?authored-on=ge2024-05-31&authored-on=le2024-05-31T12:00:00Z", 4),
        ("Task?authored-on=sa2024-05-30&authored-on=eb2024-06-02", 4),
        ("Task?_lastUpdated=gt2020", 10),
        ("Task?_lastUpdated=lt2020", 0),
        ("Task?_lastUpdated=ne2020", 10),
        ("Task?_lastUpdated=lt2020,gt2020", 10),
    ] {
        assert_eq!(client.finds(url).await.len(), count, "{url}");
    }
    let people = [
        ("old", json!({ "birthDate": "1900-01-01" })),
        ("leap", json!({ "birthDate": "1980-02-29" })),
        ("year", json!({ "birthDate": "1980" })),
    ];
    world.keep("Patient", &people).await;
    client
        .check(
            "Patient",
            &[
                ("birthdate", "1980", "leap year"),
                ("birthdate", "1980-02", "leap"),
                ("birthdate", "lt1980-01-01", "old"),
                ("birthdate", "eb1980-01-01", "old"),
                ("birthdate", "ge1980", "leap year"),
                ("birthdate", "ap1980", "leap year"),
            ],
        )
        .await;
}

async fn quantities_and_composites_are_compared_with_unit_and_code(engine: Engine) {
    let world = World::start(engine).await;
    let ucum = "http://unitsofmeasure.org";
    let of = |code: &str, value: Value| {
        let mut context = value;
        context["code"] = json!({ "system": "urn:context", "code": code });
        json!({ "useContext": [context] })
    };
    let years = |value: f64| json!({ "valueQuantity": { "value": value, "system": ucum, "code": "a", "unit": "jaar" } });
    let concept = |code: &str| json!({ "valueCodeableConcept": { "coding": [{ "system": "urn:c", "code": code }] } });
    let mut mixed = of("age", years(30.0));
    mixed["useContext"]
        .as_array_mut()
        .unwrap()
        .push(of("focus", concept("sleep"))["useContext"][0].clone());
    let all = [
        ("a", of("age", years(18.0))),
        ("b", of("age", years(18.4))),
        ("c", of("age", years(-2.0))),
        ("d", of("age", json!({ "valueQuantity": { "value": 18, "unit": "maanden" } }))),
        (
            "e",
            of("age", json!({ "valueRange": { "low": { "value": 12 }, "high": { "value": 16 } } })),
        ),
        ("f", of("focus", concept("sleep"))),
        ("g", of("age", concept("sleep"))),
        ("h", mixed),
        ("i", json!({})),
    ];
    world.keep("ActivityDefinition", &all).await;
    let client = world.client("reader").await;
    client
        .check(
            "ActivityDefinition",
            &[
                ("context-quantity", "18", "a b d"),
                ("context-quantity", "18.0", "a d"),
                ("context-quantity", "18.4", "b"),
                ("context-quantity", "1.8e1", "a d"),
                ("context-quantity", "18|http://unitsofmeasure.org|a", "a b"),
                ("context-quantity", "18||a", "a b"),
                ("context-quantity", "18||jaar", "a b"),
                ("context-quantity", "18||maanden", "d"),
                ("context-quantity", "18|urn:other|a", ""),
                ("context-quantity", "gt18", "b h"),
                ("context-quantity", "ge18.4", "b h"),
                ("context-quantity", "lt0", "c"),
                ("context-quantity", "le-2", "c"),
                ("context-quantity", "-2", "c"),
                ("context-quantity", "ne18||maanden", ""),
                ("context-quantity", "ap20||jaar", "a b"),
                ("context-quantity:missing", "true", "f g i"),
                ("context-type-quantity", "age$18", "a b d"),
                ("context-type-quantity", "urn:context|age$gt20", "h"),
                ("context-type-quantity", "focus$gt20", ""),
                ("context-type-quantity", "age$18||maanden", "d"),
                ("context-type-value", "focus$sleep", "f h"),
                ("context-type-value", "age$sleep", "g"),
                ("context-type-value", "urn:context|focus$urn:c|sleep", "f h"),
                ("context-type-value", "urn:context|focus$sleep", "f h"),
                ("context-type-value", "urn:other|focus$sleep", ""),
                ("context-type-value", "focus$urn:other|sleep", ""),
                ("context-type", "focus", "f h"),
                ("context", "sleep", "f g h"),
            ],
        )
        .await;
    let both = "ActivityDefinition?context-quantity=gt12.5&context-quantity=lt17";
    assert!(client.finds(both).await.len() <= 1, "a range is one resource at most");
}
