//! Every kind of parameter: what is found in a resource that is indexed as the
//! server does it, and which values are refused.

use koppeltaal_core::search::{Condition, Qualifier, Values};

use super::*;

const PATIENT: &str = r#"{"resourceType":"Patient",
    "meta":{"profile":["http://koppeltaal.nl/fhir/StructureDefinition/KT2Patient"],
        "tag":[{"system":"http://t","code":"blue"}]},
    "text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Vergadering over José</div>"},
    "active":true,"gender":"female","birthDate":"1980-05",
    "identifier":[{"system":"http://fhir.nl/bsn","value":"999911120",
        "type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}],"text":"Patiëntnummer"}},
        {"value":"a|b,c$d\\e"}],
    "name":[{"family":"Jansen-de Vries","given":["José","Ruud"]}],
    "telecom":[{"system":"email","value":"jose@example.nl","use":"home"}],
    "generalPractitioner":[{"reference":"Practitioner/p-1"},
        {"reference":"https://kt.example/fhir/r4/Organization/o-1"}],
    "managingOrganization":{"identifier":{"system":"http://agb","value":"01"},"display":"X"}}"#;

#[test]
fn tokens_are_found_by_code_and_system() {
    check(
        PATIENT,
        &[
            "identifier=999911120",
            "identifier=http://fhir.nl/bsn|999911120",
            "identifier=http://fhir.nl/bsn|",
            "identifier=no,999911120",
            r"identifier=|a\|b\,c\$d\\e",
            "identifier:not=no",
            "identifier:text=patient",
            "identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|999911120",
            "identifier:missing=false",
            "active=true",
            "gender=female",
            "gender=http://hl7.org/fhir/administrative-gender|female",
            "gender:in=http://hl7.org/fhir/ValueSet/administrative-gender",
            "deceased=false,true&_id=x-1",
            "email=jose@example.nl",
            "email=home|jose@example.nl",
            "_tag=http://t|blue",
            "_tag=blue&_tag=http://t|",
            "_security:missing=true",
        ]
        .map(|query| query.trim_start_matches("deceased=false,true&")),
        &[
            "identifier=|999911120",
            "identifier=http://other|999911120",
            "identifier=http://other|",
            "identifier:not=no,999911120",
            "identifier:missing=true",
            "identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|BSN|999911120",
            "identifier=a|b",
            "active=false",
            "gender=Female",
            "gender=male,other",
            "gender:not-in=http://hl7.org/fhir/ValueSet/administrative-gender",
            "_tag=blue&_tag=red",
            "_security:missing=false",
        ],
    );
    for query in
        ["identifier=|", "identifier=a|b|c", "active:missing=yes", "identifier:of-type=a|b"]
    {
        assert_eq!(refused("Patient", query).0, "value", "{query}");
    }
}

#[test]
fn strings_are_found_by_their_beginning_whatever_case_and_accents() {
    check(
        PATIENT,
        &[
            "name=jos",
            "name=JANSEN",
            "family=jansen-de  v",
            "given=ruud,x",
            "given:exact=José",
            "given:contains=os",
            "family:contains=VRIES",
            "name:missing=false",
            "address:missing=true",
        ],
        &[
            "given:exact=jose",
            "given:exact=Jos",
            "family=de vries",
            "given=ruudje",
            "given:contains=x",
            "name:missing=true",
        ],
    );
    assert_eq!(refused("Patient", "name=\u{301}").0, "value");
}

