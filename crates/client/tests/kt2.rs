//! An application and its authorization service, against a server of a few lines: what is asked,
//! what is made of the answers, and what is kept.

#![expect(clippy::unwrap_used, reason = "a helper that cannot do its work fails the test")]

mod support;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use koppeltaal_client::kt2::{
    ASSERTION_TYPE, Authorization, AuthorizeRequest, Error, KeyKind, Options, Pkce, PrivateKey,
    Signer,
};
use serde_json::{Value, json};
use support::{Asked, Reply, Server};

const CLIENT_ID: &str = "6d1f5a0e-5c1f-4f0f-9a53-6f1c7d3a2b01";

/// Answers discovery itself, and every POST with what `answer` makes of it.
async fn server(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Server {
    Server::start(move |asked| {
        if !asked.line.contains(".well-known") {
            return answer(asked);
        }
        assert_eq!(asked.line, "GET /api/v1/d/fhir/r4/.well-known/smart-configuration");
        let oauth2 = format!("http://{}/api/v1/d/oauth2", asked.header("host").unwrap());
        let configuration = json!({
            "issuer": "http://issuer",
            "token_endpoint": format!("{oauth2}/token"),
            "introspection_endpoint": format!("{oauth2}/introspect"),
            "authorization_endpoint": format!("{oauth2}/authorize"),
        });
        Reply::ok(configuration.to_string())
    })
    .await
}

async fn application(server: &Server, options: &Options) -> Authorization {
    let signer = Signer::new(PrivateKey::generate(KeyKind::P256).unwrap()).with_kid("k");
    let base = format!("{}/api/v1/d/fhir/r4/", server.url);
    Authorization::discover(&base, CLIENT_ID, signer, options).await.unwrap()
}

fn form(asked: &Asked) -> HashMap<String, String> {
    assert_eq!(asked.header("content-type"), Some("application/x-www-form-urlencoded"));
    url::form_urlencoded::parse(asked.body.as_bytes()).into_owned().collect()
}

fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

fn granted(number: usize) -> Reply {
    let answer =
        json!({"access_token": format!("t{number}"), "token_type": "Bearer", "expires_in": 300});
    Reply::ok(answer.to_string())
}

#[tokio::test]
async fn a_token_is_asked_for_with_an_assertion_for_the_token_endpoint() {
    let server = server(|_| granted(1)).await;
    let application = application(&server, &Options::default()).await;
    let token = application.token("system/Task.rs system/Patient.r").await.unwrap();
    assert_eq!(token.secret(), "t1");
    let asked = server.asked().pop().unwrap();
    assert_eq!(asked.line, "POST /api/v1/d/oauth2/token");
    assert_eq!(asked.header("accept"), Some("application/json"));
    let form = form(&asked);
    assert_eq!(form["grant_type"], "client_credentials");
    assert_eq!(form["scope"], "system/Task.rs system/Patient.r");
    assert_eq!(form["client_assertion_type"], ASSERTION_TYPE);
    let claims = claims(&form["client_assertion"]);
    assert_eq!((&claims["iss"], &claims["sub"]), (&json!(CLIENT_ID), &json!(CLIENT_ID)));
    assert_eq!(claims["aud"], json!(format!("{}/api/v1/d/oauth2/token", server.url)));
}

#[tokio::test]
async fn a_token_is_obtained_once_by_all_who_ask_and_again_when_it_was_forgotten() {
    let count = AtomicUsize::new(0);
    let server = server(move |_| granted(count.fetch_add(1, Ordering::SeqCst) + 1)).await;
    let application = application(&server, &Options::default()).await;
    let asking: Vec<_> = (0..8)
        .map(|_| {
            let application = application.clone();
            tokio::spawn(async move { application.token("").await.unwrap().secret().to_owned() })
        })
        .collect();
    for each in asking {
        assert_eq!(each.await.unwrap(), "t1");
    }
    assert!(!form(&server.asked()[1]).contains_key("scope"), "no scope means all of the role");
    application.forget_tokens().await;
    assert_eq!(application.token("").await.unwrap().secret(), "t2");
    assert_eq!(application.new_token("").await.unwrap().secret(), "t3");
}

#[tokio::test]
async fn every_request_has_an_assertion_of_its_own() {
    let server = server(|asked| {
        if asked.line.ends_with("/revoke") {
            Reply::ok("")
        } else {
            Reply::ok(r#"{"active":false}"#)
        }
    })
    .await;
    let application = application(&server, &Options::default()).await;
    assert!(!application.introspect("x").await.unwrap().is_active());
    application.revoke("x").await.unwrap();
    let asked = server.asked();
    let assertions: Vec<Value> =
        asked[1..].iter().map(|asked| claims(&form(asked)["client_assertion"])).collect();
    assert_ne!(assertions[0]["jti"], assertions[1]["jti"]);
    for (assertion, path) in assertions.iter().zip(["introspect", "revoke"]) {
        assert_eq!(assertion["aud"], json!(format!("{}/api/v1/d/oauth2/{path}", server.url)));
    }
}

#[tokio::test]
async fn the_audience_of_every_assertion_can_be_set() {
    let server = server(|_| Reply::ok(r#"{"active":true,"sub":"Patient/1"}"#)).await;
    let options = Options { audience: Some("https://elsewhere".into()), ..Options::default() };
    let found = application(&server, &options).await.introspect("x").await.unwrap();
    assert_eq!((found.is_active(), found.claim("sub")), (true, Some("Patient/1")));
    let form = form(&server.asked().pop().unwrap());
    assert_eq!(claims(&form["client_assertion"])["aud"], json!("https://elsewhere"));
}

#[tokio::test]
async fn a_refusal_carries_status_and_the_words_of_oauth() {
    let server = server(|asked| match asked.line.ends_with("/token") {
        true => Reply(401, vec![], r#"{"error":"invalid_client"}"#.into()),
        false => Reply(503, vec![], "<html>".into()),
    })
    .await;
    let application = application(&server, &Options::default()).await;
    let refused = application.token("").await.unwrap_err();
    assert_eq!((refused.status(), refused.oauth()), (Some(401), Some("invalid_client")));
    let down = application.introspect("x").await.unwrap_err();
    assert!(matches!(down, Error::Unexpected { status: 503, .. }) && down.is_transient());
}

#[tokio::test]
async fn what_is_no_fhir_base_is_said_to_be_none() {
    let server = Server::start(|_| Reply(404, vec![], String::new())).await;
    let signer = Signer::new(PrivateKey::generate(KeyKind::P256).unwrap());
    let refused =
        Authorization::discover(&server.url, CLIENT_ID, signer, &Options::default()).await;
    let text = refused.unwrap_err().to_string();
    assert!(text.contains("has no smart-configuration"), "{text}");
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let server = server(|_| Reply::ok("x".repeat(2 * 1024 * 1024))).await;
    let refused = application(&server, &Options::default()).await.token("").await.unwrap_err();
    assert!(refused.to_string().contains("larger"), "{refused}");
}

#[tokio::test]
async fn a_launch_goes_to_authorize_with_a_challenge_and_its_code_is_exchanged_with_the_verifier() {
    let server = server(|_| {
        let context = json!({"access_token": "NOOP", "sub": "Patient/1", "resource": "Task/2"});
        Reply::ok(context.to_string())
    })
    .await;
    let application = application(&server, &Options::default()).await;
    let pkce = Pkce::new().unwrap();
    let request = AuthorizeRequest {
        launch: "l.a.u",
        redirect_uri: "https://m/cb",
        state: "s&t",
        pkce: &pkce,
        nonce: Some("n"),
    };
    let url = url::Url::parse(&application.authorize_url(&request).unwrap()).unwrap();
    let query: HashMap<String, String> = url.query_pairs().into_owned().collect();
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", CLIENT_ID),
        ("redirect_uri", "https://m/cb"),
        ("scope", "launch openid fhirUser"),
        ("state", "s&t"),
        ("aud", &format!("{}/api/v1/d/fhir/r4", server.url)),
        ("launch", "l.a.u"),
        ("code_challenge", &pkce.challenge),
        ("code_challenge_method", "S256"),
        ("nonce", "n"),
    ] {
        assert_eq!(query.get(name).map(String::as_str), Some(value), "{name}");
    }
    let context = application.exchange("c0de", "https://m/cb", &pkce.verifier).await.unwrap();
    assert_eq!((context.sub(), context.resource()), ("Patient/1", Some("Task/2")));
    let form = form(&server.asked().pop().unwrap());
    assert_eq!(form["grant_type"], "authorization_code");
    assert_eq!((&form["code"], &form["code_verifier"]), (&"c0de".to_owned(), &pkce.verifier));
}
