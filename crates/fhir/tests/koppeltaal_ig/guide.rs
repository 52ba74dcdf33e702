//! The resources of the compiled guide.

use std::path::PathBuf;
use std::sync::OnceLock;

use koppeltaal_fhir::r4::definition::{Definitions, Overlay};
use koppeltaal_fhir::{Node, json};

/// The resources of a folder of the guide, or nothing after saying so.
pub fn resources(folder: &str) -> Option<Vec<Node>> {
    let Ok(guide) = std::env::var("KOPPELTAAL_IG_DIR") else {
        println!("KOPPELTAAL_IG_DIR is not set: nothing is compared.");
        return None;
    };
    let mut paths: Vec<PathBuf> = std::fs::read_dir(PathBuf::from(guide).join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    paths.sort();
    Some(paths.iter().map(|path| json::parse(&std::fs::read(path).unwrap()).unwrap()).collect())
}

pub fn of_type<'a>(resources: &'a [Node], name: &'a str) -> impl Iterator<Item = &'a Node> {
    resources.iter().filter(move |resource| resource.resource_type() == Some(name))
}

/// R4 with the guide and the Dutch packages on top, as they are published.
pub fn guide() -> Option<&'static Definitions> {
    static GUIDE: OnceLock<Option<Definitions>> = OnceLock::new();
    GUIDE
        .get_or_init(|| {
            let (mut all, guide) = (resources("deps/nictiz")?, resources("kt2")?);
            all.extend(guide);
            let core = Definitions::core();
            Some(core.with(Overlay::from_resources(&all, core).unwrap()))
        })
        .as_ref()
}
