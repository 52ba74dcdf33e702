//! The tables of R4 4.0.1 that are part of the program. `cargo run -p xtask -- definitions`
//! writes them; see the README beside them for where they come from.

use super::{DefinitionError, Definitions, Overlay, compact};

const STRUCTURES: &str = include_str!("../../../definitions/r4/structures.txt");
const TERMINOLOGY: &str = include_str!("../../../definitions/r4/terminology.txt");
const SEARCH_PARAMETERS: &str = include_str!("../../../definitions/r4/search-parameters.txt");

/// Reads the tables.
pub fn read() -> Result<Definitions, DefinitionError> {
    let (value_sets, code_systems) = compact::read_terminology(TERMINOLOGY)?;
    Ok(Definitions::default().with(Overlay {
        structures: compact::read_structures(STRUCTURES)?,
        value_sets,
        code_systems,
        search_parameters: compact::read_search_parameters(SEARCH_PARAMETERS)?,
    }))
}
