//! Messages as administrators see them: who, whom, when, how far; never what, nor
//! about whom.

use koppeltaal_core::administrator::Role;
use serde_json::json;

use crate::support::setup::{D, E};
use crate::support::{Engine, TestApp};
use crate::world::{admin, system};

on_both_engines!(
    messages_are_listed_without_content,
    messages_are_filtered_and_paged,
    each_side_sees_its_own_copies,
);

async fn messages_are_listed_without_content(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.sent_patient("secret-name").await;
    let admin = system(&app).await;
    let list = admin.get("Message").await.expect(200);
    assert_eq!(list.total(), 1);
    let row = &list.rows()[0];
    assert_eq!(row["attributes"]["MessageType"], "CreateOrUpdatePatient");
    assert_eq!(row["attributes"]["SenderName"], "a");
    assert_eq!(row["attributes"]["DomainName"], D);
    assert_eq!(row["attributes"]["Status"], "Open");
    let copies = admin
        .get(row["relationships"]["ApplicationMessages"]["links"]["related"].as_str().unwrap())
        .await
        .expect(200);
    assert_eq!(copies.values("ReceiverName"), ["a", "b", "c"]);
    for text in [&list.text, &copies.text] {
        assert!(!text.contains("secret-name") && !text.contains("Patient/"), "{text}");
    }
    // Processed by everybody.
    for user in ["a", "b", "c"] {
        let message = app.user(user).claim().await.message();
        app.user(user).put(&message.id(), message.with_status("Success")).await.expect(200);
    }
    let path = format!("Message/{}", row["id"].as_str().unwrap());
    assert_eq!(admin.get(&path).await.expect(200).attribute("Status"), "Processed");
    let done = admin.get("ApplicationMessage?filter[ProcessingStatus]=Success").await;
    assert_eq!(done.expect(200).total(), 3);
}

async fn messages_are_filtered_and_paged(engine: Engine) {
    let app = TestApp::start(engine).await;
    for name in ["p1", "p2", "p3"] {
        app.advance(std::time::Duration::from_secs(60));
        app.sent_patient(name).await;
    }
    let admin = system(&app).await;
    let all = admin.get("Message?sort=Created").await.expect(200);
    let times: Vec<String> =
        all.values("Created").iter().map(|time| time.as_str().unwrap().to_owned()).collect();
    let instance = admin.id("ApplicationInstance", "filter[Application.Identifier]=AppA").await;
    for (query, expected) in [
        (format!("Message?filter[Created][ge]={}", times[1]), 2),
        (format!("Message?filter[Created][gt]={}", times[1]), 1),
        (format!("Message?filter[Created][lt]={}", times[1]), 1),
        (format!("Message?filter[Created][le]={}&filter[Created][ge]={}", times[1], times[1]), 1),
        ("Message?filter[MessageType]=CreateOrUpdatePatient".to_owned(), 3),
        ("Message?filter[MessageType][ne]=CreateOrUpdatePatient".to_owned(), 0),
        (format!("Message?filter[Sender]={instance}"), 3),
        ("Message?filter[Sender.Fullname][contains]=Application b".to_owned(), 0),
        ("Message?filter[Domain.Name]=domein-e".to_owned(), 0),
        ("Message?filter[IsExpired]=false".to_owned(), 3),
        ("ApplicationMessage?filter[Receiver.Application]=999".to_owned(), 400),
        ("ApplicationMessage?filter[ProcessingStatus]=New,Claimed".to_owned(), 9),
        (format!("ApplicationMessage?filter[Receiver]={instance}"), 3),
    ] {
        let answer = admin.get(&query).await;
        match expected {
            400 => _ = answer.expect(400),
            count => assert_eq!(answer.expect(200).total(), count, "{query}"),
        }
    }
    let first = admin.get("Message?page[size]=2&sort=Created").await.expect(200);
    assert_eq!(first.values("Created"), [json!(times[0]), json!(times[1])]);
    let next = first.json()["links"]["next"].as_str().unwrap().to_owned();
    let second = admin.get(&next).await.expect(200);
    assert_eq!(second.values("Created"), [json!(times[2])]);
    assert_eq!((first.total(), second.total()), (3, 3));
    admin.get("Message?sort=Identifier").await.expect(400);
    admin.get("Message?filter[Created]=yesterday").await.expect(400);
}

async fn each_side_sees_its_own_copies(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.sent_patient("p").await;
    let sender = admin(&app, Role::Application, &["AppA"]).await;
    let receiver = admin(&app, Role::Application, &["AppB"]).await;
    let stranger = admin(&app, Role::Application, &["AppX"]).await;
    let elsewhere = admin(&app, Role::Domain, &[E]).await;
    let domain = admin(&app, Role::Domain, &[D]).await;
    for (who, messages, copies) in
        [(&sender, 1, 3), (&receiver, 1, 1), (&stranger, 0, 0), (&elsewhere, 0, 0), (&domain, 1, 3)]
    {
        assert_eq!(who.get("Message").await.expect(200).total(), messages);
        assert_eq!(who.get("ApplicationMessage").await.expect(200).total(), copies);
    }
    let id = domain.id("Message", "").await;
    stranger.get(&format!("Message/{id}")).await.expect(404);
    elsewhere.get(&format!("Message/{id}")).await.expect(404);
    let own = receiver.get(&format!("Message/{id}")).await.expect(200);
    let copies = &own.data()["relationships"]["ApplicationMessages"]["data"];
    assert_eq!(copies.as_array().unwrap().len(), 1);
}
