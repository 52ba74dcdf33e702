//! Replies in every form in which they may be asked for.

use std::io::Read;

use flate2::read::GzDecoder;
use http::StatusCode;
use http_body_util::BodyExt;
use koppeltaal_fhir::object;
use proptest::prelude::*;

use super::*;

const TEXT: &str = r#"{"resourceType":"Patient","active":true}"#;

fn tree() -> Node {
    object! { "resourceType" => "Patient", "active" => true }
}

fn written(reply: Reply, wants: &Wants) -> (Answer, Vec<u8>) {
    let mut answer = render(reply, wants, Definitions::core());
    let body = std::mem::take(answer.body_mut());
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let collected = runtime.build().unwrap().block_on(body.collect()).unwrap();
    (answer, collected.to_bytes().to_vec())
}

fn xml_wants() -> Wants {
    Wants { format: Format::Xml, ..Wants::default() }
}

#[test]
fn text_and_tree_are_the_same_in_both_formats() {
    for (wants, content_type) in [
        (Wants::default(), "application/fhir+json; fhirVersion=4.0; charset=utf-8"),
        (xml_wants(), "application/fhir+xml; fhirVersion=4.0; charset=utf-8"),
    ] {
        let (answer, of_text) = written(Reply::text(StatusCode::OK, TEXT.into()), &wants);
        let (_, of_tree) = written(Reply::tree(StatusCode::OK, tree()), &wants);
        assert_eq!(of_text, of_tree);
        assert_eq!(answer.headers()[header::CONTENT_TYPE], content_type);
        assert_eq!(answer.headers()[header::VARY], "Accept, Accept-Encoding");
        assert!(!answer.headers().contains_key(header::CONTENT_ENCODING));
    }
    let (_, json) = written(Reply::tree(StatusCode::OK, tree()), &Wants::default());
    assert_eq!(json, TEXT.as_bytes());
    let (_, xml) = written(Reply::tree(StatusCode::OK, tree()), &xml_wants());
    let xml = xml::parse(&xml, Definitions::core()).unwrap();
    assert_eq!(xml, tree());
}

#[test]
fn compact_text_is_passed_on_as_it_is() {
    let odd = "{\"resourceType\" : \"Patient\", \"active\" :  true }";
    let (_, body) = written(Reply::text(StatusCode::OK, odd.into()), &Wants::default());
    assert_eq!(body, odd.as_bytes());
}

#[test]
fn people_get_lines() {
    for wants in [Wants::default(), xml_wants()] {
        let wants = Wants { is_pretty: true, ..wants };
        let (_, body) = written(Reply::text(StatusCode::OK, TEXT.into()), &wants);
        assert!(String::from_utf8(body).unwrap().lines().count() > 2);
    }
}

#[test]
fn status_and_headers_of_the_reply_are_kept() {
    let reply = Reply::tree(StatusCode::CREATED, tree())
        .with(header::ETAG, "W/\"1\"")
        .with(header::VARY, "Prefer");
    let (answer, _) = written(reply, &Wants::default());
    assert_eq!(answer.status(), StatusCode::CREATED);
    assert_eq!(answer.headers()[header::ETAG], "W/\"1\"");
    assert_eq!(answer.headers().get_all(header::VARY).iter().count(), 2);
}

#[test]
fn an_answer_without_a_body_has_no_type() {
    let wants = Wants { gzip: true, is_pretty: true, ..xml_wants() };
    let (answer, body) = written(Reply::empty(StatusCode::NOT_MODIFIED), &wants);
    assert!(body.is_empty());
    assert!(!answer.headers().contains_key(header::CONTENT_TYPE));
    assert!(answer.headers().contains_key(header::VARY));
}

#[test]
fn a_text_that_is_no_json_becomes_a_failure_in_the_format_that_was_asked_for() {
    let (answer, body) = written(Reply::text(StatusCode::OK, "{".into()), &xml_wants());
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(String::from_utf8(body).unwrap().contains("<OperationOutcome"));
}

#[test]
fn a_bundle_of_the_deepest_resources_can_be_written_as_xml() {
    let levels = MAX_DEPTH / 2 - 1;
    let (open, close) = (r#"{"url":"u","extension":["#, "]}");
    let deep = format!("{}{}", open.repeat(levels), close.repeat(levels));
    let resource = format!(r#"{{"resourceType":"Patient","extension":[{deep}]}}"#);
    assert!(json::parse(resource.as_bytes()).is_ok());
    let bundle = format!(r#"{{"resourceType":"Bundle","entry":[{{"resource":{resource}}}]}}"#);
    let (answer, _) = written(Reply::text(StatusCode::OK, bundle), &xml_wants());
    assert_eq!(answer.status(), StatusCode::OK);
}

#[test]
fn large_bodies_are_compressed_for_who_accepts_it() {
    let wants = Wants { gzip: true, ..Wants::default() };
    let large = format!(r#"{{"resourceType":"Patient","id":"{}"}}"#, "a".repeat(WORTH_COMPRESSING));
    let (answer, body) = written(Reply::text(StatusCode::OK, large.clone()), &wants);
    assert_eq!(answer.headers()[header::CONTENT_ENCODING], "gzip");
    assert!(body.len() < large.len() / 4);
    let mut inflated = String::new();
    GzDecoder::new(body.as_slice()).read_to_string(&mut inflated).unwrap();
    assert_eq!(inflated, large);
    for (text, wants) in [(TEXT.to_owned(), &wants), (large, &Wants::default())] {
        let (answer, body) = written(Reply::text(StatusCode::OK, text.clone()), wants);
        assert!(!answer.headers().contains_key(header::CONTENT_ENCODING));
        assert_eq!(body, text.as_bytes());
    }
}

proptest! {
    #[test]
    fn whatever_is_compressed_comes_back(text in "\\PC{0,4000}") {
        let small = compressed(text.as_bytes()).unwrap();
        let mut inflated = String::new();
        GzDecoder::new(small.as_slice()).read_to_string(&mut inflated).unwrap();
        prop_assert_eq!(inflated, text);
    }
}
