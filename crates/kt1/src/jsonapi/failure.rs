//! What is wrong with a request, as JSON:API tells it: one error for each bad
//! field; one error gives its own status, several give 400 (kt13-around 3.4).

use http::StatusCode;
use koppeltaal_core::Error;
use serde_json::{Map, Value, json};

/// Where the cause of an error is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A place in the document (`/data/attributes/Name`).
    Pointer(String),
    /// A parameter of the query.
    Parameter(String),
    /// A header.
    Header(&'static str),
}

/// One error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Its status.
    pub status: StatusCode,
    /// What is wrong.
    pub title: String,
    /// Where.
    pub source: Option<Source>,
}

/// Why a request failed: at least one error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The errors.
    pub faults: Vec<Fault>,
    /// Seconds after which trying again makes sense.
    pub retry_after: Option<u64>,
    /// Detail for the log alone.
    pub internal: Option<String>,
    /// Whether the caller did not say who they are.
    pub challenge: bool,
}

impl Failure {
    /// One error without a place.
    pub fn new(status: StatusCode, title: impl Into<String>) -> Self {
        Self::of(vec![Fault { status, title: title.into(), source: None }])
    }

    /// Several errors.
    pub fn of(faults: Vec<Fault>) -> Self {
        Self { faults, retry_after: None, internal: None, challenge: false }
    }

    /// 400.
    pub fn bad_request(title: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, title)
    }

    /// 400 about a parameter of the query.
    pub fn parameter(name: &str, title: impl Into<String>) -> Self {
        Self::of(vec![Fault {
            status: StatusCode::BAD_REQUEST,
            title: title.into(),
            source: Some(Source::Parameter(name.chars().take(200).collect())),
        }])
    }

    /// An error about an attribute.
    pub fn attribute(status: StatusCode, name: &str, title: impl Into<String>) -> Self {
        Self::of(vec![Fault::attribute(status, name, title)])
    }

    /// 404: what does not exist, and what the caller may not see.
    pub fn not_found(of: &str, id: &str) -> Self {
        let id: String = id.chars().take(100).collect();
        Self::new(StatusCode::NOT_FOUND, format!("There is no {of} `{id}`."))
    }

    /// 403.
    pub fn forbidden(title: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, title)
    }

    /// 409.
    pub fn conflict(title: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, title)
    }

    /// The status of the whole.
    pub fn status(&self) -> StatusCode {
        match self.faults.as_slice() {
            [one] => one.status,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// The document.
    pub fn document(&self) -> Value {
        let errors: Vec<Value> = self.faults.iter().map(Fault::object).collect();
        json!({ "jsonapi": { "version": "1.0" }, "errors": errors })
    }
}

impl Fault {
    /// An error about an attribute.
    pub fn attribute(status: StatusCode, name: &str, title: impl Into<String>) -> Self {
        Self::pointer(status, "attributes", name, title)
    }

    /// An error about a relationship.
    pub fn relationship(status: StatusCode, name: &str, title: impl Into<String>) -> Self {
        Self::pointer(status, "relationships", name, title)
    }

    fn pointer(status: StatusCode, part: &str, name: &str, title: impl Into<String>) -> Self {
        let name: String = name.chars().take(100).collect();
        // RFC 6901.
        let name = name.replace('~', "~0").replace('/', "~1");
        let source = Some(Source::Pointer(format!("/data/{part}/{name}")));
        Self { status, title: title.into(), source }
    }

    fn object(&self) -> Value {
        let mut error = Map::new();
        error.insert("status".to_owned(), self.status.as_str().into());
        error.insert("title".to_owned(), self.title.as_str().into());
        match &self.source {
            Some(Source::Pointer(pointer)) => {
                error.insert("source".to_owned(), json!({ "pointer": pointer }));
            }
            Some(Source::Parameter(name)) => {
                error.insert("source".to_owned(), json!({ "parameter": name }));
            }
            // JSON:API 1.0 knows no header as a source.
            Some(Source::Header(name)) => {
                error.insert("meta".to_owned(), json!({ "header": name }));
            }
            None => {}
        }
        Value::Object(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let status = match &error {
            Error::NotFound(_) => StatusCode::NOT_FOUND,
            Error::Gone(_) => StatusCode::GONE,
            Error::Invalid(_) | Error::Unprocessable(_) => StatusCode::BAD_REQUEST,
            Error::Unauthorized(_) => StatusCode::UNAUTHORIZED,
            Error::Forbidden(_) => StatusCode::FORBIDDEN,
            Error::Conflict(_) => StatusCode::CONFLICT,
            Error::PreconditionFailed(_) => StatusCode::PRECONDITION_FAILED,
            Error::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Error::Unavailable(_) | Error::Retry(_) => StatusCode::SERVICE_UNAVAILABLE,
            Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let challenge = matches!(error, Error::Unauthorized(_));
        let busy = matches!(error, Error::Unavailable(_) | Error::Retry(_));
        let retry_after = (busy || matches!(error, Error::TooMany(_))).then_some(1);
        let text = error.to_string();
        let (title, internal) = match error {
            Error::Internal(_) => (
                "The server could not process this request; its log says why.".to_owned(),
                Some(text),
            ),
            Error::Unavailable(_) | Error::Retry(_) => {
                ("The server cannot do this at the moment. Try again later.".to_owned(), Some(text))
            }
            _ => (text, None),
        };
        Self { retry_after, internal, challenge, ..Self::new(status, title) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_error_gives_its_status_and_several_give_400() {
        let one = Fault::attribute(StatusCode::CONFLICT, "Identifier", "It never changes.");
        assert_eq!(Failure::of(vec![one.clone()]).status(), StatusCode::CONFLICT);
        let two = Failure::of(vec![one, Fault::relationship(StatusCode::FORBIDDEN, "Domain", "x")]);
        assert_eq!(two.status(), StatusCode::BAD_REQUEST);
        let document = two.document();
        assert_eq!(document["errors"][0]["status"], "409");
        assert_eq!(document["errors"][0]["source"]["pointer"], "/data/attributes/Identifier");
        assert_eq!(document["errors"][1]["source"]["pointer"], "/data/relationships/Domain");
    }

    #[test]
    fn a_pointer_escapes_what_rfc_6901_reserves() {
        let fault = Fault::attribute(StatusCode::BAD_REQUEST, "a/b~c", "x");
        assert_eq!(fault.source, Some(Source::Pointer("/data/attributes/a~1b~0c".to_owned())));
    }

    #[test]
    fn what_is_internal_is_not_told() {
        let failure = Failure::from(Error::Internal("table x is broken".to_owned()));
        assert!(!failure.document().to_string().contains("table x"));
        assert_eq!(failure.internal.as_deref(), Some("table x is broken"));
    }
}
