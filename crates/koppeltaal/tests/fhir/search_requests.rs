//! What holds for searches of all types: `_id`, `_tag`, `_text` and the like, the
//! forms in which a search is sent, and parameters that are not known or refused.

use serde_json::json;

use crate::cast::ZORG;
use crate::found::{query, warned};
use crate::search_chains::fill;
use crate::shelf::Shelf;
use crate::support::Engine;
use crate::world::World;

on_both_engines!(
    tags_profiles_and_words_find_any_type,
    a_form_finds_what_a_url_finds,
    parameters_that_are_not_known_are_told_or_refused,
    what_is_not_supported_is_refused_by_name,
);

async fn tags_profiles_and_words_find_any_type(engine: Engine) {
    let world = World::start(engine).await;
    let shelf = Shelf::of(&world).await;
    let div = |text: &str| {
        let div = format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{text}</div>");
        json!({ "status": "generated", "div": div })
    };
    for (id, tag, security, profile, text, title) in [
        (
            "a",
            "x",
            "R",
            "http://p.example.test/one",
            "De <b>Ménière</b>-ziekte &amp; meer",
            "Slaap",
        ),
        ("b", "y", "N", "http://p.example.test/one|2.0", "ziek&#235;n", "Beter slapen in 7 dagen"),
        ("c", "x", "N", "http://p.example.test/one/more", "niets", "De ziekte"),
    ] {
        let resource = json!({
            "resourceType": "ActivityDefinition", "id": id, "text": div(text), "title": title,
            "url": format!("http://verborgen.example.test/{id}"),
            "meta": {
                "tag": [{ "system": "urn:t", "code": tag }], "profile": [profile],
                "security": [{ "system": "urn:s", "code": security }],
                "source": format!("http://source.example.test/{id}"),
            },
        });
        shelf.keep(ZORG, "somebody", &resource).await;
    }
    let client = world.client("reader").await;
    client
        .check(
            "ActivityDefinition",
            &[
                ("_tag", "urn:t|x", "a c"),
                ("_tag", "y", "b"),
                ("_tag:not", "x", "b"),
                ("_security", "urn:s|R", "a"),
                ("_security", "N", "b c"),
                ("_profile", "http://p.example.test/one", "a b"),
                ("_profile", "http://p.example.test/one|2.0", "b"),
                ("_profile", "http://p.example.test/one/more", "c"),
                ("_profile:below", "http://p.example.test/one", "a b c"),
                ("_source", "http://source.example.test/c", "c"),
                ("_id", "a,c", "a c"),
                ("_id:not", "a", "b c"),
                ("_text", "ziekte", "a"),
                ("_text", "ZIEKTE meniere", "a"),
                ("_text", "ziek", ""),
                ("_text", "meer ménière de", "a"),
                ("_text", "ziekte niets", ""),
                ("_text", "ziekën", "b"),
                ("_content", "ziekte", "a c"),
                ("_content", "slapen 7", "b"),
                ("_content", "slaap", "a"),
                ("_content", "verborgen", ""),
                ("_content", "http", ""),
            ],
        )
        .await;
    assert_eq!(
        client.finds("ActivityDefinition?_tag=x&_security=N&_content=ziekte").await.len(),
        1
    );
    client.get("ActivityDefinition?_text=%21%3F").await.expect(400).about("http._text");
}

