//! `koppeltaal messages list|show|requeue|fail`: what is in the mailboxes, and
//! an operator's intervention. Bodies are never shown.

mod intervene;
mod list;
mod sent;

use std::sync::Arc;

use anyhow::Result;
use clap::Subcommand;
use koppeltaal_core::Error;
use koppeltaal_core::directory::{Directory, Domain};
use koppeltaal_core::status::Status;
use koppeltaal_store::mailbox::{self, Listing};
use serde_json::{Map, Value, json};

use super::names;
use crate::context::Context;
use crate::output;

/// Messages in the mailboxes of the instances.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Copies of messages, oldest first; or what an instance sent, with its recipients
    List(list::Args),
    /// One copy, and how far the other recipients of its message are
    Show {
        /// The integer of the copy
        id: i64,
    },
    /// Put a copy back to New
    Requeue(Intervention),
    /// Set a copy to Failed
    Fail(Intervention),
}

/// An operator's change of a copy.
#[derive(Debug, clap::Args)]
struct Intervention {
    /// The integer of the copy
    id: i64,
    /// Why; it stands in the audit trail
    #[arg(long)]
    reason: String,
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<()> {
    match args.action {
        Action::List(args) => list::run(context, args).await,
        Action::Show { id } => {
            let directory = super::directory::read(context).await?;
            let (domain, listing) = find(context, &directory, id).await?;
            let mut object = shown(&directory, &domain, &listing);
            let scope = context.store().await?.scope(&domain);
            let message = scope.read(move |tx| mailbox::sent_with_copy(tx, id)).await?;
            let recipients = message.map(|message| sent::recipients(&directory, &message));
            object.insert("recipients".to_owned(), recipients.unwrap_or_default().into());
            output::show(context.json, &object)
        }
        Action::Requeue(args) => {
            intervene::run(context, args.id, Status::New, "requeue", &args.reason).await
        }
        Action::Fail(args) => {
            intervene::run(context, args.id, Status::Failed, "fail", &args.reason).await
        }
    }
}

/// The copy with this number, whatever domain it is in.
async fn find(context: &Context, directory: &Directory, id: i64) -> Result<(Arc<Domain>, Listing)> {
    let store = context.store().await?;
    for domain in directory.domains() {
        if let Some(found) = store.scope(domain).read(move |tx| mailbox::find(tx, id)).await? {
            return Ok((domain.clone(), found));
        }
    }
    Err(Error::NotFound(format!(
        "message {id} does not exist; `koppeltaal messages list` shows those that do"
    ))
    .into())
}

/// A copy under the names of the contract.
fn shown(directory: &Directory, domain: &Domain, listing: &Listing) -> Map<String, Value> {
    let item = &listing.item;
    let object = json!({
        "id": item.id,
        "message_identifier": item.identifier,
        "domain": domain.name,
        "event": item.event,
        "sender": names::sender(directory, listing.sender),
        "recipient": names::instance(directory, item.recipient),
        "patient": item.patient,
        "focal": item.focal,
        "version": item.focal_version,
        "status": item.status,
        "claims": item.claims,
        "exception": item.exception,
        "created": item.created,
        "last_changed": item.changed,
        "expired": item.expired,
    });
    match object {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
