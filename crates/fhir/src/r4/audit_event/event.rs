//! An AuditEvent that this server makes, without what the request says of itself: time, ids of the
//! request and the words of its outcome stand in the row of the trail.

use super::coding::Coding;

/// An AuditEvent in the making.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// The id of the Device that it comes from (resource-origin): that of the first agent.
    pub origin: String,
    /// What kind of event it is.
    pub kind: Coding,
    /// Which one of that kind.
    pub subtype: Option<Coding>,
    /// What was done: `C`, `R`, `U`, `D` or `E`.
    pub action: char,
    /// How it ended.
    pub outcome: Outcome,
    /// Who took part; at least one.
    pub agents: Vec<Agent>,
    /// The name of the domain of the observer.
    pub site: Option<String>,
    /// The id of the Device that tells of it: that of this server.
    pub observer: String,
    /// What kind of system tells of it.
    pub source_type: Option<Coding>,
    /// What it is about; at least one.
    pub entities: Vec<Entity>,
}

/// How something ended (`http://hl7.org/fhir/audit-event-outcome`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Well.
    Success,
    /// Refused for a reason that lies with the caller.
    Minor,
    /// Refused by a serious failure.
    Serious,
}

impl Outcome {
    /// The code of FHIR.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Success => "0",
            Self::Minor => "4",
            Self::Serious => "8",
        }
    }
}

/// Who took part in an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// In which part.
    pub kind: Coding,
    /// Who.
    pub who: Who,
    /// Did it ask for what happened?
    pub is_requestor: bool,
    /// The URL at which it was reached.
    pub network: Option<String>,
}

/// An application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// The Device with this id.
    Device(String),
    /// An application outside the domain, known by an identifier.
    Logical {
        /// The system of the identifier.
        system: &'static str,
        /// The identifier.
        value: String,
        /// Its name for people.
        display: String,
    },
}

/// What an event is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entity {
    /// The reference: `Type/id`, with `/_history/version` when it is a version.
    pub what: Option<String>,
    /// What kind of thing it is.
    pub kind: Option<Coding>,
    /// In which role.
    pub role: Option<Coding>,
    /// The query, as plain text.
    pub query: Option<String>,
    /// What else is to be said.
    pub description: Option<String>,
}
