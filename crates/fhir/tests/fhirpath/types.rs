//! Types of items.

use crate::support::{check, check_errors};

#[test]
fn computed_values_have_types_of_the_system() {
    check(&[
        ("1 is Integer", "true"),
        ("1 is System.Integer", "true"),
        ("1 is integer", "false"),
        ("1 is FHIR.integer", "false"),
        ("1 is Decimal", "false"),
        ("1.0 is Decimal", "true"),
        ("'a' is String", "true"),
        ("'a' is string", "false"),
        ("true is Boolean", "true"),
        ("@2024 is Date", "true"),
        ("@2024T is DateTime", "true"),
        ("@T10 is Time", "true"),
        ("4 'mg' is Quantity", "true"),
        ("4 'mg' is System.Quantity", "true"),
        ("{} is String", "{}"),
        ("1 is Nonsense", "false"),
        ("1 is Other.Integer", "false"),
        ("1.is(Integer)", "true"),
        ("(1 | 'a').ofType(String)", "'a'"),
        ("(1 | 'a').ofType(Integer) + 1", "2"),
    ]);
}

#[test]
fn elements_have_types_of_fhir() {
    check(&[
        ("$this is Patient", "true"),
        ("$this is FHIR.Patient", "true"),
        ("$this is DomainResource", "true"),
        ("$this is Resource", "true"),
        ("$this is Person", "false"),
        ("active is boolean", "true"),
        ("extension[0].url is uri", "true"),
        ("id is string", "true"),
        ("active is Boolean", "false"),
        ("active is System.Boolean", "false"),
        ("gender is code", "true"),
        ("gender is string", "true"),
        ("gender is uri", "false"),
        ("birthDate is date", "true"),
        ("name.first() is HumanName", "true"),
        ("name.first() is Element", "true"),
        ("contact.first() is BackboneElement", "true"),
        ("contact.first().name is HumanName", "true"),
        ("maritalStatus is CodeableConcept", "true"),
        ("managingOrganization is Reference", "true"),
        ("extension[1].value is Quantity", "true"),
        ("extension[1].value is System.Quantity", "false"),
        ("extension[0].value is boolean", "true"),
        ("telecom[0].rank is positiveInt", "true"),
        ("telecom[0].rank is integer", "true"),
        ("identifier[0].system is uri", "true"),
        ("contained[0] is Organization", "true"),
        ("contained.is(Organization)", "true"),
        ("contained[0] is Patient", "false"),
        ("meta.lastUpdated is instant", "true"),
        ("text.`div` is xhtml", "true"),
    ]);
}

#[test]
fn as_and_of_type_keep_what_is_of_the_type() {
    check(&[
        ("deceased as dateTime", "\"2020-05\""),
        ("(Patient.deceased as dateTime)", "\"2020-05\""),
        ("deceased as boolean", "{}"),
        ("deceased.as(dateTime)", "\"2020-05\""),
        ("deceased.ofType(dateTime)", "\"2020-05\""),
        ("(deceased as boolean) | multipleBirth", "2"),
        ("extension.value.ofType(boolean)", "true"),
        ("extension.value.as(boolean)", "true"),
        ("(extension.value as Quantity).value", "1.80"),
        ("{} as Patient", "{}"),
        ("name.as(HumanName).count()", "3"),
        ("children().ofType(HumanName).count()", "3"),
        ("children().ofType(Identifier).value", "\"1\", \"2\""),
        ("$this as Patient as DomainResource is Resource", "true"),
        (
            "extension.value.as(Quantity) | extension.value.as(Range)",
            "{\"value\":1.80,\"unit\":\"m\",\"system\":\"http://unitsofmeasure.org\",\"code\":\"m\"}",
        ),
    ]);
}

#[test]
fn is_asks_about_one_item() {
    check_errors(&[("name is HumanName", "several values"), ("(1 | 2).is(Integer)", "several")]);
}
