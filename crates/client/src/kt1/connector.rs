//! The connector: one application in one domain, with its credentials and how it talks.

use std::fmt;
use std::time::Duration;

use koppeltaal_fhir::Node;
use reqwest::header::HeaderValue;
use reqwest::{Client, Url};

use super::error::{Error, Result};
use super::transport::expect_resource;
use crate::tls;

/// Path of the KT1 service below the address of a server.
const BASE_PATH: &str = "/FHIR/Koppeltaal";

/// The application, as it names itself in `MessageHeader.source`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Integration {
    /// Its name.
    pub name: String,
    /// The software it runs on.
    pub software: String,
    /// The version of that.
    pub version: String,
    /// Where it keeps its resources.
    pub endpoint: String,
}

impl Integration {
    /// An application whose software is this library.
    pub fn new(name: impl Into<String>, endpoint: impl Into<String>) -> Integration {
        Integration {
            name: name.into(),
            software: "koppeltaal-client".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            endpoint: endpoint.into(),
        }
    }
}

/// The format of requests and answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// JSON.
    #[default]
    Json,
    /// XML, in a feed where JSON has a Bundle.
    Xml,
}

impl Format {
    pub(super) fn media_type(self) -> &'static str {
        match self {
            Format::Json => "application/json",
            Format::Xml => "application/xml",
        }
    }
}

/// How a connector talks.
#[derive(Debug, Clone)]
pub struct Options {
    /// The format of requests and answers.
    pub format: Format,
    /// Certificates in PEM that are trusted besides those of the system: of an authority, or the
    /// self-signed one of a test server.
    pub trust: Vec<u8>,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long a request may take, its answer included.
    pub timeout: Duration,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            format: Format::Json,
            trust: Vec::new(),
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(60),
        }
    }
}

/// One application in one domain. Clones share their connections.
#[derive(Clone)]
pub struct Connector {
    pub(super) client: Client,
    pub(super) base: Url,
    pub(super) format: Format,
    pub(super) username: String,
    pub(super) password: String,
    pub(super) domain: String,
    pub(super) integration: Integration,
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector")
            .field("base", &self.base.as_str())
            .field("username", &self.username)
            .field("domain", &self.domain)
            .finish_non_exhaustive()
    }
}

impl Connector {
    /// A connector to the server at `base_url` (`https://host`, with or without
    /// `/FHIR/Koppeltaal`).
    pub fn new(
        base_url: &str,
        username: impl Into<String>,
        password: impl Into<String>,
        domain: impl Into<String>,
        integration: Integration,
    ) -> Result<Connector> {
        Connector::with_options(
            base_url,
            username,
            password,
            domain,
            integration,
            &Options::default(),
        )
    }

    /// [`Connector::new`] with options.
    pub fn with_options(
        base_url: &str,
        username: impl Into<String>,
        password: impl Into<String>,
        domain: impl Into<String>,
        integration: Integration,
        options: &Options,
    ) -> Result<Connector> {
        let base = base_of(base_url)?;
        Ok(Connector {
            client: client(&base, options)?,
            base,
            format: options.format,
            username: username.into(),
            password: password.into(),
            domain: domain.into(),
            integration,
        })
    }

    /// The same connector for another application of the domain.
    #[must_use]
    pub fn with_credentials(
        &self,
        username: impl Into<String>,
        password: impl Into<String>,
    ) -> Connector {
        Connector { username: username.into(), password: password.into(), ..self.clone() }
    }

    /// The domain.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The application.
    pub fn integration(&self) -> &Integration {
        &self.integration
    }

    /// The address of the service.
    pub fn base(&self) -> &str {
        self.base.as_str()
    }

    /// The Conformance resource of the server; it needs no credentials.
    pub async fn metadata(&self) -> Result<Node> {
        let answer = self.get(self.url("metadata")).await?;
        expect_resource(answer, "Conformance")
    }

    /// The URL of `path` below the service.
    pub(super) fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}/{path}", self.base.path()));
        url
    }

    pub(super) fn accept(&self) -> HeaderValue {
        HeaderValue::from_static(self.format.media_type())
    }
}

fn base_of(text: &str) -> Result<Url> {
    let wrong = |why: &str| Error::Setup(format!("`{text}` is not the address of a server: {why}"));
    let mut url = Url::parse(text).map_err(|cause| wrong(&cause.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong("it must begin with https:// or http://"));
    }
    url.set_query(None);
    url.set_fragment(None);
    let path = url.path().trim_end_matches('/').to_owned();
    let named = path.get(path.len().saturating_sub(BASE_PATH.len())..);
    if named.is_some_and(|end| end.eq_ignore_ascii_case(BASE_PATH)) {
        url.set_path(&path);
    } else {
        url.set_path(&format!("{path}{BASE_PATH}"));
    }
    Ok(url)
}

fn client(base: &Url, options: &Options) -> Result<Client> {
    tls::client(base, &options.trust, options.connect_timeout, options.timeout)
        .map_err(Error::Setup)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_is_found_below_the_address_of_the_server() {
        let check =
            |given: &str, base: &str| assert_eq!(base_of(given).unwrap().as_str(), base, "{given}");
        check("https://h", "https://h/FHIR/Koppeltaal");
        check("https://h/", "https://h/FHIR/Koppeltaal");
        check("http://h:8080/FHIR/Koppeltaal/", "http://h:8080/FHIR/Koppeltaal");
        check("https://h/x?y#z", "https://h/x/FHIR/Koppeltaal");
        for wrong in ["", "h:8080", "ftp://h", "/FHIR"] {
            assert!(matches!(base_of(wrong), Err(Error::Setup(_))), "{wrong}");
        }
    }

    #[test]
    fn the_password_is_not_shown() {
        let connector =
            Connector::new("http://h", "u", "s3cret", "d", Integration::new("n", "e")).unwrap();
        assert!(!format!("{connector:?}").contains("s3cret"));
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        let options = Options { trust: b"nonsense".to_vec(), ..Options::default() };
        let made = Connector::with_options(
            "https://h",
            "u",
            "p",
            "d",
            Integration::new("n", "e"),
            &options,
        );
        assert!(matches!(made, Err(Error::Setup(_))));
    }
}
