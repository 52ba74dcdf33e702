//! What is no key set, where none may be fetched, and which source of keys counts.

use std::sync::Arc;

use koppeltaal_auth::jose::{Signer, Unverified};
use koppeltaal_core::directory::{Domain, Instance, Phase};
use serde_json::json;

use crate::publisher::*;
use crate::world::*;

#[tokio::test]
async fn what_is_no_key_set_is_refused() {
    let elsewhere = Publisher::start(published("", &["a"])).await;
    let location = format!("Location: {}\r\n", elsewhere.url());
    let long = format!("{{\"keys\":[]}}{}", " ".repeat(256 * 1024));
    for (sent, expected) in [
        (answer("200 OK", "", "<html>"), "the fetched key set is no JSON object"),
        (answer("200 OK", "", "{}"), "the fetched key set has no array `keys`"),
        (answer("200 OK", "", &long), "the answer is longer than 262144 bytes"),
        (
            format!("200 OK\r\nConnection: close\r\n\r\n{long}"),
            "the answer is longer than 262144 bytes",
        ),
        (answer("302 Found", &location, ""), "the key set's URL answered 302"),
        (answer("404 Not Found", "", "{\"keys\":[]}"), "the key set's URL answered 404"),
    ] {
        let world = World::new();
        let publisher = Publisher::start(sent).await;
        assert_eq!(error(world.of(&at(publisher.url()), "a").await), expected);
    }
    assert_eq!(elsewhere.hits(), 0);
}

#[tokio::test]
async fn a_strict_domain_calls_no_http_and_nothing_inside() {
    let publisher = Publisher::start(published("", &["a"])).await;
    for (phase, url, expected) in [
        (Phase::Production, publisher.url(), "not https"),
        (Phase::Acceptance, publisher.url(), "not https"),
        (Phase::Production, "https://169.254.169.254/jwks".to_owned(), "refused"),
        (Phase::Production, format!("https://localhost:{}/", publisher.port), "refused"),
    ] {
        let instance = Instance { jwks_url: Some(url), ..Instance::default() };
        let strict = connected(Domain { phase, ..lenient() }, instance);
        let why = error(World::new().of(&strict, "a").await);
        assert!(why.contains(expected), "{why}");
    }
    assert_eq!(publisher.hits(), 0);
}

#[tokio::test]
async fn what_one_domain_has_fetched_serves_no_other() {
    let world = World::new();
    let publisher = Publisher::start(published("", &["a"])).await;
    let lenient_instance = at(publisher.url());
    world.of(&lenient_instance, "a").await.unwrap();
    let strict = Domain { number: 2, phase: Phase::Production, ..lenient() };
    let strict = connected(strict, lenient_instance.instance.clone());
    world.of(&strict, "a").await.unwrap_err();
    let other = connected(Domain { number: 3, ..lenient() }, lenient_instance.instance.clone());
    world.of(&other, "a").await.unwrap();
    assert_eq!(publisher.hits(), 2);
}

#[tokio::test]
async fn a_check_asks_now_and_shows_the_failure() {
    let world = World::new();
    let publisher = Publisher::start(published("", &["a"])).await;
    let instance = at(publisher.url());
    world.of(&instance, "a").await.unwrap();
    publisher.answer(published("", &["b"]));
    assert!(world.keys.check(&instance).await.unwrap().has("b"));
    assert!(world.of(&instance, "b").await.unwrap().has("b"), "it is kept");
    publisher.answer(failing());
    assert_eq!(error(world.keys.check(&instance).await), "the key set's URL answered 503");
    assert!(world.of(&instance, "b").await.unwrap().has("b"));
    assert_eq!(publisher.hits(), 3);
}

#[tokio::test]
async fn inline_keys_come_after_a_url_and_before_a_pem() {
    let world = World::new();
    let publisher = Publisher::start(published("", &["url"])).await;
    let signer = Signer::generate().unwrap();
    let jwks = json!({"keys": [signer.jwk()]}).to_string();
    let mut instance = connected(
        lenient(),
        Instance {
            jwks_url: Some(publisher.url()),
            jwks: Some(jwks),
            public_key_pem: Some("no key".to_owned()),
            ..Instance::default()
        },
    );
    assert!(world.of(&instance, "url").await.unwrap().has("url"));
    instance.instance.jwks_url = None;
    let keys = world.of(&instance, signer.kid()).await.unwrap();
    let token = signer.sign(&json!({"iss": "x"})).unwrap();
    Unverified::parse(&token).unwrap().verify(&keys).unwrap();
    let again = world.of(&instance, "unknown").await.unwrap();
    assert!(Arc::ptr_eq(&keys, &again), "it is parsed once");

    // What is changed in the registration counts at once.
    instance.instance.jwks = None;
    let why = error(world.of(&instance, "x").await);
    assert!(why.starts_with("the public_key_pem of the instance is not base64"), "{why}");
    instance.instance.jwks = Some("{}".to_owned());
    let why = error(world.of(&instance, "x").await);
    assert_eq!(why, "the jwks of the instance has no array `keys`");
    instance.instance = Instance::default();
    let why = error(world.of(&instance, "x").await);
    assert_eq!(why, "the instance has neither jwks_url, jwks nor public_key_pem");
    assert_eq!(publisher.hits(), 1);
}
