//! Notifications as an operator sees them, with every attempt.

use std::collections::HashMap;

use koppeltaal_core::notification::State;
use koppeltaal_core::{Result, Timestamp};
use serde::{Deserialize, Serialize};

use crate::args;
use crate::filter::Filter as Conditions;
use crate::scope::DomainTx;
use crate::tx::{Dialect, Row};

/// The face a notification belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Generation {
    /// A webhook of Koppeltaal 1.3.
    Kt1,
    /// A rest-hook of Koppeltaal 2.0.
    Kt2,
}

impl Generation {
    /// The number under which the store keeps it.
    pub fn number(self) -> i64 {
        match self {
            Self::Kt1 => 1,
            Self::Kt2 => 2,
        }
    }

    /// The face with this number of the store.
    pub fn from_number(number: i64) -> Self {
        match number {
            2 => Self::Kt2,
            _ => Self::Kt1,
        }
    }
}

/// Who caused an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trigger {
    /// The message itself, or the retry schedule.
    Automatic,
    /// An operator.
    Resend,
}

impl Trigger {
    pub(super) fn of_round(rounds: i64) -> Self {
        if rounds == 0 { Self::Automatic } else { Self::Resend }
    }
}

/// One attempt at a notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// Counted from 1 through all rounds.
    pub number: i64,
    /// When it began.
    pub started: Timestamp,
    /// Where it went; `None` when there was nowhere to send it.
    pub endpoint: Option<String>,
    /// The HTTP status of the answer.
    pub status: Option<u16>,
    /// How long it took.
    pub duration_ms: i64,
    /// What went wrong.
    pub error: Option<String>,
    /// Who caused it.
    pub trigger: Trigger,
}

/// A notification with its attempts. Domain and instance are numbers of the
/// directory, which knows their names and the endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notification {
    /// Its key.
    pub id: i64,
    /// The number of its domain.
    #[serde(skip)]
    pub domain: i64,
    /// The face it belongs to.
    pub generation: Generation,
    /// The number of the instance to tell.
    #[serde(skip)]
    pub instance: i64,
    /// The mailbox item that is announced; of a rest-hook, its own key.
    pub item: i64,
    /// The identifier of the message; of a rest-hook, the version that matched.
    pub identifier: String,
    /// The logical id of the Subscription of a rest-hook.
    pub subscription: Option<String>,
    /// The id of the request that caused a rest-hook.
    pub request_id: Option<String>,
    /// The chain of requests that it belongs to.
    pub trace_id: Option<String>,
    /// Where it stands.
    pub state: State,
    /// Failed attempts of this round.
    pub failed: u32,
    /// When the next attempt is due; `None` when there will be none.
    pub next_attempt: Option<Timestamp>,
    /// When it was announced.
    pub created: Timestamp,
    /// What was tried, oldest first.
    pub attempts: Vec<Attempt>,
}

/// Which notifications.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    /// In this state.
    pub state: Option<State>,
    /// To this instance.
    pub instance: Option<i64>,
    /// After this one.
    pub after: Option<i64>,
}

pub(super) const COLUMNS: &str = "id, domain, generation, instance, item, identifier, state, failed, \
                       next_attempt, created, request_id, trace_id, \
                       (SELECT s.id FROM subscription s \
                        WHERE s.domain = $1 AND s.key = outbox.lane) AS subscription";

