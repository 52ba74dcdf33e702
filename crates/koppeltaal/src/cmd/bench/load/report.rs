//! The figures of a run, as a table for people and as JSON for scripts.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::Measured;
use super::recorder::Tally;

/// The figures of one run.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Which load it was.
    pub workload: String,
    /// On what.
    pub target: String,
    /// Over how many connections.
    pub connections: usize,
    /// How long was measured.
    pub seconds: f64,
    /// The figures by kind of request.
    pub lines: Vec<Line>,
}

/// The figures of one kind of request.
#[derive(Debug, Serialize)]
pub struct Line {
    /// What kind.
    pub name: String,
    /// How many succeeded.
    pub count: u64,
    /// How many succeeded in a second.
    pub per_second: f64,
    /// Half of them were faster.
    pub p50_ms: f64,
    /// 90 % of them were faster.
    pub p90_ms: f64,
    /// 99 % of them were faster.
    pub p99_ms: f64,
    /// The slowest.
    pub max_ms: f64,
    /// Failures by status.
    pub errors: BTreeMap<String, u64>,
}

impl Report {
    /// The report on what was measured.
    pub fn of(
        workload: &str,
        target: impl Into<String>,
        connections: usize,
        measured: &Measured,
    ) -> Report {
        let lines = measured.tallies.iter().map(|tally| Line::of(tally, measured.seconds));
        Report {
            workload: workload.to_owned(),
            target: target.into(),
            connections,
            seconds: measured.seconds,
            lines: lines.collect(),
        }
    }
}

impl Line {
    /// The figures of a tally over this time.
    pub fn of(tally: &Tally, seconds: f64) -> Line {
        let latencies = &tally.latencies;
        Line {
            name: tally.name.to_owned(),
            count: latencies.count(),
            per_second: latencies.count() as f64 / seconds,
            p50_ms: latencies.quantile_ms(0.5),
            p90_ms: latencies.quantile_ms(0.9),
            p99_ms: latencies.quantile_ms(0.99),
            max_ms: latencies.max_ms(),
            errors: tally.failures.clone(),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let connections = match self.connections {
            1 => "1 connection".to_owned(),
            n => format!("{n} connections"),
        };
        writeln!(f, "{} on {}, {connections}, {:.1} s", self.workload, self.target, self.seconds)?;
        writeln!(
            f,
            "{:<12} {:>10} {:>10} {:>9} {:>9} {:>9} {:>9}  errors",
            "", "count", "per s", "p50 ms", "p90 ms", "p99 ms", "max ms"
        )?;
        for line in &self.lines {
            let errors: Vec<String> =
                line.errors.iter().map(|(why, n)| format!("{why}: {n}")).collect();
            writeln!(
                f,
                "{:<12} {:>10} {:>10.0} {:>9.2} {:>9.2} {:>9.2} {:>9.2}  {}",
                line.name,
                line.count,
                line.per_second,
                line.p50_ms,
                line.p90_ms,
                line.p99_ms,
                line.max_ms,
                if errors.is_empty() { "-".to_owned() } else { errors.join(", ") }
            )?;
        }
        Ok(())
    }
}
