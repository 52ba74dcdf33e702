//! The audit trail: who did what, about whom, with which outcome.

use std::time::Duration;

use koppeltaal_core::audit::Action;
use koppeltaal_store::test_support::count_audited;
use serde_json::json;

use crate::support::client::kt;
use crate::support::message::{about_patient, patient};
use crate::support::setup::E;
use crate::support::{Engine, TestApp, eventually};

on_both_engines!(
    an_accepted_message_is_recorded,
    a_refused_message_is_recorded,
    every_refusal_of_a_known_caller_is_recorded,
    claims_and_statuses_are_recorded,
    a_claim_that_times_out_is_recorded,
    a_replaced_copy_is_recorded,
    reads_and_browsing_are_recorded,
    a_definition_is_recorded,
    a_checked_message_is_recorded,
    the_trail_can_be_searched,
);

const URL: &str = "https://app.example/fhir/Patient/p1";

async fn an_accepted_message_is_recorded(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.a().header("x-request-id", "my-request");
    let answer = client.send(&about_patient(&patient("p1"))).await.expect(200);
    let rows = app.audit(Action::Accept).await;
    assert_eq!(rows.len(), 1, "in the transaction of the message");
    let row = &rows[0];
    assert_eq!(row.agent, "a");
    assert_eq!(row.event, Some("CreateOrUpdatePatient"));
    assert_eq!(row.patient.as_deref(), Some(URL));
    assert_eq!(row.focal.as_deref(), Some(URL));
    assert_eq!(row.version, patient("p1").now(&answer).version);
    assert_eq!(row.outcome, "ok");
    assert_eq!(row.request_id.as_deref(), Some("my-request"));
    assert_eq!(Some(app.number("SELECT id FROM kt1_message").await), row.item);
    assert!(app.now().since(row.recorded) < Duration::from_secs(60));
    let of_instance = format!("action = 'accept' AND instance = {}", app.instance("a"));
    assert_eq!(count_audited(app.store(), &of_instance).await, 1);
}

