//! How the two formats say the same.

use super::*;

#[test]
fn ids_are_elements_of_resources_and_attributes_of_elements() {
    check_patient(
        "<id value=\"p\"/><name id=\"n\"><family id=\"f\" value=\"x\"/></name>",
        r#""id":"p","name":[{"id":"n","family":"x","_family":{"id":"f"}}]"#,
    );
}

#[test]
fn the_url_of_an_extension_is_an_attribute_and_other_urls_are_elements() {
    check(
        concat!(
            r#"<Device xmlns="http://hl7.org/fhir"><extension id="e" url="urn:a"><extension url="urn:b">"#,
            r#"<valueUrl value="https://x.example"/></extension></extension><url value="https://y.example"/></Device>"#
        ),
        concat!(
            r#"{"resourceType":"Device","extension":[{"id":"e","url":"urn:a","extension":[{"url":"urn:b","#,
            r#""valueUrl":"https://x.example"}]}],"url":"https://y.example"}"#
        ),
    );
}

#[test]
fn values_have_the_json_type_of_their_definition() {
    check_patient(
        concat!(
            r#"<extension url="a"><valueDecimal value="12.50"/></extension><extension url="b"><valueDecimal value="-1.0E+3"/></extension>"#,
            r#"<extension url="c"><valueQuantity><value value="0.10"/><unit value="1"/></valueQuantity></extension>"#,
            r#"<extension url="d"><valueString value="true"/></extension><extension url="e"><valueCode value="1"/></extension>"#,
            r#"<active value="false"/><multipleBirthInteger value="2"/>"#
        ),
        concat!(
            r#""extension":[{"url":"a","valueDecimal":12.50},{"url":"b","valueDecimal":-1.0E+3},"#,
            r#"{"url":"c","valueQuantity":{"value":0.10,"unit":"1"}},{"url":"d","valueString":"true"},{"url":"e","valueCode":"1"}],"#,
            r#""active":false,"multipleBirthInteger":2"#
        ),
    );
}

#[test]
fn lists_are_lists_also_with_one_item_and_single_values_are_none() {
    check_patient(
        r#"<name><family value="f"/><given value="a"/></name><birthDate value="1990"/>"#,
        r#""name":[{"family":"f","given":["a"]}],"birthDate":"1990""#,
    );
}

#[test]
fn extensions_of_primitives_stand_beside_them_and_null_fills_the_gaps() {
    check_patient(
        concat!(
            r#"<name><given value="a"/><given><extension url="u"><valueCode value="c"/></extension></given><given id="g" value="b"/></name>"#,
            r#"<name><given><extension url="u"><valueCode value="c"/></extension></given></name>"#,
            r#"<birthDate value="1990"><extension url="u"><valueCode value="c"/></extension></birthDate>"#,
            r#"<deceasedDateTime><extension url="u"><valueCode value="c"/></extension></deceasedDateTime>"#
        ),
        concat!(
            r#""name":[{"given":["a",null,"b"],"_given":[null,{"extension":[{"url":"u","valueCode":"c"}]},{"id":"g"}]},"#,
            r#"{"_given":[{"extension":[{"url":"u","valueCode":"c"}]}]}],"#,
            r#""birthDate":"1990","_birthDate":{"extension":[{"url":"u","valueCode":"c"}]},"#,
            r#""_deceasedDateTime":{"extension":[{"url":"u","valueCode":"c"}]}"#
        ),
    );
}

#[test]
fn choices_keep_the_type_in_their_name_and_content_references_are_followed() {
    check(
        concat!(
            r#"<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="a"/><part><name value="b"/>"#,
            r#"<valueBoolean value="true"/></part><part><name value="c"/><part><name value="d"/>"#,
            r#"<valueHumanName><given value="e"/></valueHumanName></part></part></parameter></Parameters>"#
        ),
        concat!(
            r#"{"resourceType":"Parameters","parameter":[{"name":"a","part":[{"name":"b","valueBoolean":true},"#,
            r#"{"name":"c","part":[{"name":"d","valueHumanName":{"given":["e"]}}]}]}]}"#
        ),
    );
}

#[test]
fn resources_in_resources_have_a_wrapper_in_xml() {
    check_patient(
        r##"<contained><Organization><id value="o"/><active value="true"/></Organization></contained><contained><Device><id value="d"/></Device></contained><managingOrganization><reference value="#o"/></managingOrganization>"##,
        r##""contained":[{"resourceType":"Organization","id":"o","active":true},{"resourceType":"Device","id":"d"}],"managingOrganization":{"reference":"#o"}"##,
    );
    check(
        concat!(
            r#"<Bundle xmlns="http://hl7.org/fhir"><type value="searchset"/><total value="1"/><entry><fullUrl value="https://x/Patient/1"/>"#,
            r#"<resource><Patient><active value="true"/></Patient></resource><search><mode value="match"/></search></entry></Bundle>"#
        ),
        concat!(
            r#"{"resourceType":"Bundle","type":"searchset","total":1,"entry":[{"fullUrl":"https://x/Patient/1","#,
            r#""resource":{"resourceType":"Patient","active":true},"search":{"mode":"match"}}]}"#
        ),
    );
}

