//! Launch in the browser.

use koppeltaal_core::directory::LaunchMode;

use crate::cast::{BACK, Browser, PATIENT, USER, build, start};
use crate::support::setup::{D, PASSWORD};
use crate::support::{Engine, eventually};

on_both_engines!(
    a_launch_sends_the_browser_to_the_application_with_all_four_parameters,
    a_launch_needs_no_resource_and_no_user,
    without_credentials_nobody_launches,
    credentials_in_the_query_need_a_permission,
    an_application_elsewhere_is_unknown,
    what_is_missing_or_odd_is_named,
    the_url_of_the_application_keeps_its_query,
    the_url_of_the_instance_comes_first,
    an_application_launches_itself_for_somebody_nobody_knows,
    an_application_says_which_names_it_reads,
    an_application_says_how_it_is_launched,
    an_access_token_launches_for_its_patient_only,
    what_is_switched_off_is_not_launched,
);

// T01
async fn a_launch_sends_the_browser_to_the_application_with_all_four_parameters(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let parameters =
        [("client_id", "AppB"), ("patient", PATIENT), ("user", USER), ("resource", "act1")];
    for ask in [
        browser.get("Launch", &parameters),
        browser.post("Launch", &parameters),
        browser.ask(reqwest::Method::POST, "launch", &parameters[..2]).form(&parameters[2..]),
    ] {
        let seen = ask.user("a").seen().await.expect(302);
        assert!(seen.header("location").unwrap().starts_with("https://game.example/start?iss="));
        let iss = format!("{}/FHIR/Koppeltaal", app.server.public_url);
        assert_eq!(seen.sent("iss"), Some(iss));
        assert_eq!(seen.sent("application_id").as_deref(), Some("AppB"));
        let launch = seen.sent("launch").unwrap();
        assert_eq!(seen.sent("launch_id").as_deref(), Some(launch.as_str()));
        assert!(launch.bytes().all(|b| b.is_ascii_alphanumeric()), "{launch}");
        assert!(!launch.bytes().all(|b| b.is_ascii_digit()));
        assert!(!seen.header("location").unwrap().contains("Patient"), "{seen:?}");
    }
}

// T02
async fn a_launch_needs_no_resource_and_no_user(engine: Engine) {
    let app = start(engine).await;
    let token = Browser::new(&app).signed_in("AppB").await.json();
    assert!(token.get("resource").is_none() && token.get("intent").is_none(), "{token}");
    assert_eq!(token["user"], PATIENT);
}

// T03
async fn without_credentials_nobody_launches(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let launch = || browser.get("Launch", &[("client_id", "AppB"), ("patient", PATIENT)]);
    for ask in [
        launch(),
        launch().basic("a", "wrong"),
        launch().basic("nobody", PASSWORD),
        launch().bearer("none"),
        launch().header("authorization", "Negotiate x"),
    ] {
        let seen = ask.seen().await.expect(401);
        assert_eq!(seen.issue(), "login");
        assert!(seen.header("www-authenticate").unwrap().starts_with("Basic realm=\"Koppeltaal\""));
    }
}

// T04
async fn credentials_in_the_query_need_a_permission(engine: Engine) {
    let app =
        build(engine).setup(|setup| setup.instance("n").basic_in_launch_query = true).start().await;
    let browser = Browser::new(&app);
    let launch = |user: &str, password: &str| {
        let basic = base64::Engine::encode(
            &base64::engine::general_purpose::STANDARD,
            format!("{user}:{password}"),
        );
        let value = format!("Basic {basic}");
        browser.get(
            "Launch",
            &[("client_id", "AppB"), ("patient", PATIENT), ("Authorization", &value)],
        )
    };
    launch("n", PASSWORD).seen().await.expect(302);
    launch("n", "wrong").seen().await.expect(401);
    assert_eq!(launch("a", PASSWORD).seen().await.expect(401).issue(), "login");
    // The header counts, also where it is wrong.
    launch("a", PASSWORD).user("a").seen().await.expect(302);
    launch("n", PASSWORD).basic("n", "wrong").seen().await.expect(401);
    let value = format!("Bearer {}", browser.access_for(PATIENT).await);
    let parameters = [("client_id", "AppC"), ("patient", PATIENT), ("authorization", &value)];
    browser.get("Launch", &parameters).seen().await.expect(401);
}

