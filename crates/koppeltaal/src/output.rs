//! What commands print: tables for people, JSON for machines, always through
//! one place, so that a closed pipe ends a command quietly.

use std::io::{self, Write};

use anyhow::Result;
use serde::Serialize;
use serde_json::{Map, Value};

/// Prints a text as it is.
pub fn text(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// Prints a line.
pub fn line(line: impl std::fmt::Display) -> Result<()> {
    text(&format!("{line}\n"))
}

/// Prints a remark on stderr that is no result.
pub fn remark(remark: impl std::fmt::Display) {
    // Nobody is there to hear it: then it is not said.
    let _unheard = writeln!(io::stderr(), "{remark}");
}

/// Prints a value as JSON.
pub fn json(value: &impl Serialize) -> Result<()> {
    line(serde_json::to_string_pretty(value)?)
}

/// Prints a list: one JSON array, or a table of these columns.
pub fn list(as_json: bool, objects: &[Map<String, Value>], columns: &[&str]) -> Result<()> {
    if as_json {
        return json(&objects);
    }
    let headings = columns.iter().map(|column| column.to_uppercase().replace('_', " "));
    let mut rows = vec![headings.collect::<Vec<_>>()];
    for object in objects {
        let cell = |column: &&str| object.get(*column).map(short).unwrap_or_default();
        rows.push(columns.iter().map(cell).collect());
    }
    text(&table(&rows))
}

/// Prints one object: as JSON, or a line per key that has a value.
pub fn show(as_json: bool, object: &Map<String, Value>) -> Result<()> {
    if as_json {
        return json(object);
    }
    let rows: Vec<Vec<String>> = object
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(key, value)| vec![key.clone(), short(value)])
        .collect();
    text(&table(&rows))
}

/// A value in one line.
fn short(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.replace(['\n', '\r'], " "),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Array(items) => items.iter().map(short).collect::<Vec<_>>().join(", "),
        Value::Object(table) => {
            let pairs = table.iter().filter(|(_, value)| !value.is_null());
            pairs.map(|(k, v)| format!("{k}={}", short(v))).collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    }
}

/// Rows with aligned columns.
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        let line = cells.collect::<Vec<_>>().join("  ");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_lines_have_no_trailing_space() {
        let row = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        let rows = [row(["NAME", "PHASE"]), row(["démo", "test"]), row(["longer one", ""])];
        assert_eq!(table(&rows), "NAME        PHASE\ndémo        test\nlonger one\n");
    }

    #[test]
    fn values_are_shown_in_one_line() {
        let value = serde_json::json!({"url": "https://x", "headers": {"A": "b"}, "n": null});
        assert_eq!(short(&value), "url=https://x headers=A=b");
        assert_eq!(short(&serde_json::json!(["a", true, 3])), "a, yes, 3");
    }
}
