//! Connections that break, clients that come back, servers that are started again.

use crate::client::{Client, TRANSPORTS};
use crate::support::{Engine, TestApp};

on_both_engines!(
    who_reconnects_is_told_of_what_came_meanwhile_without_start_push,
    who_reconnects_before_its_first_place_was_heard_is_told,
    a_connection_outlives_its_server,
    the_newer_of_two_connections_with_one_token_stays,
    nothing_is_told_at_a_reconnect_when_nothing_waits,
);

async fn who_reconnects_is_told_of_what_came_meanwhile_without_start_push(engine: Engine) {
    let app = TestApp::start(engine).await;
    for transport in TRANSPORTS {
        let session = Client::new(&app, "b").negotiated().await;
        let mut connection = session.started(transport).await;
        connection.placed().await;
        let place = connection.place.clone().unwrap();
        drop(connection);
        app.sent_patient(transport).await;
        let mut again = session.reconnect(transport, &place).await;
        again.told().await;
        app.sent_patient(&format!("{transport} again")).await;
        again.told().await;
        while !app.b().claim().await.is_empty() {}
    }
}

// The answer to StartPush came, and then the connection broke: the place that would
// have said so was never heard.
async fn who_reconnects_before_its_first_place_was_heard_is_told(engine: Engine) {
    let app = TestApp::start(engine).await;
    for transport in ["serverSentEvents", "longPolling"] {
        let session = Client::new(&app, "b").negotiated().await;
        let mut connection = session.connect(transport).await;
        let place = connection.place.clone().unwrap();
        connection.start_push().await;
        drop(connection);
        let mut again = session.reconnect(transport, &place).await;
        app.sent_patient(transport).await;
        again.told().await;
        while !app.b().claim().await.is_empty() {}
    }
}

async fn a_connection_outlives_its_server(engine: Engine) {
    let app = TestApp::start(engine).await;
    let session = Client::new(&app, "b").negotiated().await;
    let mut connection = session.started("webSockets").await;
    connection.placed().await;
    let place = connection.place.clone().unwrap();
    let next = app.second_server().await;
    drop(connection);
    app.sent_patient("p").await;
    for transport in TRANSPORTS {
        let mut again = session.at(&next).reconnect(transport, &place).await;
        again.told().await;
    }
    next.shutdown().await;
}

async fn the_newer_of_two_connections_with_one_token_stays(engine: Engine) {
    let app = TestApp::start(engine).await;
    let session = Client::new(&app, "b").negotiated().await;
    let mut old = session.started("webSockets").await;
    old.placed().await;
    let place = old.place.clone().unwrap();
    let mut new = session.reconnect("serverSentEvents", &place).await;
    old.ended().await;
    app.sent_patient("p").await;
    new.told().await;
}

async fn nothing_is_told_at_a_reconnect_when_nothing_waits(engine: Engine) {
    let app = TestApp::start(engine).await;
    let session = Client::new(&app, "b").negotiated().await;
    let mut connection = session.started("webSockets").await;
    connection.placed().await;
    let place = connection.place.clone().unwrap();
    let mut again = session.reconnect("webSockets", &place).await;
    let frame = again.frame().await;
    assert!(frame.get("S").is_none(), "only a new connection is initialized: {frame}");
    assert_eq!(again.told_by_now().await, 0);
}
