//! The AuditEvent of an introspected launch (memo 0.0.4 on TOP-KT-011; spec 8): one
//! for each launch token that is active, there before the answer, and none for
//! anything else.

use koppeltaal_core::audit::Action;
use koppeltaal_store::audit::Record;
use koppeltaal_store::test_support::count_audited;
use serde_json::{Value, json};

use crate::cast::{ELDERS, ZORG, signer};
use crate::recorded::as_resource;
use crate::support::Engine;
use crate::world::{World, about};

const DCM: &str = "http://dicom.nema.org/resources/ontology/DCM";
const KT: &str = "http://koppeltaal.nl/fhir/StructureDefinition/";

on_both_engines!(
    an_introspected_launch_is_recorded_as_the_memo_wants_it,
    the_record_is_of_the_kind_of_person_that_was_launched,
    the_trace_is_that_of_the_request_or_begins_with_the_launch,
    the_record_has_what_its_profile_requires,
    nothing_else_is_recorded,
    an_operator_finds_the_login_of_a_patient,
);

impl World {
    /// The logins of `zorg`.
    async fn logins(&self) -> Vec<Record> {
        self.app.audit_of(ZORG, Action::Login).await
    }

    /// The AuditEvent of the one login.
    async fn login(&self) -> Value {
        let mut logins = self.logins().await;
        assert_eq!(logins.len(), 1, "{logins:#?}");
        as_resource(&logins.remove(0)).expect("the AuditEvent")
    }

    /// How many AuditEvents there are in all domains.
    async fn events(&self) -> i64 {
        count_audited(self.app.store(), "shape IS NOT NULL").await
    }
}

#[track_caller]
fn extension(event: &Value, name: &str) -> Option<Value> {
    let all = event["extension"].as_array().unwrap();
    let of_name: Vec<&Value> =
        all.iter().filter(|extension| extension["url"] == format!("{KT}{name}")).collect();
    assert!(of_name.len() <= 1, "{event:#}");
    of_name.first().map(|&extension| extension.clone())
}

async fn an_introspected_launch_is_recorded_as_the_memo_wants_it(engine: Engine) {
    let world = World::start(engine).await;
    let before = world.app.now().0;
    let token = world.launched();
    let assertion = world.signed("module");
    let request = world.here().form_request(ZORG, "introspect", &about(&token, &assertion));
    let request = request
        .header("x-request-id", "request-1")
        .header("x-correlation-id", "correlation-1")
        .header("x-trace-id", "trace-1");
    world.here().send(request).await.expect(200);
    // No waiting: it was written before the answer.
    let event = world.login().await;
    let after = world.app.now().0;

    assert_eq!(event["resourceType"], "AuditEvent");
    assert_eq!(event["type"]["system"], DCM);
    assert_eq!(event["type"]["code"], "110114");
    assert_eq!(event["subtype"].as_array().unwrap().len(), 1);
    assert_eq!(event["subtype"][0]["system"], DCM);
    assert_eq!(event["subtype"][0]["code"], "110122");
    assert_eq!(event["action"], "E");
    assert_eq!(event["outcome"], "0");
    assert!(event["outcomeDesc"].as_str().unwrap().starts_with("introspect:"), "{event:#}");
    let recorded = event["recorded"].as_str().unwrap();
    let moment: koppeltaal_core::Timestamp = recorded.parse().unwrap();
    assert!(recorded.len() == 24 && recorded.ends_with('Z'), "UTC in ms: {recorded}");
    assert!((before / 1000 * 1000..=after).contains(&moment.0), "{recorded}");

    let agents = event["agent"].as_array().unwrap();
    assert_eq!(agents.len(), 1, "no user as an agent");
    assert_eq!(agents[0]["type"]["coding"][0]["system"], DCM);
    assert_eq!(agents[0]["type"]["coding"][0]["code"], "110153");
    assert_eq!(agents[0]["requestor"], true);
    let module = format!("Device/{}", world.client_id("module"));
    assert_eq!(agents[0]["who"]["reference"], module.as_str());

    let server = format!("Device/{}", world.app.domain(ZORG).server_device);
    assert_eq!(event["source"]["site"], ZORG);
    assert_eq!(event["source"]["observer"]["reference"], server.as_str());
    let kind = &event["source"]["type"][0];
    assert_eq!(kind["system"], "http://terminology.hl7.org/CodeSystem/security-source-type");
    assert_eq!(kind["code"], "6");

    let entities = event["entity"].as_array().unwrap();
    assert_eq!(entities.len(), 1);
    assert_eq!(entities[0]["what"]["reference"], "Patient/p-1");
    let role = &entities[0]["role"];
    assert_eq!(role["system"], "http://terminology.hl7.org/CodeSystem/object-role");
    assert_eq!(role["code"], "1");

    let id = |name: &str| extension(&event, name).map(|found| found["valueId"].clone());
    assert_eq!(id("request-id"), Some(json!("request-1")));
    assert_eq!(id("correlation-id"), Some(json!("correlation-1")));
    assert_eq!(id("trace-id"), Some(json!("trace-1")));
    let origin = extension(&event, "resource-origin").unwrap();
    assert_eq!(origin["valueReference"]["reference"], server.as_str());
    assert_eq!(event["meta"]["profile"], json!([format!("{KT}KT2AuditEvent")]));
    // The launch itself is nobody's business.
    assert!(!event.to_string().contains(&token) && !event.to_string().contains(&assertion));
}