// T05
async fn an_application_elsewhere_is_unknown(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let mut bodies = Vec::new();
    // In another domain; not to be launched; not there at all.
    for client in ["AppX", "AppN", "Nonsense"] {
        let seen = browser.launch(client).seen().await.expect(404);
        assert_eq!(seen.issue(), "not-found");
        bodies.push(seen.text);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
}

// T06
async fn what_is_missing_or_odd_is_named(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let long = format!("https://x/{}", "y".repeat(2000));
    for (parameters, code) in [
        (vec![("client_id", "AppB")], "required"),
        (vec![("patient", PATIENT)], "required"),
        (vec![("client_id", "AppB"), ("patient", "")], "required"),
        (vec![("client_id", "AppB"), ("patient", "Patient/1")], "value"),
        (vec![("client_id", "AppB"), ("patient", PATIENT), ("user", "d1")], "value"),
        (vec![("client_id", "AppB"), ("patient", PATIENT), ("Patient", PATIENT)], "value"),
        (vec![("client_id", "AppB"), ("patient", &long)], "too-long"),
    ] {
        let seen = browser.get("Launch", &parameters).user("a").seen().await.expect(400);
        assert_eq!(seen.issue(), code, "{parameters:?}");
    }
}

// T07
async fn the_url_of_the_application_keeps_its_query(engine: Engine) {
    let app = start(engine).await;
    let seen = Browser::new(&app).launch("AppC").seen().await.expect(302);
    assert!(seen.header("location").unwrap().starts_with("https://module.example/start?a=1&iss="));
}

// T08
async fn the_url_of_the_instance_comes_first(engine: Engine) {
    let app = build(engine)
        .setup(|setup| {
            setup.instance("b").sso_url = Some("https://own.example/#/go".to_owned());
            setup.instance("n").sso_url = Some("https://n.example/".to_owned());
        })
        .start()
        .await;
    let browser = Browser::new(&app);
    let location = browser.launch("AppB").seen().await.expect(302).location();
    assert_eq!((location.host_str(), location.fragment()), (Some("own.example"), Some("/go")));
    let location = browser.launch("AppN").seen().await.expect(302).location();
    assert_eq!(location.host_str(), Some("n.example"));
}

// T09
async fn an_application_launches_itself_for_somebody_nobody_knows(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let parameters = [("CLIENT_ID", "AppB"), ("Patient", "https://new.example/Patient/77")];
    browser.get("Launch", &parameters).user("b").seen().await.expect(302);
}

async fn an_application_says_which_names_it_reads(engine: Engine) {
    let app = build(engine)
        .setup(|setup| {
            setup.application("AppB").launch_mode = LaunchMode::Smart;
            setup.application("AppC").launch_mode = LaunchMode::Named;
        })
        .start()
        .await;
    let browser = Browser::new(&app);
    let names = async |client: &str| {
        let location = browser.launch(client).seen().await.expect(302).location();
        location.query_pairs().map(|(name, _)| name.into_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("AppB").await, ["iss", "launch"]);
    assert_eq!(names("AppC").await, ["a", "iss", "application_id", "launch_id"]);
}

async fn an_application_says_how_it_is_launched(engine: Engine) {
    let app = build(engine)
        .setup(|setup| {
            setup.application("AppB").launch_kinds = vec!["mobile".to_owned()];
            setup.application("AppC").launch_kinds = vec!["web".to_owned()];
        })
        .start()
        .await;
    let browser = Browser::new(&app);
    assert_eq!(browser.launch("AppB").seen().await.expect(403).issue(), "forbidden");
    browser.activation_code().await;
    browser.launch("AppC").seen().await.expect(302);
    let parameters = [("client_id", "AppC"), ("patient", PATIENT)];
    browser.get("MobileLaunch", &parameters).user("a").seen().await.expect(403);
}

async fn an_access_token_launches_for_its_patient_only(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let token = browser.access_for(PATIENT).await;
    let launch = |endpoint: &str, patient: &str| {
        browser.get(endpoint, &[("client_id", "AppC"), ("patient", patient)]).bearer(&token)
    };
    launch("Launch", PATIENT).seen().await.expect(302);
    launch("Launch", &format!("{PATIENT}/_history/3")).seen().await.expect(302);
    let other = launch("Launch", "https://app.example/fhir/Patient/p2").seen().await.expect(403);
    assert_eq!(other.issue(), "forbidden");
    launch("MobileLaunch", PATIENT).seen().await.expect(403);
}

async fn what_is_switched_off_is_not_launched(engine: Engine) {
    let app = build(engine)
        .setup(|setup| {
            setup.instance("b").active = Some(false);
            setup.application("AppC").active = false;
        })
        .start()
        .await;
    let browser = Browser::new(&app);
    for client in ["AppB", "AppC"] {
        browser.launch(client).seen().await.expect(404);
    }
    let seen = browser.authorize("AppC", "L1", BACK).seen().await.expect(400);
    assert_eq!(seen.error().0, "unauthorized_client");
    eventually("refusals of the portal are recorded", async || {
        app.audit_of(D, koppeltaal_core::audit::Action::SsoDeny).await.len() == 2
    })
    .await;
}
