//! `ig install`: the definitions of a package in the place of the built-in ones.

use std::fs;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::ground::{empty, filled, found, import, refused};
use crate::samples::{self, id, patient};
use crate::world::{Engine, World};

on_both_engines!(
    a_package_is_in_force_and_told_what_was_taken,
    a_newer_version_takes_the_place_of_the_older_one,
    what_is_no_package_is_refused,
    the_official_package_judges_as_the_built_in_definitions_do,
);

/// Writes a package of these files.
fn package(world: &World, name: &str, files: &[(String, Vec<u8>)]) {
    let file = fs::File::create(world.path().join(name)).unwrap();
    let mut archive = tar::Builder::new(GzEncoder::new(file, Compression::fast()));
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        archive.append_data(&mut header, name, bytes.as_slice()).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap();
}

fn file(name: &str, content: &Value) -> (String, Vec<u8>) {
    (format!("package/{name}"), content.to_string().into_bytes())
}

fn manifest(version: &str) -> (String, Vec<u8>) {
    file(
        "package.json",
        &json!({
            "name": "example.kleuren",
            "version": version,
            "fhirVersions": ["4.0.1"],
            "dependencies": { "hl7.fhir.r4.core": "4.0.1", "example.vormen": "2.0.0" },
        }),
    )
}

fn code_system(name: &str, codes: &[&str]) -> (String, Vec<u8>) {
    let concepts: Vec<Value> = codes.iter().map(|code| json!({ "code": code })).collect();
    file(
        &format!("CodeSystem-{name}.json"),
        &json!({
            "resourceType": "CodeSystem",
            "id": name,
            "url": format!("https://example.test/CodeSystem/{name}"),
            "status": "active",
            "content": "complete",
            "concept": concepts,
        }),
    )
}

fn parameter(code: &str, expression: &str) -> (String, Vec<u8>) {
    let mut resource = samples::search_parameter(code, code, "Patient", expression);
    resource["id"] = json!(code);
    file(&format!("SearchParameter-{code}.json"), &resource)
}

fn install(world: &World) -> Value {
    world.json(&["ig", "install", "--domain", "zon", "p.tgz"])
}

async fn a_package_is_in_force_and_told_what_was_taken(engine: Engine) {
    let world = filled(engine).await;
    package(
        &world,
        "p.tgz",
        &[
            manifest("1.0.0"),
            code_system("kleur", &["rood", "blauw"]),
            parameter("roepnaam", "Patient.name.given"),
            parameter("raadsel", "Patient.name.frobnicate()"),
            file("example/Patient-x.json", &json!({ "resourceType": "Patient", "id": "x" })),
        ],
    );
    let said = install(&world);
    assert_eq!((&said["name"], &said["version"]), (&json!("example.kleuren"), &json!("1.0.0")));
    let taken = json!({ "CodeSystem": 1, "ImplementationGuide": 1, "SearchParameter": 1 });
    assert_eq!(said["taken"], taken, "{said}");
    assert_eq!(said["absent"], json!(["example.vormen 2.0.0"]));
    assert_eq!(said["skipped"].as_array().unwrap().len(), 2, "{said}");
    assert!(said["skipped"].to_string().contains("frobnicate"), "{said}");
    // Its search parameter covers what was there.
    assert_eq!(found(&world, "Patient?roepnaam=zoe"), [format!("Patient/{}", id("zoe"))]);
    assert_eq!(found(&world, "CodeSystem"), ["CodeSystem/kleur"]);
    // The profiles of Koppeltaal stay, because this package is another one.
    let mut bad = patient("els");
    bad["gender"] = json!("x");
    refused(&world, &[bad], &[]);
    let again = install(&world);
    assert_eq!((&again["changed"], &again["removed"]), (&json!(0), &json!([])), "{again}");
    let rows = world.list(&["audit", "search", "--domain", "zon", "--action", "administration"]);
    assert!(rows.iter().any(|row| row["detail"] == "ig install example.kleuren 1.0.0"));
}

