//! Documents of JSON:API 1.0: resources as objects with their links, lists with
//! their pages, and what is included.

use std::collections::HashMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::declaration::{Declaration, Relationship};
use super::query::Query;
use super::resource::{Link, Resource};

/// The fields that are shown, by type; a type that is not named shows all.
pub type Fields = HashMap<String, Vec<String>>;

const SEGMENT: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Writes documents below one base URL.
#[derive(Debug, Clone)]
pub struct Writer {
    /// `…/jsonapi/Koppeltaal`.
    pub base: String,
}

impl Writer {
    /// The URL of a type.
    pub fn url(&self, of: &Declaration) -> String {
        format!("{}/{}", self.base, of.name)
    }

    /// The URL of a resource.
    pub fn url_of(&self, of: &Declaration, id: &str) -> String {
        format!("{}/{}", self.url(of), utf8_percent_encode(id, &SEGMENT))
    }

    /// A resource as an object.
    pub fn object(&self, resource: &Resource, fields: &Fields) -> Value {
        let shown = |name: &str| {
            fields.get(resource.of.name).is_none_or(|names| names.iter().any(|known| known == name))
        };
        let url = self.url_of(resource.of, &resource.id);
        let mut attributes = Map::new();
        for attribute in resource.of.attributes.iter().filter(|a| !a.secret && shown(a.name)) {
            attributes.insert(attribute.name.to_owned(), resource.value(attribute.name).clone());
        }
        let mut relationships = Map::new();
        for relationship in resource.of.relationships.iter().filter(|r| shown(r.name)) {
            let mut linkage = linkage(resource, relationship);
            linkage.insert("links".to_owned(), links(&url, relationship));
            relationships.insert(relationship.name.to_owned(), Value::Object(linkage));
        }
        let mut object = Map::new();
        object.insert("type".to_owned(), resource.of.name.into());
        object.insert("id".to_owned(), resource.id.as_str().into());
        if !attributes.is_empty() {
            object.insert("attributes".to_owned(), Value::Object(attributes));
        }
        if !relationships.is_empty() {
            object.insert("relationships".to_owned(), Value::Object(relationships));
        }
        object.insert("links".to_owned(), json!({ "self": url }));
        if let Some(version) = resource.version {
            object.insert("meta".to_owned(), json!({ "version": version.to_string() }));
        }
        Value::Object(object)
    }

    /// The document of one resource, or of none.
    pub fn one(
        &self,
        url: &str,
        resource: Option<&Resource>,
        fields: &Fields,
    ) -> Map<String, Value> {
        let data = resource.map_or(Value::Null, |resource| self.object(resource, fields));
        let mut document = begin();
        document.insert("links".to_owned(), json!({ "self": url }));
        document.insert("data".to_owned(), data);
        document
    }

    /// The document of a page.
    pub fn page(
        &self,
        url: &str,
        rows: &[Resource],
        total: usize,
        query: &Query,
    ) -> Map<String, Value> {
        let page = query.page;
        let last = total.div_ceil(page.size).max(1);
        let link = |number: usize| Value::from(format!("{url}?{}", query.of_page(number)));
        let link_if = |there: bool, number: usize| if there { link(number) } else { Value::Null };
        let mut document = begin();
        document.insert(
            "links".to_owned(),
            json!({
                "self": link(page.number),
                "first": link(1),
                "prev": link_if(page.number > 1, page.number.saturating_sub(1).min(last)),
                "next": link_if(page.number < last, page.number.saturating_add(1)),
                "last": link(last),
            }),
        );
        let data: Vec<Value> = rows.iter().map(|row| self.object(row, &query.fields)).collect();
        document.insert("data".to_owned(), data.into());
        document.insert(
            "meta".to_owned(),
            json!({ "page": { "number": page.number, "size": page.size, "total-records": total } }),
        );
        document
    }

    /// The document of a relationship itself.
    pub fn linkage(&self, resource: &Resource, relationship: &Relationship) -> Map<String, Value> {
        let mut document = begin();
        let url = self.url_of(resource.of, &resource.id);
        document.insert("links".to_owned(), links(&url, relationship));
        document.extend(linkage(resource, relationship));
        document
    }
}

fn begin() -> Map<String, Value> {
    let mut document = Map::new();
    document.insert("jsonapi".to_owned(), json!({ "version": "1.0" }));
    document
}

fn links(url: &str, relationship: &Relationship) -> Value {
    let name = relationship.name;
    json!({ "self": format!("{url}/relationships/{name}"), "related": format!("{url}/{name}") })
}

fn linkage(resource: &Resource, relationship: &Relationship) -> Map<String, Value> {
    let identifier = |id: &String| json!({ "type": relationship.to, "id": id });
    let data = match resource.link(relationship.name) {
        Some(Link::One(Some(id))) => identifier(id),
        Some(Link::Many(ids)) => ids.iter().map(identifier).collect(),
        None if relationship.many => json!([]),
        Some(Link::One(None)) | None => Value::Null,
    };
    let mut linkage = Map::new();
    linkage.insert("data".to_owned(), data);
    linkage
}
