//! The documents name every key that there is, and no other.

use std::collections::BTreeSet;
use std::path::Path;

use koppeltaal::config::KEYS;
use koppeltaal::provision::{Field, Kind, Shape};

fn document(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The part of a document below this heading.
fn section<'a>(text: &'a str, heading: &str) -> &'a str {
    let (_, rest) = text.split_once(&format!("\n## {heading}\n")).expect(heading);
    rest.split("\n## ").next().unwrap()
}

/// The names in the first column of the tables: `| `name` | … |`.
fn rows(text: &str) -> BTreeSet<String> {
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
    let named: Vec<String> = rows.map(|(name, _)| name.to_owned()).collect();
    let set: BTreeSet<String> = named.iter().cloned().collect();
    assert_eq!(set.len(), named.len(), "a key stands twice: {named:?}");
    set
}

fn names(prefix: &str, fields: &[Field], into: &mut BTreeSet<String>) {
    for field in fields {
        let name = format!("{prefix}{}", field.name);
        let inner = match field.shape {
            Shape::Table(inner) => inner,
            Shape::List(Shape::Table(inner)) => *inner,
            _ => &[],
        };
        names(&format!("{name}."), inner, into);
        into.insert(name);
    }
}

#[test]
fn every_key_of_the_provisioning_file_is_described() {
    let text = document("provisioning.md");
    for kind in Kind::ALL {
        let mut expected = BTreeSet::new();
        names("", kind.fields(), &mut expected);
        let heading = format!("`[[{}]]`", kind.name());
        assert_eq!(rows(section(&text, &heading)), expected, "{heading}");
    }
}

#[test]
fn every_key_of_the_configuration_is_described() {
    let text = document("operations.md");
    let expected: BTreeSet<String> = KEYS.iter().map(|key| key.name.to_owned()).collect();
    assert_eq!(rows(section(&text, "Configuration")), expected);
}

#[test]
fn every_metric_that_is_described_exists() {
    // The source is asked, because a counter appears with the first event only.
    let text = document("operations.md");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    let source = read("src/server/metrics.rs")
        + &read("../kt1/src/metrics.rs")
        + &read("../auth/src/metrics.rs");
    let monitoring = section(&text, "Monitoring");
    let mut described = 0;
    for word in monitoring.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
        let Some(name) = word.strip_prefix("koppeltaal_") else { continue };
        let base = ["_total", "_bucket", "_sum", "_count"]
            .iter()
            .find_map(|suffix| name.strip_suffix(suffix))
            .unwrap_or(name);
        assert!(source.contains(base), "{word}");
        described += 1;
    }
    assert!(described > 10);
}
