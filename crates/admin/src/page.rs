//! Pages out of several domains at once: oldest first, each with the number after
//! which the next one begins.

use serde_json::{Map, Value};

/// Objects under the names of the contract.
pub type Object = Map<String, Value>;

/// A page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// What is on it.
    pub objects: Vec<Object>,
    /// After which number there may be more; `None`: there is nothing more.
    pub next: Option<i64>,
}

/// What was read of one domain.
pub(crate) struct Part {
    /// What is seen, by number.
    pub(crate) found: Vec<(i64, Object)>,
    /// How far was read, when there may be more.
    pub(crate) read_up_to: Option<i64>,
}

/// Puts the parts together: nothing stands on the page beyond which a domain was
/// not read, so that the next page misses nothing.
pub(crate) fn of(parts: Vec<Part>, limit: usize) -> Page {
    let horizon = parts.iter().filter_map(|part| part.read_up_to).min();
    let mut found: Vec<(i64, Object)> = parts.into_iter().flat_map(|part| part.found).collect();
    found.retain(|(id, _)| horizon.is_none_or(|horizon| *id <= horizon));
    found.sort_by_key(|(id, _)| *id);
    let next = match found.get(limit.saturating_sub(1)) {
        Some((id, _)) if found.len() > limit || horizon.is_some() => Some(*id),
        _ => horizon,
    };
    found.truncate(limit);
    Page { objects: found.into_iter().map(|(_, object)| object).collect(), next }
}

/// An object out of `json!({…})`.
pub(crate) fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(ids: &[i64], read_up_to: Option<i64>) -> Part {
        Part { found: ids.iter().map(|id| (*id, Map::new())).collect(), read_up_to }
    }

    #[test]
    fn a_page_ends_where_a_domain_was_not_read_further() {
        for (parts, limit, count, next) in [
            (vec![part(&[1, 4], None), part(&[2, 3], None)], 9, 4, None),
            (vec![part(&[1, 4], None), part(&[2, 3], None)], 3, 3, Some(3)),
            (vec![part(&[1, 4], None), part(&[2, 3], Some(3))], 9, 3, Some(3)),
            (vec![part(&[], Some(7)), part(&[8], None)], 9, 0, Some(7)),
            (vec![part(&[5, 6], Some(6))], 2, 2, Some(6)),
            (vec![], 9, 0, None),
        ] {
            let page = of(parts, limit);
            assert_eq!((page.objects.len(), page.next), (count, next));
        }
    }
}
