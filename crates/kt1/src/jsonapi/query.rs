//! The query of a request: filters, sorting, paging, what is included, which
//! fields, and a search in all texts (kt13-around 3.4). What cannot be understood
//! is refused, so that nobody takes a whole list for a filtered one.

use std::collections::HashMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::declaration::{Attribute, Declaration, Kind, Relationship};
use super::failure::Failure;
use super::filter::{Filter, Op, Path, Target};

/// Rows on a page where the caller does not say.
const DEFAULT_SIZE: usize = 15;
/// The most rows on a page.
pub const MOST_ROWS: usize = 200;
/// The most conditions of one request.
const MOST_FILTERS: usize = 50;
/// The most values of one condition.
const MOST_VALUES: usize = 200;

/// Finds a type by its name.
pub type Lookup = fn(&str) -> Option<&'static Declaration>;

/// By what a list is sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    /// What is compared.
    pub by: Target,
    /// Whether the greatest comes first.
    pub descending: bool,
}

/// Which part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Its number, from 1.
    pub number: usize,
    /// Its rows.
    pub size: usize,
}

impl Page {
    /// How many rows come before it.
    pub fn offset(self) -> usize {
        (self.number - 1).saturating_mul(self.size)
    }
}

/// A query, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Conditions, all of which must hold.
    pub filters: Vec<Filter>,
    /// The order.
    pub sort: Vec<Sort>,
    /// The page.
    pub page: Page,
    /// Relationships whose resources come along.
    pub include: Vec<&'static Relationship>,
    /// The fields that are shown, by type.
    pub fields: HashMap<String, Vec<String>>,
    /// Words that must stand in the texts of a resource.
    pub search: Vec<String>,
    /// The parameters but for the page, to be repeated in links.
    others: Vec<(String, String)>,
}

/// Everything but what may stand in a query unencoded.
const RESERVED: AsciiSet =
    NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b',');

impl Query {
    /// Understands the part of a URL after `?` for a type.
    pub fn parse(text: &str, of: &'static Declaration, lookup: Lookup) -> Result<Self, Failure> {
        let mut query = Self {
            filters: Vec::new(),
            sort: Vec::new(),
            page: Page { number: 1, size: DEFAULT_SIZE },
            include: Vec::new(),
            fields: HashMap::new(),
            search: Vec::new(),
            others: Vec::new(),
        };
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode(name), decode(value));
            query.take(&name, &value, of, lookup)?;
            if !name.starts_with("page[") {
                query.others.push((name, value));
            }
        }
        Ok(query)
    }

    fn take(
        &mut self,
        name: &str,
        value: &str,
        of: &'static Declaration,
        lookup: Lookup,
    ) -> Result<(), Failure> {
        let unknown = || Failure::parameter(name, format!("`{}` is not known.", cut(name)));
        let (family, keys) = keys(name).ok_or_else(unknown)?;
        match (family, keys.as_slice()) {
            ("filter", [path]) => self.filter(name, path, "eq", value, of, lookup),
            ("filter", [path, op]) => self.filter(name, path, op, value, of, lookup),
            ("page", ["number"]) => {
                self.page.number = number(name, value)?;
                Ok(())
            }
            ("page", ["size"]) => {
                self.page.size = number(name, value)?.min(MOST_ROWS);
                Ok(())
            }
            ("sort", []) => {
                self.sort = value
                    .split(',')
                    .filter(|part| !part.is_empty())
                    .map(|part| sort(name, part, of))
                    .collect::<Result<_, _>>()?;
                Ok(())
            }
            ("include", []) => {
                self.include = value
                    .split(',')
                    .filter(|part| !part.is_empty())
                    .map(|part| {
                        of.relationship(part).ok_or_else(|| {
                            let text = format!("{} has no relationship `{}`.", of.name, cut(part));
                            Failure::parameter(name, text)
                        })
                    })
                    .collect::<Result<_, _>>()?;
                Ok(())
            }
            ("fields", [of]) => {
                let names = value.split(',').filter(|part| !part.is_empty());
                self.fields.insert((*of).to_owned(), names.map(str::to_owned).collect());
                Ok(())
            }
            ("search", []) => {
                self.search = value.split_whitespace().map(str::to_lowercase).collect();
                Ok(())
            }
            _ => Err(unknown()),
        }
    }

    fn filter(
        &mut self,
        name: &str,
        path: &str,
        op: &str,
        value: &str,
        of: &'static Declaration,
        lookup: Lookup,
    ) -> Result<(), Failure> {
        let op = Op::from_word(op).ok_or_else(|| {
            let text = format!("`{}` is not one of {}.", cut(op), Op::WORDS.join(", "));
            Failure::parameter(name, text)
        })?;
        let path = resolve(path, of, lookup).ok_or_else(|| {
            let text = format!("{} cannot be filtered by `{}`.", of.name, cut(path));
            Failure::parameter(name, text)
        })?;
        let values = value
            .split(',')
            .map(|value| path.target.operand(value).map_err(|why| Failure::parameter(name, why)))
            .collect::<Result<Vec<_>, _>>()?;
        let same = self.filters.iter_mut().find(|filter| filter.path == path && filter.op == op);
        match same {
            // The same filter again widens it.
            Some(filter) => filter.values.extend(values),
            None => self.filters.push(Filter { path, op, values }),
        }
        let too_many = self.filters.len() > MOST_FILTERS
            || self.filters.iter().any(|filter| filter.values.len() > MOST_VALUES);
        if too_many {
            return Err(Failure::parameter(
                name,
                format!("There may be {MOST_FILTERS} filters of {MOST_VALUES} values each."),
            ));
        }
        Ok(())
    }

    /// The same query for another page, as it stands in a URL.
    pub fn of_page(&self, number: usize) -> String {
        let page = [
            ("page[number]".to_owned(), number.to_string()),
            ("page[size]".to_owned(), self.page.size.to_string()),
        ];
        let pairs: Vec<String> = self
            .others
            .iter()
            .chain(&page)
            .map(|(name, value)| {
                let part = |text| utf8_percent_encode(text, &RESERVED).to_string();
                format!("{}={}", part(name), part(value))
            })
            .collect();
        pairs.join("&")
    }
}

