//! The primitive types: which JSON they take, and hand-written matchers for the regular
//! expressions of the standard (FHIR R4, Data Types, 2.24.0.1).

mod temporal;
mod text;

use crate::json::is_integer;
use crate::node::Node;

/// A primitive type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Primitive {
    /// `true` or `false`.
    Boolean,
    /// A whole number of 32 bits.
    Integer,
    /// A whole number from 1.
    PositiveInt,
    /// A whole number from 0.
    UnsignedInt,
    /// A number.
    Decimal,
    /// A text.
    String,
    /// A text in Markdown.
    Markdown,
    /// A code.
    Code,
    /// A logical id.
    Id,
    /// A URI; also url and canonical.
    Uri,
    /// `urn:oid:…`.
    Oid,
    /// `urn:uuid:…`.
    Uuid,
    /// Bytes in Base64.
    Base64Binary,
    /// A moment to the second, or finer.
    Instant,
    /// A day, month or year.
    Date,
    /// A date, or a moment.
    DateTime,
    /// A time of day.
    Time,
    /// The text of a narrative, which is looked at apart.
    Xhtml,
}

/// What is wrong with a primitive value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Another kind of JSON value is needed.
    Json(&'static str),
    /// The text does not have the form of the type.
    Form(&'static str),
    /// More than 1 MiB.
    TooLong,
}

/// Longest text in bytes (FHIR R4, string).
pub const MAX_TEXT: usize = 1024 * 1024;

impl Primitive {
    /// The type with this name; also for profiles on primitives, which keep the name.
    pub fn named(name: &str) -> Option<Primitive> {
        Some(match name {
            "boolean" | "Boolean" => Primitive::Boolean,
            "integer" | "Integer" => Primitive::Integer,
            "positiveInt" => Primitive::PositiveInt,
            "unsignedInt" => Primitive::UnsignedInt,
            "decimal" | "Decimal" => Primitive::Decimal,
            "string" | "String" => Primitive::String,
            "markdown" => Primitive::Markdown,
            "code" => Primitive::Code,
            "id" => Primitive::Id,
            "uri" | "url" | "canonical" => Primitive::Uri,
            "oid" => Primitive::Oid,
            "uuid" => Primitive::Uuid,
            "base64Binary" => Primitive::Base64Binary,
            "instant" => Primitive::Instant,
            "date" | "Date" => Primitive::Date,
            "dateTime" | "DateTime" => Primitive::DateTime,
            "time" | "Time" => Primitive::Time,
            "xhtml" => Primitive::Xhtml,
            _ => return None,
        })
    }

    /// Looks at a value.
    pub fn check(self, value: &Node) -> Result<(), Fault> {
        match (self, value) {
            (Primitive::Boolean, Node::Bool(_)) => Ok(()),
            (Primitive::Boolean, _) => Err(Fault::Json("true or false, without quotes")),
            (
                Primitive::Integer | Primitive::PositiveInt | Primitive::UnsignedInt,
                Node::Number(text),
            ) => self.whole_number(text),
            // The reader of JSON has seen that it is a number.
            (Primitive::Decimal, Node::Number(_)) => Ok(()),
            (
                Primitive::Integer
                | Primitive::PositiveInt
                | Primitive::UnsignedInt
                | Primitive::Decimal,
                _,
            ) => Err(Fault::Json("a number, without quotes")),
            (_, Node::String(text)) => self.check_text(text),
            _ => Err(Fault::Json("a text in quotes")),
        }
    }

    fn whole_number(self, text: &str) -> Result<(), Fault> {
        let (least, form) = match self {
            Primitive::PositiveInt => (1, "a whole number from 1 to 2147483647"),
            Primitive::UnsignedInt => (0, "a whole number from 0 to 2147483647"),
            _ => (i64::from(i32::MIN), "a whole number from -2147483648 to 2147483647"),
        };
        let number = if is_integer(text) { text.parse::<i32>().ok() } else { None };
        match number {
            Some(number) if i64::from(number) >= least && text != "-0" => Ok(()),
            _ => Err(Fault::Form(form)),
        }
    }

    fn check_text(self, text: &str) -> Result<(), Fault> {
        if text.len() > MAX_TEXT && self != Primitive::Base64Binary {
            return Err(Fault::TooLong);
        }
        let (is_good, form) = match self {
            Primitive::Code => {
                (text::is_code(text), "a code: no space at the ends and single ones between")
            }
            Primitive::Id => {
                (text::is_id(text), "an id: 1 to 64 letters A-Z, a-z, digits, hyphens and dots")
            }
            Primitive::Uri => (text::is_uri(text), "a URI: not empty and without spaces"),
            Primitive::Oid => (text::is_oid(text), "an OID such as urn:oid:1.2.3"),
            Primitive::Uuid => (text::is_uuid(text), "a UUID such as urn:uuid: and 36 characters"),
            Primitive::Base64Binary => (text::is_base64(text), "bytes in Base64"),
            Primitive::Instant => (
                temporal::is_instant(text),
                "a real moment such as 2024-05-01T09:30:00Z, with seconds and a time zone",
            ),
            Primitive::Date => {
                (temporal::is_date(text), "a real date such as 2024, 2024-05 or 2024-05-01")
            }
            Primitive::DateTime => (
                temporal::is_date_time(text),
                "a real date such as 2024-05-01, or moment such as 2024-05-01T09:30:00+02:00",
            ),
            Primitive::Time => (temporal::is_time(text), "a time such as 09:30:00"),
            _ => (text::is_string(text), "a text that is not empty and has no control characters"),
        };
        if is_good { Ok(()) } else { Err(Fault::Form(form)) }
    }
}

#[cfg(test)]
mod tests;
