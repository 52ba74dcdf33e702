//! Media types, the version of the API, and documents that are none.

use reqwest::Method;
use serde_json::json;

use crate::support::{Engine, TestApp};
use crate::world::{Answer, system};

on_both_engines!(media_types_are_negotiated, documents_that_are_none_are_refused);

async fn media_types_are_negotiated(engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = system(&app).await;
    let id = admin.id("Application", "filter[Identifier]=AppA").await;
    let body = json!({ "data": { "type": "Application", "id": id, "attributes": {} } }).to_string();
    let path = format!("Application/{id}");
    for (name, value, expected) in [
        ("content-type", "application/vnd.api+json", 200),
        ("content-type", "application/vnd.api+json; charset=utf-8", 415),
        ("content-type", "application/json", 415),
    ] {
        let request = admin.request(Method::PATCH, &path).header(name, value).body(body.clone());
        Answer::of(request.send().await.unwrap()).await.expect(expected);
    }
    for (name, value, expected) in [
        ("accept", "application/vnd.api+json", 200),
        ("accept", "application/vnd.api+json; charset=utf-8", 406),
        ("accept", "text/html", 406),
        ("accept", "*/*", 200),
        ("koppeltaal-api-version", "1", 200),
        ("koppeltaal-api-version", "2", 400),
    ] {
        let request = admin.request(Method::GET, &path).header(name, value);
        Answer::of(request.send().await.unwrap()).await.expect(expected);
    }
}

async fn documents_that_are_none_are_refused(engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = system(&app).await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for body in ["", "{", "[]", "{\"data\":null}", "{\"data\":[]}", "\"\\ud800\"", &deep] {
        let request = admin
            .request(Method::POST, "DomainRequest")
            .header("content-type", "application/vnd.api+json")
            .body(body.to_owned());
        Answer::of(request.send().await.unwrap()).await.expect(400);
    }
    let large = "x".repeat(2 * 1024 * 1024);
    let request = admin
        .request(Method::POST, "DomainRequest")
        .header("content-type", "application/vnd.api+json")
        .body(large);
    Answer::of(request.send().await.unwrap()).await.expect(413);
    let many = vec!["filter[Name]=x"; 300].join("&");
    admin.get(&format!("Application?{many}")).await.expect(400);
}
