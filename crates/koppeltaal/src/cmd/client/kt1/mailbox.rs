//! The commands around one's own mailbox: claim, look, list, set a status.

use anyhow::Result;
use koppeltaal_client::kt1::{Connector, Filter, Header, Message, Status};
use koppeltaal_core::Error;
use koppeltaal_fhir::dstu1::reference;
use koppeltaal_fhir::json;
use serde_json::{Map, Value};

use super::{document, failure};
use crate::context::Context;
use crate::output;

/// Which messages.
#[derive(Debug, Clone, clap::Args)]
pub struct Which {
    /// Only about this patient
    #[arg(long, value_name = "URL")]
    pub patient: Option<String>,
    /// Only of this event
    #[arg(long)]
    pub event: Option<String>,
}

/// Which messages are listed.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    #[command(flatten)]
    which: Which,
    /// Only in this status
    #[arg(long)]
    status: Option<String>,
    /// At most this many
    #[arg(long, default_value_t = 100)]
    count: u32,
    /// Also those whose body was removed
    #[arg(long)]
    include_expired: bool,
}

impl Which {
    /// As a filter.
    pub fn filter(&self) -> Filter {
        Filter { patient: self.patient.clone(), event: self.event.clone(), ..Filter::default() }
    }
}

/// The status Success.
pub fn success() -> Status {
    Status::Success
}

/// The status Failed.
pub fn failed(exception: String) -> Status {
    Status::Failed(exception)
}

/// The status New.
pub fn new() -> Status {
    Status::New
}

/// `next`.
pub async fn next(context: &Context, connector: &Connector, which: &Which) -> Result<()> {
    let message = connector.claim(&which.filter()).await.map_err(failure)?;
    let message = message.ok_or_else(|| Error::NotFound("there is no new message".to_owned()))?;
    print(context, message)
}

/// `message`.
pub async fn show(context: &Context, connector: &Connector, id: &str) -> Result<()> {
    let message = connector.message(id).await.map_err(failure)?;
    let message = message
        .ok_or_else(|| Error::NotFound(format!("there is no message {id} in this mailbox")))?;
    print(context, message)
}

/// `done`, `fail` and `again`.
pub async fn set(context: &Context, connector: &Connector, id: &str, status: Status) -> Result<()> {
    let header = connector.header(id).await.map_err(failure)?;
    let header = connector.set_status(&header, &status).await.map_err(failure)?;
    output::show(context.json, &object(&header))
}

/// `messages`.
pub async fn list(context: &Context, connector: &Connector, args: &ListArgs) -> Result<()> {
    let filter = Filter {
        status: args.status.clone(),
        include_expired: args.include_expired,
        count: Some(args.count.clamp(1, 1000)),
        ..args.which.filter()
    };
    let mut browse = connector.browse(&filter);
    let mut objects = Vec::new();
    while objects.len() < args.count as usize {
        let Some(header) = browse.next().await.map_err(failure)? else {
            break;
        };
        objects.push(object(&header));
    }
    output::list(
        context.json,
        &objects,
        &["id", "status", "event", "patient", "focal", "last_changed"],
    )
}

/// A header as the commands of this program print messages.
pub fn object(header: &Header) -> Map<String, Value> {
    let focal = header.focal().map(reference::split_version);
    let text = |text: Option<&str>| text.map_or(Value::Null, Value::from);
    // A number as this server counts them, whatever another server may have.
    let id = header.id().parse::<i64>().map_or_else(|_| Value::from(header.id()), Value::from);
    let members = [
        ("id", id),
        ("message_identifier", Value::from(header.identifier())),
        ("event", Value::from(header.event())),
        ("sender", text(header.source_endpoint())),
        ("patient", text(header.patient())),
        ("focal", text(focal.as_ref().map(|(url, _)| *url))),
        ("version", text(focal.as_ref().and_then(|(_, version)| version.as_deref()))),
        ("status", Value::from(header.status())),
        ("exception", text(header.exception())),
        ("last_changed", text(header.last_changed())),
        ("expired", Value::from(header.is_expired())),
    ];
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The header as a table and the bundle below it, or one object with both.
fn print(context: &Context, message: Message) -> Result<()> {
    let mut shown = object(message.header());
    let bundle = json::render(&message.into_bundle().into_node());
    if context.json {
        shown.insert("bundle".to_owned(), document::value(&bundle)?);
        return output::json(&shown);
    }
    output::show(false, &shown)?;
    output::line(document::pretty(&bundle)?)
}
