//! Referential integrity on write (K003-5, K003-6): what a resource refers to is
//! there, wherever the reference stands, and stays there.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::cast::ALIAS;
use crate::client::path;
use crate::resources::{Ground, INSTANTIATES, audit_event, device, patient, task};
use crate::support::Engine;
use crate::world::{PUBLIC, World, base};

on_both_engines!(
    a_reference_that_leads_nowhere_is_refused_with_its_place,
    what_was_deleted_is_referred_to_no_more,
    references_lead_to_what_the_caller_may_not_see_too,
    a_reference_is_literal,
    a_reference_can_be_spelled_out_and_lead_elsewhere,
    an_audit_event_may_tell_of_what_is_gone,
    no_reference_is_left_dangling_by_a_delete_at_the_same_time,
);

fn nowhere(kind: &str) -> Value {
    json!({ "reference": format!("{kind}/{}", Uuid::new_v4()) })
}

async fn a_reference_that_leads_nowhere_is_refused_with_its_place(engine: Engine) {
    let world = World::start(engine).await;
    let ground = Ground::of(&world, "own").await;
    let own = world.client("own").await;
    let extension =
        |url: &str, kind: &str| json!([{ "url": url, "valueReference": nowhere(kind) }]);
    let any = "https://example.test/any";
    let cases: Vec<(&str, &str, Value)> = vec![
        ("Task", "for", nowhere("Patient")),
        ("Task", "owner", nowhere("Practitioner")),
        ("Task", "requester", nowhere("Practitioner")),
        ("Task", "partOf", json!([nowhere("Task")])),
        ("Task", "extension", extension(INSTANTIATES, "ActivityDefinition")),
        ("Task", "extension", extension(any, "Device")),
        // A type that nobody keeps here.
        ("Patient", "extension", extension(any, "Location")),
        ("Patient", "managingOrganization", nowhere("Organization")),
        ("Patient", "_birthDate", json!({ "extension": extension(any, "Patient") })),
        ("Patient", "meta", {
            let mut meta = crate::resources::meta("Patient");
            meta["extension"] = extension(any, "Patient");
            meta
        }),
        ("RelatedPerson", "patient", nowhere("Patient")),
        ("CareTeam", "subject", nowhere("Patient")),
        ("CareTeam", "participant", json!([{ "member": nowhere("Practitioner") }])),
        ("Organization", "partOf", nowhere("Organization")),
        ("Endpoint", "managingOrganization", nowhere("Organization")),
        ("Device", "owner", nowhere("Organization")),
        ("AuditEvent", "source", json!({ "observer": nowhere("Device") })),
    ];
    for (kind, name, value) in cases {
        let mut resource = ground.resource(kind);
        resource[name] = value;
        let refused = own.try_create(&resource).await.refused(422, "not-found");
        let issues = refused.issues();
        let place = issues[0]["expression"][0].as_str().unwrap();
        let name = name.trim_start_matches('_');
        assert!(place.contains(name), "{kind}.{name}: {}", refused.text());
        let kept = own.create(&ground.resource(kind)).await;
        if kind == "AuditEvent" {
            continue;
        }
        // An update is held to the same.
        let mut next = resource.clone();
        next["id"] = kept["id"].clone();
        let tag = [("if-match", "1")];
        own.put_with(&path(&kept), &tag, &next).await.refused(422, "not-found");
        assert_eq!(own.get(&path(&kept)).await.json(), kept);
    }
    // Each of them is told, and nothing is kept.
    let before = own.search("Task?_summary=count").await["total"].clone();
    let mut lost = ground.resource("Task");
    lost["for"] = nowhere("Patient");
    lost["owner"] = nowhere("Practitioner");
    assert_eq!(own.try_create(&lost).await.expect(422).issues().len(), 2);
    assert_eq!(own.search("Task?_summary=count").await["total"], before);
}

async fn what_was_deleted_is_referred_to_no_more(engine: Engine) {
    let world = World::start(engine).await;
    let ground = Ground::of(&world, "own").await;
    let own = world.client("own").await;
    let kept = own.create(&task(&ground.patient, &ground.practitioner)).await;
    own.delete(&path(&kept)).await.expect(200);
    own.delete(&ground.patient).await.expect(200);
    own.try_create(&task(&ground.patient, &ground.practitioner)).await.refused(422, "not-found");
    let versioned = format!("{}/_history/1", ground.patient);
    own.try_create(&task(&versioned, &ground.practitioner)).await.refused(422, "not-found");
}

async fn references_lead_to_what_the_caller_may_not_see_too(engine: Engine) {
    let world = World::start(engine).await;
    let ground = Ground::of(&world, "own").await;
    let other = world.client("own2").await;
    other.get(&ground.patient).await.expect(403);
    other.create(&task(&ground.patient, &ground.practitioner)).await;
    // Not into another domain.
    let elsewhere = world.client("elsewhere").await;
    let refused = elsewhere.try_create(&task(&ground.patient, &ground.practitioner)).await;
    refused.refused(422, "not-found");
}

