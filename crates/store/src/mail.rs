//! The outbox of mails: written in the transaction that causes them, sent by
//! whichever process leases them, kept until they are sent and a while after.

use std::fmt;
use std::time::Duration;

use koppeltaal_core::administrator::check_mail_address;
use koppeltaal_core::directory::Secret;
use koppeltaal_core::{Error, Result, Timestamp};
use serde::Serialize;

use crate::tx::{ColumnType, OnConflict, Row, Table, Tx};
use crate::{Ids, args, row};

/// How long a mail that was sent stays.
const KEPT: Duration = Duration::from_secs(30 * 86_400);

/// A mail to send. `Debug` does not show its body.
#[derive(Clone, PartialEq, Eq)]
pub struct NewMail {
    /// To whom: one address.
    pub recipient: String,
    /// Its subject, one line.
    pub subject: String,
    /// Its text, sealed.
    pub body: Secret,
    /// Whether the text holds a secret (credentials, a link): then it is emptied
    /// once it is sent.
    pub secret: bool,
}

impl fmt::Debug for NewMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewMail({}: {})", self.recipient, self.subject)
    }
}

/// Where a mail is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It will be sent.
    Waiting,
    /// It was handed to the mail server.
    Sent,
    /// It was tried for so long that it is not tried any more.
    Failed,
}

impl State {
    fn number(self) -> i64 {
        match self {
            Self::Waiting => 0,
            Self::Sent => 1,
            Self::Failed => 2,
        }
    }

    fn from_number(number: i64) -> Self {
        match number {
            0 => Self::Waiting,
            1 => Self::Sent,
            _ => Self::Failed,
        }
    }
}

/// A mail of the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mail {
    /// Its number.
    pub id: i64,
    /// To whom.
    pub recipient: String,
    /// Its subject.
    pub subject: String,
    /// Its text, sealed; empty when it was a secret and is sent.
    #[serde(skip)]
    pub body: Secret,
    /// Whether the text holds a secret.
    pub secret: bool,
    /// Where it is.
    pub state: State,
    /// How often it was tried.
    pub attempts: i64,
    /// When it is tried next.
    pub next_attempt: Option<Timestamp>,
    /// When it was written.
    pub created: Timestamp,
    /// When it was sent.
    pub sent: Option<Timestamp>,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// When its attempt ends, for who leased it.
    #[serde(skip)]
    due: Timestamp,
}

const TABLE: Table = Table {
    name: "mail",
    columns: &[
        ("id", ColumnType::Int),
        ("recipient", ColumnType::Text),
        ("subject", ColumnType::Text),
        ("body", ColumnType::Text),
        ("secret", ColumnType::Int),
        ("state", ColumnType::Int),
        ("attempts", ColumnType::Int),
        ("due", ColumnType::Int),
        ("created", ColumnType::Int),
    ],
    key: &["id"],
    on_conflict: OnConflict::Retry,
};

const COLUMNS: &str =
    "id, recipient, subject, body, secret, state, attempts, due, created, sent, error";

/// Puts a mail into the outbox and tells its number.
pub fn put(tx: &mut dyn Tx, ids: &Ids, mail: &NewMail, now: Timestamp) -> Result<i64> {
    check_mail_address(&mail.recipient)?;
    if mail.subject.chars().any(char::is_control) {
        return Err(Error::Invalid("the subject of a mail is one line".to_owned()));
    }
    let id = ids.key(now);
    let row = row![
        id,
        mail.recipient.as_str(),
        mail.subject.as_str(),
        mail.body.0.as_str(),
        mail.secret,
        State::Waiting.number(),
        0_i64,
        now,
        now,
    ];
    tx.insert_many(&TABLE, &[row])?;
    Ok(id)
}

