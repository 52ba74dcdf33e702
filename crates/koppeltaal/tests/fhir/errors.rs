//! Bad input: syntax, size, depth and encodings (TOP-KT-012a). It is told apart,
//! costs nothing, and leaves nothing.

use serde_json::{Value, json};

use crate::client::{JSON, XML};
use crate::resources::patient;
use crate::support::Engine;
use crate::world::World;

on_both_engines!(
    json_that_is_none_is_refused_before_anything_else,
    values_of_the_wrong_kind_have_a_place,
    what_is_too_deep_or_too_large_is_refused,
    hostile_content_is_kept_or_refused_and_breaks_nothing,
    a_long_url_is_refused,
);

/// A valid patient, with something written into it.
fn with(text: &str) -> String {
    let whole = patient().to_string();
    format!("{},{text}}}", &whole[..whole.len() - 1])
}

async fn json_that_is_none_is_refused_before_anything_else(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let whole = patient().to_string();
    for body in [
        "".to_owned(),
        " \n".to_owned(),
        "{".to_owned(),
        r#"{"a":"#.to_owned(),
        "null".to_owned(),
        "3".to_owned(),
        "\"Patient\"".to_owned(),
        "[]".to_owned(),
        format!("[{whole}]"),
        "{}".to_owned(),
        format!("{whole}{whole}"),
        format!("{whole},"),
        format!("{whole} x"),
        whole.replace("\"active\":true", "\"active\":True"),
        whole.replace("\"active\":true", "\"active\":true,"),
        whole.replace("\"active\":true", "active:true"),
        whole.replace("\"active\":true", "'active':true"),
        whole.replace("\"active\":true", "\"active\":true /* why */"),
        whole.replace("\"active\":true", "\"active\":NaN"),
        whole.replace("\"active\":true", "\"active\":01"),
        // Twice the same key: whoever reads the first and whoever reads the last
        // do not see the same resource.
        with(r#""active":false"#),
        with(r#""resourceType":"Patient""#),
        with(r#""extension":[{"url":"a","url":"b"}]"#),
        with(r#""\u0061ctive":false"#),
        with("\"language\":\"a\tb\""),
        with(r#""language":"\ud800""#),
        with(r#""language":"\x61""#),
    ] {
        let shown: String =
            body.chars().rev().take(60).collect::<Vec<_>>().into_iter().rev().collect();
        let reply = own.call("POST", "Patient", &[("content-type", JSON)], body).await;
        assert_eq!(reply.status, 400, "{shown}: {}", reply.text());
        let reply = reply.refused(400, "structure");
        assert!(reply.issues().len() == 1, "{shown}");
    }
    assert_eq!(own.search("Patient").await["total"], 0);
}

async fn values_of_the_wrong_kind_have_a_place(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    for (name, value) in [
        ("active", json!("true")),
        ("active", json!(1)),
        ("active", json!([true])),
        ("active", json!(null)),
        ("birthDate", json!("1980-02-30")),
        ("birthDate", json!("29-02-1980")),
        ("birthDate", json!(1980)),
        ("birthDate", json!("")),
        ("gender", json!("F")),
        ("gender", json!({ "coding": [] })),
        ("name", json!("Jansen")),
        ("name", json!({ "family": "Jansen" })),
        ("name", json!([])),
        ("name", json!([null])),
        ("identifier", json!([{}])),
        ("identifier", json!([{ "system": "a b", "value": "x" }])),
        ("meta", json!([])),
        (
            "text",
            json!({ "status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\"><script>alert(1)</script></div>" }),
        ),
        ("text", json!({ "status": "generated", "div": "<div" })),
        ("extension", json!({})),
        ("extension", json!([{ "valueString": "no url" }])),
        (
            "extension",
            json!([{ "url": "https://example.test/a", "valueString": "x", "valueCode": "y" }]),
        ),
        ("extension", json!([{ "url": "https://example.test/a" }])),
        ("contained", json!([{ "resourceType": "Nonsense" }])),
        ("_gender", json!("x")),
        ("shoeSize", json!(43)),
        ("deceasedBoolean", json!(true)),
    ] {
        let mut new = patient();
        new[name] = value.clone();
        let reply = own.try_create(&new).await;
        let is_refused = [400, 422].contains(&reply.status);
        assert!(is_refused, "{name} = {value}: {} {}", reply.status, reply.text());
        if reply.status == 422 {
            let name = name.trim_start_matches('_').trim_end_matches("Boolean");
            let is_about = |issue: &Value| {
                issue["severity"] == "error"
                    && issue["expression"][0].as_str().unwrap_or_default().contains(name)
            };
            assert!(reply.issues().iter().any(is_about), "{name} = {value}: {}", reply.text());
        }
    }
    assert_eq!(own.search("Patient").await["total"], 0);
}

async fn what_is_too_deep_or_too_large_is_refused(engine: Engine) {
    let world = World::build(engine).config(|config| config.limits.body = 256 * 1024).start().await;
    let own = world.client("own").await;
    let json = [("content-type", JSON)];
    for depth in [200, 100_000] {
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
            let nested = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            let body = with(&format!("\"shoe\":{nested}"));
            if body.len() > 256 * 1024 {
                continue;
            }
            let reply = own.call("POST", "Patient", &json, body).await;
            reply.refused(400, "structure");
        }
    }
    let inner = r#"{"url":"a","extension":["#;
    let body = with(&format!("\"extension\":[{}{}]", inner.repeat(5_000), "]}".repeat(5_000)));
    own.call("POST", "Patient", &json, body).await.refused(400, "structure");
    // Of more than twice as much the sender may find the connection closed.
    for (content_type, body) in [
        (JSON, with(&format!("\"language\":\"{}\"", "a".repeat(256 * 1024)))),
        (JSON, " ".repeat(256 * 1024 + 1)),
        (JSON, "x".repeat(400 * 1024)),
        (XML, "<a>".repeat(120 * 1024)),
    ] {
        let headers = [("content-type", content_type)];
        own.call("POST", "Patient", &headers, body.clone()).await.refused(413, "too-long");
        // Without its length, and to whom may not anyway.
        let stream = futures_util::stream::iter(
            body.into_bytes()
                .chunks(8192)
                .map(|part| Ok::<_, std::io::Error>(part.to_vec()))
                .collect::<Vec<_>>(),
        );
        let body = reqwest::Body::wrap_stream(stream);
        own.call("POST", "Patient", &headers, body).await.refused(413, "too-long");
    }
    // As large as may be.
    let whole = patient().to_string();
    let body = format!("{whole}{}", " ".repeat(256 * 1024 - whole.len()));
    own.call("POST", "Patient", &json, body).await.expect(201);
    // Many values are only many values.
    let mut many = patient();
    many["identifier"] = (0..2_000)
        .map(|at| json!({ "system": "https://example.test/many", "value": at.to_string() }))
        .collect();
    own.create(&many).await;
    let found = own.search("Patient?identifier=https://example.test/many%7C1999").await;
    assert_eq!(found["total"], 1);
}

async fn hostile_content_is_kept_or_refused_and_breaks_nothing(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    for text in [
        "'; DROP TABLE resource; --",
        "\u{0}",
        "a\u{0}b",
        "\u{feff}",
        "\u{202e}evil",
        "💣".repeat(500).as_str(),
        "%s%n%x",
        "${jndi:ldap://x}",
        "<script>alert(1)</script>",
        "\\",
        "\u{fffe}",
        "\u{1b}[31m",
        &"e\u{301}".repeat(2_000),
        &"a ".repeat(5_000),
    ] {
        let mut new = patient();
        new["identifier"][0]["value"] = text.into();
        new["address"] = json!([{ "city": text }]);
        new["name"].as_array_mut().unwrap().push(json!({ "use": "usual", "given": [text] }));
        let reply = own.try_create(&new).await;
        match reply.status {
            201 => {
                let kept = reply.json();
                assert_eq!(kept["address"][0]["city"], text);
                let read = own.get(&crate::client::path(&kept)).await.expect(200);
                assert_eq!(read.json(), kept);
                let xml = own.get_with(&crate::client::path(&kept), &[("accept", XML)]).await;
                assert_eq!(xml.status, 200, "{text:?}");
            }
            status => assert!([400, 422].contains(&status), "{text:?}: {status}"),
        }
        let query: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
        for parameter in ["identifier", "address-city", "name", "given:exact", "_content", "_text"]
        {
            let query = format!("Patient?{parameter}={query}");
            if query.len() > 8_000 {
                continue;
            }
            let reply = own.get(&query).await;
            assert!([200, 400].contains(&reply.status), "{query}: {}", reply.status);
        }
    }
}

async fn a_long_url_is_refused(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    for length in [20_000, 60_000] {
        let reply = own.get(&format!("Patient?name={}", "a".repeat(length))).await;
        assert!([200, 400, 414].contains(&reply.status), "{length}: {}", reply.status);
    }
    let many = "name=a&".repeat(2_000);
    let reply = own.get(&format!("Patient?{many}")).await;
    assert!([200, 400, 414].contains(&reply.status), "{}", reply.status);
}
