//! A list out of resources in memory: filtered, searched, sorted, and cut into
//! pages.

use std::cmp::Ordering;

use serde_json::Value;

use super::filter::{Related, Target, value_of};
use super::query::{Query, Sort};
use super::resource::{Resource, order, order_of_ids};

/// The rows of a page, and how many there are in all.
#[derive(Debug)]
pub struct Listed {
    /// The rows.
    pub rows: Vec<Resource>,
    /// How many there are in all.
    pub total: usize,
}

/// The page of `resources` that a query asks for. Without an order they come by id.
pub fn list(resources: &[Resource], query: &Query, related: &Related<'_>) -> Listed {
    let mut found: Vec<&Resource> = resources
        .iter()
        .filter(|resource| query.filters.iter().all(|filter| filter.is_met(resource, related)))
        .filter(|resource| holds_words(resource, &query.search))
        .collect();
    found.sort_by(|a, b| compare(a, b, &query.sort));
    let total = found.len();
    let rows = found.into_iter().skip(query.page.offset()).take(query.page.size).cloned().collect();
    Listed { rows, total }
}

fn compare(a: &Resource, b: &Resource, sort: &[Sort]) -> Ordering {
    sort.iter()
        .map(|sort| {
            let order = match sort.by {
                Target::Id => order_of_ids(&a.id, &b.id),
                target => order(&value_of(a, target), &value_of(b, target)),
            };
            if sort.descending { order.reverse() } else { order }
        })
        .find(|order| order.is_ne())
        .unwrap_or_else(|| order_of_ids(&a.id, &b.id))
}

fn holds_words(resource: &Resource, words: &[String]) -> bool {
    words.iter().all(|word| {
        resource.attributes.iter().any(|(_, value)| match value {
            Value::String(text) => text.to_lowercase().contains(word),
            Value::Array(list) => {
                list.iter().filter_map(Value::as_str).any(|text| text.to_lowercase().contains(word))
            }
            _ => false,
        })
    })
}
