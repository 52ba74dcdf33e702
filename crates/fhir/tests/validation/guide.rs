//! The examples and test resources of the published guide behave as its manifest says. They are
//! read from the folder that `KOPPELTAAL_IG_DIR` names, and belong to somebody else.
#![expect(clippy::disallowed_methods, reason = "the guide is a folder outside of the project")]

use std::path::{Path, PathBuf};

use koppeltaal_fhir::r4::definition::{Definitions, Overlay};

use super::*;

/// Where the guide is; without it a test says so and ends.
#[expect(clippy::print_stdout, reason = "says why nothing was tested")]
fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("KOPPELTAAL_IG_DIR").map(PathBuf::from);
    if folder.is_none() {
        println!("KOPPELTAAL_IG_DIR names no folder: not tested");
    }
    folder
}

fn read(path: &Path) -> Node {
    parse(&std::fs::read_to_string(path).unwrap())
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|e| e == "json")).collect();
    files.sort();
    files
}

/// The definitions of the guide itself, on top of the core, as an operator would install them.
fn installed(folder: &Path) -> Compiled {
    let folders = [folder.join("deps/nictiz"), folder.join("kt2")];
    let resources: Vec<Node> =
        folders.iter().flat_map(|f| files(f)).map(|path| read(&path)).collect();
    let core = Definitions::core();
    Compiled::new(core.with(Overlay::from_resources(&resources, core).unwrap()))
}

/// Test resources that behave otherwise than the manifest says, and why that is right.
const EXCEPTIONS: [(&str, &str); 1] = [(
    "CareTeam/CareTeam-invalid-unknown-role-code.json",
    "the binding of a role is extensible, so an unknown code is a warning",
)];

fn behave(compiled: &Compiled, folder: &Path) {
    let manifest = read(&folder.join("test-resources/test-manifest.json"));
    let mut wrong = Vec::new();
    for test in manifest.items("tests") {
        let text = |name| test.get(name).and_then(Node::as_str).unwrap();
        let file = text("file");
        let report = validate(
            &read(&folder.join("test-resources").join(file)),
            &Options { is_profile_required: true, ..Options::new(compiled) },
        );
        let is_exception = EXCEPTIONS.iter().any(|(exception, _)| *exception == file);
        let should_pass = text("expected") == "pass" || is_exception;
        if report.is_valid() != should_pass {
            wrong.push(format!("{file}, expected {}: {:#?}", text("expected"), lines(&report)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// An example that names no profile of Koppeltaal, but one of the Dutch core that is not built in,
/// so that it is judged by R4: its language is a code of another system than R4 allows.
const FOREIGN_EXAMPLE: &str = "Patient-patient-volledige-naam-vrouw.json";

fn examples_are_valid(compiled: &Compiled, folder: &Path, is_invalid: impl Fn(&str) -> bool) {
    let mut wrong = Vec::new();
    for file in files(&folder.join("examples")) {
        let report = validate(&read(&file), &Options::new(compiled));
        let name = file.file_name().unwrap().to_string_lossy();
        if report.is_valid() == is_invalid(&name) {
            wrong.push(format!("{name}: {:#?}", lines(&report)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn test_resources_behave_as_the_manifest_says_with_our_profiles() {
    let Some(folder) = folder() else { return };
    behave(built_in(), &folder);
}

#[test]
fn test_resources_behave_as_the_manifest_says_with_the_profiles_of_the_guide() {
    let Some(folder) = folder() else { return };
    behave(&installed(&folder), &folder);
}

#[test]
fn examples_are_valid_with_our_profiles() {
    let Some(folder) = folder() else { return };
    examples_are_valid(built_in(), &folder, |name| name == FOREIGN_EXAMPLE);
}

#[test]
fn examples_are_valid_with_the_profiles_of_the_guide() {
    let Some(folder) = folder() else { return };
    examples_are_valid(&installed(&folder), &folder, |_| false);
}
