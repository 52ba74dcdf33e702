//! `$validate` (topic 010; X4): the judgement of a create or an update, and nothing
//! is kept.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::{XML, path};
use crate::resources::{CONFORMANCE, Ground, KT2, TYPES, patient};
use crate::support::Engine;
use crate::world::World;

on_both_engines!(
    what_is_right_is_told_so_and_not_kept,
    what_is_wrong_is_told_in_an_answer_that_succeeds,
    parameters_hold_the_resource_and_the_profile,
    rights_are_those_of_create_and_read,
    what_cannot_be_validated_is_refused,
    definitions_can_be_validated_by_everybody,
);

fn errors(issues: &[Value]) -> usize {
    issues.iter().filter(|issue| issue["severity"] == "error").count()
}

async fn what_is_right_is_told_so_and_not_kept(engine: Engine) {
    let world = World::start(engine).await;
    let ground = Ground::of(&world, "own").await;
    let own = world.client("own").await;
    for kind in TYPES {
        // Each request leaves an AuditEvent of now; the one at hand is older.
        let among = if kind == "AuditEvent" { "&date=lt2025" } else { "" };
        let counted = format!("{kind}?_summary=count{among}");
        let count = own.search(&counted).await["total"].clone();
        let new = ground.resource(kind);
        let reply = own.post(&format!("{kind}/$validate"), &new).await.expect(200);
        let issues = reply.issues();
        assert!(!issues.is_empty() && errors(&issues) == 0, "{kind}: {}", reply.text());
        assert_eq!(reply.header("location"), None);
        let after = own.search(&counted).await["total"].clone();
        assert_eq!(after, count, "{kind}");
        let kept = own.create(&new).await;
        let reply = own.post(&format!("{}/$validate", path(&kept)), &new).await.expect(200);
        assert_eq!(errors(&reply.issues()), 0, "{kind}: {}", reply.text());
        assert_eq!(own.get(&path(&kept)).await.json(), kept);
    }
}

async fn what_is_wrong_is_told_in_an_answer_that_succeeds(engine: Engine) {
    let world = World::start(engine).await;
    let ground = Ground::of(&world, "own").await;
    let own = world.client("own").await;
    for kind in TYPES {
        let mut wrong = ground.resource(kind);
        wrong["shoeSize"] = 43.into();
        wrong.as_object_mut().unwrap().remove("meta");
        let judged = own.post(&format!("{kind}/$validate"), &wrong).await.expect(200).issues();
        let refused = own.try_create(&wrong).await.expect(422).issues();
        assert_eq!(judged, refused, "{kind}: what a create says");
    }
    // The rules of Koppeltaal are part of it.
    let mut task = ground.resource("Task");
    task["code"] = json!({ "coding": [{ "system": crate::resources::TASK_CODE, "code": "view" }] });
    let reply = own.post("Task/$validate", &task).await.expect(200);
    assert!(reply.about("Task.partOf").diagnostics().contains("partOf"));
    let mut hook = ground.resource("Subscription");
    hook["criteria"] = "Task?nope=1".into();
    own.post("Subscription/$validate", &hook).await.expect(200).about("Subscription.criteria");
}