async fn a_newer_version_takes_the_place_of_the_older_one(engine: Engine) {
    let world = filled(engine).await;
    package(
        &world,
        "p.tgz",
        &[
            manifest("1.0.0"),
            code_system("kleur", &["rood"]),
            code_system("vorm", &["rond"]),
            parameter("roepnaam", "Patient.name.given"),
        ],
    );
    install(&world);
    package(&world, "p.tgz", &[manifest("2.0.0"), code_system("kleur", &["rood", "geel"])]);
    let said = install(&world);
    assert_eq!(said["removed"], json!(["CodeSystem/vorm", "SearchParameter/roepnaam"]), "{said}");
    assert_eq!(found(&world, "CodeSystem"), ["CodeSystem/kleur"]);
    let kleur = world.json(&["fhir", "get", "CodeSystem/kleur", "--domain", "zon"]);
    assert_eq!(
        (&kleur["meta"]["versionId"], &kleur["concept"][1]["code"]),
        (&json!("2"), &json!("geel"))
    );
    world.refused(2, &["fhir", "search", "Patient?roepnaam=zoe", "--domain", "zon"]);
    // What went can come again.
    package(&world, "p.tgz", &[manifest("3.0.0"), code_system("vorm", &["vierkant"])]);
    assert_eq!(install(&world)["removed"], json!(["CodeSystem/kleur"]));
    assert_eq!(found(&world, "CodeSystem"), ["CodeSystem/vorm"]);
}

async fn what_is_no_package_is_refused(engine: Engine) {
    let world = empty(engine).await;
    fs::write(world.path().join("p.tgz"), "no archive").unwrap();
    let install = ["ig", "install", "--domain", "zon", "p.tgz"];
    world.refused(2, &install);
    package(&world, "p.tgz", &[file("x.json", &json!({ "resourceType": "Patient", "id": "x" }))]);
    world.refused(2, &install);
    package(&world, "p.tgz", &[manifest("1.0.0")]);
    world.refused(2, &install);
    let r5 = json!({ "name": "a", "version": "1", "fhirVersions": ["5.0.0"] });
    package(&world, "p.tgz", &[file("package.json", &r5), code_system("kleur", &["rood"])]);
    world.refused(2, &install);
    world.refused(3, &["ig", "install", "--domain", "zon", "none.tgz"]);
    world.refused(3, &["ig", "install", "--domain", "maan", "p.tgz"]);
    assert!(found(&world, "CodeSystem").is_empty());
}

/// The JSON files of a folder, as those of a package with this manifest.
fn files_of(folder: &Path, manifest: &Value) -> Vec<(String, Vec<u8>)> {
    let mut files = vec![file("package.json", manifest)];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            files.push((format!("package/{name}"), fs::read(&path).unwrap()));
        }
    }
    files
}

async fn the_official_package_judges_as_the_built_in_definitions_do(engine: Engine) {
    let Some(guide) = std::env::var_os("KOPPELTAAL_IG_DIR").map(PathBuf::from) else {
        // The guide is not part of the project: without it there is nothing to install.
        return;
    };
    let world = filled(engine).await;
    let nictiz = json!({ "name": "nictiz.fhir.nl.r4.nl-core", "version": "0.12.0-beta.4" });
    package(&world, "nl.tgz", &files_of(&guide.join("deps/nictiz"), &nictiz));
    let said = world.json(&["ig", "install", "--domain", "zon", "nl.tgz"]);
    assert_eq!(said["taken"]["StructureDefinition"], 34, "{said}");
    let kt2 = json!({
        "name": "koppeltaalv2.00",
        "version": "0.16.3",
        "dependencies": { "nictiz.fhir.nl.r4.nl-core": "0.12.0-beta.4" },
    });
    package(&world, "p.tgz", &files_of(&guide.join("kt2"), &kt2));
    let said = install(&world);
    assert_eq!(said["skipped"], json!([]), "{said}");
    assert_eq!(said["absent"], json!([]), "{said}");
    assert_eq!(said["taken"]["SearchParameter"], 7, "{said}");
    // What was there is good, and found, by the official definitions too.
    let again = import(&world, &samples::all());
    assert_eq!(again["unchanged"], json!(samples::all().len()), "{again}");
    assert_eq!(found(&world, "Task?status=ready").len(), 5);
    let mut bad = patient("els");
    bad["gender"] = json!("x");
    bad.as_object_mut().unwrap().remove("birthDate");
    let said = refused(&world, &[bad], &[]);
    assert!(said["problems"].to_string().contains("Patient.gender"), "{said}");
    assert!(said["problems"].to_string().contains("birthDate"), "{said}");
}
