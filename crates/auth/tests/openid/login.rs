//! A login that goes well, and what is said to the provider on the way.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use koppeltaal_core::Timestamp;
use serde_json::json;

use crate::key_pair::{KeyPair, base64};
use crate::provider::{DISCOVERY, Reply};
use crate::world::*;

#[tokio::test]
async fn a_login_says_who_the_user_is() {
    let world = World::new().await;
    let person = world.login(json!({})).await.unwrap();
    assert_eq!(person.username, "A.User@example.nl");
    assert_eq!(person.subject, "user 7");
    assert_eq!(person.issuer, world.provider.issuer);
    assert_eq!(person.authenticated, Some(Timestamp((START - 20) * 1_000_000)));
}

#[tokio::test]
async fn a_login_can_be_served_by_any_thread() {
    fn is_send<T: Send>(_: &T) {}
    let world = World::new().await;
    let begun = world.begin().await.unwrap();
    is_send(&world.begin());
    is_send(&world.finish(&begun));
    is_send(&world.providers.check(&world.domain, &world.settings));
}

#[tokio::test]
async fn the_browser_is_sent_with_the_standard_parameters_and_no_others() {
    let world = World::new().await;
    let url = world.begin().await.unwrap().url;
    assert!(url.starts_with(&format!("{}/authorize?", world.provider.issuer)), "{url}");
    let query = query(&url);
    let mut names: Vec<_> = query.keys().map(String::as_str).collect();
    names.sort_unstable();
    let expected = [
        "client_id",
        "code_challenge",
        "code_challenge_method",
        "nonce",
        "redirect_uri",
        "response_type",
        "scope",
        "state",
    ];
    assert_eq!(names, expected);
    assert_eq!(query["client_id"], CLIENT);
    assert_eq!(query["code_challenge_method"], "S256");
    assert_eq!(query["redirect_uri"], CALLBACK);
    assert_eq!(query["response_type"], "code");
    assert_eq!(query["scope"], "openid email");
    assert_eq!(query["state"], "the state");
    assert!(query["nonce"].len() >= 20);
    let other = crate::world::query(&world.begin().await.unwrap().url);
    assert_ne!(query["nonce"], other["nonce"]);
    assert_ne!(query["code_challenge"], other["code_challenge"]);
}

#[tokio::test]
async fn the_scope_is_that_of_the_claim() {
    let mut world = World::new().await;
    for (claim, scope) in [("sub", "openid"), ("preferred_username", "openid profile")] {
        world.settings.username_claim = Some(claim.to_owned());
        assert_eq!(query(&world.begin().await.unwrap().url)["scope"], scope);
    }
}

#[tokio::test]
async fn only_a_prompt_of_the_standard_is_passed_on() {
    let world = World::new().await;
    for (prompt, passed) in [
        ("none", true),
        ("login", true),
        ("consent", true),
        ("select_account", true),
        ("create", false),
        ("login consent", false),
        ("", false),
    ] {
        let providers = &world.providers;
        let begun = providers
            .begin(&world.domain, &world.settings, CALLBACK, "s", Some(prompt))
            .await
            .unwrap();
        let expected = passed.then_some(prompt);
        assert_eq!(query(&begun.url).get("prompt").map(String::as_str), expected, "{prompt}");
    }
}

#[tokio::test]
async fn the_code_is_redeemed_with_the_verifier_and_the_secret_in_the_header() {
    let world = World::new().await;
    let begun = world.begin().await.unwrap();
    world.give(&world.key.sign(&world.claims(&begun)));
    world.finish(&begun).await.unwrap();
    let seen = world.provider.seen("/token").remove(0);
    assert!(seen.head.starts_with("POST "));
    let form = seen.form();
    assert_eq!(form["grant_type"], "authorization_code");
    assert_eq!(form["code"], "the code");
    assert_eq!(form["redirect_uri"], CALLBACK);
    let hashed = digest::digest(&digest::SHA256, form["code_verifier"].as_bytes());
    assert_eq!(base64(hashed), query(&begun.url)["code_challenge"]);
    assert!(!form.contains_key("client_secret"));
    let basic = STANDARD.encode("koppeltaal+client:s3cret%3A+%26+more");
    assert_eq!(seen.header("authorization"), Some(format!("Basic {basic}").as_str()));
}

#[tokio::test]
async fn the_secret_is_in_the_form_where_the_provider_wants_it_and_absent_where_there_is_none() {
    let mut world = World::new().await;
    let mut discovery = world.provider.discovery();
    discovery["token_endpoint_auth_methods_supported"] = json!(["client_secret_post"]);
    world.provider.on(DISCOVERY, Reply::json(&discovery));
    world.login(json!({})).await.unwrap();
    world.settings.client_secret = None;
    world.login(json!({})).await.unwrap();
    let seen = world.provider.seen("/token");
    assert_eq!(seen[0].form()["client_id"], CLIENT);
    assert_eq!(seen[0].form()["client_secret"], SECRET);
    assert_eq!(seen[1].form()["client_id"], CLIENT);
    assert!(!seen[1].form().contains_key("client_secret"));
    assert!(seen.iter().all(|seen| seen.header("authorization").is_none()));
}

#[tokio::test]
async fn every_accepted_algorithm_works() {
    let mut world = World::new().await;
    let mut rsa = KeyPair::new("rsa", "RS256");
    for alg in ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"] {
        rsa = rsa.with(alg);
        world.provider.on("/jwks", Reply::json(&json!({"keys": [rsa.jwk()]})));
        std::mem::swap(&mut world.key, &mut rsa);
        let outcome = world.login(json!({})).await;
        std::mem::swap(&mut world.key, &mut rsa);
        assert!(outcome.is_ok(), "{alg}: {outcome:?}");
        world.clock.forward(3600);
    }
    for alg in ["ES256", "ES384", "ES512"] {
        world.key = KeyPair::new("ec", alg);
        world.provider.on("/jwks", Reply::json(&json!({"keys": [world.key.jwk()]})));
        let outcome = world.login(json!({})).await;
        assert!(outcome.is_ok(), "{alg}: {outcome:?}");
        world.clock.forward(3600);
    }
}

#[tokio::test]
async fn what_is_kept_survives_the_session_and_shows_nothing() {
    let world = World::new().await;
    let mut begun = world.begin().await.unwrap();
    let kept = serde_json::to_value(&begun.kept).unwrap();
    for secret in ["nonce", "code_verifier"] {
        let secret = kept[secret].as_str().unwrap();
        assert!(!format!("{:?}", begun.kept).contains(secret));
    }
    begun.kept = serde_json::from_value(kept).unwrap();
    world.give(&world.key.sign(&world.claims(&begun)));
    let person = world.finish(&begun).await.unwrap();
    let shown = format!("{person:?}");
    assert!(!shown.contains("A.User") && !shown.contains("user 7"), "{shown}");
}
