//! Logins on their way and authorization codes: written once, used once, found
//! by a digest of what the browser or the client holds.

use std::fmt;

use koppeltaal_core::{Result, Timestamp};

use crate::scope::DomainTx;
use crate::tx::{ColumnType, OnConflict, Table};
use crate::{args, row};

/// What a session is for. Each kind has digests of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SessionKind {
    /// A user who is at an identity provider.
    Login,
    /// An authorization code.
    Code,
}

impl SessionKind {
    fn number(self) -> i64 {
        match self {
            Self::Login => 1,
            Self::Code => 2,
        }
    }
}

/// What is known of a session. `Debug` does not show its content.
#[derive(Clone, PartialEq, Eq)]
pub enum Session {
    /// Not used yet: its content.
    Fresh(String),
    /// Used before: its content, from which follows what was made with it.
    Used(String),
    /// There is none, or it has expired.
    Unknown,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fresh(_) => "Fresh(…)",
            Self::Used(_) => "Used(…)",
            Self::Unknown => "Unknown",
        })
    }
}

const TABLE: Table = Table {
    name: "authorization_session",
    columns: &[
        ("domain", ColumnType::Int),
        ("kind", ColumnType::Int),
        ("digest", ColumnType::Bytes),
        ("content", ColumnType::Text),
        ("expires", ColumnType::Int),
        ("used", ColumnType::Int),
    ],
    key: &["domain", "kind", "digest"],
    on_conflict: OnConflict::Refuse,
};

/// Keeps a session until `expires`. `content` is sealed by the caller. A digest
/// that is there already is an [`koppeltaal_core::Error::Conflict`].
pub fn put_session(
    tx: &mut DomainTx<'_>,
    kind: SessionKind,
    digest: &[u8],
    content: &str,
    expires: Timestamp,
) -> Result<()> {
    let row = row![tx.domain(), kind.number(), digest.to_vec(), content, expires, false];
    tx.insert_many(&TABLE, &[row])
}

/// Looks at a session without using it.
pub fn read_session(
    tx: &mut DomainTx<'_>,
    kind: SessionKind,
    digest: &[u8],
    now: Timestamp,
) -> Result<Session> {
    let row = tx.query_one(
        "SELECT content, used FROM authorization_session
         WHERE domain = $1 AND kind = $2 AND digest = $3 AND expires > $4",
        args![kind.number(), digest, now],
    )?;
    let Some(mut row) = row else { return Ok(Session::Unknown) };
    let content = row.text(0)?;
    Ok(if row.int(1)? == 0 { Session::Fresh(content) } else { Session::Used(content) })
}

/// Uses a session: of all who try, at all times, one gets it fresh.
pub fn use_session(
    tx: &mut DomainTx<'_>,
    kind: SessionKind,
    digest: &[u8],
    now: Timestamp,
) -> Result<Session> {
    let row = tx.query_one(
        "UPDATE authorization_session SET used = 1
         WHERE domain = $1 AND kind = $2 AND digest = $3 AND expires > $4 AND used = 0
         RETURNING content",
        args![kind.number(), digest, now],
    )?;
    match row {
        Some(mut row) => row.text(0).map(Session::Fresh),
        None => read_session(tx, kind, digest, now),
    }
}
