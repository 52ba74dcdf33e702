//! What a connection is told, over every transport and in every version.

use serde_json::{Value, json};

use crate::client::{Client, START_PUSH, TRANSPORTS};
use crate::support::client::kt;
use crate::support::message::{about_patient, patient};
use crate::support::{Engine, TestApp};

on_both_engines!(
    a_started_connection_is_told_of_a_message_in_every_version,
    what_waits_already_is_told_at_start_push,
    who_did_not_call_start_push_is_told_nothing,
    only_recipients_are_told,
    a_published_definition_is_told,
    whoever_is_told_of_several_messages_at_once_hears_of_the_last,
    a_poll_is_not_told_twice_of_the_same,
    what_the_hub_does_not_have_is_an_error_of_the_call,
);

async fn a_started_connection_is_told_of_a_message_in_every_version(engine: Engine) {
    let app = TestApp::start(engine).await;
    for protocol in ["1.2", "1.3", "1.4", "1.5", "2.0", "2.1"] {
        for transport in TRANSPORTS {
            let client = Client { protocol, ..Client::new(&app, "b") };
            let mut connection = client.negotiated().await.started(transport).await;
            connection.placed().await;
            app.sent_patient(&format!("{protocol} {transport}")).await;
            connection.told().await;
            let claimed = app.b().claim().await;
            assert!(!claimed.is_empty(), "{protocol} {transport}: there is what it was told of");
        }
    }
}

async fn what_waits_already_is_told_at_start_push(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.sent_patient("p").await;
    for transport in TRANSPORTS {
        let mut connection = Client::new(&app, "b").negotiated().await.started(transport).await;
        connection.told().await;
    }
}

async fn who_did_not_call_start_push_is_told_nothing(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut silent = Client::new(&app, "b").negotiated().await.connect("webSockets").await;
    let mut started = Client::new(&app, "b").negotiated().await.started("webSockets").await;
    app.sent_patient("p").await;
    started.told().await;
    assert_eq!(silent.told_by_now().await, 0);
    silent.start_push().await;
    silent.told().await;
}

async fn only_recipients_are_told(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut others = Vec::new();
    for user in ["n", "x"] {
        let session = Client::new(&app, user).negotiated().await;
        others.push(session.started("webSockets").await);
    }
    let mut recipient = Client::new(&app, "c").negotiated().await.started("webSockets").await;
    app.sent_patient("p").await;
    recipient.told().await;
    for other in &mut others {
        assert_eq!(other.told_by_now().await, 0);
    }
}

async fn a_published_definition_is_told(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut connection = Client::new(&app, "b").negotiated().await.started("webSockets").await;
    app.a().post("Other", definition().to_string()).await.expect(201);
    connection.told().await;
}

fn definition() -> Value {
    let field = |name: &str| kt(&format!("ActivityDefinition#{name}"));
    let kind = json!({ "system": kt("ActivityKind"), "code": "Game" });
    let usage = json!({ "system": kt("OtherResourceUsage"), "code": "ActivityDefinition" });
    json!({
        "resourceType": "Other",
        "extension": [
            { "url": field("ActivityName"), "valueString": "Sleep" },
            { "url": field("ActivityDefinitionIdentifier"), "valueString": "sleep" },
            { "url": field("ActivityKind"), "valueCoding": kind },
        ],
        "code": { "coding": [usage] },
    })
}

async fn whoever_is_told_of_several_messages_at_once_hears_of_the_last(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut connection = Client::new(&app, "b").negotiated().await.started("webSockets").await;
    let sends: Vec<_> = (0..40)
        .map(|n| {
            let (client, message) = (app.a(), about_patient(&patient(&format!("p{n}"))));
            tokio::spawn(async move { client.send(&message).await.expect(200) })
        })
        .collect();
    let mut claimed = 0;
    while claimed < sends.len() {
        connection.told().await;
        while !app.b().claim().await.is_empty() {
            claimed += 1;
        }
    }
    for send in sends {
        send.await.unwrap();
    }
}

async fn a_poll_is_not_told_twice_of_the_same(engine: Engine) {
    let app = TestApp::build(engine)
        .config(|config| config.kt1.signalr_keep_alive = std::time::Duration::from_millis(100))
        .start()
        .await;
    let mut connection = Client::new(&app, "b").negotiated().await.started("longPolling").await;
    app.sent_patient("p1").await;
    connection.told().await;
    // Held until its time is over, though p1 was not claimed.
    let frame = connection.frame().await;
    assert_eq!(frame["M"], json!([]), "{frame}");
    app.sent_patient("p2").await;
    connection.told().await;
}

async fn what_the_hub_does_not_have_is_an_error_of_the_call(engine: Engine) {
    let app = TestApp::start(engine).await;
    for transport in TRANSPORTS {
        let mut connection = Client::new(&app, "b").negotiated().await.connect(transport).await;
        for call in [
            r#"{"H":"chat","M":"StartPush","A":[],"I":7}"#,
            r#"{"H":"koppeltaalhub","M":"StopPush","A":[],"I":"7"}"#,
        ] {
            let said = connection.call(call).await;
            assert_eq!(said["I"], "7", "{said}");
            assert!(said["E"].is_string(), "{said}");
        }
        let odd = START_PUSH.replace("koppeltaalhub", "KOPPELTAALHub").replace("Start", "sTART");
        assert_eq!(connection.call(&odd).await, json!({"I": "0"}));
    }
}
