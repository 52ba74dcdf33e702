//! FHIR wire formats, pure: no I/O, no clock, no randomness. [`node`] and [`json`] serve every
//! version of FHIR; [`dstu1`] knows DSTU1 0.0.82, the version of Koppeltaal 1.3, and [`r4`] knows R4
//! 4.0.1, the version of Koppeltaal 2.0.

pub mod dstu1;
mod error;
pub mod json;
pub mod node;
pub mod r4;
mod xml;

pub use error::{MAX_DEPTH, ParseError};
pub use node::{Members, Node};
