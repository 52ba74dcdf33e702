//! A notification on the wire (TOP-KT-006: K006-8, K006-9, K006-10): a POST with the headers of the
//! standard, those of the subscription, and no body.

use uuid::Uuid;

use crate::kit::{Writer, plan, subscribe, subscribe_with};
use crate::receiver::Receiver;
use crate::support::Engine;

on_both_engines!(
    a_notification_is_a_post_with_these_headers_and_no_body,
    a_write_without_ids_has_those_of_its_answer,
    a_connection_is_kept,
);

async fn a_notification_is_a_post_with_these_headers_and_no_body(engine: Engine) {
    let world = plan(engine).start().await;
    let receiver = Receiver::start().await;
    let writer = Writer::of(&world, "own").await;
    let lines = [
        "X-KTSubscription: TaskReady",
        "Authorization: Bearer s3cret:with:colons",
        "X-Empty:",
        "x-spaces:   a  b  ",
        "X-Twice: 1",
        "X-Twice: 2",
    ];
    subscribe_with(&writer.client, "Task?status=ready", &receiver, &lines).await;
    let ids = [
        ("x-request-id", "write-1"),
        ("x-trace-id", "trace-1"),
        // Of the request before this one; it is not passed on.
        ("x-correlation-id", "other"),
    ];
    writer.client.post_with("Task", &ids, &writer.task("ready")).await.expect(201);
    let call = receiver.heard(1).await.remove(0);
    assert_eq!(call.line, "POST /hook HTTP/1.1");
    assert!(call.body.is_empty());
    let own = Uuid::parse_str(call.header("x-request-id").unwrap()).unwrap();
    assert_eq!(own.get_version_num(), 4);
    let host = receiver.url().replace("http://", "").replace("/hook", "");
    let mut expected = vec![
        ("authorization", "Bearer s3cret:with:colons"),
        ("content-length", "0"),
        ("content-type", "application/fhir+json; fhirVersion=4.0; charset=utf-8"),
        ("host", host.as_str()),
        ("x-correlation-id", "write-1"),
        ("x-empty", ""),
        ("x-ktsubscription", "TaskReady"),
        ("x-spaces", "a  b"),
        ("x-trace-id", "trace-1"),
        ("x-twice", "1"),
        ("x-twice", "2"),
    ];
    expected.sort_unstable();
    let free = ["x-request-id", "user-agent", "accept"];
    let lower = |(name, value): &(String, String)| (name.to_lowercase(), value.clone());
    let mut got: Vec<(String, String)> = call.headers.iter().map(lower).collect();
    got.retain(|(name, _)| !free.contains(&name.as_str()));
    got.sort_unstable();
    let got: Vec<(&str, &str)> = got.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(got, expected);
}

async fn a_write_without_ids_has_those_of_its_answer(engine: Engine) {
    let world = plan(engine).start().await;
    let receiver = Receiver::start().await;
    let writer = Writer::of(&world, "own").await;
    subscribe(&writer.client, "Task?status=ready", &receiver).await;
    let reply = writer.client.post("Task", &writer.task("ready")).await.expect(201);
    let call = receiver.heard(1).await.remove(0);
    assert_eq!(call.header("x-correlation-id"), reply.header("x-request-id"));
    assert_eq!(call.header("x-trace-id"), reply.header("x-trace-id"));
    assert_ne!(call.header("x-request-id"), reply.header("x-request-id"));
    // An id that is none of FHIR was replaced, and what took its place is told.
    let ids = [("x-request-id", "no id/at all")];
    let reply = writer.client.post_with("Task", &ids, &writer.task("ready")).await.expect(201);
    let call = receiver.heard(2).await.remove(1);
    assert_eq!(call.header("x-correlation-id"), reply.header("x-request-id"));
}

async fn a_connection_is_kept(engine: Engine) {
    let world = plan(engine).start().await;
    let receiver = Receiver::start().await;
    let writer = Writer::of(&world, "own").await;
    subscribe(&writer.client, "Task?status=ready", &receiver).await;
    for number in 1..=5 {
        writer.create(&format!("w-{number}"), "ready").await;
        receiver.heard(number).await;
    }
    let peers: std::collections::HashSet<_> =
        receiver.calls().iter().map(|call| call.peer).collect();
    assert_eq!(peers.len(), 1, "five notifications one after the other: {peers:?}");
}
