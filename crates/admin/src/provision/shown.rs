//! An item of the directory as `list` and `show` print it: the keys of the
//! provisioning file, no secrets.

use koppeltaal_core::{Error, Result};
use serde::Serialize;
use serde_json::{Map, Value};

use super::schema::{Field, Kind, Shape};

/// What stands where there is a secret.
pub const MASK: &str = "********";

/// The item as an object with every key of its table; secrets are masked.
pub fn shown(kind: Kind, item: &impl Serialize) -> Result<Map<String, Value>> {
    let item = serde_json::to_value(item).map_err(Error::internal)?;
    let mut object = Map::new();
    for field in kind.fields() {
        if matches!(field.shape, Shape::FileOf(_)) {
            continue;
        }
        let stored = match field.name {
            "password" => item.get("password_hash").map(masked),
            "password_hash" | "previous_password_hash" => None,
            name => item.get(name).map(|value| without_secrets(value, field.shape)),
        };
        if let Some(value) = stored {
            object.insert(field.name.to_owned(), value);
        }
    }
    Ok(object)
}

fn masked(value: &Value) -> Value {
    if value.is_null() { Value::Null } else { Value::from(MASK) }
}

fn without_secrets(value: &Value, shape: Shape) -> Value {
    let inner = |of: &dyn Fn(&str) -> Shape| match value {
        Value::Object(table) => Value::Object(
            table.iter().map(|(k, v)| (k.clone(), without_secrets(v, of(k)))).collect(),
        ),
        other => other.clone(),
    };
    match shape {
        Shape::Secret => masked(value),
        Shape::Map(of) => inner(&|_| *of),
        Shape::Table(fields) => inner(&|key| shape_of(fields, key)),
        _ => value.clone(),
    }
}

/// What has no shape is not shown.
fn shape_of(fields: &[Field], key: &str) -> Shape {
    fields.iter().find(|field| field.name == key).map_or(Shape::Secret, |field| field.shape)
}
