//! The parameters of a request (RFC 6749, appendix B): form-encoded, each at
//! most once, within limits of size and time.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::answer::OauthError;

/// Tokens have at most 8 KiB; a form holds a few of them.
const MOST: usize = 64 * 1024;
/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(15);
/// More parameters than any request has.
const MOST_PARAMETERS: usize = 64;

/// The parameters of a request.
#[derive(Clone, Default)]
pub struct Form {
    values: Vec<(String, String)>,
    repeated: Vec<String>,
}

impl Form {
    /// Reads form-encoded text: a body or a query. Of a parameter that is given
    /// more than once the first counts; see [`Form::once`].
    pub fn parse(text: &[u8]) -> Result<Self, OauthError> {
        let mut form = Self::default();
        for (name, value) in url::form_urlencoded::parse(text) {
            if form.values.len() + form.repeated.len() >= MOST_PARAMETERS {
                return Err(OauthError::invalid_request("There are too many parameters."));
            }
            if form.values.iter().any(|(known, _)| *known == name) {
                form.repeated.push(name.into_owned());
            } else {
                form.values.push((name.into_owned(), value.into_owned()));
            }
        }
        Ok(form)
    }

    /// The form, provided that no parameter is given more than once (RFC 6749, 3.2).
    pub fn once(self) -> Result<Self, OauthError> {
        match self.repeated.is_empty() {
            true => Ok(self),
            false => Err(OauthError::invalid_request("A parameter is given more than once.")),
        }
    }

    /// Whether a parameter is given more than once.
    pub fn is_repeated(&self, name: &str) -> bool {
        self.repeated.iter().any(|repeated| repeated == name)
    }

    /// Whether any parameter is given more than once.
    pub fn has_repeated(&self) -> bool {
        !self.repeated.is_empty()
    }

    /// A parameter; one without a value counts as left out (RFC 6749, 3.1).
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values
            .iter()
            .find(|(known, value)| known == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }
}

/// Reads the form in a request's body.
pub async fn read_form<B>(headers: &HeaderMap, body: B) -> Result<Form, OauthError>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let whole = Limited::new(body, MOST).collect();
    let collected = match tokio::time::timeout(PATIENCE, whole).await {
        Err(_) => {
            return Err(OauthError {
                status: StatusCode::REQUEST_TIMEOUT,
                ..OauthError::invalid_request("The body did not arrive in time.")
            });
        }
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            return Err(OauthError {
                status: StatusCode::PAYLOAD_TOO_LARGE,
                ..OauthError::invalid_request("The body is larger than 64 KiB.")
            });
        }
        Ok(Err(_)) => {
            return Err(OauthError::invalid_request("The body did not arrive complete."));
        }
        Ok(Ok(collected)) => collected.to_bytes(),
    };
    let is_form = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|media| {
            media.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
        });
    if !is_form {
        return Err(OauthError::invalid_request(
            "Send the parameters as application/x-www-form-urlencoded in the body.",
        ));
    }
    Form::parse(&collected)
}

#[cfg(test)]
mod tests {
    use http_body_util::Full;

    use super::*;

    #[test]
    fn a_parameter_given_twice_is_seen_and_an_empty_one_is_left_out() {
        let form = Form::parse(b"a=1&b=&c=x+y%2Fz").unwrap();
        assert_eq!((form.get("a"), form.get("b"), form.get("c")), (Some("1"), None, Some("x y/z")));
        assert!(!form.has_repeated());
        let twice = Form::parse(b"a=1&b=2&a=3").unwrap();
        assert!(twice.is_repeated("a") && !twice.is_repeated("b"));
        assert_eq!(twice.get("a"), Some("1"));
        assert!(twice.once().is_err());
        assert!(Form::parse("a=1&".repeat(MOST_PARAMETERS + 1).as_bytes()).is_err());
    }

    #[tokio::test]
    async fn only_a_form_of_bounded_size_is_read() {
        let mut headers = HeaderMap::new();
        let read = |headers: &HeaderMap, body: String| {
            let headers = headers.clone();
            async move { read_form(&headers, Full::new(Bytes::from(body))).await }
        };
        assert!(read(&headers, "a=1".into()).await.is_err());
        let form = "application/x-www-form-urlencoded; charset=utf-8".parse().unwrap();
        headers.insert(header::CONTENT_TYPE, form);
        assert_eq!(read(&headers, "a=1".into()).await.unwrap().get("a"), Some("1"));
        let error = read(&headers, "a".repeat(MOST + 1)).await.err().unwrap();
        assert_eq!(error.status, StatusCode::PAYLOAD_TOO_LARGE);
    }
}
