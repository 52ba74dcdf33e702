//! Where each value comes from: file, then environment, then flags, the later
//! wins. Nothing is interpreted here but TOML.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use koppeltaal_core::{Error, Result};
use toml::de::{DeTable, DeValue};

use super::keys::{self, KEYS, Key};
use crate::toml_lines::Lines;

/// Where a value was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nowhere: it is the default.
    Default,
    /// In a file, on this line.
    File(PathBuf, usize),
    /// In this variable of the environment.
    Env(String),
    /// By this flag.
    Flag(&'static str),
}

impl Origin {
    /// The word for it: `default`, `file`, `env` or `flag`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File(..) => "file",
            Self::Env(_) => "env",
            Self::Flag(_) => "flag",
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
            Self::Env(name) => f.write_str(name),
            Self::Flag(name) => write!(f, "--{name}"),
        }
    }
}

/// A value as it was given; a list keeps its elements apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// Its text or texts.
    pub texts: Vec<String>,
    /// Where it was given.
    pub origin: Origin,
}

/// What is given for the keys of the table; the rest is default.
#[derive(Debug, Default)]
pub struct Values {
    given: BTreeMap<&'static str, Given>,
}

impl Values {
    /// Reads file, environment and flags. Every wrong key of the file is named.
    pub fn read(
        file: Option<&Path>,
        environment: &dyn Fn(&str) -> Option<String>,
        flags: &[(&'static str, String)],
    ) -> Result<Self> {
        let mut values = Self::default();
        if let Some(path) = file {
            let text = std::fs::read_to_string(path).map_err(|cause| {
                Error::Invalid(format!(
                    "{}: the configuration file cannot be read: {cause}",
                    path.display()
                ))
            })?;
            values.read_file(path, &text)?;
        }
        for key in KEYS {
            values.read_environment(key, environment)?;
        }
        for (flag, value) in flags {
            let name = flag.replace('-', "_");
            let key =
                keys::find(&name).ok_or_else(|| Error::internal(format!("no key for --{flag}")))?;
            values.set(key, vec![value.clone()], Origin::Flag(flag));
        }
        Ok(values)
    }

    /// What was given for a key.
    pub fn get(&self, name: &str) -> Option<&Given> {
        self.given.get(name)
    }

    fn set(&mut self, key: &'static Key, texts: Vec<String>, origin: Origin) {
        self.given.insert(key.name, Given { texts, origin });
    }

    /// Reads the text of a configuration file that lies at `path`.
    pub fn read_file(&mut self, path: &Path, text: &str) -> Result<()> {
        let lines = Lines::of(text);
        let place = |at: usize| format!("{}:{}", path.display(), lines.line(at));
        let table = DeTable::parse(text).map_err(|cause| {
            let at = place(cause.span().map_or(0, |span| span.start));
            Error::Invalid(format!("{at}: {}", cause.message()))
        })?;
        let mut wrong = self
            .read_table("", table.get_ref(), &|at| Origin::File(path.to_owned(), lines.line(at)));
        if wrong.is_empty() {
            return Ok(());
        }
        wrong.sort();
        let named = wrong.iter().map(|(at, name, why)| format!("{}: {name}: {why}", place(*at)));
        Err(Error::Invalid(named.collect::<Vec<_>>().join("\n")))
    }

    /// Takes over what is right and tells what is not: where, which key, why.
    fn read_table(
        &mut self,
        prefix: &str,
        table: &DeTable<'_>,
        origin: &dyn Fn(usize) -> Origin,
    ) -> Vec<(usize, String, String)> {
        let mut wrong = Vec::new();
        for (key, value) in table {
            let name = format!("{prefix}{}", key.get_ref());
            let at = key.span().start;
            let inside = format!("{name}.");
            let is_table = KEYS.iter().any(|key| key.name.starts_with(&inside));
            match (value.get_ref(), keys::find(&name)) {
                (DeValue::Table(table), _) if is_table => {
                    wrong.extend(self.read_table(&inside, table, origin));
                }
                (value, Some(key)) => match texts(key, value) {
                    Ok(texts) => self.set(key, texts, origin(at)),
                    Err(why) => wrong.push((at, name, why)),
                },
                (_, None) if is_table => {
                    wrong.push((at, name, "is a table, not a value".to_owned()));
                }
                (_, None) => wrong.push((at, name, "unknown key".to_owned())),
            }
        }
        wrong
    }

    fn read_environment(
        &mut self,
        key: &'static Key,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<()> {
        let name = key.variable();
        if let Some(value) = environment(&name) {
            self.set(key, vec![value], Origin::Env(name));
            return Ok(());
        }
        if !key.secret {
            return Ok(());
        }
        let name = format!("{name}_FILE");
        if let Some(path) = environment(&name) {
            let text = std::fs::read_to_string(&path).map_err(|cause| {
                Error::Invalid(format!("{name}: {path} cannot be read: {cause}"))
            })?;
            self.set(key, vec![text.trim().to_owned()], Origin::Env(name));
        }
        Ok(())
    }
}

fn texts(key: &Key, value: &DeValue<'_>) -> Result<Vec<String>, String> {
    let scalar = |value: &DeValue<'_>| match value {
        DeValue::String(text) => Ok(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Ok(number.as_str().to_owned()),
        DeValue::Boolean(on) if key.kind == keys::Kind::Switch => Ok(on.to_string()),
        other => Err(format!(
            "is {}, write {}",
            other.type_str(),
            match key.kind {
                keys::Kind::Number => "a whole number",
                keys::Kind::Switch => "true or false",
                _ => "a text in quotes",
            }
        )),
    };
    match value {
        DeValue::Array(items) if key.kind == keys::Kind::List => {
            items.iter().map(|item| scalar(item.get_ref())).collect()
        }
        value => scalar(value).map(|text| vec![text]),
    }
}
