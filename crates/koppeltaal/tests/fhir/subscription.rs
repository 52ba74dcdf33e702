//! Subscriptions (TOP-KT-006; spec 5.1; decisions on acceptance and hooks): what is
//! accepted, and whose they are. Delivery is another matter.

use koppeltaal_core::directory::Scope;
use serde_json::{Value, json};

use crate::cast::{ZORG, right, role};
use crate::client::path;
use crate::resources::subscription;
use crate::support::Engine;
use crate::world::World;

on_both_engines!(
    a_subscription_is_active_at_once,
    a_channel_is_a_rest_hook_without_payload_to_an_https_endpoint,
    criteria_are_those_of_a_search,
    criteria_are_about_what_the_caller_may_read,
    header_lines_are_those_of_http_and_none_of_the_servers,
    an_update_is_held_to_the_same,
    a_subscription_is_its_owners_alone,
    an_endpoint_is_one_that_was_registered_when_any_was,
    the_error_is_the_servers,
);

async fn a_subscription_is_active_at_once(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    for (status, kept_as) in
        [("requested", "active"), ("active", "active"), ("off", "off"), ("error", "error")]
    {
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

async fn header_lines_are_those_of_http_and_none_of_the_servers(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let with = |lines: Vec<String>| {
        let mut new = subscription("Task?status=ready");
        new["channel"]["header"] = lines.into();
        new
    };
    let long = |length: usize| format!("X: {}", "a".repeat(length - 3));
    let many = |count: usize| (0..count).map(|at| format!("X-{at}: {at}")).collect::<Vec<_>>();
    for lines in [
        vec!["X-KTSubscription: TaskReady".to_owned()],
        vec!["Authorization: Bearer s3cret:with:colons".to_owned()],
        vec![long(4096)],
        many(20),
    ] {
        let kept = own.create(&with(lines.clone())).await;
        assert_eq!(kept["channel"]["header"], json!(lines), "its owner sees it");
    }
    for lines in [
        vec!["no colon, s3cret".to_owned()],
        vec![": s3cret".to_owned()],
        vec!["a b: s3cret".to_owned()],
        vec!["X: s3cret\r\nY: z".to_owned()],
        vec!["X: s3cret\u{7}".to_owned()],
        vec!["Host: s3cret".to_owned()],
        vec!["content-length: 3".to_owned()],
        vec!["CONTENT-TYPE: text/plain".to_owned()],
        vec!["Transfer-Encoding: chunked".to_owned()],
        vec!["Connection: close".to_owned()],
        vec!["X-Request-Id: s3cret".to_owned()],
        vec!["X-Correlation-Id: s3cret".to_owned()],
        vec!["X-Trace-ID : s3cret".to_owned()],
        vec!["X-Fine: 1".to_owned(), "Host: s3cret".to_owned()],
        vec![long(4097)],
        many(21),
    ] {
        let refused = own.try_create(&with(lines.clone())).await;
        assert_eq!(refused.status, 422, "{lines:?}");
        assert!(refused.text().contains("header"), "{}", refused.text());
        assert!(!refused.text().contains("s3cret"), "{}", refused.text());
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

async fn a_subscription_is_its_owners_alone(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let mut new = subscription("Task?status=ready");
    new["channel"]["header"] = json!(["Authorization: Bearer s3cret"]);
    let kept = own.create(&new).await;
    let path = path(&kept);
    for client in ["admin", "cascade", "reader", "granted", "own2", "nobody"] {
        let other = world.client(client).await;
        let tag = [("if-match", "1")];
        for reply in [
            other.get(&path).await,
            other.get(&format!("{path}/_history")).await,
            other.get(&format!("{path}/_history/1")).await,
            other.put_with(&path, &tag, &kept).await,
            other.delete(&path).await,
            other.post(&format!("{path}/$validate"), &kept).await,
        ] {
            assert_eq!(reply.status, 403, "{client}: {}", reply.what);
        }
        for query in ["Subscription", "Subscription/_history", "Subscription?_content=Bearer"] {
            let reply = other.get(query).await;
            match reply.status {
                200 => assert_eq!(reply.json()["total"], 0, "{client}: {query}"),
                status => assert_eq!(status, 403, "{client}: {query}"),
            }
            assert!(!reply.text().contains("s3cret"));
        }
    }
    assert_eq!(own.search("Subscription").await["total"], 1);
    // A right on everything makes one's own, and no more.
    let admin = world.client("admin").await;
    let mine = admin.create(&subscription("Task?status=ready")).await;
    let found = admin.search("Subscription").await;
    assert_eq!((&found["total"], &found["entry"][0]["resource"]), (&json!(1), &mine));
    own.get(&crate::client::path(&mine)).await.expect(403);
    own.delete(&path).await.expect(200);
    admin.get(&path).await.expect(403);
}

async fn an_endpoint_is_one_that_was_registered_when_any_was(engine: Engine) {
    let plan = World::build(engine).setup(|setup| {
        setup.instance("own2").hook_hosts = vec!["hooks.own2.test".to_owned()];
    });
    let world = plan.start().await;
    let client = world.client("own2").await;
    let to = |endpoint: &str| {
        let mut new = subscription("Task?status=ready");
        new["channel"]["endpoint"] = endpoint.into();
        new
    };
    for good in ["https://hooks.own2.test/a", "https://HOOKS.own2.test:8443/b"] {
        client.create(&to(good)).await;
    }
    for bad in [
        "https://hooks.example.test/",
        "https://hooks.own2.test.evil.test/",
        "https://hooks.own2.test@evil.test/",
        "https://x.hooks.own2.test/",
    ] {
        let refused = client.try_create(&to(bad)).await.refused(422, "business-rule");
        refused.about("Subscription.channel.endpoint");
    }
    world.client("own").await.create(&to("https://hooks.example.test/")).await;
}

async fn the_error_is_the_servers(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let mut new = subscription("Task?status=ready");
    new["error"] = "mine".into();
    let mut kept = own.create(&new).await;
    assert!(kept.get("error").is_none(), "{kept}");
    kept["error"] = "mine".into();
    let kept = own.update(&kept).await;
    assert!(kept.get("error").is_none());
    assert_eq!(kept["meta"]["versionId"], "1", "nothing has changed");
}
