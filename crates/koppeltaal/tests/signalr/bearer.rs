//! Connections with the access token of a launch: they are about one patient, and end
//! with the token.

use std::time::Duration;

use reqwest::Method;

use crate::cast::{self, Browser};
use crate::client::{Client, HUBS, Session, TRANSPORTS};
use crate::support::message::{about_patient, patient};
use crate::support::{Engine, TestApp};

on_both_engines!(
    only_messages_about_its_patient_are_told,
    an_access_token_may_stand_in_the_query,
    a_connection_ends_with_its_access_token,
    a_connection_ends_when_its_access_token_is_refreshed,
);

fn bearer(app: &TestApp, token: &str) -> Client {
    Client { authorization: Some(format!("Bearer {token}")), ..Client::new(app, "b") }
}

async fn only_messages_about_its_patient_are_told(engine: Engine) {
    let app = cast::start(engine).await;
    let (own, other) = (patient("own"), patient("other"));
    let token = Browser::new(&app).access_for(&own.url).await;
    let mut narrow = bearer(&app, &token).negotiated().await.started("webSockets").await;
    let mut whole = Client::new(&app, "b").negotiated().await.started("webSockets").await;
    narrow.placed().await;
    app.sent(&about_patient(&other)).await;
    whole.told().await;
    assert_eq!(narrow.told_by_now().await, 0, "that was another patient");
    app.sent(&about_patient(&own)).await;
    narrow.told().await;
    for transport in TRANSPORTS {
        let session = bearer(&app, &token).negotiated().await;
        session.started(transport).await.told().await;
    }
    // Bound to the patient as well: another token of the same instance will not do.
    let foreign = Browser::new(&app).access_for(&other.url).await;
    let session = bearer(&app, &token).negotiated().await;
    for client in [bearer(&app, &foreign), Client::new(&app, "b")] {
        let answer = client.get(&session.path("start", "webSockets")).await;
        assert_eq!(answer.status, 403, "{answer:?}");
    }
}

async fn an_access_token_may_stand_in_the_query(engine: Engine) {
    let app = cast::start(engine).await;
    let token = Browser::new(&app).access_for(&patient("p").url).await;
    let anyone = Client::anyone(&app.server.public_url);
    for shown in [format!("access_token={token}"), format!("Authorization=Bearer+{token}")] {
        let answer = anyone.get(&format!("/signalr/negotiate?connectionData={HUBS}&{shown}")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let token = answer.json()["ConnectionToken"].as_str().unwrap().to_owned();
        let session = Session { client: anyone.clone(), token };
        let path = format!("{}&{shown}", session.path("start", "serverSentEvents"));
        assert_eq!(anyone.get(&path).await.status, 200);
    }
    let answer = anyone.call(Method::GET, "/signalr/negotiate?access_token=none", None).await;
    assert_eq!(answer.status, 401);
}

async fn a_connection_ends_with_its_access_token(engine: Engine) {
    let app = cast::build(engine)
        .config(|config| config.kt1.access_token_lifetime = Duration::from_secs(3))
        .start()
        .await;
    let token = Browser::new(&app).access_for(&patient("p").url).await;
    let session = bearer(&app, &token).negotiated().await;
    let mut socket = session.started("webSockets").await;
    let mut events = bearer(&app, &token).negotiated().await.started("serverSentEvents").await;
    socket.ended().await;
    events.ended().await;
    let answer = session.client.get(&session.path("start", "webSockets")).await;
    assert_eq!(answer.status, 401, "{answer:?}");
    assert_eq!(answer.json()["issue"][0]["type"]["code"], "expired");
}

async fn a_connection_ends_when_its_access_token_is_refreshed(engine: Engine) {
    let app = cast::start(engine).await;
    let browser = Browser::new(&app);
    let tokens = browser.signed_in("AppC").await;
    let mut connection =
        bearer(&app, &tokens.member("access_token")).negotiated().await.started("webSockets").await;
    browser.refresh(&tokens.member("refresh_token")).seen().await.expect(200);
    connection.ended().await;
}
