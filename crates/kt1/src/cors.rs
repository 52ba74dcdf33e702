//! CORS: the browser game of Koppeltaal calls from its own origin, so every
//! origin may call KT1; credentials travel in the Authorization header only.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::Full;

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, DELETE, OPTIONS");
const EXPOSED: HeaderValue =
    HeaderValue::from_static("Location, Content-Location, X-Request-Id, Retry-After");
const ALLOWED: &str = "Authorization, Content-Type, Accept, X-Request-Id";

/// Adds what every answer carries.
pub fn allow(headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
}

/// The answer to a preflight request.
pub fn preflight(asked: &HeaderMap) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    allow(headers);
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed(asked));
    headers.insert(header::ALLOW, METHODS);
    response
}

/// The headers that clients need, and whatever else this one asks for.
fn allowed(asked: &HeaderMap) -> HeaderValue {
    let more: Vec<HeaderName> = asked
        .get_all(header::ACCESS_CONTROL_REQUEST_HEADERS)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| HeaderName::try_from(name.trim()).ok())
        .take(50)
        .collect();
    let mut list = ALLOWED.to_owned();
    for name in more {
        if !ALLOWED.split(", ").any(|known| known.eq_ignore_ascii_case(name.as_str())) {
            list.push_str(", ");
            list.push_str(name.as_str());
        }
    }
    HeaderValue::try_from(list).unwrap_or(HeaderValue::from_static(ALLOWED))
}
