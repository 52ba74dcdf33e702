//! The figures of all runs: a table that fits into a document, and JSON.

use std::fmt;

use serde::Serialize;

use super::raw::Raw;
use super::verification::Verification;
use crate::cmd::bench::load::Line;

/// The figures of one run.
#[derive(Debug, Serialize)]
pub struct Run {
    /// What signatures alone cost.
    pub raw: Raw,
    /// Token requests.
    pub tokens: Line,
    /// Token requests by the raw bound of all cores.
    pub token_ratio: f64,
    /// Introspections.
    pub introspections: Line,
    /// Reads with a token, over one connection.
    pub reads: Line,
    /// Empty answers, over one connection.
    pub empty: Line,
    /// The check of a token inside the server; only where the server is one of ours.
    pub verification: Option<Verification>,
}

/// The figures of all runs.
#[derive(Debug, Serialize)]
pub struct Measurement {
    /// The FHIR base.
    pub target: String,
    /// How the server gets the keys of clients.
    pub keys: &'static str,
    /// How many clients asked.
    pub clients: usize,
    /// Over how many connections tokens were asked for.
    pub connections: usize,
    /// How many introspections were sent in a second.
    pub introspections_wanted: u32,
    /// How often the keys were fetched, in all runs, when they are served here.
    pub jwks_fetches: Option<u64>,
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
        let threads = self.runs.first().map_or(0, |run| run.raw.threads);
        writeln!(f, "{}, {} clients, keys: {}", self.target, self.clients, self.keys)?;
        if let Some(fetches) = self.jwks_fetches {
            writeln!(f, "keys fetched {fetches} times")?;
        }
        let titles = (1..=self.runs.len()).map(|number| format!(" run {number} |"));
        writeln!(f, "\n| |{}", titles.collect::<String>())?;
        writeln!(f, "|---|{}", "---|".repeat(self.runs.len()))?;
        let rate = |line: &Line| format!("{:.0}", line.per_second);
        let both = |line: &Line| format!("{:.2}, {:.2}", line.p50_ms, line.p99_ms);
        self.row(f, "one verification + one signature (RS512, 2048 bits)/s, 1 thread", |run| {
            format!("{:.0}", run.raw.one_thread_per_second)
        })?;
        self.row(f, &format!("the same on {threads} threads: the raw bound"), |run| {
            format!("{:.0}", run.raw.all_cores_per_second)
        })?;
        let connections = self.connections;
        self.row(f, &format!("token requests/s, {connections} connections"), |run| {
            rate(&run.tokens)
        })?;
        self.row(f, "token requests / raw bound", |run| {
            format!("{:.0} %", 100.0 * run.token_ratio)
        })?;
        self.row(f, "token request p50, p99 ms", |run| both(&run.tokens))?;
        let wanted = self.introspections_wanted;
        self.row(f, &format!("introspections/s (sent: {wanted})"), |run| {
            rate(&run.introspections)
        })?;
        self.row(f, "introspection p50, p99 ms", |run| both(&run.introspections))?;
        self.row(f, "GET Device p50, p99 ms, 1 connection", |run| both(&run.reads))?;
        self.row(f, "empty answer p50, p99 ms, 1 connection", |run| both(&run.empty))?;
        if self.runs.iter().all(|run| run.verification.is_some()) {
            let time = |pick: fn(&Verification) -> f64| {
                move |run: &Run| {
                    run.verification
                        .as_ref()
                        .map(|all| format!("{:.1}", pick(all)))
                        .unwrap_or_default()
                }
            };
            self.row(f, "check of a known token p50, µs", time(|all| all.known_p50_us))?;
            self.row(f, "check of a known token p99, µs", time(|all| all.known_p99_us))?;
            self.row(f, "check of a new token p50, µs", time(|all| all.new_p50_us))?;
        }
        let mut errors = Vec::new();
        for (number, run) in self.runs.iter().enumerate() {
            let kinds = [
                ("token", &run.tokens),
                ("introspection", &run.introspections),
                ("read", &run.reads),
                ("empty", &run.empty),
            ];
            for (kind, line) in kinds {
                let each = line.errors.iter();
                errors.extend(each.map(|(why, n)| format!("run {} {kind} {why}: {n}", number + 1)));
            }
        }
        let errors = if errors.is_empty() { "none".to_owned() } else { errors.join("; ") };
        writeln!(f, "\nErrors: {errors}")
    }
}
