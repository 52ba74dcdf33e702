//! POST, PATCH and DELETE: versions, errors by field, what never changes.

use serde_json::{Value, json};

use crate::support::{Engine, TestApp, eventually};
use crate::world::{system, to};

on_both_engines!(
    a_stale_version_is_a_conflict,
    an_application_is_not_deleted_and_not_made,
    every_bad_field_is_an_error,
    what_never_changes_is_a_conflict,
    the_rules_of_the_provisioning_file_hold,
    an_instance_follows_its_sso_url,
    a_registered_client_keeps_its_secret,
    subscriptions_are_made_and_ended,
    a_user_is_switched_off_and_cannot_call,
    a_second_user_of_a_kind_is_refused,
);

// T44
async fn a_stale_version_is_a_conflict(engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = system(&app).await;
    let id = admin.id("Application", "filter[Identifier]=AppA").await;
    let first = admin.get(&format!("Application/{id}")).await.version();
    let name = |name: &str| json!({ "Name": name });
    let changed =
        admin.patch_version("Application", &id, Some(&first), name("One")).await.expect(200);
    assert_eq!(changed.attribute("Name"), "One");
    assert!(changed.version() > first, "{} {first}", changed.version());
    let stale = admin.patch_version("Application", &id, Some(&first), name("Two")).await;
    assert_eq!(stale.expect(409).errors().len(), 1);
    let now = admin.get(&format!("Application/{id}")).await.expect(200);
    assert_eq!(now.attribute("Name"), "One");
    let second = changed.version();
    admin.patch_version("Application", &id, Some(&second), name("Two")).await.expect(200);
    // Without a version the last one wins.
    admin.patch("Application", &id, name("Three")).await.expect(200);
}

// T44
async fn an_application_is_not_deleted_and_not_made(engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = system(&app).await;
    let id = admin.id("Application", "filter[Identifier]=AppA").await;
    admin.delete("Application", &id).await.expect(405);
    admin.post("Application", json!({ "Name": "x" }), json!({})).await.expect(405);
    admin.patch("Domain", "1", json!({ "Name": "x" })).await.expect(405);
    admin.delete("Server", "1").await.expect(405);
    let put = admin.send(reqwest::Method::PUT, &format!("Application/{id}"), None).await;
    put.expect(405);
}

// T44
async fn every_bad_field_is_an_error(engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = system(&app).await;
    let id = admin.id("Application", "filter[Identifier]=AppA").await;
    let two = json!({ "Name": "x".repeat(101), "ContactEmailAddress": "nobody" });
    let errors = admin.patch("Application", &id, two).await.expect(400).errors();
    let places: Vec<&Value> = errors.iter().map(|error| &error["source"]["pointer"]).collect();
    assert_eq!(places, ["/data/attributes/Name", "/data/attributes/ContactEmailAddress"]);
    for attributes in [
        json!({ "Colour": "green" }),
        json!({ "Name": null }),
        json!({ "Name": 5 }),
        json!({ "ApplicationRoles": ["King"] }),
        json!({ "ApplicationRoles": "Game" }),
        json!({ "Name": "a\u{0}b" }),
    ] {
        let text = attributes.to_string();
        let answer = admin.patch("Application", &id, attributes).await;
        assert_eq!((answer.status, answer.errors().len()), (400, 1), "{text}");
    }
    assert_eq!(
        admin
            .patch("Application", &id, json!({ "Name": "A & B" }))
            .await
            .expect(200)
            .attribute("Name"),
        "A & B"
    );
}

async fn what_never_changes_is_a_conflict(engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = system(&app).await;
    let id = admin.id("Application", "filter[Identifier]=AppA").await;
    let answer = admin.patch("Application", &id, json!({ "Identifier": "Other" })).await;
    answer.expect(409);
    // A client may send back what it has read.
    let whole = admin.get(&format!("Application/{id}")).await.data();
    let back = json!({ "data": whole });
    let path = format!("Application/{id}");
    admin.send(reqwest::Method::PATCH, &path, Some(back)).await.expect(200);
    let instance = admin.one("ApplicationInstance", "filter[Application.Identifier]=AppA").await;
    let path = format!("ApplicationInstance/{}", instance["id"].as_str().unwrap());
    let moved = json!({ "data": {
        "type": "ApplicationInstance", "id": instance["id"],
        "relationships": { "Application": to("Application", "2") },
    } });
    admin.send(reqwest::Method::PATCH, &path, Some(moved)).await.expect(409);
    let nowhere = json!({ "data": {
        "type": "ApplicationInstance", "id": "99", "attributes": {},
    } });
    admin.send(reqwest::Method::PATCH, &path, Some(nowhere)).await.expect(409);
}

async fn the_rules_of_the_provisioning_file_hold(engine: Engine) {
    let app = TestApp::build(engine)
        .setup(|setup| {
            setup.domain("Domein D").phase = koppeltaal_core::directory::Phase::Acceptance
        })
        .setup(|setup| setup.domain("Domein D").allow_http_loopback = false)
        .config(|config| {
            config.seal_key = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=".to_owned()
        })
        .start()
        .await;
    let admin = system(&app).await;
    let id = admin.id("ApplicationInstance", "filter[Application.Identifier]=AppA").await;
    for url in ["not a url", "ftp://x.example/", "http://x.example/", "https://10.0.0.1/"] {
        let answer = admin.patch("ApplicationInstance", &id, json!({ "SSOUrl": url })).await;
        let error = answer.expect(400).errors()[0].clone();
        assert_eq!(error["source"]["pointer"], "/data/attributes/SSOUrl", "{url}: {error}");
    }
}

