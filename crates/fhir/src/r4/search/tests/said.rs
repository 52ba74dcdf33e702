//! The words of a resource, for `_text` and `_content`.

use super::indexed;

#[test]
fn the_narrative_and_the_other_texts_become_words() {
    let words = indexed(
        r#"{"resourceType": "Patient", "id": "secret-id", "meta": {"profile": ["http://p.example/Meta"], "tag": [{"display": "Tagged"}]},
        "text": {"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\" title=\"a > hidden\"><p>Jos&eacute; &#233;&#xE9;n<br/>Vri&#101;s</p><!-- no > comment -->A&amp;B</div>"},
        "identifier": [{"system": "http://fhir.nl/bsn", "value": "1234"}, {"system": "plain", "value": "urn:oid:1"}],
        "name": [{"text": "Jan DE Vriès"}], "gender": "male", "birthDate": "1970-12-21",
        "photo": [{"contentType": "image/png", "data": "QUJD", "url": "Binary/1", "title": "Portret"}],
        "managingOrganization": {"reference": "Organization/org", "display": "Zorggroep"},
        "contained": [{"resourceType": "Device", "id": "c", "text": {"status": "additional", "div": "<div>Inner</div>"}}],
        "extension": [{"url": "urn:x", "valueString": "Extra"}, {"url": "urn:y", "valueUri": "https://x.example/hidden"}]}"#,
    )
    .words;
    assert_eq!(words.narrative, " a b een jos vries ");
    assert_eq!(
        words.content,
        " 12 1234 1970 21 a b de een extra image inner jan jos male png portret vries zorggroep ",
    );
}

#[test]
fn a_resource_without_texts_has_no_words() {
    let words = indexed(r#"{"resourceType": "Patient", "id": "a", "active": true, "text": {"status": "empty", "div": "<div></div>"}}"#).words;
    assert_eq!((words.narrative.as_str(), words.content.as_str()), ("", ""));
}

#[test]
fn broken_markup_is_read_as_far_as_it_goes() {
    for (div, expected) in [
        ("a<b", " a "),
        ("a<b title='x>y", " a "),
        ("a<!-- b", " a "),
        ("a & b &; &#xZZ; &#99999999; &lt;c", " a b c "),
        ("<<>>a", " a "),
        ("&&&amp", " amp "),
    ] {
        let text = format!(r#"{{"resourceType": "Patient", "text": {{"div": "{div}"}}}}"#);
        assert_eq!(indexed(&text).words.narrative, expected, "{div}");
    }
}
