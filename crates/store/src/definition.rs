//! ActivityDefinitions of KT1 (spec 6). They describe interventions, not
//! people, and one that is not domain-specific is offered in every domain its
//! application is in: so they are read across domains, and are no care data.

use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::event::Event;
use koppeltaal_core::version::Stamp;
use koppeltaal_core::{Error, Result, Timestamp};

use crate::filter::Filter;
use crate::ids::Ids;
use crate::mailbox::{self, Delivery, Recipient};
use crate::scope::DomainTx;
use crate::tx::{Arg, ColumnType, OnConflict, Row, Table, Tx};
use crate::{args, row};

/// A stored ActivityDefinition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// The domain it was published in.
    pub domain: i64,
    /// Its number, unique in the server.
    pub number: i64,
    /// The number of the application that owns it.
    pub application: i64,
    /// Its identifier, which care plans refer to.
    pub identifier: String,
    /// Its version.
    pub version: String,
    /// Whether other domains are not offered it.
    pub domain_specific: bool,
    /// Whether default searches leave it out.
    pub archived: bool,
    /// When it changed last.
    pub changed: Timestamp,
    /// The `Other` resource as JSON.
    pub resource: String,
}

const COLUMNS: &str = "domain, number, application, identifier, version, domain_specific,
    archived, changed, resource";

fn from_row(mut row: Row) -> Result<Definition> {
    Ok(Definition {
        domain: row.int(0)?,
        number: row.int(1)?,
        application: row.int(2)?,
        identifier: row.text(3)?,
        version: row.text(4)?,
        domain_specific: row.int(5)? != 0,
        archived: row.int(6)? != 0,
        changed: Timestamp(row.int(7)?),
        resource: row.text(8)?,
    })
}

/// Where a search looks from: a domain, and the applications that are in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visibility {
    /// The domain's number.
    pub domain: i64,
    /// The numbers of the applications with an instance in it.
    pub applications: Vec<i64>,
}

impl Visibility {
    fn condition(&self) -> String {
        // Numbers of our own: no text of a caller ever stands here.
        let list: Vec<String> = self.applications.iter().map(i64::to_string).collect();
        let offered = if list.is_empty() {
            "1 = 0".to_owned()
        } else {
            format!("(domain_specific = 0 AND application IN ({}))", list.join(", "))
        };
        format!("(domain = $1 OR {offered})")
    }
}

/// The definitions that a domain is offered, by number.
pub fn list(
    tx: &mut dyn Tx,
    from: &Visibility,
    archived: bool,
    offset: i64,
    limit: i64,
) -> Result<Vec<Definition>> {
    let mut filter = Filter::default();
    if !archived {
        filter.and_fixed("archived = 0");
    }
    let (limit, offset) = (filter.bind(limit), filter.bind(offset));
    let sql = format!(
        "SELECT {COLUMNS} FROM kt1_definition WHERE {}{} ORDER BY number
         LIMIT {limit} OFFSET {offset}",
        from.condition(),
        filter.sql()
    );
    let mut arguments = vec![Arg::Int(from.domain)];
    arguments.extend_from_slice(filter.args());
    tx.query(&sql, &arguments)?.into_iter().map(from_row).collect()
}

/// Every definition, by number: for administrators, who see those of their
/// applications and domains.
pub fn all(tx: &mut dyn Tx) -> Result<Vec<Definition>> {
    let sql = format!("SELECT {COLUMNS} FROM kt1_definition ORDER BY number");
    tx.query(&sql, args![])?.into_iter().map(from_row).collect()
}

/// The definition with this number, wherever it was published.
pub fn by_number(tx: &mut dyn Tx, number: i64) -> Result<Option<Definition>> {
    let sql = format!("SELECT {COLUMNS} FROM kt1_definition WHERE number = $1");
    tx.query_one(&sql, args![number])?.map(from_row).transpose()
}

