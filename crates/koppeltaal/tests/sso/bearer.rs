//! The access token on resource calls: when it is good, and what is said when not.

use std::time::Duration;

use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_store::sso;

use crate::cast::{Browser, PATIENT, start, switch_off, with_token};
use crate::support::setup::D;
use crate::support::{Engine, TestApp, eventually};

on_both_engines!(
    an_expired_token_says_so_in_either_format,
    an_unknown_token_says_no_more_than_that,
    a_revoked_authorization_is_worthless_at_once,
    an_instance_that_is_switched_off_has_no_tokens,
);

// T34
async fn an_expired_token_says_so_in_either_format(engine: Engine) {
    let app = start(engine).await;
    let token = Browser::new(&app).access_for(PATIENT).await;
    let client = with_token(&app, &token);
    client.get("Other").await.expect(200);
    app.advance(Duration::from_secs(3601));
    for client in [client.clone(), client.xml()] {
        let answer = client.get("MessageHeader/_search").await.expect(401);
        assert_eq!(answer.header("www-authenticate"), Some("Bearer error=\"invalid_token\""));
        let issue = answer.issues().remove(0);
        assert_eq!(issue["severity"], "error");
        assert_eq!(issue["type"]["code"], "expired");
        assert_eq!(issue["type"]["system"], "http://hl7.org/fhir/issue-type");
        let details = issue["details"].as_str().unwrap();
        assert!(details.starts_with("Authentication failed: Bearer token "), "{details}");
        assert!(!details.contains(&token), "the token itself is not repeated");
        let (_, moment) = details.rsplit_once(" has expired at ").unwrap();
        let form: String =
            moment.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        assert_eq!(form, "0000/00/00 00:00:00", "{details}");
    }
}

async fn an_unknown_token_says_no_more_than_that(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let signed_in = browser.signed_in("AppC").await;
    // A refresh token is no access token.
    for token in ["nonsense", &signed_in.member("refresh_token"), "%00"] {
        let answer = with_token(&app, token).get("MessageHeader/_search").await.expect(401);
        assert_eq!(answer.code(), "login");
        assert!(answer.header("www-authenticate").unwrap().contains("Bearer"), "{answer:?}");
    }
}

/// What an administrator does.
async fn revoke(app: &TestApp, number: i64) -> bool {
    let (ids, now) = (app.ids().await, app.now());
    let entry = Entry::new(Action::SsoRevoke, now, "administrator");
    let scope = app.store().scope(&app.domain(D));
    scope.write(move |tx| sso::revoke(tx, &ids, now, number, &entry)).await.unwrap()
}

// T35
async fn a_revoked_authorization_is_worthless_at_once(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let signed_in = browser.signed_in("AppC").await;
    let client = with_token(&app, &signed_in.member("access_token"));
    client.browse("").await;
    let scope = app.store().scope(&app.domain(D));
    let listed = scope.read(|tx| sso::list(tx, None, 10)).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].status(), sso::GrantStatus::Granted);
    assert_eq!(listed[0].patient, PATIENT);
    assert!(revoke(&app, listed[0].number).await);
    assert!(!revoke(&app, listed[0].number).await, "once");
    assert_eq!(client.get("MessageHeader").await.expect(401).code(), "login");
    browser.refresh(&signed_in.member("refresh_token")).seen().await.expect(400);
    let number = listed[0].number;
    let found = scope.read(move |tx| sso::find(tx, number)).await.unwrap().unwrap();
    assert_eq!(found.status(), sso::GrantStatus::Revoked);
    let rows = app.audit(Action::SsoRevoke).await;
    assert_eq!((rows.len(), rows[0].item), (1, Some(number)));
}

async fn an_instance_that_is_switched_off_has_no_tokens(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let signed_in = browser.signed_in("AppC").await;
    let client = with_token(&app, &signed_in.member("access_token"));
    client.browse("").await;
    switch_off(&app, "c").await;
    eventually("the token stops", async || client.get("Other").await.status == 401).await;
    browser.refresh(&signed_in.member("refresh_token")).seen().await.expect(400);
    browser.launch("AppC").seen().await.expect(404);
}
