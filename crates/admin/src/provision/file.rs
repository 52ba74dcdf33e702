//! From the text of a provisioning file to its tables: every key known, every
//! value of the right shape, every line remembered.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::Problems;
use super::schema::{Field, Kind, Shape};
use crate::toml_lines::Lines;

/// A table of the file.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Which table it is.
    pub kind: Kind,
    /// The line of its header.
    pub line: usize,
    /// Its keys. `Null` stands for an empty text: back to the default.
    pub values: Map<String, Value>,
    /// The line of each key, also of nested ones (`webhook.url`).
    lines: HashMap<String, usize>,
}

impl Entry {
    /// A table that stands in no file; `place` stands in for its line.
    pub fn of_values(kind: Kind, place: usize, values: Map<String, Value>) -> Self {
        Self { kind, line: place, values, lines: HashMap::new() }
    }

    /// The line of a key, or that of the nearest table around it.
    pub fn line_of(&self, key: &str) -> usize {
        let mut path = key;
        loop {
            if let Some(line) = self.lines.get(path) {
                return *line;
            }
            match path.rfind(['.', '[']) {
                Some(end) => path = &path[..end],
                None => return self.line,
            }
        }
    }

    /// Whether the file gives this key.
    pub fn gives(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }

    /// The text of a key.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.values.get(key).and_then(Value::as_str)
    }
}

/// A provisioning file.
#[derive(Debug, Clone, Default)]
pub struct File {
    /// Its tables in order of kind, then of the file.
    pub entries: Vec<Entry>,
}

impl File {
    /// Reads a text. Paths in it are relative to `folder`; without one it may name
    /// no files, because it is not of this machine. Tables in which something is
    /// wrong are given as far as they could be read.
    pub fn read(text: &str, folder: Option<&Path>) -> (Self, Problems) {
        let mut reader = Reader {
            lines: Lines::of(text),
            folder: folder.map(Path::to_owned),
            problems: Problems::default(),
        };
        let mut file = Self::default();
        match DeTable::parse(text) {
            Ok(table) => file.entries = reader.tables(table.get_ref()),
            Err(cause) => {
                let line = reader.lines.line(cause.span().map_or(0, |span| span.start));
                reader.problems.invalid(line, "syntax", cause.message());
            }
        }
        (file, reader.problems)
    }
}

struct Reader {
    lines: Lines,
    folder: Option<PathBuf>,
    problems: Problems,
}

impl Reader {
    fn tables(&mut self, root: &DeTable<'_>) -> Vec<Entry> {
        for key in root.keys() {
            let name = key.get_ref();
            if !Kind::ALL.iter().any(|kind| kind.name() == name) {
                let known = Kind::ALL.map(Kind::name).join("]], [[");
                let line = self.lines.line(key.span().start);
                self.problems.invalid(
                    line,
                    &**name,
                    format!("unknown table: there are [[{known}]]"),
                );
            }
        }
        let mut entries = Vec::new();
        for kind in Kind::ALL {
            let Some(tables) = root.get(kind.name()) else {
                continue;
            };
            let line = self.lines.line(tables.span().start);
            let wrong = format!("is not a list of tables: write [[{}]]", kind.name());
            let DeValue::Array(tables) = tables.get_ref() else {
                self.problems.invalid(line, kind.name(), wrong);
                continue;
            };
            for table in tables.iter() {
                match table.get_ref() {
                    DeValue::Table(inner) => {
                        let line = self.lines.line(table.span().start);
                        entries.push(self.entry(kind, line, inner));
                    }
                    _ => self.problems.invalid(line, kind.name(), &*wrong),
                }
            }
        }
        entries
    }

    fn entry(&mut self, kind: Kind, line: usize, table: &DeTable<'_>) -> Entry {
        let mut entry = Entry { kind, line, values: Map::new(), lines: HashMap::new() };
        entry.values = self.table("", table, kind.fields(), &mut entry.lines);
        for key in kind.identity() {
            if entry.text(key).is_none() {
                let text = format!("is missing: every [[{}]] needs it", kind.name());
                self.problems.invalid(entry.line_of(key), *key, text);
            }
        }
        entry
    }

