//! What this server does not do: refused as decided with the code `not-supported`,
//! and never silently ignored (K002-10; decision on interactions).

use serde_json::json;

use crate::client::{JSON, path};
use crate::resources::{TYPES, patient};
use crate::support::Engine;
use crate::world::World;

on_both_engines!(
    interactions_that_are_not_there_are_named_so,
    unknown_types_and_operations_are_told_apart,
    a_method_that_a_path_does_not_have_is_told_with_those_that_it_has,
    parameters_that_are_refused_are_refused_by_name,
    without_a_token_all_hear_the_same,
);

async fn interactions_that_are_not_there_are_named_so(engine: Engine) {
    let world = World::start(engine).await;
    let admin = world.client("admin").await;
    let kept = admin.create(&patient()).await;
    let path = path(&kept);
    let json_type = ("content-type", JSON);
    let patch = json!([{ "op": "replace", "path": "/active", "value": false }]).to_string();
    for content_type in ["application/json-patch+json", JSON, "application/xml-patch+xml"] {
        let headers = [("content-type", content_type), ("if-match", "1")];
        for path in [path.as_str(), "Patient", "Patient?_id=x"] {
            let reply = admin.call("PATCH", path, &headers, patch.clone()).await;
            reply.refused(405, "not-supported");
        }
    }
    for kind in ["batch", "transaction", "message", "history"] {
        let entry =
            json!([{ "request": { "method": "POST", "url": "Patient" }, "resource": patient() }]);
        let bundle = json!({ "resourceType": "Bundle", "type": kind, "entry": entry });
        for path in ["", "?_format=json"] {
            let reply = admin.call("POST", path, &[json_type], bundle.to_string()).await;
            reply.refused(405, "not-supported");
        }
        admin.post("Bundle", &bundle).await.refused(404, "not-supported");
    }
    for path in [
        "",
        "?_id=x",
        "?_type=Patient",
        "?name=x&_count=5",
        "_history",
        "_history?_count=1",
        "_search",
        "?_getpages=x",
    ] {
        let reply = admin.get(path).await;
        assert!([400, 405].contains(&reply.status), "{path}: {}", reply.status);
        assert_eq!(reply.issues()[0]["code"], "not-supported", "{path}");
    }
    let form = [("content-type", "application/x-www-form-urlencoded")];
    admin.call("POST", "_search", &form, "_id=x").await.refused(405, "not-supported");
    // Conditional writes.
    admin
        .put_with("Patient?identifier=x", &[("if-match", "1")], &kept)
        .await
        .refused(405, "not-supported");
    admin.delete("Patient?identifier=x").await.refused(405, "not-supported");
    admin
        .post_with("Patient", &[("if-none-exist", "identifier=x")], &patient())
        .await
        .refused(400, "not-supported");
    // The resource is what it was.
    assert_eq!(admin.get(&path).await.expect(200).json(), kept);
    assert_eq!(admin.search("Patient").await["total"], 1);
}

async fn unknown_types_and_operations_are_told_apart(engine: Engine) {
    let world = World::start(engine).await;
    let admin = world.client("admin").await;
    let kept = path(&admin.create(&patient()).await);
    for kind in [
        "Observation",
        "Location",
        "Binary",
        "Bundle",
        "OperationOutcome",
        "Parameters",
        "Nonsense",
        "patient",
        "Patient%20",
        "_x",
    ] {
        for path in [
            kind.to_owned(),
            format!("{kind}/1"),
            format!("{kind}/1/_history"),
            format!("{kind}?a=b"),
        ] {
            let reply = admin.get(&path).await;
            reply.refused(404, "not-supported");
        }
        admin.post(kind, &patient()).await.expect(404);
        admin.delete(&format!("{kind}/1")).await.expect(404);
    }
    for path in [
        "$everything",
        "$meta",
        "$reindex",
        "$expunge",
        "$graphql",
        "Patient/$everything",
        "Patient/$meta",
        "Patient/$expunge",
        &format!("{kept}/$everything"),
        &format!("{kept}/$meta"),
        &format!("{kept}/$meta-add"),
        &format!("{kept}/$expunge"),
        &format!("{kept}/$diff"),
        &format!("{kept}/_history/1/$meta"),
    ] {
        admin.get(path).await.refused(405, "not-supported");
        admin
            .post(path, &json!({ "resourceType": "Parameters" }))
            .await
            .refused(405, "not-supported");
    }
    // No compartments.
    for path in [format!("{kept}/Task"), format!("{kept}/*"), format!("{kept}/_history/1/2")] {
        let reply = admin.get(&path).await;
        assert!([404, 405].contains(&reply.status), "{path}");
        assert_eq!(reply.issues()[0]["code"], "not-supported");
    }
}

