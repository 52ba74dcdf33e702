//! Who may call: tokens from everywhere, passwords from an allowed address, nobody
//! without either but for one request.

use std::collections::BTreeSet;

use koppeltaal_core::administrator::Rights;
use koppeltaal_store::audit::{Filter, search_server};
use serde_json::json;

use crate::support::{Engine, TestApp, eventually};
use crate::world::{account, anyone, system, user};

on_both_engines!(
    passwords_work_from_an_allowed_address_alone,
    an_account_is_locked_after_wrong_passwords,
    nobody_calls_without_credentials,
    somebody_without_an_account_asks_for_one,
    every_call_leaves_a_row_of_the_trail,
);

async fn passwords_work_from_an_allowed_address_alone(engine: Engine) {
    let app = TestApp::start(engine).await;
    account(&app, "anna", Rights::System).await;
    assert_eq!(user(&app, "anna").get("Server").await.expect(200).total(), 1);
    user(&app, "anna").password("wrong").get("Server").await.expect(401);
    let elsewhere = TestApp::build(engine)
        .config(|config| config.support_api_allow_from = vec!["10.0.0.0/8".parse().unwrap()])
        .start()
        .await;
    account(&elsewhere, "anna", Rights::System).await;
    user(&elsewhere, "anna").get("Server").await.expect(401);
    system(&elsewhere).await.get("Server").await.expect(200);
    let new = json!({ "Name": "n", "Email": "n@example.org", "DesiredUserName": "n" });
    let nobody = anyone(&elsewhere);
    nobody.post("NewApplicationAdministratorRequest", new, json!({})).await.expect(401);
}

// T53
async fn an_account_is_locked_after_wrong_passwords(engine: Engine) {
    let app = TestApp::start(engine).await;
    account(&app, "anna", Rights::System).await;
    let wrong = user(&app, "anna").password("wrong-password-1");
    let mut titles = BTreeSet::new();
    for _ in 0..6 {
        titles.insert(wrong.get("Server").await.expect(401).errors()[0]["title"].to_string());
    }
    titles.insert(
        user(&app, "anna").get("Server").await.expect(401).errors()[0]["title"].to_string(),
    );
    titles.insert(
        user(&app, "nobody").get("Server").await.expect(401).errors()[0]["title"].to_string(),
    );
    assert_eq!(titles.len(), 1, "{titles:?}");
    app.advance(std::time::Duration::from_secs(3600));
    user(&app, "anna").get("Server").await.expect(200);
}

async fn nobody_calls_without_credentials(engine: Engine) {
    let app = TestApp::start(engine).await;
    for path in ["Application", "Application/1", "Nothing", "NewApplicationAdministratorRequest"] {
        let answer = anyone(&app).get(path).await.expect(401);
        assert!(answer.headers.contains_key("www-authenticate"), "{path}");
    }
    // The credentials of an instance are none here.
    let answer = reqwest::Client::new()
        .get(format!("{}/jsonapi/Koppeltaal/Server", app.server.public_url))
        .basic_auth("a", Some(crate::support::setup::PASSWORD))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 401);
}

async fn somebody_without_an_account_asks_for_one(engine: Engine) {
    let app = TestApp::start(engine).await;
    let new = json!({ "Name": "Nora", "Email": "nora@example.org", "DesiredUserName": "nora" });
    let made = anyone(&app)
        .post("NewApplicationAdministratorRequest", new.clone(), json!({}))
        .await
        .expect(201);
    let odd = json!({ "Name": "Nora", "Email": "nora", "DesiredUserName": "no ra" });
    let answer = anyone(&app).post("NewApplicationAdministratorRequest", odd, json!({})).await;
    answer.expect(400);
    anyone(&app).post("DomainRequest", new, json!({})).await.expect(401);
    let admin = system(&app).await;
    let path = format!("NewApplicationAdministratorRequest/{}", made.id());
    assert_eq!(admin.get(&path).await.expect(200).attribute("Status"), "Open");
}

async fn every_call_leaves_a_row_of_the_trail(engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = system(&app).await;
    admin.get("Application?filter[Name]=secret").await.expect(200);
    admin.delete("Application", "1").await.expect(405);
    let rows = || async {
        let filter = Filter::default();
        let rows = app.store().read(move |tx| search_server(tx, &filter, 1000)).await.unwrap();
        rows.into_iter().filter(|row| row.agent.contains("administrator token")).collect::<Vec<_>>()
    };
    eventually("two rows", || async { rows().await.len() == 2 }).await;
    let rows = rows().await;
    assert_eq!(rows[0].detail.as_deref(), Some("GET /jsonapi/Koppeltaal/Application"));
    assert_eq!(rows[0].outcome, "ok");
    assert_eq!(rows[1].action, "reject");
    assert_eq!(rows[1].outcome, "405");
}
