//! The tables that are committed: one line per element, code system, search parameter or
//! constraint, fields separated by tabs, so that a change of a definition is a change of a line.
//!
//! `~` and `^` at the beginning of a URL stand for `http://hl7.org/fhir/` and
//! `http://terminology.hl7.org/`; `\t`, `\n`, `\r` and `\\` are the only escapes; lines that
//! begin with `#` are comments.

mod search_parameters;
mod structures;
mod terminology;

use std::borrow::Cow;
use std::str::Split;

pub use search_parameters::{read_search_parameters, write_search_parameters};
pub use structures::{read_structures, write_structures};
pub use terminology::{read_terminology, write_terminology};

use super::DefinitionError;

const SHORT_URLS: [(&str, &str); 2] =
    [("~", "http://hl7.org/fhir/"), ("^", "http://terminology.hl7.org/")];

fn short_url(url: &str) -> Cow<'_, str> {
    for (short, long) in SHORT_URLS {
        if let Some(rest) = url.strip_prefix(long) {
            return Cow::Owned(format!("{short}{rest}"));
        }
    }
    Cow::Borrowed(url)
}

fn long_url(url: &str) -> String {
    for (short, long) in SHORT_URLS {
        if let Some(rest) = url.strip_prefix(short) {
            return format!("{long}{rest}");
        }
    }
    url.to_owned()
}

/// Adds a field and its escapes.
fn push_field(out: &mut String, field: &str) {
    for c in field.chars() {
        match c {
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\\' => out.push_str("\\\\"),
            c => out.push(c),
        }
    }
}

fn push_line<'a>(out: &mut String, fields: impl IntoIterator<Item = Cow<'a, str>>) {
    for (at, field) in fields.into_iter().enumerate() {
        if at > 0 {
            out.push('\t');
        }
        push_field(out, &field);
    }
    out.push('\n');
}

fn plain(field: &str) -> String {
    if !field.contains('\\') {
        return field.to_owned();
    }
    let mut out = String::with_capacity(field.len());
    let mut chars = field.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('t') => out.push('\t'),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some(other) => out.push(other),
            None => out.push('\\'),
        }
    }
    out
}

/// One line with its number, read field by field.
struct Line<'a> {
    number: usize,
    fields: Split<'a, char>,
}

/// The lines that are neither empty nor comments.
fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(at, line)| Line { number: at + 1, fields: line.split('\t') })
}

impl<'a> Line<'a> {
    fn wrong(&self, reason: impl Into<String>) -> DefinitionError {
        DefinitionError::Line { line: self.number, reason: reason.into() }
    }

    /// The next field as it is written.
    fn raw(&mut self, what: &str) -> Result<&'a str, DefinitionError> {
        match self.fields.next() {
            Some(field) => Ok(field),
            None => Err(self.wrong(format!("{what} is missing"))),
        }
    }

    fn text(&mut self, what: &str) -> Result<String, DefinitionError> {
        self.raw(what).map(plain)
    }

    fn url(&mut self, what: &str) -> Result<String, DefinitionError> {
        self.raw(what).map(long_url)
    }

    /// A field that is empty when there is nothing to say.
    fn optional(&mut self, what: &str) -> Result<Option<String>, DefinitionError> {
        self.text(what).map(|text| (!text.is_empty()).then_some(text))
    }

    fn code<T>(
        &mut self,
        what: &str,
        from_code: impl Fn(&str) -> Option<T>,
    ) -> Result<T, DefinitionError> {
        let code = self.raw(what)?;
        from_code(code).ok_or_else(|| self.wrong(format!("{what} is unknown")))
    }

    /// Words separated by spaces.
    fn words(&mut self, what: &str) -> Result<Vec<String>, DefinitionError> {
        Ok(self.raw(what)?.split(' ').filter(|word| !word.is_empty()).map(plain).collect())
    }
}
