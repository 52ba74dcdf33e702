//! Judging a resource by the definitions: the types of R4, the profiles that it names, and those
//! that the caller asks for (FHIR R4, "Validating Resources"). Pure and bounded: time grows with
//! the size of the resource, and the report ends after [`MAX_ISSUES`] problems.
//!
//! Where the standard leaves a choice:
//! * a code of a system that cannot be counted out here is never refused;
//! * a slice with a profile on what a reference leads to is judged by the type of the target, and
//!   slices that may occur come before those that must not (`member.resolve()` of CareTeam);
//! * an unknown extension is allowed, an unknown modifier extension is not;
//! * an unknown profile in `meta.profile` is a warning, a known one in another version an error;
//!   [`Options::is_profile_required`] asks for at least one that is known.

mod bound;
mod compare;
mod compiled;
mod issue;
mod location;
mod primitive;
mod walk;

pub use compiled::Compiled;
pub use issue::{Issue, IssueType, Report, Severity};

use super::fhirpath::{Resolver, Temporal};
use crate::node::Node;

/// After so many problems the rest of a resource is not looked at.
pub const MAX_ISSUES: usize = 200;

/// How to validate.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// The definitions to judge by.
    pub compiled: &'a Compiled,
    /// Must the resource meet the profiles that it names in `meta.profile`? Contained and bundled
    /// resources too.
    pub follows_meta: bool,
    /// Canonical URLs of profiles that the resource itself must meet besides.
    pub profiles: &'a [&'a str],
    /// Must the resource itself name a profile that is known, for its type?
    pub is_profile_required: bool,
    /// Who knows what references lead to; their text says most of it.
    pub resolver: Option<&'a dyn Resolver>,
    /// The time, for invariants that ask for it.
    pub now: Option<&'a Temporal>,
}

impl<'a> Options<'a> {
    /// The profiles of `meta.profile`, and nothing else from outside.
    pub fn new(compiled: &'a Compiled) -> Self {
        Options {
            compiled,
            follows_meta: true,
            profiles: &[],
            is_profile_required: false,
            resolver: None,
            now: None,
        }
    }
}

/// Judges a resource. Never fails: what is no resource at all is reported as such.
pub fn validate(resource: &Node, options: &Options<'_>) -> Report {
    Report { issues: walk::run(resource, options) }
}
