//! What is refused to a known caller is told in an AuditEvent, with the words of the
//! refusal and without what was sent; what AuditEvents tell of themselves; and what a
//! domain masks (TOP-KT-011; spec 6.3, 11).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use koppeltaal_core::audit::Action;
use koppeltaal_store::audit::Lookup;
use serde_json::{Value, json};

use crate::audited::check;
use crate::cast::ZORG;
use crate::client::{JSON, path};
use crate::resources::{audit_event, changed, patient, subscription};
use crate::support::Engine;
use crate::world::World;

on_both_engines!(
    every_refusal_is_told_as_its_interaction,
    a_subscription_with_criteria_that_make_no_sense_is_told,
    what_was_sent_stays_out_of_the_trail,
    a_failed_request_about_audit_events_is_told_and_a_good_one_is_not,
    events_are_found_by_what_they_refer_to_alone,
    a_domain_masks_who_is_searched_for,
    an_operator_sees_what_a_refusal_was_about,
);

#[track_caller]
fn refused(event: &Value, subtype: &str, action: &str) {
    check(event, subtype, action, "4");
    let outcome = json!([{ "type": {
        "system": "http://hl7.org/fhir/resource-types",
        "code": "OperationOutcome",
        "display": "OperationOutcome",
    } }]);
    assert_eq!(event["entity"], outcome, "{event:#}");
    assert_eq!(event["source"]["site"], ZORG);
}

async fn every_refusal_is_told_as_its_interaction(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let kept = own.create(&patient()).await;
    let place = path(&kept);
    let gone = path(&own.create(&patient()).await);
    own.delete(&gone).await.expect(200);
    let empty = r#"{"resourceType":"Patient"}"#;
    let next = changed(&kept).to_string();
    let (history, vread) = (format!("{place}/_history?_count=x"), format!("{place}/_history/9"));
    let check_it = format!("{gone}/$validate");
    for (method, path, body, status, subtype, action) in [
        ("GET", gone.as_str(), "", 410, "read", "R"),
        ("GET", "Patient/unknown", "", 403, "read", "R"),
        ("HEAD", "Patient/unknown", "", 403, "read", "R"),
        ("GET", &vread, "", 404, "read", "R"),
        ("GET", &history, "", 400, "read", "R"),
        ("GET", "Patient/_history?_at=2024", "", 400, "history-type", "R"),
        ("GET", "Patient?birthdate=x", "", 400, "search-type", "E"),
        ("POST", "Patient", empty, 422, "create", "C"),
        ("POST", "Patient", "{", 400, "create", "C"),
        ("PUT", &place, &next, 400, "update", "U"),
        ("PUT", "Patient/unknown", &next, 403, "update", "U"),
        ("DELETE", "Patient/unknown", "", 403, "delete", "D"),
        ("POST", &check_it, empty, 410, "operation", "E"),
        ("PATCH", &place, "[]", 405, "patch", "U"),
        ("GET", "Nonsense", "", 404, "read", "R"),
        ("POST", "", "{}", 405, "create", "C"),
        ("GET", "_history", "", 405, "read", "R"),
        ("GET", "?_id=1", "", 405, "read", "R"),
        ("POST", "Patient/$everything", "{}", 405, "create", "C"),
        ("GET", "Patient?_format=odd", "", 406, "read", "R"),
        ("GET", "Patient/%zz", "", 400, "read", "R"),
    ] {
        let headers = [("content-type", JSON)];
        let (reply, event) = world.one(&own, (method, path), &headers, body).await;
        assert_eq!(reply.status, status, "{method} {path}: {}", reply.text());
        refused(&event, subtype, action);
        if method != "HEAD" {
            assert_eq!(event["outcomeDesc"], reply.diagnostics().as_str(), "{method} {path}");
        }
        assert_eq!(event["agent"][0]["who"]["reference"], world.device("own").as_str());
    }
    let stale = [("content-type", JSON), ("if-match", "9")];
    let (reply, event) = world.one(&own, ("PUT", &place), &stale, &next).await;
    reply.expect(412);
    refused(&event, "update", "U");
    // Who may do nothing is known all the same.
    let nobody = world.client("nobody").await;
    let (reply, event) = world.one(&nobody, ("GET", "Task"), &[], "").await;
    reply.expect(403);
    refused(&event, "search-type", "E");
    assert_eq!(event["outcomeDesc"], "Forbidden");
}

async fn a_subscription_with_criteria_that_make_no_sense_is_told(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let body = subscription("Task?status=ready&odd:odd=1").to_string();
    let headers = [("content-type", JSON)];
    let (reply, event) = world.one(&own, ("POST", "Subscription"), &headers, &body).await;
    let reply = reply.expect(422);
    refused(&event, "create", "C");
    assert_eq!(event["outcomeDesc"], reply.diagnostics().as_str());
}

