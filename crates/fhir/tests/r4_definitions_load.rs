//! Prints what reading the tables of R4 costs. It asserts only that they are there: times differ
//! from machine to machine. Run it with `--release --nocapture`.

#![expect(clippy::disallowed_methods, reason = "measures from outside the pure crate")]

use std::time::Instant;

use koppeltaal_fhir::r4::definition::{Definitions, Structure};

/// Memory in use in MiB, where the system tells.
fn resident() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: f64 = line.trim().split(' ').next()?.parse().ok()?;
    Some(kib / 1024.0)
}

#[test]
fn what_it_costs_to_read_the_tables_is_printed() {
    let before = resident();
    let begin = Instant::now();
    let core = Definitions::core();
    let elapsed = begin.elapsed();
    let elements: usize = core.structures().map(|s: &Structure| s.elements().len()).sum();
    assert!(elements > 1_500);
    println!("{elements} elements read in {:.1} ms", elapsed.as_secs_f64() * 1_000.0);
    if let (Some(before), Some(after)) = (before, resident()) {
        println!("memory grew by {:.1} MiB", after - before);
    }
}
