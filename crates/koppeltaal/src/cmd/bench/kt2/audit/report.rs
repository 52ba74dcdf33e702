//! The figures before and after: a table that fits into a document, and JSON.

use std::fmt;

use serde::Serialize;

use crate::cmd::bench::load::Line;

/// The figures of one run.
#[derive(Debug, Serialize)]
pub struct Round {
    /// Empty answers, over one connection.
    pub empty: Option<Line>,
    /// Creates without a server, 32 in a commit.
    pub raw: Line,
    /// Reads by id.
    pub read: Line,
    /// Creates of a Patient.
    pub create: Line,
}

/// A search in the trail, over one connection.
#[derive(Debug, Serialize)]
pub struct Search {
    /// What is asked.
    pub title: &'static str,
    /// The figures.
    pub line: Line,
}

/// The figures of all runs.
#[derive(Debug, Serialize)]
pub struct Measurement {
    /// Which engine.
    pub store: &'static str,
    /// How many resources there were at the beginning.
    pub resources: u64,
    /// Over how many connections.
    pub connections: usize,
    /// How many events the trail held after it had grown, at least.
    pub events: u64,
    /// With a short trail.
    pub before: Vec<Round>,
    /// With a long trail.
    pub after: Vec<Round>,
    /// Searches in the long trail.
    pub searches: Vec<Search>,
    /// Memory of the server with a short trail.
    pub before_mb: f64,
    /// Memory of the server with a long trail.
    pub after_mb: f64,
}

impl Measurement {
    /// The median after by the median before, of what a run says.
    fn ratio(&self, of: impl Fn(&Round) -> f64) -> f64 {
        let median = |rounds: &[Round]| {
            let mut all: Vec<f64> = rounds.iter().map(&of).collect();
            all.sort_by(f64::total_cmp);
            all.get(all.len() / 2).copied().unwrap_or_default()
        };
        median(&self.after) / median(&self.before)
    }
}

impl fmt::Display for Measurement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}, {} resources, {} connections; memory {:.0} MB before, {:.0} MB after",
            self.store, self.resources, self.connections, self.before_mb, self.after_mb
        )?;
        let titles = |when: &str, rounds: &[Round]| {
            (1..=rounds.len()).map(|number| format!(" {when} {number} |")).collect::<String>()
        };
        let all = || self.before.iter().chain(&self.after);
        let after = format!("{} events,", self.events);
        writeln!(
            f,
            "\n| per second; p50, p99 ms |{}{} ratio of the medians |",
            titles("before", &self.before),
            titles(&after, &self.after)
        )?;
        writeln!(f, "|---|{}---|", "---|".repeat(self.before.len() + self.after.len()))?;
        let mut row = |title: &str, cell: &dyn Fn(&Round) -> String, ratio: f64| {
            let cells: Vec<String> = all().map(cell).collect();
            writeln!(f, "| {title} | {} | {:.0} % |", cells.join(" | "), 100.0 * ratio)
        };
        let figures =
            |line: &Line| format!("{:.0}; {:.2}, {:.2}", line.per_second, line.p50_ms, line.p99_ms);
        let empty = |round: &Round| round.empty.as_ref().map_or(0.0, |line| line.per_second);
        row(
            "empty answer, 1 connection",
            &|round| round.empty.as_ref().map(figures).unwrap_or_default(),
            self.ratio(empty),
        )?;
        row("read by id", &|round| figures(&round.read), self.ratio(|r| r.read.per_second))?;
        let raw = |round: &Round| round.raw.per_second;
        row("raw bound of creates", &|round| format!("{:.0}", raw(round)), self.ratio(raw))?;
        row("create", &|round| figures(&round.create), self.ratio(|r| r.create.per_second))?;
        writeln!(f, "\n| search in the trail, 1 connection | p50, p99 ms |\n|---|---|")?;
        for Search { title, line } in &self.searches {
            writeln!(f, "| {title} | {:.2}, {:.2} |", line.p50_ms, line.p99_ms)?;
        }
        let lines = all().flat_map(|round| [&round.read, &round.create]);
        let lines = lines.chain(self.searches.iter().map(|search| &search.line));
        let errors: Vec<String> = lines
            .flat_map(|line| line.errors.iter().map(|(why, n)| format!("{} {why}: {n}", line.name)))
            .collect();
        let errors = if errors.is_empty() { "none".to_owned() } else { errors.join("; ") };
        writeln!(f, "\nErrors: {errors}")
    }
}
