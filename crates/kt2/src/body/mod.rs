//! The body of a request: read whole within limits of size and time, inflated when
//! it is compressed, and parsed by its Content-Type (K002-6, K002-8; TOP-KT-008:
//! type and content must agree).

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use flate2::bufread::GzDecoder;
use http::StatusCode;
use http::header::{self, HeaderMap};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use koppeltaal_core::Error;
use koppeltaal_fhir::r4::definition::Definitions;
use koppeltaal_fhir::r4::xml;
use koppeltaal_fhir::{Node, ParseError, json};

use crate::catalog::Catalog;
use crate::negotiate::{Format, SERVED, is_r4, media};
use crate::outcome::Refusal;
use crate::query_string::pairs;

/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the rest of a body that is too large is read, so that its sender
/// hears the answer instead of a broken connection.
const DISCARDING: Duration = Duration::from_secs(5);
/// Larger bodies are parsed beside the runtime, so that nobody waits for them.
const LARGE: usize = 128 * 1024;

/// Reads a body of at most `limit` bytes, also after inflation: 413 beyond, 408 when
/// it takes too long, 415 when it is compressed with anything but gzip.
pub async fn read_body<B>(headers: &HeaderMap, body: B, limit: usize) -> Result<Bytes, Refusal>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let body = read_within(headers, body, limit, PATIENCE).await?;
    match is_compressed(headers)? {
        false => Ok(body),
        // A few bytes may stand for many, and inflating those takes its time.
        true => tokio::task::spawn_blocking(move || inflated(&body, limit))
            .await
            .map_err(Error::internal)?,
    }
}

async fn read_within<B>(
    headers: &HeaderMap,
    body: B,
    limit: usize,
    patience: Duration,
) -> Result<Bytes, Refusal>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut body = std::pin::pin!(body);
    let declared = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > limit) {
        // Who asked before sending is answered before sending.
        if !headers.contains_key(header::EXPECT) {
            discard(body, limit).await;
        }
        return Err(too_long(limit));
    }
    let whole = Limited::new(body.as_mut(), limit).collect();
    match tokio::time::timeout(patience, whole).await {
        Err(_) => Err(Refusal::new(
            StatusCode::REQUEST_TIMEOUT,
            "timeout",
            "The body did not arrive in time.",
        )),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            discard(body, limit).await;
            Err(too_long(limit))
        }
        Ok(Err(_)) => Err(structure("The body did not arrive complete.")),
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
    }
}

async fn discard<B>(mut body: std::pin::Pin<&mut B>, most: usize)
where
    B: http_body::Body<Data = Bytes>,
{
    let read = async {
        let mut left = most;
        while let Some(Ok(frame)) = body.frame().await {
            let Some(rest) = left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) else {
                return;
            };
            left = rest;
        }
    };
    let _ = tokio::time::timeout(DISCARDING, read).await;
}

fn too_long(limit: usize) -> Refusal {
    Refusal::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too-long",
        format!("The body is larger than the {limit} bytes that this server reads."),
    )
}

fn is_compressed(headers: &HeaderMap) -> Result<bool, Refusal> {
    let mut codings = headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .flat_map(|value| value.to_str().unwrap_or("?").split(',').map(str::trim))
        .filter(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case("identity"));
    match (codings.next(), codings.next()) {
        (None, _) => Ok(false),
        (Some(coding), None)
            if ["gzip", "x-gzip"].iter().any(|g| coding.eq_ignore_ascii_case(g)) =>
        {
            Ok(true)
        }
        _ => Err(unsupported("The body may be compressed with gzip, once, and with nothing else.")
            .at("http.content-encoding")
            .with(header::ACCEPT_ENCODING, "gzip")),
    }
}

/// One member of gzip. More of them add nothing but work, so they are refused.
fn inflated(body: &[u8], limit: usize) -> Result<Bytes, Refusal> {
    let mut decoder = GzDecoder::new(body);
    let mut whole = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    decoder
        .by_ref()
        .take(most)
        .read_to_end(&mut whole)
        .map_err(|_| structure("The body is not what gzip makes, or not all of it."))?;
    if whole.len() > limit {
        return Err(too_long(limit));
    }
    match decoder.into_inner() {
        [] => Ok(whole.into()),
        _ => Err(structure("Something follows the compressed body.")),
    }
}

