//! StorageItems at the provider of a domain: what is passed on, what is checked, and what happens
//! when it fails.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use koppeltaal_auth::SealKey;
use koppeltaal_core::audit::Action;
use serde_json::{Value, json};

use crate::storage::{
    Reply, StubProvider, at_provider, built_in, content, item, keys, location, part, patient_url,
    set_part,
};
use crate::support::client::{kt, to_xml};
use crate::support::setup::{D, E};
use crate::support::{Engine, TestApp};

use super::storage_item::ALL;

on_both_engines!(
    calls_are_passed_on_with_the_credentials_of_the_domain,
    an_item_of_somebody_else_is_not_shown_nor_changed,
    a_search_is_passed_on_and_paged,
    another_koppeltaal_server_is_a_provider,
    a_provider_that_fails_is_told_as_it_is,
    a_provider_that_hangs_is_given_up,
    a_private_address_is_not_called_from_production,
);

/// The domain D at `stub`; given up after a second.
async fn start(engine: Engine, stub: &StubProvider) -> TestApp {
    TestApp::build(engine)
        .setup(|setup| {
            let mut storage = at_provider(&format!("{}/", stub.url)).unwrap();
            let seal = SealKey::parse(koppeltaal_auth::seal::DEVELOPMENT_KEY).unwrap();
            storage.username = Some("koppeltaal".to_owned());
            storage.password = Some(seal.seal("s3:cret").unwrap());
            setup.domain(D).storage = Some(storage);
        })
        .config(|config| config.kt1.storage_timeout = Duration::from_secs(1))
        .start()
        .await
}

/// An item as the provider has it.
fn theirs(id: &str, key: &str, application: &str, domain: &str) -> Value {
    let mut item = item("p", key, "kept there");
    set_part(&mut item, "ApplicationIdentifier", application);
    set_part(&mut item, "DomainName", domain);
    set_part(&mut item, "LastModified", "2024-05-01T10:00:00+00:00");
    item["id"] = json!(id);
    item
}

fn versioned(stub: &StubProvider, id: &str, version: &str, item: &Value) -> Reply {
    let headers = format!(
        "Content-Type: application/json\r\nContent-Location: {}/Other/StorageItem:{id}/_history/{version}\r\n",
        stub.url
    );
    Reply::with(200, &headers, &item.to_string())
}

async fn calls_are_passed_on_with_the_credentials_of_the_domain(engine: Engine) {
    let stub = StubProvider::start().await;
    let app = start(engine, &stub).await;
    let headers = format!("Location: {}/Other/StorageItem:a-7/_history/v1\r\n", stub.url);
    stub.replies([Reply::with(201, &headers, "")]);
    let mut sent = item("p", "level", "one");
    set_part(&mut sent, "ApplicationIdentifier", "AppB");
    let created = app.a().post(ALL, sent.to_string()).await.expect(201);
    assert_eq!(location(&created), app.url("Other/StorageItem:a-7/_history/v1"));
    assert_eq!(created.json()["id"], "a-7");
    let asked = stub.asked().remove(0);
    assert_eq!(asked.line(), "POST /fhir/Other?code=StorageItem HTTP/1.1");
    let basic = format!("Basic {}", STANDARD.encode("koppeltaal:s3:cret"));
    assert_eq!(asked.header("authorization"), Some(basic.as_str()));
    let passed: Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!(part(&passed, "ApplicationIdentifier"), "AppA");
    assert_eq!(part(&passed, "DomainName"), D);
    assert_eq!(content(&passed), "one");
    assert_eq!(app.number("SELECT COUNT(*) FROM storage_item").await, 0);

    let kept = theirs("a-7", "level", "AppA", D);
    stub.replies([versioned(&stub, "a-7", "v1", &kept)]);
    let read = app.a().get("Other/StorageItem:a-7").await.expect(200);
    assert_eq!(stub.asked()[0].line(), "GET /fhir/Other/a-7?code=StorageItem HTTP/1.1");
    assert_eq!(location(&read), app.url("Other/StorageItem:a-7/_history/v1"));
    assert_eq!(content(&read.json()), "kept there");
    let xml = to_xml(&kept.to_string());
    stub.replies([Reply::with(200, "Content-Type: application/xml\r\n", &xml)]);
    assert_eq!(app.a().get("Other/StorageItem:a-7").await.expect(200).json(), read.json());

    let update = item("p", "level", "two").to_string();
    stub.replies([
        versioned(&stub, "a-7", "v1", &kept),
        versioned(&stub, "a-7", "v2", &theirs("a-7", "level", "AppA", D)),
    ]);
    let path = "Other/a-7/_history/v1?code=StorageItem";
    let updated = app.a().put(path, update.clone()).await.expect(200);
    assert_eq!(location(&updated), app.url("Other/StorageItem:a-7/_history/v2"));
    let asked = stub.asked();
    assert_eq!(asked[1].line(), "PUT /fhir/Other/a-7?code=StorageItem HTTP/1.1");
    let named = format!("{}/Other/a-7/_history/v1", stub.url);
    assert_eq!(asked[1].header("content-location"), Some(named.as_str()));
    stub.replies([versioned(&stub, "a-7", "v2", &kept)]);
    assert_eq!(app.a().put(path, update).await.expect(409).code(), "conflict");
    assert_eq!(stub.asked().len(), 1, "what is outdated is not passed on");

    stub.replies([versioned(&stub, "a-7", "v2", &kept), Reply::with(204, "", "")]);
    assert_eq!(app.a().delete("Other/StorageItem:a-7").await.status, 204);
    assert_eq!(stub.asked()[1].line(), "DELETE /fhir/Other/StorageItem:a-7 HTTP/1.1");
    for action in [Action::Create, Action::Update, Action::Delete] {
        let row = app.audit(action).await.pop().unwrap();
        assert_eq!(row.focal.as_deref(), Some(app.url("Other/StorageItem:a-7").as_str()));
        assert_eq!(row.patient.as_deref(), Some(patient_url("p").as_str()), "{action:?}");
    }
}