async fn a_method_that_a_path_does_not_have_is_told_with_those_that_it_has(engine: Engine) {
    let world = World::start(engine).await;
    let admin = world.client("admin").await;
    let kept = path(&admin.create(&patient()).await);
    for (method, path, allowed) in [
        ("PUT", "Patient".to_owned(), "GET, HEAD, POST"),
        ("DELETE", "Patient".to_owned(), "GET, HEAD, POST"),
        ("POST", kept.clone(), "GET, HEAD, PUT, DELETE"),
        ("POST", format!("{kept}/_history"), "GET, HEAD"),
        ("PUT", format!("{kept}/_history/1"), "GET, HEAD"),
        ("DELETE", format!("{kept}/_history/1"), "GET, HEAD"),
        ("DELETE", format!("{kept}/_history"), "GET, HEAD"),
        ("POST", "Patient/_history".to_owned(), "GET, HEAD"),
        ("GET", "Patient/_search".to_owned(), "POST"),
        ("PUT", "Patient/_search".to_owned(), "POST"),
        ("POST", "metadata".to_owned(), ""),
        ("TRACE", kept.clone(), ""),
        ("CONNECTED", kept.clone(), ""),
    ] {
        let reply = admin.call(method, &path, &[("content-type", JSON)], "{}").await;
        let reply = reply.refused(405, "not-supported");
        if !allowed.is_empty() {
            assert_eq!(reply.header("allow"), Some(allowed), "{method} {path}");
        }
    }
    let discovery = ".well-known/smart-configuration";
    world.anyone().call("POST", discovery, &[], "").await.refused(405, "not-supported");
    admin.get(&kept).await.expect(200);
}

async fn parameters_that_are_refused_are_refused_by_name(engine: Engine) {
    let world = World::start(engine).await;
    let admin = world.client("admin").await;
    for kind in TYPES {
        for name in ["_contained", "_containedType", "_list", "_offset"] {
            for handling in ["lenient", "strict"] {
                let headers = [("prefer", format!("handling={handling}"))];
                let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
                let reply = admin.get_with(&format!("{kind}?{name}=true"), &headers).await;
                assert_eq!(reply.status, 400, "{kind}?{name}: {}", reply.text());
                assert!(reply.text().contains(name), "{}", reply.text());
            }
        }
    }
}

async fn without_a_token_all_hear_the_same(engine: Engine) {
    let world = World::start(engine).await;
    let admin = world.client("admin").await;
    let kept = path(&admin.create(&patient()).await);
    let anyone = world.anyone();
    let bare = anyone.get(&kept).await.refused(401, "login");
    for (method, path) in [
        ("GET", "Patient"),
        ("GET", "Observation"),
        ("GET", ""),
        ("GET", "Patient/_history"),
        ("GET", "StructureDefinition"),
        ("GET", "StructureDefinition/KT2Patient"),
        ("POST", ""),
        ("POST", "Patient/_search"),
        ("POST", "Nonsense"),
        ("PUT", kept.as_str()),
        ("PATCH", kept.as_str()),
        ("DELETE", kept.as_str()),
        ("GET", "Patient/$everything"),
        ("POST", "ImplementationGuide"),
        ("DELETE", "ImplementationGuide/x"),
        ("POST", "metadata"),
    ] {
        let reply = anyone.call(method, path, &[], "").await;
        assert_eq!(reply.seen(), bare.seen(), "{method} {path}");
    }
}
