//! What Accept and Accept-Encoding ask for (RFC 9110, 12.5): the format that is
//! wanted most, JSON when both are wanted as much.

use http::header::{self, HeaderMap, HeaderName};
use http::{HeaderValue, StatusCode};

use super::format::{Format, SERVED, is_r4, media, split};
use crate::outcome::Refusal;

/// How much the ranges of an Accept header want what.
#[derive(Default)]
struct Wanted {
    json: Option<f32>,
    xml: Option<f32>,
    /// `application/*`.
    application: Option<f32>,
    /// `*/*`.
    anything: Option<f32>,
    is_html_named: bool,
    is_fhir_named: bool,
}

impl Wanted {
    fn add(&mut self, range: &str) {
        let (name, parameters) = media(range);
        let mut quality = 1.0;
        for (name, value) in parameters {
            if !is_r4(name, value) {
                return;
            }
            if name.eq_ignore_ascii_case("q") {
                quality = parse_quality(value);
            }
        }
        let slot = match Format::of_media_type(name) {
            Some(Format::Json) => &mut self.json,
            Some(Format::Xml) => &mut self.xml,
            None if name.eq_ignore_ascii_case("application/*") => &mut self.application,
            None if name == "*/*" || name == "*" => &mut self.anything,
            None => {
                self.is_html_named |= name.eq_ignore_ascii_case("text/html");
                return;
            }
        };
        *slot = Some(slot.map_or(quality, |known| known.max(quality)));
        self.is_fhir_named |= name.to_ascii_lowercase().contains("fhir+");
    }

    fn best(&self) -> Option<Format> {
        let quality = |named: Option<f32>| {
            named.or(self.application).or(self.anything).filter(|quality| *quality > 0.0)
        };
        let json = quality(self.json);
        // A browser names XML for pages of its own; who reads over its shoulder is
        // better off with JSON.
        let is_browser = self.is_html_named && self.anything.is_some() && !self.is_fhir_named;
        match (json, quality(self.xml)) {
            (None, None) => None,
            (Some(_), _) if is_browser => Some(Format::Json),
            (json, xml) if json >= xml => Some(Format::Json),
            _ => Some(Format::Xml),
        }
    }
}

/// The format of the answer. Who sends no Accept takes what he gets: JSON.
pub fn format(headers: &HeaderMap) -> Result<Format, Refusal> {
    let mut wanted = Wanted::default();
    let mut is_given = false;
    for range in ranges(headers, &header::ACCEPT) {
        is_given = true;
        wanted.add(range);
    }
    if !is_given {
        return Ok(Format::Json);
    }
    wanted.best().ok_or_else(|| {
        Refusal::new(StatusCode::NOT_ACCEPTABLE, "not-supported", SERVED).at("http.accept")
    })
}

/// Whether the answer may be compressed with gzip.
pub fn gzip(headers: &HeaderMap) -> bool {
    let (mut named, mut any) = (None, None);
    for coding in ranges(headers, &header::ACCEPT_ENCODING) {
        let (name, parameters) = media(coding);
        let quality = parameters
            .filter(|(name, _)| name.eq_ignore_ascii_case("q"))
            .map(|(_, value)| parse_quality(value))
            .next();
        let quality = quality.unwrap_or(1.0);
        if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") {
            named = Some(quality);
        } else if name == "*" {
            any = Some(quality);
        }
    }
    named.or(any).is_some_and(|quality| quality > 0.0)
}

/// The parts of all headers with a name; what is no text counts as one part.
fn ranges<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let text = |value: &'a HeaderValue| value.to_str().unwrap_or("?");
    headers
        .get_all(name)
        .iter()
        .flat_map(move |value| split(text(value), ','))
        .filter(|part| !part.trim().is_empty())
}