async fn an_instance_follows_its_sso_url(engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = system(&app).await;
    let id = admin.id("ApplicationInstance", "filter[Application.Identifier]=AppA").await;
    let url = "https://launch.example/start?a=1";
    let set = admin.patch("ApplicationInstance", &id, json!({ "SSOUrl": url })).await.expect(200);
    assert_eq!(set.attribute("SSOUrl"), url);
    let cleared = admin.patch("ApplicationInstance", &id, json!({ "SSOUrl": null })).await;
    assert!(cleared.expect(200).attribute("SSOUrl").is_null());
}

async fn a_registered_client_keeps_its_secret(engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = system(&app).await;
    let id = admin.id("Application", "filter[Identifier]=AppA").await;
    let of = json!({ "Application": to("Application", &id) });
    let errors = admin.post("RegisteredClient", json!({}), of.clone()).await.expect(400).errors();
    assert_eq!(errors[0]["source"]["pointer"], "/data/attributes/LaunchUrl");
    let made = admin
        .post(
            "RegisteredClient",
            json!({
                "LaunchUrl": "https://app.example/launch",
                "ClientSecret": "s3cret-of-the-client",
                "UseRefreshTokens": true,
                "TokenExpiresIn": 900,
                "MobileActivationCodeExpiresIn": 3,
                "LaunchMode": "smart",
                "MobileOrWeb": "web",
            }),
            of.clone(),
        )
        .await
        .expect(201);
    assert!(!made.text.contains("s3cret"), "{}", made.text);
    let location = made.headers["location"].to_str().unwrap();
    let read = admin.get(location).await.expect(200);
    assert_eq!(read.data(), made.data());
    for (name, value) in [
        ("ClientId", json!("AppA")),
        ("TokenExpiresIn", json!(900)),
        ("MobileActivationCodeExpiresIn", json!(3)),
        ("LaunchMode", json!("smart")),
        ("MobileOrWeb", json!("web")),
        ("UseRefreshTokens", json!(true)),
        ("AllowUsernamePasswordRequests", json!(false)),
    ] {
        assert_eq!(read.attribute(name), value, "{name}");
    }
    assert!(read.data()["attributes"].get("ClientSecret").is_none());
    admin
        .post("RegisteredClient", json!({ "LaunchUrl": "https://x.example/" }), of)
        .await
        .expect(409);
    let stored = app.store().read(koppeltaal_store::directory::load).await.unwrap();
    let secret = stored.application("AppA").unwrap().oauth_secret.clone().unwrap();
    assert!(secret.0.starts_with("sealed:"));
}

async fn subscriptions_are_made_and_ended(engine: Engine) {
    let app = TestApp::build(engine)
        .setup(|setup| setup.application("AppN").events = Vec::new())
        .start()
        .await;
    let admin = system(&app).await;
    let id = admin.id("Application", "filter[Identifier]=AppN").await;
    let of = json!({ "Application": to("Application", &id) });
    let event = json!({ "MessageType": "CreateOrUpdatePatient" });
    let made =
        admin.post("SubscriptionsPerApplication", event.clone(), of.clone()).await.expect(201);
    admin.post("SubscriptionsPerApplication", event, of.clone()).await.expect(409);
    let odd = json!({ "MessageType": "CreateOrUpdateTree" });
    admin.post("SubscriptionsPerApplication", odd, of).await.expect(400);
    let id = made.id();
    admin.patch("SubscriptionsPerApplication", &id, json!({})).await.expect(405);
    // The server delivers accordingly, without a restart.
    eventually("N receives patients", || async {
        app.sent_patient(&uuid::Uuid::new_v4().to_string()).await;
        !app.user("n").claim().await.is_empty()
    })
    .await;
    admin.delete("SubscriptionsPerApplication", &id).await.expect(204);
    admin.get(&format!("SubscriptionsPerApplication/{id}")).await.expect(404);
}

async fn a_user_is_switched_off_and_cannot_call(engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = system(&app).await;
    let id = admin.id("ApplicationInstanceUser", "filter[Login]=b").await;
    app.b().browse("").await;
    let off = json!({ "IsActive": false, "Name": "Bea", "Email": "bea@example.org" });
    let changed = admin.patch("ApplicationInstanceUser", &id, off).await.expect(200);
    assert_eq!(changed.attribute("IsActive"), false);
    assert_eq!(changed.attribute("Email"), "bea@example.org");
    eventually("B is switched off", || async {
        app.b().get("MessageHeader/_search").await.status == 401
    })
    .await;
    admin.patch("ApplicationInstanceUser", &id, json!({ "Login": "c2" })).await.expect(409);
}

async fn a_second_user_of_a_kind_is_refused(engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = system(&app).await;
    let id = admin.id("ApplicationInstance", "filter[Application.Identifier]=AppA").await;
    let of = json!({ "ApplicationInstance": to("ApplicationInstance", &id) });
    let sso = json!({ "Login": "a-sso", "IsSSOUser": true });
    let made = admin.post("ApplicationInstanceUser", sso.clone(), of.clone()).await.expect(201);
    assert_eq!(made.attribute("IsSSOUser"), true);
    admin.post("ApplicationInstanceUser", sso, of.clone()).await.expect(409);
    let second = json!({ "Login": "a2", "Email": "a@example.org" });
    admin.post("ApplicationInstanceUser", second, of.clone()).await.expect(409);
    // T39: 51 characters.
    let long = json!({ "Login": "x".repeat(51), "Email": "a@example.org" });
    admin.post("ApplicationInstanceUser", long, of).await.expect(400);
    let users = admin.get("ApplicationInstanceUser?filter[IsSSOUser]=true").await.expect(200);
    assert_eq!(users.total(), 1);
}
