//! `koppeltaal trace`: one chain of requests from the write to what its receiver says of it, as
//! an operator sees it beside the running server.

use serde_json::{Value, json};
use tokio::process::Command;

use koppeltaal_store::DatabaseUrl;

use crate::client::path;
use crate::kit::{Writer, plan, subscribe};
use crate::receiver::{Manner, Receiver};
use crate::resources::audit_event;
use crate::support::{Engine, eventually};
use crate::world::World;

on_both_engines!(
    a_trace_is_shown_from_the_write_to_its_receipt,
    a_trace_of_which_nothing_is_known_is_said_to_be_so,
);

/// Runs `koppeltaal trace`: its exit code, and what it printed on both ends.
async fn trace(world: &World, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_koppeltaal"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("KOPPELTAAL_") {
            command.env_remove(name);
        }
    }
    let url = match &world.app.config.database {
        DatabaseUrl::Postgres(url) => url.clone(),
        url @ DatabaseUrl::Sqlite(_) => url.to_string(),
    };
    let folder = world.app.config.data_dir.clone();
    let output = command
        .args(["--database", &url, "trace"])
        .args(arguments)
        .current_dir(folder)
        .output()
        .await
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

async fn steps(world: &World, id: &str) -> Vec<Value> {
    let (code, out, err) = trace(world, &[id, "--json"]).await;
    assert_eq!(code, 0, "{err}");
    serde_json::from_str(&out).unwrap()
}

/// An AuditEvent of the receiver: what it read it has worked through.
fn receipt(device: &str, task: &str, ids: &[(&str, &str)]) -> Value {
    let mut event = audit_event(device, task);
    let system = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle";
    event["type"] = json!({ "system": system, "code": "receive" });
    event.as_object_mut().unwrap().remove("subtype");
    let url = |name: &str| format!("http://koppeltaal.nl/fhir/StructureDefinition/{name}");
    let extensions = event["extension"].as_array().cloned().unwrap_or_default().into_iter();
    let named = ids.iter().map(|(name, id)| json!({ "url": url(name), "valueId": id }));
    event["extension"] = extensions.chain(named).collect();
    event
}

async fn a_trace_is_shown_from_the_write_to_its_receipt(engine: Engine) {
    let world = plan(engine).start().await;
    let receiver = Receiver::start().await;
    let admin = world.client("admin").await;
    let kept = subscribe(&admin, "Task?status=ready", &receiver).await;
    let writer = Writer::of(&world, "own").await;
    receiver.next([Manner::Answer(500)]);
    let ids = [("x-request-id", "write-1"), ("x-trace-id", "trace-1")];
    let task = writer.client.post_with("Task", &ids, &writer.task("ready")).await.expect(201);
    let task = path(&task.json());
    // Another chain, of which nothing is to be seen.
    writer.create("write-2", "ready").await;
    let calls = receiver.heard_of("write-2").await;
    let (failed, told) =
        (calls[0].header("x-request-id"), calls[1].header("x-request-id").unwrap());
    let read = [("x-request-id", "read-1"), ("x-trace-id", "trace-1"), ("x-correlation-id", told)];
    admin.get_with(&task, &read).await.expect(200);
    let ids = [("request-id", "worked-1"), ("trace-id", "trace-1"), ("correlation-id", "read-1")];
    admin.create(&receipt(&world.device("admin"), &task, &ids)).await;
    eventually("six steps", async || steps(&world, "trace-1").await.len() >= 6).await;
    let all = steps(&world, "trace-1").await;
    let names = ["what", "about", "version", "outcome", "request_id", "correlation_id"];
    let seen: Vec<Vec<Value>> =
        all.iter().map(|step| names.iter().map(|name| step[name].clone()).collect()).collect();
    let row = |values: [Value; 6]| values.to_vec();
    let (created, about, first) = (json!("create"), json!(task), json!("1"));
    let outcome = |place: usize| seen[place][3].clone();
    let expected = [
        row([created, about.clone(), first.clone(), outcome(0), json!("write-1"), Value::Null]),
        row([
            json!("notification"),
            about.clone(),
            first.clone(),
            json!("delivered"),
            Value::Null,
            json!("write-1"),
        ]),
        row([
            json!("transmit"),
            about.clone(),
            first.clone(),
            outcome(2),
            json!(failed),
            json!("write-1"),
        ]),
        row([
            json!("transmit"),
            about.clone(),
            first.clone(),
            outcome(3),
            json!(told),
            json!("write-1"),
        ]),
        row([json!("read"), about.clone(), first, outcome(4), json!("read-1"), json!(told)]),
        row([json!("report"), about, Value::Null, json!("0"), json!("worked-1"), json!("read-1")]),
    ];
    assert_eq!(seen, expected);
    assert_ne!(outcome(2), outcome(3), "the first attempt failed");
    assert_eq!(all[1]["subscription"], kept["id"]);
    assert_eq!(all[1]["attempts"].as_array().unwrap().len(), 2);
    assert_eq!(all[5]["detail"], "receive");
    assert_eq!(all[5]["audit_event"]["type"]["code"], "receive");
    // For people: one line each, in the same order.
    let (code, out, _) = trace(&world, &["trace-1"]).await;
    let words: Vec<_> = out.lines().skip(1).map(|line| line.split_whitespace().nth(2)).collect();
    assert_eq!(code, 0);
    let what: Vec<_> = all.iter().map(|step| step["what"].as_str()).collect();
    assert_eq!(words, what, "{out}");
}

async fn a_trace_of_which_nothing_is_known_is_said_to_be_so(engine: Engine) {
    let world = plan(engine).start().await;
    let (code, out, err) = trace(&world, &["nowhere"]).await;
    assert_eq!((code, out.as_str()), (3, ""));
    assert!(err.contains("nothing is recorded of trace nowhere"), "{err}");
    let (code, _, err) = trace(&world, &["nowhere", "--domain", "elsewhere"]).await;
    assert!(code == 3 && err.contains("domain elsewhere does not exist"), "{err}");
}
