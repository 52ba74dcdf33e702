//! Who may connect, and for how long.

use koppeltaal_core::Timestamp;
use koppeltaal_store::directory::{Author, Change, Item, change};
use reqwest::Method;

use crate::client::{Client, HUBS, Session, TRANSPORTS, basic, percent_encoded};
use crate::support::{Engine, TestApp};

on_both_engines!(
    whoever_shows_no_credentials_is_refused_everywhere,
    credentials_may_stand_in_the_query,
    a_token_is_accepted_from_whom_it_was_given_to_alone,
    an_instance_that_is_switched_off_is_told_nothing_more,
    an_instance_has_no_more_connections_than_it_may,
    an_aborted_connection_ends,
);

async fn whoever_shows_no_credentials_is_refused_everywhere(engine: Engine) {
    let app = TestApp::start(engine).await;
    let token = Client::new(&app, "b").negotiated().await.token;
    let anyone = Client::anyone(&app.server.public_url);
    let session = Session { client: anyone.clone(), token };
    for endpoint in ["negotiate", "connect", "reconnect", "poll", "start", "send", "ping", "abort"]
    {
        let path = session.path(endpoint, "longPolling");
        let answer = anyone.call(Method::POST, &path, Some("data=%7B%7D".to_owned())).await;
        assert_eq!(answer.status, 401, "{endpoint}: the token is no credential");
        assert!(answer.header("www-authenticate").unwrap().starts_with("Basic"));
        assert_eq!(answer.json()["resourceType"], "OperationOutcome");
    }
    for wrong in ["Basic eDp5", "Bearer nothing", "Basic", "x"] {
        let path = format!("/signalr/negotiate?Authorization={}", percent_encoded(wrong));
        assert_eq!(anyone.get(&path).await.status, 401, "{wrong}");
    }
}

async fn credentials_may_stand_in_the_query(engine: Engine) {
    let app = TestApp::start(engine).await;
    let anyone = Client::anyone(&app.server.public_url);
    let raw = basic("b").replace(' ', "%20");
    for written in [percent_encoded(&basic("b")), raw] {
        let query = format!("clientProtocol=2.1&connectionData={HUBS}&Authorization={written}");
        let answer = anyone.get(&format!("/signalr/negotiate?{query}")).await;
        assert_eq!(answer.status, 200, "{query}: {answer:?}");
        let token = answer.json()["ConnectionToken"].as_str().unwrap().to_owned();
        let session = Session { client: anyone.clone(), token };
        let path = format!("{}&Authorization={written}", session.path("connect", "webSockets"));
        session.web_socket(&path).await;
    }
}

async fn a_token_is_accepted_from_whom_it_was_given_to_alone(engine: Engine) {
    let app = TestApp::start(engine).await;
    let token = Client::new(&app, "b").negotiated().await.token;
    for (user, status) in [("b", 200), ("c", 403), ("x", 403)] {
        let session = Session { client: Client::new(&app, user), token: token.clone() };
        let answer = session.client.get(&session.path("start", "webSockets")).await;
        assert_eq!(answer.status, status, "{user}: {answer:?}");
    }
    let client = Client::new(&app, "b");
    let changed = format!("{}{}", if token.starts_with('A') { "B" } else { "A" }, &token[1..]);
    for (token, status) in [(changed.as_str(), 403), ("x", 400), ("", 400), (&token[1..], 400)] {
        let session = Session { client: client.clone(), token: token.to_owned() };
        for endpoint in ["start", "connect", "reconnect", "poll", "abort"] {
            let answer = client.get(&session.path(endpoint, "longPolling")).await;
            assert_eq!(answer.status, status, "{endpoint} {token}: {answer:?}");
        }
    }
}

async fn an_instance_that_is_switched_off_is_told_nothing_more(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut connections = Vec::new();
    for transport in TRANSPORTS {
        connections.push(Client::new(&app, "b").negotiated().await.started(transport).await);
    }
    let mut stays = Client::new(&app, "c").negotiated().await.started("webSockets").await;
    let mut instance = app.directory.instance_by_username("b").unwrap().instance.clone();
    instance.active = Some(false);
    let changes = [Change { item: Item::Instance(instance), summary: "off".to_owned() }];
    let author = Author { agent: "test".to_owned(), recorded: Timestamp(0), request_id: None };
    let (ids, version) = (app.ids().await, app.directory.version);
    let write = move |tx: &mut dyn koppeltaal_store::Tx| {
        change(tx, &ids, &koppeltaal_kt2::Catalogs::default(), version, &changes, &author)
    };
    app.store().write(write).await.unwrap().unwrap();
    for mut connection in connections.drain(..2) {
        connection.ended().await;
    }
    app.sent_patient("p").await;
    stays.told().await;
}

async fn an_instance_has_no_more_connections_than_it_may(engine: Engine) {
    let app = TestApp::build(engine).config(|config| config.kt1.signalr_connections = 2).start();
    let app = app.await;
    let client = Client::new(&app, "b");
    let first = client.negotiated().await.started("webSockets").await;
    let _second = client.negotiated().await.started("serverSentEvents").await;
    let third = client.negotiated().await;
    let refused = client.get(&third.path("connect", "serverSentEvents")).await;
    assert_eq!(refused.status, 429, "{refused:?}");
    assert!(refused.header("retry-after").is_some());
    Client::new(&app, "c").negotiated().await.started("webSockets").await;
    drop(first);
    crate::support::eventually("a place is free", async || {
        let path = third.path("reconnect", "longPolling");
        let poll = client.call(Method::POST, &path, None);
        // A poll that is held was not refused.
        let held = tokio::time::timeout(std::time::Duration::from_millis(500), poll).await;
        held.map_or(true, |answer| answer.status != 429)
    })
    .await;
}

async fn an_aborted_connection_ends(engine: Engine) {
    let app = TestApp::start(engine).await;
    for transport in ["webSockets", "serverSentEvents"] {
        let session = Client::new(&app, "b").negotiated().await;
        let mut connection = session.started(transport).await;
        let path = session.path("abort", transport);
        let answer = session.client.call(Method::POST, &path, None).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        connection.ended().await;
    }
}