/// How many definitions a domain is offered.
pub fn count(tx: &mut dyn Tx, from: &Visibility, archived: bool) -> Result<i64> {
    let archived = if archived { "" } else { " AND archived = 0" };
    let sql = format!("SELECT COUNT(*) FROM kt1_definition WHERE {}{archived}", from.condition());
    tx.query_one(&sql, args![from.domain])?.unwrap_or_default().int(0)
}

/// The definition with this number, if the domain is offered it.
pub fn find(tx: &mut dyn Tx, from: &Visibility, number: i64) -> Result<Option<Definition>> {
    let sql =
        format!("SELECT {COLUMNS} FROM kt1_definition WHERE {} AND number = $2", from.condition());
    tx.query_one(&sql, args![from.domain, number])?.map(from_row).transpose()
}

/// A definition to publish.
pub struct Publication<'a> {
    /// The number of the publishing application.
    pub application: i64,
    /// Its identifier.
    pub identifier: &'a str,
    /// Whether other domains are not offered it.
    pub domain_specific: bool,
    /// Whether default searches leave it out.
    pub archived: bool,
    /// The `Other` resource as JSON, for the number it gets.
    pub render: &'a dyn Fn(i64) -> String,
}

/// Why a definition was not stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The domain has another definition with this identifier.
    Duplicate,
    /// There is no such definition.
    Unknown,
    /// It is another application's.
    NotOwner,
    /// The version named is not the current one, which is this.
    VersionConflict(String),
}

const TABLE: Table = Table {
    name: "kt1_definition",
    columns: &[
        ("domain", ColumnType::Int),
        ("number", ColumnType::Int),
        ("application", ColumnType::Int),
        ("identifier", ColumnType::Text),
        ("version", ColumnType::Text),
        ("domain_specific", ColumnType::Int),
        ("archived", ColumnType::Int),
        ("created", ColumnType::Int),
        ("changed", ColumnType::Int),
        ("resource", ColumnType::Text),
    ],
    key: &["domain", "number"],
    // A concurrent publication took the identifier: look again.
    on_conflict: OnConflict::Retry,
};

/// Stores a new definition.
pub fn create(
    tx: &mut dyn Tx,
    ids: &Ids,
    now: Timestamp,
    from: &Visibility,
    publication: &Publication<'_>,
) -> Result<Result<(Definition, Stamp), Refusal>> {
    if has_identifier(tx, from, publication.identifier, 0)? {
        return Ok(Err(Refusal::Duplicate));
    }
    let number = tx
        .query_one(
            "INSERT INTO counter (name, value) VALUES ('definition', 1)
             ON CONFLICT (name) DO UPDATE SET value = counter.value + 1 RETURNING value",
            args![],
        )?
        .unwrap_or_default()
        .int(0)?;
    let stamp = ids.stamp(now, None);
    let definition = Definition {
        domain: from.domain,
        number,
        application: publication.application,
        identifier: publication.identifier.to_owned(),
        version: stamp.to_string(),
        domain_specific: publication.domain_specific,
        archived: publication.archived,
        changed: now,
        resource: (publication.render)(number),
    };
    tx.insert_many(
        &TABLE,
        &[row![
            definition.domain,
            number,
            definition.application,
            definition.identifier.as_str(),
            definition.version.as_str(),
            definition.domain_specific,
            definition.archived,
            now,
            now,
            definition.resource.as_str()
        ]],
    )?;
    Ok(Ok((definition, stamp)))
}

