//! Our Koppeltaal definitions against the compiled implementation guide in the folder that
//! `KOPPELTAAL_IG_DIR` names. Without the variable there is nothing to compare with.
//!
//! Not compared, because it is meant to differ:
//! * texts (titles, descriptions, displays, the words of invariants), status, dates, mappings;
//! * the parent: ours stand on R4 itself, nl-core and zib are worked in;
//! * what is inside an element that may not occur, and all but the cardinality of that element;
//! * where a snapshot spreads out a data type or profile: both sides are looked up through the
//!   type when the id is not written out;
//! * what `structures::exception` and the tests themselves name.

#![expect(clippy::unwrap_used, reason = "a test that cannot read the guide fails")]
#![expect(clippy::disallowed_methods, reason = "reads the guide from outside the pure crate")]
#![expect(clippy::print_stdout, reason = "says that nothing was compared")]

mod guide;
mod structures;
mod terminology_and_search;
