//! The searchable values of a resource: written with each version, gone with the
//! resource.

use koppeltaal_core::Result;
use koppeltaal_core::search::{IndexRow, Words};

use super::{Stored, locked};
use crate::scope::DomainTx;
use crate::tx::{ColumnType, OnConflict, Row, Table};
use crate::{args, row};

/// What a resource is found by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Indexed {
    /// Its values, sorted, each once: whoever finds them brings them so, outside of
    /// any transaction.
    pub rows: Vec<IndexRow>,
    /// Its words.
    pub words: Words,
}

impl Indexed {
    /// What is found by these rows, whatever their order.
    pub fn sorted(mut rows: Vec<IndexRow>, words: Words) -> Self {
        rows.sort_unstable();
        rows.dedup();
        Self { rows, words }
    }
}

/// What an [`Indexer`](koppeltaal_core::search::Indexer) finds.
impl From<(Vec<IndexRow>, Words)> for Indexed {
    fn from((rows, words): (Vec<IndexRow>, Words)) -> Self {
        Self { rows, words }
    }
}

const ROWS: Table = Table {
    name: "search_index",
    columns: &[
        ("domain", ColumnType::Int),
        ("parameter", ColumnType::Int),
        ("value", ColumnType::Text),
        ("stamp", ColumnType::Int),
        ("qualifier", ColumnType::Int),
    ],
    key: &["domain", "parameter", "value", "stamp", "qualifier"],
    on_conflict: OnConflict::Refuse,
};

const WORDS: Table = Table {
    name: "resource_words",
    columns: &[
        ("domain", ColumnType::Int),
        ("stamp", ColumnType::Int),
        ("narrative", ColumnType::Text),
        ("content", ColumnType::Text),
    ],
    key: &["domain", "stamp"],
    on_conflict: OnConflict::Refuse,
};

/// Writes the values of the version with this stamp, which has none yet.
pub(super) fn insert(tx: &mut DomainTx<'_>, stamp: i64, indexed: &Indexed) -> Result<()> {
    debug_assert!(
        indexed.rows.is_sorted_by(|one, next| one < next),
        "the rows are sorted, each once"
    );
    let domain = tx.domain();
    let rows: Vec<Row> = indexed
        .rows
        .iter()
        .map(|row| row![domain, row.parameter, row.value.as_str(), stamp, row.qualifier])
        .collect();
    tx.insert_many(&ROWS, &rows)?;
    let Words { narrative, content } = &indexed.words;
    if narrative.is_empty() && content.is_empty() {
        return Ok(());
    }
    tx.insert_many(&WORDS, &[row![domain, stamp, narrative.as_str(), content.as_str()]])
}

/// Removes the values of the version with this stamp.
pub(super) fn remove(tx: &mut DomainTx<'_>, stamp: i64) -> Result<()> {
    tx.later("DELETE FROM search_index WHERE domain = $1 AND stamp = $2", args![stamp])?;
    tx.later("DELETE FROM resource_words WHERE domain = $1 AND stamp = $2", args![stamp])
}

/// Replaces the values of a resource without a new version: what is searched by
/// has changed. False: it has another version by now, or is deleted, and whoever
/// wrote that has indexed it too.
pub fn reindex(tx: &mut DomainTx<'_>, known: &Stored, indexed: &Indexed) -> Result<bool> {
    let current = locked(tx, known.resource_type, &known.id)?;
    if current.is_none_or(|current| current.deleted || current.stamp != known.stamp) {
        return Ok(false);
    }
    remove(tx, known.stamp)?;
    insert(tx, known.stamp, indexed)?;
    Ok(true)
}
