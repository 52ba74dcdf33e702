//! Patient, Practitioner and RelatedPerson.

use koppeltaal_fhir::r4::definition::{Severity, Strength};

use crate::look::{
    NICTIZ, binding, check_absent, check_cardinalities, check_identifiers, check_invariant,
    check_names, check_telecom, element, slices, slicing, targets, type_profile,
};

#[test]
fn a_patient_has_identifier_name_gender_and_birth_date() {
    let patient = "KT2Patient";
    check_cardinalities(
        patient,
        "identifier 1..*, active 1..1, name 1..*, telecom 0..*, gender 1..1, birthDate 1..1,
         address 0..*, managingOrganization 0..1, name:nameInformation.family 1..1,
         name:nameInformation.given 1..*, gender.extension:genderCodelist 0..1",
    );
    check_identifiers(patient, &[("bsn", "bsn")]);
    check_names(patient);
    check_telecom(patient);
    check_invariant(patient, "name", "kt2pnu-2", Severity::Error, "use.hasValue()");
    let (strength, gender) = binding(patient, "gender");
    assert_eq!(strength, Strength::Required);
    assert!(gender.contains("ValueSet/administrative-gender"));
    let genders = binding(patient, "gender.extension:genderCodelist.value[x]").1;
    assert!(genders.ends_with(".60.40.2.0.1.1--20200901000000"));
    assert_eq!(type_profile(patient, "address"), format!("{NICTIZ}nl-core-AddressInformation"));
    assert_eq!(targets(patient, "managingOrganization"), ["KT2Organization"]);
    check_absent(
        patient,
        "extension:nationality deceased[x] maritalStatus multipleBirth[x] photo contact
         communication generalPractitioner link
         address.country.extension:countryCode.extension",
    );
}

#[test]
fn a_practitioner_has_an_email_address() {
    let practitioner = "KT2Practitioner";
    check_cardinalities(
        practitioner,
        "identifier 1..*, active 1..1, name 1..*, telecom 1..*, telecom:telephoneNumbers 0..*,
         telecom:emailAddresses 1..*, gender 0..1, birthDate 0..1,
         name:nameInformation.family 1..1, name:nameInformation.given 1..*",
    );
    check_identifiers(practitioner, &[("big", "big"), ("uzi", "uzi-nr-pers"), ("agb", "agb-z")]);
    check_names(practitioner);
    check_telecom(practitioner);
    check_invariant(practitioner, "name", "kt2pnu-1", Severity::Error, "use.hasValue()");
    let genders = binding(practitioner, "gender.extension:genderCodelist.value[x]").1;
    assert!(genders.ends_with(".60.40.2.17.1.8--20200901000000"));
    check_absent(practitioner, "address photo qualification communication");
}

#[test]
fn a_related_person_has_a_role_or_relationship_of_two_lists() {
    let person = "KT2RelatedPerson";
    check_cardinalities(
        person,
        "identifier 1..*, active 1..1, patient 1..1, name 1..*, gender 1..1, birthDate 1..1,
         relationship 1..*, relationship:role 0..*, relationship:relationship 0..*, period 0..1,
         communication 0..*, name:nameInformation.family 0..1, name:nameInformation.given 0..*",
    );
    check_names(person);
    check_telecom(person);
    assert_eq!(targets(person, "patient"), ["KT2Patient"]);
    assert_eq!(slicing(person, "relationship"), "closed value@$this");
    assert_eq!(slices(person, "relationship"), ["role", "relationship"]);
    for (slice, oid) in [("role", ".2.3.1.2--"), ("relationship", ".2.3.1.1--")] {
        let (strength, url) = binding(person, &format!("relationship:{slice}"));
        assert_eq!(strength, Strength::Required);
        assert!(url.contains(oid));
    }
    check_invariant(
        person,
        "relationship:role",
        "kt2-role-display-validation",
        Severity::Error,
        "coding.where(system='urn:oid:2.16.840.1.113883.2.4.3.11.22.472').all((code='23' and \
         display='Contactpersoon') or (code='24' and display='Wettelijke vertegenwoordiger') or \
         code!='23' and code!='24')",
    );
    let name = element(person, "name");
    assert!(name.constraints.iter().all(|constraint| !constraint.key.starts_with("kt2pnu")));
    assert_eq!(type_profile(person, "address"), format!("{NICTIZ}nl-core-AddressInformation"));
    check_absent(person, "photo");
}
