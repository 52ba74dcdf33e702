//! The simple expressions among those of search parameters: unions of paths with a few functions.
//! All others are left to the FHIRPath engine.

/// A step of a simple path as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// `name`
    Name(String),
    /// `.extension('url')`
    Extension(String),
    /// `.where(name='text')`
    Equal(String, String),
    /// `.where(resolve() is Type)`
    Refers(String),
    /// `.as(Type)`, `.ofType(Type)`, `(… as Type)`
    As(String),
}

/// Deepest nesting of parentheses that is read here.
const DEEPEST: usize = 8;

/// The alternatives of an expression, each with its steps; `None` when it is not a simple one.
pub(super) fn paths(expression: &str) -> Option<Vec<Vec<Written>>> {
    let mut reader = Reader { rest: expression };
    let found = reader.union(0)?;
    reader.skip();
    reader.rest.is_empty().then_some(found)
}

struct Reader<'t> {
    rest: &'t str,
}

impl<'t> Reader<'t> {
    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, symbol: char) -> Option<()> {
        self.skip();
        self.rest = self.rest.strip_prefix(symbol)?;
        Some(())
    }

    fn name(&mut self) -> Option<&'t str> {
        self.skip();
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at_checked(end)?;
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return None;
        }
        self.rest = rest;
        Some(name)
    }

    /// A literal without escapes.
    fn text(&mut self) -> Option<&'t str> {
        self.take('\'')?;
        let (text, rest) = self.rest.split_once('\'')?;
        self.rest = rest;
        (!text.contains('\\')).then_some(text)
    }

    fn word(&mut self, word: &str) -> Option<()> {
        let before = self.rest;
        if self.name() == Some(word) {
            return Some(());
        }
        self.rest = before;
        None
    }

    fn union(&mut self, depth: usize) -> Option<Vec<Vec<Written>>> {
        if depth > DEEPEST {
            return None;
        }
        let mut all = self.alternative(depth)?;
        while self.take('|').is_some() {
            all.append(&mut self.alternative(depth)?);
        }
        Some(all)
    }

    fn alternative(&mut self, depth: usize) -> Option<Vec<Vec<Written>>> {
        let mut paths = if self.take('(').is_some() {
            let inner = self.union(depth + 1)?;
            self.take(')')?;
            inner
        } else {
            vec![vec![self.step()?]]
        };
        while self.take('.').is_some() {
            let step = self.step()?;
            paths.iter_mut().for_each(|path| path.push(step.clone()));
        }
        if self.word("as").is_some() {
            let name = self.name()?;
            paths.iter_mut().for_each(|path| path.push(Written::As(name.to_owned())));
        }
        Some(paths)
    }

    fn step(&mut self) -> Option<Written> {
        let name = self.name()?;
        if self.take('(').is_none() {
            return Some(Written::Name(name.to_owned()));
        }
        let step = match name {
            "as" | "ofType" => Written::As(self.name()?.to_owned()),
            "extension" => Written::Extension(self.text()?.to_owned()),
            "where" => self.condition()?,
            _ => return None,
        };
        self.take(')')?;
        Some(step)
    }

    fn condition(&mut self) -> Option<Written> {
        let name = self.name()?;
        if name == "resolve" && self.take('(').is_some() {
            self.take(')')?;
            self.word("is")?;
            return Some(Written::Refers(self.name()?.to_owned()));
        }
        self.take('=')?;
        Some(Written::Equal(name.to_owned(), self.text()?.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Written {
        Written::Name(text.to_owned())
    }

    #[test]
    fn simple_expressions_are_read() {
        let as_type = |text: &str| Written::As(text.to_owned());
        for (text, expected) in [
            ("Patient.name.family", vec![vec![name("Patient"), name("name"), name("family")]]),
            ("a | b.c", vec![vec![name("a")], vec![name("b"), name("c")]]),
            ("(a.b as Quantity)", vec![vec![name("a"), name("b"), as_type("Quantity")]]),
            ("value.as(Range)", vec![vec![name("value"), as_type("Range")]]),
            ("(a|b).c", vec![vec![name("a"), name("c")], vec![name("b"), name("c")]]),
            (
                "Task.for.where( resolve() is Patient )",
                vec![vec![name("Task"), name("for"), Written::Refers("Patient".to_owned())]],
            ),
            (
                "a.where(system = 'x|)')",
                vec![vec![name("a"), Written::Equal("system".to_owned(), "x|)".to_owned())]],
            ),
            ("a.extension('u')", vec![vec![name("a"), Written::Extension("u".to_owned())]]),
            ("asset", vec![vec![name("asset")]]),
        ] {
            assert_eq!(paths(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn other_expressions_are_left_to_the_engine() {
        for text in [
            "",
            "a.b.exists()",
            "a[0]",
            "a and b",
            "a.where(b != 'c')",
            "a.where(b='c' and d='e')",
            "a = 'b'",
            "a.where(b='c\\'d')",
            "a.",
            "(a",
            "a)",
            "1",
            "'a'",
            "$this",
            "%resource.id",
            "a.extension('u'",
            "a.is(B)",
            "FHIR.Patient as FHIR.Patient",
        ] {
            assert_eq!(paths(text), None, "{text}");
        }
        assert_eq!(paths(&"(".repeat(100_000)), None);
    }
}