async fn the_record_is_of_the_kind_of_person_that_was_launched(engine: Engine) {
    for (user, role) in
        [("Patient/p-2", "1"), ("RelatedPerson/r-2", "6"), ("Practitioner/d-2", "15")]
    {
        let world = World::start(engine).await;
        let token = world.launch("portal", "module").claim("sub", user).patient("Patient/p-9");
        let token = token.sign(&signer("portal")).unwrap();
        world.introspect("module", &token).await.expect(200);
        let event = world.login().await;
        assert_eq!(event["entity"][0]["what"]["reference"], user);
        assert_eq!(event["entity"][0]["role"]["code"], role, "{user}");
    }
}

async fn the_trace_is_that_of_the_request_or_begins_with_the_launch(engine: Engine) {
    let world = World::start(engine).await;
    let token = world.launch("portal", "module").claim("jti", "launch-7");
    let reply = world.introspect("module", &token.sign(&signer("portal")).unwrap()).await;
    let event = world.login().await;
    assert_eq!(extension(&event, "trace-id").unwrap()["valueId"], "launch-7");
    let request_id = extension(&event, "request-id").unwrap()["valueId"].clone();
    assert_eq!(reply.header("x-request-id"), request_id.as_str());
    assert_eq!(extension(&event, "correlation-id"), None);
}

async fn the_record_has_what_its_profile_requires(engine: Engine) {
    let world = World::start(engine).await;
    // A jti that is no FHIR id cannot be a trace id.
    let token = world.launch("portal", "module").claim("jti", "urn:x:1/2 3");
    world.introspect("module", &token.sign(&signer("portal")).unwrap()).await.expect(200);
    let event = world.login().await;
    let id = uuid::Uuid::parse_str(event["id"].as_str().unwrap()).unwrap();
    assert_eq!(id.get_version_num(), 4, "K003-2");
    for name in ["type", "recorded", "source", "agent", "entity", "meta"] {
        assert!(!event[name].is_null(), "{name}");
    }
    for agent in event["agent"].as_array().unwrap() {
        assert_eq!(agent["type"]["coding"].as_array().unwrap().len(), 1);
        assert!(agent["who"]["reference"].as_str().unwrap().starts_with("Device/"));
        assert!(agent["requestor"].is_boolean());
        for absent in ["altId", "name", "location", "policy", "media", "purposeOfUse"] {
            assert!(agent[absent].is_null(), "{absent}");
        }
    }
    assert!(event["purposeOfEvent"].is_null());
    for entity in event["entity"].as_array().unwrap() {
        assert!(entity["detail"].is_null());
        // sev-1 of AuditEvent.
        assert!(entity["name"].is_null() || entity["query"].is_null());
    }
    let trace = extension(&event, "trace-id").unwrap()["valueId"].as_str().unwrap().to_owned();
    assert!(koppeltaal_core::trace::is_fhir_id(&trace), "{trace}");
    // Every Device that it names is there.
    let reader = world.token("reader").await;
    for reference in [&event["agent"][0]["who"], &event["source"]["observer"]] {
        let device = reference["reference"].as_str().unwrap();
        world.here().read(ZORG, &reader, device).await.expect(200);
    }
}

async fn nothing_else_is_recorded(engine: Engine) {
    let world = World::start(engine).await;
    let access = world.token("reader").await;
    world.introspect("module", &access).await.expect(200);
    let id_token = world.id_token("module").await;
    world.introspect("module", &id_token).await.expect(200);
    world.here().form(ZORG, "revoke", &about(&access, &world.signed("reader"))).await.expect(200);
    world.ask("garbage").await.expect(401);
    let launch = world.launched();
    world.finds_inactive("other", &launch, "it is for another").await;
    world.finds_inactive("module", "NOOP", "it is no token").await;
    world.here().form(ZORG, "introspect", &about(&launch, "garbage")).await.expect(401);
    assert_eq!(world.events().await, 0);
    // A replay adds nothing, neither of the launch nor of the assertion.
    let assertion = world.signed("module");
    world.here().form(ZORG, "introspect", &about(&launch, &assertion)).await.expect(200);
    assert_eq!(world.events().await, 1);
    world.finds_inactive("module", &launch, "it was used before").await;
    let fresh = world.launched();
    world.here().form(ZORG, "introspect", &about(&fresh, &assertion)).await.expect(401);
    assert_eq!(world.events().await, 1);
    assert_eq!(world.introspect("module", &fresh).await.json()["active"], true);
    assert_eq!((world.events().await, world.logins().await.len()), (2, 2));
    assert!(world.app.audit_of(ELDERS, Action::Login).await.is_empty());
}

async fn an_operator_finds_the_login_of_a_patient(engine: Engine) {
    let world = World::start(engine).await;
    world.introspect("module", &world.launched()).await.expect(200);
    let login = world.logins().await.remove(0);
    assert_eq!(login.patient.as_deref(), Some("Patient/p-1"));
    assert_eq!(login.agent, "module");
    assert_eq!(login.outcome, "0");
    assert!(login.request_id.is_some() && login.trace_id.is_some());
}
