//! What a search for StorageItems asks for (spec 4). The standard names no parameters; these are
//! `_id`, `patient`, `objectType`, `objectKey` (`:startswith`, `:contains`), `lastUpdated` with the
//! prefixes of DSTU1, and `_sort`, `_sort:asc` or `_sort:desc` by `lastUpdated`.

use koppeltaal_core::Timestamp;
use koppeltaal_fhir::r4::search::span;
use koppeltaal_store::storage_item::KeyTest;

use crate::answer::Refusal;
use crate::query::Query;

/// What a search asks for, beside the patient.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Criteria {
    /// The id of the item.
    pub(super) id: Option<String>,
    /// The type of its object.
    pub(super) object_type: Option<String>,
    /// What its key passes.
    pub(super) keys: Vec<KeyTest>,
    /// It changed at this moment or later.
    pub(super) from: Option<Timestamp>,
    /// It changed before this moment.
    pub(super) until: Option<Timestamp>,
    /// The last changed first.
    pub(super) is_descending: bool,
}

/// The names that a search looks at, as they are passed on to a provider.
pub(super) const NAMES: [&str; 9] = [
    "_id",
    "objectType",
    "objectKey",
    "objectKey:startswith",
    "objectKey:contains",
    "lastUpdated",
    "_sort",
    "_sort:asc",
    "_sort:desc",
];

impl Criteria {
    /// Reads a query.
    pub(super) fn read(query: &Query) -> Result<Self, Refusal> {
        let mut read = Self {
            id: query.get("_id").map(|id| plain_id(id).to_owned()),
            object_type: query.get("objectType").map(str::to_owned),
            ..Self::default()
        };
        for (name, test) in [
            ("objectKey", KeyTest::Is as fn(String) -> KeyTest),
            ("objectKey:startswith", KeyTest::StartsWith),
            ("objectKey:contains", KeyTest::Contains),
        ] {
            read.keys.extend(query.all(name).map(|value| test(value.to_owned())));
        }
        for value in query.all("lastUpdated") {
            read.changed(value)?;
        }
        for (name, is_descending) in [("_sort", false), ("_sort:asc", false), ("_sort:desc", true)]
        {
            if let Some(by) = query.get(name) {
                if !by.eq_ignore_ascii_case("lastUpdated") {
                    return Err(Refusal::bad_request(
                        "not-supported",
                        "StorageItems are sorted by lastUpdated and by nothing else.",
                    ));
                }
                read.is_descending = is_descending;
            }
        }
        Ok(read)
    }

    /// Adds what one value of `lastUpdated` asks for.
    fn changed(&mut self, value: &str) -> Result<(), Refusal> {
        let (prefix, time) =
            value.split_at(value.len() - value.trim_start_matches(['<', '>', '=']).len());
        let (low, high) = span(time.trim()).ok_or_else(|| {
            Refusal::bad_request(
                "value",
                "lastUpdated is no date or time like 2024-01-05 or >=2024-01-05T10:00:00Z.",
            )
        })?;
        let (from, until) = match prefix {
            "" | "=" => (Some(low), Some(high)),
            ">" => (Some(high), None),
            ">=" => (Some(low), None),
            "<" => (None, Some(low)),
            "<=" => (None, Some(high)),
            _ => {
                return Err(Refusal::bad_request(
                    "value",
                    "lastUpdated takes the prefixes >, >=, < and <=.",
                ));
            }
        };
        self.from = self.from.max(from.map(Timestamp));
        self.until = match (self.until, until.map(Timestamp)) {
            (Some(known), Some(new)) => Some(known.min(new)),
            (known, new) => known.or(new),
        };
        Ok(())
    }
}

/// The id without `StorageItem:`, which may stand before it everywhere.
pub(crate) fn plain_id(id: &str) -> &str {
    const KIND: &str = "StorageItem:";
    match id.split_at_checked(KIND.len()) {
        Some((kind, rest)) if kind.eq_ignore_ascii_case(KIND) => rest,
        _ => id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Criteria {
        Criteria::read(&Query::parse(query)).unwrap()
    }

    fn at(text: &str) -> Option<Timestamp> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn a_time_is_the_span_that_it_is_written_as() {
        for (value, from, until) in [
            ("2024-01-05", at("2024-01-05T00:00:00Z"), at("2024-01-06T00:00:00Z")),
            ("=2024-01-05", at("2024-01-05T00:00:00Z"), at("2024-01-06T00:00:00Z")),
            (">2024-01-05", at("2024-01-06T00:00:00Z"), None),
            (">=2024-01-05", at("2024-01-05T00:00:00Z"), None),
            ("<2024-01", None, at("2024-01-01T00:00:00Z")),
            ("<=2024-01", None, at("2024-02-01T00:00:00Z")),
            (
                "2024-01-05T10:00:00.5%2B01:00",
                at("2024-01-05T09:00:00.5Z"),
                at("2024-01-05T09:00:00.6Z"),
            ),
        ] {
            let criteria = read(&format!("lastUpdated={value}"));
            assert_eq!((criteria.from, criteria.until), (from, until), "{value}");
        }
    }

    #[test]
    fn several_times_are_one_range() {
        let criteria = read("lastUpdated=>=2024-01-05&lastUpdated=<2024-02&lastUpdated=>2023");
        assert_eq!(criteria.from, at("2024-01-05T00:00:00Z"));
        assert_eq!(criteria.until, at("2024-02-01T00:00:00Z"));
    }

    #[test]
    fn keys_and_ids_are_taken_as_they_are() {
        let criteria =
            read("_id=storageitem:12&objectKey:STARTSWITH=a&objectKey=b&_sort:desc=lastupdated");
        assert_eq!(criteria.id.as_deref(), Some("12"));
        let keys = [KeyTest::Is("b".to_owned()), KeyTest::StartsWith("a".to_owned())];
        assert_eq!(criteria.keys, keys);
        assert!(criteria.is_descending);
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for query in ["lastUpdated=x", "lastUpdated=<>2024", "lastUpdated=>", "_sort=objectKey"] {
            assert!(Criteria::read(&Query::parse(query)).is_err(), "{query}");
        }
    }
}
