//! Finding StorageItems.

use std::time::Duration;

use crate::storage::{built_in, item, keys, location, part, patient_url, set_part};
use crate::support::setup::D;
use crate::support::{Engine, TestApp};

use super::storage_item::ALL;

on_both_engines!(
    items_are_found_by_what_they_are_about,
    items_are_found_by_when_they_changed_and_sorted,
    pages_lose_nothing_while_items_change,
    a_page_of_large_items_is_shorter_and_the_next_goes_on,
    a_search_that_cannot_be_read_is_refused,
);

async fn start(engine: Engine) -> TestApp {
    TestApp::build(engine).setup(|setup| setup.domain(D).storage = built_in(None)).start().await
}

async fn create(app: &TestApp, patient: &str, key: &str) -> String {
    app.advance(Duration::from_secs(1));
    location(&app.a().post(ALL, item(patient, key, key).to_string()).await.expect(201))
}

async fn found(app: &TestApp, query: &str) -> Vec<String> {
    let answer = app.a().get(&format!("{ALL}{query}")).await.expect(200);
    let keys = keys(&answer);
    assert_eq!(answer.json()["totalResults"], keys.len().to_string(), "{query}");
    keys
}

async fn items_are_found_by_what_they_are_about(engine: Engine) {
    let app = start(engine).await;
    for (patient, key) in [("p", "level1"), ("p", "Level2"), ("p", "my%level_"), ("q", "level3")] {
        create(&app, patient, key).await;
    }
    let mut score = item("p", "total", "9");
    set_part(&mut score, "ObjectType", "score");
    app.advance(Duration::from_secs(1));
    let url = location(&app.a().post(ALL, score.to_string()).await.expect(201));
    let id = url.split("StorageItem:").nth(1).unwrap().split('/').next().unwrap();
    let p = patient_url("p");
    for (query, expected) in [
        (String::new(), vec!["level1", "Level2", "my%level_", "level3", "total"]),
        (format!("&patient={p}"), vec!["level1", "Level2", "my%level_", "total"]),
        (format!("&patient={p}/_history/7&objectType=save"), vec!["level1", "Level2", "my%level_"]),
        ("&objectType=score".to_owned(), vec!["total"]),
        ("&objectType=Score".to_owned(), vec![]),
        (format!("&_id={id}"), vec!["total"]),
        (format!("&_id=StorageItem:{id}"), vec!["total"]),
        ("&_id=1".to_owned(), vec![]),
        ("&_id=x".to_owned(), vec![]),
        ("&objectKey=level1".to_owned(), vec!["level1"]),
        ("&objectKey=level".to_owned(), vec![]),
        ("&objectKey:startswith=level".to_owned(), vec!["level1", "level3"]),
        (format!("&objectKey:startswith=level&patient={p}"), vec!["level1"]),
        ("&objectKey:contains=evel".to_owned(), vec!["level1", "Level2", "my%level_", "level3"]),
        ("&objectKey:contains=%25".to_owned(), vec!["my%level_"]),
        ("&objectKey:contains=l_".to_owned(), vec!["my%level_"]),
        ("&objectKey:startswith=l&objectKey:contains=3".to_owned(), vec!["level3"]),
        ("&OBJECTKEY=level1&unknown=x".to_owned(), vec!["level1"]),
        ("&patient=https://app.example/fhir/Patient".to_owned(), vec![]),
    ] {
        assert_eq!(found(&app, &query).await, expected, "{query}");
    }
    let entry = app.a().get(&format!("{ALL}&_id={id}")).await.entries().remove(0);
    assert_eq!(entry["id"], app.url(&format!("Other/StorageItem:{id}")));
    assert_eq!(entry["link"][0]["href"], url);
}

