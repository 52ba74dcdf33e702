//! What went wrong, as an OperationOutcome of R4 (TOP-KT-012a): before
//! authorisation it says as little as possible.

use http::header::{self, HeaderValue};
use http::{Response, StatusCode};
use koppeltaal_auth::Answer;
use koppeltaal_core::Error;
use serde_json::json;

/// The media type of answers.
pub const FHIR_JSON: &str = "application/fhir+json; fhirVersion=4.0; charset=utf-8";

/// A request that is not served.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The status.
    pub status: StatusCode,
    /// The code of `http://hl7.org/fhir/issue-type`.
    pub code: &'static str,
    /// What the caller is told.
    pub diagnostics: String,
}

impl Refusal {
    /// A refusal in words.
    pub fn new(status: StatusCode, code: &'static str, diagnostics: impl Into<String>) -> Self {
        Self { status, code, diagnostics: diagnostics.into() }
    }

    /// No token, or none that is good: why is not told.
    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "login", "Unauthorized")
    }

    /// A good token without this right: what there is is not told.
    pub fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Forbidden")
    }

    /// An interaction that this server does not have.
    pub fn not_supported(diagnostics: &'static str) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "not-supported", diagnostics)
    }

    /// The answer.
    pub fn into_answer(self) -> Answer {
        let outcome = json!({
            "resourceType": "OperationOutcome",
            "issue": [{
                "severity": "error",
                "code": self.code,
                "diagnostics": self.diagnostics,
            }],
        });
        let mut answer = fhir_json(self.status, outcome.to_string());
        if self.status == StatusCode::UNAUTHORIZED {
            let headers = answer.headers_mut();
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        answer
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::Unavailable(_) => {
                tracing::warn!(%error, "a resource cannot be served now");
                Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "transient",
                    "The server cannot do this now; try again.",
                )
            }
            error => {
                tracing::error!(%error, "a resource could not be served");
                Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "exception",
                    "The server failed; its log says why.",
                )
            }
        }
    }
}

/// An answer in the JSON of FHIR.
pub fn fhir_json(status: StatusCode, text: String) -> Answer {
    let mut answer = Response::new(http_body_util::Full::new(bytes::Bytes::from(text)));
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(FHIR_JSON));
    answer
}
