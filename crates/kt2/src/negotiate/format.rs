//! The two formats of FHIR and the names they go by (FHIR R4, 3.1.0.1.11).

use http::StatusCode;

use crate::outcome::Refusal;

/// A wire format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// `application/fhir+json`.
    #[default]
    Json,
    /// `application/fhir+xml`.
    Xml,
}

/// What is told to who asks for something else.
pub const SERVED: &str =
    "This server speaks application/fhir+json and application/fhir+xml, of fhirVersion 4.0.";

impl Format {
    /// The Content-Type of an answer.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/fhir+json; fhirVersion=4.0; charset=utf-8",
            Self::Xml => "application/fhir+xml; fhirVersion=4.0; charset=utf-8",
        }
    }

    /// The name without parameters.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/fhir+json",
            Self::Xml => "application/fhir+xml",
        }
    }

    /// The format of a media type without parameters. Clients also send the names of
    /// plain JSON and XML, and the short ones that old servers of FHIR list.
    pub fn of_media_type(name: &str) -> Option<Self> {
        let is = |names: &[&str]| names.iter().any(|known| name.eq_ignore_ascii_case(known));
        if is(&["application/fhir+json", "application/json", "text/json", "json", "html/json"]) {
            Some(Self::Json)
        } else if is(&["application/fhir+xml", "application/xml", "text/xml", "xml", "html/xml"]) {
            Some(Self::Xml)
        } else {
            None
        }
    }

    /// The format that `_format` names.
    pub fn of_parameter(value: &str) -> Result<Self, Refusal> {
        let (name, mut parameters) = media(value);
        // The plus of `application/fhir+json` is a space when nobody encoded it.
        let name = name.replace(' ', "+");
        let is_ours = parameters.all(|(name, value)| is_r4(name, value));
        Self::of_media_type(&name).filter(|_| is_ours).ok_or_else(|| {
            Refusal::new(StatusCode::NOT_ACCEPTABLE, "not-supported", SERVED).at("http._format")
        })
    }
}

/// Whether a parameter of a media type is not the version of another FHIR.
pub fn is_r4(parameter: &str, value: &str) -> bool {
    !parameter.eq_ignore_ascii_case("fhirVersion") || matches!(value, "4.0" | "4.0.1")
}

/// The name of a media type and its parameters, without quotation marks.
pub fn media(text: &str) -> (&str, impl Iterator<Item = (&str, &str)>) {
    let mut parts = split(text, ';');
    let name = parts.next().unwrap_or_default().trim();
    let parameters = parts.filter_map(|part| {
        let (name, value) = part.split_once('=')?;
        Some((name.trim(), value.trim().trim_matches('"')))
    });
    (name, parameters)
}

/// The parts of a header between separators that do not stand in a quoted string.
pub fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    let mut is_escaped = false;
    text.split(move |character| {
        if is_escaped {
            is_escaped = false;
            return false;
        }
        match character {
            '\\' => is_escaped = is_quoted,
            '"' => is_quoted = !is_quoted,
            _ => return !is_quoted && character == separator,
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_has_the_names_that_clients_send() {
        for (value, format) in [
            ("json", Some(Format::Json)),
            ("xml", Some(Format::Xml)),
            ("html/json", Some(Format::Json)),
            ("html/xml", Some(Format::Xml)),
            ("text/xml", Some(Format::Xml)),
            ("application/json", Some(Format::Json)),
            ("Application/FHIR+XML", Some(Format::Xml)),
            ("application/fhir json", Some(Format::Json)),
            ("application/fhir xml; fhirVersion=4.0", Some(Format::Xml)),
            ("application/fhir+json;fhirVersion=\"4.0.1\"", Some(Format::Json)),
            ("application/fhir+json; fhirVersion=3.0", None),
            ("application/fhir+json; charset=utf-8", Some(Format::Json)),
            ("ttl", None),
            ("application/fhir+turtle", None),
            ("*/*", None),
            ("", None),
        ] {
            let found = Format::of_parameter(value);
            assert_eq!(found.as_ref().ok().copied(), format, "{value}");
            if let Err(refusal) = found {
                assert_eq!(refusal.status, StatusCode::NOT_ACCEPTABLE);
            }
        }
    }

    #[test]
    fn separators_in_quoted_strings_separate_nothing() {
        let parts: Vec<&str> = split(r#"a;p="x,\",y",b,"c,d"#, ',').collect();
        assert_eq!(parts, [r#"a;p="x,\",y""#, "b", "\"c,d"]);
    }
}