async fn a_form_finds_what_a_url_finds(engine: Engine) {
    let world = World::start(engine).await;
    fill(&world).await;
    let client = world.client("reader").await;
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let post =
        async |path: &str, body: &str| client.call("POST", path, &form, body.to_owned()).await;
    for (path, body, count) in [
        ("Task/_search", "", 6),
        ("Task/_search", "status=ready", 4),
        ("Task/_search?status=ready", "", 4),
        ("Task/_search?status=ready", "patient.family=jansen", 1),
        ("Task/_search", "patient.family=jansen&status=ready", 1),
        ("Task/_search", "owner%3APractitioner.family=visser", 1),
        ("Task/_search", "status=ready%2Cdraft", 5),
        ("Patient/_search", "family=JAN+&gender:missing=true", 1),
    ] {
        let bundle = post(path, body).await.expect(200).json();
        assert_eq!(bundle["total"], count, "{path} {body}");
        assert_eq!(bundle["type"], "searchset");
    }
    let xml = post("Task/_search", "status=ready&_format=xml").await.expect(200);
    assert!(xml.header("content-type").unwrap().starts_with("application/fhir+xml"));
    // The page links of a form are followed by GET.
    let page = post("Task/_search", "_count=2").await.expect(200).json();
    let next = crate::client::link(&page, "next").unwrap();
    assert_eq!(client.pages(&next).await.len(), 2);
    for content_type in ["application/fhir+json", "text/plain", "multipart/form-data"] {
        let headers = [("content-type", content_type)];
        client.call("POST", "Task/_search", &headers, "status=ready").await.expect(415);
    }
    client.get("Task/_search?status=ready").await.expect(405);
    post("_search", "_id=1").await.expect(405);
    post("Task/_search", "status=%zz").await.expect(400);
    post("Task/_search", "birthdate=%ff").await.expect(400);
}

async fn parameters_that_are_not_known_are_told_or_refused(engine: Engine) {
    let world = World::start(engine).await;
    fill(&world).await;
    let client = world.client("reader").await;
    for (url, place) in [
        ("Patient?nonsense=1", "http.nonsense"),
        ("Patient?Family=jansen", "http.Family"),
        ("Patient?status=active", "http.status"),
        ("Patient?nonsense.name=1", "http.nonsense.name"),
        ("Patient?family=", "http.family"),
    ] {
        let bundle = client.search(url).await;
        assert_eq!(warned(&bundle), [place], "{url}");
        assert_eq!(bundle["total"], 2, "{url}");
        let this = crate::client::link(&bundle, "self").unwrap();
        assert!(!this.contains("onsense"), "the link says what was done: {this}");
        let lenient = [("prefer", "handling=lenient")];
        client.get_with(url, &lenient).await.expect(200);
        if place != "http.family" {
            let strict = [("prefer", "handling=strict")];
            client.get_with(url, &strict).await.refused(400, "not-supported").about(place);
        }
    }
    let bundle = client.search("Patient?family=jansen&nonsense=1&other=2").await;
    assert_eq!(warned(&bundle), ["http.nonsense", "http.other"]);
    assert_eq!(bundle["total"], 1);
    let bundle = client.search("Patient?family=jansen").await;
    assert!(warned(&bundle).is_empty());
    // Encoding: of names, of separators, of nothing at all.
    for url in [
        "Patient?f%61mily=J%61nsen",
        "Patient?family%3Aexact=Jansen",
        "Patient?family:exact=Jansen",
        "Patient?birthdate=ge1980-01-01&birthdate=le1980-12-31",
        "Patient?&&family=jansen&",
        "Patient?_id=one%2Ctwo&family=jansen",
        "Patient/?family=jansen",
        "Patient?_type=Patient&family=jansen",
        "Patient?_total=none&family=jansen",
        "Patient?_total=accurate&family=jansen",
    ] {
        assert_eq!(client.finds(url).await, ["Patient/one"], "{url}");
    }
}

async fn what_is_not_supported_is_refused_by_name(engine: Engine) {
    let world = World::start(engine).await;
    let client = world.client("reader").await;
    for (name, value) in [
        ("_contained", "true"),
        ("_containedType", "container"),
        ("_list", "42"),
        ("_offset", "10"),
        ("_query", "name"),
        ("_filter", "name eq x"),
        ("_type", "Task"),
        ("_type", "Patient,Task"),
    ] {
        let reply = client.get(&query("Patient", &[(name, value)])).await;
        let reply = reply.refused(400, "not-supported").about(&format!("http.{name}"));
        assert!(reply.diagnostics().contains(name), "{}", reply.diagnostics());
    }
    for path in ["?_id=1", "?_type=Patient", "_search?_id=1", "_history", ""] {
        let reply = client.get(path).await;
        assert!([400, 405].contains(&reply.status), "{path}: {}", reply.text());
        assert_eq!(reply.issues()[0]["code"], "not-supported", "{path}");
    }
    client.get("Observation?code=1").await.expect(404);
}
