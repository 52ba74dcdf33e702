//! The trail as operators see it: every row, with all filters, oldest first.

use std::time::Duration;

use koppeltaal_core::audit::Action;
use koppeltaal_core::event::Event;
use koppeltaal_core::id::first_key_at;
use koppeltaal_core::{Result, Timestamp};
use serde::Serialize;

use super::event::{COLUMNS, EventRow, SHAPE, add_shapes, event_row};
use super::key::{Lookup, is_found};
use super::month;
use crate::filter::Filter as Conditions;
use crate::scope::DomainTx;
use crate::tx::{Dialect, Row, Tx};

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
    /// About this patient only (URL or reference without version).
    pub patient: Option<String>,
    /// About this resource only (URL or reference without version).
    pub focal: Option<String>,
    /// With this outcome only.
    pub outcome: Option<String>,
    /// Of this request only.
    pub request_id: Option<String>,
    /// Of the chain of requests with this id only.
    pub trace_id: Option<String>,
    /// Of what follows from this request only.
    pub correlation_id: Option<String>,
    /// Only what KT2 shows as AuditEvents.
    pub events_only: bool,
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
    /// The request that it follows from.
    pub correlation_id: Option<String>,
    /// The id of the AuditEvent that KT2 shows of it.
    pub audit_event: Option<String>,
    /// What is needed to show it as an AuditEvent.
    #[serde(skip)]
    pub shown: Option<EventRow>,
}

/// How long after its request a row is written at most: rows of reads wait while
/// the store cannot write.
const LATEST_WRITING: Duration = Duration::from_secs(86_400);

/// A page of the trail of one domain, oldest first.
pub fn search(tx: &mut DomainTx<'_>, filter: &Filter, limit: i64) -> Result<Vec<Record>> {
    let mut found = Vec::new();
    for month in month::months(tx.outside())? {
        let left = limit - i64::try_from(found.len()).unwrap_or(limit);
        if left <= 0 {
            break;
        }
        if !filter.may_be_in(month.number) {
            continue;
        }
        let mut conditions = filter.conditions(tx.dialect(), month.number);
        let most = conditions.bind(left);
        let sql = format!(
            "SELECT {COLUMNS}, domain, action, agent, event, patient, item, outcome
             FROM {} WHERE domain = $1{} ORDER BY id LIMIT {most}",
            month::table(month.number),
            conditions.sql()
        );
        for row in tx.query(&sql, conditions.args())? {
            found.push(record(row)?);
        }
    }
    // The shapes of all, at once.
    let events = found.iter_mut().filter_map(|record| record.shown.as_mut()).collect();
    add_shapes(tx, events)?;
    Ok(found)
}

/// A page of the server's own trail.
pub fn search_server(tx: &mut dyn Tx, filter: &Filter, limit: i64) -> Result<Vec<Record>> {
    search(&mut DomainTx::new(tx, super::SERVER), filter, limit)
}

impl Filter {
    /// The numbers that can be meant: those from the first on, before the second.
    fn bounds(&self) -> (i64, Option<i64>) {
        let from = self.from.map_or(0, first_key_at).max(self.after.map_or(0, |id| id + 1));
        // The number of a row is as young as its writing, which can be later than
        // the request that it records.
        (from, self.until.map(|until| first_key_at(until.plus(LATEST_WRITING))))
    }

    fn may_be_in(&self, month: i64) -> bool {
        let (from, until) = self.bounds();
        month == month::BEFORE
            || month::month_of(from) <= month
                && until.is_none_or(|until| month <= month::month_of(until))
    }

    fn conditions(&self, dialect: Dialect, month: i64) -> Conditions<'_> {
        let (from, until) = self.bounds();
        let mut conditions = Conditions::default();
        conditions.and("id >= ", from);
        if let Some(until) = until {
            conditions.and("id < ", until);
        }
        if let Some(from) = self.from {
            conditions.and("recorded >= ", from);
        }
        if let Some(until) = self.until {
            conditions.and("recorded < ", until);
        }
        if let Some(action) = self.action {
            conditions.and("action = ", action.code());
        }
        let texts = [
            ("agent = ", &self.agent),
            ("focal = ", &self.focal),
            ("outcome = ", &self.outcome),
            ("request_id = ", &self.request_id),
            ("trace_id = ", &self.trace_id),
            ("correlation_id = ", &self.correlation_id),
        ];
        for (condition, text) in texts {
            if let Some(text) = text {
                conditions.and(condition, text);
            }
        }
        if let Some(patient) = &self.patient {
            // Events of KT2 refer to whom they are about; other rows name him.
            let named = format!("patient = {}", conditions.bind(patient));
            let keys = Lookup::Entity(patient.clone()).keys(month);
            let keys = conditions.bind_list(keys).unwrap_or_default();
            conditions.and_any(&[named, is_found(dialect, month, &[keys])]);
        }
        if self.events_only {
            conditions.and_fixed("coalesce(shape, -1) >= 0");
            if let Some(keys) = self.lookup().map(|lookup| lookup.keys(month)) {
                let keys = conditions.bind_list(keys).unwrap_or_default();
                conditions.and_fixed(&is_found(dialect, month, &[keys]));
            }
        }
        conditions
    }

    /// What events are looked up by, where the filter has something of the kind. The
    /// focal resource is not: an event that refers to nothing has one, too.
    fn lookup(&self) -> Option<Lookup> {
        let trace = self.trace_id.clone().map(Lookup::Trace);
        let request = || self.request_id.clone().map(Lookup::Request);
        let correlation = || self.correlation_id.clone().map(Lookup::Correlation);
        trace.or_else(request).or_else(correlation)
    }
}

fn record(mut row: Row) -> Result<Record> {
    let shown = match row.opt_int(SHAPE)? {
        Some(_) => Some(event_row(&mut row.clone())?),
        None => None,
    };
    Ok(Record {
        id: row.int(0)?,
        recorded: Timestamp(row.int(1)?),
        focal: row.opt_text(5)?,
        version: row.opt_text(6)?,
        detail: row.opt_text(7)?,
        request_id: row.opt_text(8)?,
        trace_id: row.opt_text(9)?,
        correlation_id: row.opt_text(10)?,
        domain: row.int(12)?,
        action: row.text(13)?,
        agent: row.text(14)?,
        event: row.opt_int(15)?.and_then(Event::from_number).map(Event::code),
        patient: row.opt_text(16)?,
        item: row.opt_int(17)?,
        outcome: row.text(18)?,
        audit_event: shown.as_ref().map(EventRow::id),
        shown,
    })
}
