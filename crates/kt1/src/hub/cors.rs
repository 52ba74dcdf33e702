//! CORS for the hub: jQuery asks with credentials, so the origin itself is named.
//! There are no cookies here: whoever calls shows a password or a token of its own.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, header};
use http_body_util::Full;

use crate::cors;

/// Adds what every answer to a page of another origin carries.
pub(super) fn allow(asked: Option<&HeaderValue>, headers: &mut HeaderMap) {
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    let Some(origin) = asked else { return };
    cors::allow(headers);
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
}

/// The answer to a preflight request.
pub(super) fn preflight(asked: &HeaderMap) -> Response<Full<Bytes>> {
    let mut response = cors::preflight(asked);
    allow(asked.get(header::ORIGIN), response.headers_mut());
    response
}
