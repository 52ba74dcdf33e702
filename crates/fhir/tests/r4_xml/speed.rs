//! How long a Patient takes in each direction.
#![expect(clippy::disallowed_methods, reason = "time is what is measured")]

use std::time::{Duration, Instant};

use super::samples::{PATIENT, read};
use super::*;

/// The shortest of many runs.
fn best(mut run: impl FnMut()) -> Duration {
    let time = |()| {
        let start = Instant::now();
        run();
        start.elapsed()
    };
    std::iter::repeat_n((), 300).map(time).min().unwrap_or_default()
}

#[test]
fn a_patient_takes_less_than_fifty_microseconds_each_way() {
    let patient = read(PATIENT);
    let size = json::render(&patient).len();
    let text = xml::render(&patient, koppeltaal());
    let writing = best(|| assert_eq!(xml::render(&patient, koppeltaal()).len(), text.len()));
    let reading = best(|| assert!(xml::parse(text.as_bytes(), koppeltaal()).is_ok()));
    println!("Patient of {size} bytes, {} in XML: {writing:?} out, {reading:?} in", text.len());
    // Code that is not optimised is some twenty times slower.
    let limit = Duration::from_micros(if cfg!(debug_assertions) { 2_000 } else { 50 });
    assert!(writing < limit && reading < limit, "{writing:?} {reading:?}");
}
