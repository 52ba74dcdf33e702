//! The media type of JSON:API and the version of the API: what a request must
//! say, and what every answer says (JSON:API 1.0, "Content Negotiation").

use http::{HeaderMap, HeaderName, StatusCode, header};

use super::failure::{Failure, Fault, Source};

/// The media type of every document.
pub const MEDIA_TYPE: &str = "application/vnd.api+json";
/// Names the version of the Support API.
pub const VERSION_HEADER: HeaderName = HeaderName::from_static("koppeltaal-api-version");
/// The one version there is.
pub const VERSION: &str = "1";

/// Refuses what the headers of a request rule out.
pub fn check(headers: &HeaderMap, has_body: bool) -> Result<(), Failure> {
    check_version(headers)?;
    check_accept(headers)?;
    if has_body { check_content_type(headers) } else { Ok(()) }
}

fn check_version(headers: &HeaderMap) -> Result<(), Failure> {
    let asked = headers.get(VERSION_HEADER).map(|value| value.to_str().unwrap_or("").trim());
    match asked {
        None | Some(VERSION) => Ok(()),
        Some(_) => Err(about(
            StatusCode::BAD_REQUEST,
            "Koppeltaal-Api-Version",
            "There is version 1 of the Support API.",
        )),
    }
}

/// The media type without any parameter; other types are refused.
fn check_content_type(headers: &HeaderMap) -> Result<(), Failure> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if given.is_some_and(|given| given.trim().eq_ignore_ascii_case(MEDIA_TYPE)) {
        return Ok(());
    }
    Err(about(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "Content-Type",
        "The body must be application/vnd.api+json, without parameters.",
    ))
}

/// Something that the media type fits, and where it is named itself, once without
/// parameters.
fn check_accept(headers: &HeaderMap) -> Result<(), Failure> {
    let mut ranges = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|range| !range.is_empty())
        .peekable();
    if ranges.peek().is_none() || ranges.any(is_acceptable) {
        return Ok(());
    }
    Err(about(
        StatusCode::NOT_ACCEPTABLE,
        "Accept",
        "Answers are application/vnd.api+json, without parameters.",
    ))
}

fn is_acceptable(range: &str) -> bool {
    let mut parts = range.split(';').map(str::trim);
    let name = parts.next().unwrap_or("").to_ascii_lowercase();
    let mut parameters = parts.filter(|part| !part.is_empty());
    let refused = |part: &str| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        name.trim().eq_ignore_ascii_case("q") && value.trim().parse::<f32>().is_ok_and(|q| q == 0.0)
    };
    match name.as_str() {
        // A quality is no parameter of the media type.
        MEDIA_TYPE => parameters.all(|part| {
            let name = part.split('=').next().unwrap_or("").trim();
            name.eq_ignore_ascii_case("q") && !refused(part)
        }),
        "*/*" | "application/*" | "application/json" => !parameters.any(refused),
        _ => false,
    }
}

fn about(status: StatusCode, name: &'static str, title: &str) -> Failure {
    Failure::of(vec![Fault { status, title: title.to_owned(), source: Some(Source::Header(name)) }])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(name: HeaderName, value: &str, has_body: bool) -> Option<u16> {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        check(&headers, has_body).err().map(|failure| failure.status().as_u16())
    }

    #[test]
    fn a_body_is_json_api_without_parameters() {
        for (value, expected) in [
            ("application/vnd.api+json", None),
            ("Application/vnd.api+JSON", None),
            ("application/vnd.api+json; charset=utf-8", Some(415)),
            ("application/vnd.api+json; ext=\"x\"", Some(415)),
            ("application/json", Some(415)),
            ("text/plain", Some(415)),
        ] {
            assert_eq!(status(header::CONTENT_TYPE, value, true), expected, "{value}");
            assert_eq!(status(header::CONTENT_TYPE, value, false), None, "{value}");
        }
        assert!(check(&HeaderMap::new(), true).is_err());
    }

    #[test]
    fn an_answer_must_be_wanted() {
        for (value, expected) in [
            ("*/*", None),
            ("application/vnd.api+json", None),
            ("application/vnd.api+json;q=0.5, text/html", None),
            ("application/vnd.api+json; charset=utf-8", Some(406)),
            ("application/vnd.api+json; ext=x, application/vnd.api+json", None),
            ("application/vnd.api+json; ext=x, */*;q=0.1", None),
            ("application/json", None),
            ("text/html", Some(406)),
            ("*/*;q=0", Some(406)),
        ] {
            assert_eq!(status(header::ACCEPT, value, false), expected, "{value}");
        }
        assert!(check(&HeaderMap::new(), false).is_ok());
    }

    #[test]
    fn there_is_one_version() {
        assert_eq!(status(VERSION_HEADER, "1", false), None);
        assert_eq!(status(VERSION_HEADER, "2", false), Some(400));
    }
}
