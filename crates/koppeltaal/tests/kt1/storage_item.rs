//! StorageItems in this server: create, read, update, delete, and who sees them.

use koppeltaal_core::audit::Action;
use koppeltaal_kt1::erase;
use reqwest::Method;
use serde_json::{Value, json};

use crate::storage::{built_in, content, item, location, part, patient_url, set_part};
use crate::support::client::{kt, to_xml};
use crate::support::setup::{D, E};
use crate::support::{Engine, TestApp};

on_both_engines!(
    an_item_is_created_read_updated_and_deleted,
    in_xml_it_is_the_same_item,
    the_server_says_whose_it_is,
    an_update_names_the_current_version_or_none,
    an_item_of_another_application_or_domain_is_not_there,
    a_key_is_unique_for_a_patient_and_type,
    a_domain_without_storage_has_none,
    the_store_does_not_show_the_content,
    every_call_is_in_the_trail,
    an_erased_patient_leaves_no_items,
);

pub const ALL: &str = "Other?code=StorageItem";

async fn start(engine: Engine) -> TestApp {
    TestApp::build(engine)
        .setup(|setup| {
            setup.domain(D).storage = built_in(None);
            setup.domain(E).storage = built_in(None);
        })
        .start()
        .await
}

/// A creates an item: its versioned URL, and the URL without version.
async fn created(app: &TestApp, sent: &Value) -> (String, String) {
    let answer = app.a().post(ALL, sent.to_string()).await.expect(201);
    assert_eq!(answer.header("location"), answer.header("content-location"));
    let versioned = location(&answer);
    let plain = versioned.split("/_history/").next().unwrap().to_owned();
    (versioned, plain)
}

