//! The CapabilityStatement (FHIR R4, 3.1.0.11; K014-1): what it lists works, and
//! what it does not list is refused.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::cast::{ALIAS, ZORG};
use crate::client::{Client, XML, path};
use crate::resources::{CONFORMANCE, Ground, TYPES, changed};
use crate::support::Engine;
use crate::world::{PUBLIC, World, base};

on_both_engines!(
    everybody_reads_what_the_server_can_do,
    it_says_where_tokens_come_from,
    the_interactions_that_are_listed_work_and_the_others_do_not,
    the_flags_are_true,
    every_search_parameter_and_include_is_accepted,
    every_profile_and_format_that_is_named_is_there,
);

async fn statement(client: &Client) -> Value {
    let statement = client.get("metadata").await.expect(200).json();
    assert_eq!(statement["resourceType"], "CapabilityStatement");
    statement
}

/// The capabilities of each type.
fn resources(statement: &Value) -> Vec<Value> {
    statement["rest"][0]["resource"].as_array().unwrap().clone()
}

fn strings(value: &Value) -> Vec<String> {
    let list = value.as_array().map_or(&[][..], Vec::as_slice);
    list.iter().map(|one| one.as_str().unwrap().to_owned()).collect()
}

async fn everybody_reads_what_the_server_can_do(engine: Engine) {
    let world = World::start(engine).await;
    let anyone = world.anyone();
    let statement = statement(&anyone).await;
    assert_eq!(statement["fhirVersion"], "4.0.1");
    assert_eq!(statement["kind"], "instance");
    assert_eq!(statement["implementation"]["url"], base(ZORG));
    let guide = "http://koppeltaal.nl/fhir/ImplementationGuide";
    assert_eq!(statement["implementationGuide"], json!([guide]));
    let types: Vec<String> = resources(&statement)
        .iter()
        .map(|resource| resource["type"].as_str().unwrap().to_owned())
        .collect();
    let expected: BTreeSet<_> = TYPES.iter().chain(&CONFORMANCE).map(|t| (*t).to_owned()).collect();
    assert_eq!(types.len(), expected.len());
    assert_eq!(types.into_iter().collect::<BTreeSet<_>>(), expected);
    for mode in ["", "?mode=full", "?mode=normative", "?_format=json"] {
        anyone.get(&format!("metadata{mode}")).await.expect(200);
    }
    let xml = anyone.get_with("metadata", &[("accept", XML)]).await.expect(200);
    assert!(xml.text().contains("<fhirVersion value=\"4.0.1\"/>"));
    anyone.get(&format!("{ALIAS}/metadata")).await.expect(200);
    // A token that is none does not matter here.
    anyone.clone().with_token("nonsense").get("metadata").await.expect(200);
    assert_eq!(anyone.get("metadata").await.json(), statement, "it stands still");
    for wrong in ["metadata?_summary=all", "metadata?_pretty=yes"] {
        anyone.get(wrong).await.expect(400);
    }
}

async fn it_says_where_tokens_come_from(engine: Engine) {
    let world = World::start(engine).await;
    let security = statement(&world.anyone()).await["rest"][0]["security"].clone();
    let issuer = format!("{PUBLIC}/api/v1/zorg");
    let uris = security["extension"][0]["extension"].as_array().unwrap();
    let uri = |name: &str| {
        let found = uris.iter().find(|uri| uri["url"] == name);
        found.unwrap_or_else(|| panic!("{name}"))["valueUri"].as_str().unwrap().to_owned()
    };
    assert_eq!(uri("issuer"), issuer);
    assert_eq!(uri("token"), format!("{issuer}/oauth2/token"));
    assert_eq!(uri("authorize"), format!("{issuer}/oauth2/authorize"));
    assert_eq!(uri("introspect"), format!("{issuer}/oauth2/introspect"));
    assert_eq!(uri("jwks"), format!("{issuer}/.well-known/jwks.json"));
    let url = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris";
    assert_eq!(security["extension"][0]["url"], url);
    assert_eq!(security["service"][0]["coding"][0]["code"], "SMART-on-FHIR");
    let discovery = world.anyone().get(".well-known/smart-configuration").await.expect(200).json();
    assert_eq!(discovery["token_endpoint"], uri("token"));
    assert_eq!(discovery["issuer"], uri("issuer"));
}

