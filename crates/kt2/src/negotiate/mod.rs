//! How a caller wants the answer: format, shape, what a change returns and how
//! strict a search is (FHIR R4, 3.1.0.1.11, 3.1.0.1.12; K002-6, K002-7). It is known
//! before the caller is, so refusals tell what is served and nothing else.

mod accept;
mod format;
mod prefer;

use http::HeaderMap;
use koppeltaal_fhir::r4::shape::Summary;

pub use format::{Format, SERVED, is_r4, media};

use crate::outcome::Refusal;
use crate::shape::Shape;

/// What a change answers when it succeeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Returns {
    /// Headers only.
    Minimal,
    /// The resource.
    #[default]
    Representation,
    /// An OperationOutcome.
    OperationOutcome,
}

/// How the caller wants the answer. The default is what who says nothing gets, and
/// the form of refusals from before anything was negotiated.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wants {
    /// The format.
    pub format: Format,
    /// Whether people are going to read it.
    pub is_pretty: bool,
    /// Which part of resources.
    pub shape: Shape,
    /// What a change returns.
    pub returns: Returns,
    /// Whether a parameter that is not known makes a search fail.
    pub is_strict: bool,
    /// Whether the answer may be compressed with gzip.
    pub gzip: bool,
}

/// More elements than any type has.
const MOST_ELEMENTS: usize = 100;

/// Reads what the headers and the parameters ask for. 406 when that is a format
/// that is not served, 400 when a parameter has no such value.
pub fn negotiate(headers: &HeaderMap, query: &[(String, String)]) -> Result<Wants, Refusal> {
    let format = match once(query, "_format")? {
        Some(value) => Format::of_parameter(value)?,
        None => accept::format(headers)?,
    };
    let is_pretty = match once(query, "_pretty")? {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(invalid("_pretty", "is true or false")),
    };
    Ok(Wants {
        format,
        is_pretty,
        shape: shape(query)?,
        returns: prefer::returns(headers),
        is_strict: prefer::is_strict(headers),
        gzip: accept::gzip(headers),
    })
}

/// How a request is refused that [`negotiate`] has not understood: in the format that
/// it asks for all the same.
pub fn for_refusal(headers: &HeaderMap, query: &[(String, String)]) -> Wants {
    let named = once(query, "_format").ok().flatten();
    let format = match named.and_then(|name| Format::of_parameter(name).ok()) {
        Some(format) => format,
        None => accept::format(headers).unwrap_or_default(),
    };
    Wants { format, ..Wants::default() }
}

fn shape(query: &[(String, String)]) -> Result<Shape, Refusal> {
    let summary = match once(query, "_summary")? {
        None | Some("false") => Shape::None,
        Some("true") => Shape::Summary(Summary::True),
        Some("text") => Shape::Summary(Summary::Text),
        Some("data") => Shape::Summary(Summary::Data),
        Some("count") => Shape::Count,
        Some(_) => return Err(invalid("_summary", "is true, text, data, count or false")),
    };
    let Some(list) = once(query, "_elements")? else { return Ok(summary) };
    if summary != Shape::None {
        return Err(invalid("_elements", "cannot be combined with _summary"));
    }
    let names: Vec<String> =
        list.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
    if names.len() > MOST_ELEMENTS || !names.iter().all(|name| is_element(name)) {
        return Err(invalid("_elements", "is a list of names of elements, with commas between"));
    }
    Ok(if names.is_empty() { Shape::None } else { Shape::Elements(names) })
}

