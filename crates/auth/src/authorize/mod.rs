//! SMART HTI on FHIR app launch (TOP-KT-007, TOP-KT-023; spec 3): a module comes
//! with a launch token, the user signs in at an identity provider of the domain,
//! and the module gets a code.
//!
//! | file | what |
//! |---|---|
//! | `request` | what the module asks, checked in the order of RFC 6749 |
//! | `begin` | the launch token, the choice of an identity provider, the way there |
//! | `callback` | the way back: who signed in, and is it the user of the launch |
//! | `user` | the user's resource against what the identity provider says |
//! | `session` | what is remembered in between, sealed |
//! | `failure` | a launch that failed: where it is told, what is recorded |
//! | `page` | what a person sees when the module cannot be told |

mod begin;
mod callback;
mod failure;
mod page;
mod request;
mod session;
mod user;

pub(crate) use begin::authorize;
pub(crate) use callback::callback;
pub(crate) use failure::malformed;
pub use page::{Advice, page};
pub(crate) use session::{CodeSession, digest, open};
