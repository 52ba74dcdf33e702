//! Reads HL7's bundles, keeps what the service needs, and writes the tables.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, ensure};
use koppeltaal_fhir::r4::definition::{
    CORE_STRUCTURE, CodeSystem, Definitions, Expander, SearchParameter, Strength, Structure,
    ValueSet, canonical_url, compact,
};
use koppeltaal_fhir::{Node, json};

use crate::selection::{EXTENSIONS, MOST_CONCEPTS, RESOURCES, VALUE_SETS};

const BUNDLES: &[&str] = &[
    "profiles-types.json",
    "profiles-resources.json",
    "extension-definitions.json",
    "search-parameters.json",
    "valuesets.json",
    "v3-codesystems.json",
    "v2-tables.json",
];

/// Writes the tables out of the package in `package`.
pub fn write(package: &Path) -> anyhow::Result<()> {
    let mut resources = Resources::default();
    for bundle in BUNDLES {
        resources.read(&package.join("dist/fhir/r4").join(bundle))?;
    }
    let structures = structures(&resources)?;
    let (sets, systems) = terminology(&resources, &structures)?;
    let parameters = search_parameters(&resources)?;

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fhir/definitions/r4");
    save(&folder, "structures.txt", &compact::write_structures(&structures))?;
    save(&folder, "terminology.txt", &compact::write_terminology(&sets, &systems))?;
    save(&folder, "search-parameters.txt", &compact::write_search_parameters(&parameters))
}

fn save(folder: &Path, name: &str, text: &str) -> anyhow::Result<()> {
    let path: PathBuf = folder.join(name);
    std::fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))
}

/// The resources of the package by type and URL, so that their order there does not matter.
#[derive(Default)]
struct Resources(BTreeMap<String, BTreeMap<String, Node>>);

impl Resources {
    fn read(&mut self, path: &Path) -> anyhow::Result<()> {
        let bytes =
            std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let bundle = json::parse(&bytes).with_context(|| path.display().to_string())?;
        for entry in bundle.items("entry") {
            let Some(resource) = entry.get("resource") else { continue };
            let url = resource.get("url").and_then(Node::as_str);
            if let (Some(kind), Some(url)) = (resource.resource_type(), url) {
                let of_type = self.0.entry(kind.to_owned()).or_default();
                of_type.entry(url.to_owned()).or_insert_with(|| resource.clone());
            }
        }
        Ok(())
    }

    fn of_type(&self, name: &str) -> impl Iterator<Item = (&String, &Node)> {
        self.0.get(name).into_iter().flatten()
    }

    fn get(&self, kind: &str, url: &str) -> Option<&Node> {
        self.0.get(kind)?.get(url)
    }
}

/// Data types, then resources, then extensions, each sorted by URL.
fn structures(resources: &Resources) -> anyhow::Result<Vec<Structure>> {
    let mut found = Vec::new();
    for (_, resource) in resources.of_type("StructureDefinition") {
        let text = |name: &str| resource.get(name).and_then(Node::as_str).unwrap_or_default();
        let name = text("url").strip_prefix(CORE_STRUCTURE).unwrap_or_default();
        let is_extension = text("type") == "Extension" && text("derivation") == "constraint";
        let group = match text("kind") {
            _ if is_extension => EXTENSIONS.contains(&name).then_some(2),
            "resource" => RESOURCES.contains(&name).then_some(1),
            "primitive-type" | "complex-type" => Some(0),
            _ => None,
        };
        if let Some(group) = group {
            found.push((group, Structure::from_resource(resource)?));
        }
    }
    found.sort_by(|a, b| (a.0, &a.1.url).cmp(&(b.0, &b.1.url)));
    for name in RESOURCES.iter().chain(EXTENSIONS) {
        let url = format!("{CORE_STRUCTURE}{name}");
        ensure!(found.iter().any(|(_, s)| s.url == url), "the package has no {url}");
    }
    Ok(found.into_iter().map(|(_, structure)| structure).collect())
}

/// Value sets that can refuse a code or warn of one, and the code systems that they take in.
fn terminology(
    resources: &Resources,
    structures: &[Structure],
) -> anyhow::Result<(Vec<ValueSet>, Vec<CodeSystem>)> {
    let mut urls: BTreeSet<&str> = VALUE_SETS.iter().copied().collect();
    for element in structures.iter().flat_map(Structure::elements) {
        let Some(binding) = &element.binding else { continue };
        if binding.strength >= Strength::Extensible {
            urls.extend(binding.value_set.as_deref().map(canonical_url));
        }
        // A few of these are on nobody's list, also not on that of the package.
        let max = binding.max_value_set.as_deref().map(canonical_url);
        urls.extend(max.filter(|url| resources.get("ValueSet", url).is_some()));
    }
    let all_systems: Vec<CodeSystem> = resources
        .of_type("CodeSystem")
        .map(|(_, resource)| CodeSystem::from_resource(resource))
        .collect::<Result<_, _>>()?;
    let below = Definitions::default();
    let all_sets = resources.of_type("ValueSet").map(|(_, resource)| resource);
    let mut expander = Expander::new(&below, &all_systems, all_sets);
    let mut sets = Vec::new();
    for url in urls {
        let resource = resources.get("ValueSet", url);
        let resource = resource.ok_or_else(|| anyhow!("the package has no {url}"))?;
        sets.push(expander.expand(resource)?);
    }
    let named: BTreeSet<&str> = sets.iter().flat_map(ValueSet::systems).collect();
    let systems = all_systems
        .iter()
        .filter(|system| named.contains(system.url.as_str()))
        .filter(|system| system.concepts().len() <= MOST_CONCEPTS)
        .cloned()
        .collect();
    Ok((sets, systems))
}

/// Those for the types that are kept and for all resources.
fn search_parameters(resources: &Resources) -> anyhow::Result<Vec<SearchParameter>> {
    let mut found = Vec::new();
    for (_, resource) in resources.of_type("SearchParameter") {
        let parameter = SearchParameter::from_resource(resource)?;
        if parameter.base.iter().any(|base| RESOURCES.contains(&base.as_str())) {
            found.push(parameter);
        }
    }
    Ok(found)
}
