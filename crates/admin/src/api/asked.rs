//! A request that was led to its operation: who asks, and what for.

use std::net::IpAddr;
use std::str::FromStr;

use bytes::Bytes;
use http::HeaderMap;
use koppeltaal_core::administrator::{Administrator, Rights};
use koppeltaal_core::directory::{Directory, Domain};
use koppeltaal_core::{Error, Result};
use koppeltaal_store::directory::Author;
use serde::de::DeserializeOwned;

use super::app::App;
use crate::desk::Desk;
use crate::seen::{self, Seen};

/// Items of one page at most, and when nothing is said.
const MOST: usize = 1000;
const USUAL: usize = 100;

/// A request.
pub(super) struct Asked {
    pub(super) app: App,
    /// Who asks; absent where anybody may.
    pub(super) who: Option<Administrator>,
    pub(super) path: Vec<(&'static str, String)>,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) peer: IpAddr,
    pub(super) request_id: String,
}

impl Asked {
    /// What varies in the path.
    pub(super) fn part(&self, name: &str) -> &str {
        self.path.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// A number of the path; what is none is the number of nothing.
    pub(super) fn number(&self, name: &str) -> Result<i64> {
        let text = self.part(name);
        text.parse().map_err(|_| Error::NotFound(format!("there is no {name} `{text}`")))
    }

    /// A parameter of the query.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(known, value)| known == name && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    }

    /// A parameter of the query in its form.
    pub(super) fn parsed<T>(&self, name: &str) -> Result<Option<T>>
    where
        T: FromStr<Err: std::fmt::Display>,
    {
        self.parameter(name)
            .map(|text| {
                text.parse().map_err(|cause| Error::Invalid(format!("{name}: `{text}`: {cause}")))
            })
            .transpose()
    }

    /// Whether a parameter is `true`.
    pub(super) fn flag(&self, name: &str) -> Result<bool> {
        Ok(self.parsed(name)?.unwrap_or(false))
    }

    /// How many items are wanted.
    pub(super) fn limit(&self) -> Result<usize> {
        let limit = self.parsed("limit")?.unwrap_or(USUAL);
        if limit == 0 {
            return Err(Error::Invalid("limit: at least 1".to_owned()));
        }
        Ok(limit.min(MOST))
    }

    /// The body as JSON of this form.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body).map_err(|cause| {
            Error::Invalid(format!("the body is not the JSON that is expected: {cause}"))
        })
    }

    /// Who asks.
    pub(super) fn administrator(&self) -> Result<&Administrator> {
        self.who.as_ref().ok_or_else(|| Error::internal("an operation without its caller"))
    }

    /// What is theirs.
    pub(super) fn rights(&self) -> Result<&Rights> {
        Ok(&self.administrator()?.rights)
    }

    /// With what the operation works.
    pub(super) fn desk(&self) -> Result<Desk> {
        let who = self.administrator()?;
        Ok(Desk {
            store: self.app.store.clone(),
            ids: self.app.ids.clone(),
            clock: self.app.clock.clone(),
            seal: self.app.seal.clone(),
            outbound: self.app.outbound.clone(),
            settings: self.app.settings.clone(),
            author: Author {
                agent: who.agent(),
                recorded: self.app.clock.now(),
                request_id: Some(self.request_id.clone()),
            },
            rights: who.rights.clone(),
        })
    }

    /// The domain of the path or the query, when it is wholly theirs.
    pub(super) fn own_domain<'a>(
        &self,
        directory: &'a Directory,
        name: &str,
    ) -> Result<&'a std::sync::Arc<Domain>> {
        let rights = self.rights()?;
        let domain = directory.domain(name).ok_or_else(|| unknown("domain", name))?;
        match seen::domain(directory, rights, domain) {
            Seen::Whole => Ok(domain),
            Seen::Name => Err(Error::Forbidden(
                "this is a matter of the administrators of the domain".to_owned(),
            )),
            Seen::Not => Err(unknown("domain", name)),
        }
    }

    /// The domain that the query limits to; one of which nothing is seen does not
    /// exist.
    pub(super) fn seen_domain(&self, directory: &Directory) -> Result<Option<String>> {
        let Some(name) = self.parameter("domain") else { return Ok(None) };
        let rights = self.rights()?;
        let is_seen = directory
            .domain(name)
            .is_some_and(|domain| seen::domain(directory, rights, domain) != Seen::Not);
        if is_seen { Ok(Some(name.to_owned())) } else { Err(unknown("domain", name)) }
    }
}

/// What is not there, and what is not theirs, looks the same.
pub(super) fn unknown(kind: &str, name: &str) -> Error {
    Error::NotFound(format!("there is no {kind} `{name}`"))
}
