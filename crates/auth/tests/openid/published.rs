//! What the provider publishes: fetched once, refreshed, kept while it is down.

use futures_util::future::join_all;
use koppeltaal_core::directory::Phase;
use serde_json::json;

use crate::key_pair::KeyPair;
use crate::provider::{DISCOVERY, Reply};
use crate::world::*;

#[tokio::test]
async fn discovery_and_keys_are_fetched_once_for_everybody() {
    let world = World::new().await;
    let begun = join_all((0..20).map(|_| world.begin())).await;
    assert!(begun.iter().all(Result::is_ok));
    world.login(json!({})).await.unwrap();
    world.login(json!({})).await.unwrap();
    assert_eq!(world.provider.seen(DISCOVERY).len(), 1);
    assert_eq!(world.provider.seen("/jwks").len(), 1);
    world.clock.forward(600);
    world.login(json!({})).await.unwrap();
    assert_eq!(world.provider.seen(DISCOVERY).len(), 2);
    assert_eq!(world.provider.seen("/jwks").len(), 2);
}

#[tokio::test]
async fn the_provider_says_how_long_its_documents_hold() {
    let world = World::new().await;
    let reply = Reply::json(&world.provider.discovery()).header("Cache-Control: max-age=120");
    world.provider.on(DISCOVERY, reply);
    world.begin().await.unwrap();
    world.clock.forward(119);
    world.begin().await.unwrap();
    assert_eq!(world.provider.seen(DISCOVERY).len(), 1);
    world.clock.forward(1);
    world.begin().await.unwrap();
    assert_eq!(world.provider.seen(DISCOVERY).len(), 2);
}

#[tokio::test]
async fn another_domain_does_not_share_what_is_known() {
    let mut world = World::new().await;
    world.begin().await.unwrap();
    world.domain.number = 2;
    world.begin().await.unwrap();
    assert_eq!(world.provider.seen(DISCOVERY).len(), 2);
}

#[tokio::test]
async fn a_rotated_key_is_found_at_once_and_then_once_a_minute_at_most() {
    let mut world = World::new().await;
    world.login(json!({})).await.unwrap();
    for (kid, fetches) in [("second", 2), ("third", 2)] {
        world.key = KeyPair::new(kid, "ES256");
        world.provider.on("/jwks", Reply::json(&json!({"keys": [world.key.jwk()]})));
        let outcome = world.login(json!({})).await;
        assert_eq!(outcome.is_ok(), kid == "second", "{outcome:?}");
        assert_eq!(world.provider.seen("/jwks").len(), fetches);
    }
    world.clock.forward(60);
    assert!(world.login(json!({})).await.is_ok());
}

#[tokio::test]
async fn a_withdrawn_key_proves_nothing_once_its_time_is_over() {
    let world = World::new().await;
    world.login(json!({})).await.unwrap();
    let other = KeyPair::new("other", "ES256");
    world.provider.on("/jwks", Reply::json(&json!({"keys": [other.jwk()]})));
    world.clock.forward(600);
    is_refused(&world.login(json!({})).await);
}

#[tokio::test]
async fn a_provider_that_is_down_is_unavailable_and_its_documents_are_kept() {
    let world = World::new().await;
    world.login(json!({})).await.unwrap();
    let begun = world.begin().await.unwrap();
    world.provider.go_down();
    world.clock.forward(7200);
    assert!(world.begin().await.is_ok());
    // Only the keys and the document are down: a token of before is still verified.
    let fresh = world.claims(&begun);
    world.give(&world.key.sign(&fresh));
    assert!(world.finish(&begun).await.is_ok());
    is_unavailable(&world.providers.check(&world.domain, &world.settings).await);

    let cold = World::new().await;
    cold.provider.go_down();
    is_unavailable(&cold.begin().await);
}

#[tokio::test]
async fn a_provider_that_was_never_reached_is_left_alone_for_a_moment() {
    let world = World::new().await;
    world.provider.on(DISCOVERY, Reply::text(503, "text/html", ""));
    for _ in 0..20 {
        is_unavailable(&world.begin().await);
    }
    assert_eq!(world.provider.seen(DISCOVERY).len(), 1);
    world.provider.on(DISCOVERY, Reply::json(&world.provider.discovery()));
    world.clock.forward(9);
    is_unavailable(&world.begin().await);
    world.clock.forward(1);
    assert!(world.begin().await.is_ok());
    assert_eq!(world.provider.seen(DISCOVERY).len(), 2);
}

