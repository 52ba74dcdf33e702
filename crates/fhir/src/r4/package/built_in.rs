//! The Koppeltaal definitions that are part of the program, as a package. They say in our own form
//! what the implementation guide says; the guide itself is none of the program.

use std::sync::OnceLock;

use super::Package;
use super::naming_system::naming_system;
use crate::node::Node;
use crate::object;
use crate::r4::definition::{Definitions, Ids};
use crate::r4::profile::{self, naming_systems};

/// The canonical URL under which clients ask for the guide.
pub const KOPPELTAAL_GUIDE: &str = "http://koppeltaal.nl/fhir/ImplementationGuide";
/// The guide that the built-in definitions follow.
const VERSION: &str = "0.16.3";
const PACKAGE_ID: &str = "koppeltaalv2.00";

/// The built-in definitions of Koppeltaal and their resources. Made once, on first use.
pub fn koppeltaal() -> &'static Package {
    static KOPPELTAAL: OnceLock<Package> = OnceLock::new();
    KOPPELTAAL.get_or_init(|| {
        // The files are part of the program and a test reads them, so this cannot fail.
        let overlay = profile::koppeltaal_overlay(Definitions::core()).unwrap_or_default();
        let mut ids = Ids::default();
        let mut resources = overlay.to_resources(profile::koppeltaal(), &mut ids);
        for system in naming_systems().unwrap_or_default() {
            let id = ids.give("NamingSystem", &system.unique_id);
            resources.push(naming_system(&system, &id));
        }
        resources.push(guide(&resources));
        let (name, version) = (PACKAGE_ID.to_owned(), VERSION.to_owned());
        Package { name, version, overlay, resources, ..Package::default() }
    })
}

/// The resources of [`koppeltaal`]: StructureDefinitions, ValueSets, CodeSystems,
/// SearchParameters, NamingSystems, and last the ImplementationGuide that lists them.
pub fn koppeltaal_conformance() -> &'static [Node] {
    &koppeltaal().resources
}

fn guide(listed: &[Node]) -> Node {
    let listed = listed.iter().filter_map(|resource| {
        let text = |name: &str| resource.get(name)?.as_str();
        let reference = format!("{}/{}", resource.resource_type()?, text("id")?);
        let reference = object! { "reference" => reference };
        Some(object! {
            "reference" => reference,
            "name" => text("name")?,
            "exampleBoolean" => false,
        })
    });
    object! {
        "resourceType" => "ImplementationGuide",
        "id" => PACKAGE_ID,
        "url" => KOPPELTAAL_GUIDE,
        "version" => VERSION,
        "name" => "KoppeltaalIG",
        "status" => "active",
        "description" => "The definitions of Koppeltaal 2.0 by which this server judges resources.",
        "packageId" => PACKAGE_ID,
        "fhirVersion" => [Node::from("4.0.1")],
        "definition" => object! { "resource" => listed.collect::<Vec<_>>() },
    }
}
