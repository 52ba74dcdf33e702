//! CareTeam, Organization, Device, Endpoint, and the extensions of all.

use koppeltaal_fhir::r4::definition::Strength;

use crate::look::{
    KT2, binding, cardinality, check_absent, check_cardinalities, check_identifiers, element,
    fixed, slices, slicing, structure, targets, type_profile,
};

#[test]
fn every_profile_lets_the_origin_and_other_extensions_in() {
    for profile in [
        "KT2Patient",
        "KT2Practitioner",
        "KT2RelatedPerson",
        "KT2CareTeam",
        "KT2Organization",
        "KT2Device",
        "KT2Endpoint",
        "KT2ActivityDefinition",
        "KT2Task",
        "KT2AuditEvent",
        "KT2Subscription",
    ] {
        assert_eq!(slicing(profile, "extension"), "open value@url");
        assert_eq!(cardinality(profile, "extension:resource-origin"), "0..1");
        let url = type_profile(profile, "extension:resource-origin");
        assert_eq!(url, format!("{KT2}resource-origin"));
    }
}

#[test]
fn a_care_team_has_members_of_two_types() {
    let team = "KT2CareTeam";
    check_cardinalities(
        team,
        "identifier 1..*, status 1..1, subject 1..1, name 0..1, period 0..1,
         managingOrganization 0..1, participant 0..*, participant:kt2contactperson 0..*,
         participant:kt2healthcareProfessional 0..*",
    );
    assert_eq!(targets(team, "subject"), ["KT2Patient"]);
    assert_eq!(targets(team, "managingOrganization"), ["KT2Organization"]);
    assert_eq!(slicing(team, "participant"), "open profile@member.resolve()");
    let order = [
        "kt2contactperson",
        "kt2healthcareProfessional",
        "contactPerson",
        "patient",
        "healthcareProfessional",
    ];
    assert_eq!(slices(team, "participant"), order);
    for (slice, target, set) in [
        ("kt2contactperson", "KT2RelatedPerson", "koppeltaal-relatedperson-role"),
        ("kt2healthcareProfessional", "KT2Practitioner", "koppeltaal-practitioner-role"),
    ] {
        assert_eq!(targets(team, &format!("participant:{slice}.member")), [target]);
        let url = format!("http://vzvz.nl/fhir/ValueSet/{set}");
        let role = binding(team, &format!("participant:{slice}.role"));
        assert_eq!(role, (Strength::Extensible, &*url));
    }
    for (slice, target) in [
        ("contactPerson", "RelatedPerson"),
        ("patient", "Patient"),
        ("healthcareProfessional", "PractitionerRole"),
    ] {
        check_absent(team, &format!("participant:{slice}"));
        assert_eq!(targets(team, &format!("participant:{slice}.member")), [target]);
    }
    let participant = element(team, "participant");
    assert!(participant.constraints.iter().any(|constraint| constraint.key == "ctm-1"));
    check_absent(team, "category encounter reasonCode reasonReference telecom note");
}

#[test]
fn an_organization_has_a_type_of_two_lists() {
    let organization = "KT2Organization";
    check_cardinalities(
        organization,
        "identifier 1..*, active 1..1, name 0..1, type 0..*, type:departmentSpecialty 0..1,
         type:organizationType 0..1",
    );
    check_identifiers(organization, &[("ura", "ura"), ("agb", "agb-z")]);
    assert_eq!(slicing(organization, "type"), "open value@$this");
    assert_eq!(binding(organization, "type:organizationType").0, Strength::Required);
    assert_eq!(binding(organization, "type:departmentSpecialty").0, Strength::Required);
    assert_eq!(targets(organization, "partOf"), ["KT2Organization"]);
    assert!(element(organization, ".").constraints.iter().any(|c| c.key == "org-1"));
    check_absent(organization, "alias telecom address contact endpoint");
}

#[test]
fn every_identifier_of_a_device_is_a_client_id() {
    let device = "KT2Device";
    check_cardinalities(
        device,
        "identifier 1..*, identifier.system 0..1, status 1..1, deviceName 1..*,
         deviceName.name 1..1, type 0..1, owner 0..1",
    );
    let system = r#""http://vzvz.nl/fhir/NamingSystem/koppeltaal-client-id""#;
    assert_eq!(fixed(device, "identifier.system"), system);
    assert!(element(device, "identifier").slicing.is_none());
    assert_eq!(fixed(device, "deviceName.type"), r#""user-friendly-name""#);
    assert_eq!(targets(device, "owner"), ["KT2Organization"]);
    check_absent(
        device,
        "definition udiCarrier statusReason distinctIdentifier manufacturer manufactureDate
         expirationDate lotNumber serialNumber modelNumber partNumber specialization version
         property patient contact location url note safety parent",
    );
}

#[test]
fn an_endpoint_has_one_connection_and_payload_type() {
    let endpoint = "KT2Endpoint";
    check_cardinalities(
        endpoint,
        "status 1..1, connectionType 1..1, payloadType 1..*, address 1..1, name 0..1,
         header 0..*, identifier 0..*, managingOrganization 0..1",
    );
    let connection = r#"{"system":"http://vzvz.nl/fhir/CodeSystem/koppeltaal-endpoint-connection-type","code":"hti-smart-on-fhir"}"#;
    assert_eq!(fixed(endpoint, "connectionType"), connection);
    let payload = r#"{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/endpoint-payload-type","code":"any"}]}"#;
    assert_eq!(fixed(endpoint, "payloadType"), payload);
    assert_eq!(targets(endpoint, "managingOrganization"), ["KT2Organization"]);
    check_absent(endpoint, "contact period payloadMimeType");
}

#[test]
fn extensions_of_koppeltaal_have_one_type_of_value_and_one_place() {
    for (url, context, root, value, of) in [
        ("resource-origin", "Resource", "0..1", "0..1", "Reference KT2Device"),
        ("KT2EndpointExtension", "ActivityDefinition", "0..*", "0..1", "Reference KT2Endpoint"),
        ("KT2PublisherId", "ActivityDefinition", "0..1", "0..1", "id "),
        ("trace-id", "AuditEvent", "0..1", "0..1", "id "),
        ("correlation-id", "AuditEvent", "0..1", "0..1", "id "),
        ("request-id", "AuditEvent", "0..1", "0..1", "id "),
        (
            "http://vzvz.nl/fhir/StructureDefinition/instantiates",
            "Task",
            "0..*",
            "1..1",
            "Reference KT2ActivityDefinition",
        ),
    ] {
        let structure = structure(url);
        let contexts: Vec<&str> = structure.context.iter().map(|c| &*c.expression).collect();
        assert_eq!(contexts, [context]);
        assert_eq!(cardinality(url, "."), root, "{url}");
        assert_eq!(cardinality(url, "value[x]"), value, "{url}");
        let code = &element(url, "value[x]").types[0].code;
        assert_eq!(format!("{code} {}", targets(url, "value[x]").join(" ")), of);
        assert_eq!(fixed(url, "url"), format!("\"{}\"", structure.url));
        check_absent(url, "extension");
    }
}
