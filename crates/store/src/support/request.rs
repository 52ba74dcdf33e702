//! Requests of administrators and of those who want to become one: Open, then
//! Accepted or Rejected, and from then on read-only (kt13-around 3.3).

use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::{Error, Result, Timestamp};

use crate::directory::Author;
use crate::ids::Ids;
use crate::tx::{Row, Tx};
use crate::{args, audit};

/// The most requests of one kind that may wait.
pub const MOST_OPEN: i64 = 1000;
/// The most requests of one kind that are listed: the newest.
const MOST_LISTED: i64 = 10_000;

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It waits.
    Open,
    /// It was granted.
    Accepted,
    /// It was refused.
    Rejected,
}

impl Status {
    /// The word in the store and in the API.
    pub fn code(self) -> &'static str {
        match self {
            Self::Open => "Open",
            Self::Accepted => "Accepted",
            Self::Rejected => "Rejected",
        }
    }

    /// The status with this word.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Open, Self::Accepted, Self::Rejected].into_iter().find(|s| s.code() == code)
    }
}

/// A request to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRequest {
    /// The type of the Support API.
    pub kind: &'static str,
    /// The name of the domain it is about.
    pub domain: Option<String>,
    /// The id of the application it is about.
    pub application: Option<String>,
    /// The login of who makes it.
    pub requester: Option<String>,
    /// Its attributes as JSON.
    pub content: String,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Its number.
    pub number: i64,
    /// Where it stands.
    pub status: Status,
    /// The name of the domain it is about.
    pub domain: Option<String>,
    /// The id of the application it is about.
    pub application: Option<String>,
    /// The login of who made it.
    pub requester: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was decided.
    pub decided: Option<Timestamp>,
    /// Its version.
    pub stamp: i64,
    /// Its attributes as JSON.
    pub content: String,
}

const COLUMNS: &str =
    "number, status, domain, application, requester, created, decided, stamp, content";

fn read(mut row: Row) -> Result<Request> {
    let status = row.text(1)?;
    Ok(Request {
        number: row.int(0)?,
        status: Status::from_code(&status)
            .ok_or_else(|| Error::Internal(format!("a request has the status {status}")))?,
        domain: row.opt_text(2)?,
        application: row.opt_text(3)?,
        requester: row.opt_text(4)?,
        created: Timestamp(row.int(5)?),
        decided: row.opt_int(6)?.map(Timestamp),
        stamp: row.int(7)?,
        content: row.text(8)?,
    })
}

/// Makes a request and tells its number. Refused while too many of its kind wait.
pub fn add(tx: &mut dyn Tx, ids: &Ids, new: &NewRequest, author: &Author) -> Result<i64> {
    let row = tx.query_one(
        "SELECT COUNT(*) FROM support_request WHERE kind = $1 AND status = 'Open'",
        args![new.kind],
    )?;
    if row.unwrap_or_default().int(0)? >= MOST_OPEN {
        return Err(Error::TooMany("Too many requests of this kind wait for a decision.".into()));
    }
    let row = tx.query_one(
        "INSERT INTO counter (name, value) VALUES ('support_request', 1)
         ON CONFLICT (name) DO UPDATE SET value = counter.value + 1 RETURNING value",
        args![],
    )?;
    let number = row.unwrap_or_default().int(0)?;
    let stamp = ids.stamp(author.recorded, None).0;
    tx.later(
        "INSERT INTO support_request (number, kind, status, domain, application, requester,
           created, stamp, content)
         VALUES ($1, $2, 'Open', $3, $4, $5, $6, $7, $8)",
        args![
            number,
            new.kind,
            &new.domain,
            &new.application,
            &new.requester,
            author.recorded,
            stamp,
            &new.content
        ],
    )?;
    record(tx, ids, author, format!("created {} {number}", new.kind))?;
    Ok(number)
}

/// The requests of a kind, oldest first; of very many the newest.
pub fn list(tx: &mut dyn Tx, kind: &str) -> Result<Vec<Request>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM support_request WHERE kind = $1 ORDER BY number DESC LIMIT $2"
    );
    let mut found: Vec<Request> =
        tx.query(&sql, args![kind, MOST_LISTED])?.into_iter().map(read).collect::<Result<_>>()?;
    found.reverse();
    Ok(found)
}

/// The request with this number, locked until the end of the transaction.
pub fn find(tx: &mut dyn Tx, kind: &str, number: i64) -> Result<Option<Request>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM support_request WHERE kind = $1 AND number = $2{}",
        tx.dialect().for_update()
    );
    tx.query_one(&sql, args![kind, number])?.map(read).transpose()
}

/// Whether a request of this kind waits for this domain and application.
pub fn has_open(tx: &mut dyn Tx, kind: &str, domain: &str, application: &str) -> Result<bool> {
    let row = tx.query_one(
        "SELECT 1 FROM support_request
         WHERE kind = $1 AND status = 'Open' AND domain = $2 AND application = $3",
        args![kind, domain, application],
    )?;
    Ok(row.is_some())
}

/// Changes the attributes of a request.
pub fn update(
    tx: &mut dyn Tx,
    ids: &Ids,
    kind: &str,
    request: &Request,
    content: &str,
    author: &Author,
) -> Result<()> {
    tx.later(
        "UPDATE support_request SET content = $2, stamp = $3 WHERE number = $1",
        args![request.number, content, next_stamp(ids, request, author)],
    )?;
    record(tx, ids, author, format!("changed {kind} {}", request.number))
}

/// Decides a request that is Open. `domain` and `application`: what it brought
/// about, so that the administrators of that see it.
pub fn decide(
    tx: &mut dyn Tx,
    ids: &Ids,
    kind: &str,
    request: &Request,
    decided: &Request,
    author: &Author,
) -> Result<()> {
    let touched = tx.execute(
        "UPDATE support_request
         SET status = $2, decided = $3, stamp = $4, domain = $5, application = $6, content = $7
         WHERE number = $1 AND status = 'Open'",
        args![
            request.number,
            decided.status.code(),
            author.recorded,
            next_stamp(ids, request, author),
            &decided.domain,
            &decided.application,
            &decided.content
        ],
    )?;
    if touched != 1 {
        return Err(Error::Conflict("It is decided already.".to_owned()));
    }
    let word = decided.status.code().to_lowercase();
    record(tx, ids, author, format!("{word} {kind} {}", request.number))
}

/// Removes a request.
pub fn remove(
    tx: &mut dyn Tx,
    ids: &Ids,
    kind: &str,
    request: &Request,
    author: &Author,
) -> Result<()> {
    tx.later("DELETE FROM support_request WHERE number = $1", args![request.number])?;
    record(tx, ids, author, format!("removed {kind} {}", request.number))
}

fn next_stamp(ids: &Ids, request: &Request, author: &Author) -> i64 {
    ids.stamp(author.recorded, Some(koppeltaal_core::version::Stamp(request.stamp))).0
}

fn record(tx: &mut dyn Tx, ids: &Ids, author: &Author, detail: String) -> Result<()> {
    let entry = Entry {
        detail: Some(detail),
        request_id: author.request_id.clone(),
        ..Entry::new(Action::Administration, author.recorded, &author.agent)
    };
    audit::append_across(tx, ids, &[(audit::SERVER, entry)]).map(drop)
}
