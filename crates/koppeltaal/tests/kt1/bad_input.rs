//! What hostile or broken input gets: the status and OperationOutcome that are
//! due, never a hang, and nothing stored.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::client::to_xml;
use crate::support::message::{about_patient, patient};
use crate::support::setup::PASSWORD;
use crate::support::{Engine, TestApp};

on_both_engines!(
    nesting_has_an_end,
    document_types_and_entities_are_refused,
    a_body_over_the_limit_is_refused,
    parts_that_would_burden_others_are_refused,
    an_event_without_its_system_is_unknown,
    unknown_queries_and_urls_are_refused,
    every_method_on_every_url_is_answered,
    a_flood_of_one_instance_is_throttled_and_the_others_are_served,
    a_connection_that_says_nothing_does_no_harm,
    half_a_request_does_no_harm,
    every_cut_of_a_message_is_answered,
);

async fn refused(app: &TestApp, content_type: &str, body: String) {
    for accept in ["application/json", "application/xml"] {
        let client = app.a().content_type(content_type).accept(accept);
        let answer = client.post("Mailbox", body.clone()).await.expect(400);
        assert_eq!(answer.code(), "structure");
    }
    assert_eq!(app.stored().await, [0, 0, 0]);
}

async fn nesting_has_an_end(engine: Engine) {
    let app = TestApp::start(engine).await;
    let good = about_patient(&patient("p1")).json().to_string();
    for depth in [101, 100_000] {
        let nest = format!("{}{}", r#"{"a":"#.repeat(depth), "1".to_owned() + &"}".repeat(depth));
        refused(&app, "application/json", nest.clone()).await;
        refused(&app, "application/json", format!("{}{}", "[".repeat(depth), "]".repeat(depth)))
            .await;
        refused(&app, "application/json", good.replacen("true", &nest, 1)).await;
        let nest = format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
        refused(
            &app,
            "application/xml",
            to_xml(&good).replacen("<active", &format!("{nest}<active"), 1),
        )
        .await;
    }
    let deep = format!("{}{}", "<a>".repeat(90), "</a>".repeat(90));
    let fits = to_xml(&good).replacen("<active", &format!("{deep}<active"), 1);
    app.a().content_type("application/xml").post("Mailbox", fits).await.expect(200);
    let claimed = app.b().claim().await;
    assert!(!claimed.is_empty(), "what is taken can be given out again");
}

async fn document_types_and_entities_are_refused(engine: Engine) {
    let app = TestApp::start(engine).await;
    let good = to_xml(&about_patient(&patient("p1")).json().to_string());
    for doctype in [
        "<!DOCTYPE feed>",
        "<!DOCTYPE feed SYSTEM \"file:///etc/passwd\">",
        "<!DOCTYPE feed [<!ENTITY x \"y\">]>",
        "<!DOCTYPE feed [<!ENTITY x SYSTEM \"http://127.0.0.1:1/\">]>",
        "<!DOCTYPE l [<!ENTITY a \"aaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;\">]>",
    ] {
        refused(&app, "application/xml", format!("{doctype}{good}")).await;
        refused(&app, "application/xml", format!("<?xml version=\"1.0\"?>\n{doctype}{good}")).await;
    }
    for entity in ["&x;", "&nbsp;", "&a", "&#0;", "&#xFFFFFF;"] {
        refused(&app, "application/xml", good.replacen("Claes", entity, 1)).await;
    }
    let latin = format!("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>{good}");
    refused(&app, "application/xml", latin).await;
    // A declaration, a byte order mark and a comment are no harm.
    let fine = format!("\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><!-- x -->{good}");
    app.a().content_type("application/xml").post("Mailbox", fine).await.expect(200);
}

async fn a_body_over_the_limit_is_refused(engine: Engine) {
    let app = TestApp::build(engine).config(|config| config.limits.body = 64 * 1024).start().await;
    let sized = |length: usize| {
        let mut text = about_patient(&patient("p1")).json().to_string();
        text.push_str(&" ".repeat(length - text.len()));
        text
    };
    for length in [64 * 1024 + 1, 100 * 1024] {
        for client in [app.a(), app.a().accept("application/xml")] {
            let answer = client.post("Mailbox", sized(length)).await.expect(413);
            assert_eq!(answer.code(), "too-long");
        }
    }
    assert_eq!(app.stored().await, [0, 0, 0]);
    app.a().post("Mailbox", sized(64 * 1024)).await.expect(200);
    // Without a declared length, in pieces.
    let mut stream = connect(&app).await;
    let head = head(&app, "a", "POST /FHIR/Koppeltaal/Mailbox", "Transfer-Encoding: chunked\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let piece = format!("1000\r\n{}\r\n", " ".repeat(0x1000));
    for _ in 0..20 {
        if stream.write_all(piece.as_bytes()).await.is_err() {
            break;
        }
    }
    let _ = stream.write_all(b"0\r\n\r\n").await;
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 413"));
}

async fn unknown_queries_and_urls_are_refused(engine: Engine) {
    let app = TestApp::start(engine).await;
    for query in ["Nonsense", "messageheader.getnextnewandclaim", "%00", "'; DROP TABLE audit; --"]
    {
        let answer =
            app.a().get(&format!("MessageHeader/_search?_query={query}")).await.expect(400);
        assert_eq!(answer.code(), "not-supported");
    }
    for path in ["", "Practitioner", "Patient/1", "Condition/_search", "Other/1/2/3", "Device/x"] {
        let answer = app.a().get(path).await;
        assert!([404, 405].contains(&answer.status), "{path}: {}", answer.status);
    }
    for path in [
        "Other/%FF",
        "MessageHeader/%00",
        "MessageHeader/1%2F_history%2F2",
        "Other/ActivityDefinition:%31x",
    ] {
        app.a().get(path).await.expect(404);
    }
    let long = "x".repeat(20_000);
    let answer = app.a().get(&format!("MessageHeader?Patient={long}")).await.expect(200);
    assert!(answer.is_empty());
}

async fn every_method_on_every_url_is_answered(engine: Engine) {
    let app = TestApp::start(engine).await;
    for path in [
        "metadata",
        "Mailbox",
        "MessageHeader",
        "MessageHeader/1",
        "Other",
        "Other/1",
        "Device",
        "Device/1",
        "x",
    ] {
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "FOO"] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let answer = app.a().call(method.clone(), path, Some(b"{}".to_vec())).await;
            assert!(answer.status < 500, "{method} {path}: {}", answer.status);
        }
    }
    assert_eq!(app.stored().await, [0, 0, 0]);
}

