//! Names, telephone numbers, e-mail addresses and addresses (nl-core).

use koppeltaal_fhir::r4::definition::{Membership, Severity, Strength};
use koppeltaal_fhir::r4::profile::koppeltaal;

use crate::look::{
    binding, cardinality, check_absent, check_cardinalities, check_invariant, element, pattern,
    type_profile,
};

#[test]
fn an_official_name_qualifies_its_given_names() {
    let name = "nl-core-NameInformation";
    check_cardinalities(
        name,
        "use 1..1, given.extension 1..*, given.extension:givenOrInitial 1..*,
         family.extension:prefix 0..1, family.extension:lastName 0..1,
         family.extension:partnerPrefix 0..1, family.extension:partnerLastName 0..1,
         extension:nameUsage 0..1",
    );
    assert_eq!(pattern(name, "use"), r#""official""#);
    for (id, tail) in [
        ("given.extension:givenOrInitial", "iso21090-EN-qualifier"),
        ("family.extension:prefix", "humanname-own-prefix"),
        ("family.extension:lastName", "humanname-own-name"),
        ("family.extension:partnerPrefix", "humanname-partner-prefix"),
        ("family.extension:partnerLastName", "humanname-partner-name"),
        ("extension:nameUsage", "humanname-assembly-order"),
    ] {
        let url = format!("http://hl7.org/fhir/StructureDefinition/{tail}");
        assert_eq!(type_profile(name, id), url);
        assert!(koppeltaal().structure(&url).is_some(), "{url} is not known");
    }
    let keys = |id: &str| -> Vec<(&str, Severity)> {
        let own =
            element(name, id).constraints.iter().filter(|c| c.key.contains("NameInformation"));
        own.map(|c| (&*c.key, c.severity)).collect()
    };
    assert_eq!(
        keys("."),
        [
            ("zib-NameInformation-1", Severity::Error),
            ("zib-NameInformation-2", Severity::Error),
            ("nl-core-NameInformation-01", Severity::Warning),
        ]
    );
    assert_eq!(keys("family"), [("nl-core-NameInformation-02", Severity::Warning)]);
}

#[test]
fn a_usual_name_is_a_given_name_alone() {
    let name = "nl-core-NameInformation.GivenName";
    check_cardinalities(name, "use 1..1, given 1..*");
    assert_eq!(pattern(name, "use"), r#""usual""#);
    check_absent(name, "family prefix suffix");
}

#[test]
fn telephone_numbers_and_email_addresses_differ_by_system() {
    let (phone, mail) = (
        "nl-core-ContactInformation-TelephoneNumbers",
        "nl-core-ContactInformation-EmailAddresses",
    );
    check_cardinalities(
        phone,
        "system 1..1, use 0..1, extension:comment 0..1, system.extension:telecomType 0..1",
    );
    check_cardinalities(mail, "system 1..1, use 0..1");
    assert_eq!(pattern(mail, "system"), r#""email""#);
    let codes = |profile: &str, id: &str| {
        let (strength, url) = binding(profile, id);
        assert_eq!(strength, Strength::Required);
        let set = koppeltaal().value_set(url).map(|set| set.codes().map(|(_, c)| c).collect());
        set.unwrap_or_else(|| panic!("{url} is not known"))
    };
    let none: Vec<&str> = codes(phone, "system");
    assert_eq!(none, ["fax", "pager", "phone"]);
    assert_eq!(codes(phone, "use"), ["home", "temp", "work"]);
    assert_eq!(codes(mail, "use"), ["home", "work"]);
    let kinds = codes(phone, "system.extension:telecomType.value[x]");
    assert_eq!(kinds, ["MC", "PG", "FAX", "LL"]);
    assert!(element(phone, ".").constraints.iter().any(|c| c.key == "cpt-2"));
}

#[test]
fn an_address_has_its_parts_as_extensions() {
    let address = "nl-core-AddressInformation";
    for (slice, part) in [
        ("streetName", "streetName"),
        ("houseNumber", "houseNumber"),
        ("houseNumberLetter-houseNumberAddition", "buildingNumberSuffix"),
        ("houseNumberIndication", "additionalLocator"),
        ("additionalInformation", "unitID"),
    ] {
        let id = format!("line.extension:{slice}");
        assert_eq!(cardinality(address, &id), "0..1");
        let url = format!("http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-{part}");
        assert_eq!(type_profile(address, &id), url);
    }
    check_invariant(
        address,
        "line.extension:houseNumberIndication.value[x]",
        "houseNumberIndication",
        Severity::Error,
        "$this in ('by' | 'to')",
    );
    assert_eq!(cardinality(address, "country.extension:countryCode"), "0..1");
    let countries = binding(address, "country.extension:countryCode.value[x]");
    assert_eq!(countries.0, Strength::Required);
    let countries = koppeltaal().value_set(countries.1);
    assert!(countries.is_some_and(|set| {
        set.contains(Some("urn:iso:std:iso:3166"), "NL") == Membership::Unknown
            && set.contains(Some("urn:oid:2.16.840.1.113883.2.4.4.16.34"), "6030")
                == Membership::Unknown
            && set.contains(Some("http://example.org"), "NL") == Membership::Out
    }));
}
