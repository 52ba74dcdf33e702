//! The words of an expression (FHIRPath, "Lexical Elements").

use super::error::ParseError;

/// One word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token<'t> {
    /// A name or keyword.
    Name(&'t str),
    /// A name between backticks.
    Delimited(String),
    /// Text between apostrophes.
    Text(String),
    /// A number.
    Number(&'t str),
    /// What follows `@`.
    Temporal(&'t str),
    /// What follows `%`.
    External(String),
    /// What follows `$`.
    Dollar(&'t str),
    /// An operator or bracket.
    Symbol(&'static str),
    /// Nothing more.
    End,
}

/// Longer ones first.
const SYMBOLS: [&str; 23] = [
    "!=", "!~", "<=", ">=", "=", "~", "<", ">", "(", ")", "[", "]", "{", "}", ".", ",", "+", "-",
    "*", "/", "|", "&", ":",
];

pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Lexer { text, at: 0 }
    }

    /// All words with the byte where each begins; the last is [`Token::End`].
    pub(super) fn tokens(mut self) -> Result<Vec<(Token<'t>, usize)>, ParseError> {
        let mut tokens = Vec::new();
        loop {
            self.skip_blank()?;
            let start = self.at;
            let token = self.token()?;
            let is_end = token == Token::End;
            tokens.push((token, start));
            if is_end {
                return Ok(tokens);
            }
        }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn expected(&self, at: usize, expected: &'static str) -> ParseError {
        ParseError::Expected { position: position(self.text, at), expected }
    }

    /// White space and comments.
    fn skip_blank(&mut self) -> Result<(), ParseError> {
        loop {
            let rest = self.rest();
            let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
            if blank > 0 {
                self.at += blank;
            } else if rest.starts_with("//") {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                let end = rest.find("*/").ok_or_else(|| self.expected(self.at, "*/"))?;
                self.at += end + 2;
            } else {
                return Ok(());
            }
        }
    }

    fn token(&mut self) -> Result<Token<'t>, ParseError> {
        let Some(first) = self.rest().chars().next() else { return Ok(Token::End) };
        match first {
            '\'' | '"' => Ok(Token::Text(self.quoted(first)?)),
            '`' => Ok(Token::Delimited(self.quoted(first)?)),
            '0'..='9' => Ok(Token::Number(self.number())),
            '@' => {
                self.at += 1;
                Ok(Token::Temporal(self.temporal()))
            }
            '$' => {
                self.at += 1;
                Ok(Token::Dollar(self.name()))
            }
            '%' => {
                self.at += 1;
                match self.rest().chars().next() {
                    Some(quote @ ('\'' | '"' | '`')) => Ok(Token::External(self.quoted(quote)?)),
                    _ => Ok(Token::External(self.name().to_owned())),
                }
            }
            'a'..='z' | 'A'..='Z' | '_' => Ok(Token::Name(self.name())),
            _ => {
                let symbol = SYMBOLS.iter().find(|symbol| self.rest().starts_with(**symbol));
                let symbol = symbol.ok_or_else(|| self.expected(self.at, "an expression"))?;
                self.at += symbol.len();
                Ok(Token::Symbol(symbol))
            }
        }
    }

    fn take_while(&mut self, keep: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c| !keep(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn name(&mut self) -> &'t str {
        self.take_while(|c| c.is_ascii_alphanumeric() || c == '_')
    }

    fn number(&mut self) -> &'t str {
        let (start, text) = (self.at, self.text);
        self.take_while(|c| c.is_ascii_digit());
        let mut after = self.rest().chars();
        if after.next() == Some('.') && after.next().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
            self.take_while(|c| c.is_ascii_digit());
        }
        &text[start..self.at]
    }

    /// Digits, and the signs that may stand between them: `2024-01-01T10:30:00.0+02:00`. A point
    /// belongs to it only before digits, since a function may follow.
    fn temporal(&mut self) -> &'t str {
        let (start, text) = (self.at, self.text);
        let mut has_time = false;
        loop {
            let mut ahead = self.rest().chars();
            let (next, then) = (ahead.next(), ahead.next());
            let is_digit = then.is_some_and(|c| c.is_ascii_digit());
            let goes_on = match next {
                Some('0'..='9') => true,
                Some('-' | ':') => is_digit,
                Some('.' | '+') => has_time && is_digit,
                Some('Z') => has_time,
                Some('T') => !has_time,
                _ => false,
            };
            if !goes_on {
                return &text[start..self.at];
            }
            has_time |= next == Some('T');
            self.at += 1;
            if next == Some('Z') {
                return &text[start..self.at];
            }
        }
    }

    /// Text between two marks, with escapes.
    fn quoted(&mut self, quote: char) -> Result<String, ParseError> {
        let start = self.at;
        self.at += 1;
        let mut out = String::new();
        loop {
            let plain = self.take_while(|c| c != quote && c != '\\');
            out.push_str(plain);
            let Some(next) = self.rest().chars().next() else {
                return Err(self.expected(start, "a closing quotation mark"));
            };
            self.at += 1;
            if next == quote {
                return Ok(out);
            }
            out.push(self.escape()?);
        }
    }

    /// What follows a backslash.
    fn escape(&mut self) -> Result<char, ParseError> {
        const EXPECTED: &str =
            "an escape: \\' \\\" \\` \\\\ \\/ \\f \\n \\r \\t or \\u with four digits";
        let at = self.at - 1;
        let wrong =
            || ParseError::Expected { position: position(self.text, at), expected: EXPECTED };
        let escape = self.rest().chars().next().ok_or_else(wrong)?;
        let plain = match escape {
            '\'' | '"' | '`' | '\\' | '/' => escape,
            'f' => '\u{C}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let digits = self.rest().get(1..5).ok_or_else(wrong)?;
                let is_hex = digits.bytes().all(|b| b.is_ascii_hexdigit());
                let code = u32::from_str_radix(digits, 16).ok().filter(|_| is_hex);
                let found = code.and_then(char::from_u32).ok_or_else(wrong)?;
                self.at += 5;
                return Ok(found);
            }
            _ => return Err(wrong()),
        };
        self.at += 1;
        Ok(plain)
    }
}

/// The character at a byte, counted from 1.
pub(super) fn position(text: &str, at: usize) -> usize {
    text.char_indices().take_while(|(byte, _)| *byte < at).count() + 1
}
