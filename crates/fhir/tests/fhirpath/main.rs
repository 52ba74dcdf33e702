//! FHIRPath as a table of its semantics, by topic. Every row is an expression on the resources of
//! `support` and what it evaluates to.

#![expect(clippy::unwrap_used, reason = "tests may unwrap")]
#![expect(clippy::expect_used, reason = "a row that is no error is named")]

mod bounds;
mod conversion;
mod data;
mod equality;
mod existence;
mod fhir_functions;
mod implementation_guide;
mod invariants;
mod literals;
mod logic;
mod numbers;
mod order;
mod parse_errors;
mod paths;
mod properties;
mod search_parameters;
mod subsetting;
mod support;
mod temporal;
mod text;
mod types;
