//! One request on its way through a verb.

use std::sync::Arc;

use bytes::Bytes;
use koppeltaal_core::Timestamp;
use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::directory::ConnectedInstance;
use koppeltaal_core::event::Event;

use crate::negotiate::Format;
use crate::query::Query;

/// The instance that a request's credentials name.
pub type Caller = Arc<ConnectedInstance>;

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
        ..Entry::new(action, began, caller.name())
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
