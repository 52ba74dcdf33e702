//! A KT2 role: what the instances that have it may do.

use serde::{Deserialize, Serialize};

/// Whose resources a permission reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Scope {
    /// Everybody's.
    All,
    /// The instance's own.
    Own,
    /// Those of the instances named in `granted`.
    Granted,
}

/// A right on one resource type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permission {
    /// The resource type, or `*`.
    pub resource: String,
    /// Letters of `CRUD`.
    pub operations: String,
    /// Whose resources.
    pub scope: Scope,
    /// The client_ids whose resources are reached under `GRANTED`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub granted: Vec<String>,
}

/// A named set of permissions in a domain.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Role {
    /// The number under which the store keeps it.
    #[serde(skip)]
    pub number: i64,
    /// The domain's name.
    pub domain: String,
    /// Its name, unique in the domain; never changes.
    pub name: String,
    /// What it permits.
    pub permissions: Vec<Permission>,
    /// Rights beyond resources (`cascade-delete`).
    pub privileges: Vec<String>,
}
