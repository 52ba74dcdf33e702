//! Rows of Patients, Practitioners and RelatedPersons.

use super::table::check;

pub const PATIENT: &str = r#"{
  "resourceType": "Patient", "id": "p1",
  "meta": {"versionId": "1", "lastUpdated": "2024-05-01T10:00:00Z", "source": "urn:source",
    "profile": ["http://koppeltaal.nl/fhir/StructureDefinition/KT2Patient"],
    "security": [{"system": "urn:s", "code": "R", "display": "Restricted"}],
    "tag": [{"system": "urn:t", "code": "a"}, {"code": "b"}]},
  "extension": [{"url": "http://koppeltaal.nl/fhir/StructureDefinition/resource-origin",
    "valueReference": {"reference": "Device/d1", "type": "Device"}}],
  "identifier": [{"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": "123456782",
    "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "NNNLD"}], "text": "Burger Nummer"}}],
  "active": true,
  "name": [{"use": "official", "text": "Jan de Vriès", "family": "de Vriès", "given": ["Jan", "Piet"]}],
  "telecom": [{"system": "phone", "value": "0612345678", "use": "mobile"}, {"system": "email", "value": "Jan@example.org"}],
  "gender": "male", "birthDate": "1970-12-21", "deceasedDateTime": "2020-05",
  "address": [{"use": "home", "line": ["Kerkstraat 1"], "city": "Gouda", "state": "ZH", "postalCode": "2800 AA", "country": "NL"}],
  "communication": [{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "nl"}]}}],
  "generalPractitioner": [{"reference": "Practitioner/g1/_history/3"}, {"identifier": {"system": "urn:agb", "value": "01"}}],
  "managingOrganization": {"reference": "https://kt.example/api/v1/d/fhir/r4/Organization/o1"},
  "link": [{"type": "seealso", "other": {"reference": "https://elsewhere.example/fhir/Patient/2"}}],
  "contact": [{"organization": {"reference": "Organization/o2"}}]
}"#;

const PRACTITIONER: &str = r#"{
  "resourceType": "Practitioner", "id": "g1",
  "meta": {"source": "urn:source", "profile": ["urn:p"], "security": [{"code": "R"}], "tag": [{"code": "b"}]},
  "extension": [{"url": "http://koppeltaal.nl/fhir/StructureDefinition/resource-origin", "valueReference": {"reference": "Device/d1"}}],
  "identifier": [{"system": "urn:agb", "value": "01"}], "active": false,
  "name": [{"family": "Ærø", "given": ["Zoë"], "prefix": ["drs."], "suffix": ["MSc"]}],
  "telecom": [{"system": "email", "value": "z@example.org", "use": "work"}, {"system": "phone", "value": "06"}, {"system": "url", "value": "https://z"}],
  "gender": "female", "birthDate": "1980",
  "address": [{"use": "work", "text": "Plein 2", "city": "Delft", "state": "ZH", "postalCode": "2611", "country": "NL"}],
  "communication": [{"coding": [{"system": "urn:ietf:bcp:47", "code": "en"}], "text": "English"}],
  "qualification": [{"code": {"text": "arts"}, "issuer": {"reference": "Organization/o9"}}]
}"#;

const RELATED_PERSON: &str = r#"{
  "resourceType": "RelatedPerson", "id": "r1",
  "meta": {"source": "urn:source", "profile": ["urn:p"], "security": [{"code": "R"}], "tag": [{"code": "b"}]},
  "extension": [{"url": "http://koppeltaal.nl/fhir/StructureDefinition/resource-origin", "valueReference": {"reference": "Device/d1"}}],
  "identifier": [{"value": "no-system"}], "active": true,
  "patient": {"reference": "Patient/p1"},
  "relationship": [{"coding": [{"system": "http://snomed.info/sct", "code": "407542009", "display": "Informal carer"}], "text": "Mantelzorger"}],
  "name": [{"given": ["An"]}],
  "telecom": [{"system": "phone", "value": "010"}, {"system": "email", "value": "a@b"}],
  "gender": "other", "birthDate": "1990-02",
  "address": [{"use": "old", "city": "Goes", "state": "ZL", "postalCode": "4460", "country": "NL"}]
}"#;

#[test]
fn a_patient_is_found_by_every_parameter() {
    check(
        PATIENT,
        "
            active = true
            address = kerkstraat 1 # Kerkstraat 1
            address-city = gouda # Gouda
            address-country = nl # NL
            address-postalcode = 2800 aa # 2800 AA
            address-state = zh # ZH
            address-use = home # http://hl7.org/fhir/address-use
            birthdate @ 1970-12-21
            death-date @ 2020-05
            deceased = true
            email = Jan@example.org
            family = de vries # de Vriès
            gender = male # http://hl7.org/fhir/administrative-gender
            general-practitioner = Practitioner/g1
            general-practitioner:identifier = 01 # urn:agb
            given = jan # Jan
            given = piet # Piet
            identifier = 123456782 # http://fhir.nl/fhir/NamingSystem/bsn
            identifier:of-type = NNNLD|123456782 # http://terminology.hl7.org/CodeSystem/v2-0203
            identifier:text = burger nummer
            language = nl # urn:ietf:bcp:47
            link = https://elsewhere.example/fhir/Patient/2
            name = jan de vries # Jan de Vriès
            organization = Organization/o1
            phone = 0612345678 # mobile
            resource-origin = Device/d1
            _profile = http://koppeltaal.nl/fhir/StructureDefinition/KT2Patient
            _reference = Organization/o2
            _security = R # urn:s
            _security:text = restricted
            _source = urn:source
            _tag = a # urn:t
            _tag = b
        ",
    );
}

#[test]
fn a_practitioner_is_found_by_every_parameter() {
    check(
        PRACTITIONER,
        "
            active = false
            address = plein 2 # Plein 2
            address-city = delft # Delft
            address-country = nl # NL
            address-postalcode = 2611 # 2611
            address-state = zh # ZH
            address-use = work # http://hl7.org/fhir/address-use
            communication = en # urn:ietf:bcp:47
            communication:text = english
            email = z@example.org # work
            family = aero # Ærø
            gender = female # http://hl7.org/fhir/administrative-gender
            given = zoe # Zoë
            identifier = 01 # urn:agb
            name = drs. # drs.
            name = msc # MSc
            phone = 06
            resource-origin = Device/d1
            telecom = https://z
            _profile = urn:p
            _reference = Organization/o9
            _security = R
            _source = urn:source
            _tag = b
        ",
    );
}

#[test]
fn a_related_person_is_found_by_every_parameter() {
    check(
        RELATED_PERSON,
        "
            active = true
            address-city = goes # Goes
            address-country = nl # NL
            address-postalcode = 4460 # 4460
            address-state = zl # ZL
            address-use = old # http://hl7.org/fhir/address-use
            birthdate @ 1990-02
            email = a@b
            gender = other # http://hl7.org/fhir/administrative-gender
            identifier = no-system
            name = an # An
            patient = Patient/p1
            phone = 010
            relationship = 407542009 # http://snomed.info/sct
            relationship:text = informal carer
            relationship:text = mantelzorger
            resource-origin = Device/d1
            _profile = urn:p
            _security = R
            _source = urn:source
            _tag = b
        ",
    );
}

/// All of them.
pub const ALL: [&str; 3] = [PATIENT, PRACTITIONER, RELATED_PERSON];
