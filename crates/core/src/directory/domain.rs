//! A domain: one care organisation, the boundary that care data never crosses.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Secret;
use crate::event::Event;

/// The phase of a domain in the life of its installation (OTAP).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Being built.
    #[default]
    Development,
    /// Tested with made-up data.
    Test,
    /// Accepted before production.
    Acceptance,
    /// Care data of real people.
    Production,
}

impl Phase {
    /// Every phase.
    pub const ALL: [Self; 4] = [Self::Development, Self::Test, Self::Acceptance, Self::Production];

    /// The word in the provisioning file.
    pub fn code(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Test => "test",
            Self::Acceptance => "acceptance",
            Self::Production => "production",
        }
    }

    /// Whether the strict rules hold: no private addresses, no development key.
    pub fn is_strict(self) -> bool {
        matches!(self, Self::Acceptance | Self::Production)
    }
}

/// What happens to a version of a resource this server never saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnknownVersions {
    /// It is treated as new; its sender knows it from an earlier server.
    #[default]
    Adopt,
    /// The message is refused as a version conflict.
    Refuse,
}

/// Whether searches of KT2 may include other resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Includes {
    /// `_include` and `_revinclude` work.
    #[default]
    On,
    /// They are refused.
    Refuse,
}

/// Whether a KT2 launch of an inactive person is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InactiveUser {
    /// Refused.
    #[default]
    Refuse,
    /// Allowed.
    Allow,
}

/// Where StorageItems of a domain live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StorageKind {
    /// In this server.
    BuiltIn,
    /// At a provider to which calls are passed on.
    Proxy,
}

/// The storage service of a domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Storage {
    /// Where the items live.
    pub kind: StorageKind,
    /// FHIR base of the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Basic credentials at the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Basic credentials at the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// How many bytes the items of the domain take at most, in this server.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "crate::size::optional_text")]
    pub quota: Option<u64>,
}

/// How long bodies of one event stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetentionSetting {
    /// The event.
    pub event: Event,
    /// The age at which a body goes; at most the server's limit.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "crate::duration::optional_text"
    )]
    pub max_age: Option<Duration>,
    /// Whether it stays after every recipient has it.
    #[serde(default)]
    pub retain_on_success: bool,
}

/// One care organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Domain {
    /// The number under which the store keeps it; first column of every key.
    #[serde(skip)]
    pub number: i64,
    /// The id of this server's own Device in the domain; empty until the store
    /// has given it one.
    #[serde(skip)]
    pub server_device: String,
    /// The name in URLs and in the domain tag of KT1 messages; never changes.
    pub name: String,
    /// The name for people.
    pub title: Option<String>,
    /// The care organisation.
    pub organisation: Option<String>,
    /// Who answers questions about it.
    pub contact_name: Option<String>,
    /// Their telephone number.
    pub contact_phone: Option<String>,
    /// Where mails to them go.
    pub contact_email: Option<String>,
    /// Its phase.
    pub phase: Phase,
    /// False switches the whole domain off.
    pub active: bool,
    /// Whether `http` URLs to loopback are allowed (development and test only).
    pub allow_http_loopback: bool,
    /// Whether every resource is versioned (1.3.5) or only the focal one.
    pub versions_135: bool,
    /// Whether versions of non-focal resources are checked (since 1.3.7).
    pub check_non_focal_versions: bool,
    /// What happens to versions this server never saw.
    pub unknown_versions: UnknownVersions,
    /// How long a claim lasts; the server's default when absent.
    #[serde(with = "crate::duration::optional_text")]
    pub claim_timeout: Option<Duration>,
    /// How long bodies stay, by event.
    pub retention: Vec<RetentionSetting>,
    /// The storage service.
    pub storage: Option<Storage>,
    /// One more KT2 base URL that old clients hard-code.
    pub fhir_alias: Option<String>,
    /// Whether KT2 searches may include.
    pub includes: Includes,
    /// Origins that may call KT2 from a browser.
    pub cors_origins: Vec<String>,
    /// Whether query values are masked in KT2 AuditEvents.
    pub audit_mask_queries: bool,
    /// Whether a test suite may delete AuditEvents (never in production).
    pub audit_deletable: bool,
    /// Whether KT2 launches of inactive people are refused.
    pub inactive_user: InactiveUser,
}

impl Default for Domain {
    fn default() -> Self {
        Self {
            number: 0,
            server_device: String::new(),
            name: String::new(),
            title: None,
            organisation: None,
            contact_name: None,
            contact_phone: None,
            contact_email: None,
            phase: Phase::default(),
            active: true,
            allow_http_loopback: false,
            versions_135: true,
            check_non_focal_versions: true,
            unknown_versions: UnknownVersions::default(),
            claim_timeout: None,
            retention: Vec::new(),
            storage: None,
            fhir_alias: None,
            includes: Includes::default(),
            cors_origins: Vec::new(),
            audit_mask_queries: false,
            audit_deletable: false,
            inactive_user: InactiveUser::default(),
        }
    }
}
