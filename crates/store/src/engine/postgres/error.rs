//! What a failure of PostgreSQL means: run the closure again, tell the caller to
//! come back, a key is taken, or the program is wrong; and whether the connection
//! survived it.

use std::error::Error as _;

use koppeltaal_core::Error;
use tokio_postgres::error::{DbError, Severity, SqlState};

use crate::engine::excerpt;

/// What a violated unique key means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OnUnique {
    /// The state contradicts the request.
    Conflict,
    /// The closure is run again.
    Retry,
}

/// Whether the connection is gone. Arguments are checked before they are sent, so
/// a failure that the server did not report is one of the connection.
pub(super) fn is_loss(cause: &tokio_postgres::Error) -> bool {
    let Some(reported) = cause.as_db_error() else {
        return true;
    };
    // A server that turned into a standby takes no writes: connect again, the URL
    // may name another one.
    matches!(reported.parsed_severity(), Some(Severity::Fatal | Severity::Panic))
        || *reported.code() == SqlState::READ_ONLY_SQL_TRANSACTION
}

/// The error of a statement.
pub(super) fn of_statement(cause: &tokio_postgres::Error, sql: &str, on_unique: OnUnique) -> Error {
    let Some(reported) = cause.as_db_error() else {
        return Error::Unavailable(format!("PostgreSQL: {}", with_source(cause)));
    };
    let code = reported.code();
    if *code == SqlState::UNIQUE_VIOLATION {
        return match on_unique {
            OnUnique::Conflict => Error::Conflict("a row with this key exists".to_owned()),
            OnUnique::Retry => Error::Retry("another row took the key".to_owned()),
        };
    }
    if *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED {
        return Error::Retry(reported.message().to_owned());
    }
    let text = described(reported);
    // Classes of SQLSTATE: connection, resources, operator, system.
    let passing = ["08", "53", "57", "58"].iter().any(|class| code.code().starts_with(class));
    if passing
        || *code == SqlState::LOCK_NOT_AVAILABLE
        || *code == SqlState::READ_ONLY_SQL_TRANSACTION
        || matches!(reported.parsed_severity(), Some(Severity::Fatal | Severity::Panic))
    {
        return Error::Unavailable(text);
    }
    Error::Internal(format!("{text} in `{}`", excerpt(sql)))
}

fn described(reported: &DbError) -> String {
    format!("PostgreSQL: {} ({})", reported.message(), reported.code().code())
}

/// The failure with the cause behind it.
pub(crate) fn with_source(cause: &tokio_postgres::Error) -> String {
    match cause.source() {
        Some(source) => format!("{cause}: {source}").replace("db error: ", ""),
        None => cause.to_string(),
    }
}
