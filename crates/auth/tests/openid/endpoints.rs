//! Token endpoints and answers of browsers that go wrong.

use koppeltaal_auth::openid::Failure;
use serde_json::json;

use crate::provider::{DISCOVERY, Reply};
use crate::world::*;

#[tokio::test]
async fn an_error_of_the_token_endpoint_says_whose_turn_it_is() {
    let world = World::new().await;
    let begun = world.begin().await.unwrap();
    for (status, error, expected) in [
        (400, "invalid_grant", "refused"),
        (401, "invalid_client", "misconfigured"),
        (400, "unauthorized_client", "misconfigured"),
        (400, "invalid_request", "misconfigured"),
        (503, "temporarily_unavailable", "unavailable"),
        (500, "server_error", "unavailable"),
        (400, "A user's NAME", "unavailable"),
    ] {
        let body = json!({"error": error, "error_description": "a.user@example.nl failed"});
        let reply = Reply::text(status, "application/json", &body.to_string());
        world.provider.on("/token", reply);
        let failure = world.finish(&begun).await.unwrap_err();
        let found = match &failure {
            Failure::Refused(_) => "refused",
            Failure::Misconfigured(_) => "misconfigured",
            Failure::Unavailable(_) => "unavailable",
        };
        assert_eq!(found, expected, "{error}");
        let text = failure.to_string();
        assert!(!text.contains("a.user") && !text.contains("NAME"), "{text}");
    }
}

#[tokio::test]
async fn a_token_endpoint_that_answers_nonsense_is_unavailable() {
    let world = World::new().await;
    let begun = world.begin().await.unwrap();
    for reply in [
        Reply::Gone,
        Reply::Silent,
        Reply::text(200, "application/json", ""),
        Reply::text(200, "application/json", "null"),
        Reply::text(200, "application/json", "{}"),
        Reply::text(200, "application/json", "{"),
        Reply::text(200, "text/html", "<html>"),
        Reply::text(500, "text/html", "<html>"),
        Reply::text(500, "text/html", ""),
        Reply::text(200, "application/json", &" ".repeat(2_000_000)),
        Reply::text(307, "text/plain", "").header("Location: /elsewhere"),
    ] {
        world.provider.on("/token", reply);
        is_unavailable(&world.finish(&begun).await);
    }
    assert!(world.provider.seen("/elsewhere").is_empty());
}

#[tokio::test]
async fn tokens_without_an_id_token_are_refused() {
    let world = World::new().await;
    let begun = world.begin().await.unwrap();
    for id_token in [json!(null), json!(7), json!({}), json!("no token")] {
        let body = json!({"access_token": "a", "token_type": "Bearer", "id_token": id_token});
        world.provider.on("/token", Reply::json(&body));
        is_refused(&world.finish(&begun).await);
    }
    world.provider.on("/token", Reply::json(&json!({"access_token": "a", "token_type": "Bearer"})));
    is_refused(&world.finish(&begun).await);
}

#[tokio::test]
async fn an_answer_that_names_another_issuer_is_refused_before_the_code_is_sent() {
    let world = World::new().await;
    let begun = world.begin().await.unwrap();
    world.give(&world.key.sign(&world.claims(&begun)));
    is_refused(&world.answer(&begun, Some("https://evil.example")).await);
    is_refused(&world.answer(&begun, Some("")).await);
    assert!(world.provider.seen("/token").is_empty());
    assert!(world.answer(&begun, Some(&world.provider.issuer)).await.is_ok());
}

#[tokio::test]
async fn an_announced_issuer_must_be_in_the_answer() {
    let world = World::new().await;
    let mut discovery = world.provider.discovery();
    discovery["authorization_response_iss_parameter_supported"] = json!(true);
    world.provider.on(DISCOVERY, Reply::json(&discovery));
    let begun = world.begin().await.unwrap();
    world.give(&world.key.sign(&world.claims(&begun)));
    is_refused(&world.answer(&begun, None).await);
    assert!(world.answer(&begun, Some(&world.provider.issuer)).await.is_ok());
}

#[tokio::test]
async fn a_secret_that_cannot_be_shown_is_never_sent() {
    let mut world = World::new().await;
    let begun = world.begin().await.unwrap();
    world.settings.client_secret.as_mut().unwrap().0 = "sealed:v1:AAAA".to_owned();
    is_misconfigured(&world.finish(&begun).await);
    assert!(world.provider.seen("/token").is_empty());
}
