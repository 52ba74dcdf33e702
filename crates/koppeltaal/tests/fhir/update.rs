//! Update (FHIR R4, 3.1.0.4; K002-3): only of the version that the caller saw, and
//! never of the id or the origin.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::path;
use crate::resources::{Ground, ORIGIN, TYPES, changed, patient};
use crate::support::Engine;
use crate::world::{World, base};

on_both_engines!(
    an_update_makes_the_next_version,
    if_match_names_the_version_that_was_seen,
    rights_come_before_the_version_and_the_version_before_the_body,
    what_is_unknown_is_not_made,
    what_was_deleted_stays_so,
    unchanged_content_is_the_same_version,
    the_body_has_the_id_of_the_url,
    the_origin_never_changes,
    a_part_is_not_written_back_as_the_whole,
    of_many_at_once_one_wins,
);

async fn an_update_makes_the_next_version(engine: Engine) {
    let world = World::start(engine).await;
    let ground = Ground::of(&world, "own").await;
    let own = world.client("own").await;
    for kind in TYPES {
        if kind == "AuditEvent" {
            continue;
        }
        let first = own.create(&ground.resource(kind)).await;
        let wanted = changed(&first);
        let reply = own.try_update(&wanted).await.expect(200);
        let second = reply.json();
        assert_eq!(second["id"], first["id"]);
        assert_eq!(second["meta"]["versionId"], "2", "{kind}");
        assert!(second["meta"]["lastUpdated"].as_str() > first["meta"]["lastUpdated"].as_str());
        assert_eq!(reply.header("etag"), Some(r#"W/"2""#));
        let location = format!("{}/{}/_history/2", base("zorg"), path(&first));
        assert_eq!(reply.header("content-location"), Some(location.as_str()), "{kind}");
        let without_meta = |resource: &Value| {
            let mut resource = resource.clone();
            resource.as_object_mut().unwrap().remove("meta");
            resource
        };
        assert_eq!(without_meta(&second), without_meta(&wanted), "{kind}");
        assert_eq!(own.get(&path(&first)).await.expect(200).json(), second);
        // Wrong content changes nothing.
        let mut wrong = second.clone();
        wrong["shoeSize"] = 43.into();
        own.try_update(&wrong).await.expect(422);
        assert_eq!(own.get(&path(&first)).await.expect(200).json(), second);
    }
}

async fn if_match_names_the_version_that_was_seen(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let first = own.create(&patient()).await;
    let second = own.update(&changed(&first)).await;
    let path = path(&first);
    let put = async |tags: &[&str]| {
        let headers: Vec<_> = tags.iter().map(|tag| ("if-match", *tag)).collect();
        own.put_with(&path, &headers, &changed(&second)).await
    };
    put(&[]).await.refused(400, "required").about("http.If-Match");
    for tags in [&[""] as &[_], &["*"], &[r#"W/"1", W/"2""#], &[r#"W/"2""#, r#"W/"2""#]] {
        put(tags).await.refused(400, "invalid").about("http.If-Match");
    }
    for tag in [
        r#"W/"1""#,
        r#"W/"3""#,
        r#"W/"0""#,
        r#"W/"02""#,
        r#"W/"2"#,
        r#"W/"x""#,
        r#"W/"-2""#,
        "x",
        r#"W/"99999999999999999999""#,
        r#"w/"2""#,
    ] {
        let stale = put(&[tag]).await.refused(412, "conflict").about("http.If-Match");
        assert!(stale.diagnostics().contains('2'), "{tag}: the version to read is told");
    }
    assert_eq!(own.get(&path).await.json(), second);
    let mut current = second;
    for form in [r#"W/"N""#, r#""N""#, "N"] {
        let version = current["meta"]["versionId"].as_str().unwrap().to_owned();
        let tag = form.replace('N', &version);
        let headers = [("if-match", tag.as_str())];
        let next = own.put_with(&path, &headers, &changed(&current)).await.expect(200).json();
        assert_ne!(next["meta"]["versionId"], current["meta"]["versionId"], "{form}");
        current = next;
    }
}

async fn rights_come_before_the_version_and_the_version_before_the_body(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let kept = own.create(&patient()).await;
    let path = path(&kept);
    let json = ("content-type", "application/fhir+json");
    let (current, stale) = (("if-match", r#"W/"1""#), ("if-match", r#"W/"9""#));
    world.anyone().call("PUT", &path, &[json], "{").await.expect(401);
    for client in ["own2", "granted", "reader", "nobody"] {
        let client = world.client(client).await;
        let forbidden = client.try_update(&changed(&kept)).await.refused(403, "forbidden");
        for (headers, body) in [
            (&[json] as &[_], kept.to_string()),
            (&[json, stale], kept.to_string()),
            (&[json, current], "{".to_owned()),
            (&[json, current], String::new()),
        ] {
            let reply = client.call("PUT", &path, headers, body).await;
            assert_eq!(reply.seen(), forbidden.seen());
        }
    }
    own.call("PUT", &path, &[json], "{").await.refused(400, "required");
    own.call("PUT", &path, &[json, stale], "{").await.expect(412);
    own.call("PUT", &path, &[json, current], "{").await.refused(400, "structure");
    assert_eq!(own.get(&path).await.json(), kept);
}

async fn what_is_unknown_is_not_made(engine: Engine) {
    let world = World::start(engine).await;
    let mut resource = patient();
    resource["id"] = Uuid::new_v4().to_string().into();
    let path = path(&resource);
    for headers in [&[] as &[_], &[("if-match", r#"W/"1""#)], &[("if-none-match", "*")]] {
        let admin = world.client("admin").await;
        admin.put_with(&path, headers, &resource).await.refused(404, "not-found");
        let own = world.client("own").await;
        own.put_with(&path, headers, &resource).await.refused(403, "forbidden");
    }
    let foreign = world.client("own2").await.create(&patient()).await;
    let own = world.client("own").await;
    let unknown = own.put_with(&path, &[], &resource).await;
    assert_eq!(own.try_update(&changed(&foreign)).await.seen(), unknown.seen());
    own.put_with("Patient", &[], &resource).await.refused(405, "not-supported");
    own.put_with("Patient?identifier=x", &[], &resource).await.refused(405, "not-supported");
    assert_eq!(world.client("reader").await.search("Patient").await["total"], 1);
}

async fn what_was_deleted_stays_so(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let kept = own.create(&patient()).await;
    own.delete(&path(&kept)).await.expect(200);
    for version in ["1", "2"] {
        let headers = [("if-match", version)];
        let gone = own.put_with(&path(&kept), &headers, &kept).await.refused(410, "deleted");
        assert!(gone.header("location").unwrap().ends_with("/_history/2"));
    }
    own.put_with(&path(&kept), &[], &kept).await.expect(410);
    world.client("admin").await.try_update(&kept).await.expect(410);
    world.client("own2").await.try_update(&kept).await.expect(403);
}

async fn unchanged_content_is_the_same_version(engine: Engine) {
    let world = World::start(engine).await;
    let ground = Ground::of(&world, "own").await;
    let own = world.client("own").await;
    for kind in TYPES {
        if kind == "AuditEvent" {
            continue;
        }
        let kept = own.create(&ground.resource(kind)).await;
        let before = own.get(&path(&kept)).await;
        world.app.advance(std::time::Duration::from_secs(2));
        let mut same = kept.clone();
        let extensions = same["extension"].as_array_mut().unwrap();
        extensions.retain(|extension| extension["url"] != ORIGIN);
        if extensions.is_empty() {
            same.as_object_mut().unwrap().remove("extension");
        }
        let mut old = kept.clone();
        old["meta"]["lastUpdated"] = "2001-01-01T00:00:00Z".into();
        for resource in [kept.clone(), same, old] {
            let reply = own.try_update(&resource).await.expect(200);
            assert_eq!(reply.json(), kept, "{kind}");
            for name in ["etag", "last-modified"] {
                assert_eq!(reply.header(name), before.header(name), "{kind}: {name}");
            }
        }
        own.get(&format!("{}/_history/2", path(&kept))).await.expect(404);
    }
}

async fn the_body_has_the_id_of_the_url(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let kept = own.create(&patient()).await;
    let other = own.create(&patient()).await;
    let path = path(&kept);
    let tag = [("if-match", r#"W/"1""#)];
    let mut wrong = changed(&kept);
    for id in [
        other["id"].clone(),
        "".into(),
        7.into(),
        kept["id"].as_str().unwrap().to_uppercase().into(),
    ] {
        wrong["id"] = id;
        own.put_with(&path, &tag, &wrong).await.expect(400);
    }
    wrong.as_object_mut().unwrap().remove("id");
    own.put_with(&path, &tag, &wrong).await.refused(400, "invalid").about("id");
    let mut wrong = changed(&kept);
    wrong["resourceType"] = "Practitioner".into();
    own.put_with(&path, &tag, &wrong).await.refused(400, "invalid").about("resourceType");
    assert_eq!(own.get(&path).await.json(), kept);
}

async fn the_origin_never_changes(engine: Engine) {
    let world = World::start(engine).await;
    let (own, admin) = (world.client("own").await, world.client("admin").await);
    let kept = own.create(&patient()).await;
    let with = |references: &[String]| {
        let origin =
            |reference| json!({ "url": ORIGIN, "valueReference": { "reference": reference } });
        let mut resource = changed(&kept);
        resource["extension"] = references.iter().map(origin).collect();
        resource
    };
    let (mine, theirs) = (world.device("own"), world.device("own2"));
    own.try_update(&with(std::slice::from_ref(&theirs))).await.refused(403, "forbidden");
    admin.try_update(&with(&[world.device("admin")])).await.refused(403, "forbidden");
    own.try_update(&with(&[format!("{mine}x")])).await.refused(403, "forbidden");
    own.try_update(&with(&[mine.clone(), mine.clone()])).await.expect(400);
    own.try_update(&with(&[mine.clone(), theirs])).await.expect(400);
    own.try_update(&with(&["Patient/1".to_owned()])).await.expect(400);
    let mut odd = changed(&kept);
    odd["extension"] = json!([{ "url": ORIGIN, "valueString": mine }]);
    own.try_update(&odd).await.expect(400);
    assert_eq!(own.get(&path(&kept)).await.json(), kept);
    // Left out it is kept, also when somebody else writes.
    let mut without = changed(&kept);
    without.as_object_mut().unwrap().remove("extension");
    let second = admin.update(&without).await;
    assert_eq!(second["extension"][0]["valueReference"]["reference"], mine);
    // It may be spelled out.
    let mut absolute = changed(&second);
    absolute["extension"][0]["valueReference"]["reference"] =
        format!("{}/{mine}", base("zorg")).into();
    let third = own.update(&absolute).await;
    own.update(&changed(&third)).await;
    world.client("own2").await.get(&path(&kept)).await.expect(403);
}

async fn a_part_is_not_written_back_as_the_whole(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let mut whole = patient();
    whole["text"] = json!({
        "status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">Zoë</div>",
    });
    let kept = own.create(&whole).await;
    let path = path(&kept);
    for part in
        ["_summary=true", "_summary=data", "_elements=identifier,active,name,gender,birthDate"]
    {
        let part = own.get(&format!("{path}?{part}")).await.expect(200).json();
        own.try_update(&part).await.refused(422, "business-rule").about("meta.tag[0]");
    }
    let mut new = patient();
    new["meta"]["tag"] = json!([{
        "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED",
    }]);
    own.try_create(&new).await.expect(422);
}

async fn of_many_at_once_one_wins(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let kept = own.create(&patient()).await;
    for round in 0..4 {
        let current = own.get(&path(&kept)).await.json();
        let attempts = (0..8).map(|at| {
            let mut next = current.clone();
            next["birthDate"] = format!("198{round}-01-0{}", at + 1).into();
            let own = own.clone();
            tokio::spawn(async move { own.try_update(&next).await.status })
        });
        let mut seen = Vec::new();
        for attempt in attempts.collect::<Vec<_>>() {
            seen.push(attempt.await.unwrap());
        }
        seen.sort_unstable();
        assert_eq!(seen, [200, 412, 412, 412, 412, 412, 412, 412]);
        let after = own.get(&path(&kept)).await.json();
        assert_eq!(after["meta"]["versionId"], (round + 2).to_string());
    }
}
