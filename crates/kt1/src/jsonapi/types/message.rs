//! Message: who sent what when, in which domain, and how far it is; never what is in
//! it, nor about whom.

use std::collections::HashMap;
use std::sync::Arc;

use koppeltaal_core::directory::Domain;
use koppeltaal_core::event::Event;
use koppeltaal_store::mailbox::{self, CopyLine, MessageLine, OverviewPart, Wanted};

use super::super::ask::Ask;
use super::super::declaration::{
    Attribute, Declaration, Kind, Operations, Relationship, Rule, Who,
};
use super::super::failure::Failure;
use super::super::query::Query;
use super::super::resource::{Owner, Resource};
use super::narrow::{self, MOST_COUNTED, Span};
use super::subscription::EVENTS;

/// The type.
pub static DECLARATION: Declaration = Declaration {
    name: "Message",
    attributes: &[
        Attribute::text("Identifier", 200).read_only(),
        Attribute::new("MessageType", Kind::Word(EVENTS)).read_only(),
        Attribute::text("SenderName", 50).read_only().unfilterable(),
        Attribute::text("DomainName", 64).read_only().unfilterable(),
        Attribute::new("Status", Kind::Word(&["Open", "Processed", "Expired"]))
            .read_only()
            .unfilterable(),
        Attribute::new("IsExpired", Kind::Flag).read_only(),
        Attribute::new("Created", Kind::Time).read_only(),
        Attribute::new("ProcessedAt", Kind::Time).read_only().unfilterable(),
    ],
    relationships: &[
        Relationship::one("Domain", "Domain", Rule::ReadOnly),
        Relationship::one("Sender", "ApplicationInstance", Rule::ReadOnly),
        Relationship::many("ApplicationMessages", "ApplicationMessage", Rule::ReadOnly),
    ],
    operations: Operations::read_only(Who::Every),
};

/// A page of messages.
pub async fn page(ask: &Ask<'_>, query: &Query) -> Result<(Vec<Resource>, usize), Failure> {
    let oldest_first = narrow::oldest_first(query, "Created")?;
    let mut domains = narrow::domains(ask);
    let mut wanted = Wanted { involved: narrow::instances(ask), ..Wanted::default() };
    let mut span = Span::default();
    for filter in &query.filters {
        match narrow::name(filter) {
            "id" => wanted.ids = narrow::both(wanted.ids, narrow::numbers(filter)?),
            "Identifier" => {
                wanted.identifiers = narrow::both(wanted.identifiers, narrow::texts(filter)?);
            }
            "MessageType" => {
                let events = narrow::words(filter, Event::ALL, Event::code);
                wanted.events = narrow::both(wanted.events, events);
            }
            "IsExpired" => wanted.expired = narrow::flag(filter),
            "Created" => span.narrow(filter)?,
            "Sender" => {
                wanted.senders = narrow::both(wanted.senders, narrow::related(ask, filter).await?);
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
        let rows = mailbox::messages(tx, &wanted, part)?;
        Ok((rows, mailbox::count_messages_of(tx, &wanted, MOST_COUNTED)?))
    })
    .await?;
    Ok((with_copies(ask, rows).await?, total))
}

/// The message with this number, if the caller sees it.
pub async fn find(ask: &Ask<'_>, id: &str) -> Result<Option<Resource>, Failure> {
    let Ok(number) = id.parse::<i64>() else { return Ok(None) };
    let wanted =
        Wanted { ids: Some(vec![number]), involved: narrow::instances(ask), ..Wanted::default() };
    let part = OverviewPart { offset: 0, limit: 1, oldest_first: false };
    for domain in narrow::domains(ask) {
        let wanted = wanted.clone();
        let scope = ask.inner().store().scope(&domain);
        let found = scope.read(move |tx| mailbox::messages(tx, &wanted, part)).await?;
        let rows = found.into_iter().map(|row| (domain.clone(), row)).collect();
        if let Some(found) = with_copies(ask, rows).await?.pop() {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The copies that the caller sees: all of what it sent, else its own.
async fn with_copies(
    ask: &Ask<'_>,
    rows: Vec<(Arc<Domain>, MessageLine)>,
) -> Result<Vec<Resource>, Failure> {
    let mut copies: HashMap<i64, Vec<String>> = HashMap::new();
    let mut at: Vec<&Arc<Domain>> = rows.iter().map(|(domain, _)| domain).collect();
    at.dedup_by_key(|domain| domain.number);
    for domain in at {
        let of_domain = rows.iter().filter(|(other, _)| other.number == domain.number);
        let wanted = Wanted {
            messages: Some(of_domain.map(|(_, row)| row.id).collect()),
            involved: narrow::instances(ask),
            ..Wanted::default()
        };
        let part = OverviewPart { offset: 0, limit: MOST_COUNTED, oldest_first: true };
        let scope = ask.inner().store().scope(domain);
        let found: Vec<CopyLine> = scope.read(move |tx| mailbox::copies(tx, &wanted, part)).await?;
        for copy in found {
            copies.entry(copy.message.id).or_default().push(copy.id.to_string());
        }
    }
    Ok(rows
        .into_iter()
        .map(|(domain, row)| {
            let copies = copies.remove(&row.id).unwrap_or_default();
            resource(ask, &domain, &row).with_many("ApplicationMessages", copies)
        })
        .collect())
}

fn resource(ask: &Ask<'_>, domain: &Domain, row: &MessageLine) -> Resource {
    let status = match (row.expired, row.retrieved) {
        (Some(_), _) => "Expired",
        (None, Some(_)) => "Processed",
        (None, None) => "Open",
    };
    Resource::new(&DECLARATION, row.id, owner(ask, domain))
        .with("Identifier", row.identifier.as_str())
        .with("MessageType", row.event.code())
        .with("SenderName", narrow::name_of(ask, row.sender))
        .with("DomainName", domain.name.as_str())
        .with("Status", status)
        .with("IsExpired", row.expired.is_some())
        .with("Created", row.created.to_instant_millis())
        .with("ProcessedAt", row.retrieved.map(|at| at.to_instant_millis()))
        .to("Domain", domain.number)
        .with_any("Sender", row.sender.map(|number| number.to_string()))
}

/// The store has chosen what the caller sees.
pub fn owner(ask: &Ask<'_>, domain: &Domain) -> Owner {
    let mine = ask.administrator.is_some();
    Owner { domains: vec![domain.name.clone()], common: mine, ..Owner::default() }
}