// T50
async fn an_item_is_created_read_updated_and_deleted(engine: Engine) {
    let app = start(engine).await;
    let (first, url) = created(&app, &item("p", "level", "one")).await;
    let id = url.rsplit(':').next().unwrap();
    assert!(url.starts_with(&app.url("Other/StorageItem:")), "{url}");
    for path in [
        url.clone(),
        format!("Other/{id}?code=StorageItem"),
        format!("Other/StorageItem:{id}?code=StorageItem"),
        format!("Other/storageitem%3A{id}"),
        first.clone(),
    ] {
        let answer = app.a().get(&path).await.expect(200);
        assert_eq!(answer.json()["id"], id, "{path}");
        assert_eq!(content(&answer.json()), "one", "{path}");
        assert_eq!(location(&answer), first, "{path}");
    }
    app.advance(std::time::Duration::from_secs(5));
    let path = format!("Other/{id}?code=StorageItem");
    let answer = app.a().put(&path, item("p", "level", "two").to_string()).await.expect(200);
    let second = location(&answer);
    assert!(second > first && second.starts_with(&url), "{second}");
    let read = app.a().get(&url).await.expect(200).json();
    assert_eq!(read, answer.json());
    assert_eq!(content(&read), "two");
    assert_eq!(app.a().get(&first).await.expect(404).code(), "not-found");
    app.a().get(&second).await.expect(200);

    let gone = app.a().delete(&format!("Other/StorageItem:{id}")).await;
    assert_eq!((gone.status, gone.text.as_str()), (204, ""));
    assert_eq!(gone.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(gone.header("access-control-allow-origin"), Some("*"));
    for (method, body) in
        [(Method::GET, None), (Method::DELETE, None), (Method::PUT, Some(item("p", "level", "x")))]
    {
        let body = body.map(|body| body.to_string().into_bytes());
        assert_eq!(app.a().call(method, &path, body).await.expect(404).code(), "not-found");
    }
    assert!(app.a().get(ALL).await.expect(200).is_empty());
    for table in ["storage_item", "storage_usage"] {
        assert_eq!(app.number(&format!("SELECT COUNT(*) FROM {table}")).await, 0);
    }
    assert_eq!(app.number("SELECT items + bytes FROM storage_total").await, 0);
    // What it had is free again.
    created(&app, &item("p", "level", "one")).await;
}

async fn in_xml_it_is_the_same_item(engine: Engine) {
    let app = start(engine).await;
    let client = app.a().xml();
    let sent = to_xml(&item("p", "level", "één").to_string());
    let answer = client.post(ALL, sent).await.expect(201);
    assert!(answer.text.starts_with("<Other"), "{}", answer.text);
    let url = location(&answer);
    let as_json = app.a().get(&url).await.expect(200).json();
    assert_eq!(client.get(&url).await.expect(200).json(), as_json);
    assert_eq!(content(&as_json), "één");
    let list = client.get(ALL).await.expect(200);
    assert!(list.text.starts_with("<feed"), "{}", list.text);
    assert_eq!(list.entries()[0]["content"], as_json);
    assert_eq!(client.delete(&url).await.status, 204);
}

async fn the_server_says_whose_it_is(engine: Engine) {
    let app = start(engine).await;
    let mut sent = item("p", "level", "one");
    set_part(&mut sent, "ApplicationIdentifier", "AppB");
    set_part(&mut sent, "DomainName", E);
    set_part(&mut sent, "LastModified", "1999-01-01T00:00:00Z");
    sent["id"] = json!("99");
    sent["extension"].as_array_mut().unwrap().push(json!({ "url": "urn:x", "valueString": "own" }));
    sent["language"] = json!("nl");
    let (url, _) = created(&app, &sent).await;
    let read = app.a().get(&url).await.expect(200).json();
    assert_eq!(part(&read, "ApplicationIdentifier"), "AppA");
    assert_eq!(part(&read, "DomainName"), D);
    assert_eq!(part(&read, "PatientIdentifier"), patient_url("p"));
    assert!(part(&read, "LastModified").as_str() > "2000");
    assert_ne!(read["id"], "99");
    assert_eq!(read["language"], "nl");
    let own = read["extension"].as_array().unwrap().iter().find(|e| e["url"] == "urn:x");
    assert_eq!(own.unwrap()["valueString"], "own");
    let names = ["ApplicationIdentifier", "DomainName", "LastModified"];
    for name in names {
        let url = kt(&format!("StorageItem#{name}"));
        let count =
            read["extension"].as_array().unwrap().iter().filter(|e| e["url"] == url).count();
        assert_eq!(count, 1, "{name}");
    }
}

async fn an_update_names_the_current_version_or_none(engine: Engine) {
    let app = start(engine).await;
    let (first, url) = created(&app, &item("p", "level", "one")).await;
    let with = |content: &str| item("p", "level", content).to_string();
    let second = location(&app.a().put(&first, with("two")).await.expect(200));
    let by_url = app.a().put(&first, with("stale")).await;
    let by_header = app.a().header("content-location", &first).put(&url, with("stale")).await;
    for stale in [by_url, by_header] {
        assert_eq!(stale.clone().expect(409).code(), "conflict");
        assert_eq!(stale.issues()[0]["location"][0], second);
    }
    let third = app.a().header("content-location", &second).put(&url, with("three")).await;
    assert_ne!(location(&third.expect(200)), second);
    app.a().put(&url, with("four")).await.expect(200);
    assert_eq!(content(&app.a().get(&url).await.json()), "four");
    // An item stays with its patient.
    let moved = app.a().put(&url, item("q", "level", "x").to_string()).await.expect(422);
    assert_eq!(moved.code(), "business-rule");
}

// T51
async fn an_item_of_another_application_or_domain_is_not_there(engine: Engine) {
    let app = TestApp::build(engine)
        .setup(|setup| {
            setup.domain(D).storage = built_in(None);
            setup.domain(E).storage = built_in(None);
            setup.join_too("a-in-e", "AppA", E);
        })
        .start()
        .await;
    let (url, _) = created(&app, &item("p", "level", "one")).await;
    let body = item("p", "level", "theirs").to_string();
    for user in ["b", "x", "a-in-e"] {
        let client = app.user(user);
        client.get(&url).await.expect(404);
        client.put(&url, body.clone()).await.expect(404);
        client.delete(&url).await.expect(404);
        for query in ["", "&patient=https://app.example/fhir/Patient/p", "&objectKey=level"] {
            let found = client.get(&format!("{ALL}{query}")).await.expect(200);
            assert!(found.is_empty(), "{user} {query}");
            assert_eq!(found.json()["totalResults"], "0", "{user} {query}");
        }
        // Keys are not shared, either.
        let own = location(&client.post(ALL, body.clone()).await.expect(201));
        app.a().get(&own).await.expect(404);
    }
    assert_eq!(content(&app.a().get(&url).await.expect(200).json()), "one");
}

async fn a_key_is_unique_for_a_patient_and_type(engine: Engine) {
    let app = start(engine).await;
    created(&app, &item("p", "level", "one")).await;
    let twice = app.a().post(ALL, item("p", "level", "two").to_string()).await.expect(409);
    assert_eq!(twice.code(), "duplicate");
    created(&app, &item("q", "level", "one")).await;
    let mut other_type = item("p", "level", "one");
    set_part(&mut other_type, "ObjectType", "score");
    created(&app, &other_type).await;
    let (url, _) = created(&app, &item("p", "other", "one")).await;
    let renamed = app.a().put(&url, item("p", "level", "two").to_string()).await.expect(409);
    assert_eq!(renamed.code(), "duplicate");
    // Many at once: one is kept.
    let tries = (0..8).map(|n| {
        let client = app.a();
        async move { client.post(ALL, item("p", "raced", &n.to_string()).to_string()).await.status }
    });
    let mut answers = futures_util::future::join_all(tries).await;
    answers.sort_unstable();
    assert_eq!(answers, [201, 409, 409, 409, 409, 409, 409, 409]);
    assert_eq!(app.number("SELECT items FROM storage_total").await, 5);
}

async fn a_domain_without_storage_has_none(engine: Engine) {
    let app = TestApp::start(engine).await;
    let body = item("p", "level", "one").to_string().into_bytes();
    for (method, path, body) in [
        (Method::GET, ALL, None),
        (Method::POST, ALL, Some(body.clone())),
        (Method::GET, "Other/StorageItem:1", None),
        (Method::PUT, "Other/1?code=StorageItem", Some(body)),
        (Method::DELETE, "Other/StorageItem:1", None),
    ] {
        let answer = app.a().call(method.clone(), path, body).await.expect(404);
        assert_eq!(answer.code(), "not-supported", "{method} {path}");
    }
}

async fn the_store_does_not_show_the_content(engine: Engine) {
    let app = start(engine).await;
    let secret = "the secret of the treasure island";
    let encoded = part(&item("p", "level", secret), "Content");
    let (url, _) = created(&app, &item("p", "level", secret)).await;
    app.a().put(&url, item("p", "level", &format!("{secret}!")).to_string()).await.expect(200);
    let holds = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|w| w == text.as_bytes());
    for row in app.rows("SELECT content FROM storage_item").await.concat() {
        let koppeltaal_store::Value::Bytes(bytes) = row else { panic!("{row:?}") };
        assert!(bytes.len() > secret.len());
        assert!(!holds(&bytes, secret) && !holds(&bytes, &encoded[..20]));
    }
    assert!(app.tables_with(&encoded[..20]).await.is_empty());
    if let koppeltaal_store::DatabaseUrl::Sqlite(path) = &app.config.database {
        let folder = path.parent().unwrap();
        for file in std::fs::read_dir(folder).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            assert!(!holds(&bytes, secret) && !holds(&bytes, &encoded[..20]));
        }
    }
}

