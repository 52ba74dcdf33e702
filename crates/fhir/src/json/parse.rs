//! Recursive descent over bytes with a depth limit. The input is checked for UTF-8 once, so
//! strings without escapes are plain copies.

use std::collections::{HashMap, HashSet};

use super::scan::plain_length;
use crate::error::{MAX_DEPTH, ParseError};
use crate::node::{Members, Node};

/// Up to here a scan finds a duplicate name faster than a hash set.
const SCAN_MEMBERS: usize = 24;

/// Reads one JSON document, at most [`MAX_DEPTH`] levels deep.
pub fn parse(bytes: &[u8]) -> Result<Node, ParseError> {
    parse_with_limit(bytes, MAX_DEPTH)
}

/// Reads one JSON document with another depth limit, for documents of our own making: wrapping a
/// resource in a bundle adds levels. The parser recurses, so keep the limit in the hundreds.
pub fn parse_with_limit(bytes: &[u8], max_depth: usize) -> Result<Node, ParseError> {
    let text = std::str::from_utf8(bytes).map_err(|_| ParseError::NotUtf8)?;
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let mut parser = Parser { text, bytes: text.as_bytes(), at: 0, levels_left: max_depth };
    parser.skip_blanks();
    let (node, hole) = parser.value(Nulls::Plain)?;
    if hole {
        return Err(ParseError::NullInArray);
    }
    parser.skip_blanks();
    if parser.at < parser.bytes.len() {
        return Err(parser.wrong("something follows the end of the document"));
    }
    Ok(node)
}

/// What `null` in an array means at this place.
#[derive(Clone, Copy, PartialEq)]
enum Nulls {
    /// An error, unless the parallel `_name` array has something at that index.
    Plain,
    /// Part of a parallel `_name` array, where it is the filler.
    Filler,
}

struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    levels_left: usize,
}

