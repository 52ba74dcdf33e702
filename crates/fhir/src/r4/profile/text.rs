//! The form of the files in `definitions/koppeltaal`: blocks of lines `word: value`, and in
//! profiles lines about elements; the README beside them explains it.

use crate::r4::definition::DefinitionError;

/// A block: the line that begins it, and the others.
pub struct Block<'a> {
    /// The line that begins it.
    pub head: Line<'a>,
    /// What follows it, in order.
    pub lines: Vec<Line<'a>>,
}

/// A line with text.
#[derive(Clone, Copy)]
pub struct Line<'a> {
    /// Counted from 1 in its file.
    pub number: usize,
    /// The word before the colon; empty for a line about an element.
    pub word: &'a str,
    /// What follows the colon, or the line about an element.
    pub text: &'a str,
}

impl Line<'_> {
    /// The error that this line is wrong; `reason` without a final period.
    pub fn wrong(&self, reason: impl Into<String>) -> DefinitionError {
        DefinitionError::Line { line: self.number, reason: reason.into() }
    }

    /// The first word of the text and what follows it.
    pub fn first_and_rest(&self) -> (&str, &str) {
        let (first, rest) = self.text.split_once(' ').unwrap_or((self.text, ""));
        (first, rest.trim_start())
    }
}

/// The blocks of a file; each begins with a line with one of these words.
pub fn blocks<'a>(text: &'a str, begin: &[&str]) -> Result<Vec<Block<'a>>, DefinitionError> {
    let mut blocks: Vec<Block> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
        let (word, text) = match first.strip_suffix(':') {
            Some(word) => (word, rest.trim()),
            None => ("", line),
        };
        let line = Line { number: at + 1, word, text };
        if begin.contains(&word) {
            blocks.push(Block { head: line, lines: Vec::new() });
        } else {
            let block = blocks.last_mut().ok_or_else(|| line.wrong("no block has begun"))?;
            block.lines.push(line);
        }
    }
    Ok(blocks)
}

impl<'a> Block<'a> {
    /// The value of the first line with this word.
    pub fn value(&self, word: &str) -> Option<&'a str> {
        self.values(word).next()
    }

    /// The value of a line that must be there.
    pub fn required(&self, word: &str) -> Result<&'a str, DefinitionError> {
        self.value(word).ok_or_else(|| self.head.wrong(format!("{word} is missing")))
    }

    /// The values of all lines with this word.
    pub fn values<'b>(&'b self, word: &'b str) -> impl Iterator<Item = &'a str> + 'b {
        self.lines.iter().filter(move |line| line.word == word).map(|line| line.text)
    }

    /// The words of all lines with this word.
    pub fn words(&self, word: &str) -> Vec<String> {
        self.values(word).flat_map(str::split_whitespace).map(str::to_owned).collect()
    }

    /// Refuses lines with other words than these, so that a slip of the pen is seen.
    pub fn allow_only(&self, words: &[&str]) -> Result<(), DefinitionError> {
        match self.lines.iter().find(|line| !words.contains(&line.word)) {
            Some(line) => Err(line.wrong(format!("{} is not known here", line.word))),
            None => Ok(()),
        }
    }

    /// URL and version of the first line.
    pub fn url_and_version(&self) -> (String, Option<String>) {
        let (url, version) = self.head.first_and_rest();
        (url.to_owned(), (!version.is_empty()).then(|| version.to_owned()))
    }
}
