//! `bench watch`: the memory of a running server over time, from `/proc`.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde::Serialize;

/// Which process, how often, how long.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The process
    #[arg(long)]
    pub pid: u32,
    /// Time between two samples
    #[arg(long, default_value = "10s", value_parser = super::duration)]
    pub interval: Duration,
    /// How long to watch
    #[arg(long, default_value = "30m", value_parser = super::duration)]
    pub duration: Duration,
}

/// The memory of the process at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Sample {
    /// Seconds since watching began.
    pub second: f64,
    /// Resident memory in MB.
    pub rss_mb: f64,
}

/// The curve and what it says.
#[derive(Debug, Serialize)]
pub struct Curve {
    /// The samples in order.
    pub samples: Vec<Sample>,
    /// The mean of minutes 5 to 10, when it was watched for so long.
    pub minutes_5_to_10_mb: Option<f64>,
    /// The mean of the last five minutes, when there were others before.
    pub last_5_minutes_mb: Option<f64>,
    /// By how many per cent the latter exceeds the former.
    pub growth_percent: Option<f64>,
}

/// Samples until the time is over or the process ends; `each` sees every sample at once.
pub fn watch(args: &Args, mut each: impl FnMut(Sample)) -> anyhow::Result<Curve> {
    let started = Instant::now();
    let mut samples = Vec::new();
    loop {
        let second = started.elapsed().as_secs_f64();
        match resident_mb(args.pid) {
            Ok(rss_mb) => {
                let sample = Sample { second, rss_mb };
                each(sample);
                samples.push(sample);
            }
            Err(error) if samples.is_empty() => return Err(error),
            Err(_) => break,
        }
        let next = args.interval * u32::try_from(samples.len()).unwrap_or(u32::MAX);
        if next > args.duration {
            break;
        }
        std::thread::sleep(next.saturating_sub(started.elapsed()));
    }
    Ok(curve(samples))
}

fn curve(samples: Vec<Sample>) -> Curve {
    let mean = |from: f64, until: f64| {
        let within: Vec<f64> = samples
            .iter()
            .filter(|s| (from..=until).contains(&s.second))
            .map(|s| s.rss_mb)
            .collect();
        (!within.is_empty()).then(|| within.iter().sum::<f64>() / within.len() as f64)
    };
    let end = samples.last().map_or(0.0, |last| last.second);
    let early = if end >= 600.0 { mean(300.0, 600.0) } else { None };
    let late = if end > 600.0 { mean(end - 300.0, end) } else { None };
    let growth_percent = early.zip(late).map(|(early, late)| (late / early - 1.0) * 100.0);
    Curve { minutes_5_to_10_mb: early, last_5_minutes_mb: late, growth_percent, samples }
}

pub fn resident_mb(pid: u32) -> anyhow::Result<f64> {
    let path = format!("/proc/{pid}/status");
    let status =
        std::fs::read_to_string(&path).with_context(|| format!("{path} cannot be read"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let Some(line) = line else { bail!("process {pid} has ended") };
    let kib: f64 = line
        .trim()
        .trim_end_matches("kB")
        .trim()
        .parse()
        .with_context(|| format!("`{line}` in {path}"))?;
    Ok(kib / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_compares_the_end_with_minutes_five_to_ten() {
        let samples = (0..=180).map(|n| Sample {
            second: f64::from(n) * 10.0,
            rss_mb: if n < 90 { 50.0 } else { 51.0 },
        });
        let curve = curve(samples.collect());
        assert_eq!((curve.minutes_5_to_10_mb, curve.last_5_minutes_mb), (Some(50.0), Some(51.0)));
        assert!((curve.growth_percent.unwrap() - 2.0).abs() < 0.01);
    }

    #[test]
    fn this_process_has_memory_and_a_missing_one_is_an_error() {
        assert!(resident_mb(std::process::id()).unwrap() > 1.0);
        assert!(resident_mb(u32::MAX).is_err());
    }
}
