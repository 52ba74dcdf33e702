//! The audit trail of single sign-on, and what is kept of secrets: nothing.

use koppeltaal_core::audit::Action;
use koppeltaal_store::Value;

use crate::cast::{BACK, Browser, ELSEWHERE, PATIENT, SECRET, USER, start};
use crate::support::{Engine, eventually};

on_both_engines!(
    each_step_is_recorded_with_whom_and_for_whom,
    what_is_refused_is_recorded_in_the_domain_of_the_launch,
    no_secret_is_kept,
);

async fn each_step_is_recorded_with_whom_and_for_whom(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let parameters = [("client_id", "AppC"), ("patient", PATIENT), ("user", USER)];
    let ask = browser.get("Launch", &parameters).user("a").header("x-request-id", "r1");
    let launch = ask.seen().await.expect(302).sent("launch").unwrap();
    let ask = browser.authorize("AppC", &launch, ELSEWHERE).header("x-request-id", "r2");
    let code = ask.seen().await.expect(302).sent("code").unwrap();
    let ask = browser.token_of_c(&code).header("x-request-id", "r3");
    let refresh = ask.seen().await.expect(200).member("refresh_token");
    browser.refresh(&refresh).header("x-request-id", "r4").seen().await.expect(200);
    browser.get("MobileLaunch", &parameters).user("a").seen().await.expect(200);
    let mut numbers = Vec::new();
    for (action, agent, request) in [
        (Action::SsoLaunch, "a", "r1"),
        (Action::SsoAuthorize, "c", "r2"),
        (Action::SsoToken, "c", "r3"),
        (Action::SsoRefresh, "c", "r4"),
    ] {
        let rows = app.audit(action).await;
        assert_eq!(rows.len(), 1, "in the transaction of the step");
        let row = &rows[0];
        assert_eq!((row.agent.as_str(), row.outcome.as_str()), (agent, "ok"));
        assert_eq!(row.patient.as_deref(), Some(PATIENT));
        assert_eq!(row.request_id.as_deref(), Some(request));
        let detail = row.detail.as_deref().unwrap();
        for part in ["client AppC", USER, "from 127.0.0.1"] {
            assert!(detail.contains(part), "{detail}");
        }
        numbers.push(row.item.unwrap());
    }
    numbers.dedup();
    assert_eq!(numbers.len(), 1, "they belong together");
    assert_eq!(app.audit(Action::SsoMobileLaunch).await.len(), 1);
}

async fn what_is_refused_is_recorded_in_the_domain_of_the_launch(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    browser.launch("Nonsense").seen().await.expect(404);
    let launch = browser.launched("AppC").await;
    let seen = browser.authorize("AppC", &launch, ELSEWHERE).seen().await.expect(302);
    let code = seen.sent("code").unwrap();
    browser.authorize("AppC", &launch, ELSEWHERE).seen().await.expect(302);
    browser.token_of_b(&code).seen().await.expect(400);
    // What is of nobody is of no domain.
    browser.authorize("AppC", "Lnonsense", ELSEWHERE).seen().await.expect(302);
    browser.token_of_c("nonsense").seen().await.expect(400);
    let outcomes = async || {
        let rows = app.audit(Action::SsoDeny).await;
        rows.iter().map(|row| row.outcome.clone()).collect::<Vec<_>>()
    };
    eventually("the refusals", async || outcomes().await.len() == 3).await;
    assert_eq!(outcomes().await, ["404", "access_denied", "invalid_client"]);
}

async fn no_secret_is_kept(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let launch = browser.launched("AppC").await;
    let seen = browser.authorize("AppC", &launch, ELSEWHERE).seen().await.expect(302);
    let code = seen.sent("code").unwrap();
    let token = browser.token_of_c(&code).seen().await.expect(200);
    browser.token_of_c(&code).basic("AppC", "wrong:secret").seen().await;
    browser.authorize("AppC", &launch, BACK).seen().await.expect(302);
    let activation = browser.activation_code().await;
    eventually("the refusals", async || !app.audit(Action::SsoDeny).await.is_empty()).await;
    let secrets = [
        launch,
        code,
        token.member("access_token"),
        token.member("refresh_token"),
        activation,
        SECRET.to_owned(),
        "wrong:secret".to_owned(),
    ];
    for table in ["sso_authorization", "sso_secret", "sso_wrong_code", "audit", "counter"] {
        for value in app.all_of(table).await.concat() {
            let text = match value {
                Value::Text(text) => text,
                Value::Bytes(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                _ => continue,
            };
            for secret in &secrets {
                assert!(!text.contains(secret.as_str()), "{table} holds {secret}: {text}");
            }
        }
    }
}