async fn every_call_is_in_the_trail(engine: Engine) {
    let app = start(engine).await;
    let (first, url) = created(&app, &item("p", "level", "one")).await;
    app.a().get(&url).await.expect(200);
    app.a().put(&url, item("p", "level", "two").to_string()).await.expect(200);
    app.a().get(ALL).await.expect(200);
    app.a().put(&first, item("p", "level", "stale").to_string()).await.expect(409);
    app.a().delete(&url).await;
    for action in [Action::Create, Action::Update, Action::Delete] {
        let rows = app.audit(action).await;
        let row = rows.iter().find(|row| row.detail.as_deref() == Some("StorageItem")).unwrap();
        assert_eq!(row.focal.as_deref(), Some(url.as_str()), "{action:?}");
        assert_eq!(row.patient.as_deref(), Some(patient_url("p").as_str()), "{action:?}");
        assert_eq!((row.agent.as_str(), row.outcome.as_str()), ("a", "ok"));
        assert!(row.version.is_some());
    }
    let read = app.audited(Action::Read).await;
    assert_eq!(read.patient.as_deref(), Some(patient_url("p").as_str()));
    assert_eq!(read.focal.as_deref(), Some(url.as_str()));
    assert_eq!(app.audited(Action::Search).await.detail.as_deref(), Some("1 StorageItems"));
    assert_eq!(app.audited(Action::Reject).await.outcome, "409");
}

async fn an_erased_patient_leaves_no_items(engine: Engine) {
    let app = start(engine).await;
    for (user, patient) in [("a", "gone"), ("b", "gone"), ("a", "stays"), ("x", "gone")] {
        for n in 0..3 {
            let body = item(patient, &format!("level {n}"), "one").to_string();
            app.user(user).post(ALL, body).await.expect(201);
        }
    }
    let (ids, clock) = (app.ids().await, app.clock.clone());
    let url = patient_url("gone");
    let erased = async |dry| {
        erase(app.store(), &ids, clock.as_ref(), &app.domain(D), &url, "operator", dry).await
    };
    assert_eq!(erased(true).await.unwrap().storage_items, 6);
    assert_eq!(app.number("SELECT COUNT(*) FROM storage_item").await, 12);
    assert_eq!(erased(false).await.unwrap().storage_items, 6);
    assert!(app.b().get(ALL).await.is_empty());
    assert_eq!(app.a().get(ALL).await.entries().len(), 3);
    assert_eq!(app.user("x").get(ALL).await.entries().len(), 3, "another domain keeps its own");
    let rows = app.audit(Action::Erase).await;
    assert_eq!(rows[0].detail.as_deref(), Some("6 StorageItems"));
    assert_eq!(erased(false).await.unwrap().storage_items, 0);
    assert_eq!(app.number("SELECT CAST(SUM(items) AS BIGINT) FROM storage_total").await, 6);
}
