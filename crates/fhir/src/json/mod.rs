//! JSON, read and written by hand: numbers stay as written, members keep their order, a name may
//! occur once, and `null` in an array is told apart because the standard answers it with a 500.

mod parse;
mod render;
mod scan;

pub use crate::error::ParseError;
pub use parse::{parse, parse_with_limit};
pub use render::{render, render_into};

/// Is the whole text one number in the grammar of JSON (RFC 8259, section 6)?
pub fn is_number(text: &str) -> bool {
    parse::number_length(text.as_bytes()) == Some(text.len())
}

/// A number without fraction and exponent.
pub fn is_integer(text: &str) -> bool {
    is_number(text) && !text.contains(['.', 'e', 'E'])
}
