//! `koppeltaal messages`.

use koppeltaal_client::kt1::{Filter, Status};
use serde_json::{Value, json};

use crate::on_both_engines;
use crate::world::{APP, Engine, World, patient_url, values};

on_both_engines!(
    copies_are_listed_and_shown_under_the_names_of_the_contract,
    a_list_is_filtered,
    a_sender_is_shown_who_processed_its_messages,
    an_operator_fails_and_requeues_a_copy_with_a_reason,
    what_cannot_be_changed_is_refused,
);

async fn copies_are_listed_and_shown_under_the_names_of_the_contract(engine: Engine) {
    let world = World::new(engine).await;
    let server = world.serve(&[]);
    let sent = server.send_plan("1", "p").await;
    let listed = world.list(&["messages", "list"]);
    assert_eq!(listed.len(), 1);
    let names = "id message_identifier domain event sender recipient patient focal version status \
                 claims exception created last_changed";
    for name in names.split_whitespace() {
        assert!(listed[0].get(name).is_some(), "{name}: {}", listed[0]);
    }
    let copy = &listed[0];
    assert!(copy["id"].is_i64());
    assert_eq!(copy["message_identifier"], sent.identifier());
    assert_eq!(copy["domain"], "zon");
    assert_eq!(copy["event"], "CreateOrUpdateCarePlan");
    assert_eq!((&copy["sender"], &copy["recipient"]), (&json!("portal"), &json!("game")));
    assert_eq!(copy["patient"], patient_url("p"));
    assert_eq!(copy["focal"], format!("{APP}/CarePlan/1"));
    assert_eq!(
        format!("{APP}/CarePlan/1/_history/{}", copy["version"].as_str().unwrap()),
        sent.focal()
    );
    assert_eq!((&copy["status"], &copy["claims"]), (&json!("New"), &json!(0)));
    assert_eq!(copy["exception"], Value::Null);
    let created = copy["created"].as_str().unwrap();
    assert!(created.starts_with("20") && created.ends_with('Z'), "{created}");

    let id = copy["id"].to_string();
    let mut shown = world.json(&["messages", "show", &id]);
    let recipients = shown.as_object_mut().unwrap().remove("recipients").unwrap();
    assert_eq!(shown, *copy);
    assert_eq!(values(recipients.as_array().unwrap(), "recipient"), ["game"]);
    let table = world.out(&["messages", "list"]);
    assert!(table.starts_with("ID "), "{table}");
    assert_eq!(table.lines().count(), 2);
    assert!(world.out(&["messages", "show", &id]).contains("recipient"));
    assert!(!table.contains("Kleuterstaart"), "bodies are never shown");
}

async fn a_list_is_filtered(engine: Engine) {
    let world = World::new(engine).await;
    let server = world.serve(&[]);
    for (number, patient) in [("1", "p"), ("2", "p"), ("3", "q")] {
        server.send_plan(number, patient).await;
    }
    let game = server.connector("game");
    let claimed = game.claim(&Filter::default()).await.unwrap().unwrap();
    game.set_status(claimed.header(), &Status::Success).await.unwrap();

    let all = world.list(&["messages", "list"]);
    let focal = [1, 2, 3].map(|n| format!("{APP}/CarePlan/{n}"));
    assert_eq!(values(&all, "focal"), focal, "oldest first");
    let count = |arguments: &[&str]| world.list(&[&["messages", "list"], arguments].concat()).len();
    assert_eq!(count(&["--status", "Success"]), 1);
    assert_eq!(count(&["--status", "New"]), 2);
    assert_eq!(count(&["--patient", &patient_url("p")]), 2);
    assert_eq!(count(&["--event", "CreateOrUpdateCarePlan"]), 3);
    assert_eq!(count(&["--event", "CreateOrUpdatePatient"]), 0);
    assert_eq!(count(&["--instance", "game", "--domain", "zon"]), 3);
    assert_eq!(count(&["--instance", "portal"]), 0);
    assert_eq!(count(&["--since", "2100-01-01T00:00:00Z"]), 0);
    assert_eq!(count(&["--since", "2020-01-01T00:00:00Z"]), 3);
    assert_eq!(count(&["--limit", "2"]), 2);
    assert_eq!(count(&["--after", &all[1]["id"].to_string()]), 1);
    world.refused(3, &["messages", "list", "--domain", "maan"]);
    world.refused(3, &["messages", "list", "--instance", "nobody"]);
    for wrong in [["--status", "new"], ["--event", "CarePlan"], ["--since", "yesterday"]] {
        assert_eq!(world.run(&["messages", "list", wrong[0], wrong[1]]).code, 2, "{wrong:?}");
    }
}

