//! The example of Koppeltaal's developer guide, as it is printed there.

use serde_json::json;
use uuid::Uuid;

use crate::kit::{Writer, plan};
use crate::receiver::Receiver;
use crate::resources::meta;
use crate::support::Engine;

on_both_engines!(the_example_of_the_guide_works_as_printed);

async fn the_example_of_the_guide_works_as_printed(engine: Engine) {
    let world = plan(engine).start().await;
    let receiver = Receiver::start().await;
    let writer = Writer::of(&world, "own").await;
    let (name, token) = (Uuid::new_v4(), "eyJhbGciOiJSUzUxMiJ9.e30.c2ln:x=");
    // `end`, `reason` and the header lines are those of the guide.
    let subscription = json!({
        "resourceType": "Subscription",
        "meta": meta("Subscription"),
        "status": "requested",
        "end": "2199-01-01T00:00:00Z",
        "reason": "Tasks that are ready",
        "criteria": "Task?status=ready",
        "channel": {
            "type": "rest-hook",
            "endpoint": receiver.url(),
            "header": [
                format!("X-KTSubscription: {name}"),
                format!("Authorization: Bearer {token}"),
            ],
        },
    });
    let kept = writer.client.create(&subscription).await;
    assert_eq!(kept["status"], "active");

    let draft = writer.create("guide-1", "draft").await;
    writer.becomes("guide-2", &draft, "ready").await;
    let calls = receiver.heard_of("guide-2").await;
    assert_eq!(calls.len(), 1, "{calls:#?}");
    assert_eq!(calls[0].header("x-ktsubscription"), Some(name.to_string().as_str()));
    assert_eq!(calls[0].header("authorization"), Some(format!("Bearer {token}").as_str()));
    // What the guide tells the receiver to do then.
    let found = writer.client.search("Task?status=ready").await;
    assert_eq!(found["total"], 1);
}
