//! The two formats against each other: what goes through XML comes back as the same JSON.

mod support;

use koppeltaal_fhir::dstu1::{Bundle, parse_xml, render_xml};
use koppeltaal_fhir::{Node, ParseError, dstu1::canonical::digest, json};
use support::sorted;

const CARE_PLAN: &str = include_str!("samples/care_plan.xml");

/// Compares two trees by meaning and shows them as JSON when they differ.
#[track_caller]
fn assert_same(found: &Node, expected: &Node) {
    let (found, expected) = (json::render(&sorted(found)), json::render(&sorted(expected)));
    assert_eq!(found, expected);
}

#[track_caller]
fn read_json(text: &str) -> Node {
    json::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn read_xml(text: &str) -> Node {
    parse_xml(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Through XML and back without any difference but the order of members.
#[track_caller]
fn check_round_trip(text: &str) {
    let node = read_json(text);
    let xml = render_xml(&node);
    assert_same(&read_xml(&xml), &node);
}

/// One resource in XML against its JSON form, and back to the same XML.
#[track_caller]
fn check_resource(xml: &str, expected: &str) {
    let node = read_xml(xml);
    assert_eq!(json::render(&node), expected);
    assert_eq!(render_xml(&node), xml);
}

const PATIENT: &str = "<Patient xmlns=\"http://hl7.org/fhir\"";

#[test]
fn a_feed_in_any_order_becomes_the_json_form_of_the_standard() {
    let node = read_xml(CARE_PLAN);
    let expected = read_json(
        r##"{"resourceType":"Bundle","title":"sent","id":"urn:uuid:4f0b","author":[{"name":"someone"}],"totalResults":"2",
        "category":[{"term":"http://ggz.koppeltaal.nl/fhir/Koppeltaal/Domain#My domain","label":"My domain","scheme":"http://hl7.org/fhir/tag/security"},
          {"term":"http://hl7.org/fhir/tag/message","scheme":"http://hl7.org/fhir/tag"}],
        "entry":[
         {"id":"urn:uuid:0ff5","content":{"resourceType":"MessageHeader","id":"ref001","identifier":"m-1","timestamp":"2019-03-19T09:41:05.117+01:00",
           "event":{"system":"http://ggz.koppeltaal.nl/fhir/Koppeltaal/MessageEvents","code":"CreateOrUpdateCarePlan"},
           "source":{"id":"ref002","software":"adapter; app","endpoint":"https://app.example/"},
           "data":[{"id":"ref003","reference":"https://app.example/CarePlan/1/_history/2019-03-19T08:41:05:117.0342"}],
           "extension":[{"url":"http://ggz.koppeltaal.nl/fhir/Koppeltaal/MessageHeader#Patient","valueResource":{"reference":"https://app.example/Patient/1"}}]}},
         {"title":"the plan","id":"https://app.example/CarePlan/1","updated":"2019-03-19T09:41:05+01:00",
          "link":[{"rel":"self","href":"https://app.example/CarePlan/1/_history/2019-03-19T08:41:05:117.0342"}],
          "category":[{"term":"https://x/Profile","label":"a & b","scheme":"http://hl7.org/fhir/tag/profile"}],
          "content":{"resourceType":"CarePlan","id":"ref004","status":"Active","text":{"status":"generated",
             "div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">\n  <!-- seen --><p class='x'>a &lt; b &#160;</p>\t<br/></div>"},
            "activity":[{"id":"ref005","prohibited":false,
              "simple":{"category":"other","quantity":{"value":12.50},"performer":[{"reference":"https://app.example/Practitioner/1"}]},
              "extension":[{"url":"http://ggz.koppeltaal.nl/fhir/Koppeltaal/CarePlan#SubActivity","extension":[
                {"url":"http://ggz.koppeltaal.nl/fhir/Koppeltaal/CarePlan#SubActivityIdentifier","valueString":""},
                {"url":"urn:new","valueInteger":33}]}]}],
            "unheardOf":["1","2"],"strange":{"inner":"x","nothing":{}}},
          "summary":"<div xmlns=\"http://www.w3.org/1999/xhtml\">short</div>"}]}"##,
    );
    assert_same(&node, &expected);
    let names: Vec<_> = node.as_object().unwrap().iter().map(|(n, _)| n.to_owned()).collect();
    assert_eq!(
        names,
        ["resourceType", "title", "id", "author", "totalResults", "category", "entry"]
    );
    assert_same(&read_xml(&render_xml(&node)), &expected);
}

#[test]
fn xml_output_starts_with_the_root_and_is_in_schema_order() {
    let node = read_json(
        r#"{"active":true,"zebra":"z","name":[{"given":["b"],"family":["a"]}],"id":"7","contained":[],"identifier":[{"value":"1"}],
           "language":"nl","extension":[{"valueString":"x","url":"u"}],"text":{"div":"<div>t</div>","status":"generated"},"resourceType":"Patient"}"#,
    );
    assert_eq!(
        render_xml(&node),
        concat!(
            r#"<Patient xmlns="http://hl7.org/fhir" id="7"><extension url="u"><valueString value="x"/></extension>"#,
            r#"<language value="nl"/><text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml">t</div></text>"#,
            r#"<identifier><value value="1"/></identifier><name><family value="a"/><given value="b"/></name>"#,
            r#"<active value="true"/><zebra value="z"/></Patient>"#
        )
    );
}

#[test]
fn a_feed_is_written_in_the_order_of_atom() {
    let node = read_json(
        r#"{"resourceType":"Bundle","entry":[{"summary":"plain","content":{"resourceType":"Patient"},"id":"a","title":"<t>"}],
           "link":{"rel":"self","href":"x?a=1&b=2"},"totalResults":1,"updated":"2024","id":"i","title":"t","author":"me","category":[]}"#,
    );
    assert_eq!(
        render_xml(&node),
        concat!(
            r#"<feed xmlns="http://www.w3.org/2005/Atom"><title type="text">t</title><id>i</id><link rel="self" href="x?a=1&amp;b=2"/>"#,
            r#"<os:totalResults xmlns:os="http://a9.com/-/spec/opensearch/1.1/">1</os:totalResults><updated>2024</updated>"#,
            r#"<author><name>me</name></author><entry><title type="text">&lt;t&gt;</title><id>a</id>"#,
            r#"<content type="text/xml"><Patient xmlns="http://hl7.org/fhir"/></content><summary type="text">plain</summary></entry></feed>"#
        )
    );
}

#[test]
fn resources_with_everything_special_go_through_xml_and_back() {
    for text in [
        // Ids and extensions of primitives, single, repeating and without a value.
        r#"{"resourceType":"Patient","id":"1","birthDate":"1990","_birthDate":{"id":"b"},"name":[{"id":"n","family":["x"],"_family":[{"id":"f"}],"given":["a","b"],"_given":[null,{"extension":[{"url":"u","valueCode":"c"}]}]}]}"#,
        r#"{"resourceType":"Patient","_birthDate":{"extension":[{"url":"u","valueCode":"c"}]},"name":[{"_given":[{"id":"g"}]}]}"#,
        r#"{"resourceType":"Patient","name":[{"given":["a",null],"_given":[null,{"id":"g"}]}]}"#,
        // Contained resources, each in its own wrapper.
        r##"{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o","active":true,"contact":[{"telecom":[{"value":"1"}]}]},{"resourceType":"Novel","id":"p","a":{"b":["1","2"]}}],"managingOrganization":{"reference":"#o"}}"##,
        // Native values and values that look like none.
        r#"{"resourceType":"Patient","active":false,"multipleBirthInteger":2,"extension":[{"url":"a","valueDecimal":12.50},{"url":"b","valueDecimal":1.0e3},{"url":"c","valueInteger":-0}]}"#,
        r#"{"resourceType":"Patient","active":"yes","multipleBirthInteger":"02","extension":[{"url":"a","valueDecimal":"+1"},{"url":"b","valueInteger":"1.0"}]}"#,
        // A complex element as a bare string, a single element as a list, a list as a single element.
        r#"{"resourceType":"Organization","type":"hospital","contact":[{"purpose":"billing"}]}"#,
        r#"{"resourceType":"Patient","birthDate":["1990","1991"],"gender":[{"text":"a"},{"text":"b"}]}"#,
        // Modifier extensions, nested extensions, elements of unknown types.
        r#"{"resourceType":"Other","modifierExtension":[{"url":"m","extension":[{"url":"n","valueBoolean":true}]}],"foo":{"id":"x","extension":[{"url":"u"}],"bar":{"baz":["1","2"]}}}"#,
        r#"{"resourceType":"Condition","stage":{"summary":{"text":"x"}},"evidence":{"detail":{"reference":"y"}}}"#,
        // White space and characters with a meaning in XML.
        r#"{"resourceType":"Other","id":"a\tb","x":" line\r\nbreak\t<&>\"' ","y":"","extension":[{"url":"a&b\n","valueString":"\u00a0😀"}]}"#,
        // Names that XML does not allow, and members that only look like companions.
        r#"{"resourceType":"Other","foo bar":"1","1":"2","":{"a":"b"},"a:b":"c","_lonely":"text","$x":{"@attribute":"v"},"_x0041_":"y"}"#,
        r#"{"resourceType":"Other","gender":{"a":"1"},"_gender":{"id":"1"},"code":{"resourceType":"no resource","coding":[{"code":"x"}]}}"#,
        r#"{"resourceType":"Other","a":"1","_a":{"id":"x"},"__a":"2","_x005F_a":"3"}"#,
        r#"{"resourceType":"Strange type"}"#,
    ] {
        check_round_trip(text);
    }
}

#[test]
fn unknown_elements_survive_in_both_directions() {
    check_resource(
        &format!("{PATIENT} id=\"1\"><a value=\"1\"/><b/><c><d value=\"x\"/></c><e value=\"1\"/><e value=\"2\"/><f id=\"i\" value=\"v\"/></Patient>").replace("id=\"i\" value=\"v\"", "value=\"v\" id=\"i\""),
        r#"{"resourceType":"Patient","id":"1","a":"1","b":{},"c":{"d":"x"},"e":["1","2"],"_f":{"id":"i"},"f":"v"}"#,
    );
}

#[test]
fn unknown_attributes_survive() {
    check_resource(
        &format!("{PATIENT} version=\"2\"><gender value=\"x\" lang=\"nl\"><coding own=\"1\"/></gender><birthDate value=\"1990\" precision=\"y\"/></Patient>")
            .replace("<gender value=\"x\" lang=\"nl\"><coding own=\"1\"/></gender>", "<gender lang=\"nl\"><coding own=\"1\"/></gender>"),
        r#"{"resourceType":"Patient","@version":"2","gender":{"@lang":"nl","coding":[{"@own":"1"}]},"_birthDate":{"@precision":"y"},"birthDate":"1990"}"#,
    );
}

#[test]
fn numbers_and_booleans_of_unknown_elements_keep_their_digest() {
    let node = read_json(
        r#"{"resourceType":"Patient","own":12.50,"flag":true,"list":["x"],"active":true,"id":5}"#,
    );
    let back = read_xml(&render_xml(&node));
    assert_ne!(back, node);
    assert_eq!(digest(&back), digest(&node));
}

#[test]
fn a_narrative_is_kept_verbatim_and_made_self_contained() {
    let xml = "<x:Patient xmlns:x=\"http://hl7.org/fhir\" xmlns:h=\"http://www.w3.org/1999/xhtml\" xmlns:unused=\"urn:u\"><x:text>\
               <h:div  a = 'b'><h:p>x</h:p> <!-- c --> </h:div></x:text></x:Patient>";
    let node = read_xml(xml);
    assert_eq!(
        node.get("text").and_then(|t| t.get("div")).and_then(Node::as_str),
        Some(
            "<h:div xmlns:h=\"http://www.w3.org/1999/xhtml\"  a = 'b'><h:p>x</h:p> <!-- c --> </h:div>"
        )
    );
    assert_same(&read_xml(&render_xml(&node)), &node);
}

#[test]
fn a_broken_narrative_of_a_json_sender_does_not_break_the_xml() {
    for div in ["<div>&nbsp;</div>", "no markup", "<div><p></div>", "</div><evil/>", "\u{0}"] {
        let node = Node::object()
            .with("resourceType", "Patient")
            .with("text", Node::object().with("div", div));
        let back = read_xml(&render_xml(&node));
        let shown = back.get("text").and_then(|t| t.get("div")).and_then(Node::as_str).unwrap();
        assert!(shown.starts_with("<div xmlns=\"http://www.w3.org/1999/xhtml\">"), "{shown}");
    }
}

#[test]
fn characters_that_xml_cannot_carry_are_replaced_visibly() {
    let node = read_json(r#"{"resourceType":"Patient","birthDate":"a\u0000b\u0001"}"#);
    assert_eq!(
        render_xml(&node),
        format!("{PATIENT}><birthDate value=\"a\u{FFFD}b\u{FFFD}\"/></Patient>")
    );
}

#[test]
fn json_that_differs_from_the_standard_passes_unchanged_from_json_to_json() {
    let text = r#"{"resourceType":"Bundle","entry":[{"content":{"resourceType":"Organization","id":3,"type":"x","address":[],"name":["a"],"contact":{"purpose":"y"}}}]}"#;
    let bundle = Bundle::from_node(read_json(text)).unwrap();
    assert_eq!(json::render(&bundle.into_node()), text);
}

#[test]
fn bad_xml_is_refused_with_the_right_error() {
    let malformed = |xml: String| match parse_xml(xml.as_bytes()) {
        Err(ParseError::Malformed { .. }) => {}
        other => panic!("{xml}: {other:?}"),
    };
    let inside = |content: &str| format!("{PATIENT}>{content}</Patient>");
    for bad in ["", " ", "x", "<", "<a", "<Patient", "<!-- -->", "</a>", "<?xml?>", "{}"] {
        malformed(bad.to_owned());
    }
    for bad in [
        "<a>",
        "</a>",
        "text",
        "<a value='1' value2/>",
        "<a value=1/>",
        "<a value='<'/>",
        "<a value='&'/>",
        "<a value='&#0;'/>",
        "<a value='\u{1}'/>",
        "<p:a/>",
        "<1a/>",
        "<a b='1'c='2'/>",
        "<_a value='1'/>",
        "<a _b='1'/>",
        "<a xmlns:p=''/>",
        "<a>]]></a>",
        "<![CDATA[x]]>",
        "<?xml version='1.0'?>",
        "<a:b:c/>",
        "<a value='x' / >",
        "<contained>x</contained>",
        "<!-- a -- b -->",
    ] {
        malformed(inside(bad));
    }
    malformed(format!("{PATIENT}/><Patient/>"));
    malformed(format!("{PATIENT}/>x"));
    malformed(format!(" <?xml version='1.0'?>{PATIENT}/>"));
    let check = |xml: String, expected: ParseError| {
        assert_eq!(parse_xml(xml.as_bytes()), Err(expected), "{xml}")
    };
    check(format!("<!DOCTYPE x [<!ENTITY a 'b'>]>{PATIENT}/>"), ParseError::Doctype);
    check(inside("<a value='&nbsp;'/>"), ParseError::Entity);
    check(inside("&a;"), ParseError::Entity);
    check(
        inside("<text><div xmlns='http://www.w3.org/1999/xhtml'>&nbsp;</div></text>"),
        ParseError::Entity,
    );
    check(format!("<?xml version='1.0' encoding='ISO-8859-1'?>{PATIENT}/>"), ParseError::NotUtf8);
    assert_eq!(parse_xml(b"\xFF\xFE<\0a\0"), Err(ParseError::NotUtf8));
}

#[test]
fn a_byte_order_mark_and_a_declaration_are_tolerated_once() {
    let text = "<text><div xmlns=\"http://www.w3.org/1999/xhtml\">é</div></text>";
    let resource = format!("{PATIENT}>{text}</Patient>");
    let plain = read_xml(&resource);
    for prolog in [
        "\u{FEFF}",
        "\u{FEFF}<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n",
        "<!-- c -->\n",
        "<?xml-stylesheet href='x'?>",
    ] {
        assert_eq!(read_xml(&format!("{prolog}{resource}")), plain, "{prolog}");
    }
    assert!(parse_xml(format!("{0}{0}{resource}", '\u{FEFF}').as_bytes()).is_err());
}

#[test]
fn elements_of_a_foreign_namespace_are_refused_inside_resources_and_ignored_in_feeds() {
    let foreign = |xml: &str| match parse_xml(xml.as_bytes()) {
        Err(ParseError::ForeignNamespace { .. }) => {}
        other => panic!("{xml}: {other:?}"),
    };
    foreign("<Patient/>");
    foreign("<feed/>");
    foreign(&format!("{PATIENT}><x xmlns='urn:x'/></Patient>"));
    foreign(&format!("{PATIENT}><birthDate xmlns='' value='1'/></Patient>"));
    foreign(&format!(
        "{PATIENT}><gender><div xmlns='http://www.w3.org/1999/xhtml'/></gender></Patient>"
    ));
    foreign(&format!("{PATIENT} xml:lang='nl'/>"));
    foreign(&format!("{PATIENT} xmlns:p='urn:p' p:x='1'/>"));
    foreign(
        "<feed xmlns='http://www.w3.org/2005/Atom'><entry><content><x xmlns='urn:x'/></content></entry></feed>",
    );
    let feed = "<feed xmlns='http://www.w3.org/2005/Atom'><x xmlns='urn:x'><y>z</y></x><subtitle>s</subtitle></feed>";
    assert_eq!(json::render(&read_xml(feed)), r#"{"resourceType":"Bundle","entry":[]}"#);
}

#[test]
fn ambiguous_documents_are_refused() {
    let twice = |xml: String| match parse_xml(xml.as_bytes()) {
        Err(ParseError::DuplicateMember { .. }) => {}
        other => panic!("{xml}: {other:?}"),
    };
    twice(format!("{PATIENT} id='1'><id value='2'/></Patient>"));
    twice(format!("{PATIENT} id='1' id='2'/>"));
    twice(format!("{PATIENT}><resourceType value='Other'/></Patient>"));
    twice(format!("{PATIENT}><extension url='a'><url value='b'/></extension></Patient>"));
    let atom = "http://www.w3.org/2005/Atom";
    twice(format!("<feed xmlns='{atom}'><id>1</id><id>2</id></feed>"));
    twice(format!(
        "<feed xmlns='{atom}'><entry><content/><content>{PATIENT}/></content><content/></entry></feed>"
    ));
}