/// Whether an interaction with resources of a type works for who may do all.
async fn works(client: &Client, ground: &Ground, kind: &str, code: &str) -> bool {
    let is_kept = !CONFORMANCE.contains(&kind);
    let target = match is_kept {
        true => client.create(&ground.resource(kind)).await,
        false => client.search(kind).await["entry"][0]["resource"].clone(),
    };
    let path = path(&target);
    let reply = match code {
        "read" => client.get(&path).await,
        "vread" => client.get(&format!("{path}/_history/1")).await,
        "history-instance" => client.get(&format!("{path}/_history")).await,
        "history-type" => client.get(&format!("{kind}/_history")).await,
        "search-type" => {
            let form = [("content-type", "application/x-www-form-urlencoded")];
            client.call("POST", &format!("{kind}/_search"), &form, "_count=1").await.expect(200);
            client.get(kind).await
        }
        "create" if is_kept => client.try_create(&ground.resource(kind)).await,
        "create" => client.post(kind, &target).await,
        "update" if is_kept && kind != "AuditEvent" => client.try_update(&changed(&target)).await,
        "update" => client.try_update(&target).await,
        "patch" => {
            client
                .call("PATCH", &path, &[("content-type", "application/json-patch+json")], "[]")
                .await
        }
        "delete" => client.delete(&path).await,
        other => panic!("{other}"),
    };
    match reply.status {
        200 | 201 => true,
        403 | 405 => false,
        other => panic!("{code} of {kind}: {other} {}", reply.text()),
    }
}

async fn the_interactions_that_are_listed_work_and_the_others_do_not(engine: Engine) {
    let world = World::start(engine).await;
    let ground = Ground::of(&world, "admin").await;
    let admin = world.client("admin").await;
    let statement = statement(&admin).await;
    for resource in resources(&statement) {
        let kind = resource["type"].as_str().unwrap();
        let listed: Vec<String> = resource["interaction"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["code"].as_str().unwrap().to_owned())
            .collect();
        for code in [
            "read",
            "vread",
            "history-instance",
            "history-type",
            "search-type",
            "create",
            "update",
            "patch",
            "delete",
        ] {
            let is_listed = listed.iter().any(|one| one == code);
            assert_eq!(works(&admin, &ground, kind, code).await, is_listed, "{code} of {kind}");
        }
        let operations = resource["operation"].as_array().unwrap();
        let names: Vec<_> = operations.iter().map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["validate"], "{kind}");
        let body = json!({ "resourceType": kind });
        admin.post(&format!("{kind}/$validate"), &body).await.expect(200);
    }
    // Of the whole system nothing is listed, and nothing works.
    let rest = &statement["rest"][0];
    assert!(rest.get("interaction").is_none() && rest.get("operation").is_none());
    assert!(rest.get("searchParam").is_none());
    for path in ["?_id=x", "_history"] {
        admin.get(path).await.refused(405, "not-supported");
    }
}

async fn the_flags_are_true(engine: Engine) {
    let world = World::start(engine).await;
    let ground = Ground::of(&world, "admin").await;
    let admin = world.client("admin").await;
    for resource in resources(&statement(&admin).await) {
        let kind = resource["type"].as_str().unwrap();
        for (flag, value) in [
            ("versioning", json!("versioned-update")),
            ("readHistory", json!(true)),
            ("updateCreate", json!(false)),
            ("conditionalCreate", json!(false)),
            ("conditionalRead", json!("full-support")),
            ("conditionalUpdate", json!(false)),
            ("conditionalDelete", json!("not-supported")),
        ] {
            assert_eq!(resource[flag], value, "{kind}: {flag}");
        }
        let is_kept = !CONFORMANCE.contains(&kind);
        let kept = match is_kept {
            true => admin.create(&ground.resource(kind)).await,
            false => admin.search(kind).await["entry"][0]["resource"].clone(),
        };
        let path = path(&kept);
        let read = admin.get(&path).await.expect(200);
        let (tag, date) = (read.header("etag").unwrap(), read.header("last-modified").unwrap());
        for known in [("if-none-match", tag), ("if-modified-since", date)] {
            let reply = admin.get_with(&path, &[known]).await.expect(304);
            assert_eq!(reply.header("etag"), Some(tag), "{kind}");
        }
        if !is_kept || kind == "AuditEvent" {
            continue;
        }
        let mut unknown = ground.resource(kind);
        unknown["id"] = Uuid::new_v4().to_string().into();
        let reply =
            admin.put_with(&crate::client::path(&unknown), &[("if-match", "1")], &unknown).await;
        assert!([403, 404].contains(&reply.status), "{kind}");
        let condition = [("if-none-exist", "_id=x")];
        admin
            .post_with(kind, &condition, &ground.resource(kind))
            .await
            .refused(400, "not-supported");
        admin
            .put_with(&format!("{kind}?_id=x"), &[("if-match", "1")], &kept)
            .await
            .refused(405, "not-supported");
        admin.delete(&format!("{kind}?_id=x")).await.refused(405, "not-supported");
    }
}