/// `filter[Name][startswith]` is `filter` with two keys.
fn keys(name: &str) -> Option<(&str, Vec<&str>)> {
    let (family, rest) = match name.split_once('[') {
        None => return Some((name, Vec::new())),
        Some((family, rest)) => (family, rest.strip_suffix(']')?),
    };
    let keys: Vec<&str> = rest.split("][").collect();
    keys.iter().all(|key| !key.is_empty() && !key.contains(['[', ']'])).then_some((family, keys))
}

fn resolve(path: &str, of: &'static Declaration, lookup: Lookup) -> Option<Path> {
    if let Some((relationship, attribute)) = path.split_once('.') {
        let relationship = of.relationship(relationship)?;
        let target = target(attribute, lookup(relationship.to)?)?;
        return Some(Path { relationship: Some(relationship), target });
    }
    if let Some(relationship) = of.relationship(path) {
        return Some(Path { relationship: Some(relationship), target: Target::Id });
    }
    Some(Path { relationship: None, target: target(path, of)? })
}

fn target(name: &str, of: &'static Declaration) -> Option<Target> {
    if name == "id" {
        return Some(Target::Id);
    }
    of.attribute(name).filter(|attribute| attribute.filterable).map(Target::Attribute)
}

fn sort(name: &str, part: &str, of: &'static Declaration) -> Result<Sort, Failure> {
    let (descending, field) = match part.strip_prefix('-') {
        Some(field) => (true, field),
        None => (false, part),
    };
    let sortable = |attribute: &Attribute| !matches!(attribute.kind, Kind::Words(_));
    match target(field, of) {
        Some(Target::Attribute(attribute)) if !sortable(attribute) => None,
        found => found,
    }
    .map(|by| Sort { by, descending })
    .ok_or_else(|| {
        Failure::parameter(name, format!("{} cannot be sorted by `{}`.", of.name, cut(field)))
    })
}

