//! GET: a list, one resource, what it is related to, a relationship itself.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::ask::Ask;
use super::declaration::{Declaration, Relationship};
use super::document::Fields;
use super::failure::Failure;
use super::list::list as cut;
use super::query::Query;
use super::resource::Resource;
use super::routes::Answer;
use super::types::{Type, lookup};

/// A list of a type, as far as the caller sees it.
pub async fn list(ask: &Ask<'_>, of: Type, text: &str) -> Result<Answer, Failure> {
    let query = Query::parse(text, of.declaration(), lookup)?;
    page(ask, of, &query, &ask.inner().writer.url(of.declaration())).await
}

async fn page(ask: &Ask<'_>, of: Type, query: &Query, url: &str) -> Result<Answer, Failure> {
    let mut known = Known::default();
    let (rows, total) = match of.is_large() {
        true => of.page(ask, query).await?,
        false => {
            for relationship in query.filters.iter().filter_map(|filter| filter.path.relationship) {
                known.learn(ask, relationship).await?;
            }
            let all = of.all(ask).await?;
            let listed = cut(&all, query, &|relationship, id| known.find(relationship.to, id));
            (listed.rows, listed.total)
        }
    };
    let mut document = ask.inner().writer.page(url, &rows, total, query);
    include(ask, &rows, query, &mut document).await?;
    Ok(Answer::ok(document))
}

/// One resource.
pub async fn one(ask: &Ask<'_>, of: Type, id: &str, text: &str) -> Result<Answer, Failure> {
    let query = only_shape(text, of.declaration())?;
    let resource = seen(ask, of, id).await?;
    let url = ask.inner().writer.url_of(of.declaration(), id);
    let mut document = ask.inner().writer.one(&url, Some(&resource), &query.fields);
    include(ask, std::slice::from_ref(&resource), &query, &mut document).await?;
    Ok(Answer::ok(document))
}

/// The query of what is not a list: nothing to filter, sort or page.
pub fn only_shape(text: &str, of: &'static Declaration) -> Result<Query, Failure> {
    let query = Query::parse(text, of, lookup)?;
    if query.filters.is_empty() && query.sort.is_empty() && query.search.is_empty() {
        return Ok(query);
    }
    Err(Failure::bad_request("Only lists can be filtered, searched and sorted."))
}

/// The resource with this id, if the caller sees it.
pub async fn seen(ask: &Ask<'_>, of: Type, id: &str) -> Result<Resource, Failure> {
    let found = of.find(ask, id).await?.filter(|resource| ask.sees(resource));
    found.ok_or_else(|| Failure::not_found(of.name(), id))
}

/// What a resource is related to.
pub async fn related(
    ask: &Ask<'_>,
    of: Type,
    id: &str,
    name: &str,
    text: &str,
) -> Result<Answer, Failure> {
    let relationship = relationship(of, name)?;
    let target = target(relationship)?;
    let resource = seen(ask, of, id).await?;
    ask.allow(target.declaration().operations.read, target.declaration(), "read")?;
    let url = format!("{}/{name}", ask.inner().writer.url_of(of.declaration(), id));
    let ids = resource.link(name).map_or(&[][..], |link| link.ids());
    let query = only_shape(text, target.declaration())?;
    let mut rows = Vec::new();
    for id in ids {
        let found = target.find(ask, id).await?;
        rows.extend(found.filter(|resource| ask.sees(resource)));
    }
    let fields: &Fields = &query.fields;
    let writer = &ask.inner().writer;
    let mut document = writer.one(&url, rows.first(), fields);
    if relationship.many {
        let data: Vec<Value> = rows.iter().map(|row| writer.object(row, fields)).collect();
        document.insert("data".to_owned(), data.into());
    }
    include(ask, &rows, &query, &mut document).await?;
    Ok(Answer::ok(document))
}

/// A relationship itself.
pub async fn linkage(ask: &Ask<'_>, of: Type, id: &str, name: &str) -> Result<Answer, Failure> {
    let relationship = relationship(of, name)?;
    let resource = seen(ask, of, id).await?;
    Ok(Answer::ok(ask.inner().writer.linkage(&resource, relationship)))
}

fn relationship(of: Type, name: &str) -> Result<&'static Relationship, Failure> {
    of.declaration().relationship(name).ok_or_else(|| Failure::not_found("relationship", name))
}

fn target(relationship: &Relationship) -> Result<Type, Failure> {
    Type::of(relationship.to).ok_or_else(|| Failure::not_found("type", relationship.to))
}

/// Adds the resources that relationships lead to, each once, where the caller may
/// see them.
async fn include(
    ask: &Ask<'_>,
    rows: &[Resource],
    query: &Query,
    document: &mut Map<String, Value>,
) -> Result<(), Failure> {
    if query.include.is_empty() {
        return Ok(());
    }
    let mut known = Known::default();
    let mut included: Vec<&Resource> = Vec::new();
    for relationship in &query.include {
        known.learn(ask, relationship).await?;
    }
    for relationship in &query.include {
        let ids = rows.iter().filter_map(|row| row.link(relationship.name)).flat_map(|l| l.ids());
        for id in ids {
            let Some(found) = known.find(relationship.to, id) else { continue };
            let is_there = rows
                .iter()
                .chain(included.iter().copied())
                .any(|other| other.of.name == found.of.name && other.id == found.id);
            if !is_there {
                included.push(found);
            }
        }
    }
    let writer = &ask.inner().writer;
    let objects: Vec<Value> =
        included.iter().map(|resource| writer.object(resource, &query.fields)).collect();
    document.insert("included".to_owned(), objects.into());
    Ok(())
}

/// Resources that others lead to, as far as the caller sees them.
#[derive(Default)]
pub struct Known(HashMap<&'static str, HashMap<String, Resource>>);

impl Known {
    /// Loads what a relationship can lead to.
    pub async fn learn(
        &mut self,
        ask: &Ask<'_>,
        relationship: &'static Relationship,
    ) -> Result<(), Failure> {
        let of = target(relationship)?;
        if self.0.contains_key(of.name()) {
            return Ok(());
        }
        if of.is_large() {
            return Err(Failure::parameter(
                "include",
                format!("{} are asked for by themselves.", of.name()),
            ));
        }
        let readable = ask
            .rights()
            .is_some_and(|rights| of.declaration().operations.read.includes(rights.role()));
        let all = if readable { of.all(ask).await? } else { Vec::new() };
        self.0.insert(of.name(), all.into_iter().map(|row| (row.id.clone(), row)).collect());
        Ok(())
    }

    /// A resource that was loaded.
    pub fn find(&self, of: &str, id: &str) -> Option<&Resource> {
        self.0.get(of)?.get(id)
    }

    /// The ids of those that meet conditions on them.
    pub fn ids_where(&self, of: &str, holds: impl Fn(&Resource) -> bool) -> Vec<String> {
        let all = self.0.get(of).into_iter().flat_map(HashMap::values);
        all.filter(|resource| holds(resource)).map(|resource| resource.id.clone()).collect()
    }
}
