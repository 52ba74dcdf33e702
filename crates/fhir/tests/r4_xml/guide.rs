//! Every resource of the published guide and the packages it builds on, from the folder that
//! `KOPPELTAAL_IG_DIR` names. They belong to somebody else.
#![expect(clippy::disallowed_methods, reason = "the guide is a folder outside of the project")]

use std::path::{Path, PathBuf};

use koppeltaal_fhir::Members;

use super::*;

#[test]
fn resources_of_the_guide_go_through_xml_and_back() {
    let Some(folder) = std::env::var_os("KOPPELTAAL_IG_DIR") else {
        println!("KOPPELTAAL_IG_DIR names no folder: not tested");
        return;
    };
    let mut files = Vec::new();
    for part in ["examples", "test-resources", "kt2", "deps"] {
        collect(&PathBuf::from(&folder).join(part), &mut files);
    }
    let mut count = 0;
    for file in files {
        let Ok(node) = json::parse(&std::fs::read(&file).unwrap()) else { continue };
        let node = without_comments(node);
        // Of other types nobody here knows what is a list.
        if node.resource_type().is_none_or(|name| koppeltaal().structure(name).is_none()) {
            continue;
        }
        if let Err(difference) = there_and_back(&node, koppeltaal()) {
            panic!("{}: {difference}", file.display());
        }
        count += 1;
    }
    println!("{count} resources");
    assert!(count > 800, "only {count} resources");
}

/// Some publishers leave a member of an older FHIR in, which R4 does not have.
fn without_comments(node: Node) -> Node {
    match node {
        Node::Array(items) => Node::Array(items.into_iter().map(without_comments).collect()),
        Node::Object(mut members) => {
            members.remove("fhir_comments");
            let named = members.0.into_iter().map(|(name, node)| (name, without_comments(node)));
            Node::Object(Members(named.collect()))
        }
        scalar => scalar,
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
}