/// Notifications of the domain, oldest first.
pub fn list(tx: &mut DomainTx<'_>, filter: &Filter, limit: i64) -> Result<Vec<Notification>> {
    let mut conditions = Conditions::default();
    // The states stand in the text, because the partial indexes want to see them.
    match filter.state {
        // Said where its indexes are chosen.
        Some(State::Pending) => &mut conditions,
        Some(State::Delivered) => conditions.and_fixed("state = 1"),
        Some(State::Dead) => conditions.and_fixed("state = 2"),
        None => &mut conditions,
    };
    if let Some(instance) = filter.instance {
        conditions.and("instance = ", instance);
    }
    // Each order is that of the index that serves the filter. SQLite has to be
    // told which one: it does not see how little is pending or dead.
    let dialect = tx.dialect();
    let order = match (filter.state, filter.instance) {
        (None | Some(State::Delivered), Some(_)) => "item, id",
        (Some(State::Pending), _) if dialect == Dialect::Postgres => "+id",
        _ => "id",
    };
    if let Some(after) = filter.after {
        if order == "item, id" {
            let after = conditions.bind(after);
            conditions.and_fixed(&format!(
                "(item, id) > ((SELECT a.item FROM outbox a WHERE a.domain = $1 \
                 AND a.id = {after}), {after})"
            ));
        } else {
            conditions.and("id > ", after);
        }
    }
    let limit = conditions.bind(limit);
    let conditions_sql = conditions.sql();
    let page = match filter.state {
        // What is pending stands in two indexes.
        Some(State::Pending) => {
            let part = |index: &str, lane: &str| {
                let index = dialect.indexed_by(index);
                format!(
                    "SELECT id FROM outbox{index} \
                     WHERE domain = $1{conditions_sql} AND state = 0 AND lane {lane}"
                )
            };
            format!(
                "FROM outbox WHERE domain = $1 AND id IN ({} UNION ALL {}) \
                 ORDER BY {order} LIMIT {limit}",
                part("outbox_pending", "= 0"),
                part("outbox_lane", "> 0")
            )
        }
        state => {
            let dead = state == Some(State::Dead);
            let index = if dead { dialect.indexed_by("outbox_dead") } else { String::new() };
            format!(
                "FROM outbox{index} WHERE domain = $1{conditions_sql} \
                 ORDER BY {order} LIMIT {limit}"
            )
        }
    };
    let rows = tx.query(&format!("SELECT {COLUMNS} {page}"), conditions.args())?;
    let mut found: Vec<Notification> = rows.into_iter().map(notification).collect::<Result<_>>()?;
    let attempts = tx.query(
        &format!(
            "SELECT {ATTEMPT_COLUMNS} FROM attempt WHERE domain = $1 \
             AND notification IN (SELECT id {page}) ORDER BY notification, number"
        ),
        conditions.args(),
    )?;
    attach(&mut found, attempts)?;
    Ok(found)
}

/// The notification with this key.
pub fn show(tx: &mut DomainTx<'_>, id: i64) -> Result<Option<Notification>> {
    let row = tx.query_one(
        &format!("SELECT {COLUMNS} FROM outbox WHERE domain = $1 AND id = $2"),
        args![id],
    )?;
    let Some(row) = row else { return Ok(None) };
    let mut found = [notification(row)?];
    let attempts = tx.query(
        &format!(
            "SELECT {ATTEMPT_COLUMNS} FROM attempt
             WHERE domain = $1 AND notification = $2 ORDER BY number"
        ),
        args![id],
    )?;
    attach(&mut found, attempts)?;
    let [found] = found;
    Ok(Some(found))
}

pub(super) fn notification(mut row: Row) -> Result<Notification> {
    let state = State::from_number(row.int(6)?);
    let next_attempt = Timestamp(row.int(8)?);
    Ok(Notification {
        id: row.int(0)?,
        domain: row.int(1)?,
        generation: Generation::from_number(row.int(2)?),
        instance: row.int(3)?,
        item: row.int(4)?,
        identifier: row.text(5)?,
        state,
        failed: u32::try_from(row.int(7)?).unwrap_or(u32::MAX),
        next_attempt: (state == State::Pending).then_some(next_attempt),
        created: Timestamp(row.int(9)?),
        request_id: row.opt_text(10)?,
        trace_id: row.opt_text(11)?,
        subscription: row.opt_text(12)?,
        attempts: Vec::new(),
    })
}

pub(super) const ATTEMPT_COLUMNS: &str =
    "notification, number, started, endpoint, status, duration_ms, error, resent";

pub(super) fn attach(notifications: &mut [Notification], rows: Vec<Row>) -> Result<()> {
    let places: HashMap<i64, usize> =
        notifications.iter().enumerate().map(|(place, found)| (found.id, place)).collect();
    for mut row in rows {
        let Some(place) = places.get(&row.int(0)?) else {
            continue;
        };
        notifications[*place].attempts.push(Attempt {
            number: row.int(1)?,
            started: Timestamp(row.int(2)?),
            endpoint: row.opt_text(3)?,
            status: row.opt_int(4)?.and_then(|status| u16::try_from(status).ok()),
            duration_ms: row.int(5)?,
            error: row.opt_text(6)?,
            trigger: Trigger::of_round(row.int(7)?),
        });
    }
    Ok(())
}
