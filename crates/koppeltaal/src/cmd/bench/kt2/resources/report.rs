//! The figures of all runs: a table that fits into a document, and JSON.

use std::fmt;

use serde::Serialize;

use crate::cmd::bench::load::Line;

/// The figures of one run.
#[derive(Debug, Serialize)]
pub struct Run {
    /// Creates without a server, 32 in a commit.
    pub raw: Line,
    /// Creates of the same rows per second, one in a commit, by pgbench.
    pub pgbench: Option<f64>,
    /// Reads by id.
    pub read: Line,
    /// Patients by identifier.
    pub identifier: Line,
    /// Tasks by owner and status.
    pub owner: Line,
    /// Tasks by the publisherId of their activity.
    pub publisher: Line,
    /// The first page of a search with many results, one connection.
    pub page_1: Line,
    /// A page far from it.
    pub page_n: Line,
    /// Creates of a Patient.
    pub create: Line,
    /// Creates by the raw bound.
    pub create_ratio: f64,
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
    /// From the start of the process until it listens.
    pub ready_ms: f64,
    /// Memory before the first request.
    pub idle_mb: f64,
    /// Memory after the last one.
    pub loaded_mb: f64,
    /// The file of the store by the JSON in it, where the store is a file.
    pub bytes_by_json: Option<f64>,
    /// The runs.
    pub runs: Vec<Run>,
}

impl Measurement {
    fn row(
        &self,
        f: &mut fmt::Formatter<'_>,
        title: &str,
        cell: impl Fn(&Run) -> String,
    ) -> fmt::Result {
        let cells: Vec<String> = self.runs.iter().map(cell).collect();
        writeln!(f, "| {title} | {} |", cells.join(" | "))
    }
}

impl fmt::Display for Measurement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}, {} resources, {} connections",
            self.store, self.resources, self.connections
        )?;
        writeln!(
            f,
            "start to ready {:.0} ms; memory idle {:.0} MB, after the load {:.0} MB",
            self.ready_ms, self.idle_mb, self.loaded_mb
        )?;
        if let Some(ratio) = self.bytes_by_json {
            writeln!(f, "the store is {ratio:.2} times the JSON in it")?;
        }
        let titles = (1..=self.runs.len()).map(|number| format!(" run {number} |"));
        writeln!(f, "\n| per second; p50, p99 ms |{}", titles.collect::<String>())?;
        writeln!(f, "|---|{}", "---|".repeat(self.runs.len()))?;
        let all =
            |line: &Line| format!("{:.0}; {:.2}, {:.2}", line.per_second, line.p50_ms, line.p99_ms);
        self.row(f, "read by id", |run| all(&run.read))?;
        self.row(f, "search by identifier", |run| all(&run.identifier))?;
        self.row(f, "search by owner and status", |run| all(&run.owner))?;
        self.row(f, "search by instantiates.publisherId", |run| all(&run.publisher))?;
        self.row(f, "page 1, 1 connection", |run| all(&run.page_1))?;
        self.row(f, "a page far away, 1 connection", |run| all(&run.page_n))?;
        self.row(f, "raw bound of creates", |run| format!("{:.0}", run.raw.per_second))?;
        self.row(f, "create Patient", |run| all(&run.create))?;
        self.row(f, "create / raw bound", |run| format!("{:.0} %", 100.0 * run.create_ratio))?;
        if self.runs.iter().any(|run| run.pgbench.is_some()) {
            let rate = |run: &Run| run.pgbench.unwrap_or_default();
            self.row(f, "pgbench, the same rows", |run| format!("{:.0}", rate(run)))?;
            self.row(f, "create / pgbench", |run| {
                format!("{:.0} %", 100.0 * run.create.per_second / rate(run))
            })?;
        }
        let mut errors = Vec::new();
        for (number, run) in self.runs.iter().enumerate() {
            let lines = [
                &run.read,
                &run.identifier,
                &run.owner,
                &run.publisher,
                &run.page_1,
                &run.page_n,
                &run.create,
            ];
            for line in lines {
                let each = line.errors.iter();
                errors.extend(
                    each.map(|(why, n)| format!("run {} {} {why}: {n}", number + 1, line.name)),
                );
            }
        }
        let errors = if errors.is_empty() { "none".to_owned() } else { errors.join("; ") };
        writeln!(f, "\nErrors: {errors}")
    }
}
