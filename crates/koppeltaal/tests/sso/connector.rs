//! The connector of this project signs in, as a portal, as a browser and as the
//! application.

use koppeltaal_client::kt1::{
    Authorize, ClientSecret, Connector, Error, Integration, Launch, Token,
};

use crate::cast::{BACK, ELSEWHERE, PATIENT, SECRET, start, with_token};
use crate::support::setup::{D, PASSWORD};
use crate::support::{Engine, TestApp};

on_both_engines!(
    an_application_is_launched_and_gets_its_tokens,
    an_activation_code_signs_in_too,
    what_the_server_refuses_is_an_error_that_says_why,
);

fn portal(app: &TestApp) -> Connector {
    let integration = Integration::new("Portal", "https://portal.example/fhir");
    Connector::new(&app.server.public_url, "a", PASSWORD, D, integration).unwrap()
}

fn launch_of(client_id: &str) -> Launch {
    Launch {
        client_id: client_id.to_owned(),
        patient: PATIENT.to_owned(),
        intent: Some("doe mee".to_owned()),
        ..Launch::default()
    }
}

fn with(client_id: &str, launch: &str, redirect_uri: &str) -> Authorize {
    Authorize {
        client_id: client_id.to_owned(),
        launch: launch.to_owned(),
        redirect_uri: redirect_uri.to_owned(),
        challenge: None,
    }
}

async fn an_application_is_launched_and_gets_its_tokens(engine: Engine) {
    let app = start(engine).await;
    let connector = portal(&app);
    let url = connector.launch(&launch_of("AppC")).await.unwrap();
    let url = url::Url::parse(&url).unwrap();
    let (_, launch) = url.query_pairs().find(|(name, _)| name == "launch").unwrap();
    let code = connector.authorize(&with("AppC", &launch, ELSEWHERE)).await.unwrap();
    let secret = ClientSecret::Secret { client_id: "AppC".to_owned(), secret: SECRET.to_owned() };
    let token: Token = connector.token(&secret, &code, ELSEWHERE, None).await.unwrap();
    assert_eq!((token.expires_in, &token.answer["intent"]), (3600, &"doe mee".into()));
    assert!(!format!("{token:?}").contains(&token.access_token));
    with_token(&app, &token.access_token).browse("").await;
    let old = token.refresh_token.unwrap();
    let new = connector.refresh(&secret, &old).await.unwrap();
    assert_ne!(new.refresh_token, Some(old));
    with_token(&app, &new.access_token).browse("").await;
}

async fn an_activation_code_signs_in_too(engine: Engine) {
    let app = start(engine).await;
    let connector = portal(&app);
    let activation = connector.mobile_launch(&launch_of("AppB")).await.unwrap();
    assert_eq!((activation.code.len(), activation.days), (8, 7));
    let code = connector.authorize(&with("AppB", &activation.code, BACK)).await.unwrap();
    let token = connector.token(&ClientSecret::Public, &code, BACK, None).await.unwrap();
    assert_eq!(token.answer["patient"], PATIENT);
}

async fn what_the_server_refuses_is_an_error_that_says_why(engine: Engine) {
    let app = start(engine).await;
    let connector = portal(&app);
    let unknown = connector.launch(&launch_of("Nonsense")).await.unwrap_err();
    assert_eq!(unknown.status(), Some(404));
    assert!(matches!(unknown, Error::Refused { .. }), "{unknown}");
    let denied = connector.authorize(&with("AppB", "Lnonsense", BACK)).await.unwrap_err();
    assert!(denied.to_string().contains("The launch is unknown"), "{denied}");
    let odd = connector.authorize(&with("AppB", "L1", "https://evil.example/")).await.unwrap_err();
    assert_eq!(odd.status(), Some(400));
    let wrong = connector.token(&ClientSecret::Public, "x", BACK, None).await.unwrap_err();
    assert!(matches!(wrong, Error::Refused { status: 400, .. }), "{wrong}");
}
