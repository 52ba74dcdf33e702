//! The document of a POST or PATCH against the declaration of its type: every
//! field that is wrong is an error of its own (kt13-around 3.4).

use http::StatusCode;
use koppeltaal_core::administrator::check_mail_address;
use serde_json::{Map, Value};

use super::declaration::{Attribute, Declaration, Kind, Relationship, Rule};
use super::failure::{Failure, Fault};
use super::resource::{Link, Resource};

/// The most resources a relationship may lead to.
const MOST_LINKS: usize = 1000;

/// What a request writes: only what it names, and is allowed to.
#[derive(Debug, Clone, Default)]
pub struct Input {
    /// Values by attribute; null clears.
    pub attributes: Vec<(&'static Attribute, Value)>,
    /// Ids by relationship.
    pub relationships: Vec<(&'static Relationship, Vec<String>)>,
    /// The version that the caller knows.
    pub version: Option<String>,
}

impl Input {
    /// The value of an attribute, if it is named.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.attributes.iter().find(|(known, _)| known.name == name).map(|(_, value)| value)
    }

    /// The text of an attribute, if it is named and not cleared.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.value(name).and_then(Value::as_str)
    }

    /// The flag of an attribute.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.value(name).and_then(Value::as_bool)
    }

    /// The one resource that a relationship leads to.
    pub fn link(&self, name: &str) -> Option<&str> {
        self.links(name).and_then(|ids| ids.first()).map(String::as_str)
    }

    /// The resources that a relationship leads to, if it is named.
    pub fn links(&self, name: &str) -> Option<&[String]> {
        self.relationships.iter().find(|(known, _)| known.name == name).map(|(_, ids)| &ids[..])
    }
}

/// Reads the document of a new resource, or of a change of `existing`.
pub fn read(
    body: &[u8],
    of: &'static Declaration,
    existing: Option<&Resource>,
) -> Result<Input, Failure> {
    let document: Value = serde_json::from_slice(body)
        .map_err(|cause| Failure::bad_request(format!("The body is not JSON: {cause}.")))?;
    let data = document.get("data").and_then(Value::as_object).ok_or_else(|| {
        Failure::bad_request("The document must have a resource object in `data`.")
    })?;
    check_identity(data, of, existing)?;
    let mut reader = Reader { of, existing, input: Input::default(), faults: Vec::new() };
    if let Some(version) = data.get("meta").and_then(|meta| meta.get("version")) {
        reader.input.version = Some(version.as_str().unwrap_or("").to_owned());
    }
    for (name, value) in members(data, "attributes")? {
        reader.attribute(name, value);
    }
    for (name, value) in members(data, "relationships")? {
        reader.relationship(name, value);
    }
    if existing.is_none() {
        reader.required();
    }
    if reader.faults.is_empty() { Ok(reader.input) } else { Err(Failure::of(reader.faults)) }
}

fn check_identity(
    data: &Map<String, Value>,
    of: &Declaration,
    existing: Option<&Resource>,
) -> Result<(), Failure> {
    if data.get("type").and_then(Value::as_str) != Some(of.name) {
        return Err(Failure::conflict(format!("The type of the resource must be {}.", of.name)));
    }
    match (data.get("id"), existing) {
        (None, None) => Ok(()),
        (Some(_), None) => Err(Failure::forbidden("The server gives a new resource its id.")),
        (id, Some(existing)) if id.and_then(Value::as_str) == Some(&existing.id) => Ok(()),
        (None, Some(_)) => Err(Failure::bad_request("The resource must have the id of its URL.")),
        (Some(_), Some(_)) => {
            Err(Failure::conflict("The id of the resource is not that of its URL."))
        }
    }
}

fn members<'a>(
    data: &'a Map<String, Value>,
    name: &str,
) -> Result<impl Iterator<Item = (&'a String, &'a Value)>, Failure> {
    match data.get(name) {
        None => Ok(None.into_iter().flatten()),
        Some(Value::Object(members)) => Ok(Some(members).into_iter().flatten()),
        Some(_) => Err(Failure::bad_request(format!("`{name}` must be an object."))),
    }
}

