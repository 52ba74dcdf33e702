//! Create (FHIR R4, 3.1.0.8; K003): the id and the origin are the server's, and
//! what is refused leaves nothing.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::cast::ZORG;
use crate::client::path;
use crate::resources::{Ground, ORIGIN, TYPES, meta, patient, practitioner};
use crate::support::Engine;
use crate::world::{World, base};

on_both_engines!(
    a_new_resource_of_every_type_is_kept_as_it_was_sent,
    the_server_gives_the_id_and_the_version,
    a_client_may_not_name_the_origin,
    rights_come_before_content,
    a_resource_without_its_profile_is_refused_with_the_name_of_it,
    a_profile_of_another_version_is_refused,
    every_problem_is_an_issue_with_its_place,
    the_body_is_of_the_type_of_the_url,
    a_conditional_create_is_refused_and_never_ignored,
);

/// A resource without what the server adds to it.
fn sent(kept: &Value) -> Value {
    let mut resource = kept.clone();
    let members = resource.as_object_mut().unwrap();
    members.remove("id");
    for name in ["versionId", "lastUpdated"] {
        members["meta"].as_object_mut().unwrap().remove(name).unwrap();
    }
    let extensions = members["extension"].as_array_mut().unwrap();
    extensions.retain(|extension| extension["url"] != ORIGIN);
    if extensions.is_empty() {
        members.remove("extension");
    }
    resource
}