async fn parameters_hold_the_resource_and_the_profile(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let mut bare = patient();
    bare.as_object_mut().unwrap().remove("meta");
    bare.as_object_mut().unwrap().remove("identifier");
    let with = |more: Value| {
        let mut all = vec![json!({ "name": "resource", "resource": bare })];
        all.extend(more.as_array().unwrap().clone());
        json!({ "resourceType": "Parameters", "parameter": all })
    };
    let profile = format!("{KT2}KT2Patient");
    let names_identifier = |issues: &[Value]| {
        let is_about = |issue: &Value| issue["expression"][0] == "Patient.identifier";
        issues.iter().any(is_about)
    };
    for parameters in [
        with(json!([{ "name": "profile", "valueUri": profile }])),
        with(
            json!([{ "name": "profile", "valueCanonical": profile }, { "name": "mode", "valueCode": "create" }]),
        ),
    ] {
        let issues = own.post("Patient/$validate", &parameters).await.expect(200).issues();
        assert!(names_identifier(&issues), "{issues:?}");
    }
    let url = format!("Patient/$validate?profile={profile}&mode=update");
    assert!(names_identifier(&own.post(&url, &bare).await.expect(200).issues()));
    let issues = own.post("Patient/$validate", &with(json!([]))).await.expect(200).issues();
    assert!(!names_identifier(&issues), "{issues:?}");
    for wrong in [
        with(json!([{ "name": "profile", "valueUri": "https://example.test/unknown" }])),
        with(json!([{ "name": "mode", "valueCode": "nonsense" }])),
        with(json!([{ "name": "mode" }])),
        json!({ "resourceType": "Parameters", "parameter": [] }),
        json!({ "resourceType": "Parameters" }),
    ] {
        own.post("Patient/$validate", &wrong).await.expect(400);
    }
    let unknown = "Patient/$validate?profile=https://example.test/unknown";
    own.post(unknown, &bare).await.refused(400, "not-supported");
    assert_eq!(own.search("Patient").await["total"], 0);
}

async fn rights_are_those_of_create_and_read(engine: Engine) {
    let world = World::start(engine).await;
    let kept = world.client("own").await.create(&patient()).await;
    let instance = format!("{}/$validate", path(&kept));
    let unknown = format!("Patient/{}/$validate", Uuid::new_v4());
    world.anyone().post("Patient/$validate", &patient()).await.expect(401);
    for (client, on_type, on_instance, on_unknown) in [
        ("own", 200, 200, 403),
        ("admin", 200, 200, 404),
        ("own2", 200, 403, 403),
        ("granted", 403, 200, 403),
        ("reader", 403, 200, 404),
        ("nobody", 403, 403, 403),
    ] {
        let client = world.client(client).await;
        client.post("Patient/$validate", &patient()).await.expect(on_type);
        client.post(&instance, &patient()).await.expect(on_instance);
        client.post(&unknown, &patient()).await.expect(on_unknown);
        if on_type == 403 {
            let json = [("content-type", "application/fhir+json")];
            client.call("POST", "Patient/$validate", &json, "{").await.expect(403);
        }
    }
    world.client("own").await.delete(&path(&kept)).await.expect(200);
    world.client("own").await.post(&instance, &patient()).await.refused(410, "deleted");
    world.client("own2").await.post(&instance, &patient()).await.expect(403);
}

async fn what_cannot_be_validated_is_refused(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let json = [("content-type", "application/fhir+json")];
    for body in ["", "{", "[]", r#"{"a":1,"a":2}"#, r#"{"resourceType":"Task"}"#] {
        own.call("POST", "Patient/$validate", &json, body).await.expect(400);
    }
    own.call("POST", "Patient/$validate", &[("content-type", "text/plain")], "x").await.expect(415);
    own.get("Patient/$validate").await.refused(405, "not-supported");
    own.post("$validate", &patient()).await.refused(405, "not-supported");
    own.post("Observation/$validate", &patient()).await.refused(404, "not-supported");
    let xml = [("content-type", XML), ("accept", XML)];
    let reply =
        own.call("POST", "Patient/$validate", &xml, "<Patient xmlns='http://hl7.org/fhir'/>").await;
    assert!(
        reply.expect(200).text().contains("<expression value=\"Patient.identifier\"/>")
            || own
                .call("POST", "Patient/$validate", &xml, "<Patient xmlns='http://hl7.org/fhir'/>")
                .await
                .text()
                .contains("Patient.meta.profile")
    );
}

async fn definitions_can_be_validated_by_everybody(engine: Engine) {
    let world = World::start(engine).await;
    let nobody = world.client("nobody").await;
    for kind in CONFORMANCE {
        let body = json!({ "resourceType": kind });
        let reply = nobody.post(&format!("{kind}/$validate"), &body).await.expect(200);
        assert!(!reply.issues().is_empty());
        world.anyone().post(&format!("{kind}/$validate"), &body).await.expect(401);
    }
}
