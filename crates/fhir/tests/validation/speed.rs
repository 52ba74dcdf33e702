//! How long the validation of a Patient takes.
#![expect(clippy::disallowed_methods, reason = "time is what is measured")]

use std::time::{Duration, Instant};

use super::samples::sample;
use super::*;

#[test]
fn a_patient_is_validated_in_a_tenth_of_a_millisecond() {
    let patient = sample("Patient");
    let size = json::render(&patient).len();
    assert!(report(&patient).is_valid());
    let best = (0..300).map(|_| {
        let start = Instant::now();
        let found = report(&patient);
        let taken = start.elapsed();
        assert!(found.is_valid());
        taken
    });
    let best = best.min().unwrap();
    println!("Patient of {size} bytes: {best:?}");
    // Code that is not optimised is some twenty times slower.
    let limit = if cfg!(debug_assertions) { 4_000 } else { 100 };
    assert!(best < Duration::from_micros(limit), "{best:?}");
}
