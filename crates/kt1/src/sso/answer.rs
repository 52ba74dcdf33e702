//! Answers: always JSON for programs, with a `Content-Type` also where there is no
//! body, because a connector needs one. Errors of OAuth are at the same time an
//! OperationOutcome (around, 1.7).

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use koppeltaal_core::Error;
use koppeltaal_fhir::dstu1::{Issue, OperationOutcome};
use koppeltaal_fhir::{Node, json};

use super::{Answer, page};
use crate::answer::{Challenge, Refusal};
use crate::negotiate::Format;

/// Why a step was refused.
pub(super) enum Failure {
    /// At a launch, or where nothing is known yet: an OperationOutcome.
    Refusal(Refusal),
    /// At Authorize or Token.
    Oauth(OauthError),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

impl From<OauthError> for Failure {
    fn from(error: OauthError) -> Self {
        Self::Oauth(error)
    }
}

impl Failure {
    /// The answer: a page where a person looks at it.
    pub(super) fn into_answer(self, asked: &HeaderMap, request_id: &str) -> Answer {
        match self {
            Self::Refusal(refusal) if page::is_wanted(asked) => page::of(refusal, request_id),
            Self::Refusal(refusal) => {
                refusal.into_response(Format::of_answer(asked, Some(Format::Json)), request_id)
            }
            Self::Oauth(error) => error.into_answer(),
        }
    }
}

/// An error of RFC 6749.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OauthError {
    pub(super) status: StatusCode,
    pub(super) error: &'static str,
    pub(super) description: String,
    /// The code of the issue.
    pub(super) code: Cow<'static, str>,
    /// Whether the client is told to authenticate.
    pub(super) challenged: bool,
    /// Seconds after which trying again makes sense.
    pub(super) retry_after: Option<u64>,
}

impl OauthError {
    fn new(
        status: StatusCode,
        error: &'static str,
        code: impl Into<Cow<'static, str>>,
        description: impl Into<String>,
    ) -> Self {
        let (code, description) = (code.into(), description.into());
        Self { status, error, description, code, challenged: false, retry_after: None }
    }

    pub(super) fn invalid_request(code: &'static str, description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", code, description)
    }

    /// A parameter that is left out.
    pub(super) fn missing(name: &str) -> Self {
        Self::invalid_request("required", format!("The parameter {name} is missing."))
    }

    /// The client is not who it says, or says nothing and may not.
    pub(super) fn invalid_client(by_header: bool) -> Self {
        let status = match by_header {
            true => StatusCode::UNAUTHORIZED,
            false => StatusCode::BAD_REQUEST,
        };
        let description = "The client is not known, or did not authenticate as it has to.";
        Self { challenged: by_header, ..Self::new(status, "invalid_client", "login", description) }
    }

    /// The code or refresh token is not good (any more), or not for this client.
    pub(super) fn invalid_grant(code: &'static str) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "invalid_grant",
            code,
            "The code or refresh token is not valid, or not with these parameters.",
        )
    }

    /// The launch cannot be authorized with (any more), or not by this client.
    pub(super) fn access_denied() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "access_denied",
            "forbidden",
            "The launch is unknown, over, used, or that of another application.",
        )
    }

    pub(super) fn unauthorized_client(status: StatusCode, description: &'static str) -> Self {
        Self::new(status, "unauthorized_client", "forbidden", description)
    }

    pub(super) fn unsupported_grant_type() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unsupported_grant_type",
            "not-supported",
            "grant_type is authorization_code or refresh_token.",
        )
    }

    pub(super) fn unsupported_response_type() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "unsupported_response_type",
            "not-supported",
            "response_type is code.",
        )
    }

    pub(super) fn invalid_scope() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "invalid_scope",
            "value",
            "scope is launch:<id> together with patient/*.read or patient/*.*.",
        )
    }

    pub(super) fn beyond_scope() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "invalid_scope",
            "value",
            "The scope is more than what was granted.",
        )
    }

    pub(super) fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "invalid_request",
            "not-supported",
            "This application asks for tokens by POST.",
        )
    }

    /// Too many attempts failed.
    pub(super) fn too_many(seconds: u64) -> Self {
        Self {
            retry_after: Some(seconds.max(1)),
            ..Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "temporarily_unavailable",
                "throttled",
                "Too many attempts failed; wait and try again.",
            )
        }
    }

    /// The answer in JSON.
    pub(super) fn into_answer(self) -> Answer {
        let issue = Issue::error(self.description.clone()).with_type(self.code);
        let mut body = OperationOutcome::from(issue).to_node();
        if let Some(members) = body.as_object_mut() {
            members.push("error", self.error);
            members.push("error_description", self.description);
        }
        let mut answer = of(self.status, &body);
        let headers = answer.headers_mut();
        if self.challenged {
            headers.insert(header::WWW_AUTHENTICATE, Challenge::Basic.value());
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        answer
    }
}

impl From<Refusal> for OauthError {
    /// What was wrong with the request itself.
    fn from(refusal: Refusal) -> Self {
        if let Some(internal) = &refusal.internal {
            tracing::error!(error = internal.as_str(), "single sign-on failed");
        }
        let issue = refusal.issues.into_iter().next();
        let (code, description) = issue.map_or_else(Default::default, |issue| {
            (issue.type_code.unwrap_or_default(), issue.details)
        });
        let error = match refusal.status {
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                "temporarily_unavailable"
            }
            status if status.is_server_error() => "server_error",
            _ => "invalid_request",
        };
        let retry_after = refusal.retry_after;
        Self { retry_after, ..Self::new(refusal.status, error, code, description) }
    }
}

impl From<Error> for OauthError {
    fn from(error: Error) -> Self {
        Self::from(Refusal::from(error))
    }
}

/// 200 with JSON that is not to be kept.
pub(super) fn ok(body: &Node) -> Answer {
    of(StatusCode::OK, body)
}

fn of(status: StatusCode, body: &Node) -> Answer {
    with(status, json::render(body))
}

fn with(status: StatusCode, body: String) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    let json = HeaderValue::from_static(Format::Json.content_type());
    headers.insert(header::CONTENT_TYPE, json);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    answer
}

/// Sends the browser on.
pub(super) fn redirect(url: &str) -> Result<Answer, Refusal> {
    let location = HeaderValue::try_from(url)
        .map_err(|_| Refusal::from(Error::internal("a URL cannot be a header")))?;
    let mut answer = with(StatusCode::FOUND, String::new());
    answer.headers_mut().insert(header::LOCATION, location);
    answer.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok(answer)
}
