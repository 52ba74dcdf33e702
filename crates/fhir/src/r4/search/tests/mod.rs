//! Search parameters at work on resources.

mod agreement;
mod catalog;
mod covers;
mod custom;
mod kinds;
mod logged;
mod organizations;
mod people;
mod places;
mod said;
mod table;
mod work;

use std::collections::BTreeSet;
use std::sync::OnceLock;

use super::{Indexed, Parameters, index};
use crate::r4::profile::koppeltaal;
use crate::{Node, json};

const BASE: &str = "https://kt.example/api/v1/d/fhir/r4";

fn parameters() -> &'static Parameters {
    static PARAMETERS: OnceLock<Parameters> = OnceLock::new();
    PARAMETERS.get_or_init(|| Parameters::new(koppeltaal()))
}

/// The types that have parameters.
fn types() -> BTreeSet<String> {
    let resources = koppeltaal().structures().map(|structure| structure.type_name.clone());
    resources.filter(|name| parameters().for_type(name).next().is_some()).collect()
}

fn parse(text: &str) -> Node {
    json::parse(text.as_bytes()).unwrap()
}

/// Every resource of our own examples.
fn each_of_ours(mut check: impl FnMut(&Node)) {
    let texts = [
        people::ALL.as_slice(),
        organizations::ALL.as_slice(),
        work::ALL.as_slice(),
        logged::ALL.as_slice(),
    ];
    for text in texts.into_iter().flatten() {
        check(&parse(text));
    }
}

fn indexed(text: &str) -> Indexed {
    index(&parse(text), parameters(), koppeltaal(), Some(BASE))
}
