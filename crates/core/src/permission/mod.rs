//! What an instance may do in Koppeltaal 2.0: the permissions of a role, the
//! scopes of a token, one decision (topics 005 and 006).
//!
//! Nothing is permitted that no rule gives; what cannot be read gives nothing.
//! A rule for everybody's resources wins over one for some Devices.

mod decision;
mod operation;
mod permissions;
mod rule;
mod scope;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

pub use decision::{Decision, Grounds, allows};
pub use operation::{Operation, Operations};
pub use permissions::{Permissions, Reach};
pub use rule::{Origins, Rule};
