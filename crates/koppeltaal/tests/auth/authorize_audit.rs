//! The AuditEvents of a launch (memo 0.0.4 on TOP-KT-011): which there are, what stands
//! in them, and that they are there when the answer arrives.

use serde_json::{Value, json};

use crate::authorize_world::*;
use crate::provider_sign_in::SignIn;
use crate::support::Engine;

on_both_engines!(
    a_launch_leaves_three_events_before_it_is_answered,
    the_user_is_on_the_entity_with_the_role_of_the_kind,
    the_provider_is_the_second_agent,
    every_event_keeps_to_the_profile,
    the_ids_connect_what_belongs_together,
    a_trace_of_the_caller_is_kept,
    the_rows_are_about_the_user_and_the_task,
    a_token_for_a_code_leaves_no_event,
    nothing_is_recorded_in_another_domain,
);

const DCM: &str = "http://dicom.nema.org/resources/ontology/DCM";
const KT: &str = "http://koppeltaal.nl/fhir/StructureDefinition";

fn description(event: &Value) -> &str {
    event["outcomeDesc"].as_str().unwrap()
}

/// The value of an extension of Koppeltaal.
fn id(event: &Value, name: &str) -> Option<String> {
    let url = format!("{KT}/{name}");
    let found: Vec<&Value> =
        event["extension"].as_array()?.iter().filter(|it| it["url"] == *url).collect();
    assert!(found.len() < 2, "{name} at most once");
    Some(found.first()?["valueId"].as_str().unwrap().to_owned())
}

async fn a_launch_leaves_three_events_before_it_is_answered(engine: Engine) {
    let world = World::start(engine).await;
    let login = world.login(PATIENT).await;
    let events = world.events().await;
    assert_eq!(events.len(), 2);
    world.signs_in(&login, &SignIn::of(&email(PATIENT))).await.code();
    let events = world.events().await;
    let told: Vec<&str> = events.iter().map(description).collect();
    let [asked, sent, signed_in] = told.as_slice() else { panic!("{told:?}") };
    assert!(asked.starts_with("authorize:") && sent.starts_with("idp call:"), "{told:?}");
    assert!(signed_in.starts_with("idp login:"), "{told:?}");
    for event in &events {
        assert_eq!(event["type"]["system"], DCM);
        assert_eq!(event["type"]["code"], "110114");
        assert_eq!(event["subtype"][0]["system"], DCM);
        assert_eq!(event["subtype"][0]["code"], "110122");
        assert_eq!(event["outcome"], "0");
        assert_eq!(event["agent"][0]["type"]["coding"][0]["code"], "110153");
        let module = format!("Device/{}", world.id("module"));
        assert_eq!(event["agent"][0]["who"]["reference"], module.as_str());
        assert_eq!(event["agent"][0]["requestor"], true);
    }
}

async fn the_user_is_on_the_entity_with_the_role_of_the_kind(engine: Engine) {
    let world = World::start(engine).await;
    for (user, role) in [(PATIENT, "1"), (RELATED, "6"), (PRACTITIONER, "15")] {
        world.code(user).await;
        let events = world.events().await;
        for event in &events[events.len() - 3..] {
            let entity = &event["entity"][0];
            assert_eq!(entity["what"]["reference"], user);
            assert_eq!(
                entity["role"]["system"],
                "http://terminology.hl7.org/CodeSystem/object-role"
            );
            assert_eq!(entity["role"]["code"], role, "{user}");
        }
    }
}

async fn the_provider_is_the_second_agent(engine: Engine) {
    let world = World::start(engine).await;
    world.code(PATIENT).await;
    let events = world.events().await;
    assert_eq!(events[0]["agent"].as_array().unwrap().len(), 1, "not chosen yet");
    for event in &events[1..] {
        let agent = &event["agent"][1];
        assert_eq!(agent["type"]["coding"][0]["system"], DCM);
        assert_eq!(agent["type"]["coding"][0]["code"], "110152");
        assert_eq!(agent["requestor"], false);
        let who = &agent["who"];
        assert_eq!(who["identifier"]["system"], "http://koppeltaal.nl/oidc/issuer");
        assert_eq!(who["identifier"]["value"], world.provider.issuer.as_str());
        assert_eq!(who["display"], "huis");
    }
}

