//! `package.json`: what a package is called and what it is built on (HL7 FHIR package
//! specification, "The Package Manifest").

use crate::node::Node;
use crate::r4::definition::DefinitionError;

/// What the manifest says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    pub name: String,
    pub version: String,
    pub dependencies: Vec<(String, String)>,
}

/// The beginning of the versions of FHIR that are understood here.
pub const FHIR: &str = "4.0";

const FILE: &str = "package.json";

/// Reads the manifest. Fails without a name or a version, and for another version of FHIR.
pub fn read(node: &Node) -> Result<Manifest, DefinitionError> {
    let missing =
        |element: &'static str| DefinitionError::Missing { resource: FILE.to_owned(), element };
    let required = |name: &'static str| {
        let value = node.get(name).and_then(Node::as_str).filter(|text| !text.is_empty());
        value.map(str::to_owned).ok_or_else(|| missing(name))
    };
    let is_fhir = |version: &Node| version.as_str().is_some_and(|v| v.starts_with(FHIR));
    // Older packages say `fhir-version-list`; some say nothing.
    for list in ["fhirVersions", "fhir-version-list"] {
        let versions = node.items(list);
        if !versions.is_empty() && !versions.iter().any(is_fhir) {
            return Err(missing(list));
        }
    }
    let dependencies = node.get("dependencies").and_then(Node::as_object);
    let dependencies = dependencies.into_iter().flat_map(|members| members.iter());
    Ok(Manifest {
        name: required("name")?,
        version: required("version")?,
        dependencies: dependencies
            .filter_map(|(name, version)| Some((name.to_owned(), version.as_str()?.to_owned())))
            .collect(),
    })
}

/// The manifest of a guide that came without one.
pub fn of_guide(guide: Option<&Node>) -> Result<Manifest, DefinitionError> {
    let missing = || DefinitionError::Missing { resource: FILE.to_owned(), element: "name" };
    let text = |node: &Node, name: &str| Some(node.get(name)?.as_str()?.to_owned());
    let guide = guide.ok_or_else(missing)?;
    let depends = guide.items("dependsOn").iter();
    Ok(Manifest {
        name: text(guide, "packageId").ok_or_else(missing)?,
        version: text(guide, "version").ok_or_else(missing)?,
        dependencies: depends
            .filter_map(|node| {
                Some((text(node, "packageId")?, text(node, "version").unwrap_or_default()))
            })
            .collect(),
    })
}
