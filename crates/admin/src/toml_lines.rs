//! Line numbers for the spans that the TOML parser gives, so that every message
//! about a file names its line.

/// Where the lines of a text begin.
#[derive(Debug)]
pub struct Lines(Vec<usize>);

impl Lines {
    /// Looks through a text.
    pub fn of(text: &str) -> Self {
        let starts = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self(std::iter::once(0).chain(starts.map(|(at, _)| at + 1)).collect())
    }

    /// The number of the line, from 1, that holds this byte.
    pub fn line(&self, at: usize) -> usize {
        self.0.partition_point(|start| *start <= at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_count_from_one() {
        let lines = Lines::of("a\nbc\n\nd");
        let of = [0, 1, 2, 4, 5, 6, 99].map(|at| lines.line(at));
        assert_eq!(of, [1, 1, 2, 2, 3, 4, 4]);
    }
}