fn number(name: &str, value: &str) -> Result<usize, Failure> {
    value
        .parse()
        .ok()
        .filter(|number| *number >= 1)
        .ok_or_else(|| Failure::parameter(name, "It must be a whole number from 1.".to_owned()))
}

fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}

/// A form's encoding: `+` is a space.
fn decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use serde_json::json;

    use super::*;
    use crate::jsonapi::declaration::{Operations, Rule, Who};

    static TREE: Declaration = Declaration {
        name: "Tree",
        attributes: &[
            Attribute::text("Name", 20),
            Attribute::new("Height", Kind::Number),
            Attribute::new("Evergreen", Kind::Flag),
            Attribute::text("Secret", 20).secret(),
        ],
        relationships: &[Relationship::one("Forest", "Forest", Rule::Fixed)],
        operations: Operations::read_only(Who::Every),
    };
    static FOREST: Declaration = Declaration {
        name: "Forest",
        attributes: &[Attribute::text("Name", 20)],
        relationships: &[],
        operations: Operations::read_only(Who::Every),
    };

    fn lookup(name: &str) -> Option<&'static Declaration> {
        (name == "Forest").then_some(&FOREST)
    }

    fn parse(text: &str) -> Result<Query, Failure> {
        Query::parse(text, &TREE, lookup)
    }

    #[test]
    fn repeated_filters_and_lists_are_alternatives() {
        let query = parse(
            "filter[Name][startswith]=A&filter%5BName%5D%5Bstartswith%5D=B&filter[Height]=1,2",
        )
        .unwrap();
        assert_eq!(query.filters.len(), 2);
        assert_eq!(query.filters[0].op, Op::StartsWith);
        assert_eq!(query.filters[0].values, [json!("A"), json!("B")]);
        assert_eq!(query.filters[1].values, [json!(1), json!(2)]);
    }

    #[test]
    fn a_related_attribute_and_an_id_can_be_filtered_by() {
        let query = parse("filter[Forest.Name]=x&filter[Forest]=3&filter[id]=4").unwrap();
        assert_eq!(query.filters.len(), 3);
        assert_eq!(query.filters[0].path.relationship.map(|r| r.name), Some("Forest"));
        assert_eq!(query.filters[1].path.target, Target::Id);
        assert_eq!(query.filters[2].path.relationship, None);
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_parameter() {
        for text in [
            "filter[Nome]=x",
            "filter[Name][like]=x",
            "filter[Name][eq][eq]=x",
            "filter[Height]=high",
            "filter[Evergreen]=yes",
            "filter[Secret]=x",
            "filter[Forest.Nome]=x",
            "filter[Name",
            "filter=x",
            "page[number]=0",
            "page[size]=x",
            "page[offset]=1",
            "sort=-Nome",
            "include=Roots",
            "colour=green",
        ] {
            let failure = parse(text).unwrap_err();
            assert_eq!(failure.status(), StatusCode::BAD_REQUEST, "{text}");
            assert!(failure.faults[0].source.is_some(), "{text}");
        }
    }

    #[test]
    fn a_page_has_fifteen_rows_and_at_most_two_hundred() {
        assert_eq!(parse("").unwrap().page, Page { number: 1, size: 15 });
        let page = parse("page[number]=3&page[size]=5000").unwrap().page;
        assert_eq!((page.size, page.offset()), (200, 400));
        let last = parse(&format!("page[number]={}", usize::MAX)).unwrap().page;
        assert_eq!(last.offset(), usize::MAX);
    }

    #[test]
    fn a_link_repeats_everything_but_the_page() {
        let query = parse("filter[Name]=a%26b+c&page[number]=2&sort=-Name").unwrap();
        assert_eq!(
            query.of_page(3),
            "filter%5BName%5D=a%26b%20c&sort=-Name&page%5Bnumber%5D=3&page%5Bsize%5D=15"
        );
        assert!(parse(&query.of_page(3)).is_ok());
    }

    #[test]
    fn the_number_of_filters_is_bounded() {
        let many = vec!["filter[Name]=x"; 300].join("&");
        assert!(parse(&many).is_err());
    }
}
