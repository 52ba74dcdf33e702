//! What the trail says of notifications (K006-11; spec 6.4): an event for each attempt, within
//! seconds, also when it failed, with the ids that were sent.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::client::{Client, matches, path};
use crate::kit::{Writer, hasty, plan, present, subscribe, until_status};
use crate::receiver::{Manner, Receiver};
use crate::support::{Engine, eventually};

on_both_engines!(
    an_event_tells_who_was_told_of_what_by_whom,
    an_attempt_that_fails_is_an_event_within_seconds,
    each_attempt_is_an_event_of_its_own,
    a_trace_leads_from_the_write_to_its_notification,
    what_the_server_makes_of_a_subscription_is_an_event,
);

/// The attempts of a subscription as the trail has them, the oldest first, as soon as there are so
/// many.
async fn attempts(reader: &Client, subscription: &Value, since: &str, count: usize) -> Vec<Value> {
    let query = format!(
        "AuditEvent?type=transmit&entity={}&date=ge{since}&_sort=date&_count=200",
        path(subscription)
    );
    let found = async || matches(&reader.search(&query).await);
    eventually(&format!("{count} attempts"), async || found().await.len() >= count).await;
    found().await
}

/// The value of an extension of ours.
fn id<'e>(event: &'e Value, name: &str) -> Option<&'e str> {
    let url = format!("http://koppeltaal.nl/fhir/StructureDefinition/{name}");
    let all = event["extension"].as_array()?;
    all.iter().find(|one| one["url"] == url.as_str())?["valueId"].as_str()
}

async fn an_event_tells_who_was_told_of_what_by_whom(engine: Engine) {
    let world = plan(engine).start().await;
    let receiver = Receiver::start().await;
    let admin = world.client("admin").await;
    let writer = Writer::of(&world, "own").await;
    let kept = subscribe(&admin, "Task?status=ready", &receiver).await;
    let since = present(&world);
    let ids = [("x-request-id", "write-1"), ("x-trace-id", "trace-1")];
    let task = writer.client.post_with("Task", &ids, &writer.task("ready")).await.expect(201);
    let task = task.json();
    let call = receiver.heard(1).await.remove(0);
    let event = attempts(&admin, &kept, &since, 1).await.remove(0);
    let kind = (&event["type"]["system"], &event["type"]["code"]);
    let lifecycle = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle";
    assert_eq!(kind, (&Value::from(lifecycle), &Value::from("transmit")));
    assert_eq!(event["type"]["display"], "Transmit Record Lifecycle Event");
    assert_eq!((&event["action"], &event["outcome"]), (&"E".into(), &"0".into()));
    assert!(event.get("subtype").is_none(), "{event}");
    assert_eq!(id(&event, "request-id"), call.header("x-request-id"));
    assert_eq!(id(&event, "correlation-id"), Some("write-1"));
    assert_eq!(id(&event, "trace-id"), Some("trace-1"));
    let agents = event["agent"].as_array().unwrap();
    assert_eq!(agents.len(), 2, "{event}");
    let seen = |agent: &Value| {
        let text = |pointer: &str| agent.pointer(pointer).cloned().unwrap_or_default();
        (text("/type/coding/0/code"), text("/who/reference"), text("/requestor"))
    };
    let source = ("110153".into(), world.device("own").into(), true.into());
    let destination = ("110152".into(), world.device("admin").into(), false.into());
    assert_eq!((seen(&agents[0]), seen(&agents[1])), (source, destination));
    assert!(agents[0].get("network").is_none(), "{event}");
    assert_eq!(agents[1]["network"]["address"], receiver.url());
    assert_eq!(agents[1]["network"]["type"], "5");
    let entities = event["entity"].as_array().unwrap();
    let what = |entity: &Value| entity["what"]["reference"].as_str().unwrap().to_owned();
    assert_eq!(what(&entities[0]), format!("{}/_history/1", path(&task)));
    assert_eq!(what(&entities[1]), format!("{}/_history/1", path(&kept)));
    assert_eq!(entities[1]["role"]["code"], "9");
    let query = entities[1]["query"].as_str().unwrap();
    assert_eq!(STANDARD.decode(query).unwrap(), b"Task?status=ready");
}

async fn an_attempt_that_fails_is_an_event_within_seconds(engine: Engine) {
    let world = plan(engine).start().await;
    let receiver = Receiver::start().await;
    let admin = world.client("admin").await;
    let writer = Writer::of(&world, "own").await;
    let kept = subscribe(&admin, "Task?status=ready", &receiver).await;
    receiver.always(Manner::Answer(500));
    let since = present(&world);
    writer.create("w-1", "ready").await;
    let call = receiver.heard(1).await.remove(0);
    let began = Instant::now();
    let event = attempts(&admin, &kept, &since, 1).await.remove(0);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(event["outcome"], "4");
    let told = event["outcomeDesc"].as_str().unwrap();
    let expected = "Failed to deliver webhook notification. Error message: ";
    assert!(told.starts_with(expected) && told.contains("500"), "{told}");
    assert_eq!(id(&event, "request-id"), call.header("x-request-id"));
}