    fn table(
        &mut self,
        prefix: &str,
        table: &DeTable<'_>,
        fields: &'static [Field],
        lines: &mut HashMap<String, usize>,
    ) -> Map<String, Value> {
        let mut values = Map::new();
        for (key, value) in table {
            let path = format!("{prefix}{}", key.get_ref());
            let line = self.lines.line(key.span().start);
            lines.insert(path.clone(), line);
            let Some(field) = fields.iter().find(|field| field.name == key.get_ref()) else {
                self.problems.invalid(line, path, "unknown key");
                continue;
            };
            let name = match field.shape {
                Shape::FileOf(name) => name,
                _ => field.name,
            };
            if name != field.name && table.contains_key(name) {
                let text = format!("give either {name} or {path}, not both");
                self.problems.invalid(line, path, text);
                continue;
            }
            if let Some(value) = self.value(&path, value, field.shape, lines) {
                lines.insert(format!("{prefix}{name}"), line);
                values.insert(name.to_owned(), value);
            }
        }
        values
    }

    fn value(
        &mut self,
        path: &str,
        value: &Spanned<DeValue<'_>>,
        shape: Shape,
        lines: &mut HashMap<String, usize>,
    ) -> Option<Value> {
        let line = self.lines.line(value.span().start);
        match (shape, value.get_ref()) {
            (_, DeValue::String(text)) if text.is_empty() && !path.ends_with(']') => {
                Some(Value::Null)
            }
            (Shape::Text | Shape::Secret | Shape::Time, DeValue::String(text)) => {
                Some(Value::from(text.as_ref()))
            }
            (Shape::Time, DeValue::Datetime(time)) => Some(Value::from(time.to_string())),
            (Shape::Bool, DeValue::Boolean(value)) => Some(Value::from(*value)),
            (Shape::FileOf(_), DeValue::String(name)) => self.file(path, line, name),
            (Shape::List(of), DeValue::Array(items)) => {
                let mut values = Vec::new();
                for (index, item) in items.iter().enumerate() {
                    let path = format!("{path}[{index}]");
                    lines.insert(path.clone(), self.lines.line(item.span().start));
                    values.push(self.value(&path, item, *of, lines)?);
                }
                Some(Value::from(values))
            }
            (Shape::Table(fields), DeValue::Table(table)) => {
                Some(Value::Object(self.table(&format!("{path}."), table, fields, lines)))
            }
            (Shape::Map(of), DeValue::Table(table)) => {
                let mut values = Map::new();
                for (key, value) in table {
                    let path = format!("{path}.{}", key.get_ref());
                    lines.insert(path.clone(), self.lines.line(key.span().start));
                    values.insert(key.get_ref().to_string(), self.value(&path, value, *of, lines)?);
                }
                Some(Value::Object(values))
            }
            (_, other) => {
                let text = format!("is {}, write {}", other.type_str(), wanted(shape));
                self.problems.invalid(line, path, text);
                None
            }
        }
    }

    fn file(&mut self, path: &str, line: usize, name: &str) -> Option<Value> {
        let Some(folder) = &self.folder else {
            self.problems.invalid(line, path, "names a file of the server: give the value itself");
            return None;
        };
        match std::fs::read_to_string(folder.join(name)) {
            Ok(text) => {
                let text = text.trim_end_matches(['\r', '\n']);
                if text.is_empty() {
                    self.problems.invalid(line, path, format!("{name} is empty"));
                    return None;
                }
                Some(Value::from(text))
            }
            Err(cause) => {
                self.problems.invalid(line, path, format!("{name} cannot be read: {cause}"));
                None
            }
        }
    }
}

fn wanted(shape: Shape) -> &'static str {
    match shape {
        Shape::Text | Shape::Secret | Shape::FileOf(_) => "a text in quotes",
        Shape::Bool => "true or false",
        Shape::Time => "a time like 2024-01-05T10:00:00Z",
        Shape::List(_) => "a list",
        Shape::Table(_) | Shape::Map(_) => "a table",
    }
}
