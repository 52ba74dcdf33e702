//! What the audit trail records (NEN 7513: who, what, about whom, when, with
//! which outcome). Rows are only ever added; those of authentication carry the
//! AuditEvent that KT2 shows of them.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::event::Event;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// A message was accepted.
    Accept,
    /// A request of a known instance was refused.
    Reject,
    /// An instance claimed an item.
    Claim,
    /// An instance set the status of an item.
    Status,
    /// A claim timed out.
    Lapse,
    /// Headers were listed.
    Browse,
    /// One message was read.
    Read,
    /// An ActivityDefinition was created or changed.
    Definition,
    /// The directory was changed, or an operator intervened.
    Administration,
    /// The retention job removed bodies.
    Retention,
    /// A patient was erased.
    Erase,
    /// A step of a launch, or an introspection, that authenticates a user.
    Login,
    /// A launch failed.
    Launch,
    /// A launch asked for something that is not configured.
    Misconfiguration,
    /// A resource was created.
    Create,
    /// A resource was updated.
    Update,
    /// A resource was deleted.
    Delete,
}

impl Action {
    /// Every action.
    pub const ALL: &[Self] = &[
        Self::Accept,
        Self::Reject,
        Self::Claim,
        Self::Status,
        Self::Lapse,
        Self::Browse,
        Self::Read,
        Self::Definition,
        Self::Administration,
        Self::Retention,
        Self::Erase,
        Self::Login,
        Self::Launch,
        Self::Misconfiguration,
        Self::Create,
        Self::Update,
        Self::Delete,
    ];

    /// The word in the store, on the command line and in exports.
    pub fn code(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Reject => "reject",
            Self::Claim => "claim",
            Self::Status => "status",
            Self::Lapse => "lapse",
            Self::Browse => "browse",
            Self::Read => "read",
            Self::Definition => "definition",
            Self::Administration => "administration",
            Self::Retention => "retention",
            Self::Erase => "erase",
            Self::Login => "login",
            Self::Launch => "launch",
            Self::Misconfiguration => "misconfiguration",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    /// The action with this word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.code() == code)
    }
}

/// The AuditEvent that KT2 shows of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEventBody {
    /// Its id, a UUIDv4.
    pub id: String,
    /// The resource as JSON, without `meta.versionId` and `meta.lastUpdated`.
    pub json: String,
}

/// One row of the trail. The domain is that of the scope it is written in;
/// empty fields do not apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What happened.
    pub action: Action,
    /// When the request began.
    pub recorded: Timestamp,
    /// The number of the instance that acted; `None` for the server or an
    /// operator.
    pub instance: Option<i64>,
    /// Who acted, in words: the instance's user name, `server`, or the operator.
    pub agent: String,
    /// The message event.
    pub event: Option<Event>,
    /// The patient's URL without version.
    pub patient: Option<String>,
    /// The focal resource's URL without version.
    pub focal: Option<String>,
    /// The version of the focal resource.
    pub version: Option<String>,
    /// The mailbox item or message concerned.
    pub item: Option<i64>,
    /// `ok`, a status code of HTTP, or the status an item was given.
    pub outcome: String,
    /// A word more, never content of a resource.
    pub detail: Option<String>,
    /// The id of the request.
    pub request_id: Option<String>,
    /// The id of the chain of requests that this one belongs to (X-Trace-Id).
    pub trace_id: Option<String>,
    /// The AuditEvent that KT2 shows of it.
    pub resource: Option<AuditEventBody>,
}

impl Entry {
    /// A row with the fields that every row has.
    pub fn new(action: Action, recorded: Timestamp, agent: impl Into<String>) -> Self {
        Self {
            action,
            recorded,
            instance: None,
            agent: agent.into(),
            event: None,
            patient: None,
            focal: None,
            version: None,
            item: None,
            outcome: "ok".to_owned(),
            detail: None,
            request_id: None,
            trace_id: None,
            resource: None,
        }
    }
}
