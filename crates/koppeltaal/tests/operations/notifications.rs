//! `koppeltaal notifications`.

use serde_json::{Value, json};

use crate::hook::Hook;
use crate::on_both_engines;
use crate::world::{DOMAIN, Engine, World, eventually, values};

on_both_engines!(
    a_delivered_notification_is_listed_and_shown,
    a_dead_letter_is_resent_after_its_endpoint_was_corrected,
);

/// The domain with a webhook of the game.
fn with_webhook(url: &str) -> String {
    format!("{DOMAIN}webhook = {{ url = \"{url}\", headers = {{ \"X-Slaap\" = \"geheim\" }} }}\n")
}

const QUICK: [(&str, &str); 2] =
    [("KOPPELTAAL_KT1_WEBHOOK_ATTEMPTS", "2"), ("KOPPELTAAL_KT1_WEBHOOK_FIRST_RETRY", "50ms")];

async fn a_delivered_notification_is_listed_and_shown(engine: Engine) {
    let world = World::new(engine).await;
    let hook = Hook::answering(204);
    world.apply(&with_webhook(&hook.url));
    let server = world.serve(&QUICK);
    let sent = server.send_plan("1", "p").await;
    let in_state = |state: &str| world.list(&["notifications", "list", "--state", state]);
    eventually("delivered", || in_state("delivered").len() == 1).await;
    assert_eq!(hook.told(), 1);
    assert!(in_state("pending").is_empty() && in_state("dead").is_empty());

    let listed = world.list(&["notifications", "list", "--domain", "zon", "--instance", "game"]);
    let one = &listed[0];
    let names = "id domain generation instance subscription endpoint state attempts next_attempt";
    for name in names.split_whitespace() {
        assert!(one.get(name).is_some(), "{name}: {one}");
    }
    assert_eq!((&one["generation"], &one["instance"]), (&json!("kt1"), &json!("game")));
    assert_eq!((&one["endpoint"], &one["state"]), (&json!(hook.url), &json!("delivered")));
    assert_eq!((&one["subscription"], &one["next_attempt"]), (&Value::Null, &Value::Null));
    assert_eq!(one["message_identifier"], sent.identifier());
    let attempts = one["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 1);
    assert_eq!(
        (&attempts[0]["status"], &attempts[0]["trigger"]),
        (&json!(204), &json!("automatic"))
    );
    let id = one["id"].to_string();
    assert_eq!(world.json(&["notifications", "show", &id]), *one);
    assert!(!world.out(&["notifications", "list"]).contains("geheim"));
    assert!(world.list(&["notifications", "list", "--instance", "portal"]).is_empty());
    assert_eq!(world.run(&["notifications", "list", "--state", "gone"]).code, 2);
    world.refused(3, &["notifications", "show", "1"]);
    world.refused(3, &["notifications", "resend", "1", "--reason", "x"]);
}

async fn a_dead_letter_is_resent_after_its_endpoint_was_corrected(engine: Engine) {
    let world = World::new(engine).await;
    let broken = Hook::answering(500);
    world.apply(&with_webhook(&broken.url));
    let server = world.serve(&QUICK);
    server.send_plan("1", "p").await;
    let dead = || world.list(&["notifications", "list", "--state", "dead"]);
    eventually("given up", || dead().len() == 1).await;
    assert_eq!(broken.told(), 2);
    let letter = dead().remove(0);
    assert_eq!(letter["attempts"].as_array().unwrap().len(), 2);
    assert_eq!(letter["next_attempt"], Value::Null);
    let id = letter["id"].to_string();

    // Still broken: a new round of attempts, and dead again.
    world.out(&["notifications", "resend", &id, "--reason", "they say it works"]);
    eventually("given up again", || broken.told() == 4 && dead().len() == 1).await;

    let hook = Hook::answering(200);
    world.apply(&with_webhook(&hook.url));
    let directory = || server.log().matches("directory changed").count();
    eventually("the server follows", || directory() >= 1).await;
    let said = world.out(&["notifications", "resend", &id, "--reason", "address corrected"]);
    assert_eq!(said, format!("notification {id} is sent again by the running server\n"));
    let state = || world.json(&["notifications", "show", &id])["state"].clone();
    eventually("delivered", || state() == "delivered").await;
    assert_eq!((hook.told(), broken.told()), (1, 4));
    let shown = world.json(&["notifications", "show", &id]);
    let attempts = shown["attempts"].as_array().unwrap();
    assert_eq!(
        values(attempts, "trigger"),
        ["automatic", "automatic", "resend", "resend", "resend"]
    );
    assert_eq!((&attempts[4]["endpoint"], &attempts[4]["status"]), (&json!(hook.url), &json!(200)));

    let trail = world.list(&["audit", "search", "--action", "administration", "--domain", "zon"]);
    let details: Vec<_> = values(&trail, "detail")
        .into_iter()
        .filter(|detail| detail.starts_with("resend"))
        .collect();
    assert_eq!(
        details,
        [
            format!("resend notification {id}: they say it works"),
            format!("resend notification {id}: address corrected"),
        ]
    );

    // What waits for its next attempt is not sent again.
    drop(server);
    let gone = Hook::answering(500);
    world.apply(&with_webhook(&gone.url));
    let server = world.serve(&[]);
    server.send_plan("2", "p").await;
    let waiting = || world.list(&["notifications", "list", "--state", "pending"]);
    eventually("tried once", || {
        waiting().first().is_some_and(|one| one["attempts"].as_array().unwrap().len() == 1)
    })
    .await;
    let pending = waiting().remove(0);
    assert!(pending["next_attempt"].is_string());
    let refused =
        world.refused(4, &["notifications", "resend", &pending["id"].to_string(), "--reason", "x"]);
    assert!(refused.contains("is pending already"), "{refused}");
}
