//! Browsing headers, page by page.

use std::time::Instant;

use crate::support::client::Answer;
use crate::support::message::{
    about_patient, about_plan, care_plan, message, patient, practitioner,
};
use crate::support::{Engine, TestApp};

on_both_engines!(
    headers_come_oldest_first_in_pages,
    following_next_neither_loses_nor_repeats_while_messages_come_and_go,
    odd_page_sizes_are_taken_for_the_default,
    filters_are_found_in_any_case,
    only_headers_are_listed,
    browsing_changes_no_status,
    links_carry_every_parameter,
    a_page_of_a_large_mailbox_is_quick,
);

async fn filled(app: &TestApp, count: usize) -> Vec<String> {
    let mut identifiers = Vec::new();
    for number in 0..count {
        let identifier = format!("m{number}");
        app.sent(&about_patient(&patient(&identifier)).identified(&identifier)).await;
        identifiers.push(identifier);
    }
    identifiers
}

fn identifiers(answer: &Answer) -> Vec<String> {
    answer.messages().iter().map(|header| header.identifier()).collect()
}

// T72
async fn headers_come_oldest_first_in_pages(engine: Engine) {
    let app = TestApp::start(engine).await;
    let all = filled(&app, 5).await;
    for client in [app.b(), app.b().xml()] {
        let mut found = Vec::new();
        let mut pages = 1;
        let mut page = client.browse("_summary=true&_count=2").await;
        assert_eq!(page.json()["totalResults"], "5");
        loop {
            found.extend(identifiers(&page));
            let Some(next) = page.link("next") else { break };
            assert!(next.contains("_summary=true") && next.contains("_count=2"), "{next}");
            page = client.get(&next).await.expect(200);
            pages += 1;
        }
        assert_eq!((found, pages), (all.clone(), 3));
    }
    // By number as well.
    let second = app.b().browse("_count=2&page=2").await;
    assert_eq!(identifiers(&second), all[2..4]);
    assert!(app.b().browse("_count=2&page=4").await.is_empty());
    for (rel, expected) in
        [("first", "page=1"), ("self", "page=2"), ("previous", "page=1"), ("last", "page=3")]
    {
        assert!(second.link(rel).unwrap().ends_with(expected), "{rel}");
        app.b().get(&second.link(rel).unwrap()).await.expect(200);
    }
    assert_eq!(second.link("fhir-base").unwrap(), app.url("").trim_end_matches('/'));
    assert_eq!(app.b().browse("_count=2").await.link("previous"), None);
}

async fn following_next_neither_loses_nor_repeats_while_messages_come_and_go(engine: Engine) {
    let app = TestApp::start(engine).await;
    let all = filled(&app, 6).await;
    let query = "_count=2&ProcessingStatus=New";
    let mut found = Vec::new();
    let mut page = app.b().browse(query).await;
    loop {
        found.extend(identifiers(&page));
        // What was listed is handled before the next page is asked for.
        for header in page.messages() {
            app.b().put(&header.id(), header.with_status("Success")).await.expect(200);
        }
        let Some(next) = page.link("next") else { break };
        page = app.b().get(&next).await.expect(200);
    }
    assert_eq!(found, all);
}

// T73
async fn odd_page_sizes_are_taken_for_the_default(engine: Engine) {
    let app = TestApp::start(engine).await;
    filled(&app, 3).await;
    for count in ["5000", "0", "-1", "abc", "", "1.5", "99999999999999999999999", "%00", "2;drop"] {
        let page = app.b().browse(&format!("_count={count}")).await;
        assert_eq!(page.entries().len(), 3, "{count}");
    }
    for page in ["0", "-1", "abc", "", "%00"] {
        assert_eq!(app.b().browse(&format!("page={page}")).await.entries().len(), 3, "{page}");
    }
    assert!(app.b().browse("page=1000000000&_count=1000").await.is_empty());
    assert_eq!(app.b().browse("_after=x").await.entries().len(), 3);
    assert_eq!(app.b().browse("unknown=1&_format=xml").await.entries().len(), 3);
}