/// What KT2AuditEvent demands and forbids.
fn keeps_to_the_profile(event: &Value, world: &World) {
    assert_eq!(event["resourceType"], "AuditEvent");
    let uuid = uuid::Uuid::try_parse(event["id"].as_str().unwrap()).unwrap();
    assert_eq!(uuid.get_version_num(), 4);
    assert_eq!(event["meta"]["profile"], json!([format!("{KT}/KT2AuditEvent")]));
    assert!(event["type"]["code"].is_string());
    assert_eq!(event["action"], "E");
    let recorded = event["recorded"].as_str().unwrap();
    assert!(recorded.len() == 24 && recorded.ends_with('Z'), "UTC, milliseconds: {recorded}");
    assert!(["0", "4", "8"].contains(&event["outcome"].as_str().unwrap()));
    let device = |who: &Value| {
        let by_reference = who["reference"].as_str().is_some_and(|it| it.starts_with("Device/"));
        let by_identifier = who["type"] == "Device" && who["identifier"]["value"].is_string();
        assert!(by_reference || by_identifier, "{who}");
    };
    let agents = event["agent"].as_array().unwrap();
    assert!(!agents.is_empty());
    for agent in agents {
        device(&agent["who"]);
        assert!(agent["type"]["coding"][0]["code"].is_string(), "{agent}");
        assert!(agent["requestor"].is_boolean(), "{agent}");
        for absent in ["altId", "name", "location", "policy", "media", "purposeOfUse"] {
            assert!(agent.get(absent).is_none(), "{absent}");
        }
    }
    let server = format!("Device/{}", world.app.domain(ZORG).server_device);
    assert_eq!(event["source"]["observer"]["reference"], server.as_str());
    assert_eq!(event["source"]["site"], ZORG);
    let kind = &event["source"]["type"][0];
    assert_eq!(kind["system"], "http://terminology.hl7.org/CodeSystem/security-source-type");
    assert_eq!(kind["code"], "6");
    let entities = event["entity"].as_array().unwrap();
    assert!(!entities.is_empty());
    for entity in entities {
        assert!(entity["what"]["reference"].as_str().unwrap().contains('/'));
        assert!(entity.get("detail").is_none());
        assert!(entity.get("name").is_none() || entity.get("query").is_none(), "sev-1");
    }
    assert!(event.get("purposeOfEvent").is_none());
    for name in ["trace-id", "request-id"] {
        assert!(id(event, name).is_some(), "{name}");
    }
}

async fn every_event_keeps_to_the_profile(engine: Engine) {
    let world = World::start(engine).await;
    for user in PEOPLE {
        world.code(user).await;
    }
    let hinted = world.launch(PATIENT).idp_hint("weg").sign(&signer("portal")).unwrap();
    let login = world.begun(&world.request(&hinted)).await;
    world.signs_in(&login, &SignIn::of("een ander")).await.told_error();
    world.authorize(&world.request("x")).await.told_error();
    world.get(&world.endpoint(ZORG, "authorize"), &[]).await.page(400);
    world.get(&world.endpoint(ZORG, "idp/callback"), &[]).await.page(400);
    let code = world.code(PATIENT).await;
    world.redeem(&code, |r| r.set("code_verifier", "x")).await.error();
    let events = world.events().await;
    assert_eq!(events.len(), 9 + 3 + 2 + 1 + 1 + 1 + 3 + 1, "{events:#?}");
    for event in &events {
        keeps_to_the_profile(event, &world);
        let text = event.to_string();
        for personal in [email(PATIENT).as_str(), "een ander", "subject-7"] {
            assert!(!text.contains(personal), "{text}");
        }
    }
    let mut ids: Vec<&Value> = events.iter().map(|event| &event["id"]).collect();
    ids.sort_by_key(|id| id.to_string());
    ids.dedup();
    assert_eq!(ids.len(), events.len());
}

