//! Search, on both engines: conditions and orders against a naive evaluation,
//! pages while data changes, references that are never left hanging, and the
//! plans of the statements.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod agreement;
mod changes;
mod explained;
mod history;
mod naive;
mod paging;
mod plans;
mod random;
mod references;
mod world;
