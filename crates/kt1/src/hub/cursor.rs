//! The message id of a frame, which a client sends back when it reconnects or polls
//! again: whether it had called StartPush, and for a poll what it was told of last. A
//! client that makes one up gains nothing: it may call StartPush anyway.

use std::fmt;

/// Where a client is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Cursor {
    /// Whether StartPush was called.
    pub started: bool,
    /// The stamp of the newest item that it was told of.
    pub told: Option<i64>,
}

impl Cursor {
    /// Reads what a client sent. What is no cursor says nothing.
    pub(super) fn parse(text: &str) -> Self {
        let (state, told) = text.split_once('-').unwrap_or((text, ""));
        Self { started: state == "p", told: i64::from_str_radix(told, 16).ok() }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.started { "p-" } else { "n-" })?;
        self.told.map_or(Ok(()), |told| write!(f, "{told:X}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_and_nonsense_says_nothing() {
        for started in [true, false] {
            for told in [None, Some(0), Some(1_717_200_000_000)] {
                let cursor = Cursor { started, told };
                assert_eq!(Cursor::parse(&cursor.to_string()), cursor);
            }
        }
        for odd in ["", "-", "x-1-2", "d-0,2CDDE7A|1", "null", "n-zz"] {
            assert!(!Cursor::parse(odd).started, "{odd}");
        }
    }
}
