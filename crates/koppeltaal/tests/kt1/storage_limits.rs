//! What a StorageItem may be, and how much there may be of them.

use serde_json::{Value, json};

use crate::storage::{built_in, content, item, location, set_part};
use crate::support::client::kt;
use crate::support::setup::D;
use crate::support::{Engine, TestApp};

use super::storage_item::ALL;

on_both_engines!(
    what_is_no_whole_item_is_refused,
    content_may_be_as_large_as_a_mebibyte,
    a_patient_has_so_many_items_and_no_more,
    a_domain_that_is_full_says_so_and_takes_no_more,
);

async fn start(engine: Engine, quota: Option<u64>) -> TestApp {
    TestApp::build(engine).setup(|setup| setup.domain(D).storage = built_in(quota)).start().await
}

fn without(name: &str) -> Value {
    let mut item = item("p", "level", "one");
    let url = kt(&format!("StorageItem#{name}"));
    item["extension"].as_array_mut().unwrap().retain(|extension| extension["url"] != url);
    item
}

async fn what_is_no_whole_item_is_refused(engine: Engine) {
    let app = start(engine, None).await;
    for name in ["ContentType", "Content", "PatientIdentifier", "ObjectType", "ObjectKey"] {
        let answer = app.a().post(ALL, without(name).to_string()).await.expect(400);
        let (code, details) = answer.issue();
        assert_eq!(code.as_deref(), Some("required"), "{name}");
        assert!(details.contains(name), "{details}");
        let mut empty = without(name);
        set_part(&mut empty, name, "");
        app.a().post(ALL, empty.to_string()).await.expect(400);
        let mut twice = item("p", "level", "one");
        let again = json!({ "url": kt(&format!("StorageItem#{name}")), "valueString": "b/c" });
        twice["extension"].as_array_mut().unwrap().push(again);
        assert_eq!(app.a().post(ALL, twice.to_string()).await.expect(400).code(), "structure");
    }
    let long = |length| "k".repeat(length);
    for (name, value, code) in [
        ("ContentType", "text", "value"),
        ("Content", "no base64!", "value"),
        ("Content", "YQ", "value"),
        ("PatientIdentifier", &format!("https://x/{}", long(1000)), "too-long"),
        ("ObjectType", &long(201), "too-long"),
        ("ObjectKey", &long(501), "too-long"),
        ("ObjectKey", "a\u{7}b", "value"),
    ] {
        let mut odd = item("p", "level", "one");
        set_part(&mut odd, name, value);
        let answer = app.a().post(ALL, odd.to_string()).await.expect(400);
        assert_eq!(answer.code(), code, "{name}");
    }
    for odd in ["", "{}", "[]", "{", "<x/>", "null", r#"{"resourceType":"Patient"}"#] {
        let answer = app.a().post(ALL, odd).await;
        assert_eq!(answer.status, 400, "{odd}: {}", answer.text);
    }
    assert_eq!(app.number("SELECT COUNT(*) FROM storage_item").await, 0);
    for id in ["x", "-1", "99999999999999999999", "..", "%00", "1%2F2"] {
        app.a().get(&format!("Other/StorageItem:{id}")).await.expect(404);
        app.a().delete(&format!("Other/StorageItem:{id}")).await.expect(404);
    }
}

async fn content_may_be_as_large_as_a_mebibyte(engine: Engine) {
    let app = start(engine, None).await;
    let whole = "x".repeat(1 << 20);
    let url = location(&app.a().post(ALL, item("p", "a", &whole).to_string()).await.expect(201));
    assert_eq!(content(&app.a().get(&url).await.expect(200).json()), whole);
    let too_much = item("p", "b", &format!("{whole}x")).to_string();
    assert_eq!(app.a().post(ALL, too_much.clone()).await.expect(413).code(), "too-long");
    assert_eq!(app.a().put(&url, too_much).await.expect(413).code(), "too-long");
    let mut padded = item("p", "b", "x");
    padded["text"] = json!({ "status": "generated", "div": "x".repeat(3 << 20) });
    assert_eq!(app.a().post(ALL, padded.to_string()).await.expect(413).code(), "too-long");
}

async fn a_patient_has_so_many_items_and_no_more(engine: Engine) {
    let app = start(engine, None).await;
    let url = location(&app.a().post(ALL, item("p", "1", "x").to_string()).await.expect(201));
    // As if there were 998 others.
    app.store().write(|tx| tx.execute("UPDATE storage_usage SET items = 999", &[])).await.unwrap();
    app.a().post(ALL, item("p", "2", "x").to_string()).await.expect(201);
    let (code, details) =
        app.a().post(ALL, item("p", "3", "x").to_string()).await.expect(422).issue();
    assert_eq!(code.as_deref(), Some("business-rule"));
    assert!(details.contains("1000 StorageItems"), "{details}");
    assert_eq!(app.number("SELECT COUNT(*) FROM storage_item").await, 2);
    // Others, changes and deletions go on.
    app.a().post(ALL, item("q", "3", "x").to_string()).await.expect(201);
    app.b().post(ALL, item("p", "3", "x").to_string()).await.expect(201);
    app.a().put(&url, item("p", "1", "xyz").to_string()).await.expect(200);
    assert_eq!(app.a().delete(&url).await.status, 204);
    app.a().post(ALL, item("p", "3", "x").to_string()).await.expect(201);
    app.store()
        .write(|tx| tx.execute("UPDATE storage_usage SET bytes = 104857600, items = 5", &[]))
        .await
        .unwrap();
    let (_, details) = app.a().post(ALL, item("p", "4", "x").to_string()).await.expect(422).issue();
    assert!(details.contains("100MiB"), "{details}");
}

async fn a_domain_that_is_full_says_so_and_takes_no_more(engine: Engine) {
    let app = start(engine, Some(4096)).await;
    let url = location(&app.a().post(ALL, item("p", "1", "x").to_string()).await.expect(201));
    let large = item("p", "2", &"x".repeat(3000)).to_string();
    let (code, details) = app.b().post(ALL, large).await.expect(422).issue();
    assert_eq!(code.as_deref(), Some("business-rule"));
    assert!(details.contains("domain is full") && details.contains("4KiB"), "{details}");
    let grown = item("p", "1", &"x".repeat(3000)).to_string();
    app.a().put(&url, grown).await.expect(422);
    assert_eq!(content(&app.a().get(&url).await.json()), "x", "nothing was changed");
    assert_eq!(app.number("SELECT items FROM storage_total").await, 1);
    assert_eq!(app.number("SELECT CAST(SUM(items) AS BIGINT) FROM storage_usage").await, 1);
    assert_eq!(
        app.number("SELECT bytes FROM storage_total").await,
        app.number("SELECT size FROM storage_item").await
    );
    // Many at once do not pass it either: there is room for two more.
    let tries = (0..8).map(|n| {
        let client = app.b();
        let body = item(&format!("p{n}"), "k", &"y".repeat(200)).to_string();
        async move { client.post(ALL, body).await.status }
    });
    let answers = futures_util::future::join_all(tries).await;
    assert!(answers.contains(&201) && answers.contains(&422), "{answers:?}");
    assert!(app.number("SELECT bytes FROM storage_total").await <= 4096);
    assert_eq!(
        app.number("SELECT bytes FROM storage_total").await,
        app.number("SELECT CAST(SUM(size) AS BIGINT) FROM storage_item").await
    );
    // Smaller is always possible.
    assert_eq!(app.a().delete(&url).await.status, 204);
}
