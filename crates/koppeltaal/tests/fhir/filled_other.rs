//! The filled resources whole, and others that have another value everywhere.

use serde_json::{Value, json};

use crate::filled::filled;

/// The filled resource of a type, with what all types have.
pub fn whole(kind: &str) -> Value {
    let mut resource = filled(kind);
    resource["resourceType"] = kind.into();
    resource["id"] = "filled".into();
    resource["meta"] = json!({
        "profile": ["http://example.test/profile"],
        "security": [{ "system": "urn:s", "code": "secret" }],
        "tag": [{ "system": "urn:t", "code": "tagged" }],
        "source": "http://example.test/source",
    });
    resource["text"] = json!({
        "status": "generated",
        "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">Doorlopend <b>narratief</b> verhaal</div>",
    });
    resource
}

/// The same resource with another value everywhere.
pub fn other(resource: &Value) -> Value {
    let mut other = altered("", resource);
    other["id"] = "other".into();
    other["resourceType"] = resource["resourceType"].clone();
    // Of all that die somebody else would be found as deceased.
    if let Some(members) = other.as_object_mut()
        && members.remove("deceasedDateTime").is_some()
    {
        members.insert("deceasedBoolean".to_owned(), false.into());
    }
    other
}

fn altered(name: &str, value: &Value) -> Value {
    match value {
        // What says where a value belongs stays.
        _ if name == "system" => value.clone(),
        Value::String(text) => altered_text(text).into(),
        Value::Bool(is) => (!is).into(),
        Value::Number(number) => (number.as_f64().unwrap() + 5000.0).into(),
        Value::Array(items) => items.iter().map(|item| altered(name, item)).collect(),
        Value::Object(members) => {
            let keeps = |key: &str| {
                let is_extension = name == "extension" && key == "url";
                is_extension || (name == "relatedArtifact" && key == "type")
            };
            let pairs = members.iter().map(|(key, value)| match keeps(key) {
                true => (key.clone(), value.clone()),
                false => (key.clone(), altered(key, value)),
            });
            Value::Object(pairs.collect())
        }
        Value::Null => Value::Null,
    }
}

/// Every letter and digit is another one; a date is another one, a reference leads
/// to another resource of the type.
fn altered_text(text: &str) -> String {
    if let Some((kind, id)) = text.split_once('/')
        && TARGETS.contains(&kind)
    {
        return format!("{kind}/{id}-other");
    }
    if text.starts_with("19") || text.starts_with("20") {
        return format!("1850{}", &text[4..]);
    }
    let turned = |c: char| match c {
        'a'..='z' => char::from((c as u8 - b'a' + 13) % 26 + b'a'),
        'A'..='Z' => char::from((c as u8 - b'A' + 13) % 26 + b'A'),
        '0'..='9' => char::from(b'9' - (c as u8 - b'0')),
        other => other,
    };
    text.chars().map(turned).collect()
}

const TARGETS: [&str; 16] = [
    "ActivityDefinition",
    "AuditEvent",
    "CarePlan",
    "CareTeam",
    "Device",
    "Encounter",
    "Endpoint",
    "Location",
    "Observation",
    "Organization",
    "Patient",
    "Practitioner",
    "RelatedPerson",
    "Subscription",
    "Task",
    "Condition",
];
