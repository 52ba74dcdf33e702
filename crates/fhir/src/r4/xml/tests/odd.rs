//! What is wrong, unknown, or has no form in the other format.

use super::*;

const UNDERSCORE: &str =
    "a name that starts with an underscore has a meaning of its own in FHIR and is not read";
const ATTRIBUTES: &str = "the id of an element and the url of an extension are attributes";

fn refused(xml: &str) -> ParseError {
    parse(xml.as_bytes(), koppeltaal()).unwrap_err()
}

fn reason(error: &ParseError) -> String {
    match error {
        ParseError::Malformed { reason, .. } => reason.to_string(),
        other => panic!("{other}"),
    }
}

/// What the validator says of a Patient with this inside.
fn judged(inner: &str) -> Vec<String> {
    let compiled = Compiled::new(koppeltaal().clone());
    let node = read(&format!("<Patient xmlns=\"http://hl7.org/fhir\">{inner}</Patient>"));
    let report = validate(&node, &Options::new(&compiled));
    report.issues.into_iter().map(|issue| issue.details).collect()
}

#[test]
fn what_is_no_number_or_boolean_stays_text_for_the_validator() {
    check_patient(
        concat!(
            r#"<extension url="a"><valueDecimal value="+1"/></extension><extension url="b"><valueDecimal value="01"/></extension>"#,
            r#"<active value="TRUE"/><multipleBirthInteger value=" 2"/>"#
        ),
        concat!(
            r#""extension":[{"url":"a","valueDecimal":"+1"},{"url":"b","valueDecimal":"01"}],"#,
            r#""active":"TRUE","multipleBirthInteger":" 2""#
        ),
    );
    let issues = judged("<active value=\"TRUE\"/><multipleBirthInteger value=\"1.0\"/>");
    assert!(issues[0].contains("Patient.active must be true or false"), "{issues:?}");
    assert!(issues[1].contains("must be a whole number"), "{issues:?}");
}

