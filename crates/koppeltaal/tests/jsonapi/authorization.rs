//! Authorizations of single sign-on: seen, and revoked.

use std::time::Duration;

use koppeltaal_core::administrator::Role;
use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_store::sso::{self, Digest, Launch, LaunchKind, SecretKind};
use serde_json::json;

use crate::support::setup::{D, E};
use crate::support::{Engine, TestApp};
use crate::world::{admin, system};

on_both_engines!(an_authorization_is_revoked);

/// B launched A for a patient; the number of the authorization.
pub async fn launched(app: &TestApp) -> i64 {
    let (ids, now) = (app.ids().await, app.now());
    let patient = "https://x.example/Patient/secret-person".to_owned();
    let launch = Launch {
        application: app.directory.application("AppA").unwrap().number,
        instance: app.instance("a"),
        caller: app.instance("b"),
        kind: LaunchKind::Web,
        patient: patient.clone(),
        patient_identity: patient.clone(),
        user: patient.clone(),
        user_identity: patient,
        resource: None,
        intent: None,
        secret: Digest::of(SecretKind::Launch, "launch-id"),
        expires: now.plus(Duration::from_secs(300)),
        audit: Entry::new(Action::SsoLaunch, now, "b"),
    };
    let scope = app.store().scope(&app.domain(D));
    scope.write(move |tx| sso::launch(tx, &ids, now, &launch)).await.unwrap().unwrap()
}

// T35 (the part of the administrator)
async fn an_authorization_is_revoked(engine: Engine) {
    let app = TestApp::start(engine).await;
    let number = launched(&app).await.to_string();
    let path = format!("Authorization/{number}");
    let own = admin(&app, Role::Application, &["AppA"]).await;
    let seen = own.get(&path).await.expect(200);
    assert!(!seen.text.contains("secret-person"), "{}", seen.text);
    assert_eq!(seen.attribute("GrantStatus"), "Launched");
    assert_eq!(seen.attribute("LaunchType"), "web");
    for other in
        [admin(&app, Role::Application, &["AppB"]).await, admin(&app, Role::Domain, &[E]).await]
    {
        other.get(&path).await.expect(404);
        other
            .patch("Authorization", &number, json!({ "GrantStatus": "Revoked" }))
            .await
            .expect(404);
    }
    own.patch("Authorization", &number, json!({ "GrantStatus": "Granted" })).await.expect(409);
    let revoked =
        own.patch("Authorization", &number, json!({ "GrantStatus": "Revoked" })).await.expect(200);
    assert_eq!(revoked.attribute("GrantStatus"), "Revoked");
    assert!(revoked.attribute("RevokedAt").is_string());
    let digest = Digest::of(SecretKind::Launch, "launch-id");
    let found = app.store().read(move |tx| sso::look_up(tx, &digest)).await.unwrap();
    assert!(found.is_none_or(|found| found.authorization.revoked.is_some()));
    let system = system(&app).await;
    system.delete("Authorization", &number).await.expect(405);
    assert_eq!(app.audit(Action::SsoRevoke).await.len(), 1);
}
