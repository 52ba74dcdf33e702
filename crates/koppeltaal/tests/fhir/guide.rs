//! All examples and test resources of the published guide, sent to a server as an
//! application would. They are read from the folder that `KOPPELTAAL_IG_DIR` names,
//! and belong to somebody else.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::client::{Client, path};
use crate::resources::{Ground, ORIGIN, TYPES};
use crate::support::Engine;
use crate::world::World;

on_both_engines!(
    test_resources_behave_as_the_manifest_says,
    examples_are_accepted,
    the_canonicals_of_the_smoke_test_lead_to_one_resource,
);

/// Test resources that behave otherwise than the manifest says, and why that is right.
const EXCEPTIONS: [(&str, &str); 1] = [(
    "CareTeam/CareTeam-invalid-unknown-role-code.json",
    "the binding of a role is extensible, so an unknown code is a warning",
)];

/// Examples that are no resources of Koppeltaal: they name no profile of it.
fn is_of_koppeltaal(resource: &Value) -> bool {
    let profiles = resource["meta"]["profile"].as_array().map_or(&[][..], Vec::as_slice);
    profiles.iter().any(|url| url.as_str().is_some_and(|url| url.contains("koppeltaal.nl")))
}

/// Whether it refers to nobody by identifier only, which Koppeltaal does not use
/// (K003-5).
fn is_literal(resource: &Value) -> bool {
    let mut resource = resource.clone();
    let mut is_literal = true;
    logical(&mut resource, &mut |_, _| is_literal = false);
    is_literal
}

