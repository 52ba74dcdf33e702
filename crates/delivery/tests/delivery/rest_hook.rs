//! What the endpoint of a subscription sees (Koppeltaal 2.0, TOP-KT-006, 009).

use std::time::Duration;

use koppeltaal_core::notification::State;
use koppeltaal_delivery::Settings;
use koppeltaal_store::both;
use koppeltaal_store::test_support::sqlite_store;

use crate::addresses::https;
use crate::hook::{Answer, Hook};
use crate::lanes::{SUBSCRIBER, arrived};
use crate::world::{PRODUCTION, TEST, World, settings};

#[tokio::test]
async fn a_rest_hook_has_the_headers_of_the_standard_and_those_of_the_subscription() {
    let store = sqlite_store().await;
    let mut world = World::new(&store);
    world.subscriber().await;
    let hook = Hook::start(Answer::status(200)).await;
    let lines = [
        "X-KTSubscription: 1234",
        "Authorization:Bearer abc",
        "X-Twice: a",
        "X-Twice: b",
        // What came into the store past the rules.
        "Host: evil.example",
        "Content-Length: 7",
        "x-trace-id: mine",
    ];
    world.subscribe_as(5, &hook.url(), &lines).await;
    let ids = world.ping(5, 2).await;
    let _delivery = world.start();
    world.until_lane(5, State::Delivered, 2).await;
    let received = hook.received();
    assert_eq!(received[0].line, "POST /hook HTTP/1.1");
    let request_id = received[0].header("x-request-id").unwrap().to_owned();
    assert_eq!(uuid::Uuid::parse_str(&request_id).unwrap().get_version_num(), 4);
    assert_ne!(received[1].header("x-request-id"), Some(request_id.as_str()));
    let host = hook.address.to_string();
    let correlation = format!("r-{}", ids[0]);
    let expected = [
        ("accept", "*/*"),
        ("authorization", "Bearer abc"),
        ("content-length", "0"),
        ("content-type", "application/fhir+json; fhirVersion=4.0; charset=utf-8"),
        ("host", &host),
        ("user-agent", concat!("koppeltaal/", env!("CARGO_PKG_VERSION"))),
        ("x-correlation-id", &correlation),
        ("x-ktsubscription", "1234"),
        ("x-request-id", &request_id),
        ("x-trace-id", "trace"),
        ("x-twice", "a"),
        ("x-twice", "b"),
    ];
    let headers: Vec<_> =
        received[0].headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(headers, expected);
}

#[tokio::test]
async fn each_attempt_has_an_id_of_its_own() {
    let store = sqlite_store().await;
    let mut world = World::new(&store);
    world.subscriber().await;
    let hook = Hook::start(Answer::Script(vec![Answer::status(500), Answer::status(200)])).await;
    world.subscribe(5, &hook.url()).await;
    let id = world.ping(5, 1).await[0];
    let _delivery = world.start();
    world.tried(id, 1).await;
    world.advance_to_head(5).await;
    world.until_lane(5, State::Delivered, 1).await;
    let ids: Vec<_> =
        hook.received().iter().map(|r| r.header("x-request-id").unwrap().to_owned()).collect();
    assert_ne!(ids[0], ids[1]);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let store = sqlite_store().await;
    let mut world = World::new(&store);
    world.subscriber().await;
    let target = Hook::start(Answer::status(200)).await;
    let location = format!("Location: {}\r\n", target.url());
    let hook = Hook::start(Answer::with(307, &location)).await;
    world.subscribe(5, &hook.url()).await;
    let id = world.ping(5, 1).await[0];
    let _delivery = world.start();
    let shown = world.until_tried(TEST, id, 1).await;
    assert_eq!((shown.attempts[0].status, target.count()), (Some(307), 0));
    let error = shown.attempts[0].error.clone().unwrap();
    assert!(error.contains("redirects are not followed"), "{error}");
}