#[test]
fn a_single_element_that_repeats_becomes_a_list_which_the_validator_refuses() {
    let xml = r#"<birthDate value="1990"/><birthDate id="b" value="1991"/>"#;
    check_patient(xml, r#""birthDate":["1990","1991"],"_birthDate":[null,{"id":"b"}]"#);
    let issues = judged(xml);
    assert!(issues[0].contains("Patient.birthDate must be a single value"), "{issues:?}");
}

#[test]
fn what_has_no_definition_is_kept_and_refused_by_its_name() {
    check_patient(
        r#"<name colour="red"><given value="a"><shape value="x"/></given></name><zebra id="z" value="1"/><zebra><stripe/></zebra>"#,
        concat!(
            r#""name":[{"@colour":"red","given":["a"],"_given":[{"shape":"x"}]}],"#,
            r#""zebra":["1",{"stripe":{}}],"_zebra":[{"id":"z"},null]"#
        ),
    );
    for (inner, name) in [
        ("<zebra value=\"1\"/>", "zebra"),
        ("<name colour=\"red\"/>", "@colour"),
        ("<name value=\"red\"/>", "@value"),
        ("<birthDate value=\"1990\"><zebra/></birthDate>", "zebra"),
        ("<birthDate value=\"1990\"><value value=\"1991\"/></birthDate>", "value"),
        ("<birthDate value=\"1990\" url=\"u\"/>", "@url"),
        ("<valueString value=\"x\"/>", "valueString"),
        ("<deceased value=\"true\"/>", "deceased"),
        ("<maritalStatus><coding><system><system/></system></coding></maritalStatus>", "system"),
    ] {
        let issues = judged(inner);
        let told = format!("There is no element \"{name}\"");
        assert!(issues.iter().any(|issue| issue.starts_with(&told)), "{inner}: {issues:?}");
    }
}

#[test]
fn elements_without_anything_are_not_overlooked() {
    for inner in [
        "<birthDate/>",
        "<maritalStatus/>",
        "<name><given/></name>",
        "<name/>",
        "<birthDate value=\"\"/>",
        "<extension url=\"\"/>",
    ] {
        assert_ne!(judged(inner), Vec::<String>::new(), "{inner}");
        let xml = format!("<Patient xmlns=\"http://hl7.org/fhir\">{inner}</Patient>");
        assert_eq!(render(&read(&xml), koppeltaal()), xml);
    }
}

#[test]
fn other_namespaces_are_refused() {
    for (xml, name) in [
        ("<Patient/>", "Patient"),
        ("<Patient xmlns=\"http://hl7.org/fhir/\"/>", "Patient"),
        ("<Patient xmlns=\"http://www.w3.org/1999/xhtml\"/>", "Patient"),
        (
            "<Patient xmlns=\"http://hl7.org/fhir\"><x:active xmlns:x=\"urn:x\"/></Patient>",
            "active",
        ),
        ("<Patient xmlns=\"http://hl7.org/fhir\"><text><div>x</div></text></Patient>", "div"),
        (
            "<Patient xmlns=\"http://hl7.org/fhir\"><div xmlns=\"http://www.w3.org/1999/xhtml\"/></Patient>",
            "div",
        ),
        (
            "<f:Patient xmlns:f=\"http://hl7.org/fhir\" xmlns:h=\"http://www.w3.org/1999/xhtml\"><f:text><h:div><p/></h:div></f:text></f:Patient>",
            "p",
        ),
        (
            "<Patient xmlns=\"http://hl7.org/fhir\" xmlns:x=\"urn:x\"><active x:value=\"true\"/></Patient>",
            "x:value",
        ),
        (
            "<Patient xmlns=\"http://hl7.org/fhir\"><contained><Device xmlns=\"\"/></contained></Patient>",
            "Device",
        ),
    ] {
        let error = refused(xml);
        assert!(
            matches!(&error, ParseError::ForeignNamespace { name: found, .. } if found == name),
            "{xml}: {error}"
        );
    }
}

#[test]
fn what_has_no_json_form_is_refused() {
    let patient =
        |inner: &str| refused(&format!("<Patient xmlns=\"http://hl7.org/fhir\">{inner}</Patient>"));
    for (inner, expected) in [
        ("text", "text stands between elements; values are written as value=\"…\""),
        (
            "<active>true</active>",
            "text stands between elements; values are written as value=\"…\"",
        ),
        ("<_active/>", UNDERSCORE),
        ("<active _value=\"true\"/>", UNDERSCORE),
        ("<name><id value=\"n\"/></name>", ATTRIBUTES),
        ("<birthDate><id value=\"n\"/></birthDate>", ATTRIBUTES),
        ("<extension><url value=\"n\"/></extension>", ATTRIBUTES),
        ("<contained/>", "a resource is missing here"),
        ("<contained><_Device/></contained>", UNDERSCORE),
        ("<contained>x</contained>", "exactly one resource is expected here"),
        ("<contained><Device/><Device/></contained>", "exactly one resource is expected here"),
        (
            "<contained id=\"c\"><Device/></contained>",
            "an element that holds a resource has no attributes",
        ),
    ] {
        assert_eq!(reason(&patient(inner)), expected, "{inner}");
    }
    assert_eq!(reason(&refused("<_Patient xmlns=\"http://hl7.org/fhir\"/>")), UNDERSCORE);
    assert!(matches!(
        patient("<resourceType value=\"Device\"/>"),
        ParseError::DuplicateMember { name, .. } if name == "resourceType"
    ));
    assert!(matches!(
        patient("<active value=\"true\" value=\"true\"/>"),
        ParseError::DuplicateMember { name, .. } if name == "value"
    ));
}

#[test]
fn document_types_entities_and_other_encodings_are_refused() {
    for (xml, expected) in [
        (
            "<!DOCTYPE Patient [<!ENTITY a \"b\">]><Patient xmlns=\"http://hl7.org/fhir\"/>",
            ParseError::Doctype,
        ),
        (
            "<Patient xmlns=\"http://hl7.org/fhir\"><active value=\"&a;\"/></Patient>",
            ParseError::Entity,
        ),
        (
            "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><Patient xmlns=\"http://hl7.org/fhir\"/>",
            ParseError::NotUtf8,
        ),
    ] {
        assert_eq!(refused(xml), expected);
    }
    for broken in ["", "<Patient", "<Patient xmlns=\"http://hl7.org/fhir\">", "x", "{}"] {
        assert!(matches!(refused(broken), ParseError::Malformed { .. }), "{broken}");
    }
    assert_eq!(parse(b"\xFF", koppeltaal()), Err(ParseError::NotUtf8));
}

#[test]
fn nesting_has_a_limit_in_both_formats() {
    let nested = |levels: usize| {
        format!(
            "<Patient xmlns=\"http://hl7.org/fhir\">{}{}</Patient>",
            "<extension url=\"u\">".repeat(levels),
            "</extension>".repeat(levels)
        )
    };
    // In JSON each extension is an object in a list.
    let deepest = (MAX_DEPTH - 1) / 2;
    let node = read(&nested(deepest));
    assert!(json::parse(json::render(&node).as_bytes()).is_ok());
    assert_eq!(read(&render(&node, koppeltaal())), node);
    assert_eq!(refused(&nested(deepest + 1)), ParseError::TooDeep);
    assert_eq!(refused(&nested(100_000)), ParseError::TooDeep);
}

#[test]
fn many_different_elements_are_grouped_right() {
    let names: Vec<String> = (0..300).map(|at| format!("n{}", at % 100)).collect();
    let inner: String = names.iter().map(|name| format!("<{name} value=\"v\"/>")).collect();
    let node = read(&format!("<Patient xmlns=\"http://hl7.org/fhir\">{inner}</Patient>"));
    let members = node.as_object().unwrap();
    assert_eq!(members.len(), 101);
    assert!((0..100).all(|at| members.get(&format!("n{at}")).unwrap().one_or_many().len() == 3));
}

#[test]
fn trees_that_are_no_resources_are_still_written_as_well_formed_xml() {
    for (text, expected) in [
        ("null", "<Resource xmlns=\"http://hl7.org/fhir\"/>"),
        ("[1]", "<Resource xmlns=\"http://hl7.org/fhir\"/>"),
        (r#"{"resourceType":"a b"}"#, "<Resource xmlns=\"http://hl7.org/fhir\"/>"),
        (
            r#"{"resourceType":"Patient","a b":1,"_":1,"__":{},"":2,"@":1,"@xmlns":"u","@_a":"b","@id":"i","x:y":1}"#,
            "<Patient xmlns=\"http://hl7.org/fhir\" id=\"i\"/>",
        ),
        (
            r#"{"resourceType":"Patient","active":{"a":1},"name":["x",[{"id":[1],"use":[["a"],"b"]}]],"contained":["x"],"birthDate":[],"gender":null}"#,
            concat!(
                "<Patient xmlns=\"http://hl7.org/fhir\"><active><a value=\"1\"/></active><name value=\"x\"/>",
                "<name><use value=\"a\"/><use value=\"b\"/></name></Patient>"
            ),
        ),
        (
            r#"{"resourceType":"Patient","_active":[{"id":"1"},null,"x",{}],"_name":{"id":"x"},"_gender":"x","text":{"div":[1,"<b>","x"]}}"#,
            concat!(
                "<Patient xmlns=\"http://hl7.org/fhir\"><text><div xmlns=\"http://www.w3.org/1999/xhtml\">&lt;b&gt;</div>",
                "<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div></text><active id=\"1\"/><active/></Patient>"
            ),
        ),
        (
            r#"{"resourceType":"Patient","extension":[{"url":"a\u0000\"","valueString":"\u0001"}]}"#,
            "<Patient xmlns=\"http://hl7.org/fhir\"><extension url=\"a\u{FFFD}&quot;\"><valueString value=\"\u{FFFD}\"/></extension></Patient>",
        ),
    ] {
        assert_eq!(write(text), expected, "{text}");
        assert!(parse(expected.as_bytes(), koppeltaal()).is_ok(), "{text}");
    }
}
