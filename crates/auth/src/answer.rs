//! What the authorization service answers: JSON, errors of RFC 6749 (5.2),
//! redirects, and the headers that every answer of Koppeltaal 2.0 has.

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use http_body_util::Full;
use koppeltaal_core::Error;
use koppeltaal_core::directory::Domain;
use serde_json::{Value, json};

/// An answer with its whole body.
pub type Answer = Response<Full<Bytes>>;

/// An error of the token, introspection or revocation endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OauthError {
    /// The status.
    pub status: StatusCode,
    /// The code of RFC 6749.
    pub error: &'static str,
    /// A word for whoever reads the answer; none where it would be an oracle.
    pub description: Option<&'static str>,
    /// When to try again, in seconds.
    pub retry_after: Option<u64>,
}

impl OauthError {
    fn new(status: StatusCode, error: &'static str, description: Option<&'static str>) -> Self {
        Self { status, error, description, retry_after: None }
    }

    /// The client is not who it says, or may not take part: always the same.
    pub fn invalid_client() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "invalid_client", None)
    }

    /// The request is malformed.
    pub fn invalid_request(description: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", Some(description))
    }

    /// The authorization code is not good (any more), or not with these parameters.
    pub fn invalid_grant() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_grant", None)
    }

    /// A grant type that is not served.
    pub fn unsupported_grant_type() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "unsupported_grant_type",
            Some("grant_type is client_credentials or authorization_code."),
        )
    }

    /// Too many attempts failed.
    pub fn too_many(wait: std::time::Duration) -> Self {
        Self {
            retry_after: Some(wait.as_secs() + 1),
            ..Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "temporarily_unavailable",
                Some("Too many attempts failed; wait and try again."),
            )
        }
    }

    /// The method is not served at this URL.
    pub fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "invalid_request",
            Some("This URL is not served with this method."),
        )
    }

    /// The answer.
    pub fn into_answer(self) -> Answer {
        let mut body = json!({ "error": self.error });
        if let Some(description) = self.description {
            body["error_description"] = description.into();
        }
        let mut answer = json_answer(self.status, &body);
        let headers = answer.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        answer
    }
}

impl From<Error> for OauthError {
    /// What the store could not do; the detail goes to the log.
    fn from(error: Error) -> Self {
        match error {
            Error::Unavailable(_) => {
                tracing::warn!(%error, "the authorization service cannot work now");
                Self {
                    retry_after: Some(5),
                    ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", None)
                }
            }
            error => {
                tracing::error!(%error, "the authorization service failed");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error", None)
            }
        }
    }
}

/// A JSON document that is not to be kept.
pub fn json_answer(status: StatusCode, body: &Value) -> Answer {
    typed(status, "application/json", body.to_string())
}

/// Text of a type.
pub fn typed(status: StatusCode, content_type: &'static str, text: String) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(text)));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    answer
}

/// Sends the browser elsewhere.
pub fn redirect(url: &str) -> Answer {
    let mut answer = typed(StatusCode::FOUND, "text/plain; charset=utf-8", String::new());
    match HeaderValue::try_from(url) {
        Ok(location) => {
            answer.headers_mut().insert(header::LOCATION, location);
            answer
        }
        Err(_) => OauthError::from(Error::internal("a URL cannot be a header")).into_answer(),
    }
}

/// There is nothing at this URL.
pub fn not_found() -> Answer {
    typed(
        StatusCode::NOT_FOUND,
        "application/problem+json",
        json!({ "title": "Not found", "status": 404, "detail": "There is nothing at this URL." })
            .to_string(),
    )
}

/// The headers that every answer of Koppeltaal 2.0 has.
pub fn secure(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

/// Lets pages of any origin read a public document, without credentials.
pub fn share_with_all(headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
}

const EXPOSED: &str = "ETag, Location, Content-Location, Last-Modified, X-Request-Id, X-Correlation-Id, X-Trace-Id, WWW-Authenticate";

/// Lets pages of the origins that the domain lists read the answer.
pub fn share_with_listed(domain: &Domain, asked: &HeaderMap, headers: &mut HeaderMap) {
    if domain.cors_origins.is_empty() {
        return;
    }
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    let Some(origin) = asked.get(header::ORIGIN) else { return };
    if domain.cors_origins.iter().any(|listed| listed.as_bytes() == origin.as_bytes()) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    }
}

/// Answers a preflight: what a page of a listed origin may send.
pub fn preflight(domain: &Domain, asked: &HeaderMap, is_public: bool) -> Answer {
    let mut answer = typed(StatusCode::NO_CONTENT, "text/plain", String::new());
    let headers = answer.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    if is_public {
        share_with_all(headers);
    } else {
        share_with_listed(domain, asked, headers);
    }
    if headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
        let set = |headers: &mut HeaderMap, name: HeaderName, value: &'static str| {
            headers.insert(name, HeaderValue::from_static(value));
        };
        set(headers, header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, DELETE, HEAD");
        set(
            headers,
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "Accept, Authorization, Content-Type, If-Match, If-Modified-Since, If-None-Match, Prefer, X-Correlation-Id, X-Request-Id, X-Trace-Id",
        );
        set(headers, header::ACCESS_CONTROL_MAX_AGE, "600");
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_client_authentication_says_nothing_but_its_code() {
        let answer = OauthError::invalid_client().into_answer();
        assert_eq!(answer.status(), 401);
        assert_eq!(answer.headers()["www-authenticate"], "Bearer");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        assert_eq!(OauthError::invalid_client().description, None);
    }

    #[test]
    fn only_listed_origins_may_read_answers() {
        let mut domain = Domain::default();
        let mut asked = HeaderMap::new();
        asked.insert(header::ORIGIN, HeaderValue::from_static("https://app.example"));
        let allowed = |domain: &Domain| {
            let mut headers = HeaderMap::new();
            share_with_listed(domain, &asked, &mut headers);
            headers.get(header::ACCESS_CONTROL_ALLOW_ORIGIN).cloned()
        };
        assert_eq!(allowed(&domain), None);
        domain.cors_origins = vec!["https://app.example".into()];
        assert_eq!(allowed(&domain), Some(HeaderValue::from_static("https://app.example")));
        domain.cors_origins = vec!["https://other.example".into()];
        assert_eq!(allowed(&domain), None);
    }
}