async fn each_attempt_is_an_event_of_its_own(engine: Engine) {
    let world = plan(engine).start().await;
    let receiver = Receiver::start().await;
    let admin = world.client("admin").await;
    let writer = Writer::of(&world, "own").await;
    let kept = subscribe(&admin, "Task?status=ready", &receiver).await;
    let since = present(&world);
    receiver.next([Manner::Answer(500), Manner::Reset, Manner::Hang]);
    writer.create("w-1", "ready").await;
    writer.create("w-2", "ready").await;
    let calls = receiver.heard_of("w-2").await;
    let events = attempts(&admin, &kept, &since, 5).await;
    let outcomes: Vec<_> = events.iter().map(|event| event["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["4", "4", "4", "0", "0"]);
    let sent: Vec<_> = calls.iter().map(|call| call.header("x-request-id")).collect();
    let noted: Vec<_> = events.iter().map(|event| id(event, "request-id")).collect();
    assert_eq!(noted, sent);
    // Found by what was told of, too, and by nobody who may not know.
    let task = events[0]["entity"][0]["what"]["reference"].as_str().unwrap();
    let task = task.split("/_history").next().unwrap();
    let found = admin.search(&format!("AuditEvent?type=transmit&entity={task}")).await;
    assert_eq!(found["total"], 4);
    let own2 = world.client("own2").await;
    let found = own2.search(&format!("AuditEvent?type=transmit&entity={}", path(&kept))).await;
    assert_eq!(found["total"], 0);
}

async fn a_trace_leads_from_the_write_to_its_notification(engine: Engine) {
    let world = plan(engine).start().await;
    let receiver = Receiver::start().await;
    let admin = world.client("admin").await;
    subscribe(&admin, "Task?status=ready", &receiver).await;
    let writer = Writer::of(&world, "own").await;
    let ids = [("x-request-id", "write-1"), ("x-trace-id", "trace-1")];
    let task = writer.client.post_with("Task", &ids, &writer.task("ready")).await.expect(201);
    let task = path(&task.json());
    let call = receiver.heard(1).await.remove(0);
    // The receiver reads what it was told of, in the name of the notification.
    let headers = [
        ("x-request-id", "read-1"),
        ("x-trace-id", call.header("x-trace-id").unwrap()),
        ("x-correlation-id", call.header("x-request-id").unwrap()),
    ];
    admin.get_with(&task, &headers).await.expect(200);
    let query = "AuditEvent?traceId=trace-1&_sort=date";
    let found = async || matches(&admin.search(query).await);
    eventually("three events", async || found().await.len() >= 3).await;
    let all = found().await;
    let seen = |event: &Value| {
        let kind = event.pointer("/subtype/0/code").unwrap_or(&event["type"]["code"]);
        let ids = (id(event, "request-id"), id(event, "correlation-id"));
        (kind.as_str().unwrap().to_owned(), ids.0.map(str::to_owned), ids.1.map(str::to_owned))
    };
    let owned = |text: &str| Some(text.to_owned());
    let sent = call.header("x-request-id").map(str::to_owned);
    let expected = [
        ("create".to_owned(), owned("write-1"), None),
        ("transmit".to_owned(), sent.clone(), owned("write-1")),
        ("read".to_owned(), owned("read-1"), sent),
    ];
    assert_eq!(all.iter().map(seen).collect::<Vec<_>>(), expected);
}

async fn what_the_server_makes_of_a_subscription_is_an_event(engine: Engine) {
    let soon = |config: &mut koppeltaal::config::Config| hasty(config, Duration::from_secs(1));
    let world = plan(engine).config(soon).start().await;
    let receiver = Receiver::start().await;
    let admin = world.client("admin").await;
    let writer = Writer::of(&world, "own").await;
    let kept = subscribe(&writer.client, "Task?status=ready", &receiver).await;
    receiver.always(Manner::Answer(503));
    writer.create("w-1", "ready").await;
    until_status(&writer.client, &kept, "error").await;
    let query = format!("AuditEvent?entity={}&subtype=update", path(&kept));
    let found = async || matches(&admin.search(&query).await);
    eventually("the change is audited", async || !found().await.is_empty()).await;
    let event = found().await.remove(0);
    let what = event["entity"][0]["what"]["reference"].as_str().unwrap();
    assert_eq!(what, format!("{}/_history/2", path(&kept)), "{event}");
    assert_eq!(event["agent"][0]["who"]["reference"], event["source"]["observer"]["reference"]);
    assert_eq!((&event["action"], &event["outcome"]), (&"U".into(), &"0".into()));
}