async fn a_refused_message_is_recorded(engine: Engine) {
    let app = TestApp::start(engine).await;
    let sent = about_patient(&patient("p1"));
    app.sent(&sent).await;
    app.a().send(&sent).await.expect(409);
    let rows = app.audit(Action::Reject).await;
    assert_eq!(rows.len(), 1, "in the transaction that found it");
    assert_eq!((rows[0].outcome.as_str(), rows[0].detail.as_deref()), ("409", Some("version")));
    assert_eq!(rows[0].patient.as_deref(), Some(URL));
    assert_eq!(rows[0].focal.as_deref(), Some(URL));
    assert_eq!(rows[0].event, Some("CreateOrUpdatePatient"));
    let foreign = about_patient(&patient("p2")).in_domain(E);
    app.a().send(&foreign).await.expect(403);
    app.a().post("Mailbox", "{").await.expect(400);
    app.a().post("Mailbox", r#"{"a":[null]}"#).await.expect(500);
    eventually("the rows", async || app.audit(Action::Reject).await.len() == 4).await;
    let rows = app.audit(Action::Reject).await;
    let outcomes: Vec<_> =
        rows[1..].iter().map(|r| (r.outcome.as_str(), r.detail.as_deref().unwrap())).collect();
    assert_eq!(outcomes, [("403", "domain"), ("400", "structure"), ("500", "null-in-array")]);
    assert!(rows.iter().all(|row| row.agent == "a" && row.request_id.is_some()));
}

async fn every_refusal_of_a_known_caller_is_recorded(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.sent_patient("p1").await;
    let header = app.b().browse("").await.message();
    app.a().put(&header.id(), header.with_status("Success")).await.expect(403);
    app.a().get("MessageHeader/1").await.expect(404);
    app.a().get("MessageHeader?_query=Nonsense").await.expect(400);
    app.a().get("Mailbox").await.expect(405);
    app.a().post("Other", "{}").await.expect(400);
    app.a().get("Other/77").await.expect(404);
    let expected = ["403", "404", "400", "405", "400", "404"];
    eventually("the rows", async || app.audit(Action::Reject).await.len() == expected.len()).await;
    let rows = app.audit(Action::Reject).await;
    assert_eq!(rows.iter().map(|r| r.outcome.as_str()).collect::<Vec<_>>(), expected);
    assert_eq!(rows[0].item, Some(header.number()));
    // Nobody in particular is not recorded: there is no trail to keep it in.
    app.anyone().get("Other").await.expect(401);
    // Nor does an odd request hold up the others.
    app.a().get("MessageHeader?Patient=%00&_query=x").await.expect(400);
    app.a().get("Mailbox").await.expect(405);
    eventually("the rows", async || app.audit(Action::Reject).await.len() == 8).await;
}

async fn claims_and_statuses_are_recorded(engine: Engine) {
    let app = TestApp::start(engine).await;
    let p = app.sent_patient("p1").await;
    let header = app.b().claim().await.message();
    let row = app.audit(Action::Claim).await.remove(0);
    assert_eq!((row.agent.as_str(), row.outcome.as_str()), ("b", "Claimed"));
    assert_eq!(row.item, Some(header.number()));
    assert_eq!(row.patient.as_deref(), Some(URL));
    assert_eq!(row.version, p.version);
    for status in ["New", "Failed", "Success", "Failed"] {
        app.b().put(&header.id(), header.with_status(status)).await.expect(200);
    }
    let rows = app.audit(Action::Status).await;
    let outcomes: Vec<_> = rows.iter().map(|row| row.outcome.as_str()).collect();
    assert_eq!(outcomes, ["New", "Failed", "Success", "Success"]);
    for row in rows {
        assert_eq!(row.agent, "b");
        assert_eq!(row.item, Some(header.number()));
        assert_eq!(row.focal.as_deref(), Some(URL));
        assert!(row.request_id.is_some());
    }
    // An empty mailbox is no claim.
    app.b().claim().await;
    assert_eq!(app.audit(Action::Claim).await.len(), 1);
}

async fn a_claim_that_times_out_is_recorded(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.sent_patient("p1").await;
    let header = app.b().claim().await.message();
    app.advance(Duration::from_secs(16 * 60));
    let row = app.audited(Action::Lapse).await;
    assert_eq!((row.agent.as_str(), row.outcome.as_str()), ("server", "New"));
    assert_eq!(row.item, Some(header.number()));
    assert_eq!(row.patient.as_deref(), Some(URL));
}

async fn a_replaced_copy_is_recorded(engine: Engine) {
    let app = TestApp::start(engine).await;
    let p = app.sent_patient("p1").await;
    let old = app.b().browse("").await.message();
    app.sent(&about_patient(&p)).await;
    let rows = app.audit(Action::Status).await;
    assert_eq!(rows.len(), 3, "one for each recipient");
    let row = rows.iter().find(|row| row.item == Some(old.number())).unwrap();
    assert_eq!((row.agent.as_str(), row.outcome.as_str()), ("server", "ReplacedByNewVersion"));
    assert_eq!(row.version, p.version);
    assert_eq!(row.patient.as_deref(), Some(URL));
}

async fn reads_and_browsing_are_recorded(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.sent_patient("p1").await;
    let query = format!("Patient={URL}&event=CreateOrUpdatePatient");
    let header = app.b().browse(&query).await.message();
    let row = app.audited(Action::Browse).await;
    assert_eq!((row.agent.as_str(), row.detail.as_deref()), ("b", Some("1 headers")));
    assert_eq!(row.patient.as_deref(), Some(URL));
    assert_eq!(row.event, Some("CreateOrUpdatePatient"));
    app.b().by_id(&header.number().to_string()).await;
    let row = app.audited(Action::Read).await;
    assert_eq!(row.item, Some(header.number()));
    assert_eq!(row.patient.as_deref(), Some(URL));
    app.b().get(&header.id()).await.expect(200);
    eventually("the second", async || app.audit(Action::Read).await.len() == 2).await;
}

async fn a_definition_is_recorded(engine: Engine) {
    let app = TestApp::start(engine).await;
    let definition = json!({
        "resourceType": "Other",
        "extension": [
            { "url": kt("ActivityDefinition#ActivityDefinitionIdentifier"), "valueString": "d1" },
        ],
        "code": { "coding": [{ "system": kt("OtherResourceUsage"), "code": "ActivityDefinition" }] },
    });
    let created = app.a().post("Other", definition.to_string()).await.expect(201);
    let location = created.header("location").unwrap();
    let (url, version) = location.split_once("/_history/").unwrap();
    let row = app.audit(Action::Definition).await.remove(0);
    assert_eq!(row.agent, "a");
    assert_eq!(row.focal.as_deref(), Some(url));
    assert_eq!(row.version.as_deref(), Some(version));
    let told = app.audit(Action::Accept).await.remove(0);
    assert_eq!(told.agent, "server");
    assert_eq!(told.event, Some("CreateOrUpdateActivityDefinition"));
    assert_eq!(told.version.as_deref(), Some(version));
}

async fn a_checked_message_is_recorded(engine: Engine) {
    let app = TestApp::start(engine).await;
    let checked = about_patient(&patient("p1")).tagged(&kt("ValidateOnly"));
    app.a().send(&checked).await.expect(200);
    let row = app.audit(Action::Accept).await.remove(0);
    assert_eq!(row.detail.as_deref(), Some("checked only"));
    assert_eq!(row.item, None);
}

async fn the_trail_can_be_searched(engine: Engine) {
    use koppeltaal_store::audit::{self, Filter};

    let app = TestApp::start(engine).await;
    app.sent_patient("p1").await;
    app.advance(Duration::from_secs(3600));
    let middle = app.now();
    app.advance(Duration::from_secs(3600));
    let client = app.user("c").header("x-request-id", "the-one");
    client.send(&about_patient(&patient("p2"))).await.expect(200);
    let scope = app.store().scope(&app.domain(crate::support::setup::D));
    for (filter, agents) in [
        (Filter { action: Some(Action::Accept), ..Filter::default() }, vec!["a", "c"]),
        (
            Filter { until: Some(middle), action: Some(Action::Accept), ..Filter::default() },
            vec!["a"],
        ),
        (Filter { from: Some(middle), ..Filter::default() }, vec!["c"]),
        (Filter { agent: Some("c".into()), ..Filter::default() }, vec!["c"]),
        (Filter { patient: Some(URL.into()), ..Filter::default() }, vec!["a"]),
        (Filter { request_id: Some("the-one".into()), ..Filter::default() }, vec!["c"]),
        (Filter { from: Some(middle), until: Some(middle), ..Filter::default() }, vec![]),
    ] {
        let shown = format!("{filter:?}");
        let rows = scope.read(move |tx| audit::search(tx, &filter, 100)).await.unwrap();
        let found: Vec<_> = rows.iter().map(|row| row.agent.as_str()).collect();
        assert_eq!(found, agents, "{shown}");
    }
    let all = Filter::default();
    let first = scope.read(move |tx| audit::search(tx, &all, 1)).await.unwrap().remove(0);
    let rest = Filter { after: Some(first.id), ..Filter::default() };
    let rest = scope.read(move |tx| audit::search(tx, &rest, 100)).await.unwrap();
    assert!(!rest.is_empty() && rest.iter().all(|row| row.id > first.id));
}
