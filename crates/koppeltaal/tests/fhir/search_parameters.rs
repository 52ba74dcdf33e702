//! Every search parameter that the CapabilityStatement lists finds what has the
//! value and nothing else (K002-11). Whoever lists one more has to say here what
//! finds it.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;

use crate::cast::ZORG;
use crate::client::{Client, matches, path};
use crate::filled::{cases, filled};
use crate::filled_other::{other, whole};
use crate::found::query;
use crate::resources::{ORIGIN, TYPES};
use crate::shelf::Shelf;
use crate::support::Engine;
use crate::world::World;

on_both_engines!(every_listed_parameter_filters, parameters_that_all_types_have_are_listed);

/// What is found by every type in the same way.
const COMMON: [(&str, &str); 9] = [
    ("_id", "filled"),
    ("_profile", "http://example.test/profile"),
    ("_security", "urn:s|secret"),
    ("_source", "http://example.test/source"),
    ("_tag", "urn:t|tagged"),
    ("_text", "narratief"),
    ("_content", "narratief"),
    ("_content", "Doorlopend verhaal"),
    ("resource-origin", "Device/somebody"),
];

/// What every resource has, so that it is never missing.
const ALWAYS: [&str; 2] = ["_id", "_lastUpdated"];
/// What is no row of the index, so that nothing can be missing.
const SPECIAL: [&str; 3] = ["_text", "_content", "_has"];

/// The parameters that the CapabilityStatement lists for a type.
async fn listed(client: &Client, kind: &str) -> BTreeSet<String> {
    let statement = client.get("metadata").await.expect(200).json();
    let resources = statement["rest"][0]["resource"].as_array().unwrap().clone();
    let of_type = resources.into_iter().find(|one| one["type"] == kind).unwrap();
    let all = of_type["searchParam"].as_array().unwrap().clone();
    let names: Vec<String> =
        all.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect();
    let distinct: BTreeSet<String> = names.iter().cloned().collect();
    assert_eq!(distinct.len(), names.len(), "{kind} lists a parameter twice");
    distinct
}

/// Fills the store: of each type a filled resource, another one and an empty one.
/// The answer is a time between the first and the others.
async fn fill(world: &World, caller: &str) -> String {
    let shelf = Shelf::of(world).await;
    let me = world.client_id(caller);
    let mut between = String::new();
    for round in ["filled", "other", "empty"] {
        for kind in TYPES {
            let resource = match round {
                "filled" => whole(kind),
                "other" => other(&whole(kind)),
                _ => json!({ "resourceType": kind, "id": "empty" }),
            };
            // One's own Subscriptions are all that are seen.
            let origin = match (kind, round) {
                ("Subscription", _) => me.as_str(),
                (_, "filled") => "somebody",
                _ => "else",
            };
            shelf.keep(ZORG, origin, &resource).await;
        }
        if round == "filled" {
            world.app.advance(Duration::from_secs(3600));
            between = world.app.now().to_instant_millis();
            world.app.advance(Duration::from_secs(3600));
        }
    }
    for kind in TYPES {
        let seen = json!({
            "resourceType": "AuditEvent",
            "id": format!("about-{kind}"),
            "subtype": [{ "system": "urn:seen", "code": kind }],
            "entity": [{ "what": { "reference": format!("{kind}/filled") } }],
        });
        shelf.keep(ZORG, "else", &seen).await;
    }
    world.forget_tokens().await;
    between
}

