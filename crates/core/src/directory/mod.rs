//! Who takes part: domains, applications, their instances, roles and identity
//! providers, with the settings of the provisioning file (`contract.md`), and
//! the snapshot of them that a process keeps in memory.
//!
//! The fields carry the names of the provisioning file; their JSON form is what
//! the store keeps, so a new key needs no migration.

mod application;
mod domain;
mod identity_provider;
mod instance;
mod role;
mod secret;
mod snapshot;

pub use application::{Application, LaunchMode, RedirectPolicy};
pub use domain::{
    Domain, InactiveUser, Includes, Phase, RetentionSetting, Storage, StorageKind, UnknownVersions,
};
pub use identity_provider::IdentityProvider;
pub use instance::{ApiVersion, Instance, InstanceStatus, LaunchTokenUse, Pkce, Webhook};
pub use role::{Permission, Role, Scope};
pub use secret::Secret;
pub use snapshot::{ConnectedInstance, Directory, Stamps};
