//! Requests and answers: Basic authentication, the chosen format, and every answer above 299 as an
//! error with the server's OperationOutcome.

use koppeltaal_fhir::dstu1::{Bundle, OperationOutcome, parse_xml, render_xml};
use koppeltaal_fhir::{Node, json};
use reqwest::header::{ACCEPT, CONTENT_LOCATION, CONTENT_TYPE, LOCATION};
use reqwest::{Method, RequestBuilder, Url};

use super::connector::{Connector, Format};
use super::error::{Error, Result};

/// An answer that was read.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// `Content-Location`, or else `Location`.
    pub(super) location: Option<String>,
    pub(super) node: Node,
}

impl Connector {
    pub(super) async fn get(&self, url: Url) -> Result<Answer> {
        self.exchange(self.client.request(Method::GET, url)).await
    }

    pub(super) async fn send_resource(
        &self,
        method: Method,
        url: Url,
        node: &Node,
    ) -> Result<Answer> {
        let body = match self.format {
            Format::Json => json::render(node),
            Format::Xml => render_xml(node),
        };
        let request =
            self.client.request(method, url).header(CONTENT_TYPE, self.format.media_type());
        self.exchange(request.body(body)).await
    }

    async fn exchange(&self, request: RequestBuilder) -> Result<Answer> {
        let request =
            request.basic_auth(&self.username, Some(&self.password)).header(ACCEPT, self.accept());
        let response = request.send().await?;
        let status = response.status().as_u16();
        let header = |name| Some(response.headers().get(name)?.to_str().ok()?.to_owned());
        let location = header(CONTENT_LOCATION).or_else(|| header(LOCATION));
        let bytes = response.bytes().await?;
        if !(200..300).contains(&status) {
            return Err(Error::of_answer(status, &bytes));
        }
        let node = parse(&bytes).map_err(|reason| Error::unexpected(status, reason))?;
        Ok(Answer { status, location, node })
    }
}

impl Error {
    /// What an answer that is none says about why.
    pub(super) fn of_answer(status: u16, bytes: &[u8]) -> Error {
        let outcome = parse(bytes).ok().as_ref().and_then(OperationOutcome::from_node);
        match outcome {
            Some(outcome) => Error::Refused { status, outcome },
            None => Error::unexpected(status, "the answer says no more"),
        }
    }
}

/// Both formats are told apart by their first character.
fn parse(bytes: &[u8]) -> Result<Node, String> {
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    let parsed = match first {
        Some(b'<') => parse_xml(bytes),
        Some(_) => json::parse(bytes),
        None => return Err("the answer is empty".to_owned()),
    };
    parsed.map_err(|error| error.to_string())
}

pub(super) fn expect_resource(answer: Answer, resource_type: &str) -> Result<Node> {
    if answer.node.resource_type() == Some(resource_type) {
        return Ok(answer.node);
    }
    let found = answer.node.resource_type().unwrap_or("something that is no resource");
    Err(Error::unexpected(answer.status, format!("{resource_type} was expected, not {found}")))
}

pub(super) fn expect_bundle(answer: Answer) -> Result<Bundle> {
    Bundle::from_node(answer.node)
        .map_err(|error| Error::unexpected(answer.status, error.to_string()))
}
