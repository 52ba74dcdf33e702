//! One request on its way through a verb.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method};
use koppeltaal_core::Timestamp;
use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::directory::ConnectedInstance;

use crate::negotiate::Format;
use crate::query::Query;

/// The instance that a request's credentials name.
pub type Caller = Arc<ConnectedInstance>;

/// A request, read and negotiated.
#[derive(Debug)]
pub struct Call {
    /// The verb of HTTP.
    pub method: Method,
    /// The path below `/FHIR/Koppeltaal`, decoded.
    pub path: Vec<String>,
    /// The query.
    pub query: Query,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The format of the body, if there is one.
    pub body_format: Option<Format>,
    /// The format of the answer.
    pub answer_format: Format,
    /// When the request began.
    pub began: Timestamp,
    /// Its id, in the log and in the audit trail.
    pub request_id: String,
    /// The path and query as they were asked for, for `self` links.
    pub asked_path: String,
}

impl Call {
    /// An audit row about this request.
    pub fn audit(&self, action: Action, caller: &Caller) -> Entry {
        Entry {
            instance: Some(caller.instance.number),
            request_id: Some(self.request_id.clone()),
            ..Entry::new(action, self.began, caller.name())
        }
    }
}
