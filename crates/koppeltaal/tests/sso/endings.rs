//! How a launch ends: forgotten when it is over, erased with its patient.

use std::time::Duration;

use koppeltaal_kt1::erase;
use koppeltaal_store::mailbox::Erasure;
use koppeltaal_store::sso;

use crate::cast::{Browser, PATIENT, start, with_token};
use crate::support::setup::D;
use crate::support::{Engine, TestApp};

on_both_engines!(what_is_over_is_forgotten, a_patient_is_erased_with_its_launches);

async fn kept(app: &TestApp) -> (i64, i64) {
    (
        app.number("SELECT COUNT(*) FROM sso_authorization").await,
        app.number("SELECT COUNT(*) FROM sso_secret").await,
    )
}

async fn what_is_over_is_forgotten(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    browser.launched("AppB").await;
    let token = browser.signed_in("AppC").await;
    let forget = async || {
        let now = app.now();
        while app.store().write(move |tx| sso::forget_expired(tx, now, 2)).await.unwrap() > 0 {}
    };
    forget().await;
    assert_eq!(kept(&app).await, (2, 5));
    // A token that is over is known for a while, so that its owner hears why.
    app.advance(Duration::from_secs(3 * 86_400));
    forget().await;
    let client = with_token(&app, &token.member("access_token"));
    assert_eq!(client.get("Other").await.expect(401).code(), "expired");
    app.advance(Duration::from_secs(6 * 86_400));
    forget().await;
    assert_eq!(kept(&app).await, (2, 0));
    assert_eq!(client.get("Other").await.expect(401).code(), "login");
    app.advance(Duration::from_secs(30 * 86_400));
    forget().await;
    assert_eq!(kept(&app).await, (0, 0));
}

async fn a_patient_is_erased_with_its_launches(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let other = "https://app.example/fhir/Patient/p2";
    let versioned = format!("{PATIENT}/_history/1");
    let gone = browser.access_for(&versioned).await;
    let stays = browser.access_for(other).await;
    // By the patient, for another.
    let query = [("client_id", "AppB"), ("patient", other), ("user", PATIENT)];
    browser.get("Launch", &query).user("a").seen().await.expect(302);
    let ids = app.ids().await;
    let (store, clock, domain) = (app.store(), app.clock.as_ref(), app.domain(D));
    let run =
        async |dry| erase(store, &ids, clock, &domain, PATIENT, "operator", dry).await.unwrap();
    let expected = Erasure { launches: 2, ..Erasure::default() };
    assert_eq!(run(true).await, expected);
    assert_eq!(run(false).await, expected);
    assert_eq!(run(false).await, Erasure::default());
    with_token(&app, &gone).get("Other").await.expect(401);
    with_token(&app, &stays).get("Other").await.expect(200);
    assert_eq!(app.number("SELECT COUNT(*) FROM sso_authorization").await, 1);
}
