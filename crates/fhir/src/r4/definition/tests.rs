use std::collections::BTreeSet;
use std::sync::Arc;

use super::*;
use crate::{Node, json};

fn core() -> &'static Definitions {
    Definitions::core()
}

fn structure(name: &str) -> &'static Structure {
    core().structure(name).unwrap()
}

fn element<'a>(structure: &'a Structure, id: &str) -> &'a Element {
    structure.element(structure.position(id).unwrap()).unwrap()
}

#[test]
fn the_tables_can_be_read_and_are_not_empty() {
    let read = super::core::read().unwrap();
    assert_eq!(read.structures().count(), 102);
    assert!(read.value_sets().count() > 100 && read.code_systems().count() > 80);
}

#[test]
fn tables_come_out_as_they_went_in() {
    let tables = |name: &str| match name {
        "structures" => include_str!("../../../definitions/r4/structures.txt"),
        "terminology" => include_str!("../../../definitions/r4/terminology.txt"),
        _ => include_str!("../../../definitions/r4/search-parameters.txt"),
    };
    let structures = compact::read_structures(tables("structures")).unwrap();
    assert_eq!(compact::write_structures(&structures), tables("structures"));
    let (sets, systems) = compact::read_terminology(tables("terminology")).unwrap();
    assert_eq!(compact::write_terminology(&sets, &systems), tables("terminology"));
    let parameters = compact::read_search_parameters(tables("search")).unwrap();
    assert_eq!(compact::write_search_parameters(&parameters), tables("search"));
}