async fn a_flood_of_one_instance_is_throttled_and_the_others_are_served(engine: Engine) {
    let app = TestApp::build(engine)
        .config(|config| {
            config.limits.requests_per_second = 5;
            config.limits.burst = 10;
        })
        .start()
        .await;
    // Known passwords first: argon2 is not what is measured here.
    for user in ["a", "b"] {
        app.user(user).get("Device").await.expect(200);
    }
    let mut throttled = 0;
    for _ in 0..40 {
        let answer = app.a().get("Device").await;
        if answer.status == 429 {
            throttled += 1;
            assert_eq!(answer.code(), "throttled");
            let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
            assert!((1..=10).contains(&seconds));
        }
    }
    assert!(throttled > 10, "{throttled}");
    app.b().get("Device").await.expect(200);
    app.b().send(&about_patient(&patient("p1"))).await.expect(200);
    let began = Instant::now();
    while app.a().get("Device").await.status == 429 {
        assert!(began.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn a_connection_that_says_nothing_does_no_harm(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut idle = Vec::new();
    for _ in 0..200 {
        idle.push(connect(&app).await);
    }
    app.sent_patient("p1").await;
    assert!(!app.b().claim().await.is_empty());
}

async fn half_a_request_does_no_harm(engine: Engine) {
    let app = TestApp::start(engine).await;
    let message = about_patient(&patient("p1")).json().to_string();
    let declared = format!("Content-Length: {}\r\n", message.len());
    let head = head(&app, "a", "POST /FHIR/Koppeltaal/Mailbox", &declared);
    let mut slow = Vec::new();
    for _ in 0..10 {
        // The body never comes to its end.
        let mut stream = connect(&app).await;
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&message.as_bytes()[..message.len() / 2]).await.unwrap();
        slow.push(stream);
        // Here neither, and the sender hangs up.
        let mut stream = connect(&app).await;
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(b"{").await.unwrap();
    }
    app.a().get("Device").await.expect(200);
    assert_eq!(app.stored().await, [0, 0, 0]);
    // One goes on after all.
    let stream = &mut slow[0];
    stream.write_all(&message.as_bytes()[message.len() / 2..]).await.unwrap();
    assert!(answer(stream).await.starts_with("HTTP/1.1 200"));
    // What is no HTTP at all is hung up on.
    let mut stream = connect(&app).await;
    stream.write_all(b"\x16\x03\x01 nonsense\r\n\r\n").await.unwrap();
    let said = answer(&mut stream).await;
    assert!(said.is_empty() || said.starts_with("HTTP/1.1 400"), "{said}");
}

async fn every_cut_of_a_message_is_answered(engine: Engine) {
    let app = TestApp::start(engine).await;
    let text = about_patient(&patient("p1")).json().to_string();
    let xml = to_xml(&text);
    for (content_type, text) in [("application/json", text), ("application/xml", xml)] {
        for cut in (0..text.len()).step_by(7) {
            let client = app.a().content_type(content_type);
            client.post("Mailbox", &text[..cut]).await.expect(400);
            // A byte that does not belong there.
            let mut odd = text.clone().into_bytes();
            odd[cut] = 0xFF;
            let answer = client.post("Mailbox", odd).await;
            assert_eq!(answer.status, 400, "{}", answer.text);
        }
    }
    assert_eq!(app.stored().await, [0, 0, 0]);
}

async fn connect(app: &TestApp) -> TcpStream {
    TcpStream::connect(app.server.address).await.unwrap()
}

fn head(app: &TestApp, user: &str, line: &str, more: &str) -> String {
    let credentials = STANDARD.encode(format!("{user}:{PASSWORD}"));
    format!(
        "{line} HTTP/1.1\r\nHost: {}\r\nAuthorization: Basic {credentials}\r\n\
         Content-Type: application/json\r\n{more}\r\n",
        app.server.address
    )
}

/// The answer up to the end of its head, or what came before the end.
async fn answer(stream: &mut TcpStream) -> String {
    let mut said = Vec::new();
    let mut piece = [0; 4096];
    let read = async {
        while !said.windows(4).any(|end| end == b"\r\n\r\n") {
            match stream.read(&mut piece).await {
                Ok(0) | Err(_) => break,
                Ok(length) => said.extend_from_slice(&piece[..length]),
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), read).await.expect("never a hang");
    String::from_utf8_lossy(&said).into_owned()
}

async fn parts_that_would_burden_others_are_refused(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut large_header = about_patient(&patient("p1")).json().clone();
    large_header["entry"][0]["content"]["reason"] = "x".repeat(70_000).into();
    let mut many_entries = about_patient(&patient("p1")).json().clone();
    let entries = many_entries["entry"].as_array_mut().unwrap();
    for _ in 0..2000 {
        entries.push(serde_json::json!({ "content": { "resourceType": "Patient" } }));
    }
    for message in [large_header, many_entries] {
        let answer = app.a().post("Mailbox", message.to_string()).await.expect(400);
        assert_eq!(answer.code(), "too-long");
    }
    assert_eq!(app.stored().await, [0, 0, 0]);
}

async fn an_event_without_its_system_is_unknown(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut message = about_patient(&patient("p1")).json().clone();
    message["entry"][0]["content"]["event"].as_object_mut().unwrap().remove("system");
    let answer = app.a().post("Mailbox", message.to_string()).await.expect(400);
    assert_eq!(answer.code(), "code-unknown");
}
