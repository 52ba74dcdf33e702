//! `_sort` (FHIR R4, 3.1.1.5.1): upwards and downwards, by several keys, with
//! values that are missing; and the same order page by page.

use serde_json::{Value, json};

use crate::cast::ZORG;
use crate::found::matched;
use crate::shelf::Shelf;
use crate::support::Engine;
use crate::world::World;

on_both_engines!(
    results_are_sorted_by_every_kind_of_value,
    names_and_addresses_are_sorted_by_all_their_parts,
    orders_that_are_none_are_refused,
);

fn patient(id: &str, family: &[&str], born: Option<&str>, code: &str) -> Value {
    let names: Vec<Value> = family.iter().map(|family| json!({ "family": family })).collect();
    let mut patient = json!({
        "resourceType": "Patient", "id": id,
        "identifier": [{ "system": "urn:ids", "value": code }],
    });
    if !names.is_empty() {
        patient["name"] = names.into();
    }
    if let Some(born) = born {
        patient["birthDate"] = born.into();
    }
    patient
}

async fn results_are_sorted_by_every_kind_of_value(engine: Engine) {
    let world = World::start(engine).await;
    let shelf = Shelf::of(&world).await;
    for one in [
        patient("e", &["Jansen"], Some("1980-05-01"), "10"),
        patient("a", &["bakker"], Some("1980"), "9"),
        patient("d", &["Ällen", "Zwart"], None, "100"),
        patient("b", &["Jansen"], Some("1900-01-01"), "a"),
        patient("c", &[], Some("2024-02-29"), "B"),
    ] {
        shelf.keep(ZORG, "somebody", &one).await;
    }
    let changed = patient("a", &["bakker"], Some("1980"), "09");
    shelf.change(ZORG, "somebody", &changed).await;
    let client = world.client("reader").await;
    for (sort, expected) in [
        ("", "a c b d e"),
        ("-_lastUpdated", "a c b d e"),
        ("_lastUpdated", "e d b c a"),
        ("_id", "a b c d e"),
        ("-_id", "e d c b a"),
        // By the smallest value upwards and the greatest downwards; what has none
        // comes last, what is equal in the order of its creation.
        ("family", "d a e b c"),
        ("-family", "d e b a c"),
        ("family,-_id", "d a e b c"),
        ("family,_id", "d a b e c"),
        ("-family,_id", "d b e a c"),
        ("family,birthdate", "d a b e c"),
        ("family,-birthdate", "d a e b c"),
        ("birthdate", "b a e c d"),
        ("-birthdate", "c e a b d"),
        ("birthdate,family", "b a e c d"),
        ("identifier", "a e d c b"),
        ("-identifier", "b c d e a"),
        ("given", "e a d b c"),
        ("-given,_id", "a b c d e"),
        ("name,_lastUpdated", "d a e b c"),
    ] {
        let expected: Vec<String> = expected.split(' ').map(|id| format!("Patient/{id}")).collect();
        let url =
            if sort.is_empty() { "Patient?".to_owned() } else { format!("Patient?_sort={sort}&") };
        assert_eq!(matched(&client.search(&url).await), expected, "{sort}");
        for count in 1..5 {
            assert_eq!(
                client.walk(&format!("{url}_count={count}")).await,
                expected,
                "{sort} {count}"
            );
        }
        let narrowed = client.walk(&format!("{url}_count=2&identifier:not=100")).await;
        let expected: Vec<String> = expected.into_iter().filter(|one| one != "Patient/d").collect();
        assert_eq!(narrowed, expected, "{sort} with a condition");
    }
    // Several parameters are several keys.
    let found = client.search("Patient?_sort=family&_sort=_id").await;
    assert_eq!(matched(&found)[1..4], ["Patient/a", "Patient/b", "Patient/e"]);
}

async fn names_and_addresses_are_sorted_by_all_their_parts(engine: Engine) {
    let world = World::start(engine).await;
    let name = |name: Value| json!({ "name": [name] });
    let address = |address: Value| json!({ "address": [address] });
    let all = [
        ("a", name(json!({ "family": "Mulder", "given": ["Anna"] }))),
        ("b", name(json!({ "text": "Bea Zwart", "given": ["Zoë"] }))),
        ("c", name(json!({ "prefix": ["drs."], "family": "Yilmaz" }))),
        ("d", address(json!({ "city": "Delft", "country": "NL", "postalCode": "2611" }))),
        ("e", address(json!({ "line": ["Aakade 1"], "state": "ZH" }))),
        ("f", json!({})),
    ];
    world.keep("Patient", &all).await;
    let client = world.client("reader").await;
    for (sort, expected) in [
        ("name,_id", "a b c d e f"),
        ("-name,_id", "b c a d e f"),
        ("phonetic,_id", "a b c d e f"),
        ("family,_id", "a c b d e f"),
        ("address,_id", "d e a b c f"),
        ("-address,_id", "e d a b c f"),
        ("-address,-name,_id", "e d b c a f"),
    ] {
        let expected: Vec<String> = expected.split(' ').map(|id| format!("Patient/{id}")).collect();
        for count in [1, 4, 20] {
            let url = format!("Patient?_sort={sort}&_count={count}");
            assert_eq!(client.walk(&url).await, expected, "{url}");
        }
    }
    for (name, value, expected) in [
        ("name", "zo", "b"),
        ("name", "anna,yilmaz,bea", "a b c"),
        ("name:exact", "Anna", "a"),
        ("name:contains", "ul", "a"),
        ("name:missing", "true", "d e f"),
        ("address", "nl,zh,aa", "d e"),
        ("address:exact", "Delft", "d"),
        ("address:missing", "false", "d e"),
    ] {
        client.check("Patient", &[(name, value, expected)]).await;
    }
}

async fn orders_that_are_none_are_refused(engine: Engine) {
    let world = World::start(engine).await;
    let client = world.client("reader").await;
    for sort in [
        "nonsense",
        "-nonsense",
        "family,nonsense",
        "status",
        "--family",
        "family:asc",
        "organization.name",
        "_text",
        "_has",
    ] {
        let reply = client.get(&format!("Patient?_sort={sort}")).await;
        reply.refused(400, "value").about("http._sort");
    }
    client
        .get("Patient?_sort=_id,family,given,name,gender,birthdate")
        .await
        .refused(400, "too-costly");
    client.get("ActivityDefinition?_sort=context-type-value").await.refused(400, "value");
}
