//! The audit trail: rows are added in the transaction of what
//! they record, searched and exported, and never changed.

use std::time::Duration;

use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::event::Event;
use koppeltaal_core::id::first_key_at;
use koppeltaal_core::{Result, Timestamp};
use serde::Serialize;

use crate::filter::Filter as Conditions;
use crate::ids::Ids;
use crate::row;
use crate::scope::DomainTx;
use crate::tx::{ColumnType, OnConflict, Row, Table, Tx};

/// The domain number under which the server's own rows stand.
pub const SERVER: i64 = 0;

const TABLE: Table = Table {
    name: "audit",
    columns: &[
        ("domain", ColumnType::Int),
        ("id", ColumnType::Int),
        ("action", ColumnType::Text),
        ("recorded", ColumnType::Int),
        ("instance", ColumnType::Int),
        ("agent", ColumnType::Text),
        ("event", ColumnType::Int),
        ("patient", ColumnType::Text),
        ("focal", ColumnType::Text),
        ("version", ColumnType::Text),
        ("item", ColumnType::Int),
        ("outcome", ColumnType::Text),
        ("detail", ColumnType::Text),
        ("request_id", ColumnType::Text),
        ("trace_id", ColumnType::Text),
    ],
    key: &["domain", "id"],
    on_conflict: OnConflict::Retry,
};

/// The AuditEvents of rows that have one.
const EVENTS: Table = Table {
    name: "audit_event",
    columns: &[
        ("domain", ColumnType::Int),
        ("id", ColumnType::Int),
        ("resource_id", ColumnType::Text),
        ("resource", ColumnType::Text),
    ],
    key: &["domain", "id"],
    on_conflict: OnConflict::Retry,
};

fn to_row(domain: i64, id: i64, entry: &Entry) -> Row {
    row![
        domain,
        id,
        entry.action.code(),
        entry.recorded,
        entry.instance,
        entry.agent.as_str(),
        entry.event.map(Event::number),
        entry.patient.as_deref(),
        entry.focal.as_deref(),
        entry.version.as_deref(),
        entry.item,
        entry.outcome.as_str(),
        entry.detail.as_deref(),
        entry.request_id.as_deref(),
        entry.trace_id.as_deref(),
    ]
}

/// Adds rows to the trail of the domain.
pub fn append(tx: &mut DomainTx<'_>, ids: &Ids, entries: &[Entry]) -> Result<()> {
    let domain = tx.domain();
    insert(tx.outside(), ids, entries.iter().map(|entry| (domain, entry)))
}

/// Adds rows of several domains ([`SERVER`] for those of none): what operators
/// do, and what was refused.
pub fn append_across(tx: &mut dyn Tx, ids: &Ids, entries: &[(i64, Entry)]) -> Result<()> {
    insert(tx, ids, entries.iter().map(|(domain, entry)| (*domain, entry)))
}

fn insert<'a>(
    tx: &mut dyn Tx,
    ids: &Ids,
    entries: impl Iterator<Item = (i64, &'a Entry)>,
) -> Result<()> {
    let (mut rows, mut events) = (Vec::new(), Vec::new());
    for (domain, entry) in entries {
        let id = ids.key(entry.recorded);
        rows.push(to_row(domain, id, entry));
        if let Some(event) = &entry.resource {
            events.push(row![domain, id, event.id.as_str(), event.json.as_str()]);
        }
    }
    tx.insert_many(&TABLE, &rows)?;
    tx.insert_many(&EVENTS, &events)
}

/// What a search of the trail asks for.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Rows recorded at this moment or later.
    pub from: Option<Timestamp>,
    /// Rows recorded before this moment.
    pub until: Option<Timestamp>,
    /// This action only.
    pub action: Option<Action>,
    /// This agent only.
    pub agent: Option<String>,
    /// About this patient only (URL without version).
    pub patient: Option<String>,
    /// Of this request only.
    pub request_id: Option<String>,
    /// Of the chain of requests with this id only.
    pub trace_id: Option<String>,
    /// Rows after this id (keyset paging).
    pub after: Option<i64>,
}