fn is_element(name: &str) -> bool {
    name.len() <= 128
        && name.split('.').all(|part| {
            part.starts_with(|first: char| first.is_ascii_alphabetic())
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

/// The value of a parameter that counts once; one without a value is left out.
/// Clients that follow links repeat what the link says already.
fn once<'a>(query: &'a [(String, String)], name: &str) -> Result<Option<&'a str>, Refusal> {
    let mut values = query
        .iter()
        .filter(|(known, value)| known == name && !value.is_empty())
        .map(|(_, value)| value.as_str());
    let first = values.next();
    if values.any(|other| Some(other) != first) {
        return Err(invalid(name, "is given twice with different values"));
    }
    Ok(first)
}

fn invalid(name: &str, rule: &str) -> Refusal {
    Refusal::bad_request("invalid", format!("{name} {rule}.")).at(&format!("http.{name}"))
}

#[cfg(test)]
mod tests {
    use http::{StatusCode, header};

    use super::*;

    fn asked(query: &[(&str, &str)]) -> Result<Wants, Refusal> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, "application/fhir+xml".parse().unwrap());
        let query: Vec<_> = query.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect();
        negotiate(&headers, &query)
    }

    #[test]
    fn who_asks_nothing_gets_the_defaults() {
        assert_eq!(negotiate(&HeaderMap::new(), &[]).unwrap(), Wants::default());
        assert_eq!(Wants::default().format, Format::Json);
        assert_eq!(Wants::default().returns, Returns::Representation);
    }

    #[test]
    fn the_parameter_for_the_format_overrides_accept() {
        assert_eq!(asked(&[]).unwrap().format, Format::Xml);
        assert_eq!(asked(&[("_format", "json")]).unwrap().format, Format::Json);
        assert_eq!(asked(&[("_format", "")]).unwrap().format, Format::Xml);
        let refusal = asked(&[("_format", "ttl")]).unwrap_err();
        assert_eq!(refusal.status, StatusCode::NOT_ACCEPTABLE);
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, "text/html".parse().unwrap());
        let query = [("_format".to_owned(), "xml".to_owned())];
        assert_eq!(negotiate(&headers, &query).unwrap().format, Format::Xml);
    }

    #[test]
    fn a_part_of_a_resource_can_be_asked_for() {
        let elements =
            |names: &[&str]| Shape::Elements(names.iter().map(|n| (*n).into()).collect());
        for (name, value, shape) in [
            ("_summary", "true", Shape::Summary(Summary::True)),
            ("_summary", "text", Shape::Summary(Summary::Text)),
            ("_summary", "data", Shape::Summary(Summary::Data)),
            ("_summary", "count", Shape::Count),
            ("_summary", "false", Shape::None),
            (
                "_elements",
                "name, birthDate,,meta.profile",
                elements(&["name", "birthDate", "meta.profile"]),
            ),
            ("_elements", ",", Shape::None),
        ] {
            assert_eq!(asked(&[(name, value)]).unwrap().shape, shape, "{name}={value}");
        }
    }

    #[test]
    fn values_that_do_not_exist_are_refused_by_the_name_of_their_parameter() {
        let many = "a,".repeat(MOST_ELEMENTS + 1);
        for query in [
            &[("_pretty", "yes")] as &[_],
            &[("_summary", "True")],
            &[("_summary", "all")],
            &[("_elements", "name;drop")],
            &[("_elements", "na me")],
            &[("_elements", "a..b")],
            &[("_elements", &many)],
            &[("_elements", "name"), ("_summary", "true")],
            &[("_format", "json"), ("_format", "xml")],
        ] {
            let refusal = asked(query).unwrap_err();
            let name = format!("http.{}", query[0].0);
            assert_eq!(refusal.status, StatusCode::BAD_REQUEST, "{query:?}");
            assert_eq!(refusal.issues[0].expression.as_ref(), Some(&name), "{query:?}");
        }
    }

    #[test]
    fn a_parameter_may_be_repeated_with_the_same_value() {
        let twice = asked(&[("_pretty", "true"), ("_pretty", "true"), ("_elements", "")]).unwrap();
        assert!(twice.is_pretty);
        assert_eq!(twice.shape, Shape::None);
        let both = asked(&[("_elements", "name"), ("_summary", "false")]).unwrap();
        assert_eq!(both.shape, Shape::Elements(vec!["name".into()]));
    }
}