#[test]
fn a_long_string_is_found_by_a_long_beginning() {
    let long = "ab".repeat(200);
    let resource = format!(r#"{{"resourceType":"Patient","name":[{{"text":"{long}"}}]}}"#);
    let (whole, part) = (format!("name={long}"), format!("name={}", &long[..180]));
    let (exact, other) = (format!("name:exact={long}"), format!("name:exact={long}x"));
    check(&resource, &[&whole, &part, &exact, "name=abab"], &[&other, "name=b"]);
}

#[test]
fn dates_are_spans_that_are_compared() {
    // The whole of May.
    check(
        PATIENT,
        &[
            "birthdate=1980-05",
            "birthdate=1980",
            "birthdate=eq1980",
            "birthdate=ne1981",
            "birthdate=ne1980-05-03",
            "birthdate=gt1980-04",
            "birthdate=gt1980-05-30",
            "birthdate=lt1980-05-02",
            "birthdate=ge1980-05",
            "birthdate=le1980-05",
            "birthdate=sa1980-04-30",
            "birthdate=eb1980-06-01",
            "birthdate=ap1980-04",
            "birthdate=ge1980&birthdate=lt1981",
            "birthdate=1900,1980",
        ],
        &[
            "birthdate=1980-05-03",
            "birthdate=1981",
            "birthdate=ne1980",
            "birthdate=gt1980-05",
            "birthdate=lt1980-05",
            "birthdate=sa1980-05-01",
            "birthdate=eb1980-05-31",
            "birthdate=ap1990-05",
            "birthdate=gt1980",
        ],
    );
    for query in [
        "birthdate=1980-5",
        "birthdate=GE1980",
        "birthdate=ge",
        "birthdate=xx1980",
        "_lastUpdated=now",
    ] {
        let (code, told) = refused("Patient", query);
        assert_eq!(code, "value", "{query}");
        assert!(told.contains("2024-05-31"), "{told}");
    }
}

#[test]
fn the_time_of_a_version_is_compared_like_a_date() {
    check(
        PATIENT,
        &[
            "_lastUpdated=2026-11-22",
            "_lastUpdated=ge2026-11-22T00:00:00Z",
            "_lastUpdated=le2026-11-22T00:00:00.000Z",
            "_lastUpdated=gt2026-11-21",
            "_lastUpdated=ne2025",
            "_lastUpdated=lt2026-11-22T01:00:00+00:30",
            "_lastUpdated=ap2026-11",
            "_lastUpdated=2020,2026",
            "_lastUpdated:missing=false",
        ],
        &[
            "_lastUpdated=2026-11-21",
            "_lastUpdated=gt2026-11-22T00:00:00.000Z",
            "_lastUpdated=lt2026-11-22",
            "_lastUpdated=ne2026",
            "_lastUpdated=eb2026-11-22",
            "_lastUpdated:missing=true",
        ],
    );
}

#[test]
fn references_are_found_by_type_and_id_by_id_by_url_and_by_identifier() {
    check(
        PATIENT,
        &[
            "general-practitioner=Practitioner/p-1",
            "general-practitioner=p-1",
            "general-practitioner:Practitioner=p-1",
            "general-practitioner:Practitioner=Practitioner/p-1",
            "general-practitioner=https://kt.example/fhir/r4/Practitioner/p-1",
            "general-practitioner=Practitioner/p-1/_history/3",
            "general-practitioner=Organization/o-1",
            "organization:identifier=http://agb|01",
            "organization:missing=false",
        ],
        &[
            "general-practitioner=Organization/p-1",
            "general-practitioner:Organization=p-1",
            "general-practitioner=https://other.example/Practitioner/p-1",
            "general-practitioner=P-1",
            "organization:identifier=02",
            "organization=01",
        ],
    );
    for query in [
        "general-practitioner=Practitioner/p_1",
        "general-practitioner=Practitioner/a/b",
        "general-practitioner=practitioner/p-1",
        "general-practitioner:Practitioner=Organization/o-1",
        "general-practitioner=#x",
    ] {
        assert_eq!(refused("Patient", query).0, "value", "{query}");
    }
    assert_eq!(refused("Patient", "general-practitioner:Task=1").0, "not-supported");
}

#[test]
fn uris_are_found_as_written_and_along_their_path() {
    let profile = "http://koppeltaal.nl/fhir/StructureDefinition/KT2Patient";
    let queries: Vec<String> = [
        format!("_profile={profile}"),
        format!("_profile:below={profile}"),
        "_profile:below=http://koppeltaal.nl/fhir".to_owned(),
        "_profile:below=http://koppeltaal.nl/fhir/".to_owned(),
        format!("_profile:above={profile}/more/and/more"),
    ]
    .into();
    check(
        PATIENT,
        &queries.iter().map(String::as_str).collect::<Vec<_>>(),
        &[
            "_profile=http://koppeltaal.nl/fhir/StructureDefinition/KT2patient",
            "_profile:below=http://koppeltaal.nl/fh",
            "_profile:above=http://koppeltaal.nl/fhir",
        ],
    );
}

#[test]
fn words_are_all_to_be_found() {
    check(
        PATIENT,
        &["_text=jose", "_text=JOSÉ vergadering", "_content=ruud,jansen", "_content=ruud"],
        &["_text=ruud", "_text=verga", "_content=ruud y"],
    );
    assert_eq!(refused("Patient", "_text=--").0, "value");
    assert_eq!(refused("Patient", "_content:exact=a").0, "not-supported");
}

#[test]
fn ids_are_compared_exactly() {
    check(PATIENT, &["_id=x-1", "_id=y,x-1", "_id:not=y"], &["_id=X-1", "_id:not=x-1,y"]);
    assert_eq!(refused("Patient", "_id=a_b").0, "value");
    assert_eq!(refused("Patient", "_id:exact=a").0, "not-supported");
}

#[test]
fn numbers_and_quantities_have_the_precision_of_the_query() {
    let definition = r#"{"resourceType":"ActivityDefinition","status":"active",
        "useContext":[{"code":{"system":"http://c","code":"age"},
            "valueQuantity":{"value":12.5,"unit":"jaar","system":"http://u","code":"a"}},
          {"code":{"system":"http://c","code":"focus"},
            "valueCodeableConcept":{"coding":[{"system":"http://s","code":"x"}]}}]}"#;
    check(
        definition,
        &[
            "context-quantity=12.5",
            "context-quantity=12.50",
            "context-quantity=12.5|http://u|a",
            "context-quantity=12.5||a",
            "context-quantity=12.5||jaar",
            "context-quantity=gt12",
            "context-quantity=ge12.5",
            "context-quantity=le12.5&context-quantity=lt13",
            "context-quantity=ne12",
            "context-quantity=ap13",
            "context-type-quantity=http://c|age$12.5",
            "context-type-quantity=age$gt12||jaar",
            "context-type-value=focus$x",
            "context-type-value=http://c|focus$http://s|x",
            "context-type-value=focus$http://s|x",
        ],
        &[
            "context-quantity=12",
            "context-quantity=12.51",
            "context-quantity=12.5|http://u|b",
            "context-quantity=12.5|http://v|a",
            "context-quantity=gt12.5",
            "context-quantity=ne12.5",
            "context-quantity=ap20",
            "context-type-quantity=focus$12.5",
            "context-type-value=age$x",
            "context-type-value=|focus$x",
        ],
    );
    for query in [
        "context-quantity=12,5x",
        "context-quantity=12|a",
        "context-quantity=12|http://u|",
        "context-type-quantity=age",
        "context-type-quantity=age$x",
        "context-type-value=age$a$b",
    ] {
        assert_eq!(refused("ActivityDefinition", query).0, "value", "{query}");
    }
}