async fn a_new_resource_of_every_type_is_kept_as_it_was_sent(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let ground = Ground::of(&world, "own").await;
    for kind in TYPES {
        let mut resource = ground.resource(kind);
        let reply = own.post(kind, &resource).await.expect(201);
        let kept = reply.json();
        let id = kept["id"].as_str().unwrap();
        assert_eq!(Uuid::parse_str(id).unwrap().get_version_num(), 4, "{kind}: {id}");
        assert_eq!(id, id.to_lowercase());
        let location = format!("{}/{kind}/{id}/_history/1", base(ZORG));
        assert_eq!(reply.header("location"), Some(location.as_str()));
        assert_eq!(reply.header("etag"), Some(r#"W/"1""#));
        assert!(reply.header("last-modified").unwrap().ends_with(" GMT"));
        let content_type = "application/fhir+json; fhirVersion=4.0; charset=utf-8";
        assert_eq!(reply.header("content-type"), Some(content_type));
        assert_eq!(kept["meta"]["versionId"], "1", "{kind}");
        assert!(kept["meta"]["lastUpdated"].as_str().unwrap().contains('T'), "{kind}");
        let origin = json!({
            "url": ORIGIN,
            "valueReference": { "reference": world.device("own"), "type": "Device" },
        });
        let extensions = kept["extension"].as_array().unwrap();
        let origins = extensions.iter().filter(|extension| extension["url"] == ORIGIN);
        assert_eq!(origins.collect::<Vec<_>>(), [&origin], "{kind}");
        if kind == "Subscription" {
            resource["status"] = "active".into();
        }
        assert_eq!(sent(&kept), resource, "{kind}");
        let read = own.get(&path(&kept)).await.expect(200);
        assert_eq!(read.body, reply.body, "{kind}");
        assert_eq!(read.header("etag"), reply.header("etag"));
        assert_eq!(read.header("last-modified"), reply.header("last-modified"));
        own.get(&location).await.expect(200);
    }
}

async fn the_server_gives_the_id_and_the_version(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let first = own.create(&patient()).await;
    let mut again = patient();
    again["id"] = first["id"].clone();
    again["meta"]["versionId"] = "7".into();
    again["meta"]["lastUpdated"] = "2001-01-01T00:00:00Z".into();
    let second = own.create(&again).await;
    assert_ne!(first["id"], second["id"]);
    assert_eq!(second["meta"]["versionId"], "1");
    assert!(second["meta"]["lastUpdated"].as_str().unwrap() > "2020");
    assert_eq!(own.get(&path(&first)).await.expect(200).json(), first);
}

async fn a_client_may_not_name_the_origin(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let origin = |name: &str| json!({ "url": ORIGIN, "valueReference": { "reference": world.device(name) } });
    for extensions in [
        vec![origin("own")],
        vec![origin("own2")],
        vec![origin("own"), origin("own2")],
        vec![json!({ "url": ORIGIN })],
    ] {
        let mut resource = patient();
        resource["extension"] = extensions.into();
        let refused = own.try_create(&resource).await.refused(400, "business-rule");
        assert!(refused.diagnostics().contains("resource-origin"));
    }
    // Whoever may do everything may not do that either.
    let mut resource = patient();
    resource["extension"] = json!([origin("own")]);
    world.client("admin").await.try_create(&resource).await.expect(400);
    let found = world.client("reader").await.search("Patient").await;
    assert_eq!(found["total"], 0);
}

async fn rights_come_before_content(engine: Engine) {
    let world = World::start(engine).await;
    let bare = world.anyone().post("Patient", &patient()).await.expect(401);
    assert_eq!(bare.header("www-authenticate"), Some("Bearer"));
    assert_eq!(bare.issues().len(), 1);
    let json = [("content-type", "application/fhir+json")];
    for body in ["{", "", "[]", "<a/>"] {
        let reply = world.anyone().call("POST", "Patient", &json, body).await.expect(401);
        assert_eq!(reply.seen(), bare.seen(), "{body}");
    }
    for client in ["nobody", "reader", "granted"] {
        let client = world.client(client).await;
        let forbidden = client.try_create(&patient()).await.refused(403, "forbidden");
        assert_eq!(forbidden.diagnostics(), "Forbidden");
        for body in ["{", "", "[]", r#"{"resourceType":"Patient"}"#] {
            let reply = client.call("POST", "Patient", &json, body).await;
            assert_eq!(reply.seen(), forbidden.seen(), "{body}");
        }
        let text = [("content-type", "text/plain")];
        client.call("POST", "Patient", &text, "x").await.expect(403);
    }
    // A token of elsewhere is none here.
    let elsewhere = world.token("elsewhere").await;
    world.anyone().with_token(&elsewhere).try_create(&patient()).await.expect(401);
}

async fn a_resource_without_its_profile_is_refused_with_the_name_of_it(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let ground = Ground::of(&world, "own").await;
    for kind in TYPES {
        let profile = format!("http://koppeltaal.nl/fhir/StructureDefinition/KT2{kind}");
        let other =
            json!({ "profile": [format!("http://hl7.org/fhir/StructureDefinition/{kind}")] });
        for meta in [Value::Null, json!({}), other] {
            let mut resource = ground.resource(kind);
            match meta {
                Value::Null => drop(resource.as_object_mut().unwrap().remove("meta")),
                meta if meta == json!({}) => resource["meta"] = json!({ "language": "nl" }),
                meta => resource["meta"] = meta,
            }
            let refused = own.try_create(&resource).await.expect(422);
            assert!(refused.diagnostics().contains(&profile), "{}", refused.text());
        }
        // More profiles than that one are welcome.
        let mut resource = ground.resource(kind);
        let more = format!("http://hl7.org/fhir/StructureDefinition/{kind}");
        resource["meta"]["profile"].as_array_mut().unwrap().push(more.into());
        own.try_create(&resource).await.expect(201);
    }
}

async fn every_problem_is_an_issue_with_its_place(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let mut resource = practitioner();
    resource["meta"] = meta("Practitioner");
    resource["birthDate"] = "yesterday".into();
    resource["gender"] = "none".into();
    resource["telecom"] = json!([]);
    resource["shoeSize"] = 43.into();
    resource["photo"] = json!([{ "title": "me" }]);
    let reply = own.try_create(&resource).await.expect(422);
    let issues = reply.issues();
    for place in ["birthDate", "gender", "telecom", "shoeSize", "photo"] {
        let is_about = |issue: &&Value| {
            let expression = issue["expression"][0].as_str().unwrap_or_default();
            issue["severity"] == "error" && expression.contains(place)
        };
        assert!(issues.iter().any(|issue| is_about(&issue)), "{place}: {}", reply.text());
    }
    let found = world.client("reader").await.search("Practitioner").await;
    assert_eq!(found["total"], 0);
}

async fn the_body_is_of_the_type_of_the_url(engine: Engine) {
    let world = World::start(engine).await;
    let admin = world.client("admin").await;
    admin.post("Patient", &practitioner()).await.refused(400, "invalid").about("resourceType");
    let mut nothing = patient();
    nothing["resourceType"] = "Observation".into();
    admin.post("Patient", &nothing).await.expect(400);
    nothing.as_object_mut().unwrap().remove("resourceType");
    admin.post("Patient", &nothing).await.expect(400);
    nothing["resourceType"] = json!(["Patient"]);
    admin.post("Patient", &nothing).await.expect(400);
}

async fn a_conditional_create_is_refused_and_never_ignored(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    for condition in ["identifier=x", ""] {
        let headers = [("if-none-exist", condition)];
        own.post_with("Patient", &headers, &patient()).await.refused(400, "not-supported");
    }
    assert_eq!(own.search("Patient").await["total"], 0);
}

async fn a_profile_of_another_version_is_refused(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let profile =
        |version: &str| format!("{}|{version}", meta("Patient")["profile"][0].as_str().unwrap());
    let known = koppeltaal_fhir::r4::profile::koppeltaal().structure(&profile("x")).unwrap();
    let known = known.version.clone().unwrap();
    let mut new = patient();
    for version in ["9.9", "", "0", &format!("{known}.1")] {
        new["meta"]["profile"][0] = profile(version).into();
        let refused = own.try_create(&new).await.refused(422, "not-found");
        let refused = refused.about("Patient.meta.profile[0]");
        assert_eq!(refused.issues().len(), 1, "{}", refused.text());
        assert!(refused.diagnostics().contains(&known), "{}", refused.text());
    }
    let url = format!("Patient/$validate?profile={}", profile("9.9").replace('|', "%7C"));
    own.post(&url, &patient()).await.refused(400, "not-supported");
    new["meta"]["profile"][0] = profile(&known).into();
    let kept = own.create(&new).await;
    assert_eq!(kept["meta"]["profile"][0], profile(&known));
}
