//! Single definitions as resources.

use koppeltaal_fhir::r4::definition::{
    CodeSystem, Concept, Definitions, Ids, Overlay, SearchParameter, Structure, ValueSet,
};
use koppeltaal_fhir::r4::validate::{Compiled, Options, validate};
use koppeltaal_fhir::{Node, json};

use crate::text;

fn core() -> &'static Definitions {
    Definitions::core()
}

/// The element with this id.
fn element(resource: &Node, id: &str) -> Node {
    let snapshot = resource.get("snapshot").unwrap().items("element");
    snapshot.iter().find(|element| text(element, "id") == id).unwrap().clone()
}

#[test]
fn every_structure_of_r4_reads_back_as_itself() {
    for structure in core().structures() {
        let resource = structure.to_resource("x", core());
        let read = Structure::from_resource(&resource).unwrap();
        for (read, own) in read.elements().iter().zip(structure.elements()) {
            assert_eq!(read, own, "{}", structure.url);
        }
        assert_eq!(&read, structure);
    }
}

#[test]
fn every_code_system_and_search_parameter_of_r4_reads_back_as_itself() {
    for system in core().code_systems() {
        let read = CodeSystem::from_resource(&system.to_resource("x")).unwrap();
        assert_eq!(&read, system);
    }
    for name in ["Patient", "Task", "ActivityDefinition", "AuditEvent", "SearchParameter"] {
        for parameter in core().search_parameters(name) {
            let read = SearchParameter::from_resource(&parameter.to_resource("x")).unwrap();
            assert_eq!(&read, parameter);
        }
    }
}

#[test]
fn elements_say_where_they_were_defined_first() {
    let patient = core().structure("Patient").unwrap().to_resource("Patient", core());
    for (id, path, max) in [
        ("Patient", "Patient", "*"),
        ("Patient.id", "Resource.id", "1"),
        ("Patient.language", "Resource.language", "1"),
        ("Patient.text", "DomainResource.text", "1"),
        ("Patient.extension", "DomainResource.extension", "*"),
        ("Patient.name", "Patient.name", "*"),
        ("Patient.deceased[x]", "Patient.deceased[x]", "1"),
        ("Patient.contact.id", "Element.id", "1"),
        ("Patient.contact.extension", "Element.extension", "*"),
        ("Patient.contact.modifierExtension", "BackboneElement.modifierExtension", "*"),
        ("Patient.contact.name", "Patient.contact.name", "1"),
    ] {
        let element = element(&patient, id);
        let base = element.get("base").unwrap();
        assert_eq!((text(base, "path"), text(base, "max")), (path, max), "{id}");
    }
    let profile = koppeltaal_fhir::r4::profile::koppeltaal();
    let kt2 = profile
        .structure("http://koppeltaal.nl/fhir/StructureDefinition/KT2Patient")
        .unwrap()
        .to_resource("KT2Patient", profile);
    for (id, path) in [
        ("Patient.name:nameInformation.given", "HumanName.given"),
        ("Patient.identifier:bsn", "Patient.identifier"),
        ("Patient.gender.extension:genderCodelist.url", "Extension.url"),
    ] {
        assert_eq!(text(element(&kt2, id).get("base").unwrap(), "path"), path, "{id}");
    }
}

#[test]
fn ids_of_elements_have_the_type_that_r4_writes() {
    let patient = core().structure("Patient").unwrap().to_resource("Patient", core());
    let id = element(&patient, "Patient.contact.id");
    let of = &id.items("type")[0];
    assert_eq!(text(of, "code"), "http://hl7.org/fhirpath/System.String");
    assert_eq!(text(&of.items("extension")[0], "valueUrl"), "string");
    assert_eq!(id.items("representation"), [Node::from("xmlAttr")]);
    assert!(element(&patient, "Patient.id").get("representation").is_none());
}

#[test]
fn members_of_an_element_stand_in_the_order_of_r4() {
    let definition = core().structure("ElementDefinition").unwrap();
    let order: Vec<&str> = definition.children(0).map(|(_, child)| child.name()).collect();
    let structures = core().structures().map(|structure| structure.to_resource("x", core()));
    for resource in structures {
        for element in resource.get("snapshot").unwrap().items("element") {
            let places: Vec<usize> = element
                .as_object()
                .unwrap()
                .iter()
                .map(|(name, _)| {
                    let (at, _) = definition.child(0, name).unwrap();
                    let name = definition.element(at).unwrap().name();
                    order.iter().position(|own| *own == name).unwrap()
                })
                .collect();
            assert!(places.is_sorted(), "{}", json::render(element));
        }
    }
}

#[test]
fn value_sets_that_cannot_be_counted_out_stay_so() {
    let mut mixed = ValueSet::new("http://example.org/ValueSet/mixed");
    mixed.insert("http://hl7.org/fhir/administrative-gender", "male");
    mixed.insert("http://hl7.org/fhir/administrative-gender", "female");
    mixed.open_system("http://snomed.info/sct");
    let mut open = ValueSet::new("http://example.org/ValueSet/open");
    open.open();
    let empty = ValueSet::new("http://example.org/ValueSet/empty");
    let overlay = Overlay { value_sets: vec![mixed, open, empty], ..Overlay::default() };
    let resources = overlay.to_resources(core(), &mut Ids::default());
    assert_eq!(Overlay::from_resources(&resources, core()), Ok(overlay));
    let compiled = Compiled::new(core().clone());
    for resource in &resources {
        let report = validate(resource, &Options::new(&compiled));
        assert!(report.is_valid(), "{:#?}", report.issues);
    }
    let include = &resources[0].get("compose").unwrap().items("include")[0];
    assert_eq!(text(&include.items("concept")[1], "display"), "Male");
}

#[test]
fn broader_concepts_and_fragments_of_code_systems_are_kept() {
    let mut system = CodeSystem::new("http://example.org/CodeSystem/tree");
    system.is_complete = false;
    system.is_case_sensitive = false;
    for (code, parents) in [("a", vec![]), ("b", vec!["a"]), ("c", vec!["a", "b"])] {
        let parents = parents.into_iter().map(Box::from).collect();
        system.push(Concept { code: code.into(), display: Some("x".into()), parents });
    }
    let resource = system.to_resource("tree");
    assert_eq!(text(&resource, "content"), "fragment");
    assert_eq!(CodeSystem::from_resource(&resource), Ok(system));
    let report = validate(&resource, &Options::new(&Compiled::new(core().clone())));
    assert!(report.is_valid(), "{:#?}", report.issues);
}
