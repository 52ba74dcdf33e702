//! POST Mailbox: what is answered to a message that is accepted.

use serde_json::{Value, json};

use crate::support::client::{extension, kt};
use crate::support::message::{
    about_patient, about_plan, care_plan, message, patient, practitioner,
};
use crate::support::{Engine, TestApp};

on_both_engines!(
    a_new_patient_is_accepted_and_answered,
    a_resource_may_come_with_its_id_alone,
    the_answer_names_every_resource_with_a_new_version,
    a_resource_without_self_link_is_forwarded_as_it_is,
    a_message_that_is_only_to_be_checked_reaches_nobody,
    an_event_without_source_is_delivered,
    a_missing_patient_extension_is_no_reason_to_refuse,
    a_missing_or_empty_domain_tag_means_the_callers_domain,
    an_activity_definition_by_message_registers_nothing,
    the_same_identifier_may_come_twice,
    a_feed_without_an_id_gets_one,
);

// T11
async fn a_new_patient_is_accepted_and_answered(engine: Engine) {
    let app = TestApp::start(engine).await;
    let patient = patient("p1");
    let sent = about_patient(&patient);
    let answer = app.a().send(&sent).await.expect(200);
    let bundle = answer.json();
    assert_eq!(bundle["resourceType"], "Bundle");
    assert!(bundle["id"].as_str().unwrap().starts_with("urn:uuid:"));
    assert_eq!(bundle["category"][0]["term"], kt("Domain#Domein D"));
    assert_eq!(bundle["category"][1]["term"], "http://hl7.org/fhir/tag/message");
    assert_eq!(answer.entries().len(), 1);
    let header = answer.message();
    let content = header.content();
    assert_eq!(content["resourceType"], "MessageHeader");
    assert_eq!(content["response"], json!({ "identifier": sent.identifier(), "code": "ok" }));
    assert_eq!(content["event"]["code"], "CreateOrUpdatePatient");
    assert_eq!(content["event"]["system"], kt("MessageEvents"));
    assert_eq!(content["source"]["endpoint"], app.url("Mailbox"));
    let patient = patient.now(&answer);
    assert!(patient.version.is_some());
    assert_eq!(answer.data(), [patient.link()]);
}

// T12
async fn a_resource_may_come_with_its_id_alone(engine: Engine) {
    let app = TestApp::start(engine).await;
    let patient = patient("p1").unlinked();
    let answer = app.sent(&about_patient(&patient)).await;
    let patient = patient.now(&answer);
    assert_eq!(answer.data(), [patient.link()]);
    let delivered = app.b().claim().await;
    let entry = &delivered.entries()[1];
    assert_eq!(entry["link"][0], json!({ "rel": "self", "href": patient.link() }));
    assert_eq!(entry["id"], patient.url);
    // And again, with the version in the header only.
    let mut again = about_patient(&patient);
    assert_eq!(again.header()["data"][0]["reference"], patient.link());
    app.sent(&again).await;
    again.header()["data"][0]["reference"] = patient.url.clone().into();
    app.a().send(&again).await.expect(409);
}

// T20 (first half)
async fn the_answer_names_every_resource_with_a_new_version(engine: Engine) {
    let app = TestApp::start(engine).await;
    let patient = patient("p1");
    let (plan, first, second) =
        (care_plan("c1", &patient), practitioner("one"), practitioner("two"));
    let answer = app.sent(&about_plan(&plan, &patient, &[&first, &second])).await;
    let expected: Vec<String> =
        [&plan, &patient, &first, &second].map(|r| r.now(&answer).link()).into();
    assert_eq!(answer.data(), expected, "the focal resource first, then in order");
    assert_eq!(plan.now(&answer).version, second.now(&answer).version, "one stamp for all");
}

// T32
async fn a_resource_without_self_link_is_forwarded_as_it_is(engine: Engine) {
    let app = TestApp::start(engine).await;
    let patient = patient("p1").unlinked();
    let plan = care_plan("c1", &patient);
    let sent = about_plan(&plan, &patient, &[]);
    let answer = app.sent(&sent).await;
    assert_eq!(answer.data(), [plan.now(&answer).link()]);
    let delivered = app.b().claim().await;
    assert_eq!(delivered.entries()[2], sent.json()["entry"][2]);
}

