//! Many at once: no version is given twice, no message is claimed by two, and
//! none is lost.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::client::Client;
use crate::support::message::{about_patient, about_plan, care_plan, patient, practitioner};
use crate::support::{Engine, TestApp};

on_both_engines!(
    of_two_concurrent_updates_exactly_one_is_accepted,
    of_many_concurrent_creates_exactly_one_is_accepted,
    crosswise_bundles_do_not_wait_for_each_other,
    eight_workers_get_every_message_once,
    of_concurrent_definitions_with_one_identifier_one_is_created,
);

// T18
async fn of_two_concurrent_updates_exactly_one_is_accepted(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut current = app.sent_patient("p1").await;
    for round in 0..100 {
        let send = |user: &str| {
            let (client, message) = (app.user(user), about_patient(&current));
            tokio::spawn(async move { client.send(&message).await })
        };
        let (a, b) = (send("a"), send("b"));
        let (a, b) = (a.await.unwrap(), b.await.unwrap());
        let mut statuses = [a.status, b.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "round {round}: {} {}", a.text, b.text);
        let accepted = if a.status == 200 { a } else { b };
        let next = current.now(&accepted);
        assert!(next.version > current.version);
        current = next;
    }
    let open = app.b().browse("ProcessingStatus=New").await;
    assert_eq!(open.entries().len(), 1, "each update replaced the one before");
    assert_eq!(open.message().data(), [current.link()]);
}

async fn of_many_concurrent_creates_exactly_one_is_accepted(engine: Engine) {
    let app = TestApp::start(engine).await;
    for round in 0..20 {
        let name = format!("p{round}");
        let sends: Vec<_> = (0..4)
            .map(|_| {
                let (client, message) = (app.a(), about_patient(&patient(&name)));
                tokio::spawn(async move { client.send(&message).await.status })
            })
            .collect();
        let mut statuses = Vec::new();
        for send in sends {
            statuses.push(send.await.unwrap());
        }
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409, 409, 409]);
    }
    assert_eq!(app.stored().await, [20, 60, 20]);
}

async fn crosswise_bundles_do_not_wait_for_each_other(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shared: Vec<_> = (0..20).map(|number| practitioner(&format!("d{number}"))).collect();
    let sends: Vec<_> = (0..16)
        .map(|number| {
            let p = patient(&format!("p{number}"));
            let mut others: Vec<_> =
                shared.iter().map(|d| d.clone().with("more", number.into())).collect();
            if number % 2 == 0 {
                others.reverse();
            }
            let plan = care_plan(&format!("c{number}"), &p);
            let message = about_plan(&plan, &p, &others.iter().collect::<Vec<_>>());
            let client = app.a();
            tokio::spawn(async move { client.send(&message).await })
        })
        .collect();
    for send in sends {
        send.await.unwrap().expect(200);
    }
    assert_eq!(app.number("SELECT COUNT(*) FROM kt1_resource").await, 16 + 16 + 20);
}

async fn eight_workers_get_every_message_once(engine: Engine) {
    const MESSAGES: usize = 500;
    let app = TestApp::start(engine).await;
    // On PostgreSQL half of them work through a second server.
    let second = match engine {
        Engine::Postgres => Some(app.second_server().await),
        Engine::Sqlite => None,
    };
    let client = |user: &str, number: usize| match &second {
        Some(server) if number % 2 == 1 => app.user_at(server, user),
        _ => app.user(user),
    };
    let sent = Arc::new(AtomicUsize::new(0));
    let mut senders = Vec::new();
    for number in 0..4 {
        let (client, sent) = (client("a", number), sent.clone());
        senders.push(tokio::spawn(async move {
            loop {
                let next = sent.fetch_add(1, Ordering::SeqCst);
                if next >= MESSAGES {
                    return;
                }
                let message = about_patient(&patient(&format!("p{next}")));
                client.send(&message.identified(&format!("m{next}"))).await.expect(200);
            }
        }));
    }
    let seen: Arc<Mutex<BTreeMap<String, usize>>> = Arc::default();
    let workers: Vec<_> = (0..8)
        .map(|number| tokio::spawn(work(client("b", number), seen.clone(), MESSAGES)))
        .collect();
    for task in senders.into_iter().chain(workers) {
        task.await.unwrap();
    }
    let seen = seen.lock().unwrap().clone();
    assert_eq!(seen.len(), MESSAGES, "none is missing");
    assert!(seen.values().all(|times| *times == 1), "none came twice: {seen:?}");
    let done = app.b().browse("ProcessingStatus=Success&_count=1").await;
    assert_eq!(done.json()["totalResults"], MESSAGES.to_string());
    assert!(app.b().claim().await.is_empty());
}

async fn work(client: Client, seen: Arc<Mutex<BTreeMap<String, usize>>>, all: usize) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(300);
    while seen.lock().unwrap().len() < all {
        assert!(tokio::time::Instant::now() < deadline, "messages are missing");
        let claimed = client.claim().await;
        let Some(header) = claimed.messages().into_iter().next() else {
            tokio::time::sleep(Duration::from_millis(5)).await;
            continue;
        };
        *seen.lock().unwrap().entry(header.identifier()).or_default() += 1;
        client.put(&header.id(), header.with_status("Success")).await.expect(200);
    }
}

async fn of_concurrent_definitions_with_one_identifier_one_is_created(engine: Engine) {
    use serde_json::json;

    use crate::support::client::kt;

    let app = TestApp::start(engine).await;
    for round in 0..10 {
        let definition = json!({
            "resourceType": "Other",
            "extension": [{
                "url": kt("ActivityDefinition#ActivityDefinitionIdentifier"),
                "valueString": format!("d{round}"),
            }],
            "code": { "coding": [{ "system": kt("OtherResourceUsage"), "code": "ActivityDefinition" }] },
        })
        .to_string();
        let creates: Vec<_> = (0..4)
            .map(|_| {
                let (client, body) = (app.a(), definition.clone());
                tokio::spawn(async move { client.post("Other", body).await })
            })
            .collect();
        let mut answers = Vec::new();
        for create in creates {
            answers.push(create.await.unwrap());
        }
        let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409, 409, 409]);
        // And of concurrent updates of one version one.
        let created = answers.iter().find(|answer| answer.status == 201).unwrap();
        let location = created.header("location").unwrap().to_owned();
        let updates: Vec<_> = (0..4)
            .map(|_| {
                let (client, body, url) = (app.a(), definition.clone(), location.clone());
                tokio::spawn(async move { client.put(&url, body).await.status })
            })
            .collect();
        let mut statuses = Vec::new();
        for update in updates {
            statuses.push(update.await.unwrap());
        }
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409, 409, 409]);
    }
}
