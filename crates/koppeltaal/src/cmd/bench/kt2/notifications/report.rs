//! The figures of all runs: a table that fits into a document, and JSON.

use std::fmt;

use serde::Serialize;

use super::latency::Told;
use crate::cmd::bench::load::Line;

/// One write at a time.
#[derive(Debug, Serialize)]
pub struct Idle {
    /// The writes.
    pub create: Line,
    /// Their notifications.
    pub told: Told,
    /// Empty answers, over one connection.
    pub empty: Option<Line>,
}

/// Many endpoints, some of them bad.
#[derive(Debug, Serialize)]
pub struct Busy {
    /// The writes.
    pub create: Line,
    /// The notifications of the healthy endpoints.
    pub told: Told,
    /// How many notifications were due in a second, those of bad endpoints included.
    pub per_second: f64,
    /// Requests that reached slow endpoints.
    pub attempts_at_slow: usize,
}

/// Creates with so many subscriptions.
#[derive(Debug, Serialize)]
pub struct Row {
    /// How many there were.
    pub subscriptions: u64,
    /// How many creates of a hundred matched one.
    pub matching_percent: u64,
    /// The creates.
    pub create: Line,
    /// Their rate by that without subscriptions in the same run.
    pub ratio: f64,
    /// Notifications that arrived while creates went on.
    pub told_meanwhile: u64,
    /// Notifications that arrived in the end.
    pub told: u64,
    /// How long the last of them came after the last create.
    pub drain_seconds: f64,
}

/// Creates with and without subscriptions.
#[derive(Debug, Serialize)]
pub struct Creates {
    /// The same rows without a server, 32 in a commit.
    pub raw: Line,
    /// Creates without subscriptions by the raw bound.
    pub of_raw: f64,
    /// The figures.
    pub rows: Vec<Row>,
}

/// Subscribers who were away.
#[derive(Debug, Serialize)]
pub struct Backlog {
    /// How many notifications waited.
    pub notifications: u64,
    /// Of how many subscriptions.
    pub subscriptions: usize,
    /// At how many endpoints.
    pub endpoints: usize,
    /// How long it took to make them.
    pub fill_seconds: f64,
    /// How many arrived.
    pub told: u64,
    /// How many arrived in a second, from the first to the last.
    pub per_second: f64,
    /// How long that took.
    pub drain_seconds: f64,
    /// Memory of the server before.
    pub idle_mb: f64,
    /// Memory while all of them waited.
    pub filled_mb: f64,
    /// The most memory while they were sent.
    pub peak_mb: f64,
    /// Memory after the last.
    pub drained_mb: f64,
}

/// The figures of one run.
#[derive(Debug, Serialize)]
pub struct Run {
    /// One write at a time.
    pub idle: Option<Idle>,
    /// Many endpoints, some of them bad.
    pub busy: Option<Busy>,
    /// Creates with and without subscriptions.
    pub creates: Option<Creates>,
}

/// The figures of all runs.
#[derive(Debug, Serialize)]
pub struct Measurement {
    /// Which engine.
    pub store: &'static str,
    /// Over how many connections was created.
    pub connections: usize,
    /// Notifications in a second that were wanted.
    pub rate: u32,
    /// Endpoints that were told.
    pub endpoints: u32,
    /// The runs.
    pub runs: Vec<Run>,
    /// Subscribers who were away.
    pub backlog: Option<Backlog>,
}