#[test]
fn the_parameters_of_koppeltaal_find_the_value_of_the_extension() {
    let task = r#"{"resourceType":"Task","status":"ready","extension":[
        {"url":"http://vzvz.nl/fhir/StructureDefinition/instantiates","valueReference":{"reference":"ActivityDefinition/a-1"}},
        {"url":"http://koppeltaal.nl/fhir/StructureDefinition/resource-origin","valueReference":{"reference":"Device/d-1"}}]}"#;
    check(
        task,
        &["instantiates=ActivityDefinition/a-1", "instantiates=a-1", "resource-origin=Device/d-1"],
        &["instantiates=a-2", "resource-origin=d-2", "instantiates:missing=true"],
    );
    let definition = r#"{"resourceType":"ActivityDefinition","status":"active","extension":[
        {"url":"http://koppeltaal.nl/fhir/StructureDefinition/KT2PublisherId","valueId":"pub-1"}]}"#;
    check(definition, &["publisherId=pub-1", "publisherId:missing=false"], &["publisherId=pub"]);
}

#[test]
fn value_sets_and_hierarchies_that_are_not_known_are_refused_by_name() {
    for (query, named) in [
        ("gender:in=http://example.org/vs", "http://example.org/vs"),
        ("gender:below=http://snomed.info/sct|123", "http://snomed.info/sct"),
        ("gender:above=http://hl7.org/fhir/administrative-gender|male", "administrative-gender"),
    ] {
        let (code, told) = refused("Patient", query);
        assert_eq!(code, "not-supported", "{query}");
        assert!(told.contains(named), "{told}");
    }
    assert_eq!(refused("Patient", "gender:below=male").0, "value");
}

#[test]
fn a_modifier_that_does_not_fit_is_refused_by_name() {
    for query in [
        "name:not=a",
        "name:in=a",
        "birthdate:exact=2020",
        "birthdate:text=2020",
        "gender:exact=male",
        "gender:contains=male",
        "gender:=male",
        "organization:exact=1",
        "organization:above=1",
        "_profile:exact=x",
        "_profile:contains=x",
        "_lastUpdated:not=2020",
        "_tag:Patient=x",
    ] {
        let (code, told) = refused("Patient", query);
        assert_eq!(code, "not-supported", "{query}");
        assert!(told.contains("does not go with"), "{told}");
    }
    assert_eq!(refused("ActivityDefinition", "context-type-value:not=a$b").0, "not-supported");
    assert_eq!(refused("ActivityDefinition", "context-quantity:exact=1").0, "not-supported");
}

#[test]
fn prefixes_are_text_where_no_order_is() {
    let Condition::AnyOf(tests) = condition("Patient", "gender=gemale") else { panic!() };
    assert_eq!(tests[0].value, Values::Is("gemale".to_owned()));
    assert_eq!(tests[0].qualifier, Qualifier::Any);
}