#[tokio::test]
async fn a_discovery_document_of_somebody_else_is_misconfigured() {
    for (name, value) in [
        ("issuer", json!("https://other.example")),
        ("issuer", json!(null)),
        ("token_endpoint", json!("not a url")),
        ("jwks_uri", json!(null)),
        ("response_types_supported", json!(["id_token"])),
        ("authorization_endpoint", json!("http://idp.example/authorize")),
        ("authorization_endpoint", json!("javascript:alert(1)")),
    ] {
        let world = World::new().await;
        let mut discovery = world.provider.discovery();
        discovery[name] = value;
        world.provider.on(DISCOVERY, Reply::json(&discovery));
        is_misconfigured(&world.begin().await);
    }
}

#[tokio::test]
async fn a_discovery_document_that_is_none_is_a_failure() {
    let world = World::new().await;
    for reply in [
        Reply::Silent,
        Reply::text(200, "text/html", "<html>"),
        Reply::text(200, "application/json", "[]"),
        Reply::text(200, "application/json", &" ".repeat(2_000_000)),
        Reply::text(200, "application/json", &"[".repeat(100_000)),
        Reply::text(503, "text/html", ""),
        Reply::text(429, "text/html", ""),
        Reply::text(302, "text/html", "").header("Location: /elsewhere"),
    ] {
        world.provider.on(DISCOVERY, reply);
        is_unavailable(&world.begin().await);
        world.clock.forward(60);
    }
    assert_eq!(world.provider.seen(DISCOVERY).len(), 8);
    world.provider.on(DISCOVERY, Reply::text(404, "text/html", ""));
    is_misconfigured(&world.begin().await);
    assert!(world.provider.seen("/elsewhere").is_empty());
}

#[tokio::test]
async fn key_sets_of_every_kind_break_nothing() {
    let world = World::new().await;
    for body in ["<html>", "{}", "[]", "{\"keys\": 7}"] {
        world.provider.on("/jwks", Reply::text(200, "application/json", body));
        is_unavailable(&world.login(json!({})).await);
        world.clock.forward(60);
    }
    assert_eq!(world.provider.seen("/jwks").len(), 4);
    let odd = json!({"kty": "RSA", "kid": "first", "n": "", "e": ""});
    for keys in [json!([]), json!([null, 7, {}]), json!([odd]), json!([{"kty": "EC"}])] {
        world.provider.on("/jwks", Reply::json(&json!({"keys": keys})));
        is_refused(&world.login(json!({})).await);
        world.clock.forward(600);
    }
    let keys = json!([null, {"kty": "FUTURE", "kid": "first"}, odd, world.key.jwk()]);
    world.provider.on("/jwks", Reply::json(&json!({"keys": keys})));
    assert!(world.login(json!({})).await.is_ok());
}

#[tokio::test]
async fn a_check_says_what_is_in_the_way() {
    let mut world = World::new().await;
    world.providers.check(&world.domain, &world.settings).await.unwrap();
    world.providers.check(&world.domain, &world.settings).await.unwrap();
    assert_eq!(world.provider.seen(DISCOVERY).len(), 2);
    assert_eq!(world.provider.seen("/jwks").len(), 2);

    world.provider.on("/jwks", Reply::json(&json!({"keys": []})));
    is_misconfigured(&world.providers.check(&world.domain, &world.settings).await);

    world.settings.client_secret.as_mut().unwrap().0 = "sealed:v1:AAAA".to_owned();
    is_misconfigured(&world.providers.check(&world.domain, &world.settings).await);
}

#[tokio::test]
async fn the_rules_for_urls_hold_for_providers_too() {
    let mut world = World::new().await;
    world.domain.phase = Phase::Production;
    is_unavailable(&world.begin().await);
    assert!(world.provider.seen(DISCOVERY).is_empty());
}