async fn an_item_of_somebody_else_is_not_shown_nor_changed(engine: Engine) {
    let stub = StubProvider::start().await;
    let app = start(engine, &stub).await;
    for (application, domain) in [("AppB", D), ("AppA", E), ("", "")] {
        stub.replies([Reply::json(200, &theirs("9", "level", application, domain))]);
        app.a().get("Other/StorageItem:9").await.expect(404);
        app.a().put("Other/StorageItem:9", item("p", "level", "x").to_string()).await.expect(404);
        app.a().delete("Other/StorageItem:9").await.expect(404);
        let asked = stub.asked();
        assert!(asked.iter().all(|asked| asked.line().starts_with("GET ")), "{asked:?}");
    }
    stub.replies([Reply::HangUp]);
    for id in ["..", "a%2F..%2FPatient", "a%3Fb", "%0D%0A"] {
        app.a().get(&format!("Other/StorageItem:{id}")).await.expect(404);
    }
    assert!(stub.asked().is_empty(), "such an id is nobody's");
}

fn feed(items: &[Value], total: usize, next: Option<String>) -> Value {
    let entries: Vec<Value> = items
        .iter()
        .map(|item| {
            let id = item["id"].as_str().unwrap();
            json!({
                "id": format!("http://p/fhir/Other/{id}"),
                "link": [{ "rel": "self", "href": format!("http://p/fhir/Other/{id}/_history/v1") }],
                "content": item,
            })
        })
        .collect();
    let link: Vec<Value> =
        next.into_iter().map(|href| json!({ "rel": "next", "href": href })).collect();
    json!({
        "resourceType": "Bundle", "title": "x", "id": "urn:uuid:1", "link": link,
        "totalResults": total.to_string(), "entry": entries,
    })
}

