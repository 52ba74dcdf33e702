//! `koppeltaal messages list --sent-by INSTANCE`: the messages of a sender, each with its recipients
//! and how far they are. One line for each message, never its content.

use anyhow::Result;
use koppeltaal_core::directory::Directory;
use koppeltaal_core::sent::{RecipientStatus, SentMessage};
use koppeltaal_store::mailbox::{self, Sent, SentFilter};
use serde_json::{Map, Value, json};

use super::list::Args;
use crate::cmd::directory::{found, read};
use crate::context::Context;
use crate::output;
use koppeltaal_admin::names;

/// Runs the command for this sender.
pub async fn run(context: &Context, args: &Args, sender: &str) -> Result<()> {
    let directory = read(context).await?;
    let known = directory.instances().iter().map(|i| i.name().to_owned());
    let instance = found(directory.instance_by_username(sender), "instance", sender, known)?;
    let filter = SentFilter {
        sender: Some(instance.instance.number),
        identifier: args.identifier.clone(),
        event: args.event,
        status: args.status,
        from: args.since,
        until: args.until,
    };
    let page = Sent { newest_first: false, after: args.after, offset: 0, limit: args.limit };
    let scope = context.store().await?.scope(&instance.domain);
    let messages = scope.read(move |tx| mailbox::sent(tx, &filter, page)).await?;
    let domain = &instance.domain.name;
    let mut objects: Vec<_> =
        messages.iter().map(|message| shown(&directory, domain, message)).collect();
    if !context.json {
        for (object, message) in objects.iter_mut().zip(&messages) {
            object.insert("recipients".to_owned(), in_words(&directory, message).into());
        }
    }
    let columns = ["message", "message_identifier", "event", "created", "recipients"];
    output::list(context.json, &objects, &columns)
}

/// A message with its recipients.
fn shown(directory: &Directory, domain: &str, message: &SentMessage) -> Map<String, Value> {
    let object = json!({
        "message": message.number,
        "message_identifier": message.identifier,
        "domain": domain,
        "event": message.event,
        "sender": names::sender(directory, message.sender),
        "patient": message.patient,
        "focal": message.focal,
        "version": message.focal_version,
        "created": message.created,
        "retrieved": message.retrieved,
        "expired": message.expired,
        "recipients": recipients(directory, message),
    });
    match object {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

/// The recipients of a message, under the names of the contract.
pub fn recipients(directory: &Directory, message: &SentMessage) -> Vec<Value> {
    let one = |copy: &RecipientStatus| {
        json!({
            "id": copy.item,
            "recipient": names::instance(directory, copy.recipient),
            "status": copy.status,
            "claims": copy.claims,
            "exception": copy.exception,
            "last_changed": copy.changed,
        })
    };
    message.recipients.iter().map(one).collect()
}

fn in_words(directory: &Directory, message: &SentMessage) -> String {
    let one = |copy: &RecipientStatus| {
        format!("{} {}", names::instance(directory, copy.recipient), copy.status)
    };
    message.recipients.iter().map(one).collect::<Vec<_>>().join(", ")
}
