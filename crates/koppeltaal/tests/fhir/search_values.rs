//! Tokens and strings and the modifiers that go with them (FHIR R4, Search, 3.1.1.4.8
//! and 3.1.1.4.10), on resources that hold them.

use serde_json::json;

use crate::support::Engine;
use crate::world::World;

on_both_engines!(
    tokens_are_found_by_code_and_system,
    strings_are_found_by_beginning_part_and_whole,
);

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
    world.keep("Task", &all).await;
    let client = world.client("reader").await;
    let sets = "http://hl7.org/fhir/ValueSet/task-status";
    client
        .check(
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
    world.keep("Patient", &people).await;
    client
        .check(
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
    world.keep("Patient", &all).await;
    let client = world.client("reader").await;
    let one = format!("{long}1");
    client
        .check(
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
