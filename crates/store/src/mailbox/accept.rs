//! Accepting a message: the versions of its resources are checked all together
//! before anything is stored (spec: "Sending: POST Mailbox", steps 10 and 12).

use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::event::Event;
use koppeltaal_core::version::Stamp;
use koppeltaal_core::versioning::{self, Decision, Known, Rules, Sent};
use koppeltaal_core::{Result, Timestamp};

use super::route::{Copied, Delivery, Recipient, Routed, Template, route};
use crate::ids::Ids;
use crate::scope::DomainTx;
use crate::tx::{Arg, ColumnType, Dialect, OnConflict, Row, Table};
use crate::{args, audit, row};

/// A resource of a message that takes part in versioning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Its URL without version.
    pub url: String,
    /// Its type (for `Other`: the code of its use).
    pub kind: String,
    /// The version its sender named.
    pub version: Option<String>,
    /// The digest of its content.
    pub digest: [u8; 32],
    /// The patient it is about, if it is about one.
    pub patient: Option<String>,
}

/// A message as the protocol face prepared it.
#[derive(Debug)]
pub struct Incoming {
    /// MessageHeader.identifier.
    pub identifier: String,
    /// The event.
    pub event: Event,
    /// The number of the sending instance.
    pub sender: i64,
    /// The patient's URL without version.
    pub patient: Option<String>,
    /// What the sender and the domain are held to.
    pub rules: Rules,
    /// The versioned resources in bundle order, each URL once.
    pub resources: Vec<Resource>,
    /// Which of them is the focal one.
    pub focal: usize,
    /// The MessageHeader, with U+0001 where the status goes.
    pub header: Template,
    /// The feed's own members.
    pub feed: String,
    /// The entries after the header.
    pub entries: Template,
    /// Who receives it.
    pub recipients: Vec<Recipient>,
    /// Check everything, store nothing (the ValidateOnly tag).
    pub validate_only: bool,
    /// The row that records it.
    pub audit: Entry,
}

/// A resource whose version refused the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// Which resource.
    pub resource: usize,
    /// Why.
    pub decision: Decision,
    /// Its current version, if the domain knows it.
    pub current: Option<String>,
}

/// A resource of an accepted message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned {
    /// Its version now.
    pub version: String,
    /// How it came to that.
    pub decision: Decision,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// It was stored and routed.
    Stored {
        /// The number of the message.
        message: i64,
        /// The resources, in the order of [`Incoming::resources`].
        versions: Vec<Versioned>,
        /// The copies that its recipients got.
        copies: Vec<Copied>,
    },
    /// It would have been stored; only the audit row was.
    Valid,
    /// Refused; nothing was stored but the audit row.
    Refused(Vec<Conflict>),
}

const RESOURCE: Table = Table {
    name: "kt1_resource",
    columns: &[
        ("domain", ColumnType::Int),
        ("url", ColumnType::Text),
        ("type", ColumnType::Text),
        ("version", ColumnType::Text),
        ("digest", ColumnType::Bytes),
        ("patient", ColumnType::Text),
        ("created", ColumnType::Int),
        ("changed", ColumnType::Int),
        ("changed_by", ColumnType::Int),
    ],
    key: &["domain", "url"],
    // A concurrent message created the resource: look again.
    on_conflict: OnConflict::Retry,
};

struct Current {
    version: String,
    digest: Vec<u8>,
}

/// Checks the versions and, if none refuses, stores and routes the message.
pub fn accept(
    tx: &mut DomainTx<'_>,
    ids: &Ids,
    now: Timestamp,
    incoming: &Incoming,
) -> Result<Accepted> {
    let known = current_versions(tx, &incoming.resources)?;
    let decisions: Vec<Decision> = incoming
        .resources
        .iter()
        .zip(&known)
        .enumerate()
        .map(|(index, (resource, known))| {
            let sent = Sent {
                focal: index == incoming.focal,
                identified: true,
                version: resource.version.as_deref(),
                digest: &resource.digest,
            };
            let known = known.as_ref().map(|k| Known { version: &k.version, digest: &k.digest });
            versioning::decide(incoming.rules, sent, known)
        })
        .collect();
    let conflicts = conflicts(&decisions, &known);
    if !conflicts.is_empty() {
        let entry = Entry {
            action: Action::Reject,
            outcome: "409".to_owned(),
            detail: Some("version".to_owned()),
            ..incoming.audit.clone()
        };
        audit::append(tx, ids, &[entry])?;
        return Ok(Accepted::Refused(conflicts));
    }
    if incoming.validate_only {
        let detail = Some("checked only".to_owned());
        audit::append(tx, ids, &[Entry { detail, ..incoming.audit.clone() }])?;
        return Ok(Accepted::Valid);
    }
    let floor = known.iter().flatten().filter_map(|k| Stamp::parse(&k.version)).max();
    let stamp = ids.stamp(now, floor);
    let version = stamp.to_string();
    let versions: Vec<Versioned> = decisions
        .iter()
        .zip(&known)
        .map(|(decision, known)| {
            let kept = known.as_ref().filter(|_| !decision.stamps());
            let version = kept.map_or(&version, |known| &known.version).clone();
            Versioned { version, decision: *decision }
        })
        .collect();
    store_versions(tx, now, incoming, &decisions, &version)?;
    let texts: Vec<&str> = versions.iter().map(|v| v.version.as_str()).collect();
    let focal = &incoming.resources[incoming.focal];
    let mut audit = incoming.audit.clone();
    audit.version = Some(version.clone());
    let Routed { message, copies } = route(
        tx,
        ids,
        now,
        Delivery {
            identifier: &incoming.identifier,
            event: incoming.event,
            sender: Some(incoming.sender),
            patient: incoming.patient.as_deref(),
            subject: focal.patient.as_deref(),
            focal: &focal.url,
            focal_version: &version,
            may_supersede: known[incoming.focal].is_some(),
            header: incoming.header.fill(&texts),
            feed: &incoming.feed,
            entries: incoming.entries.fill(&texts),
            recipients: &incoming.recipients,
            stamp,
            audit: &audit,
        },
    )?;
    Ok(Accepted::Stored { message, versions, copies })
}