async fn what_was_sent_stays_out_of_the_trail(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let mut body = patient();
    body["name"][0]["family"] = "Geheimhuizen".into();
    let kept = own.create(&body).await;
    own.update(&{
        let mut next = changed(&kept);
        next["name"][0]["family"] = "Geheimhuizen-2".into();
        next
    })
    .await;
    body["birthDate"] = "Geheimhuizen".into();
    own.try_create(&body).await.expect(422);
    own.post("Patient/$validate", &body).await.expect(200);
    let secret = "Patient?access_token=Geheimhuizen&active=true";
    own.get(secret).await;
    own.delete(&path(&kept)).await.expect(200);
    let all = json!(world.every_event().await).to_string();
    assert!(!all.contains("Geheimhuizen"), "{all}");
    assert!(!all.contains(&STANDARD.encode("Geheimhuizen")));
    let masked = STANDARD.encode("/Patient?access_token=***&active=true");
    assert!(all.contains(&masked), "{all}");
}

async fn a_failed_request_about_audit_events_is_told_and_a_good_one_is_not(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let me = world.device("own");
    let json = [("content-type", JSON)];
    let body = audit_event(&me, &me).to_string();
    let (reply, events) = world.told(&own, ("POST", "AuditEvent"), &json, &body).await;
    let kept = reply.expect(201).json();
    assert_eq!(events, [] as [Value; 0]);
    let (place, history) = (path(&kept), format!("{}/_history", path(&kept)));
    let vread = format!("{history}/1");
    for request in [&place, &vread, &history] {
        let (reply, events) = world.told(&own, ("GET", request), &[], "").await;
        reply.expect(200);
        assert_eq!(events, [] as [Value; 0], "{request}");
    }
    let (reply, event) = world.one(&own, ("GET", "AuditEvent?_count=3"), &[], "").await;
    let found = reply.expect(200).json();
    check(&event, "search-type", "E", "0");
    // It does not find itself.
    assert!(!found.to_string().contains(event["id"].as_str().unwrap()));
    let empty = r#"{"resourceType":"AuditEvent"}"#;
    for (method, path, status, subtype, action) in [
        ("POST", "AuditEvent", 422, "create", "C"),
        ("PUT", &place, 405, "update", "U"),
        ("DELETE", &place, 405, "delete", "D"),
        ("GET", "AuditEvent/unknown", 403, "read", "R"),
    ] {
        let (reply, event) = world.one(&own, (method, path), &json, empty).await;
        reply.expect(status);
        refused(&event, subtype, action);
    }
}

async fn events_are_found_by_what_they_refer_to_alone(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let kept = own.create(&patient()).await;
    own.get(&path(&kept)).await.expect(200);
    own.search(&format!("Patient?_id={}", kept["id"].as_str().unwrap())).await;
    own.get(&format!("{}/_history", path(&kept))).await.expect(200);
    own.delete(&path(&kept)).await.expect(200);
    own.get(&path(&kept)).await.expect(410);
    let events = world.events_by(Lookup::Entity(path(&kept))).await;
    let codes: Vec<&str> =
        events.iter().map(|event| event["subtype"][0]["code"].as_str().unwrap()).collect();
    // The history is a read, too; neither the deletion nor the refusal refers to it.
    assert_eq!(codes, ["create", "read", "search-type", "read"]);
}

async fn a_domain_masks_who_is_searched_for(engine: Engine) {
    let plan = World::build(engine);
    let world = plan.setup(|setup| setup.domain(ZORG).audit_mask_queries = true).start().await;
    let own = world.client("own").await;
    let text = |event: &Value| {
        let bytes = STANDARD.decode(event["entity"][0]["query"].as_str().unwrap()).unwrap();
        String::from_utf8(bytes).unwrap()
    };
    for (asked, told) in [
        ("Patient?identifier=urn:bsn%7C123&active=true", "/Patient?identifier=***&active=true"),
        ("Patient?name:exact=Jan&_count=2", "/Patient?name:exact=***&_count=2"),
        ("Task?patient.identifier=1&status=ready", "/Task?patient.identifier=***&status=ready"),
        ("Task?patient:Patient.family=Jan", "/Task?patient:Patient.family=***"),
        ("Task?owner:identifier=x%7Cy", "/Task?owner:identifier=***"),
        ("Task?status=ready", "/Task?status=ready"),
    ] {
        let (reply, event) = world.one(&own, ("GET", asked), &[], "").await;
        reply.expect(200);
        assert_eq!(text(&event), told);
    }
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let request = ("POST", "Patient/_search");
    let (_, event) = world.one(&own, request, &form, "family=Jan&identifier=1").await;
    assert_eq!(text(&event), "/Patient?family=***&identifier=***");
}

async fn an_operator_sees_what_a_refusal_was_about(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    own.get("Patient/unknown").await.expect(403);
    own.get("Patient?birthdate=x").await.expect(400);
    world.settled().await;
    let rows = world.app.audit_of(ZORG, Action::Reject).await;
    let seen: Vec<(&str, Option<&str>, &str)> = rows
        .iter()
        .filter(|row| row.agent == "own")
        .map(|row| (row.outcome.as_str(), row.focal.as_deref(), row.agent.as_str()))
        .collect();
    assert_eq!(seen, [("403", Some("Patient/unknown"), "own"), ("400", None, "own")]);
    assert_eq!(rows[0].detail.as_deref(), Some("Forbidden"));
}
