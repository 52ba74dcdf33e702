//! What kind of event a request is (spec 6.3 of the FHIR service).

use koppeltaal_core::audit::Action;

use crate::interaction::Interaction;

/// What kind of event a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Kind {
    /// A resource, or a version of it, was read.
    #[default]
    Read,
    /// The versions of a resource were read.
    HistoryInstance,
    /// The versions of all resources of a type were read.
    HistoryType,
    /// A type was searched.
    Search,
    /// A resource was created.
    Create,
    /// A resource was updated.
    Update,
    /// A part of a resource was to be changed, which no server of ours does.
    Patch,
    /// A resource was deleted.
    Delete,
    /// An operation was asked for: `$validate`, or one that is not served.
    Operation,
    /// The CapabilityStatement was read.
    Capabilities,
}

impl Kind {
    /// That of an interaction.
    pub fn of(interaction: Interaction) -> Self {
        match interaction {
            Interaction::Read | Interaction::Vread => Self::Read,
            Interaction::HistoryInstance => Self::HistoryInstance,
            Interaction::HistoryType => Self::HistoryType,
            Interaction::Search | Interaction::SearchByForm => Self::Search,
            Interaction::Create => Self::Create,
            Interaction::Update => Self::Update,
            Interaction::Delete => Self::Delete,
            Interaction::ValidateType | Interaction::ValidateInstance => Self::Operation,
        }
    }

    /// That of a request that leads to no interaction.
    pub fn of_method(method: &str) -> Self {
        match method {
            "POST" => Self::Create,
            "PUT" => Self::Update,
            "PATCH" => Self::Patch,
            "DELETE" => Self::Delete,
            _ => Self::Read,
        }
    }

    /// The subtype: a code of `http://hl7.org/fhir/restful-interaction`. Koppeltaal
    /// has `read` for versions too, and for the history of a resource.
    pub fn code(self) -> &'static str {
        match self {
            Self::Read | Self::HistoryInstance => "read",
            Self::HistoryType => "history-type",
            Self::Search => "search-type",
            Self::Create => "create",
            Self::Update => "update",
            Self::Patch => "patch",
            Self::Delete => "delete",
            Self::Operation => "operation",
            Self::Capabilities => "capabilities",
        }
    }

    /// The code of `AuditEvent.action`.
    pub fn action(self) -> char {
        match self {
            Self::Read | Self::HistoryInstance | Self::HistoryType | Self::Capabilities => 'R',
            Self::Search | Self::Operation => 'E',
            Self::Create => 'C',
            Self::Update | Self::Patch => 'U',
            Self::Delete => 'D',
        }
    }

    /// The word in the trail for one that was served.
    pub fn word(self) -> Action {
        match self {
            Self::Read => Action::Read,
            Self::HistoryInstance | Self::HistoryType => Action::History,
            Self::Search => Action::Search,
            Self::Create => Action::Create,
            Self::Update | Self::Patch => Action::Update,
            Self::Delete => Action::Delete,
            Self::Operation => Action::Validate,
            Self::Capabilities => Action::Capabilities,
        }
    }
}
