//! A page as a public OAuth client in real Chromium, at an origin of its own: launch,
//! token, claim, status.

use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::cast::{Browser, build};
use crate::support::Engine;
use crate::support::message::{about_plan, care_plan, patient};
use crate::support::setup::D;

on_both_engines!(a_game_in_a_browser_is_launched_and_works_through_its_mailbox);

const PAGE: &str = include_str!("browser/game.html");

/// Serves the page at any path; ends with the runtime of the test.
async fn serve_page() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move { answer(stream).await });
        }
    });
    origin
}

async fn answer(stream: TcpStream) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    while stream.read_line(&mut line).await? > 2 {
        line.clear();
    }
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n",
        PAGE.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(PAGE.as_bytes()).await?;
    stream.shutdown().await
}

/// What the page shows in the end.
async fn opened(start: &str) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sso/browser/open.mjs");
    for name in ["KOPPELTAAL_TEST_NODE_MODULES", "KOPPELTAAL_TEST_CHROMIUM"] {
        assert!(std::env::var_os(name).is_some(), "`./test` sets {name}");
    }
    let output = tokio::process::Command::new("timeout")
        .args(["120", "node"])
        .arg(script)
        .env("START", start)
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(shown.get("error").is_none(), "{shown:#}\n{said}");
    shown
}

async fn a_game_in_a_browser_is_launched_and_works_through_its_mailbox(engine: Engine) {
    let origin = serve_page().await;
    let game = format!("{origin}/spel");
    let app = build(engine)
        .setup(|setup| {
            let b = setup.application("AppB");
            b.launch_url = Some(game.clone());
            b.redirect_uris = vec![game.clone()];
        })
        .start()
        .await;
    let (p1, p2) = (patient("p1"), patient("p2"));
    app.sent(&about_plan(&care_plan("c2", &p2), &p2, &[])).await;
    app.sent(&about_plan(&care_plan("c1", &p1), &p1, &[])).await;
    let launch = Browser::new(&app)
        .get("Launch", &[("client_id", "AppB"), ("patient", &p1.url)])
        .user("a")
        .seen()
        .await
        .expect(302);
    let shown = opened(launch.header("location").unwrap()).await;
    let focal = care_plan("c1", &p1).url;
    let header = app.b().browse("ProcessingStatus=Success").await.message();
    let status = format!("PUT /FHIR/Koppeltaal/MessageHeader/{} 200", header.number());
    let claim = "GET /FHIR/Koppeltaal/MessageHeader/_search 200";
    assert_eq!(
        shown,
        json!({
            "state": "from the page",
            "patient": p1.url,
            "domain": D,
            "scope": "patient/*.read",
            "type": "Bearer",
            // It can read errors, too.
            "wrong": "invalid_grant",
            "focal": focal,
            "left": 0,
            "steps": [
                "GET /OAuth2/Koppeltaal/Token 200",
                "GET /OAuth2/Koppeltaal/Token 400",
                claim,
                status,
                claim,
            ],
        })
    );
    assert_eq!(app.b().browse("ProcessingStatus=New").await.entries().len(), 1);
}