#[test]
fn narratives_stay_as_they_were_written() {
    check_patient(
        r#"<text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml" lang='nl'> <!-- c --><b>x</b> &amp; &#160;<br /></div></text>"#,
        r#""text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\" lang='nl'> <!-- c --><b>x</b> &amp; &#160;<br /></div>"}"#,
    );
    let xml = r#"<f:Patient xmlns:f="http://hl7.org/fhir" xmlns:h="http://www.w3.org/1999/xhtml"><f:text><h:div><h:p>x</h:p></h:div></f:text></f:Patient>"#;
    let expected = r#"{"resourceType":"Patient","text":{"div":"<h:div xmlns:h=\"http://www.w3.org/1999/xhtml\"><h:p>x</h:p></h:div>"}}"#;
    assert_eq!(json::render(&read(xml)), expected);
}

#[test]
fn strings_keep_white_space_and_markup() {
    let text =
        r#"{"resourceType":"Patient","name":[{"text":" a\r\n\tb <&>\"' ","family":"\u00e9😀"}]}"#;
    let node = json::parse(text.as_bytes()).unwrap();
    assert_eq!(read(&render(&node, koppeltaal())), node);
}

#[test]
fn elements_are_written_in_the_order_of_the_definition() {
    assert_eq!(
        write(
            r#"{"unheard":{"b":[1,2],"a":true},"birthDate":"1990","name":[{"given":["b"],"_family":{"id":"f"},"use":"official","id":"n"}],
            "_birthDate":{"id":"b"},"contained":[],"extension":[{"valueString":"x","url":"u"}],"id":"7","text":{"div":"<div>t</div>","status":"generated"},
            "meta":{"profile":["p"],"versionId":"1"},"active":true,"resourceType":"Patient"}"#
        ),
        concat!(
            r#"<Patient xmlns="http://hl7.org/fhir"><id value="7"/><meta><versionId value="1"/><profile value="p"/></meta>"#,
            r#"<text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml">t</div></text>"#,
            r#"<extension url="u"><valueString value="x"/></extension><active value="true"/>"#,
            r#"<name id="n"><use value="official"/><family id="f"/><given value="b"/></name>"#,
            r#"<birthDate id="b" value="1990"/><unheard><b value="1"/><b value="2"/><a value="true"/></unheard></Patient>"#
        )
    );
}

#[test]
fn elements_are_read_in_any_order() {
    let node = read(
        "<Patient xmlns=\"http://hl7.org/fhir\"><name><given value=\"a\"/><family value=\"f\"/><given value=\"b\"/></name><id value=\"1\"/></Patient>",
    );
    let expected =
        r#"{"resourceType":"Patient","name":[{"given":["a","b"],"family":"f"}],"id":"1"}"#;
    assert_eq!(json::render(&node), expected);
}

#[test]
fn comments_instructions_and_schema_hints_are_passed_over() {
    let node = read(
        "\u{FEFF}<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<?x y?><Patient xmlns=\"http://hl7.org/fhir\"
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:schemaLocation=\"http://hl7.org/fhir x.xsd\">
         <!-- c --><active value=\"true\"></active>\n</Patient>\n<!-- end -->",
    );
    assert_eq!(json::render(&node), r#"{"resourceType":"Patient","active":true}"#);
}

#[test]
fn resources_of_an_unknown_type_have_what_all_have() {
    check(
        concat!(
            r#"<Observation xmlns="http://hl7.org/fhir"><id value="o"/><contained><Basic><id value="b"/></Basic></contained>"#,
            r#"<extension url="u"><valueInteger value="1"/></extension><status value="final"/><code><extension url="v"/>"#,
            r#"<text value="x"/></code></Observation>"#
        ),
        concat!(
            r#"{"resourceType":"Observation","id":"o","contained":[{"resourceType":"Basic","id":"b"}],"#,
            r#""extension":[{"url":"u","valueInteger":1}],"status":"final","code":{"extension":[{"url":"v"}],"text":"x"}}"#
        ),
    );
}

#[test]
fn without_definitions_everything_is_unknown_and_nothing_fails() {
    let nothing = crate::r4::definition::Definitions::default();
    let xml = "<Patient xmlns=\"http://hl7.org/fhir\"><name id=\"n\"><given value=\"a\"/><given value=\"b\"/></name></Patient>";
    let node = parse(xml.as_bytes(), &nothing).unwrap();
    assert_eq!(
        json::render(&node),
        r#"{"resourceType":"Patient","name":{"id":"n","given":["a","b"]}}"#
    );
    assert_eq!(render(&node, &nothing), xml);
}
