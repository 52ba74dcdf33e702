//! The forms of JSON that go in and come out, as the OpenAPI document tells them.
//! Items of the directory have the keys of the provisioning file.

use serde_json::{Map, Value, json};

use crate::provision::{Field, Kind, Shape};

/// A form. Whatever comes out may also be null.
#[derive(Debug, Clone, Copy)]
pub enum Schema {
    /// A text.
    Text,
    /// A time, RFC 3339 in UTC.
    Time,
    /// A whole number.
    Int,
    /// `true` or `false`.
    Bool,
    /// Anything.
    Any,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Several of the same.
    List(&'static Schema),
    /// Free keys.
    Map(&'static Schema),
    /// Named keys.
    Object(&'static [(&'static str, Schema)]),
    /// An item of the directory.
    Item(Kind),
    /// An item of the directory with what is only read.
    ItemWith(Kind, &'static [(&'static str, Schema)]),
    /// A list in pages: `items`, and `next`, after which the next page begins.
    Page(&'static Schema),
}

impl Schema {
    /// As JSON Schema (OpenAPI 3.1).
    pub fn json(self) -> Value {
        match self {
            Self::Text => json!({ "type": ["string", "null"] }),
            Self::Time => json!({ "type": ["string", "null"], "format": "date-time" }),
            Self::Int => json!({ "type": ["integer", "null"], "format": "int64" }),
            Self::Bool => json!({ "type": ["boolean", "null"] }),
            Self::Any => json!({}),
            Self::Word(words) => {
                let mut all: Vec<Value> = words.iter().map(|word| json!(word)).collect();
                all.push(Value::Null);
                json!({ "enum": all })
            }
            Self::List(of) => json!({ "type": ["array", "null"], "items": of.json() }),
            Self::Map(of) => {
                json!({ "type": ["object", "null"], "additionalProperties": of.json() })
            }
            Self::Object(fields) => object(fields.iter().map(|(name, of)| (*name, of.json()))),
            Self::Item(kind) => of_fields(kind.fields(), &[]),
            Self::ItemWith(kind, more) => of_fields(kind.fields(), more),
            Self::Page(of) => object([
                ("items", json!({ "type": "array", "items": of.json() })),
                ("next", Self::Int.json()),
            ]),
        }
    }
}

fn object(fields: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let properties: Map<String, Value> =
        fields.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect();
    json!({
        "type": ["object", "null"],
        "properties": properties,
        "additionalProperties": false,
    })
}

fn of_fields(fields: &'static [Field], more: &'static [(&'static str, Schema)]) -> Value {
    let own = fields.iter().filter(|field| !matches!(field.shape, Shape::FileOf(_)));
    let own = own.map(|field| (field.name, of_shape(field.shape)));
    object(own.chain(more.iter().map(|(name, of)| (*name, of.json()))))
}

fn of_shape(shape: Shape) -> Value {
    match shape {
        Shape::Text | Shape::FileOf(_) => Schema::Text.json(),
        Shape::Secret => json!({
            "type": ["string", "null"],
            "description": "A secret: masked when it is read; the mask leaves it as it is.",
        }),
        Shape::Bool => Schema::Bool.json(),
        Shape::Time => Schema::Time.json(),
        Shape::List(of) => json!({ "type": ["array", "null"], "items": of_shape(*of) }),
        Shape::Map(of) => {
            json!({ "type": ["object", "null"], "additionalProperties": of_shape(*of) })
        }
        Shape::Table(fields) => of_fields(fields, &[]),
    }
}
