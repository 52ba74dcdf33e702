//! One rule: operations on a type, for the resources of some Devices or all.

use std::fmt;

use super::{Operation, Operations};

/// Whose resources a rule reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origins {
    /// Everybody's, and those without an origin.
    All,
    /// Those of these Devices: bare ids, sorted. Empty: nobody's.
    Of(Vec<String>),
}

impl Origins {
    /// Those of these Devices.
    pub fn of(devices: impl IntoIterator<Item = String>) -> Self {
        let mut devices: Vec<String> = devices.into_iter().collect();
        devices.sort_unstable();
        devices.dedup();
        Self::Of(devices)
    }

    /// Whether resources of this Device are reached. Ids are compared whole.
    pub fn include(&self, device: &str) -> bool {
        match self {
            Self::All => true,
            Self::Of(devices) => devices.iter().any(|known| known == device),
        }
    }

    /// Whether nobody's resources are reached.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Of(devices) if devices.is_empty())
    }
}

/// A right. As text it is an entry of a scope:
/// `system/Task.rs?resource-origin=Device/a,Device/b`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The resource type, or `*`.
    pub resource: String,
    /// What may be done.
    pub operations: Operations,
    /// To whose resources.
    pub origins: Origins,
}

impl Rule {
    /// Whether the rule speaks of this operation on this type.
    pub fn speaks_of(&self, operation: Operation, resource_type: &str) -> bool {
        self.operations.contains(operation)
            && (self.resource == "*" || self.resource == resource_type)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "system/{}.{}", self.resource, self.operations)?;
        if let Origins::Of(devices) = &self.origins {
            f.write_str("?resource-origin=")?;
            for (place, device) in devices.iter().enumerate() {
                let comma = if place == 0 { "" } else { "," };
                write!(f, "{comma}Device/{device}")?;
            }
        }
        Ok(())
    }
}