struct Reader<'a> {
    of: &'static Declaration,
    existing: Option<&'a Resource>,
    input: Input,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn attribute(&mut self, name: &str, value: &Value) {
        let wrong = |status, text: String| Fault::attribute(status, name, text);
        let Some(attribute) = self.of.attribute(name) else {
            let text = format!("{} has no attribute of this name.", self.of.name);
            return self.faults.push(wrong(StatusCode::BAD_REQUEST, text));
        };
        let unchanged = self.existing.is_some_and(|existing| existing.value(name) == value);
        match writable(attribute.rule, self.existing.is_some()) {
            // Clients send back what they have read.
            Err(_) if unchanged || (self.existing.is_none() && value.is_null()) => return,
            Err((status, text)) => return self.faults.push(wrong(status, text.to_owned())),
            Ok(()) => {}
        }
        match checked(attribute, value) {
            Ok(value) if value.is_null() && attribute.rule.is_required() => {
                self.faults.push(wrong(StatusCode::BAD_REQUEST, "It is needed.".to_owned()));
            }
            Ok(value) => self.input.attributes.push((attribute, value)),
            Err(text) => self.faults.push(wrong(StatusCode::BAD_REQUEST, text)),
        }
    }

    fn relationship(&mut self, name: &str, value: &Value) {
        let wrong = |status, text: String| Fault::relationship(status, name, text);
        let Some(relationship) = self.of.relationship(name) else {
            let text = format!("{} has no relationship of this name.", self.of.name);
            return self.faults.push(wrong(StatusCode::BAD_REQUEST, text));
        };
        let ids = match ids(relationship, value.get("data")) {
            Ok(ids) => ids,
            Err(text) => return self.faults.push(wrong(StatusCode::BAD_REQUEST, text)),
        };
        let unchanged = self.existing.is_some_and(|existing| {
            existing.link(name).map(Link::ids).unwrap_or_default() == ids.as_slice()
        });
        match writable(relationship.rule, self.existing.is_some()) {
            Err(_) if unchanged || (self.existing.is_none() && ids.is_empty()) => return,
            Err((status, text)) => return self.faults.push(wrong(status, text.to_owned())),
            Ok(()) => {}
        }
        if ids.is_empty() && relationship.rule.is_required() {
            return self.faults.push(wrong(StatusCode::BAD_REQUEST, "It is needed.".to_owned()));
        }
        self.input.relationships.push((relationship, ids));
    }

    fn required(&mut self) {
        let named = |faults: &[Fault], part: &str, name: &str| {
            let place = format!("/data/{part}/{name}");
            faults.iter().any(|fault| {
                matches!(&fault.source, Some(super::failure::Source::Pointer(p)) if *p == place)
            })
        };
        for attribute in self.of.attributes.iter().filter(|a| a.rule.is_required()) {
            let missing = self.input.value(attribute.name).is_none();
            if missing && !named(&self.faults, "attributes", attribute.name) {
                let status = StatusCode::BAD_REQUEST;
                self.faults.push(Fault::attribute(status, attribute.name, "It is needed."));
            }
        }
        for relationship in self.of.relationships.iter().filter(|r| r.rule.is_required()) {
            let missing = self.input.links(relationship.name).is_none();
            if missing && !named(&self.faults, "relationships", relationship.name) {
                let status = StatusCode::BAD_REQUEST;
                self.faults.push(Fault::relationship(status, relationship.name, "It is needed."));
            }
        }
    }
}

fn writable(rule: Rule, exists: bool) -> Result<(), (StatusCode, &'static str)> {
    match (rule, exists) {
        (Rule::ReadOnly, _) => Err((StatusCode::FORBIDDEN, "The server alone writes it.")),
        (Rule::Fixed | Rule::FixedOptional, true) => {
            Err((StatusCode::CONFLICT, "It never changes."))
        }
        (Rule::Later, false) => Err((StatusCode::FORBIDDEN, "It cannot be given at creation.")),
        _ => Ok(()),
    }
}

/// The value as it is kept; an empty text is no value.
fn checked(attribute: &Attribute, value: &Value) -> Result<Value, String> {
    let word = |known: &[&str], text: &str| {
        let wrong = || format!("It must be one of {}.", known.join(", "));
        known.contains(&text).then_some(()).ok_or_else(wrong)
    };
    match (attribute.kind, value) {
        (_, Value::Null) => Ok(Value::Null),
        (Kind::Number, Value::Number(number)) => {
            let good = number.as_i64().is_some_and(|number| (0..=1_000_000_000).contains(&number));
            good.then(|| value.clone())
                .ok_or_else(|| "It must be a whole number from 0.".to_owned())
        }
        (Kind::Flag, Value::Bool(_)) => Ok(value.clone()),
        (Kind::Words(known), Value::Array(list)) => {
            for item in list {
                word(known, item.as_str().unwrap_or(""))?;
            }
            Ok(value.clone())
        }
        (Kind::Text | Kind::Lines | Kind::Email | Kind::Word(_), Value::String(text)) => {
            if text.is_empty() {
                return Ok(Value::Null);
            }
            check_text(attribute, text)?;
            match attribute.kind {
                Kind::Email => {
                    check_mail_address(text).map_err(|_| "It must be a mail address.".to_owned())?
                }
                Kind::Word(known) => word(known, text)?,
                _ => {}
            }
            Ok(value.clone())
        }
        (Kind::Number, _) => Err("It must be a whole number.".to_owned()),
        (Kind::Flag, _) => Err("It must be true or false.".to_owned()),
        (Kind::Words(_), _) => Err("It must be a list of texts.".to_owned()),
        (Kind::Time, _) => Err("It cannot be written.".to_owned()),
        (Kind::Text | Kind::Lines | Kind::Email | Kind::Word(_), _) => {
            Err("It must be a text.".to_owned())
        }
    }
}

