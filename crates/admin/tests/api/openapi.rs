//! The OpenAPI document says what the API does, no less and no more.

use std::collections::BTreeSet;

use koppeltaal_admin::api::{ROUTES, Who, document};
use koppeltaal_store::both;
use serde_json::Value;

use crate::world::World;

fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().iter();
            methods.map(|(method, operation)| (path.clone(), method.clone(), operation.clone()))
        })
        .collect()
}

#[test]
fn every_operation_is_in_the_document_once() {
    let document = document("https://x");
    let told: BTreeSet<(String, String)> =
        operations(&document).into_iter().map(|(path, method, _)| (method, path)).collect();
    let served: BTreeSet<(String, String)> = ROUTES
        .iter()
        .map(|route| (route.method.as_str().to_lowercase(), route.path.to_owned()))
        .collect();
    assert_eq!(told, served);
    assert_eq!(served.len(), ROUTES.len(), "two operations of the same method and path");
    let names: BTreeSet<&str> = ROUTES.iter().map(|route| route.name).collect();
    assert_eq!(names.len(), ROUTES.len(), "two operations of the same name");
}

#[test]
fn the_document_has_the_form_of_openapi() {
    let document = document("https://x");
    assert_eq!(document["openapi"], "3.1.0");
    for (path, method, operation) in operations(&document) {
        let place = format!("{method} {path}");
        assert!(path.starts_with('/') && !path.ends_with('/'), "{place}");
        assert!(operation["summary"].as_str().is_some_and(|text| text.ends_with('.')), "{place}");
        let mut names = BTreeSet::new();
        for parameter in operation["parameters"].as_array().unwrap() {
            let (name, of) = (parameter["name"].as_str().unwrap(), &parameter["in"]);
            assert!(names.insert(name.to_owned()), "{place}: {name} twice");
            assert!(parameter["schema"].is_object(), "{place}");
            let in_path = path.contains(&format!("{{{name}}}"));
            assert_eq!(of == "path", in_path, "{place}: {name}");
            assert!(of == "query" || parameter["required"] == true, "{place}: {name}");
        }
        let varies = path.matches('{').count();
        let of_path = names.iter().filter(|name| path.contains(&format!("{{{name}}}"))).count();
        assert_eq!(varies, of_path, "{place}: a part of the path is no parameter");
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.contains_key("default") && responses.len() == 2, "{place}");
        for response in responses.values() {
            assert!(response["description"].is_string(), "{place}");
        }
        if matches!(method.as_str(), "get" | "delete") {
            assert!(operation.get("requestBody").is_none(), "{place}");
        }
        check_references(&document, &operation);
    }
}

/// Every reference leads somewhere.
fn check_references(document: &Value, value: &Value) {
    match value {
        Value::Object(members) => {
            if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                let pointer = reference.strip_prefix('#').unwrap();
                assert!(document.pointer(pointer).is_some(), "{reference}");
            }
            members.values().for_each(|value| check_references(document, value));
        }
        Value::Array(items) => items.iter().for_each(|value| check_references(document, value)),
        _ => {}
    }
}

both!(the_document_is_for_everybody_and_the_rest_is_not, |store| async move {
    let world = World::new(&store, "").await;
    let told = world.anyone().get("/openapi.json").await.expect(200).json();
    assert_eq!(told, document("https://koppeltaal.example"));
    for route in ROUTES.iter().filter(|route| route.who != Who::Anyone) {
        let path = route.path.replace(['{', '}'], "");
        let answer = world.anyone().call(route.method.clone(), &path, None).await;
        assert_eq!(answer.status, 401, "{} {path}", route.method);
        assert!(answer.headers.contains_key("www-authenticate"));
    }
});