/// A row of the trail as it is shown and exported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Record {
    /// Its number in the trail of its domain; rises with time.
    pub id: i64,
    /// When the request began.
    pub recorded: Timestamp,
    /// The domain's number in the store.
    #[serde(skip)]
    pub domain: i64,
    /// What happened.
    pub action: String,
    /// Who acted.
    pub agent: String,
    /// The message event.
    pub event: Option<&'static str>,
    /// About whom.
    pub patient: Option<String>,
    /// About which resource.
    pub focal: Option<String>,
    /// In which version.
    pub version: Option<String>,
    /// Which mailbox item or message.
    pub item: Option<i64>,
    /// With which outcome.
    pub outcome: String,
    /// A word more.
    pub detail: Option<String>,
    /// In which request.
    pub request_id: Option<String>,
    /// In which chain of requests.
    pub trace_id: Option<String>,
    /// The AuditEvent that KT2 shows of it.
    pub resource: Option<serde_json::Value>,
}

/// How long after its request a row is written at most: rows of reads wait while
/// the store cannot write.
const LATEST_WRITING: Duration = Duration::from_secs(86_400);

/// A page of the trail of one domain, oldest first.
pub fn search(tx: &mut DomainTx<'_>, filter: &Filter, limit: i64) -> Result<Vec<Record>> {
    let from = filter.from.map_or(0, first_key_at).max(filter.after.map_or(0, |id| id + 1));
    let mut conditions = Conditions::default();
    conditions.and("a.id >= ", from);
    // The key of a row is as young as its writing, which can be later than the
    // request that it records.
    if let Some(from) = filter.from {
        conditions.and("recorded >= ", from);
    }
    if let Some(until) = filter.until {
        conditions.and("a.id < ", first_key_at(until.plus(LATEST_WRITING)));
        conditions.and("recorded < ", until);
    }
    if let Some(action) = filter.action {
        conditions.and("action = ", action.code());
    }
    if let Some(agent) = &filter.agent {
        conditions.and("agent = ", agent);
    }
    if let Some(patient) = &filter.patient {
        conditions.and("patient = ", patient);
    }
    if let Some(request_id) = &filter.request_id {
        conditions.and("request_id = ", request_id);
    }
    if let Some(trace_id) = &filter.trace_id {
        conditions.and("trace_id = ", trace_id);
    }
    let limit = conditions.bind(limit);
    let sql = format!(
        "SELECT a.id, recorded, a.domain, action, agent, event, patient, focal, version, item,
                outcome, detail, request_id, trace_id, resource
         FROM audit a LEFT JOIN audit_event e ON e.domain = a.domain AND e.id = a.id
         WHERE a.domain = $1{} ORDER BY a.id LIMIT {limit}",
        conditions.sql()
    );
    let rows = tx.query(&sql, conditions.args())?;
    rows.into_iter()
        .map(|mut row| {
            Ok(Record {
                id: row.int(0)?,
                recorded: Timestamp(row.int(1)?),
                domain: row.int(2)?,
                action: row.text(3)?,
                agent: row.text(4)?,
                event: row.opt_int(5)?.and_then(Event::from_number).map(Event::code),
                patient: row.opt_text(6)?,
                focal: row.opt_text(7)?,
                version: row.opt_text(8)?,
                item: row.opt_int(9)?,
                outcome: row.text(10)?,
                detail: row.opt_text(11)?,
                request_id: row.opt_text(12)?,
                trace_id: row.opt_text(13)?,
                resource: row.opt_text(14)?.map(shown),
            })
        })
        .collect()
}

/// A page of the server's own trail.
pub fn search_server(tx: &mut dyn Tx, filter: &Filter, limit: i64) -> Result<Vec<Record>> {
    search(&mut DomainTx::new(tx, SERVER), filter, limit)
}

/// An export loses nothing, not even what cannot be read.
fn shown(resource: String) -> serde_json::Value {
    serde_json::from_str(&resource).unwrap_or(serde_json::Value::String(resource))
}
