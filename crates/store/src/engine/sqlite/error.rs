//! What a failure of SQLite means for the caller: another try may succeed
//! (Unavailable), a key is taken (Conflict or Retry), or the program is wrong.

use koppeltaal_core::Error;
use rusqlite::{ErrorCode, ffi};

use crate::engine::excerpt;

/// What a violated unique key means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OnUnique {
    /// The state contradicts the request.
    Conflict,
    /// The closure is run again.
    Retry,
}

/// The error of a statement.
pub(super) fn of_statement(cause: &rusqlite::Error, sql: &str, on_unique: OnUnique) -> Error {
    if is_unique(cause) {
        return match on_unique {
            OnUnique::Conflict => Error::Conflict("a row with this key exists".to_owned()),
            OnUnique::Retry => Error::Retry("another row took the key".to_owned()),
        };
    }
    match plain(cause) {
        Error::Internal(text) => Error::Internal(format!("{text} in `{}`", excerpt(sql))),
        error => error,
    }
}

/// The error of anything else that SQLite does.
pub(crate) fn plain(cause: &rusqlite::Error) -> Error {
    match cause.sqlite_error_code() {
        Some(
            ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::OutOfMemory
            | ErrorCode::OperationInterrupted
            | ErrorCode::FileLockingProtocolFailed,
        ) => Error::Unavailable(format!("SQLite: {cause}")),
        _ => Error::Internal(format!("SQLite: {cause}")),
    }
}

/// An error of our own in the shape of one of SQLite's.
pub(super) fn refuse(reason: &str) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_CANTOPEN), Some(reason.to_owned()))
}

fn is_unique(cause: &rusqlite::Error) -> bool {
    let rusqlite::Error::SqliteFailure(failure, _) = cause else {
        return false;
    };
    matches!(
        failure.extended_code,
        ffi::SQLITE_CONSTRAINT_UNIQUE
            | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
            | ffi::SQLITE_CONSTRAINT_ROWID
    )
}