/// Mails, newest first; in this state only, older than `before` only.
pub fn list(
    tx: &mut dyn Tx,
    state: Option<State>,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Mail>> {
    let before = before.unwrap_or(i64::MAX);
    let rows = match state {
        None => {
            let sql = format!("SELECT {COLUMNS} FROM mail WHERE id < $1 ORDER BY id DESC LIMIT $2");
            tx.query(&sql, args![before, limit])?
        }
        Some(state) => {
            let sql = format!(
                "SELECT {COLUMNS} FROM mail WHERE id < $1 AND state = $3 ORDER BY id DESC LIMIT $2"
            );
            tx.query(&sql, args![before, limit, state.number()])?
        }
    };
    rows.into_iter().map(read).collect()
}

/// The mail with this number.
pub fn find(tx: &mut dyn Tx, id: i64) -> Result<Option<Mail>> {
    let sql = format!("SELECT {COLUMNS} FROM mail WHERE id = $1");
    tx.query_one(&sql, args![id])?.map(read).transpose()
}

/// Whether a mail is due.
pub fn is_due(tx: &mut dyn Tx, now: Timestamp) -> Result<bool> {
    let sql = "SELECT 1 FROM mail WHERE state = 0 AND due <= $1 LIMIT 1";
    Ok(tx.query_one(sql, args![now])?.is_some())
}

/// Leases mails that are due until `until`: nobody else gets them before.
pub fn lease(tx: &mut dyn Tx, now: Timestamp, until: Timestamp, limit: i64) -> Result<Vec<Mail>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM mail WHERE state = 0 AND due <= $1 ORDER BY due LIMIT $2{}",
        tx.dialect().for_update_skip_locked()
    );
    let mut mails = Vec::new();
    for row in tx.query(&sql, args![now, limit])? {
        let mail = read(row)?;
        tx.later("UPDATE mail SET due = $2 WHERE id = $1", args![mail.id, until])?;
        mails.push(Mail { due: until, ..mail });
    }
    Ok(mails)
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The mail server has it.
    Sent,
    /// It failed; to be tried again at this moment.
    Again(Timestamp, String),
    /// It failed for the last time.
    GivenUp(String),
}

/// Records the attempt of a leased mail. False when the lease had ended, and
/// somebody else has it.
pub fn record(tx: &mut dyn Tx, mail: &Mail, outcome: &Outcome, now: Timestamp) -> Result<bool> {
    let (state, due, sent, error) = match outcome {
        Outcome::Sent => (State::Sent, now, Some(now.0), None),
        Outcome::Again(due, error) => (State::Waiting, *due, None, Some(error.as_str())),
        Outcome::GivenUp(error) => (State::Failed, now, None, Some(error.as_str())),
    };
    let body = if mail.secret && state == State::Sent { "" } else { mail.body.0.as_str() };
    let touched = tx.execute(
        "UPDATE mail SET state = $3, attempts = attempts + 1, due = $4, sent = $5, error = $6,
           body = $7
         WHERE id = $1 AND due = $2 AND state = 0",
        args![mail.id, mail.due, state.number(), due, sent, error, body],
    )?;
    Ok(touched == 1)
}

/// Removes mails that were sent long ago.
pub fn forget_sent(tx: &mut dyn Tx, now: Timestamp) -> Result<u64> {
    tx.execute("DELETE FROM mail WHERE state = 1 AND sent < $1", args![now.minus(KEPT)])
}

fn read(mut row: Row) -> Result<Mail> {
    let state = State::from_number(row.int(5)?);
    let due = Timestamp(row.int(7)?);
    Ok(Mail {
        id: row.int(0)?,
        recipient: row.text(1)?,
        subject: row.text(2)?,
        body: Secret(row.text(3)?),
        secret: row.int(4)? != 0,
        state,
        attempts: row.int(6)?,
        next_attempt: (state == State::Waiting).then_some(due),
        created: Timestamp(row.int(8)?),
        sent: row.opt_int(9)?.map(Timestamp),
        error: row.opt_text(10)?,
        due,
    })
}
