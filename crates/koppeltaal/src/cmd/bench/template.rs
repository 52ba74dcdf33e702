//! A text that is rendered once and then made unique for every message by writing a token of fixed
//! length into it.

use bytes::Bytes;

/// Stands for the token while a text is being rendered. No other text of a message holds it.
pub const PLACEHOLDER: &str = "toke0n0f0message";

/// A rendered text and where its tokens go.
#[derive(Debug, Clone)]
pub struct Template {
    text: Vec<u8>,
    at: Vec<usize>,
}

impl Template {
    /// The template of a text that holds [`PLACEHOLDER`]s.
    pub fn new(text: &str) -> Template {
        let at = text.match_indices(PLACEHOLDER).map(|(at, _)| at).collect();
        Template { text: text.as_bytes().to_vec(), at }
    }

    /// The text with this token.
    pub fn fill(&self, token: Token) -> Vec<u8> {
        let mut text = self.text.clone();
        for at in &self.at {
            text[*at..*at + PLACEHOLDER.len()].copy_from_slice(&token.0);
        }
        text
    }

    /// The text with this token, as a body.
    pub fn body(&self, token: Token) -> Bytes {
        Bytes::from(self.fill(token))
    }

    /// The text with this token, as text.
    pub fn text(&self, token: Token) -> String {
        // Token and template are ASCII where they meet, so this never replaces anything.
        String::from_utf8(self.fill(token)).unwrap_or_default()
    }

    /// How long the text is.
    pub fn len(&self) -> usize {
        self.text.len()
    }
}

/// Sixteen hexadecimal digits, as long as [`PLACEHOLDER`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token([u8; PLACEHOLDER.len()]);

impl Token {
    /// The token as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Tokens in random order: a store must not profit from ids that arrive sorted.
#[derive(Debug, Clone)]
pub struct Tokens {
    state: u64,
}

impl Tokens {
    /// Tokens of a run; no two runs have the same.
    pub fn random() -> Tokens {
        let (high, _) = uuid::Uuid::new_v4().as_u64_pair();
        Tokens { state: high }
    }

    /// The next token (SplitMix64: every state gives another one).
    pub fn next(&mut self) -> Token {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut value = self.state;
        value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        value ^= value >> 31;
        let mut token = [0; PLACEHOLDER.len()];
        for digit in &mut token {
            *digit = DIGITS[(value & 15) as usize];
            value >>= 4;
        }
        Token(token)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_placeholder_gets_the_token() {
        let template = Template::new(&format!("a{PLACEHOLDER}b{PLACEHOLDER}"));
        let token = Tokens::random().next();
        assert_eq!(template.text(token), format!("a{0}b{0}", token.as_str()));
        assert_eq!(template.len(), 34);
    }

    #[test]
    fn tokens_do_not_repeat() {
        let mut tokens = Tokens::random();
        let seen: HashSet<String> =
            (0..10_000).map(|_| tokens.next().as_str().to_owned()).collect();
        assert_eq!(seen.len(), 10_000);
    }
}