impl Parser<'_> {
    fn wrong(&self, reason: &'static str) -> ParseError {
        ParseError::malformed(self.text, self.at, reason)
    }

    #[inline]
    fn peek(&self) -> u8 {
        // 0 is no token of JSON, so it can stand for the end of the input.
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    #[inline]
    fn skip_blanks(&mut self) {
        while matches!(self.peek(), b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
        }
    }

    /// The value, and whether it is an array that holds a `null` which is yet to be excused.
    fn value(&mut self, nulls: Nulls) -> Result<(Node, bool), ParseError> {
        let node = match self.peek() {
            b'"' => Node::String(self.string()?),
            b'{' => self.nested(Parser::object)?,
            b'[' => return self.nested(|parser| parser.array(nulls)),
            b't' => self.word("true", Node::Bool(true))?,
            b'f' => self.word("false", Node::Bool(false))?,
            b'n' => self.word("null", Node::Null)?,
            b'-' | b'0'..=b'9' => self.number()?,
            _ if self.at >= self.bytes.len() => {
                return Err(self.wrong("the document ends too early"));
            }
            _ => return Err(self.wrong("a value is expected")),
        };
        Ok((node, false))
    }

    fn nested<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, ParseError>,
    ) -> Result<T, ParseError> {
        self.levels_left = self.levels_left.checked_sub(1).ok_or(ParseError::TooDeep)?;
        self.at += 1;
        let read = read(self)?;
        self.levels_left += 1;
        Ok(read)
    }

    fn object(&mut self) -> Result<Node, ParseError> {
        let mut members: Vec<(String, Node)> = Vec::new();
        let mut seen: Option<HashSet<String>> = None;
        let mut holes: Vec<usize> = Vec::new();
        self.skip_blanks();
        if self.peek() == b'}' {
            self.at += 1;
            return Ok(Node::object());
        }
        members.reserve(4);
        loop {
            self.skip_blanks();
            if self.peek() != b'"' {
                return Err(self.wrong("a member name in quotation marks is expected"));
            }
            let name_at = self.at;
            let name = self.string()?;
            let fresh = match &mut seen {
                Some(names) => names.insert(name.clone()),
                None => {
                    let fresh = members.iter().all(|(n, _)| *n != name);
                    if members.len() >= SCAN_MEMBERS {
                        let names = members.iter().map(|(n, _)| n.clone());
                        seen = Some(names.chain([name.clone()]).collect());
                    }
                    fresh
                }
            };
            if !fresh {
                return Err(ParseError::duplicate(self.text, name_at, &name));
            }
            self.skip_blanks();
            if self.peek() != b':' {
                return Err(self.wrong("a colon is expected after the member name"));
            }
            self.at += 1;
            self.skip_blanks();
            let nulls = if name.starts_with('_') { Nulls::Filler } else { Nulls::Plain };
            let (value, hole) = self.value(nulls)?;
            if hole {
                holes.push(members.len());
            }
            members.push((name, value));
            self.skip_blanks();
            match self.peek() {
                b',' => self.at += 1,
                b'}' => {
                    self.at += 1;
                    break;
                }
                _ => return Err(self.wrong("a comma or a closing brace is expected")),
            }
        }
        let members = Members(members);
        if !holes.is_empty() {
            excuse_nulls(&members, &holes)?;
        }
        Ok(Node::Object(members))
    }

    fn array(&mut self, nulls: Nulls) -> Result<(Node, bool), ParseError> {
        let mut items = Vec::new();
        let mut hole = false;
        self.skip_blanks();
        if self.peek() == b']' {
            self.at += 1;
            return Ok((Node::Array(items), false));
        }
        loop {
            self.skip_blanks();
            let (item, inner_hole) = self.value(Nulls::Plain)?;
            if inner_hole {
                return Err(ParseError::NullInArray);
            }
            hole |= item == Node::Null && nulls == Nulls::Plain;
            items.push(item);
            self.skip_blanks();
            match self.peek() {
                b',' => self.at += 1,
                b']' => {
                    self.at += 1;
                    break;
                }
                _ => return Err(self.wrong("a comma or a closing bracket is expected")),
            }
        }
        Ok((Node::Array(items), hole))
    }

    fn word(&mut self, word: &'static str, node: Node) -> Result<Node, ParseError> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(self.wrong("a value is expected"));
        }
        self.at += word.len();
        Ok(node)
    }

    fn number(&mut self) -> Result<Node, ParseError> {
        let length = number_length(&self.bytes[self.at..])
            .ok_or_else(|| self.wrong("this is not a number as JSON writes it"))?;
        let text = &self.text[self.at..self.at + length];
        self.at += length;
        Ok(Node::Number(text.into()))
    }

    /// At the opening quotation mark.
    fn string(&mut self) -> Result<String, ParseError> {
        let start = self.at + 1;
        self.at = start;
        match self.plain_run()? {
            b'"' => {
                self.at += 1;
                Ok(self.text[start..self.at - 1].to_owned())
            }
            _ => self.escaped_string(start),
        }
    }

    /// Moves to the next quotation mark or backslash and returns it.
    #[inline]
    fn plain_run(&mut self) -> Result<u8, ParseError> {
        self.at += plain_length(&self.bytes[self.at..]);
        match self.bytes.get(self.at) {
            Some(b'"') => Ok(b'"'),
            Some(b'\\') => Ok(b'\\'),
            Some(_) => Err(self.wrong("a control character in a string must be escaped")),
            None => Err(self.wrong("the document ends inside a string")),
        }
    }

    /// At the first backslash of a string that starts at `start`.
    fn escaped_string(&mut self, start: usize) -> Result<String, ParseError> {
        let mut string = String::with_capacity(2 * (self.at - start) + 16);
        string.push_str(&self.text[start..self.at]);
        loop {
            let run = self.at;
            let stop = self.plain_run()?;
            string.push_str(&self.text[run..self.at]);
            if stop == b'"' {
                self.at += 1;
                return Ok(string);
            }
            string.push(self.escape()?);
        }
    }

    /// At a backslash.
    fn escape(&mut self) -> Result<char, ParseError> {
        self.at += 1;
        let plain = match self.peek() {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{C}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode_escape(),
            _ => return Err(self.wrong("this escape does not exist in JSON")),
        };
        self.at += 1;
        Ok(plain)
    }

    /// At the `u`; two escapes that form a surrogate pair are one character.
    fn unicode_escape(&mut self) -> Result<char, ParseError> {
        const LONE: &str = "half of a surrogate pair stands alone";
        let first = self.four_digits()?;
        if !(0xD800..0xE000).contains(&first) {
            return char::from_u32(first).ok_or_else(|| self.wrong(LONE));
        }
        if first >= 0xDC00 || !self.bytes[self.at..].starts_with(b"\\u") {
            return Err(self.wrong(LONE));
        }
        self.at += 1;
        let second = self.four_digits()?;
        if !(0xDC00..0xE000).contains(&second) {
            return Err(self.wrong(LONE));
        }
        char::from_u32(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
            .ok_or_else(|| self.wrong(LONE))
    }

    fn four_digits(&mut self) -> Result<u32, ParseError> {
        let mut value = 0;
        for digit in 1..=4 {
            let byte = self.bytes.get(self.at + digit).copied().unwrap_or(0);
            let digit = char::from(byte)
                .to_digit(16)
                .ok_or_else(|| self.wrong("four hexadecimal digits are expected after \\u"))?;
            value = value * 16 + digit;
        }
        self.at += 5;
        Ok(value)
    }
}

/// A primitive without value but with an extension is `null` in its list and an object in the
/// parallel list; every other `null` in a list is refused.
fn excuse_nulls(members: &Members, holes: &[usize]) -> Result<(), ParseError> {
    let companions: HashMap<&str, &[Node]> = members
        .iter()
        .filter_map(|(name, list)| Some((name.strip_prefix('_')?, list.as_array()?)))
        .collect();
    for (name, list) in holes.iter().filter_map(|at| members.0.get(*at)) {
        let companion = companions.get(name.as_str()).copied().unwrap_or(&[]);
        let excused = list.one_or_many().iter().enumerate().all(|(i, item)| {
            *item != Node::Null || matches!(companion.get(i), Some(Node::Object(_)))
        });
        if !excused {
            return Err(ParseError::NullInArray);
        }
    }
    Ok(())
}

