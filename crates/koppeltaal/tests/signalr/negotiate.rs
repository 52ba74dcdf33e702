//! How a connection begins: settings, versions, the generated script.

use reqwest::Method;
use serde_json::json;

use crate::client::{Client, HUBS};
use crate::support::{Engine, TestApp};

on_both_engines!(
    negotiating_gives_a_token_and_the_timers_of_the_protocol,
    the_version_is_the_one_asked_for_within_bounds,
    the_path_of_a_public_url_is_part_of_the_url,
    the_script_makes_the_hub_known_to_pages,
    pages_of_other_origins_may_call_with_credentials,
);

async fn negotiating_gives_a_token_and_the_timers_of_the_protocol(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = Client::new(&app, "b");
    for path in ["/signalr/negotiate", "/SignalR/Negotiate", "//signalr/negotiate/"] {
        let query = format!("{path}?clientProtocol=1.5&connectionData={HUBS}&_=1");
        let answer = client.get(&query).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(answer.header("content-type").unwrap().starts_with("application/json"));
        let mut said = answer.json();
        let said = said.as_object_mut().unwrap();
        let token = said.remove("ConnectionToken").unwrap();
        let id = said.remove("ConnectionId").unwrap();
        assert!(token.as_str().unwrap().len() > 40 && id.as_str().unwrap().len() == 36);
        let expected = json!({
            "Url": "/signalr",
            "KeepAliveTimeout": 20.0,
            "DisconnectTimeout": 30.0,
            "ConnectionTimeout": 110.0,
            "TryWebSockets": true,
            "ProtocolVersion": "1.5",
            "TransportConnectTimeout": 5.0,
            "LongPollDelay": 0.0,
        });
        assert_eq!(*said, *expected.as_object().unwrap());
    }
    let ping = client.get("/signalr/ping").await;
    assert_eq!(ping.json(), json!({"Response": "pong"}));
}

async fn the_version_is_the_one_asked_for_within_bounds(engine: Engine) {
    let app = TestApp::start(engine).await;
    for (asked, expected) in [
        ("1.2", "1.2"),
        ("1.5", "1.5"),
        ("2.0", "2.0"),
        ("2.1", "2.1"),
        ("3", "1.2"),
        ("9.0", "2.1"),
    ] {
        let path = format!("/signalr/negotiate?clientProtocol={asked}");
        let answer = Client::new(&app, "b").get(&path).await;
        assert_eq!(answer.json()["ProtocolVersion"], expected, "{asked}");
    }
}

async fn the_path_of_a_public_url_is_part_of_the_url(engine: Engine) {
    let url = "https://kt.example/edge";
    let app =
        TestApp::build(engine).config(|config| config.public_url = Some(url.to_owned())).start();
    let app = app.await;
    let client =
        Client { base: format!("http://{}", app.server.address), ..Client::new(&app, "b") };
    assert_eq!(client.get("/signalr/negotiate").await.json()["Url"], "/edge/signalr");
}

async fn the_script_makes_the_hub_known_to_pages(engine: Engine) {
    let app = TestApp::start(engine).await;
    for path in ["/signalr/hubs", "/signalr/js"] {
        let answer = Client::anyone(&app.server.public_url).get(path).await;
        assert_eq!(answer.status, 200, "no page sends credentials for a script");
        assert!(answer.header("content-type").unwrap().starts_with("application/javascript"));
        assert!(answer.text.contains("createHubProxies") && answer.text.contains("koppeltaalHub"));
    }
}

async fn pages_of_other_origins_may_call_with_credentials(engine: Engine) {
    let app = TestApp::start(engine).await;
    let origin = [("origin", "https://game.example")];
    for (client, status) in
        [(Client::new(&app, "b"), 200), (Client::anyone(&app.server.public_url), 401)]
    {
        let answer = client.call_with(Method::GET, "/signalr/negotiate", None, &origin).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("access-control-allow-origin"), Some("https://game.example"));
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
        assert_eq!(answer.header("vary"), Some("Origin"));
    }
    let asked = [
        ("origin", "https://game.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization, x-own"),
    ];
    let anyone = Client::anyone(&app.server.public_url);
    let answer = anyone.call_with(Method::OPTIONS, "/signalr/send", None, &asked).await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://game.example"));
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    assert!(answer.header("access-control-allow-methods").unwrap().contains("POST"));
    assert!(answer.header("access-control-allow-headers").unwrap().contains("x-own"));
    let plain = Client::new(&app, "b").get("/signalr/negotiate").await;
    assert_eq!(plain.header("access-control-allow-origin"), None);
}
