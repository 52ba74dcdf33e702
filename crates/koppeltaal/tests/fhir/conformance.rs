//! Resources that say what the others are (K002-9; decision on what is read without
//! a token): read and searched without a right, and written by nobody here.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::client::{XML, link, matches, path};
use crate::resources::{CONFORMANCE, KT2, TYPES};
use crate::support::Engine;
use crate::world::World;

on_both_engines!(
    any_token_reads_and_searches_them,
    the_guide_is_read_without_a_token,
    a_canonical_leads_to_one_resource,
    nobody_writes_them,
    they_are_paged_and_shaped_like_others,
);

async fn any_token_reads_and_searches_them(engine: Engine) {
    let world = World::start(engine).await;
    for client in ["nobody", "admin", "elsewhere"] {
        let client = world.client(client).await;
        for kind in CONFORMANCE {
            let found = client.search(&format!("{kind}?_count=200")).await;
            let resources = matches(&found);
            assert_eq!(found["total"], resources.len(), "{kind}");
            assert!(!resources.is_empty(), "{kind}");
            for resource in &resources {
                let path = path(resource);
                let read = client.get(&path).await.expect(200);
                assert_eq!(&read.json(), resource);
                assert_eq!(read.header("etag"), Some(r#"W/"1""#), "{path}");
                assert!(read.header("last-modified").is_some());
                let extensions = resource["extension"].as_array().map_or(&[][..], Vec::as_slice);
                assert!(extensions.iter().all(|one| one["url"] != crate::resources::ORIGIN));
            }
            let path = path(&resources[0]);
            assert_eq!(
                client.get(&format!("{path}/_history/1")).await.expect(200).json(),
                resources[0]
            );
            client.get(&format!("{path}/_history/2")).await.refused(404, "not-found");
            for history in [format!("{path}/_history"), format!("{kind}/_history")] {
                let bundle = client.get(&history).await.expect(200).json();
                assert_eq!(bundle["type"], "history");
                assert!(bundle["entry"][0]["request"]["method"].is_string());
            }
            client.get_with(&path, &[("if-none-match", r#"W/"1""#)]).await.expect(304);
            client.get(&format!("{kind}/unknown")).await.refused(404, "not-found");
        }
    }
    for kind in ["StructureDefinition", "ValueSet", "CodeSystem", "SearchParameter", "NamingSystem"]
    {
        world.anyone().get(kind).await.refused(401, "login");
        world.anyone().get(&format!("{kind}?url=x")).await.expect(401);
    }
}

async fn the_guide_is_read_without_a_token(engine: Engine) {
    let world = World::start(engine).await;
    let anyone = world.anyone();
    let canonical = "http://koppeltaal.nl/fhir/ImplementationGuide";
    let found = anyone.search(&format!("ImplementationGuide?url={canonical}")).await;
    assert_eq!(found["total"], 1);
    let guide = &found["entry"][0]["resource"];
    assert_eq!(guide["url"], canonical);
    assert!(guide["version"].as_str().unwrap().starts_with("0.16"), "{}", guide["version"]);
    let path = path(guide);
    assert_eq!(&anyone.get(&path).await.expect(200).json(), guide);
    anyone.get(&format!("{path}/_history/1")).await.expect(200);
    anyone.get_with(&path, &[("accept", XML)]).await.expect(200);
    anyone.call("HEAD", &path, &[], "").await.expect(200);
    assert_eq!(anyone.search("ImplementationGuide?url=urn:x").await["total"], 0);
    anyone.get("ImplementationGuide/unknown").await.refused(404, "not-found");
    // A token that is none is told so even here.
    let wrong = anyone.clone().with_token("nonsense").get(&path).await;
    wrong.refused(401, "login");
    for (method, path) in [("POST", "ImplementationGuide"), ("PUT", &path), ("DELETE", &path)] {
        anyone.call(method, path, &[], "{}").await.refused(401, "login");
    }
}

async fn a_canonical_leads_to_one_resource(engine: Engine) {
    let world = World::start(engine).await;
    let nobody = world.client("nobody").await;
    for kind in CONFORMANCE {
        let mut seen = BTreeMap::<String, usize>::new();
        for resource in matches(&nobody.search(&format!("{kind}?_count=200")).await) {
            if let Some(url) = resource["url"].as_str() {
                *seen.entry(url.to_owned()).or_default() += 1;
            }
        }
        for (url, count) in &seen {
            assert_eq!(*count, 1, "{url}");
            let found = nobody.search(&format!("{kind}?url={url}")).await;
            assert_eq!(found["total"], 1, "{kind}?url={url}");
            assert_eq!(found["entry"][0]["resource"]["url"], *url);
        }
        if kind != "NamingSystem" {
            assert_eq!(nobody.search(&format!("{kind}?url=urn:unknown")).await["total"], 0);
        }
    }
    for kind in TYPES {
        let found = nobody.search(&format!("StructureDefinition?url={KT2}KT2{kind}")).await;
        assert_eq!(found["total"], 1, "{kind}");
        assert_eq!(found["entry"][0]["resource"]["derivation"], "constraint");
    }
}

async fn nobody_writes_them(engine: Engine) {
    let world = World::start(engine).await;
    for client in ["admin", "cascade", "own", "nobody"] {
        let client = world.client(client).await;
        for kind in CONFORMANCE {
            let found = client.search(&format!("{kind}?_count=1")).await;
            let resource = found["entry"][0]["resource"].clone();
            let mut other = resource.clone();
            other["status"] = "retired".into();
            for reply in [
                client.post(kind, &other).await,
                client.post(kind, &json!({ "resourceType": kind })).await,
                client.try_update(&other).await,
                client.put_with(&format!("{kind}/mine"), &[("if-match", "1")], &other).await,
                client.delete(&path(&resource)).await,
                client.delete(&format!("{kind}/mine")).await,
            ] {
                let is_refused = [403, 405].contains(&reply.status);
                assert!(is_refused, "{}: {} {}", reply.what, reply.status, reply.text());
            }
            assert_eq!(client.get(&path(&resource)).await.expect(200).json(), resource);
        }
    }
}

async fn they_are_paged_and_shaped_like_others(engine: Engine) {
    let world = World::start(engine).await;
    let nobody = world.client("nobody").await;
    let whole = nobody.search("StructureDefinition?_count=200").await;
    let total = whole["total"].as_u64().unwrap();
    let mut url = "StructureDefinition?_count=3".to_owned();
    let mut seen: Vec<String> = Vec::new();
    loop {
        let page = nobody.search(&url).await;
        assert_eq!(page["total"], total);
        seen.extend(matches(&page).iter().map(path));
        assert!(link(&page, "self").is_some() && link(&page, "first").is_some());
        match link(&page, "next") {
            Some(next) => url = next,
            None => break,
        }
    }
    assert_eq!(seen.len() as u64, total);
    assert_eq!(seen, matches(&whole).iter().map(path).collect::<Vec<_>>());
    // A page is the caller's who asked for the first one.
    let page = nobody.search("StructureDefinition?_count=3").await;
    let next = link(&page, "next").unwrap();
    let reply = world.client("own").await.get(&next).await;
    assert!([400, 403].contains(&reply.status), "{}", reply.status);
    let count = nobody.search("StructureDefinition?_summary=count").await;
    assert_eq!((&count["total"], count.get("entry")), (&json!(total), None));
    let summary =
        nobody.search(&format!("StructureDefinition?url={KT2}KT2Patient&_summary=true")).await;
    let definition: &Value = &summary["entry"][0]["resource"];
    assert_eq!(definition["meta"]["tag"][0]["code"], "SUBSETTED");
    let elements = nobody.search("ValueSet?_elements=url&_count=1").await;
    assert!(elements["entry"][0]["resource"]["url"].is_string());
    nobody
        .get_with("StructureDefinition?nope=1", &[("prefer", "handling=strict")])
        .await
        .expect(400);
}