/// The length of the number at the start, `None` when there is none.
pub(super) fn number_length(bytes: &[u8]) -> Option<usize> {
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut at = usize::from(bytes.first() == Some(&b'-'));
    match bytes.get(at)? {
        b'0' => at += 1,
        b'1'..=b'9' => at += digits(at),
        _ => return None,
    }
    if bytes.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        if fraction == 0 {
            return None;
        }
        at += 1 + fraction;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits((at + 1 + sign).min(bytes.len()));
        if exponent == 0 {
            return None;
        }
        at += 1 + sign + exponent;
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::render;

    fn check_same(input: &str, expected: &str) {
        let node = parse(input.as_bytes()).unwrap_or_else(|error| panic!("{input}: {error}"));
        assert_eq!(render(&node), expected, "{input}");
    }

    #[test]
    fn good_documents_come_back_compact_with_numbers_as_written() {
        check_same(" { } ", "{}");
        check_same("\u{FEFF}[]", "[]");
        check_same(
            r#"{"b": 12.50, "a":[1e5,-0,0.0E+2] , "c":{"d":null}}"#,
            r#"{"b":12.50,"a":[1e5,-0,0.0E+2],"c":{"d":null}}"#,
        );
        check_same(r#""\u00e9\ud83d\ude00\/\u0000""#, r#""é😀/\u0000""#);
    }

    #[test]
    fn bad_documents_are_refused() {
        for bad in [
            "",
            " ",
            "{",
            "[",
            "[1,]",
            "{\"a\":1,}",
            "{a:1}",
            "{\"a\" 1}",
            "{\"a\":1}}",
            "[1] x",
            "tru",
            "nul",
            "01",
            "1.",
            ".5",
            "-",
            "1e",
            "1e+",
            "+1",
            "NaN",
            "'a'",
            "\"a",
            "\"\t\"",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\ud800\"",
            "\"\\udc00\\ud800\"",
            "\"\\ud800\\u0041\"",
            "[1 2]",
            "{\"a\":}",
            "\u{FEFF}\u{FEFF}1",
        ] {
            let error = parse(bad.as_bytes()).unwrap_err();
            assert!(matches!(error, ParseError::Malformed { .. }), "{bad}: {error}");
        }
        assert_eq!(parse(b"\"\xFF\""), Err(ParseError::NotUtf8));
    }

    #[test]
    fn the_error_names_line_and_column() {
        let error = parse("{\n \"é\": tru }".as_bytes()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "The document cannot be read at line 2, column 7: a value is expected."
        );
    }

    #[test]
    fn null_in_an_array_is_an_error_of_its_own() {
        for bad in [
            r#"{"given":[null]}"#,
            r#"[null]"#,
            r#"{"a":[[null]]}"#,
            r#"{"_given":[{"extension":[null]}]}"#,
            r#"{"_given":[[null]]}"#,
            r#"{"given":["a",null],"_given":[{"id":"1"},null]}"#,
        ] {
            assert_eq!(parse(bad.as_bytes()), Err(ParseError::NullInArray), "{bad}");
        }
    }

    #[test]
    fn null_in_parallel_arrays_is_legal() {
        for good in [
            r#"{"given":["a","b"],"_given":[null,{"id":"1"}]}"#,
            r#"{"_given":[null,{"id":"1"}],"given":["a",null]}"#,
            r#"{"name":null}"#,
        ] {
            check_same(good, good);
        }
    }

    #[test]
    fn duplicate_members_are_refused_in_small_and_large_objects() {
        let error = parse(br#"{"a":1,"b":{"c":1,"c":2}}"#).unwrap_err();
        assert_eq!(error, ParseError::DuplicateMember { name: "c".into(), line: 1, column: 19 });
        let many: Vec<String> = (0..200).map(|i| format!("\"m{i}\":{i}")).collect();
        assert!(parse(format!("{{{}}}", many.join(",")).as_bytes()).is_ok());
        for twice in ["m0", "m24", "m25", "m199"] {
            let text = format!("{{{},\"{twice}\":0}}", many.join(","));
            assert!(
                matches!(parse(text.as_bytes()), Err(ParseError::DuplicateMember { .. })),
                "{twice}"
            );
        }
    }

    #[test]
    fn a_hundred_levels_are_read_and_no_more() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(parse(nested(100).as_bytes()).is_ok());
        assert_eq!(parse(nested(101).as_bytes()), Err(ParseError::TooDeep));
        assert_eq!(parse("[".repeat(1_000_000).as_bytes()), Err(ParseError::TooDeep));
        assert_eq!(parse("{\"a\":".repeat(1_000_000).as_bytes()), Err(ParseError::TooDeep));
        assert!(parse_with_limit(nested(200).as_bytes(), 200).is_ok());
    }
}
