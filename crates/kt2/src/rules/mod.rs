//! Rules of Koppeltaal that no profile states: of Tasks and Subscriptions.

mod ground;
pub mod subscription;
mod task;

pub use ground::Ground;

use koppeltaal_fhir::Node;

use crate::outcome::Issue;

/// What of the rules a resource breaks.
pub fn check(ground: &Ground<'_>, kind: &str, resource: &Node) -> Vec<Issue> {
    match kind {
        "Task" => task::check(resource).into_iter().collect(),
        "Subscription" => subscription::check(ground, resource),
        _ => Vec::new(),
    }
}
