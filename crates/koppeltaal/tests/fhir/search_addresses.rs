//! References and URIs in all their forms (FHIR R4, Search, 3.1.1.4.12 and
//! 3.1.1.4.13), and values of every kind that are none.

use serde_json::json;

use crate::cast::ZORG;
use crate::found::query;
use crate::support::Engine;
use crate::world::{World, base};

on_both_engines!(
    references_are_found_in_every_form,
    uris_are_found_whole_and_along_their_path,
    values_that_are_none_are_refused_by_name,
);

async fn references_are_found_in_every_form(engine: Engine) {
    let world = World::start(engine).await;
    let owner = |reference: &str| json!({ "owner": { "reference": reference } });
    let own = format!("{}/Patient/p1", base(ZORG));
    let all = [
        ("a", owner("Patient/p1")),
        ("b", owner("Practitioner/p1")),
        ("c", owner("https://elsewhere.example.test/fhir/Patient/p1")),
        ("d", owner("Patient/p1/_history/3")),
        ("e", owner("urn:uuid:0b1d1a3e-6a3c-4c42-8a54-0f2bb9d4a001")),
        ("f", json!({ "owner": { "identifier": { "system": "urn:ids", "value": "p1" } } })),
        ("g", owner("Patient/p10")),
        ("h", json!({})),
    ];
    world.keep("Task", &all).await;
    let client = world.client("reader").await;
    client
        .check(
            "Task",
            &[
                ("owner", "Patient/p1", "a d"),
                ("owner", "p1", "a b d"),
                ("owner", &own, "a d"),
                ("owner", "https://elsewhere.example.test/fhir/Patient/p1", "c"),
                ("owner", "urn:uuid:0b1d1a3e-6a3c-4c42-8a54-0f2bb9d4a001", "e"),
                ("owner:Patient", "p1", "a d"),
                ("owner:Patient", "Patient/p1", "a d"),
                ("owner:Practitioner", "p1", "b"),
                ("owner:identifier", "urn:ids|p1", "f"),
                ("owner:identifier", "p1", "f"),
                ("owner:identifier", "urn:other|p1", ""),
                ("owner", "Patient/p1,Practitioner/p1", "a b d"),
                ("owner:missing", "true", "h"),
                ("owner:missing", "false", "a b c d e f g"),
                ("owner", "Patient/p", ""),
                ("owner", "Patient/P1", ""),
            ],
        )
        .await;
}

async fn uris_are_found_whole_and_along_their_path(engine: Engine) {
    let world = World::start(engine).await;
    let url = |url: &str| json!({ "url": url, "meta": { "profile": [format!("{url}|1.0")] } });
    let all = [
        ("a", url("https://example.test/a")),
        ("b", url("https://example.test/a/b")),
        ("c", url("https://example.test/ab")),
        ("d", url("urn:oid:1.2.3")),
    ];
    world.keep("ActivityDefinition", &all).await;
    let client = world.client("reader").await;
    client
        .check(
            "ActivityDefinition",
            &[
                ("url", "https://example.test/a", "a"),
                ("url", "https://EXAMPLE.test/a", ""),
                ("url", "https://example.test/a/", ""),
                ("url", "urn:oid:1.2.3", "d"),
                ("url:below", "https://example.test/a", "a b"),
                ("url:below", "https://example.test/", "a b c"),
                ("url:below", "urn:oid:1.2", ""),
                ("url:above", "https://example.test/a/b/c", "a b"),
                ("url:above", "https://example.test/a", "a"),
                ("url:missing", "true", ""),
                ("url", "https://example.test/a,urn:oid:1.2.3", "a d"),
            ],
        )
        .await;
}

async fn values_that_are_none_are_refused_by_name(engine: Engine) {
    let world = World::start(engine).await;
    let client = world.client("reader").await;
    for (kind, name, value) in [
        ("Patient", "birthdate", "yesterday"),
        ("Patient", "birthdate", "2024-13"),
        ("Patient", "birthdate", "2024-02-30"),
        ("Patient", "birthdate", "xx2024"),
        ("Patient", "birthdate", "ge"),
        ("Patient", "birthdate", "-2024"),
        ("Patient", "birthdate", "99999-01-01"),
        ("Patient", "_lastUpdated", "nu"),
        ("Patient", "_id", "a b"),
        ("Patient", "_id", "a/b"),
        ("Patient", "identifier", "a|b|c"),
        ("Patient", "identifier", "|"),
        ("Patient", "identifier:of-type", "a|b"),
        ("Patient", "active:missing", "perhaps"),
        ("Patient", "organization", "Organization/a/b"),
        ("Patient", "organization", "a b"),
        ("Patient", "_sort", "nothing"),
        ("Patient", "_count", "-1"),
        ("Patient", "_count", "ten"),
        ("Patient", "_summary", "perhaps"),
        ("Patient", "_total", "some"),
        ("Patient", "_include", "Patient"),
        ("Patient", "_include", "Patient:name"),
        ("Patient", "_include", "Nonsense:owner"),
        ("Patient", "_revinclude", "Task:nonsense"),
        ("ActivityDefinition", "context-quantity", "much"),
        ("ActivityDefinition", "context-type-value", "focus"),
        ("ActivityDefinition", "context-type-quantity", "age$much"),
    ] {
        let reply = client.get(&query(kind, &[(name, value)])).await.expect(400);
        let code = name.split(':').next().unwrap();
        let told = reply.diagnostics();
        assert!(told.contains(code), "{name}={value}: {told}");
        assert!(reply.text().contains(&format!("http.{name}")), "{name}={value}: {}", reply.text());
    }
    // A modifier that does not go with the kind.
    for (name, value) in [
        ("family:not", "x"),
        ("family:text", "x"),
        ("birthdate:exact", "2024"),
        ("active:contains", "x"),
        ("active:exact", "true"),
        ("organization:contains", "x"),
        ("organization:Task", "x"),
        ("organization:Nonsense", "x"),
        ("_id:exact", "x"),
        ("_lastUpdated:exact", "2024"),
        ("identifier:nonsense", "x"),
        ("_text:exact", "x"),
    ] {
        let reply = client.get(&query("Patient", &[(name, value)])).await.expect(400);
        let code = name.split(':').next().unwrap();
        assert!(reply.diagnostics().contains(code), "{name}: {}", reply.diagnostics());
    }
    // Every mistake is told at once.
    let reply = client.get("Patient?birthdate=x&_count=y&_list=z").await.expect(400);
    assert_eq!(reply.issues().len(), 3, "{}", reply.text());
}
