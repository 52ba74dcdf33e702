//! Requests to the authorization service: forms there, JSON back, errors as RFC 6749 §5.2 writes
//! them.

use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use reqwest::{Client, RequestBuilder, Url};
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::error::{Error, Result};
use crate::tls;

/// Answers of an authorization service are small; more is not read.
const MAX_ANSWER: usize = 1024 * 1024;

/// How the application talks.
#[derive(Debug, Clone)]
pub struct Options {
    /// Certificates in PEM that are trusted besides those of the system: of an authority, or the
    /// self-signed one of a test server.
    pub trust: Vec<u8>,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long a request may take, its answer included.
    pub timeout: Duration,
    /// The `aud` of every assertion. By default it is the URL of the endpoint that is called, as
    /// the standard has it; the reference implementation wants that of the token endpoint always.
    pub audience: Option<String>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            trust: Vec::new(),
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(30),
            audience: None,
        }
    }
}

/// An answer that was read.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// The JSON object in it.
    pub(super) fn object(self) -> Result<Map<String, Value>> {
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(members)) => Ok(members),
            _ => Err(Error::unexpected(self.status, "the answer is no JSON object")),
        }
    }
}

/// A client for servers at addresses like `base`.
pub(super) fn client(base: &Url, options: &Options) -> Result<Client> {
    tls::client(base, &options.trust, options.connect_timeout, options.timeout)
        .map_err(Error::Setup)
}

/// Asks for a document.
pub(super) async fn get(client: &Client, url: &str) -> Result<Answer> {
    exchange(client.get(url)).await
}

/// Posts a form.
pub(super) async fn post(client: &Client, url: &str, fields: &[(&str, &str)]) -> Result<Answer> {
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let form_type = HeaderValue::from_static("application/x-www-form-urlencoded");
    exchange(client.post(url).header(CONTENT_TYPE, form_type).body(form)).await
}

async fn exchange(request: RequestBuilder) -> Result<Answer> {
    let json = HeaderValue::from_static("application/json");
    let mut response = request.header(ACCEPT, json).send().await?;
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await? {
        if body.len() + part.len() > MAX_ANSWER {
            return Err(Error::unexpected(status, "the answer is larger than 1 MiB"));
        }
        body.extend_from_slice(&part);
    }
    if (200..300).contains(&status) {
        return Ok(Answer { status, body });
    }
    Err(refusal(status, &body))
}

fn refusal(status: u16, body: &[u8]) -> Error {
    let parsed: Option<Value> = serde_json::from_slice(body).ok();
    let text = |name: &str| Some(parsed.as_ref()?.get(name)?.as_str()?.to_owned());
    match text("error") {
        Some(error) => {
            Error::Refused { status, error, error_description: text("error_description") }
        }
        None => Error::unexpected(status, "the answer says no more"),
    }
}