async fn every_search_parameter_and_include_is_accepted(engine: Engine) {
    let world = World::start(engine).await;
    let admin = world.client("admin").await;
    let strict = [("prefer", "handling=strict")];
    for resource in resources(&statement(&admin).await) {
        let kind = resource["type"].as_str().unwrap();
        let mut names = BTreeSet::new();
        for parameter in resource["searchParam"].as_array().unwrap() {
            let name = parameter["name"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{kind}: {name} twice");
            let value = match (parameter["type"].as_str().unwrap(), name) {
                ("date", _) => "2024-01-01",
                ("number", _) => "1",
                ("quantity", _) => "1",
                ("uri", _) => "urn:x",
                ("reference", _) => "Patient/1",
                ("special", "_has") => continue,
                ("composite", _) => "a$b",
                _ => "a",
            };
            let reply = admin.get_with(&format!("{kind}?{name}={value}"), &strict).await;
            let is_accepted =
                reply.status == 200 || (parameter["type"] == "composite" && reply.status == 400);
            assert!(is_accepted, "{kind}?{name}: {} {}", reply.status, reply.text());
        }
        for name in
            ["_id", "_lastUpdated", "_tag", "_profile", "_security", "_text", "_content", "_has"]
        {
            assert!(names.contains(name), "{kind}: {name}");
        }
        for (parameter, list) in
            [("_include", "searchInclude"), ("_revinclude", "searchRevInclude")]
        {
            for value in strings(&resource[list]) {
                let reply = admin.get_with(&format!("{kind}?{parameter}={value}"), &strict).await;
                assert_eq!(reply.status, 200, "{kind}?{parameter}={value}: {}", reply.text());
            }
        }
        let unknown = admin.get_with(&format!("{kind}?nope=1"), &strict).await;
        assert_eq!(unknown.status, 400, "{kind}");
    }
}

async fn every_profile_and_format_that_is_named_is_there(engine: Engine) {
    let world = World::start(engine).await;
    let nobody = world.client("nobody").await;
    let statement = statement(&nobody).await;
    for resource in resources(&statement) {
        let kind = resource["type"].as_str().unwrap();
        let profiles = strings(&resource["supportedProfile"]);
        if TYPES.contains(&kind) {
            let ours = format!("http://koppeltaal.nl/fhir/StructureDefinition/KT2{kind}");
            assert!(profiles.contains(&ours), "{kind}: {profiles:?}");
        }
        for url in profiles.iter().filter(|url| url.starts_with("http://koppeltaal.nl/")) {
            let found = nobody.search(&format!("StructureDefinition?url={url}")).await;
            assert_eq!(found["total"], 1, "{url}");
            let definition = &found["entry"][0]["resource"];
            assert_eq!((&definition["url"], &definition["type"]), (&json!(url), &json!(kind)));
        }
    }
    for format in strings(&statement["format"]) {
        let reply = nobody.get_with("metadata", &[("accept", &format)]).await.expect(200);
        let part = if format.ends_with("xml") { "fhir+xml" } else { "fhir+json" };
        assert!(reply.header("content-type").unwrap().contains(part), "{format}");
        let format: String = url::form_urlencoded::byte_serialize(format.as_bytes()).collect();
        nobody.get(&format!("metadata?_format={format}")).await.expect(200);
    }
    for guide in strings(&statement["implementationGuide"]) {
        let found = world.anyone().search(&format!("ImplementationGuide?url={guide}")).await;
        assert_eq!(found["total"], 1);
        assert!(found["entry"][0]["resource"]["version"].is_string());
    }
}
