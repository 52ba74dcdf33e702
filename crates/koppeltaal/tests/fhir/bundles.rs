//! What is asked of the answer to a search: how much of each resource, or only how
//! many (FHIR R4, 3.1.1.5).

use serde_json::{Value, json};

use crate::cast::ZORG;
use crate::client::link;
use crate::found::{matched, total};
use crate::shelf::Shelf;
use crate::support::Engine;
use crate::world::World;

on_both_engines!(
    a_count_has_no_entries,
    parts_of_resources_say_that_they_are_parts,
    every_page_has_the_same_part,
);

async fn fill(world: &World) {
    let shelf = Shelf::of(world).await;
    for at in 0..5 {
        let patient = json!({
            "resourceType": "Patient", "id": format!("p{at}"),
            "meta": { "profile": ["http://example.test/p"], "tag": [{ "code": "kept" }] },
            "text": { "status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">tekst</div>" },
            "active": true, "birthDate": "1980-01-01", "gender": "female",
            "name": [{ "family": "Jansen" }],
            "photo": [{ "title": "foto" }],
            "managingOrganization": { "reference": "Organization/o" },
        });
        shelf.keep(ZORG, "somebody", &patient).await;
    }
    let organization = json!({ "resourceType": "Organization", "id": "o", "name": "Zorg", "contact": [{ "name": { "text": "x" } }] });
    shelf.keep(ZORG, "somebody", &organization).await;
}

fn entries(bundle: &Value) -> Vec<Value> {
    bundle["entry"].as_array().cloned().unwrap_or_default()
}

async fn a_count_has_no_entries(engine: Engine) {
    let world = World::start(engine).await;
    fill(&world).await;
    let client = world.client("reader").await;
    for url in [
        "Patient?_summary=count",
        "Patient?_count=0",
        "Patient?_summary=count&_count=2",
        "Patient?_summary=count&family=jansen&_sort=family",
        "Patient?_count=0&_include=Patient:organization",
        "Patient?_summary=count&_include=Patient:organization",
    ] {
        let bundle = client.search(url).await;
        assert_eq!((total(&bundle), bundle.get("entry")), (5, None), "{url}");
        assert_eq!((link(&bundle, "next"), link(&bundle, "previous")), (None, None), "{url}");
        assert!(link(&bundle, "self").is_some(), "{url}");
    }
    let bundle = client.search("Patient?_summary=count&family=nobody").await;
    assert_eq!(total(&bundle), 0);
    let xml = client.get("Patient?_summary=count&_format=xml").await.expect(200).text();
    assert!(xml.contains("<total value=\"5\"/>") && !xml.contains("<entry>"), "{xml}");
}

async fn parts_of_resources_say_that_they_are_parts(engine: Engine) {
    let world = World::start(engine).await;
    fill(&world).await;
    let client = world.client("reader").await;
    for (part, has, has_not) in [
        (
            "_summary=true",
            &["active", "birthDate", "managingOrganization"][..],
            &["photo", "text"][..],
        ),
        ("_summary=text", &["text", "id"], &["active", "photo", "birthDate"]),
        ("_summary=data", &["active", "photo"], &["text"]),
        ("_elements=birthDate", &["birthDate"], &["active", "photo", "text"]),
        ("_elements=birthDate,photo", &["birthDate", "photo"], &["active", "text"]),
        ("_elements=Patient.birthDate", &["birthDate"], &["active", "photo"]),
    ] {
        let bundle = client.search(&format!("Patient?{part}")).await;
        assert_eq!((total(&bundle), matched(&bundle).len()), (5, 5), "{part}");
        for entry in entries(&bundle) {
            let resource = &entry["resource"];
            for name in has {
                assert!(resource.get(*name).is_some(), "{part}: no {name}: {resource}");
            }
            for name in has_not {
                assert!(resource.get(*name).is_none(), "{part}: {name}: {resource}");
            }
            let tags = resource["meta"]["tag"].as_array().unwrap();
            let is_marked = tags.iter().any(|tag| {
                tag["code"] == "SUBSETTED"
                    && tag["system"] == "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"
            });
            assert!(is_marked, "{part}: {resource}");
            assert!(resource["meta"]["versionId"].is_string(), "{part}");
        }
    }
    for whole in ["Patient", "Patient?_summary=false"] {
        for entry in entries(&client.search(whole).await) {
            let resource = &entry["resource"];
            assert!(resource.get("photo").is_some() && resource.get("text").is_some());
            assert!(!resource.to_string().contains("SUBSETTED"), "{whole}");
        }
    }
    // What comes with the results is a part too.
    let bundle = client.search("Patient?_summary=true&_include=Patient:organization").await;
    let organization = entries(&bundle).into_iter().find(|one| one["search"]["mode"] == "include");
    let organization = organization.unwrap()["resource"].clone();
    assert_eq!(organization["name"], "Zorg");
    assert!(organization.to_string().contains("SUBSETTED"), "{organization}");
}

async fn every_page_has_the_same_part(engine: Engine) {
    let world = World::start(engine).await;
    fill(&world).await;
    let client = world.client("reader").await;
    for part in ["_elements=birthDate", "_summary=text"] {
        let pages = client.pages(&format!("Patient?{part}&_count=2")).await;
        assert_eq!(pages.len(), 3);
        for entry in pages.iter().flat_map(entries) {
            assert!(entry["resource"].to_string().contains("SUBSETTED"), "{part}: {entry}");
            assert!(entry["resource"].get("photo").is_none(), "{part}");
        }
    }
}
