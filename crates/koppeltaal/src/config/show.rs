//! `config show`: each value in force, with where it comes from.

use serde::Serialize;

use super::Config;
use super::keys::{KEYS, Key, Kind};
use super::values::{Origin, Values};

/// A value as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// The key.
    pub key: &'static str,
    /// The value in force; secrets are masked.
    pub value: Option<String>,
    /// `default`, `file`, `env` or `flag`.
    pub origin: &'static str,
    /// The line, variable or flag.
    pub place: Option<String>,
}

/// Every value in force, in the order of the table.
pub fn shown(values: &Values, config: &Config) -> Vec<Shown> {
    KEYS.iter().map(|key| show(key, values, config)).collect()
}

fn show(key: &Key, values: &Values, config: &Config) -> Shown {
    let given = values.get(key.name);
    let text = given
        .map(|given| given.texts.join(","))
        .filter(|text| !text.is_empty() || key.kind == Kind::List)
        .or(key.default.map(str::to_owned));
    let value = match key.name {
        // Shown without the password.
        "database" => Some(config.database.to_string()),
        "public_url" => Some(config.public_url(config.listen)),
        "limits.burst" => Some(config.limits.burst.to_string()),
        "seal_key" if text.is_none() => Some("(development key)".to_owned()),
        _ if key.secret => text.map(|_| "********".to_owned()),
        _ => text,
    };
    let origin = given.map_or(&Origin::Default, |given| &given.origin);
    Shown {
        key: key.name,
        value,
        origin: origin.word(),
        place: given.map(|given| given.origin.to_string()),
    }
}
