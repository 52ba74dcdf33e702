//! ApplicationMessage: one recipient's copy of a message, with its status.

use koppeltaal_core::directory::Domain;
use koppeltaal_core::event::Event;
use koppeltaal_core::status::Status;
use koppeltaal_store::mailbox::{self, CopyLine, OverviewPart, Wanted};

use super::super::ask::Ask;
use super::super::declaration::{
    Attribute, Declaration, Kind, Operations, Relationship, Rule, Who,
};
use super::super::failure::Failure;
use super::super::query::Query;
use super::super::resource::Resource;
use super::message::owner;
use super::narrow::{self, MOST_COUNTED, Span};
use super::subscription::EVENTS;

const STATUSES: &[&str] =
    &["New", "Claimed", "Success", "Failed", "ReplacedByNewVersion", "MaximumRetriesExceeded"];

/// The type.
pub static DECLARATION: Declaration = Declaration {
    name: "ApplicationMessage",
    attributes: &[
        Attribute::text("MessageIdentifier", 200).read_only(),
        Attribute::new("MessageType", Kind::Word(EVENTS)).read_only(),
        Attribute::text("SenderName", 50).read_only().unfilterable(),
        Attribute::text("ReceiverName", 50).read_only().unfilterable(),
        Attribute::text("DomainName", 64).read_only().unfilterable(),
        Attribute::new("ProcessingStatus", Kind::Word(STATUSES)).read_only(),
        Attribute::new("Claims", Kind::Number).read_only().unfilterable(),
        Attribute::new("IsExpired", Kind::Flag).read_only(),
        Attribute::new("Created", Kind::Time).read_only(),
        Attribute::new("LastChanged", Kind::Time).read_only().unfilterable(),
    ],
    relationships: &[
        Relationship::one("Message", "Message", Rule::ReadOnly),
        Relationship::one("Domain", "Domain", Rule::ReadOnly),
        Relationship::one("Sender", "ApplicationInstance", Rule::ReadOnly),
        Relationship::one("Receiver", "ApplicationInstance", Rule::ReadOnly),
    ],
    operations: Operations::read_only(Who::Every),
};

/// A page of copies.
pub async fn page(ask: &Ask<'_>, query: &Query) -> Result<(Vec<Resource>, usize), Failure> {
    let oldest_first = narrow::oldest_first(query, "Created")?;
    let mut domains = narrow::domains(ask);
    let mut wanted = Wanted { involved: narrow::instances(ask), ..Wanted::default() };
    let mut span = Span::default();
    for filter in &query.filters {
        match narrow::name(filter) {
            "id" => wanted.ids = narrow::both(wanted.ids, narrow::numbers(filter)?),
            "Message" => wanted.messages = narrow::both(wanted.messages, narrow::numbers(filter)?),
            "MessageIdentifier" => {
                wanted.identifiers = narrow::both(wanted.identifiers, narrow::texts(filter)?);
            }
            "MessageType" => {
                let events = narrow::words(filter, Event::ALL, Event::code);
                wanted.events = narrow::both(wanted.events, events);
            }
            "ProcessingStatus" => {
                let statuses = narrow::words(filter, &Status::ALL, Status::code);
                wanted.statuses = narrow::both(wanted.statuses, statuses);
            }
            "IsExpired" => wanted.expired = narrow::flag(filter),
            "Created" => span.narrow(filter)?,
            "Sender" => {
                wanted.senders = narrow::both(wanted.senders, narrow::related(ask, filter).await?);
            }
            "Receiver" => {
                let numbers = narrow::related(ask, filter).await?;
                wanted.recipients = narrow::both(wanted.recipients, numbers);
            }
            "Domain" => {
                let numbers = narrow::related(ask, filter).await?;
                domains.retain(|domain| numbers.contains(&domain.number));
            }
            _ => return Err(narrow::refused(filter)),
        }
    }
    (wanted.from, wanted.until) = (span.from, span.until);
    let (rows, total) = narrow::page(ask, &domains, query, move |tx, offset, limit| {
        let part = OverviewPart { offset, limit, oldest_first };
        let rows = mailbox::copies(tx, &wanted, part)?;
        Ok((rows, mailbox::count_copies(tx, &wanted, MOST_COUNTED)?))
    })
    .await?;
    Ok((rows.iter().map(|(domain, row)| resource(ask, domain, row)).collect(), total))
}

/// The copy with this number, if the caller sees it.
pub async fn find(ask: &Ask<'_>, id: &str) -> Result<Option<Resource>, Failure> {
    let Ok(number) = id.parse::<i64>() else { return Ok(None) };
    let wanted =
        Wanted { ids: Some(vec![number]), involved: narrow::instances(ask), ..Wanted::default() };
    let part = OverviewPart { offset: 0, limit: 1, oldest_first: false };
    for domain in narrow::domains(ask) {
        let wanted = wanted.clone();
        let scope = ask.inner().store().scope(&domain);
        let found = scope.read(move |tx| mailbox::copies(tx, &wanted, part)).await?;
        if let Some(row) = found.first() {
            return Ok(Some(resource(ask, &domain, row)));
        }
    }
    Ok(None)
}

fn resource(ask: &Ask<'_>, domain: &Domain, row: &CopyLine) -> Resource {
    let message = &row.message;
    Resource::new(&DECLARATION, row.id, owner(ask, domain))
        .with("MessageIdentifier", message.identifier.as_str())
        .with("MessageType", message.event.code())
        .with("SenderName", narrow::name_of(ask, message.sender))
        .with("ReceiverName", narrow::name_of(ask, Some(row.recipient)))
        .with("DomainName", domain.name.as_str())
        .with("ProcessingStatus", row.status.code())
        .with("Claims", row.claims)
        .with("IsExpired", message.expired.is_some())
        .with("Created", message.created.to_instant_millis())
        .with("LastChanged", row.changed.to_instant_millis())
        .to("Message", message.id)
        .to("Domain", domain.number)
        .with_any("Sender", message.sender.map(|number| number.to_string()))
        .to("Receiver", row.recipient)
}
