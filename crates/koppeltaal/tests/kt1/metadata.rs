//! GET metadata.

use serde_json::Value;

use crate::support::{Engine, TestApp};

on_both_engines!(
    the_conformance_statement_needs_no_credentials,
    as_xml_it_starts_with_its_element,
    it_tells_where_to_sign_in_and_where_to_post,
    duplicate_slashes_and_any_case_lead_to_it,
);

// T01
async fn the_conformance_statement_needs_no_credentials(engine: Engine) {
    let app = TestApp::start(engine).await;
    let conformance = app.anyone().get("metadata").await.expect(200).json();
    assert_eq!(conformance["resourceType"], "Conformance");
    assert_eq!(conformance["name"], "Koppeltaal");
    assert_eq!(conformance["fhirVersion"], "0.0.82");
    assert!(conformance["version"].as_str().unwrap() >= "v1.0");
    assert_eq!(conformance["format"], serde_json::json!(["xml", "json"]));
    // Credentials that are sent do no harm, right or wrong.
    app.a().get("metadata").await.expect(200);
    app.anyone().credentials("a", "wrong").get("metadata").await.expect(200);
}

// T02
async fn as_xml_it_starts_with_its_element(engine: Engine) {
    let app = TestApp::start(engine).await;
    let answer = app.anyone().accept("application/xml").get("metadata").await.expect(200);
    assert!(answer.text.starts_with("<Conformance"), "{}", answer.text);
    let json = app.anyone().get("metadata").await.json();
    assert_eq!(answer.json(), json, "both formats say the same");
}

// T03
async fn it_tells_where_to_sign_in_and_where_to_post(engine: Engine) {
    let app = TestApp::start(engine).await;
    let conformance = app.anyone().get("metadata").await.json();
    let security = &conformance["rest"][0]["security"];
    assert_eq!(security["cors"], true);
    let uris: Vec<(&str, &str)> = security["extension"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (e["url"].as_str().unwrap(), e["valueUri"].as_str().unwrap()))
        .collect();
    let oauth = format!("{}/OAuth2/Koppeltaal", app.server.public_url);
    for (url, path) in [
        ("http://fhir-registry.smartplatforms.org/Profile/oauth-uris#authorize", "Authorize"),
        ("http://fhir-registry.smartplatforms.org/Profile/oauth-uris#token", "Token"),
        ("http://fhir-registry.smarthealthit.org/Profile/oauth-uris#authorize", "Authorize"),
        ("http://fhir-registry.smarthealthit.org/Profile/oauth-uris#token", "Token"),
        ("http://fhir.vitalhealthsoftware.com/Profile/Conformance#Launch", "Launch"),
    ] {
        assert!(uris.contains(&(url, &format!("{oauth}/{path}"))), "{url}");
    }
    let messaging = &conformance["messaging"][0];
    assert_eq!(messaging["endpoint"], app.url("Mailbox"));
    let events: Vec<&Value> =
        messaging["event"].as_array().unwrap().iter().map(|e| &e["code"]["code"]).collect();
    assert_eq!(events.len(), 8);
    let header = &conformance["rest"][0]["resource"][0];
    assert_eq!(header["type"], "MessageHeader");
    let parameters: Vec<&str> = header["searchParam"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["name"].as_str().unwrap())
        .collect();
    assert_eq!(parameters, ["event", "_id", "Patient", "ProcessingStatus"]);
    assert_eq!(conformance["rest"][0]["query"][0]["name"], "MessageHeader.GetNextNewAndClaim");
}

// T07, T08
async fn duplicate_slashes_and_any_case_lead_to_it(engine: Engine) {
    let app = TestApp::start(engine).await;
    let same = app.anyone().get("metadata").await.json();
    for path in [
        "//FHIR/Koppeltaal/metadata",
        "/fhir//koppeltaal/Metadata/",
        "/FHIR/Koppeltaal/metadata?x=1",
    ] {
        assert_eq!(app.anyone().get(path).await.expect(200).json(), same, "{path}");
    }
    let answer = app.a().get("Other/_search?code=ActivityDefinition").await.expect(200);
    assert!(answer.is_empty());
}