async fn items_are_found_by_when_they_changed_and_sorted(engine: Engine) {
    let app = start(engine).await;
    let mut times = Vec::new();
    for key in ["a", "b", "c"] {
        app.advance(Duration::from_secs(60));
        let url = create(&app, "p", key).await;
        times.push(part(&app.a().get(&url).await.json(), "LastModified").replace('+', "%2B"));
    }
    let second = &times[1];
    for (query, expected) in [
        (format!("&lastUpdated={second}"), vec!["b"]),
        (format!("&lastUpdated=>{second}"), vec!["c"]),
        (format!("&lastUpdated=>={second}"), vec!["b", "c"]),
        (format!("&lastUpdated=<{second}"), vec!["a"]),
        (format!("&lastUpdated=<={second}&_sort:desc=lastUpdated"), vec!["b", "a"]),
        (format!("&lastUpdated=>={second}&lastUpdated=<={second}"), vec!["b"]),
        (format!("&lastUpdated={}", &second[..10]), vec!["a", "b", "c"]),
        ("&lastUpdated=>2100".to_owned(), vec![]),
        ("&_sort=lastUpdated".to_owned(), vec!["a", "b", "c"]),
        ("&_sort:asc=lastUpdated".to_owned(), vec!["a", "b", "c"]),
        ("&_sort:desc=lastUpdated".to_owned(), vec!["c", "b", "a"]),
    ] {
        assert_eq!(found(&app, &query).await, expected, "{query}");
    }
    // What is written anew is the last changed.
    let first = app.a().get(&format!("{ALL}&objectKey=a")).await.entries()[0]["id"].clone();
    app.advance(Duration::from_secs(60));
    app.a().put(first.as_str().unwrap(), item("p", "a", "2").to_string()).await.expect(200);
    assert_eq!(found(&app, "").await, ["b", "c", "a"]);
}

async fn pages_lose_nothing_while_items_change(engine: Engine) {
    let app = start(engine).await;
    let mut urls = Vec::new();
    for n in 0..7 {
        urls.push(create(&app, "p", &format!("k{n}")).await);
    }
    for (sort, expected) in [("asc", "k0 k1 k2 k3 k4 k5 k6"), ("desc", "k6 k5 k4 k3 k2 k1 k0")] {
        let mut seen = Vec::new();
        let mut next = Some(format!("{ALL}&_count=2&_sort:{sort}=lastUpdated"));
        while let Some(path) = next {
            let page = app.a().get(&path).await.expect(200);
            assert!(page.entries().len() <= 2);
            assert_eq!(page.json()["totalResults"], "7");
            seen.extend(keys(&page));
            next = page.link("next");
        }
        assert_eq!(seen.join(" "), expected);
    }
    let first = app.a().get(&format!("{ALL}&_count=3")).await;
    let next = first.link("next").unwrap();
    assert_eq!(app.a().delete(&urls[0]).await.status, 204);
    app.advance(Duration::from_secs(1));
    app.a().put(&urls[1], item("p", "k1", "again").to_string()).await.expect(200);
    assert_eq!(keys(&app.a().get(&next).await), ["k3", "k4", "k5"]);
    let by_number = app.a().get(&format!("{ALL}&_count=3&page=2")).await;
    assert_eq!(keys(&by_number), ["k5", "k6", "k1"]);
}

async fn a_page_of_large_items_is_shorter_and_the_next_goes_on(engine: Engine) {
    let app = start(engine).await;
    let large = "x".repeat(1 << 20);
    for n in 0..8 {
        app.advance(Duration::from_secs(1));
        let body = item("p", &format!("k{n}"), &large).to_string();
        app.a().post(ALL, body).await.expect(201);
    }
    let first = app.a().get(ALL).await.expect(200);
    assert!(first.text.len() < 9 << 20, "{}", first.text.len());
    let mut seen = keys(&first);
    assert!(seen.len() < 8 && !seen.is_empty());
    seen.extend(keys(&app.a().get(&first.link("next").unwrap()).await.expect(200)));
    assert_eq!(seen.join(" "), "k0 k1 k2 k3 k4 k5 k6 k7");
}

async fn a_search_that_cannot_be_read_is_refused(engine: Engine) {
    let app = start(engine).await;
    for query in [
        "&lastUpdated=yesterday",
        "&lastUpdated=<>2024",
        "&lastUpdated=2024-13",
        "&_sort=objectKey",
        "&_sort:desc=_id",
    ] {
        let answer = app.a().get(&format!("{ALL}{query}")).await.expect(400);
        assert!(["value", "not-supported"].contains(&answer.code().as_str()), "{query}");
    }
    for query in ["&_count=x", "&_count=0", "&page=-1", "&_after=x", "&_after=1.x", "&objectKey="] {
        app.a().get(&format!("{ALL}{query}")).await.expect(200);
    }
}