// T74
async fn filters_are_found_in_any_case(engine: Engine) {
    let app = TestApp::start(engine).await;
    let p1 = app.sent_patient("p1").await;
    let p2 = app.sent_patient("p2").await;
    app.sent(&about_plan(&care_plan("c1", &p2), &p2, &[])).await;
    app.sent(&message("CreateOrUpdatePractitioner", &practitioner("d1"), &[])).await;
    let header = app.b().claim().await.message();
    app.b().put(&header.id(), header.with_status("Failed")).await.expect(200);
    for (query, count) in [
        ("processingStatus=New".to_owned(), 3),
        ("ProcessingStatus=Failed".to_owned(), 1),
        ("PROCESSINGSTATUS=Success".to_owned(), 0),
        ("processingStatus=nonsense".to_owned(), 0),
        ("Event=CreateOrUpdatePatient".to_owned(), 2),
        ("event=CreateOrUpdatePatient&processingstatus=New".to_owned(), 1),
        ("event=createorupdatepatient".to_owned(), 0),
        (format!("patient={}", p2.url), 2),
        (format!("Patient={}", p2.link()), 2),
        (format!("Patient={}&event=CreateOrUpdateCarePlan&ProcessingStatus=New", p2.url), 1),
        (format!("Patient={}", p1.url.to_lowercase()), 0),
        ("Patient=%00".to_owned(), 0),
    ] {
        let answer = app.b().get(&format!("MessageHeader?{query}")).await;
        if query.contains("%00") {
            assert!([200, 400].contains(&answer.status), "{}", answer.text);
            continue;
        }
        let page = answer.expect(200);
        assert_eq!(page.entries().len(), count, "{query}");
        assert_eq!(page.json()["totalResults"], count.to_string(), "{query}");
    }
}

// T75
async fn only_headers_are_listed(engine: Engine) {
    let app = TestApp::start(engine).await;
    filled(&app, 2).await;
    for query in ["", "_summary=true", "_summary=false"] {
        let page = app.b().browse(query).await;
        assert_eq!(page.entries().len(), 2);
        for header in page.messages() {
            assert_eq!(header.content()["resourceType"], "MessageHeader");
            assert_eq!(header.0["title"], format!("MessageHeader with IID={}", header.number()));
        }
    }
}

async fn browsing_changes_no_status(engine: Engine) {
    let app = TestApp::start(engine).await;
    filled(&app, 1).await;
    let before = app.b().browse("").await.message();
    assert_eq!(before.status(), "New");
    assert_eq!(app.b().browse("").await.message().0, before.0);
    assert_eq!(app.b().claim().await.message().number(), before.number());
}

async fn links_carry_every_parameter(engine: Engine) {
    let app = TestApp::start(engine).await;
    let p = patient("a b&c=d+e%f");
    for number in 0..3 {
        app.sent(&about_patient(&patient(&format!("{number}"))).about(&p.url)).await;
    }
    let encoded =
        p.url.replace('%', "%25").replace(' ', "%20").replace('&', "%26").replace('+', "%2B");
    let mut page = app.b().browse(&format!("Patient={encoded}&_count=1&odd=%26")).await;
    for _ in 0..2 {
        assert_eq!(page.entries().len(), 1);
        let next = page.link("next").unwrap();
        page = app.b().get(&next).await.expect(200);
    }
    assert_eq!(page.entries().len(), 1);
    assert_eq!(page.link("next"), None);
}

/// 100,000 headers: page 1 and page 500 are served from an index. The limit is
/// loose, since tests share a machine; a scan of the mailbox would break it.
async fn a_page_of_a_large_mailbox_is_quick(engine: Engine) {
    const HEADERS: i64 = 100_000;
    let app = TestApp::start(engine).await;
    app.sent_patient("p1").await;
    let template = app.b().browse("").await.message();
    let series = match engine {
        Engine::Sqlite => {
            "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 99999)"
        }
        Engine::Postgres => "WITH s(n) AS (SELECT generate_series(1::bigint, 99999))",
    };
    let message = format!(
        "INSERT INTO kt1_message {series} SELECT domain, id + 100 * n, identifier, event, sender, patient, subject, focal,
           focal_version, created, retrieved, expired, header FROM kt1_message, s WHERE id =
           (SELECT MIN(id) FROM kt1_message)"
    );
    let item = format!(
        "INSERT INTO kt1_item {series} SELECT domain, id + 100 * n, message + 100 * n, recipient, event, patient_key,
           focal_key, status, claims, claim_until, changed, stamp, expired, exception
         FROM kt1_item, s WHERE id = {}",
        template.number()
    );
    let analyze = "ANALYZE".to_owned();
    for sql in [message, item, analyze] {
        app.store().write(move |tx| tx.execute(&sql, &[]).map(drop)).await.unwrap();
    }
    for page in [1, 500, 1000] {
        let query = format!("_summary=true&_count=100&page={page}");
        let mut best = None;
        for _ in 0..7 {
            let began = Instant::now();
            let answer = app.b().browse(&query).await;
            let took = began.elapsed();
            assert_eq!(answer.json()["totalResults"], HEADERS.to_string());
            assert_eq!(answer.entries().len(), 100);
            best = best.min(Some(took)).or(Some(took));
        }
        let best = best.unwrap().as_millis();
        assert!(best < 100, "page {page} took {best} ms");
    }
}