/// Parses a resource as [`parse_resource`] does; a large one beside the runtime.
pub async fn read_resource(
    headers: &HeaderMap,
    body: Bytes,
    catalog: &Arc<Catalog>,
) -> Result<Node, Refusal> {
    if body.len() < LARGE {
        return parse_resource(headers, &body, catalog.definitions());
    }
    let (headers, catalog) = (headers.clone(), Arc::clone(catalog));
    tokio::task::spawn_blocking(move || parse_resource(&headers, &body, catalog.definitions()))
        .await
        .map_err(Error::internal)?
}

/// Parses the resource in a body. 415 when its Content-Type is not served, 400 when it
/// cannot be read as what Content-Type says, or is no resource.
pub fn parse_resource(
    headers: &HeaderMap,
    body: &[u8],
    definitions: &Definitions,
) -> Result<Node, Refusal> {
    let format = format(headers)?;
    let start = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body).trim_ascii_start();
    let seems = match start.first() {
        None => return Err(structure("The body is empty; it should be a resource.")),
        Some(b'{' | b'[') => Some(Format::Json),
        Some(b'<') => Some(Format::Xml),
        Some(_) => None,
    };
    if let Some(seems) = seems.filter(|seems| *seems != format) {
        let told = format!(
            "The body seems to be {}, but Content-Type says {}.",
            seems.media_type(),
            format.media_type()
        );
        return Err(structure(told).at("http.content-type"));
    }
    let parsed = match format {
        Format::Json => json::parse(body),
        Format::Xml => xml::parse(body, definitions),
    };
    let resource = parsed.map_err(|error: ParseError| structure(error.to_string()))?;
    let has_type =
        resource.get("resourceType").and_then(Node::as_str).is_some_and(|t| !t.is_empty());
    match has_type {
        true => Ok(resource),
        false => Err(structure("The body is no resource: an object with a resourceType.")),
    }
}

/// The parameters in the form of a search by POST. 415 when the body is something else;
/// no body is a form without parameters.
pub fn parse_form(headers: &HeaderMap, body: &[u8]) -> Result<Vec<(String, String)>, Refusal> {
    const FORM: &str = "application/x-www-form-urlencoded";
    if body.is_empty() {
        return Ok(Vec::new());
    }
    let refused = || unsupported(format!("Send the parameters as {FORM}.")).at("http.content-type");
    let (name, charset) = content_type(headers).ok_or_else(refused)?;
    if !name.eq_ignore_ascii_case(FORM) || !is_utf8(charset) {
        return Err(refused());
    }
    let text = std::str::from_utf8(body)
        .map_err(|_| structure("The parameters are not UTF-8; only UTF-8 is read."))?;
    pairs(Some(text)).map_err(|refusal| match refusal.status {
        StatusCode::URI_TOO_LONG => Refusal { status: StatusCode::PAYLOAD_TOO_LARGE, ..refusal },
        _ => refusal,
    })
}

fn format(headers: &HeaderMap) -> Result<Format, Refusal> {
    let refused = |told: &str| unsupported(told).at("http.content-type");
    let Some((name, charset)) = content_type(headers) else {
        return Err(refused(&format!("The body needs one Content-Type. {SERVED}")));
    };
    let format = Format::of_media_type(name).ok_or_else(|| refused(SERVED))?;
    if !is_utf8(charset) {
        return Err(refused("Only UTF-8 is read; say charset=utf-8, or nothing."));
    }
    let (_, mut parameters) = media(text(headers).unwrap_or_default());
    match parameters.all(|(name, value)| is_r4(name, value)) {
        true => Ok(format),
        false => Err(refused(SERVED)),
    }
}

/// The media type of the body and the charset it names, if there is one type.
fn content_type(headers: &HeaderMap) -> Option<(&str, Option<&str>)> {
    let (name, mut parameters) = media(text(headers)?);
    let charset = parameters.find(|(name, _)| name.eq_ignore_ascii_case("charset"));
    Some((name, charset.map(|(_, value)| value)))
}

fn text(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

fn is_utf8(charset: Option<&str>) -> bool {
    charset.is_none_or(|name| ["utf-8", "utf8"].iter().any(|utf8| name.eq_ignore_ascii_case(utf8)))
}

fn structure(told: impl Into<String>) -> Refusal {
    Refusal::bad_request("structure", told)
}

fn unsupported(told: impl Into<String>) -> Refusal {
    Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-supported", told)
        .with(header::ACCEPT, "application/fhir+json, application/fhir+xml")
}

#[cfg(test)]
mod tests;
