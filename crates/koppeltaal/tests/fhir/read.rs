//! Read and conditional read (FHIR R4, 3.1.0.1; X1).

use uuid::Uuid;

use crate::cast::ALIAS;
use crate::client::path;
use crate::resources::{Ground, TYPES, changed, patient};
use crate::support::Engine;
use crate::world::World;

on_both_engines!(
    whoever_may_reads_and_the_others_learn_nothing,
    who_has_the_version_already_is_told_so,
    conditions_do_not_come_before_rights,
    what_was_deleted_is_gone_for_whom_it_was_there,
    a_head_is_a_read_without_its_body,
    a_read_can_be_of_a_part,
    paths_are_taken_as_clients_write_them,
    an_id_of_any_kind_is_only_an_id,
);

async fn whoever_may_reads_and_the_others_learn_nothing(engine: Engine) {
    let world = World::start(engine).await;
    let ground = Ground::of(&world, "own").await;
    let own = world.client("own").await;
    for kind in TYPES {
        let kept = own.create(&ground.resource(kind)).await;
        let path = path(&kept);
        let unknown = format!("{kind}/{}", Uuid::new_v4());
        let is_private = kind == "Subscription";
        for (client, status) in [
            ("own", 200),
            ("granted", if is_private { 403 } else { 200 }),
            ("reader", if is_private { 403 } else { 200 }),
            ("admin", if is_private { 403 } else { 200 }),
            ("own2", 403),
            ("nobody", 403),
        ] {
            let client = world.client(client).await;
            let reply = client.get(&path).await.expect(status);
            match status {
                200 => assert_eq!(reply.json(), kept),
                // The same as for what there is not.
                _ => assert_eq!(reply.seen(), client.get(&unknown).await.seen(), "{kind}"),
            }
        }
        if !is_private {
            world.client("reader").await.get(&unknown).await.refused(404, "not-found");
        }
        world.client("granted").await.get(&unknown).await.refused(403, "forbidden");
        // Elsewhere it is unknown, and a token of elsewhere is none here.
        let status = if is_private { 403 } else { 404 };
        world.client("elsewhere").await.get(&path).await.expect(status);
        let stranger = world.anyone().with_token(&world.token("elsewhere").await);
        stranger.get(&path).await.refused(401, "login");
    }
}

