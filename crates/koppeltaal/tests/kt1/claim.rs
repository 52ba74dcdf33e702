//! GetNextNewAndClaim.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;

use crate::support::client::{extension, kt, link};
use crate::support::message::{
    about_patient, about_plan, care_plan, message, patient, practitioner,
};
use crate::support::{Engine, TestApp, eventually};

on_both_engines!(
    an_empty_mailbox_gives_an_empty_list,
    a_sender_receives_its_own_message_when_subscribed,
    without_subscription_or_in_another_domain_nothing_arrives,
    a_claimed_message_has_the_header_that_clients_read,
    a_claimed_message_is_the_bundle_that_was_sent,
    the_oldest_comes_first_and_none_twice,
    parallel_claims_never_get_the_same_message,
    a_patient_can_be_asked_for,
    an_event_can_be_asked_for,
    a_status_in_the_query_is_ignored,
    a_claim_that_times_out_can_be_claimed_again,
    a_domain_sets_its_own_claim_timeout,
    timeouts_are_ended_without_anybody_asking,
    a_request_for_the_head_alone_claims_nothing,
);

// T09, T10
async fn an_empty_mailbox_gives_an_empty_list(engine: Engine) {
    let app = TestApp::start(engine).await;
    let empty = app.b().claim().await;
    assert_eq!(empty.json()["entry"], json!([]));
    assert_eq!(empty.json()["totalResults"], "0");
    assert_eq!(empty.json()["title"], "Search on resources in collection 'MessageHeader'");
    let empty = app.b().xml().claim().await;
    assert!(empty.text.starts_with("<feed"), "{}", empty.text);
    // The older clients leave out `_search`.
    let path = "MessageHeader?_query=MessageHeader.GetNextNewAndClaim";
    assert!(app.b().get(path).await.expect(200).is_empty());
}

// T47
async fn a_sender_receives_its_own_message_when_subscribed(engine: Engine) {
    let app = TestApp::start(engine).await;
    let sent = about_patient(&patient("p1"));
    app.sent(&sent).await;
    for user in ["a", "b", "c"] {
        let claimed = app.user(user).claim().await;
        assert_eq!(claimed.message().identifier(), sent.identifier());
        assert!(app.user(user).claim().await.is_empty());
    }
}

// T48
async fn without_subscription_or_in_another_domain_nothing_arrives(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.sent_patient("p1").await;
    assert!(app.user("n").claim().await.is_empty());
    assert!(app.user("x").claim().await.is_empty());
    assert!(app.user("n").browse("").await.is_empty());
}

// T50
async fn a_claimed_message_has_the_header_that_clients_read(engine: Engine) {
    let app = TestApp::start(engine).await;
    let p = patient("p1");
    let mut sent = about_patient(&p).about(&format!("{}/_history/7", p.url));
    sent.header()["timestamp"] = "2024-01-05T10:00:00.1234567+01:00".into();
    app.sent(&sent).await;
    let bundle = app.b().claim().await;
    let header = bundle.message();
    assert_eq!(header.0["title"], format!("MessageHeader with IID={}", header.number()));
    assert_eq!(header.id(), app.url(&format!("MessageHeader/{}", header.number())));
    let links = header.0["link"].as_array().unwrap();
    assert_eq!(links.len(), 1);
    assert!(header.self_link().starts_with(&format!("{}/_history/", header.id())));
    assert!(header.0["updated"].is_string());
    assert_eq!(header.status(), "Claimed");
    let extensions = header.content()["extension"].as_array().unwrap();
    let urls: Vec<_> = extensions.iter().map(|e| e["url"].as_str().unwrap()).collect();
    assert_eq!(
        urls,
        ["MessageHeader#Patient", "MessageHeader#ProcessingStatus", "MessageHeader#IsExpired"]
            .map(kt)
    );
    let status = extension(header.content(), "MessageHeader#ProcessingStatus").unwrap();
    assert_eq!(status["extension"][0]["url"], kt("MessageHeader#ProcessingStatusStatus"));
    let changed = header.status_part("ProcessingStatusStatusLastChanged", "valueInstant").unwrap();
    assert!(changed.ends_with("+00:00") && changed.len() == 25, "{changed}");
    assert!(!header.is_expired());
    assert_eq!(header.content()["timestamp"], "2024-01-05T10:00:00+01:00");
    assert_eq!(header.content()["source"], sent.header()["source"]);
    assert_eq!(header.identifier(), sent.identifier());
    let number = header.number();
    assert!(number > 0 && number < (1 << 53), "a browser reads it as a number");
}

// T51
async fn a_claimed_message_is_the_bundle_that_was_sent(engine: Engine) {
    let app = TestApp::start(engine).await;
    let p = patient("p1");
    let (plan, d) = (care_plan("c1", &p), practitioner("d1"));
    let sent = about_plan(&plan, &p, &[&d]);
    let answer = app.sent(&sent).await;
    let bundle = app.b().claim().await;
    assert_eq!(bundle.json()["id"], sent.id());
    assert_eq!(bundle.json()["category"], sent.json()["category"]);
    let entries = bundle.entries();
    assert_eq!(entries.len(), 4);
    assert_eq!(bundle.message().data(), [plan.now(&answer).link()]);
    for (entry, resource) in entries[1..].iter().zip([&plan, &p, &d]) {
        assert_eq!(entry["id"], resource.url);
        assert_eq!(link(entry, "self"), Some(resource.now(&answer).link()));
        assert_eq!(entry["content"], resource.content, "references inside stay as they were");
    }
}

