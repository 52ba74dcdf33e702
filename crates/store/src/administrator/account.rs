//! Accounts of administrators: personal, with the hash of a password and the
//! sealed secret of a second factor.

use std::fmt;

use koppeltaal_core::administrator::{Rights, check_login, check_mail_address};
use koppeltaal_core::directory::Secret;
use koppeltaal_core::version::Stamp;
use koppeltaal_core::{Error, Result, Timestamp};

use super::{record, rights};
use crate::directory::Author;
use crate::tx::{ColumnType, OnConflict, Row, Table, Tx};
use crate::{Ids, args, row};

/// Passwords that must not be used again.
pub const HISTORY: usize = 10;

/// An account. `Debug` shows no hashes.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Its number.
    pub number: i64,
    /// By which it signs in; never changes.
    pub login: String,
    /// The name of the person.
    pub name: Option<String>,
    /// Where mails go.
    pub email: Option<String>,
    /// What is theirs.
    pub rights: Rights,
    /// False: it cannot sign in, and its tokens do not work.
    pub active: bool,
    /// The argon2id hash of its password; none until one is set.
    pub password_hash: Option<String>,
    /// The hashes of passwords before, the latest first.
    pub history: Vec<String>,
    /// The secret of the second factor.
    pub totp: Option<Secret>,
    /// The last step of time whose code was used.
    pub totp_step: i64,
    /// Until when nobody can sign in to it.
    pub locked_until: Timestamp,
    /// When somebody did last.
    pub last_login: Option<Timestamp>,
    /// When it was made.
    pub created: Timestamp,
    /// The version of its name, address, rights and switch.
    pub stamp: Stamp,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("number", &self.number)
            .field("login", &self.login)
            .field("rights", &self.rights)
            .field("active", &self.active)
            .finish_non_exhaustive()
    }
}

/// An account to make.
#[derive(Clone)]
pub struct NewAccount {
    /// By which it signs in.
    pub login: String,
    /// The name of the person.
    pub name: Option<String>,
    /// Where mails go.
    pub email: Option<String>,
    /// What is theirs.
    pub rights: Rights,
    /// The hash of its password; without one it is set by a link.
    pub password_hash: Option<String>,
    /// The sealed secret of the second factor; without one it comes with the link.
    pub totp: Option<Secret>,
}

const TABLE: Table = Table {
    name: "administrator",
    columns: &[
        ("number", ColumnType::Int),
        ("login", ColumnType::Text),
        ("name", ColumnType::Text),
        ("email", ColumnType::Text),
        ("role", ColumnType::Text),
        ("scope", ColumnType::Text),
        ("active", ColumnType::Int),
        ("password_hash", ColumnType::Text),
        ("history", ColumnType::Text),
        ("totp", ColumnType::Text),
        ("totp_step", ColumnType::Int),
        ("failed", ColumnType::Int),
        ("failed_since", ColumnType::Int),
        ("locked_until", ColumnType::Int),
        ("created", ColumnType::Int),
    ],
    key: &["number"],
    on_conflict: OnConflict::Retry,
};

const SELECT: &str = "SELECT number, login, name, email, role, scope, active, password_hash, \
                      history, totp, totp_step, locked_until, last_login, created, stamp \
                      FROM administrator";

/// Makes an account and tells its number. A login that is taken is a
/// [`Error::Conflict`].
pub fn create(tx: &mut dyn Tx, ids: &Ids, new: &NewAccount, author: &Author) -> Result<i64> {
    check_login(&new.login)?;
    new.email.as_deref().map_or(Ok(()), check_mail_address)?;
    let taken = account_by_login(tx, &new.login)?.is_some();
    if taken {
        return Err(Error::Conflict(format!("there is an administrator {} already", new.login)));
    }
    let number = ids.key(author.recorded);
    let (role, scope) = rights::columns(&new.rights)?;
    let row = row![
        number,
        new.login.as_str(),
        new.name.as_deref(),
        new.email.as_deref(),
        role,
        scope,
        true,
        new.password_hash.as_deref(),
        "[]",
        new.totp.as_ref().map(|secret| secret.0.as_str()),
        0_i64,
        0_i64,
        0_i64,
        0_i64,
        author.recorded,
    ];
    // Two who take the same login at the same time: the index refuses one, and the
    // closure runs again.
    tx.insert_many(&TABLE, &[row])?;
    record(tx, ids, author, format!("created administrator {}: {}", new.login, new.rights))?;
    Ok(number)
}

/// The account with this number.
pub fn account(tx: &mut dyn Tx, number: i64) -> Result<Option<Account>> {
    tx.query_one(&format!("{SELECT} WHERE number = $1"), args![number])?.map(read).transpose()
}

