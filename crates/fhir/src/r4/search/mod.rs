//! What a search finds a resource by: the rows and words that its search parameters give, and the
//! encodings that queries share with them (FHIR R4, Search, 3.1.1).
//!
//! Where the standard leaves a choice:
//! * dates and times without a time zone are in UTC;
//! * of a Range both ends are indexed; of a Timing the span from its first event to its last;
//! * of a ContactPoint the value is indexed, with its use as system;
//! * a code has a system when the required binding of its element knows exactly one.

mod check;
mod compile;
mod composite;
mod content;
mod covers;
mod date;
mod engine;
mod fold;
mod index;
mod key;
mod number;
mod parameter;
mod parameters;
mod parse;
mod path;
mod quantity;
mod reference;
mod references;
mod shape;
mod text;
mod time;
mod token;

pub use check::{Unusable, check};
pub use fold::{fold, words};
pub use index::{Indexed, Row, Words, index};
pub use key::{cap, hash, parameter_number};
pub use number::{number_key, number_span};
pub use parameter::{Component, Numbers, Parameter};
pub use parameters::{Parameters, UnusableParameter};
pub use reference::target;
pub use references::{Found, logical_references, references};
pub use time::{micros_of_key, span, time_key};

#[cfg(test)]
mod tests;
