//! Bodies of every kind that a caller may send.

use std::convert::Infallible;
use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll};

use flate2::Compression;
use flate2::write::GzEncoder;
use http_body::Frame;
use http_body_util::Full;
use proptest::prelude::*;

use super::*;

/// One byte, and then nothing for ever.
struct Stalled(bool);

impl http_body::Body for Stalled {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Pending;
        }
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"{")))))
    }
}

const SOON: Duration = Duration::from_millis(20);

fn headers(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(name, value.parse().unwrap());
    }
    headers
}

fn status<T>(result: Result<T, Refusal>) -> StatusCode {
    result.err().map_or(StatusCode::OK, |refusal| refusal.status)
}

#[tokio::test]
async fn a_body_that_stalls_is_cut_off() {
    let read = read_within(&HeaderMap::new(), Stalled(false), 10, SOON).await;
    assert_eq!(status(read), StatusCode::REQUEST_TIMEOUT);
}

#[tokio::test]
async fn a_body_may_be_as_large_as_the_limit_and_no_larger() {
    for (length, expected) in [
        (0, StatusCode::OK),
        (10, StatusCode::OK),
        (11, StatusCode::PAYLOAD_TOO_LARGE),
        (1000, StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let body = Full::new(Bytes::from(vec![b' '; length]));
        let read = read_body(&HeaderMap::new(), body, 10).await;
        assert_eq!(status(read), expected, "{length}");
    }
}

#[tokio::test]
async fn a_declared_length_beyond_the_limit_is_refused_without_waiting_for_a_patient_sender() {
    let headers = headers(&[(header::CONTENT_LENGTH, "11"), (header::EXPECT, "100-continue")]);
    let read = read_within(&headers, Stalled(true), 10, SOON).await;
    assert_eq!(status(read), StatusCode::PAYLOAD_TOO_LARGE);
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

async fn compressed(coding: &str, body: Vec<u8>, limit: usize) -> Result<Bytes, Refusal> {
    let headers = headers(&[(header::CONTENT_ENCODING, coding)]);
    read_body(&headers, Full::new(Bytes::from(body)), limit).await
}

#[tokio::test]
async fn a_compressed_body_is_inflated_up_to_the_limit() {
    let text = b"{\"resourceType\":\"Patient\"}".repeat(10);
    for coding in ["gzip", "GZIP", "x-gzip", "identity, gzip"] {
        let read = compressed(coding, gzip(&text), text.len()).await.unwrap();
        assert_eq!(read, text, "{coding}");
    }
    let bomb = gzip(&vec![0; 50 << 20]);
    assert!(bomb.len() < 100_000);
    let read = compressed("gzip", bomb, 100_000).await;
    assert_eq!(status(read), StatusCode::PAYLOAD_TOO_LARGE);
    let read = compressed("gzip", gzip(&text), text.len() - 1).await;
    assert_eq!(status(read), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn what_is_not_exactly_one_gzip_stream_is_refused() {
    let whole = gzip(b"{}");
    let twice = [whole.clone(), whole.clone()].concat();
    let mut wrong_sum = whole.clone();
    let sum = wrong_sum.len() - 6;
    wrong_sum[sum] ^= 1;
    let cut = whole[..whole.len() - 1].to_vec();
    for body in [twice, wrong_sum, cut, b"{}".to_vec(), Vec::new()] {
        assert_eq!(status(compressed("gzip", body, 1000).await), StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn other_compressions_are_refused_by_naming_the_one_that_is_read() {
    for coding in ["br", "deflate", "gzip, gzip", "zstd, gzip"] {
        let refusal = compressed(coding, gzip(b"{}"), 1000).await.unwrap_err();
        assert_eq!(refusal.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{coding}");
        assert_eq!(refusal.headers[header::ACCEPT_ENCODING], "gzip");
    }
}

fn parsed(content_type: &str, body: &[u8]) -> Result<Node, Refusal> {
    parse_resource(&headers(&[(header::CONTENT_TYPE, content_type)]), body, Definitions::core())
}

const PATIENT: &[u8] = br#"{"resourceType":"Patient"}"#;
const PATIENT_XML: &[u8] =
    br#"<Patient xmlns="http://hl7.org/fhir"><active value="true"/></Patient>"#;

#[test]
fn a_resource_is_read_by_its_type_and_the_type_is_checked() {
    let (good, bad) = (StatusCode::OK, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    for (content_type, expected) in [
        ("application/fhir+json", good),
        ("application/fhir+json; fhirVersion=4.0; charset=utf-8", good),
        ("application/json;charset=UTF-8", good),
        ("application/json; charset=\"utf8\"", good),
        ("text/json", good),
        ("application/fhir+json; charset=iso-8859-1", bad),
        ("application/fhir+json; fhirVersion=3.0", bad),
        ("application/fhir+json; fhirVersion=4.0; charset=utf-16", bad),
        ("text/plain", bad),
        ("application/x-www-form-urlencoded", bad),
        ("application/json-patch+json", bad),
        ("*/*", bad),
        ("", bad),
    ] {
        assert_eq!(status(parsed(content_type, PATIENT)), expected, "{content_type}");
    }
    for missing in [&[][..], &[(header::CONTENT_TYPE, "json"), (header::CONTENT_TYPE, "xml")]] {
        let refusal = parse_resource(&headers(missing), PATIENT, Definitions::core()).unwrap_err();
        assert_eq!(refusal.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        assert!(refusal.issues[0].diagnostics.contains("application/fhir+json"));
    }
}

#[test]
fn json_and_xml_give_the_same_tree() {
    let json = parsed("application/fhir+json", br#"{"resourceType":"Patient","active":true}"#);
    let xml = parsed("application/fhir+xml", PATIENT_XML);
    assert_eq!(json.unwrap(), xml.unwrap());
}

#[test]
fn a_body_of_another_format_than_its_type_says_is_refused_in_plain_words() {
    for (content_type, body) in
        [("application/fhir+json", PATIENT_XML), ("application/fhir+xml", PATIENT)]
    {
        let refusal = parsed(content_type, body).unwrap_err();
        assert_eq!(refusal.status, StatusCode::BAD_REQUEST);
        let told = &refusal.issues[0].diagnostics;
        assert!(told.contains("Content-Type says") && told.contains(content_type), "{told}");
    }
}

#[test]
fn what_is_no_resource_is_refused_with_its_place() {
    for (body, told) in [
        (&b""[..], "empty"),
        (b" \n\xEF\xBB", "line 2"),
        (b"\xEF\xBB\xBF  ", "empty"),
        (b"[]", "no resource"),
        (b"{}", "no resource"),
        (br#"{"resourceType":7}"#, "no resource"),
        (br#"{"resourceType":""}"#, "no resource"),
        (b"{\"resourceType\":\n\"Patient\",}", "line 2, column 11"),
        (br#"{"resourceType":"Patient","id":"a","id":"b"}"#, "\"id\" occurs twice"),
        (b"{\"resourceType\":\"\xFF\"}", "not UTF-8"),
        (b"\xFF\xFE{\0}\0", "not UTF-8"),
    ] {
        // The parser sees bytes that are no UTF-8 before anything else.
        let told = if std::str::from_utf8(body).is_err() { "not UTF-8" } else { told };
        let refusal = parsed("application/fhir+json", body).unwrap_err();
        assert_eq!(refusal.status, StatusCode::BAD_REQUEST);
        assert_eq!(refusal.issues[0].code, "structure");
        let said = &refusal.issues[0].diagnostics;
        assert!(said.contains(told), "{said}");
    }
    let deep = "[".repeat(100_000);
    let refusal = parsed("json", deep.as_bytes()).unwrap_err();
    assert!(refusal.issues[0].diagnostics.contains("too deeply"));
}

#[tokio::test]
async fn a_large_resource_is_read_as_a_small_one_is() {
    let catalog = Catalog::built_in();
    let headers = headers(&[(header::CONTENT_TYPE, "application/fhir+json")]);
    let padded = [PATIENT, &vec![b' '; LARGE]].concat();
    let large = read_resource(&headers, padded.into(), &catalog).await.unwrap();
    let small = read_resource(&headers, Bytes::from_static(PATIENT), &catalog).await.unwrap();
    assert_eq!(large, small);
}

#[test]
fn a_search_by_post_has_its_parameters_in_a_form() {
    let form = |content_type: &str, body: &str| {
        parse_form(&headers(&[(header::CONTENT_TYPE, content_type)]), body.as_bytes())
    };
    let read = form("application/x-www-form-urlencoded; charset=UTF-8", "name=a+b").unwrap();
    assert_eq!(read, [("name".to_owned(), "a b".to_owned())]);
    assert!(parse_form(&HeaderMap::new(), b"").unwrap().is_empty());
    for (content_type, body, expected) in [
        ("application/json", "{}".to_owned(), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (
            "application/x-www-form-urlencoded; charset=latin1",
            "a=1".to_owned(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ),
        ("application/x-www-form-urlencoded", "a=%FF".to_owned(), StatusCode::BAD_REQUEST),
        ("application/x-www-form-urlencoded", "a".repeat(70_000), StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        assert_eq!(status(form(content_type, &body)), expected, "{content_type}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..200), is_json: bool) {
        let content_type = if is_json { "application/fhir+json" } else { "application/fhir+xml" };
        let read = parsed(content_type, &body);
        prop_assert!(matches!(status(read), StatusCode::OK | StatusCode::BAD_REQUEST));
        let inflated = inflated(&body, 1000);
        prop_assert!(inflated.is_ok() || status(inflated) != StatusCode::OK);
    }

    #[test]
    fn what_was_compressed_comes_back(body in prop::collection::vec(any::<u8>(), 0..2000)) {
        prop_assert_eq!(inflated(&gzip(&body), body.len()).unwrap(), body);
    }
}
