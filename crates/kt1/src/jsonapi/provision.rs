//! Changes of the directory through the rules of `koppeltaal apply`: a change is a
//! table of the provisioning file, whoever asks for it.

use koppeltaal_core::directory::Directory;
use koppeltaal_core::search::Indexer;
use koppeltaal_core::{Result, Timestamp};
use koppeltaal_store::directory::Change;
use serde_json::{Map, Value};

/// A table of the provisioning file: the keys that are to change, and those that
/// say which item it is. `Null` is back to the default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// `domain`, `application` or `instance`.
    pub kind: &'static str,
    /// Its keys.
    pub values: Map<String, Value>,
}

impl Table {
    /// A table without keys.
    pub fn new(kind: &'static str) -> Self {
        Self { kind, values: Map::new() }
    }

    /// With a key.
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.values.insert(key.to_owned(), value.into());
        self
    }
}

/// What is wrong with a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key.
    pub key: String,
    /// What is wrong.
    pub text: String,
    /// Whether it is well-formed and may not be.
    pub forbidden: bool,
}

/// Changes that keep every rule.
#[derive(Debug, Clone, Default)]
pub struct Planned {
    /// The version of the directory they were worked out against.
    pub based_on: i64,
    /// The changes.
    pub changes: Vec<Change>,
    /// The password that was made up for a new user name.
    pub password: Option<String>,
}

/// Works changes out. It hashes passwords: not for an async thread.
pub trait Provision: Send + Sync {
    /// What these tables change in this directory, or everything that is wrong.
    fn plan(
        &self,
        tables: Vec<Table>,
        directory: &Directory,
        now: Timestamp,
    ) -> Result<Result<Planned, Vec<Problem>>>;

    /// What finds the searchable values of Devices.
    fn indexer(&self) -> &dyn Indexer;
}