#[tokio::test]
async fn the_certificate_of_an_endpoint_is_verified() {
    let store = sqlite_store().await;
    let mut world = World::new(&store);
    world.subscriber().await;
    let (hook, anchor) = https().await;
    world.subscribe(5, &format!("https://localhost:{}/hook", hook.address.port())).await;
    let id = world.ping(5, 1).await[0];
    let folder = store.folder().unwrap();
    std::fs::write(folder.join("other.pem"), https().await.1).unwrap();
    std::fs::write(folder.join("ca.pem"), anchor).unwrap();
    let trusting = |file| Settings { ca_file: Some(folder.join(file)), ..settings() };
    let delivery = world.start_with(trusting("other.pem"));
    let shown = world.until_tried(TEST, id, 1).await;
    assert!(shown.attempts[0].error.as_ref().unwrap().contains("certificate"), "{shown:?}");
    delivery.shutdown().await;
    let _delivery = world.start_with(trusting("ca.pem"));
    world.advance_to_head(5).await;
    world.until_lane(5, State::Delivered, 1).await;
}

#[tokio::test]
async fn addresses_inside_the_network_are_not_called_from_production() {
    let store = sqlite_store().await;
    let mut world = World::new(&store);
    world.subscriber().await;
    let hook = Hook::start(Answer::status(200)).await;
    let url = format!("https://127.0.0.1:{}/", hook.address.port());
    world.subscribe(5, &url).await;
    let id = world.ping(5, 1).await[0];
    world.change(PRODUCTION, SUBSCRIBER, |instance| instance.domain = "production".to_owned());
    for table in ["subscription", "outbox", "resource"] {
        world.sql(&format!("UPDATE {table} SET domain = 2"), vec![]).await;
    }
    world.sql(&format!("UPDATE subscription SET instance = {SUBSCRIBER}"), vec![]).await;
    world.grant_in("production", "reader");
    let _delivery = world.start();
    let shown = world.until_tried(PRODUCTION, id, 1).await;
    assert!(shown.attempts[0].error.as_ref().unwrap().contains("refused"), "{shown:?}");
    assert_eq!(hook.connections(), 0);
}

both!(several_that_wait_become_one_only_when_that_is_set, |store| async {
    let mut world = World::new(&store);
    world.subscriber().await;
    let hook = Hook::start(Answer::Script(vec![Answer::status(500), Answer::status(200)])).await;
    world.subscribe(5, &hook.url()).await;
    let first = world.ping(5, 3).await;
    let delivery = world.start_with(Settings { hook_coalesce: true, ..settings() });
    world.tried(first[2], 1).await;
    assert_eq!(world.lane(5, State::Pending).await, 3);
    let second = world.ping(5, 2).await;
    world.advance_to_head(5).await;
    world.until_lane(5, State::Delivered, 5).await;
    // The newest of the moment, with its own headers.
    assert_eq!(arrived(&hook), [first[2], second[1]]);
    let shown = world.show(TEST, first[0]).await;
    let with = format!("sent with {}", second[1]);
    assert_eq!(shown.attempts[0].error.as_deref(), Some(with.as_str()));
    assert_eq!(delivery.metrics().coalesced, 4);
    delivery.shutdown().await;

    let ids = world.ping(5, 3).await;
    let _delivery = world.start();
    world.until_lane(5, State::Delivered, 8).await;
    assert_eq!(arrived(&hook)[2..], ids);
});

both!(a_subscriber_whom_nobody_knows_is_told_after_a_while, |store| async {
    let mut world = World::new(&store);
    world.subscriber().await;
    let hook = Hook::start(Answer::status(200)).await;
    world.subscribe(5, &hook.url()).await;
    world.set(5, "origin = 'somebody'").await;
    world.ping(5, 2).await;
    let delivery = world.start();
    // The directory may only be late.
    world.advance(Duration::from_secs(10));
    world.until_lane(5, State::Delivered, 2).await;
    assert_eq!(hook.count(), 2);
    assert_eq!(delivery.counters().snapshot().unchecked, 2);
});

both!(a_host_that_is_no_longer_registered_is_not_called, |store| async {
    let mut world = World::new(&store);
    world.subscriber().await;
    let hook = Hook::start(Answer::status(200)).await;
    world.subscribe(5, &hook.url()).await;
    world.change(TEST, SUBSCRIBER, |instance| instance.hook_hosts = vec!["a.example".to_owned()]);
    let id = world.ping(5, 1).await[0];
    let _delivery = world.start();
    let shown = world.until_tried(TEST, id, 1).await;
    assert!(shown.attempts[0].error.as_ref().unwrap().contains("registered"), "{shown:?}");
    assert_eq!(hook.connections(), 0);
});
