//! Answers: JSON, or what went wrong as a problem (RFC 9457). The one place where
//! an error becomes a status.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use koppeltaal_core::Error;
use serde::Serialize;
use serde_json::{Value, json};

use crate::page::Page;
use crate::provision::Problems;

/// An answer that is no refusal.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) content_type: &'static str,
    pub(super) body: String,
    pub(super) cookie: Option<String>,
}

/// Why an operation is not done.
pub(super) enum Refusal {
    /// For one reason.
    Error(Error),
    /// Because of all this in what was sent.
    Problems(Problems),
    /// Because the URL has only these methods.
    Method(Vec<&'static str>),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl Answer {
    /// 200 with JSON.
    pub(super) fn json(value: &impl Serialize) -> Result<Self, Refusal> {
        let body = serde_json::to_string(value).map_err(Error::internal)?;
        Ok(Self { status: StatusCode::OK, content_type: "application/json", body, cookie: None })
    }

    /// 200 with a list, and after which number it goes on.
    pub(super) fn page(page: &Page) -> Result<Self, Refusal> {
        Self::json(&json!({ "items": page.objects, "next": page.next }))
    }

    /// 200 with a whole list.
    pub(super) fn list(items: &[impl Serialize]) -> Result<Self, Refusal> {
        Self::json(&json!({ "items": items, "next": null }))
    }

    /// 204.
    pub(super) fn nothing() -> Self {
        Self { status: StatusCode::NO_CONTENT, content_type: "", body: String::new(), cookie: None }
    }

    /// The same as something that was made: 201.
    pub(super) fn created(self) -> Self {
        Self { status: StatusCode::CREATED, ..self }
    }

    pub(super) fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(Bytes::from(self.body)));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if !self.content_type.is_empty() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        }
        if let Some(cookie) = self.cookie.and_then(|cookie| HeaderValue::try_from(cookie).ok()) {
            headers.insert(header::SET_COOKIE, cookie);
        }
        response
    }
}

impl Refusal {
    pub(super) fn into_response(self) -> Response<Full<Bytes>> {
        let mut allow = None;
        let (status, detail, errors) = match self {
            Self::Problems(problems) => of_problems(problems),
            Self::Method(methods) => {
                allow = HeaderValue::try_from(methods.join(", ")).ok();
                let detail = "The URL has not this method.".to_owned();
                (StatusCode::METHOD_NOT_ALLOWED, detail, Vec::new())
            }
            Self::Error(error) => {
                let (status, detail) = of_error(error);
                (status, detail, Vec::new())
            }
        };
        let mut problem = json!({
            "type": "about:blank",
            "title": status.canonical_reason().unwrap_or("Error"),
            "status": status.as_u16(),
            "detail": detail,
        });
        if let (Some(object), false) = (problem.as_object_mut(), errors.is_empty()) {
            object.insert("errors".to_owned(), Value::Array(errors));
        }
        let answer = Answer {
            status,
            content_type: "application/problem+json",
            body: problem.to_string(),
            cookie: None,
        };
        let mut response = answer.into_response();
        if let Some(allow) = allow {
            response.headers_mut().insert(header::ALLOW, allow);
        }
        if status == StatusCode::UNAUTHORIZED {
            let challenge = "Bearer realm=\"Koppeltaal administration\"";
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}

fn of_problems(problems: Problems) -> (StatusCode, String, Vec<Value>) {
    let list = problems.sorted();
    let is_malformed = list.iter().any(|problem| !problem.forbidden);
    let status =
        if is_malformed { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::FORBIDDEN };
    let errors =
        list.into_iter().map(|one| json!({ "key": one.key, "detail": one.text })).collect();
    (status, "Nothing was changed.".to_owned(), errors)
}

fn of_error(error: Error) -> (StatusCode, String) {
    let status = match &error {
        Error::NotFound(_) => StatusCode::NOT_FOUND,
        Error::Gone(_) => StatusCode::GONE,
        Error::Invalid(_) => StatusCode::BAD_REQUEST,
        Error::Unprocessable(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Error::Unauthorized(_) => StatusCode::UNAUTHORIZED,
        Error::Forbidden(_) => StatusCode::FORBIDDEN,
        Error::Conflict(_) => StatusCode::CONFLICT,
        Error::PreconditionFailed(_) => StatusCode::PRECONDITION_FAILED,
        Error::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
        Error::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        Error::Internal(_) | Error::Retry(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    if !status.is_server_error() {
        return (status, error.to_string());
    }
    tracing::error!(%error, "an operation of the administration failed");
    let detail = match status {
        StatusCode::SERVICE_UNAVAILABLE => "The server cannot do this now: try again later.",
        _ => "The server failed; its log says why.",
    };
    (status, detail.to_owned())
}