fn conflicts(decisions: &[Decision], known: &[Option<Current>]) -> Vec<Conflict> {
    decisions
        .iter()
        .zip(known)
        .enumerate()
        .filter(|(_, (decision, _))| decision.refuses())
        .map(|(resource, (decision, known))| Conflict {
            resource,
            decision: *decision,
            current: known.as_ref().map(|k| k.version.clone()),
        })
        .collect()
}

/// Reads (and on PostgreSQL locks, in the order of their URLs) the versions
/// that the message meets.
fn current_versions(tx: &mut DomainTx<'_>, resources: &[Resource]) -> Result<Vec<Option<Current>>> {
    let mut known: Vec<Option<Current>> = resources.iter().map(|_| None).collect();
    match tx.dialect() {
        Dialect::Sqlite => {
            for (index, resource) in resources.iter().enumerate() {
                let row = tx.query_one(
                    "SELECT version, digest FROM kt1_resource WHERE domain = $1 AND url = $2",
                    args![resource.url.as_str()],
                )?;
                if let Some(mut row) = row {
                    known[index] = Some(Current { version: row.text(0)?, digest: row.bytes(1)? });
                }
            }
        }
        Dialect::Postgres => {
            // In the order of their URLs over all chunks, so that two messages
            // never wait for each other crosswise.
            let mut in_order: Vec<usize> = (0..resources.len()).collect();
            in_order.sort_by(|a, b| resources[*a].url.cmp(&resources[*b].url));
            for chunk in in_order.chunks(LOCKED_AT_ONCE) {
                let mut urls = vec![Arg::Null; LOCKED_AT_ONCE];
                for (slot, index) in urls.iter_mut().zip(chunk) {
                    *slot = Arg::Text(&resources[*index].url);
                }
                for mut row in tx.query(&LOCK_VERSIONS, &urls)? {
                    let url = row.text(0)?;
                    let current = Current { version: row.text(1)?, digest: row.bytes(2)? };
                    if let Some(index) = resources.iter().position(|r| r.url == url) {
                        known[index] = Some(current);
                    }
                }
            }
        }
    }
    Ok(known)
}

/// How many resources one statement locks on PostgreSQL: bundles are mostly
/// smaller, and one statement text is prepared once.
const LOCKED_AT_ONCE: usize = 16;

/// Each URL is looked up by the whole key and locked in the order given. A plain
/// `IN` ordered by URL would read every resource of the domain in that order.
static LOCK_VERSIONS: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
    let slots: Vec<String> =
        (0..LOCKED_AT_ONCE).map(|n| format!("(CAST(${} AS TEXT))", n + 2)).collect();
    format!(
        "SELECT r.url, r.version, r.digest FROM (VALUES {}) AS wanted (url)
         CROSS JOIN LATERAL
           (SELECT url, version, digest FROM kt1_resource
            WHERE domain = $1 AND url = wanted.url FOR UPDATE) AS r",
        slots.join(", ")
    )
});

fn store_versions(
    tx: &mut DomainTx<'_>,
    now: Timestamp,
    incoming: &Incoming,
    decisions: &[Decision],
    version: &str,
) -> Result<()> {
    let domain = tx.domain();
    let mut created: Vec<Row> = Vec::new();
    for (resource, decision) in incoming.resources.iter().zip(decisions) {
        match decision {
            Decision::Create | Decision::Adopt => created.push(row![
                domain,
                resource.url.as_str(),
                resource.kind.as_str(),
                version,
                resource.digest.to_vec(),
                resource.patient.as_deref(),
                now,
                now,
                incoming.sender
            ]),
            Decision::Update => tx.later(
                "UPDATE kt1_resource
                 SET version = $3, digest = $4, patient = $5, changed = $6, changed_by = $7
                 WHERE domain = $1 AND url = $2",
                args![
                    resource.url.as_str(),
                    version,
                    resource.digest.as_slice(),
                    resource.patient.as_deref(),
                    now,
                    incoming.sender
                ],
            )?,
            _ => {}
        }
    }
    // In the order of their URLs, so that two new bundles never wait for each
    // other crosswise.
    created.sort_by(|a, b| match (&a.0[1], &b.0[1]) {
        (crate::Value::Text(a), crate::Value::Text(b)) => a.cmp(b),
        _ => std::cmp::Ordering::Equal,
    });
    tx.insert_many(&RESOURCE, &created)
}
