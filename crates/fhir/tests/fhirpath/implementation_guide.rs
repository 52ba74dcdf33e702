//! Every expression of the compiled implementation guides can be read. They lie in the directory
//! that `KOPPELTAAL_IG_DIR` names; without it there is nothing to compare with.

#![expect(clippy::disallowed_methods, reason = "a test may read the guides")]

use std::collections::BTreeMap;
use std::path::Path;

use koppeltaal_fhir::Node;
use koppeltaal_fhir::json;
use koppeltaal_fhir::r4::fhirpath::Expression;

/// All expressions in the invariants and search parameters of a directory, with a file of each.
fn collect(directory: &Path, found: &mut BTreeMap<String, String>) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "json")
            && let Ok(bytes) = std::fs::read(&path)
            && let Ok(node) = json::parse(&bytes)
            && let Some("StructureDefinition" | "SearchParameter") = node.resource_type()
        {
            walk(&node, &path.display().to_string(), found);
        }
    }
}

fn walk(node: &Node, file: &str, found: &mut BTreeMap<String, String>) {
    match node {
        Node::Array(items) => items.iter().for_each(|item| walk(item, file, found)),
        Node::Object(members) => {
            for (name, value) in members.iter() {
                // The context of an extension is a path of elements, not of FHIRPath.
                if name == "context" {
                    continue;
                }
                if let (true, Some(text)) = (name == "expression", value.as_str()) {
                    found.entry(text.to_owned()).or_insert_with(|| file.to_owned());
                }
                walk(value, file, found);
            }
        }
        _ => {}
    }
}

#[test]
fn every_expression_of_the_guides_can_be_read() {
    let Ok(directory) = std::env::var("KOPPELTAAL_IG_DIR") else {
        println!("KOPPELTAAL_IG_DIR is not set: the expressions of the guides were not read");
        return;
    };
    let mut found = BTreeMap::new();
    for part in ["deps", "kt2"] {
        collect(&Path::new(&directory).join(part), &mut found);
    }
    assert!(found.len() > 300, "only {} expressions in {directory}", found.len());
    let failures: Vec<String> = found
        .iter()
        .filter_map(|(text, file)| {
            let error = Expression::parse(text).err()?;
            Some(format!("{file}: {text}\n  {error}"))
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
