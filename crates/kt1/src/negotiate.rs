//! JSON or XML: the parser by Content-Type, the renderer by Accept,
//! independently of each other (spec 1.5).

use bytes::Bytes;
use http::{HeaderMap, HeaderName, header};
use koppeltaal_core::Error;
use koppeltaal_fhir::{Node, ParseError, dstu1, json};

use crate::answer::Refusal;

/// A wire format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JSON.
    Json,
    /// XML; a Bundle is an Atom feed.
    Xml,
}

impl Format {
    /// The Content-Type of an answer.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json; charset=utf-8",
            Self::Xml => "application/xml; charset=utf-8",
        }
    }

    fn of_media_type(media_type: &str) -> Option<Self> {
        let media_type = media_type.trim();
        let subtype = media_type.split_once('/')?.1;
        let is = |word: &str| {
            subtype.eq_ignore_ascii_case(word)
                || subtype.split('+').any(|part| part.eq_ignore_ascii_case(word))
        };
        if is("json") {
            Some(Self::Json)
        } else if is("xml") {
            Some(Self::Xml)
        } else {
            None
        }
    }

    /// The format of a request's body: by its Content-Type, else by its first
    /// character. `None` when there is no body, or neither tells.
    pub fn of_body(headers: &HeaderMap, body: &[u8]) -> Option<Self> {
        let declared = text(headers, &header::CONTENT_TYPE)
            .and_then(|value| Self::of_media_type(value.split(';').next()?));
        declared.or_else(|| match body.trim_ascii_start().first()? {
            b'{' | b'[' => Some(Self::Json),
            b'<' => Some(Self::Xml),
            0xEF => Self::of_body(&HeaderMap::new(), body.strip_prefix(b"\xEF\xBB\xBF")?),
            _ => None,
        })
    }

    /// The format of the answer: what Accept wants most, else that of the
    /// request's body, else XML, which DSTU1 obliges to.
    pub fn of_answer(headers: &HeaderMap, body: Option<Self>) -> Self {
        let mut best: Option<(f32, Self)> = None;
        for value in headers.get_all(header::ACCEPT) {
            for range in value.to_str().unwrap_or("").split(',') {
                let mut parts = range.split(';');
                let format = parts.next().and_then(Self::of_media_type);
                let quality = parts
                    .find_map(|part| part.trim().strip_prefix("q=")?.trim().parse::<f32>().ok())
                    .unwrap_or(1.0);
                if let Some(format) = format
                    && quality > 0.0
                    && best.is_none_or(|(known, _)| quality > known)
                {
                    best = Some((quality, format));
                }
            }
        }
        best.map(|(_, format)| format).or(body).unwrap_or(Self::Xml)
    }
}

/// The text of a header.
pub fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Larger bodies are read beside the runtime, so that nobody waits for them.
const LARGE: usize = 128 * 1024;

/// Reads the body of a request in its format.
pub async fn read(format: Format, body: &Bytes) -> Result<Node, Refusal> {
    if body.len() < LARGE {
        return Ok(parse(format, body)?);
    }
    let body = body.clone();
    let read = tokio::task::spawn_blocking(move || parse(format, &body)).await;
    Ok(read.map_err(Error::internal)??)
}

fn parse(format: Format, body: &[u8]) -> Result<Node, ParseError> {
    match format {
        Format::Json => json::parse(body),
        Format::Xml => dstu1::parse_xml(body),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        headers
    }

    #[test]
    fn the_body_is_told_by_its_type_or_its_first_character() {
        for (value, format) in [
            ("application/json", Format::Json),
            ("application/json+fhir; charset=UTF-8", Format::Json),
            ("application/fhir+json", Format::Json),
            ("application/atom+xml", Format::Xml),
            ("application/fhir+xml", Format::Xml),
            ("text/xml", Format::Xml),
        ] {
            let headers = headers(header::CONTENT_TYPE, value);
            assert_eq!(Format::of_body(&headers, b""), Some(format), "{value}");
        }
        let none = HeaderMap::new();
        assert_eq!(Format::of_body(&none, b"  <feed/>"), Some(Format::Xml));
        assert_eq!(Format::of_body(&none, b"\n{}"), Some(Format::Json));
        assert_eq!(Format::of_body(&none, b"\xEF\xBB\xBF{}"), Some(Format::Json));
        let form = headers(header::CONTENT_TYPE, "application/octet-stream");
        assert_eq!(Format::of_body(&form, b"<feed/>"), Some(Format::Xml));
        assert_eq!(Format::of_body(&none, b""), None);
    }

    #[test]
    fn the_answer_is_what_accept_wants_most() {
        for (value, body, format) in [
            ("application/json, text/javascript, */*; q=0.01", None, Format::Json),
            ("application/xml;q=0.5, application/json;q=0.9", None, Format::Json),
            ("application/json;q=0, application/xml", None, Format::Xml),
            ("*/*", Some(Format::Json), Format::Json),
            ("*/*", None, Format::Xml),
            ("text/html", Some(Format::Json), Format::Json),
            ("application/atom+xml", Some(Format::Json), Format::Xml),
        ] {
            let headers = headers(header::ACCEPT, value);
            assert_eq!(Format::of_answer(&headers, body), format, "{value}");
        }
    }
}
