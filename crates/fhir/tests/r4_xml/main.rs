//! FHIR R4 as XML and back: the published guide, the samples of the validator, and resources made
//! up from the definitions. Nothing but the order of members may change.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../support/mod.rs"]
mod support;

mod generated;
mod guide;
mod samples;
mod speed;

use koppeltaal_fhir::r4::definition::Definitions;
use koppeltaal_fhir::r4::profile::koppeltaal;
use koppeltaal_fhir::r4::xml;
use koppeltaal_fhir::{Node, json};
use support::sorted;

fn there_and_back(node: &Node, definitions: &Definitions) -> Result<(), String> {
    let text = xml::render(node, definitions);
    let back = xml::parse(text.as_bytes(), definitions).map_err(|error| error.to_string())?;
    let (found, expected) = (json::render(&sorted(&back)), json::render(&sorted(node)));
    if found == expected { Ok(()) } else { Err(format!("{found}\nis not\n{expected}\n{text}")) }
}