async fn a_sender_is_shown_who_processed_its_messages(engine: Engine) {
    let world = World::new(engine).await;
    let server = world.serve(&[]);
    let first = server.send_plan("1", "p").await;
    server.send_plan("2", "q").await;
    let game = server.connector("game");
    let claimed = game.claim(&Filter::default()).await.unwrap().unwrap();
    game.set_status(claimed.header(), &Status::Failed("no such game".to_owned())).await.unwrap();

    let sent = |arguments: &[&str]| {
        world.list(&[&["messages", "list", "--sent-by", "portal"], arguments].concat())
    };
    let all = sent(&[]);
    assert_eq!(values(&all, "focal"), [1, 2].map(|n| format!("{APP}/CarePlan/{n}")));
    let message = &all[0];
    assert_eq!(message["message_identifier"], first.identifier());
    assert_eq!((&message["domain"], &message["sender"]), (&json!("zon"), &json!("portal")));
    assert_eq!((&message["retrieved"], &message["expired"]), (&Value::Null, &Value::Null));
    let copy = &message["recipients"][0];
    assert_eq!((&copy["recipient"], &copy["status"]), (&json!("game"), &json!("Failed")));
    assert_eq!((&copy["claims"], &copy["exception"]), (&json!(1), &json!("no such game")));
    assert_eq!(copy["id"].to_string(), claimed.header().id());
    assert!(copy["last_changed"].as_str().unwrap().ends_with('Z'));
    let shown = world.json(&["messages", "show", claimed.header().id()]);
    assert_eq!(shown["recipients"], message["recipients"]);

    assert_eq!(sent(&["--status", "Failed"]).len(), 1);
    assert_eq!(sent(&["--status", "New"]).len(), 1);
    assert_eq!(sent(&["--status", "Success"]).len(), 0);
    assert_eq!(sent(&["--identifier", first.identifier()]), std::slice::from_ref(message));
    assert_eq!(sent(&["--event", "CreateOrUpdatePatient"]).len(), 0);
    assert_eq!(sent(&["--since", "2020-01-01T00:00:00Z"]).len(), 2);
    assert_eq!(sent(&["--until", "2020-01-01T00:00:00Z"]).len(), 0);
    assert_eq!(sent(&["--limit", "1"]), std::slice::from_ref(message));
    let after = message["message"].to_string();
    assert_eq!(sent(&["--after", &after]), all[1..]);
    assert!(world.list(&["messages", "list", "--sent-by", "game"]).is_empty());
    let table = world.out(&["messages", "list", "--sent-by", "portal"]);
    assert!(table.contains("game Failed") && table.contains("game New"), "{table}");
    world.refused(3, &["messages", "list", "--sent-by", "nobody"]);
    for wrong in [["--instance", "game"], ["--domain", "zon"]] {
        let arguments = ["messages", "list", "--sent-by", "portal", wrong[0], wrong[1]];
        assert_eq!(world.run(&arguments).code, 2, "{wrong:?}");
    }
    assert_eq!(world.run(&["messages", "list", "--identifier", "x"]).code, 2);
}

async fn an_operator_fails_and_requeues_a_copy_with_a_reason(engine: Engine) {
    let world = World::new(engine).await;
    let server = world.serve(&[]);
    server.send_plan("1", "p").await;
    let id = world.list(&["messages", "list"])[0]["id"].to_string();
    assert_eq!(world.run(&["messages", "fail", &id]).code, 2, "a reason is needed");

    let failed = world.out(&["messages", "fail", &id, "--reason", "stuck since Monday"]);
    assert_eq!(failed, format!("message {id}: New → Failed\n"));
    let shown = world.json(&["messages", "show", &id]);
    assert_eq!(
        (&shown["status"], &shown["exception"]),
        (&json!("Failed"), &json!("stuck since Monday"))
    );
    let game = server.connector("game");
    assert!(game.claim(&Filter::default()).await.unwrap().is_none());
    let seen = game.header(&id).await.unwrap();
    assert_eq!((seen.status(), seen.exception()), ("Failed", Some("stuck since Monday")));

    let requeued = world.json(&["messages", "requeue", &id, "--reason", "game repaired"]);
    assert_eq!((&requeued["status"], &requeued["exception"]), (&json!("New"), &Value::Null));
    assert!(game.claim(&Filter::default()).await.unwrap().is_some());

    let trail = world.list(&["audit", "search", "--action", "administration", "--domain", "zon"]);
    let done: Vec<_> = trail.iter().filter(|row| row["item"].as_i64() == id.parse().ok()).collect();
    assert_eq!(done.len(), 2);
    for (row, (verb, outcome, detail)) in done.iter().zip([
        ("fail", "Failed", "fail: stuck since Monday"),
        ("requeue", "New", "requeue: game repaired"),
    ]) {
        assert_eq!(row["agent"], format!("noor (koppeltaal messages {verb})"));
        assert_eq!((&row["outcome"], &row["detail"]), (&json!(outcome), &json!(detail)));
        assert_eq!(row["patient"], patient_url("p"));
    }
}

async fn what_cannot_be_changed_is_refused(engine: Engine) {
    let world = World::new(engine).await;
    let server = world.serve(&[]);
    server.send_plan("1", "p").await;
    let id = world.list(&["messages", "list"])[0]["id"].to_string();
    let why = ["--reason", "because"];
    let refused =
        |code, verb, id: &str| world.refused(code, &["messages", verb, id, why[0], why[1]]);

    let unknown = refused(3, "requeue", "1");
    assert!(unknown.contains("message 1 does not exist"), "{unknown}");
    refused(3, "fail", "1");
    world.refused(3, &["messages", "show", "1"]);
    let new = refused(4, "requeue", &id);
    assert!(new.contains(&format!("message {id} is New: nothing was changed")), "{new}");

    let game = server.connector("game");
    let claimed = game.claim(&Filter::default()).await.unwrap().unwrap();
    game.set_status(claimed.header(), &Status::Success).await.unwrap();
    for verb in ["requeue", "fail"] {
        let done = refused(4, verb, &id);
        assert!(done.contains("is Success: that is final, nothing was changed"), "{done}");
    }
}
