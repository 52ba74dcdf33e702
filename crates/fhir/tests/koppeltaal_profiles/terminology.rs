//! Value sets, code systems and the naming system.

use koppeltaal_fhir::r4::definition::Membership;
use koppeltaal_fhir::r4::profile::{koppeltaal, naming_systems};

#[test]
fn value_sets_know_their_codes() {
    let vzvz = "http://vzvz.nl/fhir";
    let decor = "http://decor.nictiz.nl/fhir/ValueSet/2.16.840.1.113883.2.4.3.11.60.40.2";
    for (set, count, system, code) in [
        (
            format!("{vzvz}/ValueSet/koppeltaal-task-code"),
            8,
            "http://vzvz.nl/fhir/CodeSystem/koppeltaal-task-code",
            "view",
        ),
        (
            format!("{vzvz}/ValueSet/koppeltaal-definition-topic"),
            5,
            "http://vzvz.nl/fhir/CodeSystem/koppeltaal-definition-topic",
            "self-treatment",
        ),
        (
            format!("{vzvz}/ValueSet/koppeltaal-use-context-type"),
            10,
            "http://terminology.hl7.org/CodeSystem/usage-context-type",
            "venue",
        ),
        (
            format!("{vzvz}/ValueSet/koppeltaal-expansion"),
            1,
            "http://vzvz.nl/fhir/CodeSystem/koppeltaal-expansion",
            "026-RolvdNaaste",
        ),
        (
            format!("{vzvz}/ValueSet/endpoint-connection-type"),
            15,
            "http://vzvz.nl/fhir/CodeSystem/koppeltaal-endpoint-connection-type",
            "hti-smart-on-fhir",
        ),
        (
            format!("{vzvz}/ValueSet/koppeltaal-practitioner-role"),
            11,
            "http://snomed.info/sct",
            "405623001",
        ),
        (
            format!("{vzvz}/ValueSet/koppeltaal-relatedperson-role"),
            4,
            "http://snomed.info/sct",
            "62071000",
        ),
        (
            "http://koppeltaal.nl/fhir/ValueSet/audit-event-type".to_owned(),
            5,
            "http://dicom.nema.org/resources/ontology/DCM",
            "110114",
        ),
        (
            format!("{decor}.3.1.2--20200901000000"),
            20,
            "urn:oid:2.16.840.1.113883.2.4.3.11.22.472",
            "24",
        ),
        (
            format!("{decor}.3.1.1--20200901000000"),
            35,
            "http://terminology.hl7.org/CodeSystem/v3-RoleCode",
            "WIFE",
        ),
        (
            format!("{decor}.17.2.3--20200901000000"),
            29,
            "http://nictiz.nl/fhir/NamingSystem/organization-type",
            "G5",
        ),
    ] {
        let found = koppeltaal().value_set(&set).unwrap_or_else(|| panic!("there is no {set}"));
        assert_eq!(found.codes().count(), count, "{set}");
        assert!(found.is_enumerated(), "{set}");
        assert_eq!(found.contains(Some(system), code), Membership::In, "{set}");
        assert_eq!(found.contains(Some(system), "no-such-code"), Membership::Out, "{set}");
    }
}

#[test]
fn the_two_roles_whose_display_is_checked_have_it() {
    let system = koppeltaal().code_system("urn:oid:2.16.840.1.113883.2.4.3.11.22.472");
    let display = |code| system.and_then(|system| system.display(code));
    assert_eq!(display("23"), Some("Contactpersoon"));
    assert_eq!(display("24"), Some("Wettelijke vertegenwoordiger"));
    assert_eq!(system.map(|system| system.concepts().len()), Some(16));
}

#[test]
fn the_client_id_is_a_naming_system() {
    let ids = naming_systems().map(|systems| systems.into_iter().map(|s| s.unique_id).collect());
    assert_eq!(ids, Ok(vec!["http://vzvz.nl/fhir/NamingSystem/koppeltaal-client-id".to_owned()]));
}