fn check_text(attribute: &Attribute, text: &str) -> Result<(), String> {
    let length = text.chars().count();
    if length > attribute.most {
        return Err(format!("It has {length} characters; {} are allowed.", attribute.most));
    }
    let breaks = |c: char| attribute.kind == Kind::Lines && matches!(c, '\n' | '\r' | '\t');
    if text.chars().any(|c| c.is_control() && !breaks(c)) {
        return Err("It holds a control character.".to_owned());
    }
    if text.trim().is_empty() {
        return Err("It is blank.".to_owned());
    }
    Ok(())
}

fn ids(relationship: &Relationship, data: Option<&Value>) -> Result<Vec<String>, String> {
    let one = |value: &Value| {
        let is = |name: &str| value.get(name).and_then(Value::as_str);
        match (is("type"), is("id")) {
            (Some(of), Some(id)) if of == relationship.to && id.len() <= 200 => Ok(id.to_owned()),
            _ => Err(format!("It must name a {} by type and id.", relationship.to)),
        }
    };
    match (relationship.many, data) {
        (_, None) => Err("It must have `data`.".to_owned()),
        (false, Some(Value::Null)) => Ok(Vec::new()),
        (false, Some(value @ Value::Object(_))) => Ok(vec![one(value)?]),
        (true, Some(Value::Array(list))) if list.len() <= MOST_LINKS => {
            list.iter().map(one).collect()
        }
        (false, Some(_)) => Err("Its `data` must be one resource or null.".to_owned()),
        (true, Some(_)) => Err("Its `data` must be a list of resources.".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::jsonapi::declaration::{Operations, Who};
    use crate::jsonapi::resource::Owner;

    static TREE: Declaration = Declaration {
        name: "Tree",
        attributes: &[
            Attribute::text("Name", 5).rule(Rule::Required),
            Attribute::text("Species", 20).rule(Rule::Fixed),
            Attribute::new("Height", Kind::Number),
            Attribute::new("Contact", Kind::Email),
            Attribute::new("Planted", Kind::Time).read_only(),
        ],
        relationships: &[Relationship::one("Forest", "Forest", Rule::Fixed)],
        operations: Operations::read_only(Who::Every),
    };

    fn oak() -> Resource {
        Resource::new(&TREE, 7, Owner::default())
            .with("Name", "Oak")
            .with("Species", "Quercus")
            .to("Forest", 3)
    }

    fn faults(data: Value, existing: Option<&Resource>) -> Vec<(u16, String)> {
        let body = json!({ "data": data }).to_string();
        let failure = read(body.as_bytes(), &TREE, existing).unwrap_err();
        let place = |fault: &Fault| match &fault.source {
            Some(super::super::failure::Source::Pointer(pointer)) => pointer.clone(),
            _ => String::new(),
        };
        failure.faults.iter().map(|fault| (fault.status.as_u16(), place(fault))).collect()
    }

    #[test]
    fn every_field_that_is_wrong_is_told() {
        let data = json!({
            "type": "Tree",
            "attributes": { "Name": "too long", "Height": "high", "Colour": "green",
                            "Contact": "nobody", "Planted": "2024" },
            "relationships": { "Forest": { "data": { "type": "Wood", "id": "1" } } },
        });
        let found = faults(data, None);
        let expected = ["Name", "Height", "Colour", "Contact", "Planted", "Species"];
        for name in expected {
            let place = format!("/data/attributes/{name}");
            assert!(found.iter().any(|(_, p)| *p == place), "{name}: {found:?}");
        }
        assert!(found.iter().any(|(_, p)| p == "/data/relationships/Forest"));
        assert_eq!(found.len(), 7, "{found:?}");
    }

    #[test]
    fn what_never_changes_may_be_sent_back_as_it_is() {
        let body = json!({ "data": {
            "type": "Tree", "id": "7", "meta": { "version": "v" },
            "attributes": { "Name": "Elm", "Species": "Quercus", "Planted": null },
            "relationships": { "Forest": { "data": { "type": "Forest", "id": "3" } } },
        } });
        let input = read(body.to_string().as_bytes(), &TREE, Some(&oak())).unwrap();
        assert_eq!(input.attributes.len(), 1);
        assert_eq!(input.text("Name"), Some("Elm"));
        assert_eq!(input.version.as_deref(), Some("v"));
        assert!(input.relationships.is_empty());
    }

    #[test]
    fn a_change_of_what_never_changes_is_a_conflict() {
        let data = json!({ "type": "Tree", "id": "7", "attributes": { "Species": "Ulmus" } });
        assert_eq!(faults(data, Some(&oak())), [(409, "/data/attributes/Species".to_owned())]);
    }

    #[test]
    fn the_identity_of_a_document_is_that_of_its_url() {
        for (data, existing, expected) in [
            (json!({ "type": "Bush" }), false, 409),
            (json!({ "type": "Tree", "id": "1" }), false, 403),
            (json!({ "type": "Tree", "id": "8" }), true, 409),
            (json!({ "type": "Tree" }), true, 400),
            (json!([]), false, 400),
            (json!({ "type": "Tree", "id": "7", "attributes": [] }), true, 400),
        ] {
            let (text, oak) = (data.to_string(), oak());
            let found = faults(data, existing.then_some(&oak));
            assert_eq!(found[0].0, expected, "{text}");
        }
        assert!(read(b"{", &TREE, None).is_err());
    }
}