async fn a_search_is_passed_on_and_paged(engine: Engine) {
    let stub = StubProvider::start().await;
    let app = start(engine, &stub).await;
    let (a, b) = (theirs("1", "a", "AppA", D), theirs("2", "b", "AppA", D));
    let next = format!("{}/Other?token=abc%20d&page=2", stub.url);
    stub.replies([
        Reply::json(200, &feed(&[a, b], 3, Some(next))),
        Reply::json(200, &feed(&[theirs("3", "c", "AppA", D)], 3, None)),
    ]);
    let query = format!(
        "&patient={}&objectKey:startswith=a%26b&lastUpdated=>=2024&_sort:desc=lastUpdated&_count=2&other=x",
        patient_url("p")
    );
    let first = app.a().get(&format!("{ALL}{query}")).await.expect(200);
    assert_eq!(keys(&first), ["a", "b"]);
    assert_eq!(first.json()["totalResults"], "3");
    let self_link = &first.entries()[0]["link"][0]["href"];
    assert_eq!(*self_link, app.url("Other/StorageItem:1/_history/v1"));
    let line = stub.asked()[0].line().to_owned();
    for part in [
        "code=StorageItem",
        "applicationIdentifier=AppA",
        "domainName=Domein%20D",
        "_count=2",
        "patient=https%3A%2F%2Fapp%2Eexample%2Ffhir%2FPatient%2Fp",
        "objectKey:startswith=a%26b",
        "lastUpdated=%3E%3D2024",
        "_sort:desc=lastUpdated",
    ] {
        assert!(line.contains(part), "{part}: {line}");
    }
    assert!(!line.contains("other"), "{line}");
    let next = first.link("next").unwrap();
    assert!(!next.contains("abc"), "{next}");
    let second = app.a().get(&next).await.expect(200);
    assert_eq!(keys(&second), ["c"]);
    assert_eq!(second.link("next"), None);
    assert_eq!(stub.asked()[1].line(), "GET /fhir/Other?token=abc%20d&page=2 HTTP/1.1");
    // The link is of who searched, for what was searched.
    app.b().get(&next).await.expect(400);
    app.a().get(&next.replace("Patient/p", "Patient/q")).await.expect(400);
    app.a().get(&format!("{ALL}&_after=page%3D2")).await.expect(400);
    // What is not the caller's does not show, nor does it count.
    let mut other_patient = theirs("4", "d", "AppA", D);
    other_patient["extension"][2]["valueResource"]["reference"] = json!(patient_url("q"));
    let mixed = [theirs("1", "a", "AppA", D), theirs("2", "b", "AppB", D), other_patient];
    stub.replies([Reply::json(200, &feed(&mixed, 3, Some("http://elsewhere/Other?x".to_owned())))]);
    let found = app.a().get(&format!("{ALL}&patient={}", patient_url("p"))).await.expect(200);
    assert_eq!(keys(&found), ["a"]);
    assert_eq!(found.json()["totalResults"], "1");
    assert_eq!(found.link("next"), None, "a link to another place is not followed");
}

async fn another_koppeltaal_server_is_a_provider(engine: Engine) {
    let there = TestApp::build(Engine::Sqlite)
        .setup(|setup| setup.domain(D).storage = built_in(None))
        .start()
        .await;
    let app = TestApp::build(engine)
        .setup(|setup| {
            let mut storage = at_provider(&there.url("")).unwrap();
            let seal = SealKey::parse(koppeltaal_auth::seal::DEVELOPMENT_KEY).unwrap();
            storage.username = Some("a".to_owned());
            storage.password = Some(seal.seal(crate::support::setup::PASSWORD).unwrap());
            setup.domain(D).storage = Some(storage);
        })
        .start()
        .await;
    let client = app.a();
    let url = location(&client.post(ALL, item("p", "k0", "one").to_string()).await.expect(201));
    assert!(url.starts_with(&app.url("Other/StorageItem:")), "{url}");
    assert_eq!(content(&client.get(&url).await.expect(200).json()), "one");
    let newer = client.put(&url, item("p", "k0", "two").to_string()).await.expect(200);
    assert_ne!(location(&newer), url);
    client.put(&url, item("p", "k0", "stale").to_string()).await.expect(409);
    let twice = client.post(ALL, item("p", "k0", "x").to_string()).await.expect(409);
    assert_eq!(twice.code(), "duplicate");
    for n in 1..5 {
        there.advance(Duration::from_secs(1));
        client.post(ALL, item("p", &format!("k{n}"), "x").to_string()).await.expect(201);
    }
    let mut seen = Vec::new();
    let mut next = Some(format!("{ALL}&_count=2"));
    while let Some(path) = next {
        let page = client.get(&path).await.expect(200);
        seen.extend(keys(&page));
        next = page.link("next");
    }
    assert_eq!(seen, ["k0", "k1", "k2", "k3", "k4"]);
    assert_eq!(client.delete(&location(&newer)).await.status, 204);
    client.get(&url).await.expect(404);
}

