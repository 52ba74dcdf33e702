//! Load on a Koppeltaal 2.0 server: token requests and introspections, next to what the signatures
//! alone cost on this machine; resources, next to the raw bound of the store; notifications.

mod assertions;
mod audit;
mod authorization;
mod ground;
mod introspect;
mod jwks_server;
mod notifications;
mod own_server;
mod provision;
mod raw;
mod read;
mod report;
mod resources;
mod token;
mod verification;

/// The workloads.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Command {
    /// Print a provisioning file with a domain and clients for measuring
    Provision(provision::Args),
    /// Tokens, introspections and reads, on a server that is started for it or on a running one
    Authorization(authorization::Args),
    /// Reads, creates and searches, on a server that is started for it on a store with many resources
    Resources(resources::Args),
    /// From a change to its notifications, and what subscriptions cost, on a server that is started
    Notifications(notifications::Args),
    /// What the audit trail costs those who read and write, on a server that is started
    Audit(audit::Args),
}

pub use audit::run as audit;
pub use authorization::run as authorization;
pub use notifications::run as notifications;
pub use provision::print as provision;
pub use resources::run as resources;
