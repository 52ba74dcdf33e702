//! What the audit trail records (NEN 7513: who, what, about whom, when, with
//! which outcome). Rows are only ever added; those of KT2 carry what is needed to
//! show them as an AuditEvent.

use std::sync::Arc;

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
    /// An administrator signed in, or tried to.
    SignIn,
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
    /// A resource type was searched.
    Search,
    /// A history was read.
    History,
    /// The CapabilityStatement was read.
    Capabilities,
    /// A resource was validated (`$validate`).
    Validate,
    /// A notification was sent, or tried.
    Transmit,
    /// An application reported an event of its own.
    Report,
    /// KT1: an application was launched in the browser.
    SsoLaunch,
    /// KT1: an activation code was made.
    SsoMobileLaunch,
    /// KT1: a launch became an authorization code.
    SsoAuthorize,
    /// KT1: a code became tokens.
    SsoToken,
    /// KT1: a refresh token became new tokens.
    SsoRefresh,
    /// KT1: a step of single sign-on was refused.
    SsoDeny,
    /// KT1: an authorization was ended before its time.
    SsoRevoke,
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
        Self::SignIn,
        Self::Login,
        Self::Launch,
        Self::Misconfiguration,
        Self::Create,
        Self::Update,
        Self::Delete,
        Self::Search,
        Self::History,
        Self::Capabilities,
        Self::Validate,
        Self::Transmit,
        Self::Report,
        Self::SsoLaunch,
        Self::SsoMobileLaunch,
        Self::SsoAuthorize,
        Self::SsoToken,
        Self::SsoRefresh,
        Self::SsoDeny,
        Self::SsoRevoke,
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
            Self::SignIn => "sign-in",
            Self::Login => "login",
            Self::Launch => "launch",
            Self::Misconfiguration => "misconfiguration",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Search => "search",
            Self::History => "history",
            Self::Capabilities => "capabilities",
            Self::Validate => "validate",
            Self::Transmit => "transmit",
            Self::Report => "report",
            Self::SsoLaunch => "sso-launch",
            Self::SsoMobileLaunch => "sso-mobile-launch",
            Self::SsoAuthorize => "sso-authorize",
            Self::SsoToken => "sso-token",
            Self::SsoRefresh => "sso-refresh",
            Self::SsoDeny => "sso-deny",
            Self::SsoRevoke => "sso-revoke",
        }
    }

    /// The action with this word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.code() == code)
    }
}

/// What KT2 shows of a row as an AuditEvent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventBody {
    /// The JSON of the *shape*: the AuditEvent without what is particular to one
    /// event. A domain has few shapes; the store keeps each of them once.
    pub shape: Arc<str>,
    /// `AuditEvent.recorded`.
    pub date: Timestamp,
    /// A JSON object: members that the shape lacks, or that replace those of it.
    /// Absent: all that is particular is the row's focal resource and version.
    pub content: Option<String>,
    /// References (`Patient/12`, without version) in its entities, by which it is
    /// found. Without a content it is found by the row's focal resource.
    pub keys: Vec<String>,
    /// An id that was given from outside (an import, an older store). Absent: it
    /// follows from the number of the row.
    pub id: Option<String>,
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
    /// The patient's URL (KT1) or reference (KT2) without version.
    pub patient: Option<String>,
    /// The focal resource without version: its URL in KT1, `Task/12` in KT2.
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
    /// The id of the request that this one follows from (X-Correlation-Id).
    pub correlation_id: Option<String>,
    /// What KT2 shows of it as an AuditEvent.
    pub resource: Option<EventBody>,
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
            correlation_id: None,
            resource: None,
        }
    }
}
