//! Answers, and the one place where errors become a status and an
//! OperationOutcome in the negotiated format (spec 1.4).

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use koppeltaal_core::{Error, Timestamp};
use koppeltaal_fhir::dstu1::{Issue, OperationOutcome, render_xml};
use koppeltaal_fhir::{Node, ParseError, json};

use crate::negotiate::Format;

/// The body of an answer before it is written.
#[derive(Debug)]
pub enum Content {
    /// A resource or bundle as a tree.
    Tree(Node),
    /// The same, already as JSON.
    Json(String),
    /// No body.
    None,
}

/// What a verb answers when it succeeds.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The body.
    pub content: Content,
    /// The versioned URL of what was written (`Location`, `Content-Location`).
    pub location: Option<String>,
    /// Whether it is sent as `Location` besides `Content-Location`.
    pub written: bool,
}

impl Answer {
    /// 200 with a tree.
    pub fn tree(node: Node) -> Self {
        Self {
            status: StatusCode::OK,
            content: Content::Tree(node),
            location: None,
            written: false,
        }
    }

    /// 200 with JSON.
    pub fn json(text: String) -> Self {
        Self {
            status: StatusCode::OK,
            content: Content::Json(text),
            location: None,
            written: false,
        }
    }

    /// 204.
    pub fn nothing() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            content: Content::None,
            location: None,
            written: false,
        }
    }

    /// The response in a format.
    pub fn into_response(self, format: Format) -> Response<Full<Bytes>> {
        let body = match (self.content, format) {
            (Content::None, _) => String::new(),
            (Content::Json(text), Format::Json) => text,
            (Content::Tree(node), Format::Json) => json::render(&node),
            (Content::Tree(node), Format::Xml) => render_xml(&node),
            (Content::Json(text), Format::Xml) => match json::parse(text.as_bytes()) {
                Ok(node) => render_xml(&node),
                Err(error) => {
                    return Refusal::from(Error::internal(error)).into_response(format, "");
                }
            },
        };
        let mut response = respond(self.status, format, body);
        if let Some(location) = self.location.and_then(|l| HeaderValue::try_from(l).ok()) {
            if self.written {
                response.headers_mut().insert(header::LOCATION, location.clone());
            }
            response.headers_mut().insert(header::CONTENT_LOCATION, location);
        }
        response
    }
}

fn respond(status: StatusCode, format: Format, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Why a request was refused.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The status.
    pub status: StatusCode,
    /// What is wrong, one issue for each problem.
    pub issues: Vec<Issue>,
    /// Seconds after which trying again makes sense.
    pub retry_after: Option<u64>,
    /// A word for metrics: why.
    pub reason: &'static str,
    /// Detail for the log alone.
    pub internal: Option<String>,
    /// Whether an audit row about it is written already.
    pub recorded: bool,
    /// With what a caller who is refused for its credentials may come back.
    pub challenge: Challenge,
}

/// With what a caller who is refused for its credentials may come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Challenge {
    /// User name and password.
    Basic,
    /// An access token: the one it brought is over.
    Bearer,
    /// Either: the access token is none, or was revoked.
    BasicOrBearer,
}

impl Challenge {
    /// The value of `WWW-Authenticate`.
    pub fn value(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Basic => "Basic realm=\"Koppeltaal\", charset=\"UTF-8\"",
            Self::Bearer => "Bearer error=\"invalid_token\"",
            Self::BasicOrBearer => {
                "Basic realm=\"Koppeltaal\", charset=\"UTF-8\", Bearer error=\"invalid_token\""
            }
        })
    }
}

