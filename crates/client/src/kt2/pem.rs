//! PEM (RFC 7468): the blocks of a text, and a block from bytes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A block: its label and its bytes.
pub(super) struct Block {
    pub(super) label: String,
    pub(super) der: Vec<u8>,
}

/// The blocks of a text in their order. What stands between them is passed over, a block that has
/// no end or is not base64 too.
pub(super) fn blocks(text: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("-----BEGIN ") {
        let Some((label, after)) = after.split_once("-----") else {
            break;
        };
        let Some((body, after)) = after.split_once(&format!("-----END {label}-----")) else {
            break;
        };
        let body: String = body.chars().filter(|c| !c.is_whitespace()).collect();
        if let Ok(der) = STANDARD.decode(body) {
            found.push(Block { label: label.to_owned(), der });
        }
        rest = after;
    }
    found
}

/// The block with this label, in lines of 64 characters.
pub(super) fn block(label: &str, der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_with_text_around_it() {
        let der: Vec<u8> = (0..100).collect();
        let text = format!("a remark\n{}\r\nmore{}", block("A", &der), block("B C", &[1]));
        let read = blocks(&text);
        assert_eq!(read.len(), 2);
        assert_eq!((read[0].label.as_str(), &read[0].der), ("A", &der));
        assert_eq!((read[1].label.as_str(), read[1].der.as_slice()), ("B C", [1].as_slice()));
        assert!(block("A", &der).lines().all(|line| line.len() <= 64));
    }

    #[test]
    fn what_is_broken_is_no_block() {
        for text in ["", "-----BEGIN ", "-----BEGIN A-----", "-----BEGIN A-----AA-----END B-----"] {
            assert!(blocks(text).is_empty(), "{text}");
        }
        assert!(blocks("-----BEGIN A-----\n!\n-----END A-----").is_empty());
    }
}