/// Replaces a definition. `version` is the one its sender knows, if it says so.
pub fn update(
    tx: &mut dyn Tx,
    ids: &Ids,
    now: Timestamp,
    from: &Visibility,
    number: i64,
    version: Option<&str>,
    publication: &Publication<'_>,
) -> Result<Result<(Definition, Stamp), Refusal>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM kt1_definition WHERE {} AND number = $2{}",
        from.condition(),
        tx.dialect().for_update()
    );
    let known = tx.query_one(&sql, args![from.domain, number])?.map(from_row).transpose()?;
    let Some(known) = known else { return Ok(Err(Refusal::Unknown)) };
    if known.application != publication.application {
        return Ok(Err(Refusal::NotOwner));
    }
    if version.is_some_and(|version| version != known.version) {
        return Ok(Err(Refusal::VersionConflict(known.version)));
    }
    if has_identifier(tx, from, publication.identifier, number)? {
        return Ok(Err(Refusal::Duplicate));
    }
    let stamp = ids.stamp(now, Stamp::parse(&known.version));
    let definition = Definition {
        identifier: publication.identifier.to_owned(),
        version: stamp.to_string(),
        domain_specific: publication.domain_specific,
        archived: publication.archived,
        changed: now,
        resource: (publication.render)(number),
        ..known
    };
    let updated = tx.execute(
        "UPDATE kt1_definition
         SET identifier = $3, version = $4, domain_specific = $5, archived = $6, changed = $7,
             resource = $8
         WHERE domain = $1 AND number = $2",
        args![
            definition.domain,
            number,
            definition.identifier.as_str(),
            definition.version.as_str(),
            definition.domain_specific,
            definition.archived,
            now,
            definition.resource.as_str()
        ],
    );
    match updated {
        // A concurrent publication took the identifier: look again.
        Err(Error::Conflict(taken)) => Err(Error::Retry(taken)),
        Err(error) => Err(error),
        Ok(_) => Ok(Ok((definition, stamp))),
    }
}

/// Identifiers are unique in the domain that a definition is published in.
fn has_identifier(
    tx: &mut dyn Tx,
    from: &Visibility,
    identifier: &str,
    except: i64,
) -> Result<bool> {
    let row = tx.query_one(
        "SELECT 1 FROM kt1_definition WHERE domain = $1 AND identifier = $2 AND number <> $3",
        args![from.domain, identifier, except],
    )?;
    Ok(row.is_some())
}

/// The message that tells one domain of a published definition.
#[derive(Debug, Clone)]
pub struct Announcement {
    /// The domain's number.
    pub domain: i64,
    /// The feed's own members.
    pub feed: String,
    /// Who is told.
    pub recipients: Vec<Recipient>,
}

/// The parts of that message that the definition decides.
#[derive(Debug, Clone)]
pub struct Composed {
    /// MessageHeader.identifier.
    pub identifier: String,
    /// The URL of the definition without version.
    pub focal: String,
    /// The MessageHeader, with U+0001 where the status goes.
    pub header: String,
    /// The entry of the definition.
    pub entries: String,
}

/// Tells subscribers, each in its own domain, of a published definition; answers
/// with their copies.
pub fn announce(
    tx: &mut dyn Tx,
    ids: &Ids,
    now: Timestamp,
    definition: &Definition,
    stamp: Stamp,
    announcements: &[Announcement],
    composed: &Composed,
) -> Result<Vec<mailbox::Copied>> {
    let mut copies = Vec::new();
    for announcement in announcements {
        let audit = Entry {
            event: Some(Event::CreateOrUpdateActivityDefinition),
            focal: Some(composed.focal.clone()),
            version: Some(definition.version.clone()),
            ..Entry::new(Action::Accept, now, "server")
        };
        let mut tx = DomainTx::new(tx, announcement.domain);
        let routed = mailbox::route(
            &mut tx,
            ids,
            now,
            Delivery {
                identifier: &composed.identifier,
                event: Event::CreateOrUpdateActivityDefinition,
                sender: None,
                patient: None,
                subject: None,
                focal: &composed.focal,
                focal_version: &definition.version,
                may_supersede: true,
                header: composed.header.clone(),
                feed: &announcement.feed,
                entries: composed.entries.clone(),
                recipients: &announcement.recipients,
                stamp,
                audit: &audit,
            },
        )?;
        copies.extend(routed.copies);
    }
    Ok(copies)
}
