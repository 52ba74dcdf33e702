//! What headers and parameters ask of an answer and say of a body (K002-6, K002-7,
//! K014-2, X5): formats, versions, charsets, layout, compression.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use crate::client::{JSON, XML, path};
use crate::resources::patient;
use crate::support::Engine;
use crate::world::World;

on_both_engines!(
    accept_chooses_the_format,
    the_parameter_outweighs_the_header,
    content_type_says_what_the_body_is,
    only_utf_8_is_read,
    people_get_a_layout,
    a_body_may_be_compressed,
    an_answer_is_compressed_for_who_asks,
);

const OUT_JSON: &str = "application/fhir+json; fhirVersion=4.0; charset=utf-8";
const OUT_XML: &str = "application/fhir+xml; fhirVersion=4.0; charset=utf-8";

async fn accept_chooses_the_format(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let path = path(&own.create(&patient()).await);
    for (accept, expected) in [
        ("application/fhir+json", Some(OUT_JSON)),
        ("application/fhir+xml", Some(OUT_XML)),
        ("application/json", Some(OUT_JSON)),
        ("application/xml", Some(OUT_XML)),
        ("text/xml", Some(OUT_XML)),
        ("*/*", Some(OUT_JSON)),
        ("application/*", Some(OUT_JSON)),
        ("application/fhir+xml;q=1.0, application/fhir+json;q=1.0", Some(OUT_JSON)),
        ("application/fhir+json;q=0.5, application/fhir+xml", Some(OUT_XML)),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Some(OUT_JSON)),
        ("application/fhir+json; fhirVersion=4.0", Some(OUT_JSON)),
        ("application/fhir+xml; fhirVersion=4.0; charset=utf-8", Some(OUT_XML)),
        ("application/fhir+json; fhirVersion=3.0", None),
        ("application/fhir+json; fhirVersion=5.0", None),
        ("application/fhir+turtle", None),
        ("text/html", None),
        ("application/pdf", None),
        ("application/json-patch+json", None),
        ("application/fhir+json;q=0", None),
    ] {
        for wanted in [path.as_str(), "Patient", "metadata", "ImplementationGuide"] {
            let reply = own.get_with(wanted, &[("accept", accept)]).await;
            match expected {
                Some(content_type) => {
                    assert_eq!(reply.status, 200, "{accept}: {wanted}");
                    assert_eq!(reply.header("content-type"), Some(content_type), "{accept}");
                    let vary = reply.header("vary").unwrap().to_lowercase();
                    assert!(vary.contains("accept") && vary.contains("accept-encoding"), "{vary}");
                }
                None => {
                    let reply = reply.refused(406, "not-supported");
                    // Nothing of the request stands in the answer (TOP-KT-008).
                    assert!(!reply.text().contains("turtle"));
                }
            }
        }
    }
    // Before it is known who asks, nothing else is told.
    let accept = [("accept", "application/pdf")];
    world.anyone().get_with(&path, &accept).await.refused(406, "not-supported");
    let reply = own.post_with("Patient", &accept, &patient()).await;
    reply.refused(406, "not-supported");
    assert_eq!(own.search("Patient").await["total"], 1);
}

async fn the_parameter_outweighs_the_header(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let path = path(&own.create(&patient()).await);
    for (format, expected) in [
        ("json", OUT_JSON),
        ("xml", OUT_XML),
        ("application/json", OUT_JSON),
        ("text/xml", OUT_XML),
        ("application/fhir%2Bxml", OUT_XML),
        ("application/fhir+xml", OUT_XML),
        ("application/fhir%2Bjson;fhirVersion=4.0", OUT_JSON),
    ] {
        for accept in [JSON, XML, "application/pdf"] {
            let url = format!("{path}?_format={format}");
            let reply = own.get_with(&url, &[("accept", accept)]).await.expect(200);
            assert_eq!(reply.header("content-type"), Some(expected), "{format}");
        }
    }
    for format in ["ttl", "pdf", "application/fhir%2Bjson;fhirVersion=3.0"] {
        let reply = own.get(&format!("{path}?_format={format}")).await;
        assert_eq!(reply.status, 406, "{format}: {}", reply.text());
    }
    own.get(&format!("{path}?_format=json&_format=xml")).await.expect(400);
    let reply = own.post("Patient?_format=xml", &patient()).await.expect(201);
    assert_eq!(reply.header("content-type"), Some(OUT_XML));
}

