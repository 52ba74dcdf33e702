//! A FHIR package out of its files. One definition that cannot be used does not spoil the others:
//! it is told with its reason.

use super::choose::Taken;
use super::{Package, Reason, Skipped, manifest};
use crate::json;
use crate::node::Node;
use crate::r4::definition::{DefinitionError, Definitions, Ids, Overlay};

/// Reads the files of an npm FHIR package, or of a folder with its resources: names as they are in
/// the archive, `package/package.json`, and contents. Value sets are counted out with the code
/// systems of the package and those of `below`. Without a `package.json` the ImplementationGuide
/// says what the package is called.
///
/// Fails when neither does, and when the package is for another version of FHIR than R4.
pub fn read_package<Name, Bytes>(
    files: impl IntoIterator<Item = (Name, Bytes)>,
    below: &Definitions,
) -> Result<Package, DefinitionError>
where
    Name: AsRef<str>,
    Bytes: AsRef<[u8]>,
{
    let mut package = Package::default();
    let mut found_manifest = None;
    let mut taken = Taken::default();
    for (file, bytes) in files {
        let file = file.as_ref();
        match resource_of(file, bytes.as_ref()) {
            Ok(None) => {}
            Ok(Some(node)) if inside(file) == "package.json" => {
                found_manifest = Some(manifest::read(&node)?);
            }
            Ok(Some(node)) => match taken.take(&node, below) {
                Ok(()) => package.resources.push(node),
                Err(reason) => package.skip(file, reason),
            },
            Err(reason) => package.skip(file, reason),
        }
    }
    let guide = package.resources.iter().find(|r| r.resource_type() == Some("ImplementationGuide"));
    let manifest = match found_manifest {
        Some(manifest) => manifest,
        None => manifest::of_guide(guide)?,
    };
    package.name = manifest.name;
    package.version = manifest.version;
    package.dependencies = manifest.dependencies;
    package.overlay = Overlay::from_resources(&package.resources, below)?;
    give_ids(&mut package.resources);
    Ok(package)
}

impl Package {
    fn skip(&mut self, file: &str, reason: Reason) {
        self.skipped.push(Skipped { file: file.to_owned(), reason });
    }
}

/// The name below the main folder of the package.
fn inside(file: &str) -> &str {
    let file = file.strip_prefix("./").unwrap_or(file);
    file.strip_prefix("package/").unwrap_or(file)
}

/// What a file holds; `None` for those that belong to the packaging and need no word.
fn resource_of(file: &str, bytes: &[u8]) -> Result<Option<Node>, Reason> {
    let name = inside(file);
    if name.is_empty() || name.ends_with('/') || name == ".index.json" || name == ".index.db" {
        return Ok(None);
    }
    if name.contains('/') {
        return Err(Reason::InFolder);
    }
    if !name.ends_with(".json") {
        return Err(Reason::NotJson);
    }
    json::parse(bytes).map(Some).map_err(Reason::Unreadable)
}

/// Gives each resource an id that is unique in its type: its own, or one out of its URL.
fn give_ids(resources: &mut [Node]) {
    let mut ids = Ids::default();
    let mut without = Vec::new();
    for (at, resource) in resources.iter().enumerate() {
        let type_name = resource.resource_type().unwrap_or_default();
        let own = resource.get("id").and_then(Node::as_str);
        if !own.is_some_and(|id| ids.keep(type_name, id)) {
            without.push(at);
        }
    }
    for at in without {
        let Some(resource) = resources.get_mut(at) else { continue };
        let text = |name: &str| resource.get(name).and_then(Node::as_str).unwrap_or_default();
        let url = match text("url") {
            "" => text("name"),
            url => url,
        };
        let id = ids.give(text("resourceType"), url);
        let Some(members) = resource.as_object_mut() else { continue };
        members.remove("id");
        let after = members.iter().take_while(|(name, _)| *name != "resourceType").count() + 1;
        members.0.insert(after.min(members.len()), ("id".to_owned(), Node::String(id)));
    }
}