// T46
async fn a_message_that_is_only_to_be_checked_reaches_nobody(engine: Engine) {
    let app = TestApp::start(engine).await;
    let known = app.sent_patient("p1").await;
    app.b().claim().await;
    let before = app.stored().await;
    let checked = about_patient(&patient("p2")).tagged(&kt("ValidateOnly"));
    let answer = app.a().send(&checked).await.expect(200);
    assert_eq!(answer.message().content()["response"]["code"], "ok");
    assert_eq!(answer.data(), [""; 0]);
    assert!(app.b().claim().await.is_empty());
    // Also what is known is checked, and nothing changes.
    app.a().send(&about_patient(&known).tagged(&kt("ValidateOnly"))).await.expect(200);
    let stale = about_patient(&known.at("2000-01-01T00:00:00:000.0000"));
    app.a().send(&stale.tagged(&kt("ValidateOnly"))).await.expect(409);
    assert_eq!(app.stored().await, before);
    app.a().send(&about_patient(&known)).await.expect(200);
}

// T45
async fn an_event_without_source_is_delivered(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut sent = about_patient(&patient("p1"));
    sent.header().as_object_mut().unwrap().remove("source");
    app.sent(&sent).await;
    let header = app.b().claim().await.message();
    // Clients want software and endpoint in a source, so there is none at all.
    assert_eq!(header.content().get("source"), None);
    let mut partly = about_patient(&patient("p2"));
    partly.header()["source"] = json!({ "name": "n" });
    app.sent(&partly).await;
    let header = app.b().claim().await.message();
    let source = &header.content()["source"];
    assert_eq!(source["name"], "n");
    assert!(source["software"].is_string() && source["endpoint"].is_string());
}

async fn a_missing_patient_extension_is_no_reason_to_refuse(engine: Engine) {
    let app = TestApp::start(engine).await;
    let p = patient("p1");
    app.sent(&message("CreateOrUpdateCarePlan", &care_plan("c1", &p), &[&p])).await;
    let header = app.b().claim().await.message();
    assert_eq!(extension(header.content(), "MessageHeader#Patient"), None);
    let first = &header.content()["extension"][0];
    assert_eq!(first["url"], kt("MessageHeader#ProcessingStatus"));
}

async fn a_missing_or_empty_domain_tag_means_the_callers_domain(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.sent(&about_patient(&patient("p1")).in_domain("")).await;
    let mut untagged = about_patient(&patient("p2"));
    untagged.0.as_object_mut().unwrap().remove("category");
    app.sent(&untagged).await;
    app.sent(&about_patient(&patient("p3")).in_domain("Domein%20D")).await;
    for domain in ["Domein D", "Domein D", "Domein%20D"] {
        let tags = app.b().claim().await.json()["category"].clone();
        assert_eq!(tags[0]["term"], kt(&format!("Domain#{domain}")));
        assert_eq!(tags[1]["term"], "http://hl7.org/fhir/tag/message");
        assert_eq!(tags.as_array().unwrap().len(), 2);
    }
}

// T90
async fn an_activity_definition_by_message_registers_nothing(engine: Engine) {
    let app = TestApp::start(engine).await;
    let definition = crate::support::message::other("ActivityDefinition", "7", json!([]));
    app.sent(&message("CreateOrUpdateActivityDefinition", &definition, &[])).await;
    assert_eq!(app.b().claim().await.message().event(), "CreateOrUpdateActivityDefinition");
    assert!(app.a().get("Other?code=ActivityDefinition&includearchived=yes").await.is_empty());
}

async fn the_same_identifier_may_come_twice(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.sent(&about_patient(&patient("p1")).identified("same")).await;
    app.sent(&about_patient(&patient("p2")).identified("same")).await;
    let newest = app.b().by_id("same").await;
    assert_eq!(newest.entries()[1]["id"], patient("p2").url);
}

async fn a_feed_without_an_id_gets_one(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut sent = about_patient(&patient("p1"));
    sent.0.as_object_mut().unwrap().remove("id");
    app.sent(&sent).await;
    let delivered: Value = app.b().claim().await.json();
    assert!(delivered["id"].as_str().unwrap().starts_with("urn:uuid:"));
}