async fn the_ids_connect_what_belongs_together(engine: Engine) {
    let world = World::start(engine).await;
    let token = world.launch(PATIENT).claim("jti", "jti-van-de-launch");
    let request = world.request(&token.sign(&signer("portal")).unwrap());
    let url = format!("{}?{}", world.endpoint(ZORG, "authorize"), request.encoded());
    let headers = [("X-Request-Id", "verzoek-1"), ("X-Correlation-Id", "vorig-verzoek")];
    let login = world.get(&url, &headers).await.login();
    world.signs_in(&login, &SignIn::of(&email(PATIENT))).await.code();
    let events = world.events().await;
    for event in &events {
        assert_eq!(id(event, "trace-id").as_deref(), Some("jti-van-de-launch"));
    }
    for event in &events[..2] {
        assert_eq!(id(event, "request-id").as_deref(), Some("verzoek-1"));
        assert_eq!(id(event, "correlation-id").as_deref(), Some("vorig-verzoek"));
    }
    assert_ne!(id(&events[2], "request-id").as_deref(), Some("verzoek-1"));
    // Also of a launch token that does not hold.
    let token = world.launch(PATIENT).claim("jti", "jti-2").claim("exp", 1);
    let failed = world.request(&token.sign(&signer("portal")).unwrap());
    world.authorize(&failed).await.told_error();
    assert_eq!(id(&world.last_event().await, "trace-id").as_deref(), Some("jti-2"));
}

async fn a_trace_of_the_caller_is_kept(engine: Engine) {
    let world = World::start(engine).await;
    let request = world.request(&world.launched(PATIENT));
    let url = format!("{}?{}", world.endpoint(ZORG, "authorize"), request.encoded());
    let answer = world.get(&url, &[("X-Trace-Id", "spoor-1")]).await;
    assert_eq!(answer.header("x-trace-id"), "spoor-1");
    for event in world.events().await {
        assert_eq!(id(&event, "trace-id").as_deref(), Some("spoor-1"));
    }
    // What is no id does not get into a FHIR resource.
    let request = world.request(&world.launched(PATIENT));
    let url = format!("{}?{}", world.endpoint(ZORG, "authorize"), request.encoded());
    world.get(&url, &[("X-Trace-Id", "geen spoor <b>")]).await.login();
    assert!(!format!("{:?}", world.events().await).contains("geen spoor"));
}

async fn the_rows_are_about_the_user_and_the_task(engine: Engine) {
    let world = World::start(engine).await;
    let login = world.login(PATIENT).await;
    world.signs_in(&login, &SignIn::of("een ander")).await.told_error();
    let rows = world.trail().await;
    let actions: Vec<&str> = rows.iter().map(|row| row.action.as_str()).collect();
    assert_eq!(actions, ["login", "login", "login", "launch"]);
    assert!(rows[..3].iter().all(|row| row.patient.as_deref() == Some(PATIENT)));
    assert_eq!(rows[3].focal.as_deref(), Some("Task/t1"));
    assert!(rows.iter().all(|row| row.agent == "module" && row.request_id.is_some()));
    assert!(rows.windows(2).all(|pair| pair[0].trace_id == pair[1].trace_id));
    let outcomes: Vec<&str> = rows.iter().map(|row| row.outcome.as_str()).collect();
    assert_eq!(outcomes, ["0", "0", "8", "4"]);
}

async fn a_token_for_a_code_leaves_no_event(engine: Engine) {
    let world = World::start(engine).await;
    let code = world.code(PATIENT).await;
    let answer = world.redeem(&code, |request| request).await.expect(200).json();
    world.introspect("module", answer["id_token"].as_str().unwrap()).await;
    assert_eq!(world.events().await.len(), 3);
}

async fn nothing_is_recorded_in_another_domain(engine: Engine) {
    let world = World::start(engine).await;
    world.code(PATIENT).await;
    world.authorize(&world.request("x")).await.told_error();
    assert!(world.trail_of(ELDERS).await.is_empty());
}
