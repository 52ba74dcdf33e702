//! `koppeltaal messages list`.

use anyhow::Result;
use koppeltaal_admin::operate::message;
use koppeltaal_core::Timestamp;
use koppeltaal_core::event::Event;
use koppeltaal_core::status::Status;

use super::sent;
use crate::cmd::directory::{check_domain, found, read};
use crate::context::Context;
use crate::output;

/// Which copies.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// In this domain only
    #[arg(long)]
    domain: Option<String>,
    /// Of this instance only (user name)
    #[arg(long)]
    instance: Option<String>,
    /// The messages that this instance sent (user name), each with its recipients
    #[arg(long, value_name = "INSTANCE", conflicts_with_all = ["domain", "instance", "patient"])]
    sent_by: Option<String>,
    /// With this MessageHeader.identifier only
    #[arg(long, requires = "sent_by")]
    pub(super) identifier: Option<String>,
    /// In this status only; of what was sent: that some recipient has in it
    #[arg(long)]
    pub(super) status: Option<Status>,
    /// Of this event only
    #[arg(long)]
    pub(super) event: Option<Event>,
    /// About this patient only (URL without version)
    #[arg(long)]
    patient: Option<String>,
    /// Accepted at this time or later (RFC 3339)
    #[arg(long)]
    pub(super) since: Option<Timestamp>,
    /// Accepted before this time (RFC 3339)
    #[arg(long, requires = "sent_by")]
    pub(super) until: Option<Timestamp>,
    /// After this copy; of what was sent: after this message
    #[arg(long, value_name = "ID")]
    pub(super) after: Option<i64>,
    /// How many at most
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=1_000_000))]
    pub(super) limit: i64,
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<()> {
    if let Some(sender) = &args.sent_by {
        return sent::run(context, &args, sender).await;
    }
    let directory = read(context).await?;
    check_domain(&directory, args.domain.as_deref())?;
    let recipient = match &args.instance {
        None => None,
        Some(name) => {
            let instance = directory.instance_by_username(name);
            let names = directory.instances().iter().map(|i| i.name().to_owned());
            Some(found(instance, "instance", name, names)?.instance.number)
        }
    };
    let wanted = message::Wanted {
        domain: args.domain,
        recipient,
        status: args.status,
        event: args.event,
        patient: args.patient,
        since: args.since,
        after: args.after,
        limit: usize::try_from(args.limit)?,
    };
    let desk = context.desk("messages list").await?;
    let objects = message::list(&desk, &directory, &wanted).await?.objects;
    let columns = [
        "id",
        "domain",
        "event",
        "sender",
        "recipient",
        "status",
        "claims",
        "created",
        "exception",
    ];
    output::list(context.json, &objects, &columns)
}