#[test]
fn a_table_with_a_broken_line_says_which() {
    let check = |text: &str, expected: &str| {
        let error = compact::read_structures(text).unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    check("# x\nA\t0..x\t-", "Line 2 of the table cannot be read: the cardinality is unknown.");
    check("A", "Line 1 of the table cannot be read: the cardinality is missing.");
    check("A\t0..1\t-\tfoo=1", "Line 1 of the table cannot be read: foo=1 is unknown.");
    check(
        "A\t0..1\t-\tinvariants=a-1",
        "Line 1 of the table cannot be read: invariants=a-1 is unknown.",
    );
}

#[test]
fn what_a_field_may_not_hold_is_escaped() {
    let constraint = Constraint {
        key: "x-1".to_owned(),
        severity: Severity::Warning,
        is_best_practice: true,
        human: "tab\there, line\nend, back\\slash\r".to_owned(),
        expression: Some("a.matches('\\\\d\\t')".to_owned()),
    };
    let root = Element { id: "X".into(), path: "X".into(), ..Element::default() };
    let sliced = Element {
        id: "X.a[x]:one/two".into(),
        path: "X.a[x]".into(),
        slice: Some("one/two".into()),
        min: 1,
        max: Some(1),
        is_list: true,
        types: vec![Type {
            code: "Reference".into(),
            profiles: vec!["http://example.org/a|1.0".into()],
            targets: vec![format!("{CORE_STRUCTURE}Patient"), "urn:oid:1.2".into()],
        }],
        content_reference: Some("#X".into()),
        fixed: Some(Node::from("a\tb\\n")),
        pattern: Some(Node::object().with("system", "urn:x")),
        binding: Some(Binding {
            strength: Strength::Required,
            value_set: None,
            max_value_set: Some("http://example.org/all".into()),
        }),
        slicing: Some(Slicing {
            discriminators: vec![Discriminator {
                kind: DiscriminatorKind::Profile,
                path: "member.resolve()".into(),
            }],
            rules: SlicingRules::Closed,
            is_ordered: true,
        }),
        constraints: vec![Arc::new(constraint)],
        is_modifier: true,
        is_summary: true,
        max_length: Some(9),
        regex: Some("[a-z\\t]=\\S".into()),
        min_value: Some(Node::from(-1)),
        max_value: Some(Node::from("2020-01-01")),
    };
    let mut structure =
        Structure::new("urn:x", Kind::Resource, "X").with_elements(vec![root, sliced]);
    structure.context =
        vec![Context { kind: ContextKind::FhirPath, expression: "a = 'b'".to_owned() }];
    structure.version = Some("1.0".to_owned());
    let table = compact::write_structures(std::slice::from_ref(&structure));
    assert_eq!(compact::read_structures(&table).unwrap(), [structure]);
}

#[test]
fn structures_are_found_by_name_and_by_url_with_or_without_version() {
    for name in [
        "Patient",
        "http://hl7.org/fhir/StructureDefinition/Patient",
        "http://hl7.org/fhir/StructureDefinition/Patient|4.0.1",
    ] {
        assert_eq!(core().structure(name).unwrap().type_name, "Patient", "{name}");
    }
    assert!(core().structure("Observation").is_none() && core().structure("").is_none());
    assert!(core().structure("http://example.org/Patient").is_none());
    let simple = structure("SimpleQuantity");
    assert_eq!(
        (simple.type_name.as_str(), simple.derivation),
        ("Quantity", Derivation::Constraint)
    );
}

#[test]
fn types_without_a_structure_are_known_by_name() {
    for name in ["Patient", "Observation", "PractitionerRole", "DocumentReference"] {
        assert!(core().is_resource_type(name), "{name}");
    }
    assert!(!core().is_resource_type("patient") && !core().is_resource_type("HumanName"));
}

#[test]
fn types_know_what_they_are_built_on() {
    assert!(core().is_a("Age", "Quantity") && core().is_a("Patient", "DomainResource"));
    assert!(core().is_a("Task", "Resource") && core().is_a("positiveInt", "integer"));
    assert!(!core().is_a("Bundle", "DomainResource") && !core().is_a("Quantity", "Age"));
}

#[test]
fn a_patient_has_the_elements_of_the_standard() {
    let patient = structure("Patient");
    assert_eq!(patient.root().unwrap().id, "Patient");
    let names: Vec<&str> = patient.children(0).map(|(_, e)| e.name()).collect();
    assert_eq!(names[..4], ["id", "meta", "implicitRules", "language"]);
    assert_eq!(names.last(), Some(&"link"));
    let gender = element(patient, "Patient.gender");
    assert_eq!((gender.min, gender.max, gender.is_list), (0, Some(1), false));
    let binding = gender.binding.as_ref().unwrap();
    assert_eq!(binding.strength, Strength::Required);
    let genders = core().value_set(binding.value_set.as_ref().unwrap()).unwrap();
    assert_eq!(genders.codes().count(), 4);
    let (contact, _) = patient.child(0, "contact").unwrap();
    assert!(patient.element(contact).unwrap().is_list);
    let (name, _) = patient.child(contact, "name").unwrap();
    assert_eq!(patient.element(name).unwrap().path, "Patient.contact.name");
    assert!(patient.has_children(contact) && !patient.has_children(name));
    assert_eq!(patient.child(0, "name.given"), None);
    assert_eq!(patient.child(9_999, "id"), None);
}

#[test]
fn the_name_of_a_choice_carries_its_type() {
    let patient = structure("Patient");
    let (at, found) = patient.child(0, "deceasedBoolean").unwrap();
    assert_eq!(patient.element(at).unwrap().id, "Patient.deceased[x]");
    assert_eq!(found.unwrap().code, "boolean");
    assert_eq!(patient.child(0, "deceasedDateTime").unwrap().1.unwrap().code, "dateTime");
    for wrong in ["deceased", "deceased[x]", "deceasedString", "deceasedboolean", "deceasedX"] {
        assert_eq!(patient.child(0, wrong), None, "{wrong}");
    }
    let extension = structure("Extension");
    assert_eq!(
        extension.child(0, "valueCodeableConcept").unwrap().1.unwrap().code,
        "CodeableConcept"
    );
    assert_eq!(element(extension, "Extension.value[x]").types.len(), 50);
}

#[test]
fn ids_of_resources_are_ids_and_those_of_elements_strings() {
    assert_eq!(element(structure("Task"), "Task.id").types[0].code, "id");
    assert_eq!(element(structure("HumanName"), "HumanName.id").types[0].code, "string");
    assert_eq!(element(structure("Extension"), "Extension.url").types[0].code, "uri");
}

#[test]
fn every_type_that_an_element_names_is_defined() {
    for structure in core().structures() {
        for element in structure.elements() {
            for code in element.types.iter().map(|t| t.code.as_str()) {
                let is_system = code.starts_with("System.") && structure.kind == Kind::Primitive;
                assert!(is_system || core().structure(code).is_some(), "{}: {code}", element.id);
            }
            let is_typed = !element.types.is_empty() || element.content_reference.is_some();
            assert!(is_typed || !element.id.contains('.'), "{} has no type", element.id);
        }
    }
}

#[test]
fn every_element_but_the_root_hangs_under_another() {
    for structure in core().structures() {
        let mut seen = BTreeSet::from([0]);
        for at in 0..structure.elements().len() {
            seen.extend(structure.children(at).chain(structure.slices(at)).map(|(at, _)| at));
        }
        assert_eq!(seen.len(), structure.elements().len(), "{}", structure.url);
    }
}

#[test]
fn content_references_lead_to_elements() {
    let mut count = 0;
    for structure in core().structures() {
        for (at, element) in structure.elements().iter().enumerate() {
            if let Some(reference) = &element.content_reference {
                let target = structure.element(structure.content(at).unwrap()).unwrap();
                assert_eq!(reference, &format!("#{}", target.id));
                count += 1;
            }
        }
    }
    assert_eq!(count, 9);
    let bundle = structure("Bundle");
    let links = bundle.position("Bundle.entry.link").unwrap();
    assert!(bundle.child(bundle.content(links).unwrap(), "relation").is_some());
}

#[test]
fn primitives_have_the_regular_expressions_of_the_standard() {
    assert_eq!(structure("id").regex(), Some("[A-Za-z0-9\\-\\.]{1,64}"));
    assert_eq!(structure("boolean").regex(), Some("true|false"));
    assert_eq!(structure("Patient").regex(), None);
    let without: BTreeSet<&str> = core()
        .structures()
        .filter(|s| s.kind == Kind::Primitive && s.regex().is_none())
        .map(|s| s.name.as_str())
        .collect();
    // It is a whole document with rules of its own.
    assert_eq!(without, BTreeSet::from(["xhtml"]));
}

#[test]
fn bindings_that_can_refuse_lead_to_value_sets() {
    for element in core().structures().flat_map(Structure::elements) {
        let Some(binding) = &element.binding else { continue };
        if binding.strength >= Strength::Extensible {
            let url = binding.value_set.as_deref().unwrap();
            let set = core().value_set(url).unwrap_or_else(|| panic!("{}: {url}", element.id));
            assert!(!set.is_open(), "{url} rests on a value set that is not there");
            let is_empty = set.codes().next().is_none() && set.open_systems().next().is_none();
            assert!(!is_empty, "{url} has no codes");
        }
    }
}

#[test]
fn value_sets_tell_in_from_out_and_from_unknown() {
    let gender = "http://hl7.org/fhir/administrative-gender";
    let set = core().value_set("http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1").unwrap();
    assert_eq!(set.contains(Some(gender), "male"), Membership::In);
    assert_eq!(set.contains(None, "male"), Membership::In);
    assert_eq!(set.contains(Some(gender), "Male"), Membership::Out);
    assert_eq!(set.contains(Some("urn:other"), "male"), Membership::Out);
    let types = core().value_set("http://hl7.org/fhir/ValueSet/mimetypes").unwrap();
    assert_eq!(types.contains(None, "application/fhir+json"), Membership::Unknown);
    assert_eq!(types.contains(Some(gender), "male"), Membership::Out);
    assert!(!types.is_enumerated());
}

#[test]
fn code_systems_give_the_words_and_the_broader_concepts() {
    let roles = "http://terminology.hl7.org/CodeSystem/v3-RoleCode";
    let system = core().code_system(roles).unwrap();
    assert_eq!(system.display("MTH"), Some("mother"));
    assert_eq!(&*system.concept("MTH").unwrap().parents[0], "PRN");
    assert_eq!(system.contains("mth"), Membership::Out);
    assert_eq!(system.contains("nobody"), Membership::Out);
}

#[test]
fn search_parameters_come_with_those_of_all_resources() {
    let codes: Vec<&str> = core().search_parameters("Task").map(|p| p.code.as_str()).collect();
    for code in ["owner", "status", "patient", "identifier", "_id", "_lastUpdated", "_tag", "_text"]
    {
        assert!(codes.contains(&code), "{code}");
    }
    assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len());
    assert!(core().search_parameter("Bundle", "_text").is_none());
    assert!(core().search_parameter("Bundle", "_id").is_some());
    assert!(core().search_parameter("Observation", "_id").is_some());
    assert!(core().search_parameter("Patient", "owner").is_none());
}