async fn who_has_the_version_already_is_told_so(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let kept = own.create(&patient()).await;
    let path = path(&kept);
    let date = own.get(&path).await.expect(200).header("last-modified").unwrap().to_owned();
    let old = "Sat, 01 Jan 2000 00:00:00 GMT";
    let new = "Fri, 01 Jan 2100 00:00:00 GMT";
    for (headers, status) in [
        (&[("if-none-match", r#"W/"1""#)] as &[_], 304),
        (&[("if-none-match", r#""1""#)], 304),
        (&[("if-none-match", r#"W/"7", W/"1""#)], 304),
        (&[("if-none-match", "*")], 304),
        (&[("if-none-match", r#"W/"2""#)], 200),
        (&[("if-none-match", r#"W/"11""#)], 200),
        (&[("if-modified-since", date.as_str())], 304),
        (&[("if-modified-since", new)], 304),
        (&[("if-modified-since", old)], 200),
        (&[("if-modified-since", "yesterday")], 200),
        (&[("if-modified-since", "")], 200),
        // The tag outweighs the date (RFC 9110, 13.1.3).
        (&[("if-none-match", r#"W/"2""#), ("if-modified-since", new)], 200),
        (&[("if-none-match", r#"W/"1""#), ("if-modified-since", old)], 304),
    ] {
        let reply = own.get_with(&path, headers).await;
        assert_eq!(reply.status, status, "{headers:?}");
        assert_eq!(reply.header("etag"), Some(r#"W/"1""#), "{headers:?}");
        assert_eq!(reply.header("last-modified"), Some(date.as_str()), "{headers:?}");
        assert_eq!(reply.body.is_empty(), status == 304, "{headers:?}");
    }
    own.update(&changed(&kept)).await;
    let reply = own.get_with(&path, &[("if-none-match", r#"W/"1""#)]).await.expect(200);
    assert_eq!(reply.json()["meta"]["versionId"], "2");
    own.get_with(&path, &[("if-none-match", r#"W/"2""#)]).await.expect(304);
}

async fn conditions_do_not_come_before_rights(engine: Engine) {
    let world = World::start(engine).await;
    let kept = world.client("own").await.create(&patient()).await;
    let path = path(&kept);
    let known = [("if-none-match", r#"W/"1""#)];
    world.anyone().get_with(&path, &known).await.expect(401);
    for client in ["own2", "nobody"] {
        let client = world.client(client).await;
        client.get_with(&path, &known).await.expect(403);
        client.get_with(&path, &[("if-none-match", "*")]).await.expect(403);
    }
    let unknown = format!("Patient/{}", Uuid::new_v4());
    world.client("reader").await.get_with(&unknown, &[("if-none-match", "*")]).await.expect(404);
}

async fn what_was_deleted_is_gone_for_whom_it_was_there(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let path = path(&own.create(&patient()).await);
    own.delete(&path).await.expect(200);
    for client in ["own", "granted", "reader", "admin"] {
        let client = world.client(client).await;
        for headers in [&[] as &[_], &[("if-none-match", "*")]] {
            let gone = client.get_with(&path, headers).await.refused(410, "deleted");
            let location = gone.header("location").unwrap();
            assert!(location.ends_with(&format!("/{path}/_history/2")), "{location}");
            client.get(location).await.expect(410);
        }
    }
    for client in ["own2", "nobody"] {
        let client = world.client(client).await;
        let unknown = client.get(&format!("Patient/{}", Uuid::new_v4())).await;
        assert_eq!(client.get(&path).await.expect(403).seen(), unknown.seen());
    }
}

async fn a_head_is_a_read_without_its_body(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let path = path(&own.create(&patient()).await);
    let history = format!("{path}/_history");
    let version = format!("{path}/_history/1");
    let guides = "ImplementationGuide?url=x";
    for path in [&path, &version, &history, "Patient", "metadata", guides, "Nonsense/1"] {
        let get = own.get(path).await;
        let head = own.call("HEAD", path, &[], "").await;
        assert_eq!(head.status, get.status, "{path}");
        assert!(head.body.is_empty(), "{path}");
        for name in ["etag", "last-modified", "content-type"] {
            assert_eq!(head.header(name), get.header(name), "{path}: {name}");
        }
    }
    world.anyone().call("HEAD", &path, &[], "").await.expect(401);
    world.client("own2").await.call("HEAD", &path, &[], "").await.expect(403);
    own.call("HEAD", &path, &[("if-none-match", "*")], "").await.expect(304);
}

async fn a_read_can_be_of_a_part(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let kept = own.create(&patient()).await;
    let path = path(&kept);
    let elements = own.get(&format!("{path}?_elements=birthDate")).await.expect(200).json();
    assert_eq!(elements["birthDate"], kept["birthDate"]);
    assert!(elements.get("gender").is_none(), "{elements}");
    assert_eq!(elements["meta"]["tag"][0]["code"], "SUBSETTED");
    assert_eq!(elements["meta"]["versionId"], "1");
    // Extensions are in no summary.
    let summary = own.get(&format!("{path}?_summary=true")).await.expect(200).json();
    assert_eq!(summary["meta"]["tag"][0]["code"], "SUBSETTED");
    assert_eq!(summary["gender"], kept["gender"]);
    assert!(summary.get("extension").is_none(), "{summary}");
    let whole = own.get(&format!("{path}?_summary=false")).await.expect(200).json();
    assert_eq!(whole, kept);
    for wrong in ["_summary=all", "_elements=a;b", "_elements=name&_summary=text"] {
        own.get(&format!("{path}?{wrong}")).await.expect(400);
    }
}

async fn paths_are_taken_as_clients_write_them(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let path = path(&own.create(&patient()).await);
    let base = "/api/v1/zorg/fhir/r4";
    for path in [
        format!("{base}//{path}"),
        format!("//api/v1/zorg//fhir/r4/{path}"),
        format!("{base}/{path}?_format=json"),
        format!("{ALIAS}/{path}"),
        format!("{ALIAS}//{path}"),
    ] {
        own.get(&path).await.expect(200);
    }
    // A name is one in its own letters.
    own.get(&path.replace("Patient", "patient")).await.expect(404);
}

async fn an_id_of_any_kind_is_only_an_id(engine: Engine) {
    let world = World::start(engine).await;
    let (admin, own) = (world.client("admin").await, world.client("own").await);
    let long = "a".repeat(4000);
    for id in [
        "%00",
        "a%00b",
        "%2e%2e%2fmetadata",
        "'%20or%201=1--",
        "%25",
        "%F0%9F%92%A3",
        "%ff%fe",
        "%22",
        "a%20b",
        "a%0d%0ab",
        "-1",
        "*",
        &long,
    ] {
        for path in [
            format!("Patient/{id}"),
            format!("Patient/{id}/_history/1"),
            format!("Patient/{id}/_history"),
        ] {
            let reply = admin.get(&path).await;
            assert!([400, 404].contains(&reply.status), "{path}: {}", reply.status);
            let reply = own.get(&path).await;
            assert!([400, 403, 404].contains(&reply.status), "{path}: {}", reply.status);
        }
    }
}
