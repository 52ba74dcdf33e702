//! The trail as a whole: every AuditEvent in it is valid, and each request of many at
//! once is in it exactly once, also when the server ends.

use std::collections::BTreeMap;

use koppeltaal_core::audit::Action;
use koppeltaal_fhir::json;
use koppeltaal_fhir::r4::profile;
use koppeltaal_fhir::r4::validate::{Compiled, Options, validate};
use serde_json::Value;

use crate::audited_trail::id;
use crate::cast::ZORG;
use crate::client::{JSON, link, path};
use crate::resources::{Ground, TYPES, changed, patient, subscription};
use crate::support::Engine;
use crate::world::World;

on_both_engines!(
    every_event_meets_its_profile,
    each_of_many_requests_is_told_once,
    nothing_is_lost_when_the_server_ends,
);

/// Requests of every kind, good and bad.
async fn everything(world: &World) {
    let ground = Ground::of(world, "own").await;
    for name in ["own", "admin", "nobody"] {
        let client = world.client(name).await;
        let mut paths = vec!["metadata".to_owned(), "Nonsense".to_owned(), "_history".to_owned()];
        for kind in TYPES.into_iter().filter(|kind| *kind != "AuditEvent") {
            let body = ground.resource(kind);
            let kept = client.try_create(&body).await;
            client.post(&format!("{kind}/$validate"), &body).await;
            client.post(kind, &serde_json::json!({ "resourceType": kind })).await;
            paths.extend([kind.to_owned(), format!("{kind}/_history"), format!("{kind}?_odd=1")]);
            if kept.status != 201 {
                continue;
            }
            let kept = kept.json();
            let place = path(&kept);
            client.try_update(&changed(&kept)).await;
            client.try_update(&kept).await;
            client.post(&format!("{place}/$validate"), &kept).await;
            paths.extend([
                place.clone(),
                format!("{place}/_history"),
                format!("{place}/_history/1"),
            ]);
            client.call("PATCH", &place, &[], "[]").await;
            client.get(&place).await;
            client.delete(&place).await;
            client.delete(&place).await;
        }
        client.post("Subscription", &subscription("Task?odd:odd=1")).await;
        client.call("POST", "Patient", &[("content-type", JSON)], "{\"\u{e9}\u{1}").await;
        client.get("Patient?name=%C3%A9%22%5C&_text=a%0Ab").await;
        client.get("AuditEvent?_count=5").await;
        client.get("StructureDefinition?_count=3").await;
        for path in paths {
            client.get(&path).await;
        }
        let page = client.get("Patient?_count=1").await;
        if let Some(next) = (page.status == 200).then(|| link(&page.json(), "next")).flatten() {
            client.get(&next).await;
        }
    }
}

async fn every_event_meets_its_profile(engine: Engine) {
    let world = World::start(engine).await;
    everything(&world).await;
    let compiled = Compiled::new(profile::koppeltaal().clone());
    let options = Options { is_profile_required: true, ..Options::new(&compiled) };
    let events = world.every_event().await;
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for event in &events {
        let report = validate(&json::parse(event.to_string().as_bytes()).unwrap(), &options);
        let remarks: Vec<String> =
            report.issues.iter().map(|one| format!("{} {}", one.expression, one.details)).collect();
        assert!(remarks.is_empty(), "{remarks:#?} {event:#}");
        let kind = format!("{} {}", event["subtype"][0]["code"], event["outcome"]);
        *kinds.entry(kind).or_default() += 1;
    }
    for code in ["create", "read", "update", "delete", "search-type", "history-type", "operation"] {
        for outcome in ["0", "4"] {
            let kind = format!("\"{code}\" \"{outcome}\"");
            assert!(kinds.contains_key(&kind), "no {kind}: {kinds:#?}");
        }
    }
}

/// How often each request is in the trail.
fn counted(events: &[Value]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for event in events {
        *counts.entry(id(event, "trace-id")).or_default() += 1;
    }
    counts
}

async fn each_of_many_requests_is_told_once(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let place = path(&own.create(&patient()).await);
    let body = patient().to_string();
    let one = async |number: usize| {
        let trace = format!("many-{number}");
        let headers = [("x-trace-id", trace.as_str()), ("content-type", JSON)];
        let (method, path, body) = match number % 4 {
            0 => ("GET", place.as_str(), String::new()),
            1 => ("GET", "Patient?_count=2", String::new()),
            2 => ("POST", "Patient", body.clone()),
            _ => ("GET", "Patient/unknown", String::new()),
        };
        own.call(method, path, &headers, body).await;
    };
    let all = (0..200).collect::<Vec<_>>();
    for some in all.chunks(20) {
        futures_util::future::join_all(some.iter().map(|number| one(*number))).await;
    }
    let counts = counted(&world.every_event().await);
    for number in 0..200 {
        assert_eq!(counts.get(&format!("many-{number}")), Some(&1), "{number}");
    }
}

async fn nothing_is_lost_when_the_server_ends(engine: Engine) {
    let world = World::start(engine).await;
    let second = world.app.second_server().await;
    let own = world.client_at(&second, "own").await;
    for number in 0..50 {
        let trace = format!("last-{number}");
        own.get_with("Patient/unknown", &[("x-trace-id", &trace)]).await.expect(403);
    }
    second.shutdown().await;
    let rows = world.app.audit_of(ZORG, Action::Reject).await;
    let last: Vec<&str> = rows.iter().filter_map(|row| row.trace_id.as_deref()).collect();
    let expected: Vec<String> = (0..50).map(|number| format!("last-{number}")).collect();
    assert_eq!(last, expected);
}
