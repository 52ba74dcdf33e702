//! What an endpoint sees (Koppeltaal 1.3, webhook headers since 1.3.8).

use std::time::Duration;

use koppeltaal_core::directory::Secret;
use koppeltaal_core::notification::State;
use koppeltaal_delivery::Settings;
use koppeltaal_store::test_support::sqlite_store;

use crate::hook::{Answer, Hook};
use crate::world::{TEST, World, eventually, settings};

#[tokio::test]
async fn a_webhook_is_a_post_with_the_headers_of_the_standard_and_no_body() {
    let store = sqlite_store().await;
    let mut world = World::new(&store);
    let hook = Hook::start(Answer::status(200)).await;
    world.connect(TEST, 7, &hook.url());
    world.change(TEST, 7, |instance| {
        let headers = &mut instance.webhook.as_mut().unwrap().headers;
        for (name, value) in [
            ("X-Koppeltaal-Secret", "sealed:s3cret"),
            ("Host", "sealed:evil.example"),
            ("content-length", "sealed:7"),
            ("Transfer-Encoding", "sealed:chunked"),
            ("Connection", "sealed:close"),
            ("Category", "sealed:mine"),
        ] {
            headers.insert(name.to_owned(), Secret(value.to_owned()));
        }
    });
    let ids = world.announce(TEST, 7, 2).await;
    let delivery = world.start();
    world.until(TEST, 7, State::Delivered, 2).await;
    delivery.shutdown().await;

    let received = hook.received();
    assert_eq!(received.len(), 2);
    for request in &received {
        assert_eq!(request.line, "POST /hook HTTP/1.1");
    }
    let mut identifiers: Vec<_> =
        received.iter().filter_map(|r| r.header("koppeltaalmessageidentifier")).collect();
    identifiers.sort_unstable();
    assert_eq!(identifiers, [format!("m-{}", ids[0]), format!("m-{}", ids[1])]);
    let host = hook.address.to_string();
    let expected = [
        ("accept", "application/json"),
        (
            "category",
            "http://ggz.koppeltaal.nl/fhir/Koppeltaal/Domain#test; scheme=\"\"; \
             label=\"http://hl7.org/fhir/tag/securitytest\"",
        ),
        ("content-length", "0"),
        ("content-type", "application/json"),
        ("host", &host),
        ("koppeltaalmessageidentifier", received[0].header("koppeltaalmessageidentifier").unwrap()),
        ("user-agent", concat!("koppeltaal/", env!("CARGO_PKG_VERSION"))),
        ("x-koppeltaal-secret", "s3cret"),
    ];
    let headers: Vec<_> =
        received[0].headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(headers, expected);

    let shown = world.show(TEST, ids[0]).await;
    assert_eq!(shown.attempts.len(), 1);
    assert_eq!(shown.attempts[0].endpoint.as_deref(), Some(hook.url().as_str()));
    assert_eq!((shown.attempts[0].status, &shown.attempts[0].error), (Some(200), &None));
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let store = sqlite_store().await;
    let mut world = World::new(&store);
    let hook = Hook::start(Answer::status(204)).await;
    world.connect(TEST, 7, &hook.url());
    world.announce(TEST, 7, 40).await;
    let _delivery = world.start_with(Settings { per_instance: 1, ..settings() });
    world.until(TEST, 7, State::Delivered, 40).await;
    assert_eq!((hook.count(), hook.connections()), (40, 1));
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_is_not_followed() {
    let store = sqlite_store().await;
    let mut world = World::new(&store);
    let elsewhere = Hook::start(Answer::status(200)).await;
    let location = format!("Location: {}\r\n", elsewhere.url());
    let hook = Hook::start(Answer::with(307, &location)).await;
    world.connect(TEST, 7, &hook.url());
    let id = world.announce(TEST, 7, 1).await[0];
    let _delivery = world.start();
    let shown = world.until_tried(TEST, id, 1).await;
    assert_eq!((shown.state, shown.attempts[0].status), (State::Pending, Some(307)));
    assert!(shown.attempts[0].error.as_ref().unwrap().contains("not followed"));
    assert_eq!(elsewhere.count(), 0);
}

#[tokio::test]
async fn a_body_without_end_is_left_unread() {
    let store = sqlite_store().await;
    let mut world = World::new(&store);
    let hook = Hook::start(Answer::Endless).await;
    world.connect(TEST, 7, &hook.url());
    world.announce(TEST, 7, 3).await;
    let _delivery = world.start();
    world.until(TEST, 7, State::Delivered, 3).await;
    assert_eq!(hook.count(), 3);
}

#[tokio::test]
async fn a_wake_does_not_wait_for_the_poll() {
    let store = sqlite_store().await;
    let mut world = World::new(&store);
    let hook = Hook::start(Answer::status(200)).await;
    world.connect(TEST, 7, &hook.url());
    let never = Settings { poll: Duration::from_secs(86_400), ..settings() };
    let delivery = world.start_with(never);
    for round in 1..=3 {
        world.announce(TEST, 7, 10).await;
        delivery.wake();
        world.until(TEST, 7, State::Delivered, round * 10).await;
    }
    let metrics = delivery.metrics();
    assert_eq!((metrics.sent, metrics.failed, metrics.dead), (30, 0, 0));
    assert_eq!(metrics.latency_count, 30);
    eventually(async || delivery.metrics().in_flight == 0).await;
}

#[tokio::test]
async fn a_header_that_cannot_be_opened_fails_the_attempt_without_its_value() {
    let store = sqlite_store().await;
    let mut world = World::new(&store);
    let hook = Hook::start(Answer::status(200)).await;
    world.connect(TEST, 7, &hook.url());
    world.change(TEST, 7, |instance| {
        let headers = &mut instance.webhook.as_mut().unwrap().headers;
        headers.insert("X-Secret".to_owned(), Secret("unreadable".to_owned()));
    });
    let id = world.announce(TEST, 7, 1).await[0];
    let _delivery = world.start();
    let shown = world.until_tried(TEST, id, 1).await;
    let error = shown.attempts[0].error.as_ref().unwrap();
    assert!(error.contains("X-Secret") && !error.contains("unreadable"), "{error}");
    assert_eq!(hook.count(), 0);
}
