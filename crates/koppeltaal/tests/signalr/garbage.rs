//! What no client should send.

use reqwest::Method;
use serde_json::json;
use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::client::{Client, percent_encoded};
use crate::support::{Engine, TestApp};

on_both_engines!(
    requests_that_make_no_sense_are_refused,
    frames_that_make_no_sense_end_the_connection,
    calls_that_make_no_sense_are_refused_in_json,
);

async fn requests_that_make_no_sense_are_refused(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = Client::new(&app, "b");
    let session = client.negotiated().await;
    let start = session.path("start", "webSockets");
    for (path, status) in [
        ("/signalr".to_owned(), 404),
        ("/signalr/".to_owned(), 404),
        ("/signalr/other".to_owned(), 404),
        (session.path("connect", "foreverFrame"), 400),
        (session.path("connect", ""), 400),
        (session.path("connect", "webSockets"), 400),
        (session.path("send", "longPolling"), 405),
        ("/signalr/start".to_owned(), 400),
        ("/signalr/negotiate?connectionData=%5B%7B%22name%22%3A%22chat%22%7D%5D".to_owned(), 400),
        ("/signalr/negotiate?connectionData=%ff%00".to_owned(), 400),
        (format!("/signalr/negotiate?clientProtocol={}", "9".repeat(5000)), 200),
        (format!("{start}&{}", "&=%zz".repeat(500)), 200),
        (session.path("reconnect", "longPolling") + "&messageId=p-0&transport=x", 200),
    ] {
        let answer = tokio::time::timeout(std::time::Duration::from_secs(2), client.get(&path));
        // A poll that is held was understood.
        let Ok(answer) = answer.await else {
            assert!(path.contains("longPolling"), "{path}");
            continue;
        };
        assert_eq!(answer.status, status, "{path}: {answer:?}");
    }
    for method in [Method::PUT, Method::DELETE, Method::PATCH] {
        assert_eq!(client.call(method, "/signalr/negotiate", None).await.status, 405);
    }
    assert_eq!(client.call(Method::POST, "/signalr/hubs", None).await.status, 405);
    let large = "x".repeat(100_000);
    let answer = client.call(Method::POST, &session.path("send", "longPolling"), Some(large)).await;
    assert_eq!(answer.status, 413);
}

async fn frames_that_make_no_sense_end_the_connection(engine: Engine) {
    let app = TestApp::start(engine).await;
    for (message, code) in [
        (Message::text("nonsense"), CloseCode::Invalid),
        (Message::text("[".repeat(10_000)), CloseCode::Invalid),
        (Message::binary(vec![1, 2, 3]), CloseCode::Unsupported),
        (Message::text("x".repeat(20_000)), CloseCode::Size),
        (Message::text("x".repeat(5_000_000)), CloseCode::Size),
    ] {
        let session = Client::new(&app, "b").negotiated().await;
        let mut connection = session.started("webSockets").await;
        let length = message.len();
        connection.raw(message).await;
        // Of very much the system may drop the reason with the rest.
        let closed = connection.close_code().await;
        assert!(closed == Some(code) || length > 1_000_000, "{closed:?} {length}");
    }
    assert_eq!(app.anyone().accept("").get("metadata").await.status, 200);
}

async fn calls_that_make_no_sense_are_refused_in_json(engine: Engine) {
    let app = TestApp::start(engine).await;
    let session = Client::new(&app, "b").negotiated().await;
    for data in ["", "x", "[]", "{\"I\":{}}", "null"] {
        let answer = session.send("longPolling", data).await;
        assert_eq!(answer.status, 400, "{data}: {answer:?}");
        assert!(answer.json().is_object());
    }
    let path = session.path("send", "longPolling");
    let answer = session.client.call(Method::POST, &path, None).await;
    assert!(answer.status == 400 && answer.json().is_object());
    let call = percent_encoded(r#"{"H":"koppeltaalhub","M":"StartPush"}"#);
    let body = Some(format!("data={call}"));
    let answer = session.client.call(Method::POST, &path, body).await;
    assert_eq!((answer.status, answer.json()), (200, json!({})));
}
