//! Latencies in buckets that grow with the value: 1 % wide, so that a percentile is exact enough
//! and recording costs nothing.

use std::time::Duration;

/// Buckets within each doubling.
const STEPS: u64 = 64;

/// Counts of latencies.
#[derive(Debug, Clone, Default)]
pub struct Histogram {
    buckets: Vec<u64>,
    count: u64,
    max: u64,
}

impl Histogram {
    /// Counts one latency.
    pub fn record(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        let bucket = bucket_of(micros);
        if self.buckets.len() <= bucket {
            self.buckets.resize(bucket + 1, 0);
        }
        self.buckets[bucket] += 1;
        self.count += 1;
        self.max = self.max.max(micros);
    }

    /// Adds the counts of another histogram.
    pub fn add(&mut self, other: &Histogram) {
        if self.buckets.len() < other.buckets.len() {
            self.buckets.resize(other.buckets.len(), 0);
        }
        for (sum, part) in self.buckets.iter_mut().zip(&other.buckets) {
            *sum += part;
        }
        self.count += other.count;
        self.max = self.max.max(other.max);
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The greatest, in milliseconds.
    pub fn max_ms(&self) -> f64 {
        self.max as f64 / 1000.0
    }

    /// The latency below which this share of all lies (`0.99`), in milliseconds.
    pub fn quantile_ms(&self, share: f64) -> f64 {
        let wanted = (share * self.count as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (bucket, count) in self.buckets.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return (upper_end(bucket) as f64 / 1000.0).min(self.max_ms());
            }
        }
        self.max_ms()
    }
}

/// Values below 64 µs have a bucket each; above, each doubling has 64.
fn bucket_of(micros: u64) -> usize {
    if micros < STEPS {
        return micros as usize;
    }
    let doubling = u64::from(micros.ilog2() - STEPS.ilog2());
    (STEPS + doubling * STEPS + (micros >> doubling) - STEPS) as usize
}

/// The greatest value of a bucket.
fn upper_end(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < STEPS {
        return bucket;
    }
    let doubling = bucket / STEPS - 1;
    let step = bucket % STEPS + STEPS;
    ((step + 1) << doubling) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_in_its_bucket_and_buckets_are_narrow() {
        for micros in (0..5000).chain([10_000, 99_999, 1_000_000, 3_600_000_000]) {
            let bucket = bucket_of(micros);
            let end = upper_end(bucket);
            assert!(
                micros <= end && (end - micros) as f64 <= micros as f64 / 64.0 + 1.0,
                "{micros} {end}"
            );
            assert!(bucket == 0 || upper_end(bucket - 1) < micros, "{micros}");
        }
    }

    #[test]
    fn quantiles_are_those_of_the_values() {
        let mut histogram = Histogram::default();
        (1..=1000).for_each(|ms| histogram.record(Duration::from_millis(ms)));
        assert!((histogram.quantile_ms(0.5) - 500.0).abs() < 9.0);
        assert!((histogram.quantile_ms(0.99) - 990.0).abs() < 16.0);
        assert_eq!((histogram.count(), histogram.max_ms()), (1000, 1000.0));
        assert_eq!(Histogram::default().quantile_ms(0.5), 0.0);
    }
}
