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

/// The parameters of a request, each once.
#[derive(Clone, Default)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Reads form-encoded text: a body or a query.
    pub fn parse(text: &[u8]) -> Result<Self, OauthError> {
        let mut form: Vec<(String, String)> = Vec::new();
        for (name, value) in url::form_urlencoded::parse(text) {
            if form.len() >= MOST_PARAMETERS {
                return Err(OauthError::invalid_request("There are too many parameters."));
            }
            if form.iter().any(|(known, _)| *known == name) {
                return Err(OauthError::invalid_request("A parameter is given more than once."));
            }
            form.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(form))
    }

    /// A parameter; one without a value counts as left out (RFC 6749, 3.1).
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
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
    fn a_parameter_given_twice_is_refused_and_an_empty_one_is_left_out() {
        let form = Form::parse(b"a=1&b=&c=x+y%2Fz").unwrap();
        assert_eq!((form.get("a"), form.get("b"), form.get("c")), (Some("1"), None, Some("x y/z")));
        assert!(Form::parse(b"a=1&a=1").is_err());
        assert!(Form::parse("a=1&".repeat(3).as_bytes()).is_err());
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