// T52
async fn the_oldest_comes_first_and_none_twice(engine: Engine) {
    let app = TestApp::start(engine).await;
    for name in ["p1", "p2", "p3"] {
        app.sent_patient(name).await;
    }
    let mut numbers = Vec::new();
    for name in ["p1", "p2", "p3"] {
        let claimed = app.b().claim().await;
        assert_eq!(claimed.entries()[1]["id"], patient(name).url);
        numbers.push(claimed.message().number());
    }
    assert!(numbers.is_sorted_by(|a, b| a < b));
    assert!(app.b().claim().await.is_empty());
}

// T53
async fn parallel_claims_never_get_the_same_message(engine: Engine) {
    let app = TestApp::start(engine).await;
    for number in 0..10 {
        app.sent_patient(&format!("p{number}")).await;
    }
    let claims = (0..20).map(|_| {
        let client = app.b();
        tokio::spawn(async move { client.claim().await })
    });
    let mut seen = BTreeSet::new();
    for claim in claims.collect::<Vec<_>>() {
        let claimed = claim.await.unwrap();
        if !claimed.is_empty() {
            assert!(seen.insert(claimed.message().number()), "claimed twice");
        }
    }
    while let Some(header) = app.b().claim().await.messages().first() {
        assert!(seen.insert(header.number()), "claimed twice");
    }
    assert_eq!(seen.len(), 10);
}

// T54
async fn a_patient_can_be_asked_for(engine: Engine) {
    let app = TestApp::start(engine).await;
    let p1 = app.sent_patient("p1").await;
    let p2 = app.sent_patient("p2").await;
    app.sent(&about_plan(&care_plan("c1", &p2), &p2, &[])).await;
    let claimed = app.b().claim_with(&format!("&Patient={}", p2.url)).await;
    assert_eq!(claimed.entries()[1]["id"], p2.url);
    let claimed = app.b().claim_with(&format!("&patient={}", p2.link())).await;
    assert_eq!(claimed.message().event(), "CreateOrUpdateCarePlan");
    assert!(app.b().claim_with(&format!("&Patient={}", p2.url)).await.is_empty());
    let encoded = p1.url.replace(':', "%3A").replace('/', "%2F");
    let claimed = app.b().claim_with(&format!("&Patient={encoded}")).await;
    assert_eq!(claimed.entries()[1]["id"], p1.url);
}

// T55
async fn an_event_can_be_asked_for(engine: Engine) {
    let app = TestApp::start(engine).await;
    let p = app.sent_patient("p1").await;
    app.sent(&about_plan(&care_plan("c1", &p), &p, &[])).await;
    app.sent(&message("CreateOrUpdatePractitioner", &practitioner("d1"), &[])).await;
    for (event, found) in [
        ("CreateOrUpdateCarePlan", true),
        ("CreateOrUpdateCarePlan", false),
        ("CreateOrUpdateUserMessage", false),
        ("nonsense", false),
        ("CreateOrUpdatePractitioner", true),
    ] {
        let claimed = app.b().claim_with(&format!("&event={event}")).await;
        assert_eq!(!claimed.is_empty(), found, "{event}");
        if found {
            assert_eq!(claimed.message().event(), event);
        }
    }
    assert_eq!(app.b().claim().await.message().event(), "CreateOrUpdatePatient");
}

// T56
async fn a_status_in_the_query_is_ignored(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.sent_patient("p1").await;
    app.sent_patient("p2").await;
    for status in ["New", "Success"] {
        let claimed = app.b().claim_with(&format!("&ProcessingStatus={status}")).await;
        assert_eq!(claimed.message().status(), "Claimed");
    }
}

const MINUTE: Duration = Duration::from_secs(60);

// T62
async fn a_claim_that_times_out_can_be_claimed_again(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.sent_patient("p1").await;
    app.sent_patient("p2").await;
    let first = app.b().claim().await.message();
    app.advance(14 * MINUTE);
    assert_ne!(app.b().claim().await.message().number(), first.number());
    assert!(app.b().claim().await.is_empty());
    app.advance(2 * MINUTE);
    let again = app.b().claim().await.message();
    assert_eq!(again.number(), first.number());
    assert_ne!(again.self_link(), first.self_link());
}

async fn a_domain_sets_its_own_claim_timeout(engine: Engine) {
    let app = TestApp::build(engine)
        .setup(|setup| setup.domain(crate::support::setup::D).claim_timeout = Some(MINUTE))
        .start()
        .await;
    app.sent_patient("p1").await;
    assert!(!app.b().claim().await.is_empty());
    app.advance(Duration::from_secs(59));
    assert!(app.b().claim().await.is_empty());
    app.advance(Duration::from_secs(2));
    assert!(!app.b().claim().await.is_empty());
}

async fn timeouts_are_ended_without_anybody_asking(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.sent_patient("p1").await;
    let header = app.b().claim().await.message();
    app.advance(16 * MINUTE);
    let number = header.number().to_string();
    eventually("the claim ends", async || app.b().by_id(&number).await.message().status() == "New")
        .await;
    assert_ne!(app.b().by_id(&number).await.message().self_link(), header.self_link());
}

async fn a_request_for_the_head_alone_claims_nothing(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.sent_patient("p1").await;
    let path = "MessageHeader/_search?_query=MessageHeader.GetNextNewAndClaim";
    let answer = app.b().call(reqwest::Method::HEAD, path, None).await;
    assert_eq!(answer.status, 405);
    assert!(!app.b().claim().await.is_empty());
}