#[test]
fn composites_name_parameters_that_exist() {
    let parameter = core().search_parameter("ActivityDefinition", "context-type-value").unwrap();
    assert_eq!((parameter.kind, parameter.components.len()), (SearchKind::Composite, 2));
    for component in &parameter.components {
        assert!(core().search_parameter_by_url(&component.definition).is_some());
    }
}

#[test]
fn an_expression_is_cut_down_to_what_a_type_can_give() {
    let check = |resource_type: &str, code: &str, expected: &str| {
        let parameter = core().search_parameter(resource_type, code).unwrap();
        assert_eq!(parameter.expression_for(resource_type).as_deref(), Some(expected), "{code}");
    };
    check("Patient", "birthdate", "Patient.birthDate");
    check("Patient", "email", "Patient.telecom.where(system='email')");
    check("Patient", "_lastUpdated", "Resource.meta.lastUpdated");
    check("Task", "patient", "Task.for.where(resolve() is Patient)");
    check("CareTeam", "date", "CareTeam.period");
    let mut own = SearchParameter::new("urn:x", "x", SearchKind::Token);
    own.expression = Some("(Task.a | Task.b.where(c = 'a|)\\'|b')) | Patient.d | e".to_owned());
    assert_eq!(
        own.expression_for("Task").as_deref(),
        Some("(Task.a | Task.b.where(c = 'a|)\\'|b')) | e")
    );
    assert_eq!(own.expression_for("Device").as_deref(), Some("e"));
    own.expression = Some("Patient.d".to_owned());
    assert_eq!(own.expression_for("Task"), None);
}