async fn content_type_says_what_the_body_is(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let text = patient().to_string();
    for (content_type, status) in [
        (Some("application/fhir+json"), 201),
        (Some("application/json"), 201),
        (Some("Application/FHIR+JSON; charset=UTF-8"), 201),
        (Some("application/fhir+json; fhirVersion=4.0; charset=\"utf-8\""), 201),
        (Some("application/fhir+json; fhirVersion=4.0.1"), 201),
        (None, 415),
        (Some(""), 415),
        (Some("text/plain"), 415),
        (Some("application/x-www-form-urlencoded"), 415),
        (Some("multipart/form-data"), 415),
        (Some("application/fhir+turtle"), 415),
        (Some("application/json-patch+json"), 415),
        (Some("*/*"), 415),
        (Some("application/fhir+json; fhirVersion=3.0"), 415),
        (Some("application/fhir+json; fhirVersion=5.0"), 415),
        (Some("application/fhir+json; charset=iso-8859-1"), 415),
        (Some("application/fhir+json; charset=utf-16"), 415),
        // Type and content agree (TOP-KT-008).
        (Some("application/fhir+xml"), 400),
    ] {
        let headers: Vec<_> = content_type.iter().map(|value| ("content-type", *value)).collect();
        let reply = own.call("POST", "Patient", &headers, text.clone()).await;
        assert_eq!(reply.status, status, "{content_type:?}: {}", reply.text());
        if status == 415 {
            let reply = reply.refused(415, "not-supported");
            assert!(reply.header("accept").unwrap().contains(JSON));
        }
    }
    let twice = [("content-type", JSON), ("content-type", XML)];
    own.call("POST", "Patient", &twice, text.clone()).await.expect(415);
    let xml = "<Patient xmlns=\"http://hl7.org/fhir\"/>";
    own.call("POST", "Patient", &[("content-type", JSON)], xml).await.expect(400);
    assert_eq!(own.search("Patient").await["total"], 5);
}

async fn only_utf_8_is_read(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let text = patient().to_string();
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let cut = {
        let at = text.find('ë').unwrap() + 1;
        let mut bytes = text.clone().into_bytes();
        bytes.remove(at);
        bytes
    };
    let headers = [("content-type", JSON)];
    for body in [latin, utf16, cut, b"\x00".to_vec(), b"\xff\xfe{}".to_vec()] {
        own.call("POST", "Patient", &headers, body).await.refused(400, "structure");
    }
    let marked = [b"\xEF\xBB\xBF", text.as_bytes()].concat();
    let status = own.call("POST", "Patient", &headers, marked).await.status;
    assert!([201, 400].contains(&status), "a mark of UTF-8 is read or refused: {status}");
}

async fn people_get_a_layout(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let path = path(&own.create(&patient()).await);
    let plain = own.get(&path).await;
    let pretty = own.get(&format!("{path}?_pretty=true")).await.expect(200);
    assert!(!plain.text().contains('\n') && pretty.text().lines().count() > 10);
    assert_eq!(pretty.json(), plain.json());
    assert_eq!(own.get(&format!("{path}?_pretty=false")).await.text(), plain.text());
    let xml = own.get(&format!("{path}?_pretty=true&_format=xml")).await.expect(200);
    assert!(xml.text().lines().count() > 10, "{}", xml.text());
    let outcome = own.get("Observation?_pretty=true").await.expect(404);
    assert!(outcome.text().lines().count() > 3);
    own.get(&format!("{path}?_pretty=yes")).await.expect(400);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

async fn a_body_may_be_compressed(engine: Engine) {
    let world = World::build(engine).config(|config| config.limits.body = 64 * 1024).start().await;
    let own = world.client("own").await;
    let text = patient().to_string();
    let post = async |coding: &str, body: Vec<u8>| {
        let headers = [("content-type", JSON), ("content-encoding", coding)];
        own.call("POST", "Patient", &headers, body).await
    };
    for coding in ["gzip", "x-gzip", "GZIP"] {
        post(coding, gzip(text.as_bytes())).await.expect(201);
    }
    post("identity", text.clone().into_bytes()).await.expect(201);
    for coding in ["br", "deflate", "gzip, gzip", "gzip, br"] {
        post(coding, gzip(text.as_bytes())).await.refused(415, "not-supported");
    }
    let whole = gzip(text.as_bytes());
    post("gzip", whole[..whole.len() / 2].to_vec()).await.refused(400, "structure");
    post("gzip", text.clone().into_bytes()).await.refused(400, "structure");
    post("gzip", [whole.clone(), whole].concat()).await.refused(400, "structure");
    // A few bytes that stand for many.
    post("gzip", gzip(&vec![b' '; 64 * 1024 * 1024])).await.refused(413, "too-long");
    assert_eq!(own.search("Patient").await["total"], 4);
}

async fn an_answer_is_compressed_for_who_asks(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    for _ in 0..3 {
        own.create(&patient()).await;
    }
    for wanted in ["metadata", "StructureDefinition/KT2Patient", "Patient?_sort=_id&_elements=id"] {
        let plain = own.get(wanted).await;
        if plain.status == 404 || plain.body.len() < 2_000 {
            continue;
        }
        assert_eq!(plain.header("content-encoding"), None);
        let reply = own.get_with(wanted, &[("accept-encoding", "gzip, deflate, br")]).await;
        assert_eq!(reply.header("content-encoding"), Some("gzip"), "{wanted}");
        let mut whole = Vec::new();
        GzDecoder::new(reply.body.as_slice()).read_to_end(&mut whole).unwrap();
        assert!(reply.body.len() < whole.len());
        assert_eq!(reply.header("content-type"), plain.header("content-type"));
        if wanted != "Patient?_sort=_id&_elements=id" {
            assert_eq!(whole, plain.body, "{wanted}");
        }
        for refused in ["identity", "gzip;q=0", "br"] {
            let reply = own.get_with(wanted, &[("accept-encoding", refused)]).await;
            assert_eq!(reply.header("content-encoding"), None, "{refused}");
        }
    }
}