async fn a_reference_is_literal(engine: Engine) {
    let world = World::start(engine).await;
    let ground = Ground::of(&world, "own").await;
    let own = world.client("own").await;
    let identifier = json!({ "system": "https://example.test/ids", "value": "1" });
    let mut resource = ground.resource("Task");
    resource["for"] = json!({ "identifier": identifier });
    let refused = own.try_create(&resource).await.refused(422, "business-rule");
    assert!(refused.text().contains("for"), "{}", refused.text());
    resource["for"] =
        json!({ "reference": ground.patient, "identifier": identifier, "display": "x" });
    own.create(&resource).await;
    // In an extension as well.
    let mut resource = patient();
    resource["extension"] = json!([{
        "url": "https://example.test/any", "valueReference": { "identifier": identifier },
    }]);
    own.try_create(&resource).await.refused(422, "business-rule");
    // The target is of the type that the element allows.
    let mut resource = ground.resource("Task");
    resource["for"] = json!({ "reference": ground.practitioner });
    own.try_create(&resource).await.expect(422);
}

async fn a_reference_can_be_spelled_out_and_lead_elsewhere(engine: Engine) {
    let world = World::start(engine).await;
    let ground = Ground::of(&world, "own").await;
    let own = world.client("own").await;
    let spellings =
        [base("zorg"), format!("{PUBLIC}{ALIAS}"), format!("{PUBLIC}//api/v1/zorg//fhir/r4")];
    for here in &spellings {
        let spelled = format!("{here}/{}", ground.patient);
        let kept = own.create(&task(&spelled, &ground.practitioner)).await;
        assert_eq!(kept["for"]["reference"], ground.patient, "it is kept in one form");
        own.delete(&ground.patient).await.refused(409, "conflict");
        for other in spellings.iter().chain([&String::new()]) {
            let query = format!("{other}/{}", ground.patient);
            let query = query.trim_start_matches('/');
            for parameter in ["patient", "subject", "subject:Patient"] {
                let found = own.search(&format!("Task?{parameter}={query}")).await;
                assert_eq!(found["total"], 1, "{parameter}={query}");
            }
        }
        let lost = format!("{here}/Patient/{}", Uuid::new_v4());
        own.try_create(&task(&lost, &ground.practitioner)).await.refused(422, "not-found");
        let mut moved = kept.clone();
        moved["for"]["reference"] = lost.into();
        own.try_update(&moved).await.refused(422, "not-found");
        own.delete(&path(&kept)).await.expect(200);
    }
    // What others keep cannot be looked after.
    for other in
        ["https://other.example/fhir/Patient/1", "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"]
    {
        own.create(&task(other, &ground.practitioner)).await;
    }
}

async fn an_audit_event_may_tell_of_what_is_gone(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let kept = own.create(&patient()).await;
    let target = path(&kept);
    own.update(&crate::resources::changed(&kept)).await;
    let me = world.device("own");
    // An old version (K012-4), and then nothing at all.
    own.create(&audit_event(&me, &format!("{target}/_history/1"))).await;
    own.delete(&target).await.expect(200);
    let event = own.create(&audit_event(&me, &format!("{target}/_history/2"))).await;
    assert_eq!(event["entity"][0]["what"]["reference"], format!("{target}/_history/2"));
    // What never was is another matter, and so is the agent.
    own.try_create(&audit_event(&me, &nowhere_path("Patient"))).await.refused(422, "not-found");
    own.try_create(&audit_event(&nowhere_path("Device"), &me)).await.refused(422, "not-found");
    let machine = path(&own.create(&device()).await);
    own.delete(&machine).await.expect(200);
    own.try_create(&audit_event(&machine, &me)).await.refused(422, "not-found");
}

fn nowhere_path(kind: &str) -> String {
    format!("{kind}/{}", Uuid::new_v4())
}

async fn no_reference_is_left_dangling_by_a_delete_at_the_same_time(engine: Engine) {
    let world = World::start(engine).await;
    let ground = Ground::of(&world, "own").await;
    let own = world.client("own").await;
    for _ in 0..8 {
        let target = path(&own.create(&patient()).await);
        let creates = (0..4).map(|_| {
            let (own, task) = (own.clone(), task(&target, &ground.practitioner));
            tokio::spawn(async move { own.try_create(&task).await.status })
        });
        let creates: Vec<_> = creates.collect();
        let deleted = own.delete(&target).await.status;
        let mut kept = 0;
        for create in creates {
            match create.await.unwrap() {
                201 => kept += 1,
                422 => {}
                other => panic!("{other}"),
            }
        }
        assert_eq!(deleted, if kept > 0 { 409 } else { 200 }, "{kept} Tasks refer to it");
        let found = own.search(&format!("Task?patient={target}&_summary=count")).await;
        assert_eq!(found["total"], kept);
    }
}