impl Refusal {
    /// A refusal with one issue.
    pub fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        reason: &'static str,
        details: impl Into<String>,
    ) -> Self {
        Self {
            status,
            issues: vec![Issue::error(details).with_type(code)],
            retry_after: None,
            reason,
            internal: None,
            recorded: false,
            challenge: Challenge::Basic,
        }
    }

    /// 401 for an access token that was good until `expired`. Clients look for the
    /// code and get a new one.
    pub fn expired(token: &str, expired: Timestamp) -> Self {
        let shown: String = token.chars().take(4).collect();
        let moment = expired.to_instant();
        let (date, time) = moment.split_at(10);
        let details = format!(
            "Authentication failed: Bearer token {shown}**** has expired at {} {}",
            date.replace('-', "/"),
            time.get(1..9).unwrap_or_default()
        );
        let refusal = Self::new(StatusCode::UNAUTHORIZED, "expired", "expired", details);
        Self { challenge: Challenge::Bearer, ..refusal }
    }

    /// 401 for an access token that is none, or was revoked.
    pub fn no_bearer() -> Self {
        let details = "Authentication failed: the access token is not known, or not any more.";
        let refusal = Self::new(StatusCode::UNAUTHORIZED, "login", "login", details);
        Self { challenge: Challenge::BasicOrBearer, ..refusal }
    }

    /// 400 with an issue of this code.
    pub fn bad_request(code: &'static str, details: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, code, details)
    }

    /// 404.
    pub fn not_found(details: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "not-found", details)
    }

    /// 403.
    pub fn forbidden(details: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "forbidden", details)
    }

    /// 405.
    pub fn not_supported(details: impl Into<String>) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "not-supported", "not-supported", details)
    }

    /// The response in a format.
    pub fn into_response(self, format: Format, request_id: &str) -> Response<Full<Bytes>> {
        if let Some(internal) = &self.internal {
            tracing::error!(request_id, error = internal.as_str(), "request failed");
        }
        let outcome = OperationOutcome { issues: self.issues }.to_node();
        let body = match format {
            Format::Json => json::render(&outcome),
            Format::Xml => render_xml(&outcome),
        };
        let mut response = respond(self.status, format, body);
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, self.challenge.value());
        }
        response
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let (status, code, reason) = match &error {
            Error::NotFound(_) => (StatusCode::NOT_FOUND, "not-found", "not-found"),
            Error::Gone(_) => (StatusCode::GONE, "not-found", "gone"),
            Error::Invalid(_) => (StatusCode::BAD_REQUEST, "structure", "structure"),
            Error::Unprocessable(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "business-rule", "business-rule")
            }
            Error::Unauthorized(_) => (StatusCode::UNAUTHORIZED, "login", "login"),
            Error::Forbidden(_) => (StatusCode::FORBIDDEN, "forbidden", "forbidden"),
            Error::Conflict(_) => (StatusCode::CONFLICT, "conflict", "conflict"),
            Error::PreconditionFailed(_) => {
                (StatusCode::PRECONDITION_FAILED, "conflict", "precondition")
            }
            Error::TooMany(_) => (StatusCode::TOO_MANY_REQUESTS, "throttled", "throttled"),
            Error::Unavailable(_) | Error::Retry(_) => {
                (StatusCode::SERVICE_UNAVAILABLE, "transient", "unavailable")
            }
            Error::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "exception", "internal"),
        };
        let (details, internal) = match &error {
            Error::Internal(cause) => (
                "The server could not process this request; its log says why.".to_owned(),
                Some(cause.clone()),
            ),
            Error::Unavailable(cause) | Error::Retry(cause) => (
                "The server cannot do this at the moment. Try again later; if this was a change, look first whether it was kept."
                    .to_owned(),
                Some(cause.clone()),
            ),
            _ => (error.to_string(), None),
        };
        let retry_after =
            matches!(error, Error::Unavailable(_) | Error::Retry(_) | Error::TooMany(_))
                .then_some(1);
        Self { retry_after, internal, ..Self::new(status, code, reason, details) }
    }
}

impl From<ParseError> for Refusal {
    fn from(error: ParseError) -> Self {
        if error == ParseError::NullInArray {
            // The one documented 500, without a type.
            return Self {
                issues: vec![Issue::error(error.to_string())],
                ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, "", "null-in-array", "")
            };
        }
        Self::bad_request("structure", error.to_string())
    }
}

impl Refusal {
    /// More requests than an instance may send; it can go on after this time.
    pub fn throttled(wait: Duration) -> Self {
        Self {
            retry_after: Some(wait.as_secs()),
            ..Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "throttled",
                "throttled",
                "This application instance sends more requests than this server allows; wait and try again.",
            )
        }
    }

    /// The refusal as an internal error, where a transaction cannot go on.
    pub fn into_internal(self) -> Error {
        let details = self.issues.into_iter().next().map(|issue| issue.details);
        Error::Internal(self.internal.or(details).unwrap_or_default())
    }
}