async fn every_listed_parameter_filters(engine: Engine) {
    let world = World::start(engine).await;
    let between = fill(&world, "reader").await;
    let client = world.client("reader").await;
    let mut failures = Vec::new();
    for kind in TYPES {
        let mut tests: Vec<(String, String)> = Vec::new();
        let fixed = cases(kind).iter().chain(&COMMON);
        tests.extend(fixed.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        tests.push(("_lastUpdated".to_owned(), format!("lt{between}")));
        tests.push(("_has:AuditEvent:entity:subtype".to_owned(), format!("urn:seen|{kind}")));
        if kind == "Subscription" {
            tests.retain(|(name, _)| name != "resource-origin");
        }
        for name in listed(&client, kind).await {
            let is_tested =
                |(tested, _): &(String, String)| tested.split(':').next() == Some(&name);
            let is_owners = kind == "Subscription" && name == "resource-origin";
            if !tests.iter().any(is_tested) && !is_owners {
                failures.push(format!("{kind} lists {name}: nothing here says what finds it"));
            }
            failures.extend(missing(&client, kind, &name).await);
            failures.extend(order(&client, kind, &name).await);
        }
        for (name, value) in &tests {
            // Devices of the clients were there before.
            let mut pairs = vec![(name.as_str(), value.as_str()), ("_count", "100")];
            if kind == "Device" && name == "_lastUpdated" {
                pairs.push(("_tag:missing", "false"));
            }
            pairs.extend(among(kind));
            let url = query(kind, &pairs);
            let reply = client.get_with(&url, &[("prefer", "handling=strict")]).await;
            let found = match reply.status {
                200 => matches(&reply.json()).iter().map(path).collect(),
                status => vec![format!("{status} {}", reply.text())],
            };
            if found != [format!("{kind}/filled")] {
                failures.push(format!("{kind}?{name}={value} found {found:?}"));
            }
        }
    }
    // The origin of Subscriptions is that of the caller.
    for (device, count) in [(world.device("reader"), 3), ("Device/else".to_owned(), 0)] {
        let url = query("Subscription", &[("resource-origin", &device)]);
        assert_eq!(client.finds(&url).await.len(), count, "{device}");
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// What is asked besides: each of these searches leaves an AuditEvent of its own.
fn among(kind: &str) -> Option<(&'static str, &'static str)> {
    (kind == "AuditEvent").then_some(("_id", "filled,empty"))
}

/// What every resource of a type has: nobody is without an origin, a patient who is not known to be
/// dead is not, and an event has the time of its row at least.
fn is_always_there(kind: &str, name: &str) -> bool {
    ALWAYS.contains(&name)
        || ["resource-origin", "deceased"].contains(&name)
        || (kind, name) == ("AuditEvent", "date")
}

/// `:missing` divides the filled resource from the empty one.
async fn missing(client: &Client, kind: &str, name: &str) -> Option<String> {
    if is_always_there(kind, name) || SPECIAL.contains(&name) {
        return None;
    }
    for (value, has, has_not) in [("true", "empty", "filled"), ("false", "filled", "empty")] {
        let name = format!("{name}:missing");
        let mut pairs = vec![(name.as_str(), value), ("_count", "100")];
        pairs.extend(among(kind));
        let url = query(kind, &pairs);
        let reply = client.get_with(&url, &[("prefer", "handling=strict")]).await;
        if reply.status != 200 {
            return Some(format!("{url}: {}", reply.text()));
        }
        let found: Vec<String> = matches(&reply.json()).iter().map(path).collect();
        let holds = |id: &str| found.contains(&format!("{kind}/{id}"));
        if !holds(has) || holds(has_not) {
            return Some(format!("{url} found {found:?}"));
        }
    }
    None
}

/// `_sort` by what is in the index: everything once, what has no value at the end.
async fn order(client: &Client, kind: &str, name: &str) -> Option<String> {
    if SPECIAL.contains(&name) {
        return None;
    }
    for sort in [name.to_owned(), format!("-{name}")] {
        let mut pairs = vec![("_sort", sort.as_str()), ("_count", "200")];
        pairs.extend(among(kind));
        let url = query(kind, &pairs);
        let reply = client.get(&url).await;
        let is_composite = name.starts_with("context-type-");
        if is_composite {
            if reply.status != 400 {
                return Some(format!("{url}: {}", reply.status));
            }
            continue;
        }
        if reply.status != 200 {
            return Some(format!("{url}: {}", reply.text()));
        }
        let found: Vec<String> = matches(&reply.json()).iter().map(path).collect();
        let all: BTreeSet<&String> = found.iter().collect();
        let place = |id: &str| found.iter().position(|one| *one == format!("{kind}/{id}"));
        let is_last = place("empty") > place("filled");
        let is_in_order = is_last || is_always_there(kind, name);
        if place("empty").is_none() || all.len() != found.len() || !is_in_order {
            return Some(format!("{url} found {found:?}"));
        }
    }
    None
}

async fn parameters_that_all_types_have_are_listed(engine: Engine) {
    let world = World::start(engine).await;
    let client = world.client("reader").await;
    for kind in TYPES {
        let listed = listed(&client, kind).await;
        for name in
            ["_id", "_lastUpdated", "_tag", "_profile", "_security", "_text", "_content", "_has"]
        {
            assert!(listed.contains(name), "{kind} does not list {name}");
        }
        assert!(listed.contains("resource-origin"), "{kind}");
        for (name, value) in
            [("_list", "x"), ("_query", "x"), ("_filter", "x"), ("_contained", "true")]
        {
            assert!(!listed.contains(name), "{kind} lists {name}");
            client.get(&query(kind, &[(name, value)])).await.refused(400, "not-supported");
        }
    }
    let seven = [
        ("Task", "instantiates"),
        ("ActivityDefinition", "publisherId"),
        ("ActivityDefinition", "participant"),
        ("AuditEvent", "traceId"),
        ("AuditEvent", "correlationId"),
        ("AuditEvent", "requestId"),
        ("Patient", "resource-origin"),
    ];
    for (kind, name) in seven {
        assert!(listed(&client, kind).await.contains(name), "{kind}.{name}");
    }
    // The filled resources have the extension where it belongs.
    assert!(filled("Task")["extension"].to_string().contains("instantiates"));
    assert!(!ORIGIN.is_empty());
}
