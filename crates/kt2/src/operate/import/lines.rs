//! The lines of a file, one at a time and none longer than a resource may be.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead};

use koppeltaal_core::{Error, Result};

use super::Open;

/// The most bytes of a line.
const MOST: usize = 16 * 1024 * 1024;

/// A line that is not empty.
#[derive(Debug)]
pub struct Text {
    /// Its number, from 1.
    pub number: u64,
    /// Its bytes; `None` when it is longer than a resource may be.
    pub bytes: Option<Vec<u8>>,
}

impl Text {
    /// A number that another text has only by chance: the file is read twice, and
    /// must be the same.
    pub fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.bytes.hash(&mut hasher);
        hasher.finish()
    }
}

/// Reads a file line by line.
pub struct Lines {
    file: Box<dyn BufRead>,
    number: u64,
}

impl Lines {
    /// Opens the file.
    pub fn open(open: Open<'_>) -> Result<Self> {
        Ok(Self { file: open().map_err(|error| unreadable(&error))?, number: 0 })
    }

    /// At most `limit` lines that are not empty; none at the end.
    pub fn next(&mut self, limit: usize) -> Result<Vec<Text>> {
        let mut found = Vec::new();
        while found.len() < limit {
            let Some(bytes) = line(&mut self.file).map_err(|error| unreadable(&error))? else {
                break;
            };
            self.number += 1;
            if bytes.as_ref().is_none_or(|bytes| !bytes.trim_ascii().is_empty()) {
                found.push(Text { number: self.number, bytes });
            }
        }
        Ok(found)
    }
}

fn unreadable(error: &io::Error) -> Error {
    Error::Invalid(format!("the file cannot be read: {error}"))
}

/// A line without its end; what is too long is passed over.
fn line(file: &mut dyn BufRead) -> io::Result<Option<Option<Vec<u8>>>> {
    let (mut bytes, mut is_any, mut is_long) = (Vec::new(), false, false);
    loop {
        let some = file.fill_buf()?;
        if some.is_empty() {
            break;
        }
        is_any = true;
        let end = some.iter().position(|byte| *byte == b'\n');
        let part = some.get(..end.unwrap_or(some.len())).unwrap_or_default();
        is_long |= bytes.len() + part.len() > MOST;
        if is_long {
            bytes = Vec::new();
        } else {
            bytes.extend_from_slice(part);
        }
        let used = part.len() + usize::from(end.is_some());
        file.consume(used);
        if end.is_some() {
            break;
        }
    }
    Ok(is_any.then(|| (!is_long).then_some(bytes)))
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Cursor};

    use super::*;

    fn read(text: &[u8]) -> Vec<(u64, Option<usize>)> {
        let text = text.to_vec();
        let open = move || -> io::Result<Box<dyn BufRead>> {
            Ok(Box::new(BufReader::with_capacity(7, Cursor::new(text.clone()))))
        };
        let lines = Lines::open(&open).unwrap().next(100).unwrap();
        lines.into_iter().map(|line| (line.number, line.bytes.map(|bytes| bytes.len()))).collect()
    }

    #[test]
    fn lines_are_numbered_and_empty_ones_passed_over() {
        assert_eq!(read(b""), []);
        assert_eq!(read(b"{}\n\n  \r\n{ \"a\":1}"), [(1, Some(2)), (4, Some(8))]);
        assert_eq!(read(b"0123456789abcdef\n"), [(1, Some(16))]);
    }

    #[test]
    fn a_line_without_end_takes_no_memory() {
        let mut text = vec![b'x'; MOST + 10];
        text.extend_from_slice(b"\n{}\n");
        assert_eq!(read(&text), [(1, None), (2, Some(2))]);
    }
}
