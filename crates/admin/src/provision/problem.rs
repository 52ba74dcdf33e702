//! What is wrong with a provisioning file: everything is collected, so that one
//! run names it all.

use std::fmt;

use koppeltaal_core::Error;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The line, from 1; 0 where no line can be named.
    pub line: usize,
    /// The key, or the table.
    pub key: String,
    /// What is wrong and what to do.
    pub text: String,
    /// Whether the file is well-formed and asks for a change that may not be.
    pub forbidden: bool,
}

/// Everything that is wrong with a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems {
    list: Vec<Problem>,
}

impl Problems {
    /// Notes something malformed.
    pub fn invalid(&mut self, line: usize, key: impl Into<String>, text: impl Into<String>) {
        self.add(line, key.into(), text.into(), false);
    }

    /// Notes a change that may not be.
    pub fn forbidden(&mut self, line: usize, key: impl Into<String>, text: impl Into<String>) {
        self.add(line, key.into(), text.into(), true);
    }

    fn add(&mut self, line: usize, key: String, text: String, forbidden: bool) {
        let problem = Problem { line, key, text, forbidden };
        if !self.list.contains(&problem) {
            self.list.push(problem);
        }
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// What is wrong, by line.
    pub fn sorted(mut self) -> Vec<Problem> {
        self.list.sort();
        self.list
    }

    /// As one error: invalid if anything is malformed, else forbidden.
    pub fn into_error(self, name: &str) -> Error {
        let list = self.sorted();
        let malformed = list.iter().any(|problem| !problem.forbidden);
        let lines: Vec<String> = list.iter().map(|problem| format!("{name}:{problem}")).collect();
        let text = format!("{}\nnothing was changed", lines.join("\n"));
        if malformed { Error::Invalid(text) } else { Error::Forbidden(text) }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.line, self.key, self.text)
    }
}