#[test]
fn an_overlay_replaces_by_url_and_leaves_the_rest() {
    let resources: Vec<Node> = [
        r#"{"resourceType":"CodeSystem","url":"urn:animals","content":"complete","concept":[
            {"code":"cat","concept":[{"code":"lion"},{"code":"tiger"}]},{"code":"dog"}]}"#,
        r#"{"resourceType":"ValueSet","url":"urn:cats","compose":{"include":[{"system":"urn:animals",
            "filter":[{"property":"concept","op":"descendent-of","value":"cat"}]}],
            "exclude":[{"system":"urn:animals","concept":[{"code":"lion"}]}]}}"#,
        r#"{"resourceType":"ValueSet","url":"urn:more","compose":{"include":[{"valueSet":["urn:cats"]},
            {"system":"http://snomed.info/sct","filter":[{"property":"concept","op":"is-a","value":"1"}]},
            {"system":"http://hl7.org/fhir/administrative-gender"}]}}"#,
        r#"{"resourceType":"ValueSet","url":"urn:lost","compose":{"include":[{"valueSet":["urn:gone"]}]}}"#,
        r#"{"resourceType":"ValueSet","url":"urn:ring","compose":{"include":[{"valueSet":["urn:ring"]}]}}"#,
        r#"{"resourceType":"SearchParameter","url":"http://hl7.org/fhir/SearchParameter/Task-owner",
            "code":"holder","type":"reference","base":["Task"],"expression":"Task.owner"}"#,
        r#"{"resourceType":"StructureDefinition","url":"http://hl7.org/fhir/StructureDefinition/Task",
            "kind":"resource","type":"Task","snapshot":{"element":[{"path":"Task"},{"path":"Task.x",
            "max":"1","base":{"path":"Task.x","min":0,"max":"*"},"type":[{"code":"string"}]}]}}"#,
        r#"{"resourceType":"Patient"}"#,
    ]
    .iter()
    .map(|text| json::parse(text.as_bytes()).unwrap())
    .collect();
    let all = core().with(Overlay::from_resources(&resources, core()).unwrap());

    let codes = |url: &str| all.value_set(url).unwrap().codes().map(|(_, c)| c).collect::<Vec<_>>();
    assert_eq!(codes("urn:cats"), ["tiger"]);
    assert_eq!(codes("urn:more"), ["female", "male", "other", "unknown", "tiger"]);
    let more = all.value_set("urn:more").unwrap();
    assert_eq!(more.contains(Some("http://snomed.info/sct"), "2"), Membership::Unknown);
    assert_eq!(more.contains(Some("urn:animals"), "lion"), Membership::Out);
    for open in ["urn:lost", "urn:ring"] {
        let set = all.value_set(open).unwrap();
        assert_eq!(set.contains(Some("urn:any"), "x"), Membership::Unknown, "{open}");
    }
    assert!(all.search_parameter("Task", "owner").is_none());
    assert!(all.search_parameter("Task", "holder").is_some());
    let task = all.structure("Task").unwrap();
    assert_eq!(task.elements().len(), 2);
    assert!(element(task, "Task.x").is_list);
    assert!(structure("Task").elements().len() > 50, "the core itself stays");
    assert!(all.structure("Patient").is_some());
}

