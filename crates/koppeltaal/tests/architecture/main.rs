//! The invariants of ARCHITECTURE.md that can be read off the source.

#![expect(clippy::unwrap_used, reason = "a test that cannot read the source fails")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What each crate may import of ours.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    (
        "koppeltaal",
        &["admin", "auth", "client", "core", "delivery", "fhir", "kt1", "kt2", "outbound", "store"],
    ),
    ("koppeltaal-admin", &["auth", "core", "delivery", "fhir", "kt1", "kt2", "outbound", "store"]),
    ("koppeltaal-kt1", &["auth", "core", "delivery", "fhir", "outbound", "store"]),
    ("koppeltaal-kt2", &["auth", "core", "delivery", "fhir", "outbound", "store"]),
    ("koppeltaal-auth", &["core", "fhir", "outbound", "store"]),
    ("koppeltaal-delivery", &["core", "fhir", "outbound", "store"]),
    ("koppeltaal-outbound", &["core"]),
    ("koppeltaal-store", &["core"]),
    ("koppeltaal-client", &["fhir"]),
    ("koppeltaal-core", &[]),
    ("koppeltaal-fhir", &[]),
    ("xtask", &["fhir"]),
];

#[test]
fn crates_depend_in_one_direction() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut seen = BTreeMap::new();
    for package in metadata["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        let ours: Vec<String> = package["dependencies"]
            .as_array()
            .unwrap()
            .iter()
            // What tests use is no part of the design.
            .filter(|dependency| dependency["kind"].is_null())
            .filter_map(|dependency| dependency["name"].as_str()?.strip_prefix("koppeltaal-"))
            .map(str::to_owned)
            .collect();
        seen.insert(name.to_owned(), ours);
    }
    for (name, allowed) in MAY_IMPORT {
        let imported = seen.remove(*name).unwrap_or_else(|| panic!("there is no crate {name}"));
        for crate_name in imported {
            assert!(allowed.contains(&crate_name.as_str()), "{name} imports {crate_name}");
        }
    }
    assert!(seen.is_empty(), "crates that the table does not name: {seen:?}");
}

/// Every Rust source of a crate.
fn sources(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn crates_except(names: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root().join("crates")).unwrap() {
        let path = entry.unwrap().path();
        if !names.iter().any(|name| path.ends_with(name)) {
            found.extend(sources(&path.join("src")));
        }
    }
    found
}

fn assert_absent(files: &[PathBuf], words: &[&str]) {
    for file in files {
        let text = std::fs::read_to_string(file).unwrap();
        for word in words {
            assert!(!text.contains(word), "{} holds `{word}`", file.display());
        }
    }
}

#[test]
fn sql_is_in_the_store_alone() {
    // The benchmark writes a script for PostgreSQL's own load generator, and
    // tests look into the tables.
    let is_exempt = |file: &Path| {
        let path = file.to_string_lossy();
        path.contains("cmd/bench/") || path.contains("/tests/") || path.ends_with("tests.rs")
    };
    let mut files = crates_except(&["store"]);
    files.retain(|file| !is_exempt(file));
    assert_absent(&files, &["SELECT ", "INSERT INTO", "DELETE FROM", "rusqlite", "tokio_postgres"]);
}

#[test]
fn pure_crates_read_no_clock_and_touch_no_file() {
    for name in ["core", "fhir"] {
        let mut files = sources(&root().join("crates").join(name).join("src"));
        // Tests read examples.
        files.retain(|file| !file.to_string_lossy().contains("/tests/"));
        assert_absent(&files, &["SystemTime::now", "Instant::now", "std::fs::", "rand::"]);
        let lints = std::fs::read_to_string(root().join("crates").join(name).join("clippy.toml"));
        assert!(lints.unwrap().contains("disallowed-methods"), "{name} has no lint against it");
    }
}

#[test]
fn only_the_store_makes_a_domain_transaction() {
    // A protocol face gets one from `store.scope(domain)` and nowhere else.
    assert_absent(&crates_except(&["store"]), &["DomainTx::new"]);
}

#[test]
fn every_statement_on_care_data_names_its_domain() {
    let folders = [
        ("mailbox", "kt1_"),
        ("resource", "resource"),
        ("directory", "resource"),
        ("storage_item", "storage_"),
    ];
    for (folder, table) in folders {
        for file in sources(&root().join("crates/store/src").join(folder)) {
            let text = std::fs::read_to_string(&file).unwrap();
            for keyword in ["FROM ", "UPDATE ", "DELETE FROM ", "INSERT INTO "] {
                for (at, _) in text.match_indices(&format!("{keyword}{table}")) {
                    let statement: String = text[at..].chars().take(400).collect();
                    assert!(
                        statement.contains("domain = $1")
                            || statement.contains("domain = i.domain")
                            || statement.contains(".domain = m.domain"),
                        "{}: a statement without its domain: {statement}",
                        file.display()
                    );
                }
            }
        }
    }
}

#[test]
fn resources_are_reached_in_their_folder_and_by_the_devices_alone() {
    for file in sources(&root().join("crates/store/src")) {
        let path = file.to_string_lossy();
        let may = path.contains("/resource/") || path.ends_with("directory/devices.rs");
        if !may {
            assert_absent(
                std::slice::from_ref(&file),
                &["FROM resource", "UPDATE resource", "INTO resource", "JOIN resource"],
            );
        }
    }
}

#[test]
fn every_source_file_says_what_it_is() {
    for file in crates_except(&[]) {
        let text = std::fs::read_to_string(&file).unwrap();
        let is_test = file.file_name().is_some_and(|name| name == "tests.rs");
        assert!(is_test || text.starts_with("//!"), "{} begins with no //!", file.display());
    }
}

#[test]
fn no_source_file_is_too_long() {
    for file in crates_except(&[]) {
        let lines = std::fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines <= 800, "{} has {lines} lines: split it", file.display());
    }
}