/// What is no quality counts as if it was left out.
fn parse_quality(text: &str) -> f32 {
    text.parse().ok().filter(|quality| (0.0..=1.0).contains(quality)).unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn headers(name: HeaderName, values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(&name, value.parse().unwrap());
        }
        headers
    }

    fn accept(value: &str) -> Option<Format> {
        format(&headers(header::ACCEPT, &[value])).ok()
    }

    #[test]
    fn the_format_that_is_wanted_most_is_chosen_and_json_on_a_tie() {
        let (json, xml) = (Some(Format::Json), Some(Format::Xml));
        for (value, expected) in [
            ("application/fhir+json", json),
            ("application/fhir+xml", xml),
            ("application/fhir+xml;q=1.0, application/fhir+json;q=1.0", json),
            ("application/fhir+xml, application/fhir+json;q=0.9", xml),
            ("application/xml , application/json; q=0.1", xml),
            ("APPLICATION/XML", xml),
            ("text/xml", xml),
            ("xml", xml),
            ("*/*", json),
            ("*", json),
            ("application/*", json),
            ("application/fhir+json;q=0, */*", xml),
            ("application/fhir+xml;q=0.2, application/*;q=0.1, */*", xml),
            ("application/fhir+xml;q=0.5, */*;q=0.5", json),
            ("application/json;q=0.1, application/fhir+json;q=0.9, xml;q=0.5", json),
            ("application/fhir+xml; fhirVersion=4.0; charset=utf-8", xml),
            ("application/fhir+json; fhirVersion=3.0, application/fhir+xml", xml),
            ("application/fhir+json;q=high", json),
            ("application/fhir+xml;q=NaN, application/fhir+json;q=0.9", xml),
            ("application/pdf, application/fhir+xml", xml),
            ("", json),
            (" , ", json),
            ("application/fhir+json; fhirVersion=3.0", None),
            ("application/fhir+json; fhirVersion=\"5.0\"", None),
            ("application/fhir+json;q=0", None),
            ("text/html", None),
            ("text/*", None),
            ("application/pdf", None),
            ("application/fhir+turtle", None),
            ("application/json-patch+json", None),
        ] {
            assert_eq!(accept(value), expected, "{value}");
        }
    }

    #[test]
    fn a_browser_gets_json_unless_it_names_fhir() {
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        assert_eq!(accept(browser), Some(Format::Json));
        let client = format!("application/fhir+xml,{browser}");
        assert_eq!(accept(&client), Some(Format::Xml));
    }

    #[test]
    fn several_headers_count_as_one_and_none_means_json() {
        let both = headers(header::ACCEPT, &["application/pdf", "application/fhir+xml"]);
        assert_eq!(format(&both).unwrap(), Format::Xml);
        assert_eq!(format(&HeaderMap::new()).unwrap(), Format::Json);
    }

    #[test]
    fn a_refusal_names_what_is_served_and_nothing_that_was_sent() {
        let refusal = format(&headers(header::ACCEPT, &["text/turtle"])).unwrap_err();
        assert_eq!(refusal.status, StatusCode::NOT_ACCEPTABLE);
        assert_eq!(refusal.issues[0].code, "not-supported");
        assert!(refusal.issues[0].diagnostics.contains("application/fhir+xml"));
        assert!(!refusal.issues[0].diagnostics.contains("turtle"));
    }

    #[test]
    fn gzip_is_used_when_it_is_accepted() {
        for (value, expected) in [
            ("gzip", true),
            ("deflate, GZIP;q=0.5", true),
            ("*", true),
            ("x-gzip", true),
            ("gzip;q=0, *", false),
            ("*;q=0", false),
            ("br", false),
            ("", false),
        ] {
            assert_eq!(gzip(&headers(header::ACCEPT_ENCODING, &[value])), expected, "{value}");
        }
    }

    proptest! {
        #[test]
        fn a_format_asked_alone_is_answered_whatever_parameters_it_has(
            junk in "[ -~]{0,40}",
            is_json: bool,
        ) {
            let _ = accept(&junk);
            let (name, format) = match is_json {
                true => ("application/fhir+json", Format::Json),
                false => ("application/fhir+xml", Format::Xml),
            };
            let value = format!("{name};x=\"{}\"", junk.replace(['"', '\\'], ""));
            prop_assert_eq!(accept(&value), Some(format));
        }
    }
}