/// The references by identifier only, each with the name of its element.
fn logical(node: &mut Value, each: &mut impl FnMut(&str, &mut Value)) {
    match node {
        Value::Object(members) => {
            for (name, value) in members {
                let is_logical = value.get("identifier").is_some_and(Value::is_object)
                    && value.get("reference").is_none();
                match is_logical {
                    true => each(name, value),
                    false => logical(value, each),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| logical(item, each)),
        _ => {}
    }
}

/// Where the guide is; without it a test says so and ends.
#[expect(clippy::print_stdout, reason = "says why nothing was tested")]
fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("KOPPELTAAL_IG_DIR").map(PathBuf::from);
    if folder.is_none() {
        println!("KOPPELTAAL_IG_DIR names no folder: not tested");
    }
    folder
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Makes what the resources of the guide refer to.
struct Sender {
    client: Client,
    ground: Ground,
    /// What there is instead of a reference of the guide.
    made: HashMap<String, String>,
    /// The other resources of the guide, by the reference to them.
    known: HashMap<String, Value>,
}

impl Sender {
    async fn new(world: &World) -> Self {
        let (client, ground) = (world.client("own").await, Ground::of(world, "own").await);
        Self { client, ground, made: HashMap::new(), known: HashMap::new() }
    }

    /// The resource as an application sends it: its references lead somewhere, and
    /// the origin is the server's.
    async fn ready(&mut self, resource: &Value) -> Value {
        let mut resource = resource.clone();
        if let Some(extensions) = resource["extension"].as_array_mut() {
            extensions.retain(|extension| extension["url"] != ORIGIN);
            if extensions.is_empty() {
                resource.as_object_mut().unwrap().remove("extension");
            }
        }
        if resource.get("extension").is_some_and(Value::is_null) {
            resource.as_object_mut().unwrap().remove("extension");
        }
        let mut wanted = Vec::new();
        references(&mut resource, &mut |reference| wanted.push(reference.clone()));
        for reference in wanted {
            Box::pin(self.make(&reference)).await;
        }
        let made = &self.made;
        references(&mut resource, &mut |reference| {
            let target = target(reference);
            if let Some(found) = made.get(&target) {
                *reference = reference.replacen(&target, found, 1);
            }
        });
        resource
    }

    /// Makes the target of a reference, when it is one into the domain.
    async fn make(&mut self, reference: &str) {
        let target = target(reference);
        let kind = target.split('/').next().unwrap_or_default().to_owned();
        if self.made.contains_key(&target) || !TYPES.contains(&kind.as_str()) {
            return;
        }
        let found = match self.known.get(&target).cloned() {
            Some(resource) if is_of_koppeltaal(&resource) && is_literal(&resource) => {
                self.ready(&resource).await
            }
            _ => self.ground.resource(&kind),
        };
        let kept = path(&self.client.create(&found).await);
        self.made.insert(target, kept);
    }
}

/// Type and id of a reference, without its version.
fn target(reference: &str) -> String {
    reference.split("/_history/").next().unwrap_or_default().to_owned()
}

fn references(node: &mut Value, each: &mut impl FnMut(&mut String)) {
    match node {
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(text) if name == "reference" => each(text),
                    value => references(value, each),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| references(item, each)),
        _ => {}
    }
}

async fn test_resources_behave_as_the_manifest_says(engine: Engine) {
    let Some(folder) = folder() else { return };
    let folder = folder.join("test-resources");
    let world = World::start(engine).await;
    let mut sender = Sender::new(&world).await;
    let mut wrong = Vec::new();
    let manifest = read(&folder.join("test-manifest.json"));
    for test in manifest["tests"].as_array().unwrap() {
        let file = test["file"].as_str().unwrap();
        let is_exception = EXCEPTIONS.iter().any(|(exception, _)| *exception == file);
        let expected = if test["expected"] == "pass" || is_exception { 201 } else { 422 };
        let resource = sender.ready(&read(&folder.join(file))).await;
        let kind = test["resource"].as_str().unwrap();
        let reply = sender.client.post(kind, &resource).await;
        if reply.status != expected {
            wrong.push(format!("{file}: {} {}", reply.status, reply.text()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn examples_are_accepted(engine: Engine) {
    let Some(folder) = folder() else { return };
    let world = World::start(engine).await;
    let mut sender = Sender::new(&world).await;
    let entries = std::fs::read_dir(folder.join("examples")).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in &files {
        let resource = read(file);
        sender.known.insert(path(&resource), resource);
    }
    let (mut wrong, mut count) = (Vec::new(), 0);
    for file in &files {
        let example = read(file);
        let kind = example["resourceType"].as_str().unwrap();
        let resource = sender.ready(&example).await;
        let reply = sender.client.post(kind, &resource).await;
        let expected = if is_of_koppeltaal(&example) && is_literal(&example) { 201 } else { 422 };
        count += usize::from(expected == 201);
        if reply.status != expected {
            wrong.push(format!("{}: {} {}", file.display(), reply.status, reply.text()));
        }
        if is_of_koppeltaal(&example) && expected == 422 {
            // With literal references they are welcome; but for a view that is part of
            // nothing, which the subtask rule refuses.
            let (mut literal, ground) = (resource, sender.ground.clone());
            logical(&mut literal, &mut |name, reference| {
                let target = if name == "for" { &ground.patient } else { &ground.practitioner };
                *reference = serde_json::json!({ "reference": target });
            });
            let reply = sender.client.post(kind, &literal).await;
            count += usize::from(reply.status == 201);
            let is_view = literal["code"]["coding"][0]["code"] == "view";
            if reply.status != if is_view { 422 } else { 201 } {
                wrong.push(format!("{}, literal: {}", file.display(), reply.text()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 46, "{count} examples of Koppeltaal");
}

async fn the_canonicals_of_the_smoke_test_lead_to_one_resource(engine: Engine) {
    let Some(folder) = folder() else { return };
    let world = World::start(engine).await;
    let nobody = world.client("nobody").await;
    let data = read(&folder.join("test-resources/smoke-tests/version-check-data.json"));
    let mut count = 0;
    for resource in data["resources"].as_array().unwrap() {
        let text = |name: &str| resource[name].as_str().unwrap();
        let query = format!("{}?url={}", text("resourceType"), text("canonicalUrl"));
        let total = nobody.search(&query).await["total"].as_u64().unwrap();
        assert!(total <= 1, "{query}");
        count += total;
    }
    assert!(count > 20, "{count} of them are served");
}