async fn a_provider_that_fails_is_told_as_it_is(engine: Engine) {
    let stub = StubProvider::start().await;
    let app = start(engine, &stub).await;
    let outcome = |code: &str| {
        json!({ "resourceType": "OperationOutcome", "issue": [{
            "severity": "error", "details": "the shelf is\r\nfull",
            "type": { "system": "http://hl7.org/fhir/issue-type", "code": code },
        }] })
    };
    let text = |status, body: &str| Reply::with(status, "Content-Type: text/html\r\n", body);
    let post = async || app.a().post(ALL, item("p", "level", "one").to_string()).await;
    let get = async || app.a().get("Other/StorageItem:1").await;
    for (reply, status, code) in [
        (text(404, ""), 404, "not-found"),
        (text(410, "gone"), 404, "not-found"),
        (text(500, "<html>stack trace</html>"), 502, "exception"),
        (text(503, ""), 502, "exception"),
        (text(302, ""), 502, "exception"),
        (text(401, ""), 502, "exception"),
        (text(403, ""), 502, "exception"),
        (text(200, "<html>hello</html>"), 502, "exception"),
        (text(200, ""), 502, "exception"),
        (Reply::json(200, &json!({ "resourceType": "Patient" })), 502, "exception"),
        (Reply::json(200, &json!([1, 2])), 502, "exception"),
        (Reply::Raw(b"nonsense\r\n\r\n".to_vec()), 502, "exception"),
        (Reply::with(200, "", &"x".repeat(5 << 20)), 502, "exception"),
        (Reply::HangUp, 502, "exception"),
        (text(429, ""), 429, "throttled"),
    ] {
        let shown = format!("{reply:?}").chars().take(80).collect::<String>();
        stub.replies([reply]);
        let answer = get().await.expect(status);
        let (found, details) = answer.issue();
        assert_eq!(found.as_deref(), Some(code), "{shown}");
        for secret in ["stack trace", "127.0.0.1", "s3:cret", "koppeltaal:"] {
            assert!(!details.contains(secret), "{shown}: {details}");
        }
    }
    for (reply, status, code) in [
        (Reply::json(409, &outcome("duplicate")), 409, "duplicate"),
        (Reply::json(409, &outcome("conflict")), 409, "conflict"),
        (text(412, ""), 409, "conflict"),
        (text(413, ""), 413, "too-long"),
        (text(507, ""), 422, "business-rule"),
        (text(404, ""), 502, "exception"),
        (Reply::with(201, "", ""), 502, "exception"),
        (Reply::with(201, "Location: /\r\n", ""), 502, "exception"),
    ] {
        stub.replies([reply]);
        assert_eq!(post().await.expect(status).code(), code);
    }
    stub.replies([Reply::json(422, &outcome("business-rule"))]);
    assert!(post().await.expect(422).issue().1.ends_with("refused this: the shelf isfull"));
    let of_patients = feed(&[json!({ "resourceType": "Patient", "id": "1" })], 1, None);
    for body in [of_patients, json!({ "resourceType": "Patient" }), json!({}), json!(null)] {
        stub.replies([Reply::json(200, &body)]);
        assert_eq!(app.a().get(ALL).await.expect(502).code(), "exception");
    }
    // What this server itself refuses is not passed on.
    stub.replies([Reply::HangUp]);
    app.a().post(ALL, "{}").await.expect(400);
    assert!(stub.asked().is_empty());
    assert!(app.audit(Action::Create).await.is_empty());
}

async fn a_provider_that_hangs_is_given_up(engine: Engine) {
    let stub = StubProvider::start().await;
    let app = start(engine, &stub).await;
    let half = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf".to_vec();
    stub.replies([Reply::Silence]);
    let began = Instant::now();
    let answer = app.a().get("Other/StorageItem:1").await.expect(504);
    assert_eq!(answer.code(), "timeout");
    assert!(answer.issue().1.contains("within 1 s"), "{}", answer.text);
    assert!(began.elapsed() < Duration::from_secs(10));
    stub.replies([Reply::Raw(half)]);
    app.a().get("Other/StorageItem:1").await.expect(502);
    // A slow provider holds up nobody else, and not more calls than it may.
    stub.replies([Reply::Silence]);
    let many = futures_util::future::join_all((0..40).map(|_| {
        let client = app.a();
        async move { client.get("Other/StorageItem:1").await.status }
    }));
    let other = app.b();
    let (statuses, other) = tokio::join!(many, other.get("Device"));
    other.expect(200);
    let count = |status| statuses.iter().filter(|found| **found == status).count();
    assert_eq!((count(504), count(503)), (32, 8), "{statuses:?}");
    // It comes back.
    stub.replies([Reply::json(200, &theirs("1", "level", "AppA", D))]);
    app.a().get("Other/StorageItem:1").await.expect(200);
}

async fn a_private_address_is_not_called_from_production(engine: Engine) {
    let stub = StubProvider::start().await;
    stub.replies([Reply::HangUp]);
    for url in [stub.url.clone(), stub.url.replace("http:", "https:"), "https://10.0.0.1/".into()] {
        let app = TestApp::build(engine)
            .setup(|setup| {
                setup.domain(D).storage = at_provider(&url);
                setup.domain(D).phase = koppeltaal_core::directory::Phase::Acceptance;
            })
            .config(|config| config.seal_key = STANDARD.encode([7; 32]))
            .start()
            .await;
        let answer = app.a().get("Other/StorageItem:1").await.expect(502);
        assert!(answer.issue().1.contains("cannot be reached"), "{}", answer.text);
        assert!(
            !answer.text.contains("10.0.0.1") && !answer.text.contains(&kt("x")),
            "{}",
            answer.text
        );
    }
    assert!(stub.asked().is_empty());
}