#[test]
fn a_definition_that_defines_nothing_is_refused_by_name() {
    let check = |text: &str, expected: &str| {
        let resource = json::parse(text.as_bytes()).unwrap();
        let error = Overlay::from_resources(&[resource], core()).unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    check(r#"{"resourceType":"CodeSystem"}"#, "CodeSystem has no usable url.");
    check(r#"{"resourceType":"ValueSet","url":""}"#, "ValueSet has no usable url.");
    check(
        r#"{"resourceType":"StructureDefinition","url":"urn:a","kind":"resource","type":"Task"}"#,
        "urn:a has no usable snapshot.element.",
    );
    check(
        r#"{"resourceType":"SearchParameter","url":"urn:a","code":"a","type":"colour"}"#,
        "urn:a has no usable type.",
    );
}

#[test]
fn slices_hang_under_what_they_slice() {
    let named = |id: &str, path: &str, slice: Option<&str>| Element {
        id: id.to_owned(),
        path: path.to_owned(),
        slice: slice.map(str::to_owned),
        ..Element::default()
    };
    let patient = Structure::new("urn:p", Kind::Resource, "Patient").with_elements(vec![
        named("Patient", "Patient", None),
        named("Patient.name", "Patient.name", None),
        named("Patient.name.given", "Patient.name.given", None),
        named("Patient.name:a", "Patient.name", Some("a")),
        named("Patient.name:a.given", "Patient.name.given", None),
        named("Patient.name:a/b", "Patient.name", Some("a/b")),
        named("Patient.gender", "Patient.gender", None),
    ]);
    let ids = |elements: Vec<(usize, &Element)>| -> Vec<String> {
        elements.into_iter().map(|(_, e)| e.id.clone()).collect()
    };
    assert_eq!(ids(patient.children(0).collect()), ["Patient.name", "Patient.gender"]);
    assert_eq!(ids(patient.slices(1).collect()), ["Patient.name:a"]);
    assert_eq!(ids(patient.slices(3).collect()), ["Patient.name:a/b"]);
    assert_eq!(patient.child(3, "given").map(|(at, _)| at), Some(4));
}
