//! One request on its way through a verb.

use std::ops::Deref;
use std::sync::Arc;

use bytes::Bytes;
use koppeltaal_core::Timestamp;
use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::directory::ConnectedInstance;
use koppeltaal_core::event::Event;
use koppeltaal_fhir::dstu1::reference::identity;
use koppeltaal_store::sso::Bearer;

use crate::answer::Refusal;
use crate::negotiate::Format;
use crate::query::Query;

/// Who calls: the instance that a request's credentials name. An access token of a
/// launch narrows it to one patient.
#[derive(Debug, Clone)]
pub struct Caller {
    connected: Arc<ConnectedInstance>,
    /// The patient of the access token, by URL without version; `None` with Basic
    /// credentials, which are those of the whole instance.
    pub patient: Option<String>,
    /// The user of the access token, by URL as the launch gave it.
    pub user: Option<String>,
    /// When the access token ends.
    pub until: Option<Timestamp>,
}

impl Deref for Caller {
    type Target = ConnectedInstance;

    fn deref(&self) -> &ConnectedInstance {
        &self.connected
    }
}

impl From<Arc<ConnectedInstance>> for Caller {
    /// The whole instance.
    fn from(connected: Arc<ConnectedInstance>) -> Self {
        Self { connected, patient: None, user: None, until: None }
    }
}

impl Caller {
    /// The instance on behalf of one user, for one patient.
    pub(crate) fn of_bearer(connected: Arc<ConnectedInstance>, bearer: Bearer) -> Self {
        Self {
            connected,
            patient: Some(identity(&bearer.patient).to_owned()),
            user: Some(bearer.user),
            until: Some(bearer.expires),
        }
    }

    /// Who acts, in words: the instance, and the user it acts for.
    pub fn agent(&self) -> String {
        match &self.user {
            Some(user) => format!("{} for {user}", self.name()),
            None => self.name().to_owned(),
        }
    }

    /// The patient that a search is about (URL without version): the one it asks for,
    /// or else that of the access token. Another than that is refused.
    pub fn narrowed(&self, asked: Option<&str>) -> Result<Option<String>, Refusal> {
        let asked = asked.map(identity);
        match (&self.patient, asked) {
            (Some(own), Some(asked)) if own != asked => Err(other_patient()),
            (Some(own), _) => Ok(Some(own.clone())),
            (None, asked) => Ok(asked.map(str::to_owned)),
        }
    }

    /// Whether something about this patient (URL without version) is for the caller.
    pub fn may_see(&self, patient: Option<&str>) -> bool {
        self.patient.is_none() || self.patient.as_deref() == patient
    }
}

/// What an access token is answered that asks for another patient.
pub(crate) fn other_patient() -> Refusal {
    Refusal::forbidden("This access token is for one patient, and not for this one.")
}

/// A request, read and negotiated.
#[derive(Debug)]
pub struct Call {
    /// The query.
    pub query: Query,
    /// The path as it was asked for, for `self` links.
    pub asked_path: String,
    /// The body.
    pub body: Bytes,
    /// The version of the resource that the client knows (`Content-Location`).
    pub content_location: Option<String>,
    /// The format of the body, if there is one.
    pub body_format: Option<Format>,
    /// When the request began.
    pub began: Timestamp,
    /// Its id, in the log and in the audit trail.
    pub request_id: String,
}

impl Call {
    /// An audit row about this request.
    pub fn audit(&self, action: Action, caller: &Caller) -> Entry {
        audit(action, self.began, caller, &self.request_id)
    }
}

/// An audit row about a request of `caller`.
pub(crate) fn audit(action: Action, began: Timestamp, caller: &Caller, request_id: &str) -> Entry {
    Entry {
        instance: Some(caller.instance.number),
        request_id: Some(request_id.to_owned()),
        ..Entry::new(action, began, caller.agent())
    }
}

/// What is known of a request's subject when it is refused: for the audit row
/// and the metrics.
#[derive(Debug, Default, Clone)]
pub(crate) struct Seen {
    pub event: Option<Event>,
    pub patient: Option<String>,
    pub focal: Option<String>,
    pub item: Option<i64>,
}
