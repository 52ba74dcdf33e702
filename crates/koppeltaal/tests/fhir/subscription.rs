//! Subscriptions (TOP-KT-006; spec 5.1; decision on acceptance): what is accepted.
//! Delivery is another matter.

use koppeltaal_core::directory::Scope;
use koppeltaal_core::resource::Body;
use koppeltaal_core::search::Indexer;
use koppeltaal_kt2::Catalogs;
use koppeltaal_store::resource::{self, Indexed, Updated};
use koppeltaal_store::test_support::options;
use koppeltaal_store::{DomainTx, Store};
use serde_json::{Value, json};

use crate::cast::{ZORG, right, role};
use crate::client::path;
use crate::resources::subscription;
use crate::support::Engine;
use crate::world::World;

on_both_engines!(
    a_subscription_is_active_at_once,
    an_error_is_said_by_the_server_only,
    a_channel_is_a_rest_hook_without_payload_to_an_https_endpoint,
    criteria_are_those_of_a_search,
    criteria_are_about_what_the_caller_may_read,
    an_update_is_held_to_the_same,
);

async fn a_subscription_is_active_at_once(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    for (status, kept_as) in [("requested", "active"), ("active", "active"), ("off", "off")] {
        let mut new = subscription("Task?status=ready");
        new["status"] = status.into();
        let kept = own.create(&new).await;
        assert_eq!(kept["status"], kept_as, "{status}");
        assert_eq!(kept["meta"]["versionId"], "1");
    }
    // Off, and on again.
    let mut kept = own.create(&subscription("Task?status=ready")).await;
    for (status, kept_as, version) in
        [("off", "off", "2"), ("requested", "active", "3"), ("requested", "active", "3")]
    {
        kept["status"] = status.into();
        kept = own.update(&kept).await;
        let seen = (kept["status"].as_str(), kept["meta"]["versionId"].as_str());
        assert_eq!(seen, (Some(kept_as), Some(version)));
    }
}

