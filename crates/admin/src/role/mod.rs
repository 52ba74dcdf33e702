//! Roles of Koppeltaal 2.0: the predefined ones, and what a role permits.

mod explain;
mod request;
mod template;
mod verdict;

pub use explain::{Explained, explain};
pub use template::{Template, templates};
