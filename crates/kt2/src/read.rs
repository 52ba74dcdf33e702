//! Read and conditional read: the current version of a resource (FHIR R4,
//! 3.1.0.1), or 304 when the caller has it already.

use http::StatusCode;
use http::header::{self, HeaderMap};
use koppeltaal_core::Timestamp;
use koppeltaal_core::permission::Operation;
use koppeltaal_store::resource::Stored;

use crate::access;
use crate::call::Call;
use crate::kept;
use crate::outcome::Refusal;
use crate::record::shown;
use crate::reply::{Reply, etag};
use crate::shape::shaped;

/// Answers `GET [type]/[id]`.
pub async fn read(
    call: &Call,
    kind: &'static str,
    id: &str,
    headers: &HeaderMap,
) -> Result<Reply, Refusal> {
    let key = id.to_owned();
    let found = call.scope().read(move |tx| kept::read(tx, kind, &key)).await?;
    let found = live(call, access::decide(call, Operation::Read, kind, found)?)?;
    if is_known(headers, found.version, found.updated) {
        return Ok(Reply::empty(StatusCode::NOT_MODIFIED)
            .of_version(&found)
            .showing([shown(&found)]));
    }
    let text = shaped(found.render(), &call.wants, &call.catalog)?;
    Ok(Reply::text(StatusCode::OK, text).of_version(&found).showing([shown(&found)]))
}

/// The resource, unless it was deleted: then 410 that names the version which
/// says so.
pub fn live(call: &Call, found: Stored) -> Result<Stored, Refusal> {
    if !found.deleted {
        return Ok(found);
    }
    let told = format!(
        "This {} was deleted at {}.",
        found.resource_type,
        found.updated.to_instant_millis()
    );
    let url = call.version_url(found.resource_type, &found.id, found.version);
    Err(Refusal::new(StatusCode::GONE, "deleted", told).with(header::LOCATION, url))
}

/// Whether the caller has this version (RFC 9110, 13.1.2 and 13.1.3: a list of
/// tags outweighs a date).
pub fn is_known(headers: &HeaderMap, version: i64, updated: Timestamp) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(tags) = text(header::IF_NONE_MATCH) {
        let tag = etag(version);
        let tag = tag.trim_start_matches("W/");
        return tags
            .split(',')
            .map(str::trim)
            .any(|known| known == "*" || known.trim_start_matches("W/") == tag);
    }
    // The header has whole seconds, and a date that cannot be read counts for nothing.
    let since = text(header::IF_MODIFIED_SINCE)
        .and_then(|date| jiff::fmt::rfc2822::parse(&date.replace("GMT", "+0000")).ok());
    since.is_some_and(|since| updated.0.div_euclid(1_000_000) <= since.timestamp().as_second())
}
