//! Values of each kind and the modifiers and prefixes that go with it (FHIR R4,
//! Search, 3.1.1.4), on resources that hold them.

use serde_json::{Value, json};

use crate::cast::ZORG;
use crate::client::Client;
use crate::found::{query, sorted};
use crate::shelf::Shelf;
use crate::support::Engine;
use crate::world::{World, base};

on_both_engines!(
    tokens_are_found_by_code_and_system,
    strings_are_found_by_beginning_part_and_whole,
    dates_are_compared_with_their_precision,
    references_are_found_in_every_form,
    uris_are_found_whole_and_along_their_path,
    quantities_and_composites_are_compared_with_unit_and_code,
    values_that_are_none_are_refused_by_name,
);

/// Keeps resources of one type, each with its id.
async fn keep(world: &World, kind: &str, all: &[(&str, Value)]) {
    let shelf = Shelf::of(world).await;
    for (id, content) in all {
        let mut resource = content.clone();
        resource["resourceType"] = kind.into();
        resource["id"] = (*id).into();
        shelf.keep(ZORG, "somebody", &resource).await;
    }
}

/// Each of these searches finds these ids (in any order, blanks between).
async fn check(client: &Client, kind: &str, cases: &[(&str, &str, &str)]) {
    let mut failures = Vec::new();
    for (name, value, expected) in cases {
        let url = query(kind, &[(name, value)]);
        let found = client.get_with(&url, &[("prefer", "handling=strict")]).await;
        let found = match found.status {
            200 => sorted(crate::found::matched(&found.json())),
            status => vec![format!("{status} {}", found.text())],
        };
        let ids = expected.split_whitespace().map(|id| format!("{kind}/{id}"));
        let expected = sorted(ids.collect::<Vec<_>>());
        if found != expected {
            failures.push(format!("{name}={value}: {found:?}, not {expected:?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

async fn tokens_are_found_by_code_and_system(engine: Engine) {
    let world = World::start(engine).await;
    let code = |system: Option<&str>, code: &str, display: &str| {
        let mut coding = json!({ "code": code });
        if let Some(system) = system {
            coding["system"] = system.into();
        }
        if !display.is_empty() {
            coding["display"] = display.into();
        }
        coding
    };
    let snomed = "http://snomed.info/sct";
    let kind =
        json!({ "coding": [{ "system": "urn:kind", "code": "BSN" }], "text": "Burgerservice" });
    let all = [
        (
            "a",
            json!({
                "code": { "coding": [code(Some(snomed), "1", "Hoofdpijn")], "text": "Zware hoofdpijn" },
                "identifier": [{ "system": "urn:ids", "value": "1", "type": kind }],
                "status": "ready",
            }),
        ),
        (
            "b",
            json!({
                "code": { "coding": [code(Some("urn:own"), "1", "Één"), code(Some(snomed), "2", "")] },
                "identifier": [{ "system": "urn:other", "value": "1" }, { "value": "only" }],
                "status": "completed",
            }),
        ),
        (
            "c",
            json!({
                "code": { "coding": [code(None, "1", "")] },
                "identifier": [{ "system": "urn:ids", "value": "a,b|c$d\\e" }],
                "status": "ready",
            }),
        ),
        (
            "d",
            json!({ "code": { "text": "alleen tekst" }, "identifier": [{ "system": "urn:ids" }] }),
        ),
        ("e", json!({})),
    ];
    keep(&world, "Task", &all).await;
    let client = world.client("reader").await;
    let sets = "http://hl7.org/fhir/ValueSet/task-status";
    check(
        &client,
        "Task",
        &[
            ("code", "1", "a b c"),
            ("code", "http://snomed.info/sct|1", "a"),
            ("code", "http://snomed.info/sct|", "a b"),
            ("code", "|1", "c"),
            ("code", "urn:own|2", ""),
            ("code", "2,urn:own|1", "b"),
            ("code", "1,2", "a b c"),
            ("code:not", "1", "d e"),
            ("code:not", "http://snomed.info/sct|1", "b c d e"),
            ("code:not", "1,2", "d e"),
            ("code:text", "hoofd", "a"),
            ("code:text", "zware HOOFD", "a"),
            ("code:text", "een", "b"),
            ("code:text", "pijn", ""),
            ("code:missing", "true", "e"),
            ("code:missing", "false", "a b c d"),
            ("identifier", "1", "a b"),
            ("identifier", "urn:ids|1", "a"),
            ("identifier", "|only", "b"),
            ("identifier", "|1", ""),
            ("identifier", "urn:ids|", "a c d"),
            ("identifier", r"urn:ids|a\,b\|c\$d\\e", "c"),
            ("identifier", r"a\,b\|c\$d\\e", "c"),
            ("identifier:of-type", "urn:kind|BSN|1", "a"),
            ("identifier:of-type", "urn:kind|BSN|2", ""),
            ("identifier:of-type", "urn:other|BSN|1", ""),
            ("identifier:not", "urn:ids|1", "b c d e"),
            ("identifier:text", "burger", "a"),
            ("status", "ready", "a c"),
            ("status", "http://hl7.org/fhir/task-status|ready", "a c"),
            ("status", "urn:x|ready", ""),
            ("status", "READY", ""),
            ("status:not", "ready", "b d e"),
            ("status:in", sets, "a b c"),
            ("status:not-in", sets, "d e"),
        ],
    )
    .await;
    // Alternatives of a parameter, and one and the other.
    for (url, count) in [
        ("Task?code=1&code=2", 1),
        ("Task?code=1&status=ready", 2),
        ("Task?code=1&code:not=2", 2),
        ("Task?code=1&status:not=ready&identifier=only", 1),
        ("Task?_id=a&_id=b", 0),
        ("Task?_id=a,b,zz", 2),
    ] {
        assert_eq!(client.finds(url).await.len(), count, "{url}");
    }
    let patient = |is: bool| json!({ "active": is });
    let people = [("a", patient(true)), ("b", patient(false)), ("c", json!({}))];
    keep(&world, "Patient", &people).await;
    check(
        &client,
        "Patient",
        &[
            ("active", "true", "a"),
            ("active", "false", "b"),
            ("active:not", "true", "b c"),
            ("active", "yes", ""),
        ],
    )
    .await;
}

async fn strings_are_found_by_beginning_part_and_whole(engine: Engine) {
    let world = World::start(engine).await;
    let long = "x".repeat(400);
    let name =
        |family: &str, given: &[&str]| json!({ "name": [{ "family": family, "given": given }] });
    let all = [
        ("a", name("Jansen", &["Zoë", "Anna Maria"])),
        ("b", name("jansen", &["Zoe"])),
        ("c", name("Janssen-de Groot", &["Łukasz"])),
        ("d", name("van  der Straße", &["José"])),
        ("e", name("100%_a*b?", &["[a-z]"])),
        ("f", name(&format!("{long}1"), &["a,b"])),
        ("g", name(&format!("{long}2"), &["a"])),
        ("h", json!({ "name": [{ "text": "Vrije tekst" }] })),
        ("i", json!({})),
    ];
    keep(&world, "Patient", &all).await;
    let client = world.client("reader").await;
    let one = format!("{long}1");
    check(
        &client,
        "Patient",
        &[
            ("family", "jan", "a b c"),
            ("family", "JANSEN", "a b"),
            ("family", "ansen", ""),
            ("family", "jansen,janssen", "a b c"),
            ("family", "van der strasse", "d"),
            ("family", "VAN   DER", "d"),
            ("family:exact", "Jansen", "a"),
            ("family:exact", "jansen", "b"),
            ("family:exact", "Jans", ""),
            ("family:exact", "van  der Straße", "d"),
            ("family:exact", "van der Strasse", ""),
            ("family:contains", "nsen", "a b"),
            ("family:contains", "SSEN-DE", "c"),
            ("family:contains", "groot", "c"),
            ("family", "100%", "e"),
            ("family:contains", "%_a*", "e"),
            ("family:contains", "%", "e"),
            ("family:contains", "_", "e"),
            ("family", "_", ""),
            ("given:contains", "[a-z]", "e"),
            ("given:contains", ".*", ""),
            ("given", "zoe", "a b"),
            ("given", "Zoë", "a b"),
            ("given", "anna", "a"),
            ("given:exact", "Zoë", "a"),
            ("given", "jose", "d"),
            ("given", "lukasz", "c"),
            ("given", r"a\,b", "f"),
            ("given", "a,b", "a f g"),
            ("name", "zoe", "a b"),
            ("name", "vrije", "h"),
            ("name:missing", "true", "i"),
            ("family:missing", "true", "h i"),
            ("family", &long, "f g"),
            ("family:exact", &one, "f"),
            ("family:exact", &long, ""),
        ],
    )
    .await;
}

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
    keep(&world, "Task", &all).await;
    let client = world.client("reader").await;
    check(
        &client,
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
    keep(&world, "Patient", &people).await;
    check(
        &client,
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
    keep(&world, "Task", &all).await;
    let client = world.client("reader").await;
    check(
        &client,
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
    keep(&world, "ActivityDefinition", &all).await;
    let client = world.client("reader").await;
    check(
        &client,
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
    keep(&world, "ActivityDefinition", &all).await;
    let client = world.client("reader").await;
    check(
        &client,
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
