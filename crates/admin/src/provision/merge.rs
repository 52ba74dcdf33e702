//! The keys of the file onto what is stored: what the file leaves out stays,
//! and a secret is sealed unless it is the one that is stored already.

use koppeltaal_auth::SealKey;
use koppeltaal_core::directory::Secret;
use koppeltaal_core::{Error, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::file::Entry;
use super::problem::Problems;
use super::schema::{Field, Shape};

/// `base` with the keys of `entry`, or `None` when a value cannot be what the
/// file says; then every such key is noted. Keys in `but` are left to the caller.
pub fn merged<T>(
    base: &T,
    entry: &Entry,
    but: &[&str],
    seal: &SealKey,
    problems: &mut Problems,
) -> Result<Option<T>>
where
    T: Serialize + DeserializeOwned,
{
    let stored = serde_json::to_value(base).map_err(Error::internal)?;
    let mut all = stored.as_object().cloned().unwrap_or_default();
    let given: Map<String, Value> = entry
        .values
        .iter()
        .filter(|(key, _)| !but.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    merge_table(&mut all, &given, entry.kind.fields(), seal)?;
    let mut good = true;
    for key in given.keys() {
        // A key alone, so that the error is surely about it.
        let alone: Map<String, Value> =
            all.get(key).map(|value| (key.clone(), value.clone())).into_iter().collect();
        if let Err(cause) = serde_json::from_value::<T>(Value::Object(alone)) {
            problems.invalid(entry.line_of(key), key, cause.to_string());
            good = false;
        }
    }
    if !good {
        return Ok(None);
    }
    serde_json::from_value(Value::Object(all)).map(Some).map_err(Error::internal)
}

fn merge_table(
    stored: &mut Map<String, Value>,
    given: &Map<String, Value>,
    fields: &'static [Field],
    seal: &SealKey,
) -> Result<()> {
    for (key, value) in given {
        let shape = fields.iter().find(|field| field.name == key).map(|field| field.shape);
        merge_key(stored, key, value, shape.unwrap_or(Shape::Text), seal)?;
    }
    Ok(())
}

fn merge_key(
    stored: &mut Map<String, Value>,
    key: &str,
    given: &Value,
    shape: Shape,
    seal: &SealKey,
) -> Result<()> {
    if given.is_null() {
        stored.remove(key);
        return Ok(());
    }
    let place = stored.entry(key.to_owned()).or_insert(Value::Null);
    match (shape, given) {
        (Shape::Table(fields), Value::Object(given)) => {
            merge_table(as_table(place), given, fields, seal)?;
        }
        (Shape::Map(of), Value::Object(given)) => {
            let table = as_table(place);
            for (key, value) in given {
                merge_key(table, key, value, *of, seal)?;
            }
        }
        (Shape::Secret, Value::String(clear)) => {
            let same = place
                .as_str()
                .and_then(|sealed| seal.open(&Secret(sealed.to_owned())).ok())
                .is_some_and(|stored| stored == *clear);
            if !same {
                *place = Value::from(seal.seal(clear)?.0);
            }
        }
        (_, given) => *place = given.clone(),
    }
    Ok(())
}

fn as_table(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(table) => table,
        _ => unreachable!("it was just made a table"),
    }
}
