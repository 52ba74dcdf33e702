//! What was compiled to paths finds what the FHIRPath engine finds.
#![expect(clippy::disallowed_methods, reason = "the guide is read from a folder")]

use std::path::PathBuf;

use super::super::engine;
use super::super::parameter::Parameter;
use super::super::shape::{Shape, Value};
use super::{each_of_ours, parameters};
use crate::r4::definition::SearchKind;
use crate::r4::fhirpath::Expression;
use crate::r4::profile::koppeltaal;
use crate::{Node, json};

#[test]
fn paths_find_what_the_engine_finds_in_our_examples() {
    each_of_ours(agree);
}

#[test]
fn paths_find_what_the_engine_finds_in_the_examples_of_the_guide() {
    each_of_the_guide(&mut agree);
}

/// Gives each resource of the guide, where it is.
pub fn each_of_the_guide(give: &mut dyn FnMut(&Node)) {
    let Ok(guide) = std::env::var("KOPPELTAAL_IG_DIR") else {
        println!("KOPPELTAAL_IG_DIR is not set: nothing is compared.");
        return;
    };
    let mut files = Vec::new();
    for folder in ["examples", "test-resources", "kt2"] {
        collect(PathBuf::from(&guide).join(folder), &mut files);
    }
    let mut count = 0;
    for file in files {
        let Ok(resource) = json::parse(&std::fs::read(&file).unwrap()) else { continue };
        count += usize::from(resource.resource_type().is_some());
        give(&resource);
    }
    assert!(count > 50, "only {count} resources");
}

fn collect(folder: PathBuf, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(path, files);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
}

fn agree(resource: &Node) {
    let resource_type = resource.resource_type().unwrap_or_default();
    for parameter in parameters().for_type(resource_type) {
        let definition = parameter.definition();
        if parameter.paths().is_none() || definition.kind == SearchKind::Composite {
            continue;
        }
        let text = definition.expression_for(resource_type).unwrap();
        let expression = Expression::parse(&text).unwrap();
        let mut expected = Vec::new();
        engine::walk(&expression, resource, koppeltaal(), &mut |value| expected.push(seen(&value)));
        let mut found = found_by(parameter, resource);
        expected.sort_unstable();
        expected.dedup();
        found.sort_unstable();
        found.dedup();
        assert_eq!(found, expected, "{resource_type} {text}");
    }
}

fn found_by(parameter: &Parameter, resource: &Node) -> Vec<String> {
    let mut found = Vec::new();
    parameter.values(resource, koppeltaal(), &mut |value| found.push(seen(&value)));
    found
}

/// What it is, and as what it was taken. To the engine a code is a text as any other.
fn seen(value: &Value<'_>) -> String {
    let shape = if value.shape == Shape::Code { Shape::Text } else { value.shape };
    format!("{shape:?} {:?}", value.node)
}
