//! Resources as XML and back into the JSON form of [`Node`](crate::Node) (FHIR R4, "XML
//! Representation of Resources", 2.6.1). What is an attribute, a list or a number, and in which
//! order elements stand, is read from the definitions.
//!
//! What only one format can say is lost on the way: lists of nothing but `null`, extensions of what
//! is an attribute in XML, white space around a narrative, characters such as U+FFFF. And of types
//! that the definitions do not have nobody knows what is a list or a number: one element becomes a
//! single value, and values become texts.

mod parse;
mod place;
mod render;

pub use parse::parse;
pub use render::render;

#[cfg(test)]
mod tests;