impl Measurement {
    /// A row, where every run has something to say in it.
    fn row(
        &self,
        f: &mut fmt::Formatter<'_>,
        title: &str,
        cell: impl Fn(&Run) -> Option<String>,
    ) -> fmt::Result {
        let cells: Option<Vec<String>> = self.runs.iter().map(cell).collect();
        match cells {
            Some(cells) if !cells.is_empty() => {
                writeln!(f, "| {title} | {} |", cells.join(" | "))
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Measurement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}, {} connections", self.store, self.connections)?;
        if let Some(backlog) = &self.backlog {
            backlog.fmt(f)?;
        }
        if self.runs.is_empty() {
            return Ok(());
        }
        let titles = (1..=self.runs.len()).map(|number| format!(" run {number} |"));
        writeln!(f, "\n| p50, p99, most in ms; or per second |{}", titles.collect::<String>())?;
        writeln!(f, "|---|{}", "---|".repeat(self.runs.len()))?;
        let times =
            |line: &Line| format!("{:.2}, {:.2}, {:.1}", line.p50_ms, line.p99_ms, line.max_ms);
        let lost = |told: &Told| format!("{}, {}", told.missing, told.again);
        self.row(f, "idle: commit to POST", |run| {
            run.idle.as_ref().map(|idle| times(&idle.told.from_answer))
        })?;
        self.row(f, "idle: request to POST", |run| {
            run.idle.as_ref().map(|idle| times(&idle.told.from_request))
        })?;
        self.row(f, "idle: the create itself", |run| {
            run.idle.as_ref().map(|idle| times(&idle.create))
        })?;
        self.row(f, "idle: an empty answer", |run| run.idle.as_ref()?.empty.as_ref().map(times))?;
        self.row(f, "idle: missing, again", |run| run.idle.as_ref().map(|idle| lost(&idle.told)))?;
        let title = format!(
            "busy: notifications/s to {} endpoints (wanted: {})",
            self.endpoints, self.rate
        );
        self.row(f, &title, |run| run.busy.as_ref().map(|busy| format!("{:.0}", busy.per_second)))?;
        self.row(f, "busy: commit to POST, the healthy", |run| {
            run.busy.as_ref().map(|busy| times(&busy.told.from_answer))
        })?;
        self.row(f, "busy: the create itself", |run| {
            run.busy.as_ref().map(|busy| times(&busy.create))
        })?;
        self.row(f, "busy: missing, again", |run| run.busy.as_ref().map(|busy| lost(&busy.told)))?;
        self.row(f, "raw bound of creates", |run| {
            run.creates.as_ref().map(|creates| format!("{:.0}", creates.raw.per_second))
        })?;
        let rows = self.runs.iter().filter_map(|run| run.creates.as_ref()).map(|c| c.rows.len());
        for at in 0..rows.min().unwrap_or(0) {
            let of = |run: &Run| run.creates.as_ref()?.rows.get(at).map(described);
            let Some(title) = self.runs.first().and_then(of) else { continue };
            self.row(f, &title, |run| {
                run.creates.as_ref()?.rows.get(at).map(|row| {
                    format!(
                        "{:.0}; {:.1}, {:.1}; {:.0} %; told {} of {}",
                        row.create.per_second,
                        row.create.p50_ms,
                        row.create.p99_ms,
                        100.0 * row.ratio,
                        row.told_meanwhile,
                        row.told
                    )
                })
            })?;
        }
        let mut errors = Vec::new();
        for (number, run) in self.runs.iter().enumerate() {
            let creates = run.creates.iter().flat_map(|all| all.rows.iter().map(|row| &row.create));
            let others = run.idle.iter().map(|idle| &idle.create);
            let others = others.chain(run.busy.iter().map(|busy| &busy.create));
            for line in creates.chain(others) {
                let each = line.errors.iter();
                errors.extend(each.map(|(why, n)| format!("run {} {why}: {n}", number + 1)));
            }
        }
        let errors = if errors.is_empty() { "none".to_owned() } else { errors.join("; ") };
        writeln!(f, "\nErrors: {errors}")
    }
}

impl fmt::Display for Backlog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "backlog of {} ({} subscriptions, {} endpoints; made in {:.0} s): {} told, {:.0}/s, {:.0} s",
            self.notifications,
            self.subscriptions,
            self.endpoints,
            self.fill_seconds,
            self.told,
            self.per_second,
            self.drain_seconds
        )?;
        writeln!(
            f,
            "memory: idle {:.0} MB, all waiting {:.0}, most while sending {:.0}, after {:.0}",
            self.idle_mb, self.filled_mb, self.peak_mb, self.drained_mb
        )
    }
}

fn described(row: &Row) -> String {
    match row.subscriptions {
        0 => "creates, no subscription".to_owned(),
        count => {
            format!("creates, {count} subscriptions, {} % of creates match", row.matching_percent)
        }
    }
}