/// The account with this login.
pub fn account_by_login(tx: &mut dyn Tx, login: &str) -> Result<Option<Account>> {
    tx.query_one(&format!("{SELECT} WHERE login = $1"), args![login])?.map(read).transpose()
}

/// Every account, by login.
pub fn accounts(tx: &mut dyn Tx) -> Result<Vec<Account>> {
    tx.query(&format!("{SELECT} ORDER BY login"), args![])?.into_iter().map(read).collect()
}

fn read(mut row: Row) -> Result<Account> {
    Ok(Account {
        number: row.int(0)?,
        login: row.text(1)?,
        name: row.opt_text(2)?,
        email: row.opt_text(3)?,
        rights: rights::read(&row.text(4)?, &row.text(5)?)?,
        active: row.int(6)? != 0,
        password_hash: row.opt_text(7)?,
        history: serde_json::from_str(&row.text(8)?).map_err(Error::internal)?,
        totp: row.opt_text(9)?.map(Secret),
        totp_step: row.int(10)?,
        locked_until: Timestamp(row.int(11)?),
        last_login: row.opt_int(12)?.map(Timestamp),
        created: Timestamp(row.int(13)?),
        // One that never changed is of the moment it was made.
        stamp: Stamp(row.int(14)?.max(row.int(13)?.saturating_mul(10))),
    })
}

/// What of an account changes; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// The name of the person.
    pub name: Option<String>,
    /// Where mails go.
    pub email: Option<String>,
    /// What is theirs.
    pub rights: Option<Rights>,
    /// Whether it can sign in.
    pub active: Option<bool>,
}

/// Changes an account. Switching it off ends its sessions.
pub fn change(
    tx: &mut dyn Tx,
    ids: &Ids,
    account: &Account,
    change: &Change,
    author: &Author,
) -> Result<()> {
    change.email.as_deref().map_or(Ok(()), check_mail_address)?;
    let new = Account {
        name: change.name.clone().or_else(|| account.name.clone()),
        email: change.email.clone().or_else(|| account.email.clone()),
        rights: change.rights.clone().unwrap_or_else(|| account.rights.clone()),
        active: change.active.unwrap_or(account.active),
        ..account.clone()
    };
    if new == *account {
        return Ok(());
    }
    let (role, scope) = rights::columns(&new.rights)?;
    let stamp = ids.stamp(author.recorded, Some(account.stamp)).0;
    tx.later(
        "UPDATE administrator
         SET name = $2, email = $3, role = $4, scope = $5, active = $6, stamp = $7
         WHERE number = $1",
        args![new.number, &new.name, &new.email, role, &scope, new.active, stamp],
    )?;
    if !new.active {
        end_sessions(tx, new.number)?;
    }
    let mut what = Vec::new();
    if new.name != account.name {
        what.push("name".to_owned());
    }
    if new.email != account.email {
        what.push("email".to_owned());
    }
    if new.rights != account.rights {
        what.push(format!("now {}", new.rights));
    }
    if new.active != account.active {
        what.push(if new.active { "switched on" } else { "switched off" }.to_owned());
    }
    record(tx, ids, author, format!("changed administrator {}: {}", new.login, what.join(", ")))
}

/// Gives an account a password. It is unlocked, and its sessions and links end.
pub fn set_password(
    tx: &mut dyn Tx,
    ids: &Ids,
    account: &Account,
    hash: &str,
    author: &Author,
) -> Result<()> {
    let before = account.password_hash.iter().chain(&account.history);
    let history: Vec<&String> = before.take(HISTORY).collect();
    let history = serde_json::to_string(&history).map_err(Error::internal)?;
    tx.later(
        "UPDATE administrator SET password_hash = $2, history = $3, failed = 0, locked_until = 0
         WHERE number = $1",
        args![account.number, hash, &history],
    )?;
    end_sessions(tx, account.number)?;
    tx.later("DELETE FROM administrator_link WHERE account = $1", args![account.number])?;
    record(tx, ids, author, format!("set the password of administrator {}", account.login))
}

/// Gives an account another second factor.
pub fn set_totp(
    tx: &mut dyn Tx,
    ids: &Ids,
    account: &Account,
    totp: &Secret,
    author: &Author,
) -> Result<()> {
    tx.later(
        "UPDATE administrator SET totp = $2, totp_step = 0 WHERE number = $1",
        args![account.number, totp.0.as_str()],
    )?;
    end_sessions(tx, account.number)?;
    record(tx, ids, author, format!("set the second factor of administrator {}", account.login))
}

fn end_sessions(tx: &mut dyn Tx, account: i64) -> Result<()> {
    tx.later("DELETE FROM administrator_session WHERE account = $1", args![account])
}
