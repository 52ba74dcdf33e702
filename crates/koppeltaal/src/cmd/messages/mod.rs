//! `koppeltaal messages list|show|requeue|fail`: what is in the mailboxes, and
//! an operator's intervention. Bodies are never shown.

mod intervene;
mod list;
mod sent;

use anyhow::Result;
use clap::Subcommand;
use koppeltaal_admin::operate::message;
use koppeltaal_core::status::Status;
use koppeltaal_store::mailbox;

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
            let desk = context.desk("messages show").await?;
            let directory = desk.directory().await?;
            let (domain, listing) = message::find(&desk, &directory, id).await?;
            let mut object = message::shown(&directory, &domain, &listing);
            let scope = context.store().await?.scope(&domain);
            let message = scope.read(move |tx| mailbox::sent_with_copy(tx, id)).await?;
            let recipients = message.map(|message| sent::recipients(&directory, &message));
            object.insert("recipients".to_owned(), recipients.unwrap_or_default().into());
            output::show(context.json, &object)
        }
        Action::Requeue(args) => intervene::run(context, args.id, Status::New, &args.reason).await,
        Action::Fail(args) => intervene::run(context, args.id, Status::Failed, &args.reason).await,
    }
}
