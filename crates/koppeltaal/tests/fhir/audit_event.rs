//! AuditEvents of applications: made by them, and changed by nobody (X7, K012-4).

use serde_json::json;
use uuid::Uuid;

use crate::client::path;
use crate::resources::{audit_event, patient};
use crate::support::Engine;
use crate::world::World;

on_both_engines!(
    applications_tell_what_went_wrong,
    nobody_changes_an_audit_event,
    the_profile_holds_for_audit_events_too,
    an_event_tells_of_as_many_things_as_it_likes,
);

async fn applications_tell_what_went_wrong(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let me = world.device("own");
    for outcome in ["0", "4", "8", "12"] {
        let mut event = audit_event(&me, &me);
        event["outcome"] = outcome.into();
        event["outcomeDesc"] = "it did not work".into();
        event["extension"] = json!([
            { "url": "http://koppeltaal.nl/fhir/StructureDefinition/trace-id", "valueId": "trace-1" },
            { "url": "http://koppeltaal.nl/fhir/StructureDefinition/request-id", "valueId": "r-1" },
        ]);
        let kept = own.create(&event).await;
        assert_eq!(own.get(&path(&kept)).await.expect(200).json(), kept);
        own.get(&format!("{}/_history", path(&kept))).await.expect(200);
    }
    let found = world.client("granted").await.search("AuditEvent?traceId=trace-1").await;
    assert_eq!(found["total"], 4);
    let found = world.client("own2").await.search("AuditEvent?traceId=trace-1").await;
    assert_eq!(found["total"], 0);
}

async fn nobody_changes_an_audit_event(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let event = own.create(&audit_event(&world.device("own"), &world.device("own"))).await;
    let mut other = event.clone();
    other["outcome"] = "8".into();
    for client in ["own", "admin", "cascade"] {
        let client = world.client(client).await;
        for tag in [&[] as &[_], &[("if-match", "1")], &[("if-match", "9")]] {
            let refused = client.put_with(&path(&event), tag, &other).await;
            refused.refused(405, "not-supported");
        }
        client.put_with(&path(&event), &[("if-match", "1")], &event).await.expect(405);
        let unknown = format!("AuditEvent/{}", Uuid::new_v4());
        client.put_with(&unknown, &[("if-match", "1")], &other).await.expect(405);
        client.delete(&path(&event)).await.refused(405, "not-supported");
    }
    for client in ["granted", "reader", "nobody"] {
        let client = world.client(client).await;
        client.put_with(&path(&event), &[("if-match", "1")], &other).await.expect(403);
    }
    assert_eq!(own.get(&path(&event)).await.expect(200).json(), event);
}

async fn the_profile_holds_for_audit_events_too(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let me = world.device("own");
    for (place, value) in [
        ("/entity", json!(null)),
        ("/agent/0/who", json!(null)),
        ("/agent/0/type", json!(null)),
        ("/agent/0/requestor", json!(null)),
        ("/agent/0/who", json!({ "reference": "Patient/1" })),
        ("/source", json!(null)),
        ("/recorded", json!("2024-05-01")),
        ("/recorded", json!(null)),
        ("/outcome", json!("5")),
        ("/action", json!("X")),
    ] {
        let mut event = audit_event(&me, &me);
        let (parent, name) = place.rsplit_once('/').unwrap();
        let parent = event.pointer_mut(parent).unwrap();
        match value.is_null() {
            true => drop(parent.as_object_mut().unwrap().remove(name)),
            false => parent[name] = value.clone(),
        }
        let reply = own.try_create(&event).await;
        assert_eq!(reply.status, 422, "{place} = {value}");
    }
    // Only the server tells of them.
    let told = "AuditEvent?entity-type:not=http://hl7.org/fhir/resource-types%7COperationOutcome";
    assert_eq!(own.search(told).await["total"], 0);
}

async fn an_event_tells_of_as_many_things_as_it_likes(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let me = world.device("own");
    let kept = path(&own.create(&patient()).await);
    let gone = path(&own.create(&patient()).await);
    own.delete(&gone).await.expect(200);
    let what = |reference: &str| json!({ "what": { "reference": reference } });
    let mut event = audit_event(&me, &me);
    let all: Vec<_> = (0..300).map(|n| what([&kept, &gone, &me][n % 3])).collect();
    event["entity"] = all.into();
    own.create(&event).await;
    // What answered a request is kept nowhere; what never was is told with its place.
    event["entity"][7] = what("OperationOutcome/1");
    event["entity"][290] = what(&format!("Patient/{}", Uuid::new_v4()));
    event["entity"][100] = what(&format!("Device/{}", gone.trim_start_matches("Patient/")));
    let issues = own.try_create(&event).await.refused(422, "not-found").issues();
    let places: Vec<&str> =
        issues.iter().map(|issue| issue["expression"][0].as_str().unwrap()).collect();
    assert_eq!(places.len(), 2, "{issues:?}");
    assert!(places[0].contains("entity[100]") && places[1].contains("entity[290]"), "{places:?}");
}
