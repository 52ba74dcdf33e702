//! Administrator tokens: what a program administers with. Only their hashes are
//! here.

use koppeltaal_core::administrator::Rights;
use koppeltaal_core::{Error, Result, Timestamp};

use super::{record, rights};
use crate::directory::Author;
use crate::tx::{ColumnType, OnConflict, Row, Table, Tx};
use crate::{Ids, args, row};

/// A token, without what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its number.
    pub number: i64,
    /// What people call it.
    pub name: String,
    /// What may be done with it.
    pub rights: Rights,
    /// The number of the account whose it is; `None` when an operator made it.
    pub account: Option<i64>,
    /// When it was made.
    pub created: Timestamp,
    /// By whom, in words.
    pub created_by: String,
    /// From when on it does not work.
    pub expires: Option<Timestamp>,
    /// Since when it does not work.
    pub revoked: Option<Timestamp>,
}

impl Token {
    /// Whether it works.
    pub fn works(&self, now: Timestamp) -> bool {
        self.revoked.is_none() && self.expires.is_none_or(|expires| now < expires)
    }
}

/// A token to make.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// The SHA-256 of the token.
    pub digest: [u8; 32],
    /// What people call it.
    pub name: String,
    /// What may be done with it.
    pub rights: Rights,
    /// The number of the account whose it is.
    pub account: Option<i64>,
    /// From when on it does not work.
    pub expires: Option<Timestamp>,
}

const TABLE: Table = Table {
    name: "administrator_token",
    columns: &[
        ("number", ColumnType::Int),
        ("digest", ColumnType::Bytes),
        ("name", ColumnType::Text),
        ("role", ColumnType::Text),
        ("scope", ColumnType::Text),
        ("account", ColumnType::Int),
        ("created", ColumnType::Int),
        ("created_by", ColumnType::Text),
        ("expires", ColumnType::Int),
    ],
    key: &["number"],
    on_conflict: OnConflict::Retry,
};

const SELECT: &str = "SELECT number, name, role, scope, account, created, created_by, expires, \
                      revoked FROM administrator_token";

/// Keeps a new token and tells its number.
pub fn create_token(tx: &mut dyn Tx, ids: &Ids, new: &NewToken, author: &Author) -> Result<i64> {
    let printable = !new.name.is_empty() && new.name.chars().all(|c| !c.is_control());
    if !printable || new.name.chars().count() > 80 {
        return Err(Error::Invalid("the name of a token has 1 to 80 characters".to_owned()));
    }
    let number = ids.key(author.recorded);
    let (role, scope) = rights::columns(&new.rights)?;
    let row = row![
        number,
        new.digest.to_vec(),
        new.name.as_str(),
        role,
        scope,
        new.account,
        author.recorded,
        author.agent.as_str(),
        new.expires.map(|expires| expires.0),
    ];
    tx.insert_many(&TABLE, &[row])?;
    let detail = format!("created administrator token {number} {}: {}", new.name, new.rights);
    record(tx, ids, author, detail)?;
    Ok(number)
}

/// The token with this hash.
pub fn token_by_digest(tx: &mut dyn Tx, digest: &[u8]) -> Result<Option<Token>> {
    tx.query_one(&format!("{SELECT} WHERE digest = $1"), args![digest])?.map(read).transpose()
}

/// Every token, oldest first.
pub fn tokens(tx: &mut dyn Tx) -> Result<Vec<Token>> {
    tx.query(&format!("{SELECT} ORDER BY number"), args![])?.into_iter().map(read).collect()
}

/// Makes a token stop working. Tells which it is; `None` when there is no such one.
pub fn revoke_token(
    tx: &mut dyn Tx,
    ids: &Ids,
    number: i64,
    author: &Author,
) -> Result<Option<Token>> {
    let row = tx.query_one(&format!("{SELECT} WHERE number = $1"), args![number])?;
    let Some(token) = row.map(read).transpose()? else { return Ok(None) };
    let revoked = tx.execute(
        "UPDATE administrator_token SET revoked = $2 WHERE number = $1 AND revoked IS NULL",
        args![number, author.recorded],
    )?;
    if revoked == 0 {
        return Ok(Some(token));
    }
    record(tx, ids, author, format!("revoked administrator token {number} {}", token.name))?;
    Ok(Some(Token { revoked: Some(author.recorded), ..token }))
}

fn read(mut row: Row) -> Result<Token> {
    Ok(Token {
        number: row.int(0)?,
        name: row.text(1)?,
        rights: rights::read(&row.text(2)?, &row.text(3)?)?,
        account: row.opt_int(4)?,
        created: Timestamp(row.int(5)?),
        created_by: row.text(6)?,
        expires: row.opt_int(7)?.map(Timestamp),
        revoked: row.opt_int(8)?.map(Timestamp),
    })
}
