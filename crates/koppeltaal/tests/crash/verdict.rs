//! The end of a run: what the store holds against what the clients were told.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use koppeltaal_client::kt1::Filter;
use serde_json::Value;

use crate::ledger::{Copy, Fate, Ledger, Record, Sending};
use crate::rounds::RECIPIENTS;
use crate::world::{Hook, Server, World, connector, until};

/// A lease of a delivery that was killed ends by itself after half a minute.
const DELIVERED: Duration = Duration::from_secs(60);

/// A copy as `koppeltaal messages list` shows it.
struct Row {
    id: String,
    identifier: String,
    focal: String,
    version: String,
    status: String,
    claims: usize,
}

/// Fails when anything that was answered is not so.
pub async fn judge(world: &World, ledger: &Ledger, server: &Server, hook: &Hook) {
    let mut mailboxes = HashMap::new();
    for recipient in RECIPIENTS {
        let listed = world.list(&["messages", "list", "--instance", recipient]);
        mailboxes.insert(recipient, listed.iter().map(row).collect::<Vec<_>>());
    }
    ledger.with(|record| {
        for (recipient, rows) in &mailboxes {
            messages(record, rows);
            versions(record, rows);
            superseding(recipient, rows);
            statuses(record, recipient, rows);
        }
    });
    let [one, other] = RECIPIENTS.map(|recipient| identifiers(&mailboxes[recipient]));
    assert_eq!(one, other, "every message went to both");
    for recipient in RECIPIENTS {
        let all = Filter { count: Some(500), include_expired: true, ..Filter::default() };
        let headers = connector(server, recipient).browse(&all).collect().await.unwrap();
        let served: HashSet<&str> = headers.iter().map(|header| header.identifier()).collect();
        assert_eq!(served.len(), headers.len(), "browsing shows none twice");
        assert_eq!(served, identifiers(&mailboxes[recipient]), "and none is missing");
    }
    notifications(world, hook, &other).await;
}

fn row(listed: &Value) -> Row {
    let text = |name: &str| listed[name].as_str().unwrap().to_owned();
    Row {
        id: listed["id"].as_i64().unwrap().to_string(),
        identifier: text("message_identifier"),
        focal: text("focal"),
        version: text("version"),
        status: text("status"),
        claims: usize::try_from(listed["claims"].as_u64().unwrap()).unwrap(),
    }
}

fn identifiers(rows: &[Row]) -> HashSet<&str> {
    rows.iter().map(|row| row.identifier.as_str()).collect()
}

/// Accepted is there once, refused is not there, unanswered is there or not.
fn messages(record: &Record, rows: &[Row]) {
    let mut found: HashMap<&str, &Row> = HashMap::new();
    for row in rows {
        assert!(found.insert(&row.identifier, row).is_none(), "{} is there twice", row.identifier);
        assert!(record.sendings.contains_key(&row.identifier), "{} was sent", row.identifier);
    }
    for (identifier, Sending { focal, fate, .. }) in &record.sendings {
        match (fate, found.get(identifier.as_str())) {
            (Fate::Accepted(version), Some(row)) => {
                assert_eq!((&row.version, &row.focal), (version, focal), "{identifier}");
            }
            (Fate::Unknown, _) | (Fate::Refused, None) => {}
            (fate, there) => panic!("{identifier}: {fate:?}, there: {}", there.is_some()),
        }
    }
}

/// No version is issued twice, each is later than the one it replaces, and of two
/// messages based on the same version one was refused.
fn versions(record: &Record, rows: &[Row]) {
    let mut issued = HashSet::new();
    let mut bases = HashSet::new();
    for row in rows {
        assert!(issued.insert(&row.version), "version {} was issued twice", row.version);
        let base = &record.sendings[&row.identifier].base;
        assert!(base.as_ref().is_none_or(|base| *base < row.version), "{}", row.identifier);
        assert!(
            bases.insert((&row.focal, base)),
            "two messages replaced {base:?} of {}",
            row.focal
        );
    }
}

/// Of the messages about one resource only the newest is still to be processed.
fn superseding(recipient: &str, rows: &[Row]) {
    let mut newest: HashMap<&str, &Row> = HashMap::new();
    for row in rows {
        let so_far = newest.entry(&row.focal).or_insert(row);
        if row.version > so_far.version {
            *so_far = row;
        }
    }
    for row in rows {
        let is_newest = newest[row.focal.as_str()].id == row.id;
        let replaced = row.status == "ReplacedByNewVersion";
        let fits = if is_newest { !replaced } else { replaced || row.status == "Success" };
        assert!(fits, "{recipient} {}: {}, newest: {is_newest}", row.identifier, row.status);
    }
}

/// Every status is the one that was answered, or what may follow it unheard.
fn statuses(record: &Record, recipient: &str, rows: &[Row]) {
    for row in rows {
        let known = record.copies.get(&(recipient.to_owned(), row.id.clone()));
        let fresh = Copy { status: "New".to_owned(), ..Copy::default() };
        let copy = known.unwrap_or(&fresh);
        assert!(row.claims >= copy.claims, "{}: {} claims, {copy:?}", row.id, row.claims);
        let mut may_be = vec![copy.status.as_str()];
        may_be.extend(copy.unsure.as_deref());
        if may_be.contains(&"New") {
            // A claim that was never answered, or the last one allowed.
            may_be.extend(["Claimed", "MaximumRetriesExceeded"]);
        }
        if copy.status != "Success" {
            may_be.push("ReplacedByNewVersion");
        }
        assert!(may_be.contains(&row.status.as_str()), "{}: {}, {copy:?}", row.id, row.status);
    }
}

/// Every message to the recipient with a webhook has its notification, and the
/// endpoint was told of each at least once.
async fn notifications(world: &World, hook: &Hook, messages: &HashSet<&str>) {
    let rows = world.list(&["notifications", "list", "--instance", "told"]);
    let announced: HashSet<&str> =
        rows.iter().map(|row| row["message_identifier"].as_str().unwrap()).collect();
    assert_eq!(rows.len(), announced.len(), "one notification for each message");
    assert_eq!(announced, *messages, "and none is missing");
    until("every notification is delivered", DELIVERED, async || {
        tokio::time::sleep(Duration::from_millis(200)).await;
        world.list(&["notifications", "list", "--state", "delivered"]).len() == messages.len()
    })
    .await;
    let told = hook.told();
    for identifier in messages {
        assert!(told.contains_key(*identifier), "nobody was told of {identifier}");
    }
}
