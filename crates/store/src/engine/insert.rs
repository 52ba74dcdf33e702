//! The text of a bulk insert, composed from a [`Table`] for each dialect and
//! kept: the same table is written thousands of times a second.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

use koppeltaal_core::{Error, Result};

use crate::tx::{ColumnType, Dialect, OnConflict, Row, Table};

/// The composed texts of one connection.
#[derive(Debug)]
pub(crate) struct InsertTexts {
    dialect: Dialect,
    known: HashMap<String, Vec<(Key, Arc<str>)>>,
}

/// What tells inserts into one table apart. The slices are `'static`, so their
/// addresses serve.
type Key = (OnConflictKey, usize, usize);
type OnConflictKey = u8;

impl InsertTexts {
    pub(crate) fn new(dialect: Dialect) -> Self {
        Self { dialect, known: HashMap::new() }
    }

    /// The insert for this table.
    pub(crate) fn text(&mut self, table: &Table) -> Arc<str> {
        let conflict = match table.on_conflict {
            OnConflict::Retry => 0,
            OnConflict::Ignore => 1,
            OnConflict::Replace => 2,
            OnConflict::Refuse => 3,
        };
        let key = (conflict, table.columns.as_ptr() as usize, table.key.as_ptr() as usize);
        let mut known = self.known.get(table.name).into_iter().flatten();
        if let Some((_, text)) = known.find(|(known, _)| *known == key) {
            return Arc::clone(text);
        }
        let text: Arc<str> = compose(self.dialect, table).into();
        self.known.entry(table.name.to_owned()).or_default().push((key, Arc::clone(&text)));
        text
    }
}

fn compose(dialect: Dialect, table: &Table) -> String {
    let names: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
    let mut sql = format!("INSERT INTO {} ({}) ", table.name, names.join(", "));
    let parameters = table.columns.iter().enumerate().map(|(index, (_, kind))| {
        let number = index + 1;
        match (dialect, kind) {
            (Dialect::Sqlite, _) => format!("?{number}"),
            (Dialect::Postgres, ColumnType::Int) => format!("${number}::bigint[]"),
            (Dialect::Postgres, ColumnType::Text) => format!("${number}::text[]"),
            (Dialect::Postgres, ColumnType::Bytes) => format!("${number}::bytea[]"),
        }
    });
    let parameters = parameters.collect::<Vec<_>>().join(", ");
    // Writing into a String cannot fail.
    let _ = match dialect {
        Dialect::Sqlite => write!(sql, "VALUES ({parameters})"),
        Dialect::Postgres => write!(sql, "SELECT * FROM unnest({parameters})"),
    };
    sql.push_str(&on_conflict(table, &names));
    sql
}

fn on_conflict(table: &Table, names: &[&str]) -> String {
    if matches!(table.on_conflict, OnConflict::Retry | OnConflict::Refuse) {
        return String::new();
    }
    let target =
        if table.key.is_empty() { String::new() } else { format!(" ({})", table.key.join(", ")) };
    let updates: Vec<String> = names
        .iter()
        .filter(|name| !table.key.contains(name))
        .map(|name| format!("{name} = excluded.{name}"))
        .collect();
    if table.on_conflict == OnConflict::Ignore || updates.is_empty() {
        format!(" ON CONFLICT{target} DO NOTHING")
    } else {
        format!(" ON CONFLICT{target} DO UPDATE SET {}", updates.join(", "))
    }
}

/// A row gives every column of its table.
pub(crate) fn check_width(table: &Table, row: &Row) -> Result<()> {
    if row.0.len() == table.columns.len() {
        return Ok(());
    }
    Err(Error::Internal(format!(
        "a row for {} has {} values, not {}",
        table.name,
        row.0.len(),
        table.columns.len()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(on_conflict: OnConflict) -> Table<'static> {
        Table {
            name: "thing",
            columns: &[
                ("domain", ColumnType::Int),
                ("name", ColumnType::Text),
                ("body", ColumnType::Bytes),
            ],
            key: &["domain", "name"],
            on_conflict,
        }
    }

    #[test]
    fn each_dialect_gets_its_own_bulk_insert() {
        assert_eq!(
            compose(Dialect::Sqlite, &table(OnConflict::Retry)),
            "INSERT INTO thing (domain, name, body) VALUES (?1, ?2, ?3)"
        );
        assert_eq!(
            compose(Dialect::Postgres, &table(OnConflict::Ignore)),
            "INSERT INTO thing (domain, name, body) \
             SELECT * FROM unnest($1::bigint[], $2::text[], $3::bytea[]) \
             ON CONFLICT (domain, name) DO NOTHING"
        );
    }

    #[test]
    fn replace_overwrites_what_is_not_in_the_key() {
        let text = compose(Dialect::Sqlite, &table(OnConflict::Replace));
        assert!(text.ends_with("ON CONFLICT (domain, name) DO UPDATE SET body = excluded.body"));
    }

    #[test]
    fn a_table_that_is_all_key_has_nothing_to_replace() {
        let all_key = Table {
            columns: &[("domain", ColumnType::Int), ("name", ColumnType::Text)],
            ..table(OnConflict::Replace)
        };
        assert!(compose(Dialect::Sqlite, &all_key).ends_with("DO NOTHING"));
    }

    #[test]
    fn the_text_of_a_table_is_composed_once() {
        let mut texts = InsertTexts::new(Dialect::Sqlite);
        let first = texts.text(&table(OnConflict::Retry));
        assert!(Arc::ptr_eq(&first, &texts.text(&table(OnConflict::Retry))));
        assert!(!Arc::ptr_eq(&first, &texts.text(&table(OnConflict::Ignore))));
    }
}
