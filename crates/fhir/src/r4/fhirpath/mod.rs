//! FHIRPath, the language of invariants and search parameters (FHIRPath N1, version 2.0.0, as
//! FHIR R4 uses it). An [`Expression`] is parsed once and evaluated often, on borrowed nodes.
//!
//! Where the standard leaves a choice:
//! * `as` on several items keeps those of the type, as the search parameters of R4 expect;
//! * `matches` finds the pattern anywhere in the text, anchors are up to its author;
//! * a FHIR string, code, uri or date equals the string literal with its text;
//! * a time without a time zone is one in UTC;
//! * a primitive with extensions and without a value compares as nothing at all;
//! * quantities compare within one unit, other units give nothing;
//! * numbers of more than 36 digits are no numbers.

mod ast;
mod collection;
mod context;
mod decimal;
mod definitions;
mod error;
mod evaluate;
mod expression;
mod function;
mod item;
mod lexer;
mod narrative;
mod parser;
mod quantity;
mod temporal;

pub use collection::Collection;
pub use context::{Child, Context, NoTypes, Resolved, Resolver, Terminology, Type, Types, UNTYPED};
pub use decimal::Decimal;
pub use error::{EvaluateError, ParseError};
pub use evaluate::{MAX_STEPS, MAX_TEXT};
pub use expression::{Expression, MAX_LENGTH, MAX_NESTING};
pub use item::{Element, Item};
pub use narrative::{NarrativeFault, check_narrative};
pub use quantity::Quantity;
pub use temporal::{Precision, Temporal, TemporalKind};