async fn an_error_is_said_by_the_server_only(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let mut new = subscription("Task?status=ready");
    new["status"] = "error".into();
    own.try_create(&new).await.refused(422, "business-rule").about("Subscription.status");
    new["status"] = "off".into();
    let mut kept = own.create(&new).await;
    kept["status"] = "error".into();
    own.try_update(&kept).await.refused(422, "business-rule").about("Subscription.status");
    // What the server said may come back with a change of something else.
    let (id, now) = (kept["id"].as_str().unwrap().to_owned(), world.app.now());
    let domain = world.app.domain(ZORG);
    let (ids, number) = (world.app.ids().await, domain.number);
    let work = move |tx: &mut DomainTx<'_>| {
        let known = resource::locked(tx, "Subscription", &id)?.unwrap();
        let failed = r#""status":"error","error":"503""#;
        let body = Body::of_tail(known.body.tail().replace(r#""status":"off""#, failed));
        let text = body.render("Subscription", &id, 2, now);
        let indexed: Indexed = Catalogs::default().index(number, &text).into();
        resource::update(tx, &ids, "Subscription", &id, None, &body, &indexed, now)
    };
    let store = Store::open(&world.app.config.database, &options()).await.unwrap();
    assert!(matches!(store.scope(&domain).write(work).await.unwrap(), Updated::Done(_)));
    store.close().await;
    let mut failed = own.get(&path(&kept)).await.expect(200).json();
    assert_eq!((&failed["status"], &failed["error"]), (&json!("error"), &json!("503")));
    failed["reason"] = "another".into();
    let mut failed = own.update(&failed).await;
    assert_eq!((&failed["status"], &failed["error"]), (&json!("error"), &json!("503")));
    failed["status"] = "requested".into();
    let again = own.update(&failed).await;
    assert_eq!((&again["status"], &again["error"]), (&json!("active"), &Value::Null));
}

async fn a_channel_is_a_rest_hook_without_payload_to_an_https_endpoint(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    for (name, value) in [
        ("type", json!("websocket")),
        ("type", json!("email")),
        ("type", json!("sms")),
        ("type", json!("message")),
        ("type", Value::Null),
        ("payload", json!("application/fhir+json")),
        ("payload", json!("")),
        ("endpoint", Value::Null),
        ("endpoint", json!("")),
        ("endpoint", json!("http://hooks.example.test/kt2")),
        ("endpoint", json!("http://127.0.0.1:1/")),
        ("endpoint", json!("ftp://hooks.example.test/")),
        ("endpoint", json!("hooks.example.test")),
        ("endpoint", json!("https://")),
        ("endpoint", json!("mailto:a@example.test")),
        ("endpoint", json!(["https://hooks.example.test/kt2"])),
    ] {
        for status in ["requested", "active", "off"] {
            let mut new = subscription("Task?status=ready");
            new["status"] = status.into();
            let channel = new["channel"].as_object_mut().unwrap();
            match value.is_null() {
                true => drop(channel.remove(name)),
                false => drop(channel.insert(name.to_owned(), value.clone())),
            }
            let reply = own.try_create(&new).await;
            assert_eq!(reply.status, 422, "{name} = {value}: {}", reply.text());
        }
    }
    for missing in ["status", "reason", "criteria", "channel"] {
        let mut new = subscription("Task?status=ready");
        new.as_object_mut().unwrap().remove(missing);
        own.try_create(&new).await.expect(422);
    }
    assert_eq!(own.search("Subscription").await["total"], 0);
    let mut new = subscription("Task?status=ready");
    new["channel"]["endpoint"] = "HTTPS://hooks.example.test:8443/a?b=c".into();
    new["end"] = "2199-01-01T00:00:00Z".into();
    new["channel"]["payload"] = Value::Null;
    let kept = own.try_create(&new).await;
    assert_ne!(kept.status, 201, "null is no value in FHIR");
    new["channel"].as_object_mut().unwrap().remove("payload");
    own.create(&new).await;
}

async fn criteria_are_those_of_a_search(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    for criteria in [
        "Task?",
        "Task?status=ready",
        "Task?status=ready,in-progress&owner=Practitioner/1",
        "Task?instantiates.publisherId=X",
        "Task?instantiates:ActivityDefinition.publisherId=X",
        "Patient?birthdate=ge1980&name:exact=Jansen",
        "ActivityDefinition?context=http://vzvz.nl/fhir/CodeSystem/koppeltaal-expansion%7C026-RolvdNaaste",
        "AuditEvent?traceId=1",
        "RelatedPerson?patient=Patient/1",
        "CareTeam?participant.identifier=x",
        "Device?_id=1",
        "Task?_lastUpdated=gt2024-01-01",
    ] {
        let kept = own.create(&subscription(criteria)).await;
        assert_eq!(kept["criteria"], criteria);
    }
    for criteria in [
        "Nope?x=1",
        "Task",
        "?status=ready",
        "task?status=ready",
        "Observation?code=1",
        "Bundle?type=x",
        "Task?nope=1",
        "Task?status:nope=ready",
        "Task?owner:Nope.name=x",
        "Task?owner.nope=x",
        "Patient?status=active",
        "Patient?birthdate=yesterday",
        "Patient?birthdate=ge",
        "Task?_lastUpdated=x",
        "https://kt.example.test/api/v1/zorg/fhir/r4/Task?status=ready",
        "Task/1",
        "Task?status=%ff",
    ] {
        let refused = own.try_create(&subscription(criteria)).await;
        assert_eq!(refused.status, 422, "{criteria}: {}", refused.text());
        refused.about("Subscription.criteria");
    }
}

async fn criteria_are_about_what_the_caller_may_read(engine: Engine) {
    let plan = World::build(engine).setup(|setup| {
        let rights = vec![
            right("Subscription", "CRUD", Scope::Own, &[]),
            right("Task", "R", Scope::Own, &[]),
            right("Patient", "CU", Scope::Own, &[]),
        ];
        role(setup, ZORG, "taken", rights);
        setup.instance("own2").role = Some("taken".to_owned());
    });
    let world = plan.start().await;
    let client = world.client("own2").await;
    let kept = client.create(&subscription("Task?status=ready")).await;
    for criteria in ["Patient?", "Patient?nope=1", "Device?status=active"] {
        let refused = client.try_create(&subscription(criteria)).await.refused(403, "forbidden");
        refused.about("Subscription.criteria");
        let mut other = kept.clone();
        other["criteria"] = criteria.into();
        client.try_update(&other).await.refused(403, "forbidden");
    }
    client.try_create(&subscription("Nope?x=1")).await.expect(422);
    assert_eq!(client.get(&path(&kept)).await.json(), kept);
    for client in ["reader", "granted", "nobody"] {
        world.client(client).await.try_create(&subscription("Task?")).await.expect(403);
    }
}

async fn an_update_is_held_to_the_same(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let kept = own.create(&subscription("Task?status=ready")).await;
    for (place, value) in [
        ("/criteria", json!("Nope?x=1")),
        ("/channel/endpoint", json!("http://hooks.example.test/")),
        ("/channel/payload", json!("application/fhir+json")),
        ("/channel/type", json!("email")),
        ("/channel/header", json!(["Host: x"])),
    ] {
        let mut other = kept.clone();
        let (parent, name) = place.rsplit_once('/').unwrap();
        other.pointer_mut(parent).unwrap()[name] = value;
        own.try_update(&other).await.expect(422);
    }
    assert_eq!(own.get(&path(&kept)).await.json(), kept);
}
