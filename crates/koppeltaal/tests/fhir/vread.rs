//! Vread (FHIR R4, 3.1.0.2; K013-3): every version stays as it was.

use uuid::Uuid;

use crate::client::path;
use crate::resources::{Ground, TYPES, changed, patient};
use crate::support::Engine;
use crate::world::World;

on_both_engines!(
    every_version_stays_readable,
    a_version_that_is_none_is_not_found,
    versions_are_for_whom_the_resource_is,
    the_version_that_deletes_is_gone_and_the_others_are_not,
);

async fn every_version_stays_readable(engine: Engine) {
    let world = World::start(engine).await;
    let ground = Ground::of(&world, "own").await;
    let own = world.client("own").await;
    for kind in TYPES {
        if kind == "AuditEvent" {
            continue;
        }
        let first = own.create(&ground.resource(kind)).await;
        let second = own.update(&changed(&first)).await;
        assert_eq!(second["meta"]["versionId"], "2", "{kind}");
        let path = path(&first);
        for (version, expected) in [("1", &first), ("2", &second)] {
            let reply = own.get(&format!("{path}/_history/{version}")).await.expect(200);
            assert_eq!(&reply.json(), expected, "{kind}");
            assert_eq!(reply.header("etag"), Some(format!("W/\"{version}\"").as_str()));
            assert!(reply.header("last-modified").is_some());
        }
        let part = own.get(&format!("{path}/_history/1?_elements=id")).await.expect(200).json();
        assert_eq!(part["meta"]["tag"][0]["code"], "SUBSETTED");
    }
}

async fn a_version_that_is_none_is_not_found(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let path = path(&own.create(&patient()).await);
    for version in ["2", "0", "-1", "01", "%2B1", "1.0", "x", "99999999999999999999", "W%2F%221%22"]
    {
        own.get(&format!("{path}/_history/{version}")).await.refused(404, "not-found");
    }
    let unknown = format!("Patient/{}/_history/1", Uuid::new_v4());
    world.client("reader").await.get(&unknown).await.refused(404, "not-found");
    own.get(&unknown).await.refused(403, "forbidden");
}

async fn versions_are_for_whom_the_resource_is(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let path = path(&own.create(&patient()).await);
    let (version, none) = (format!("{path}/_history/1"), format!("{path}/_history/9"));
    for client in ["granted", "reader", "admin"] {
        world.client(client).await.get(&version).await.expect(200);
    }
    for client in ["own2", "nobody"] {
        let client = world.client(client).await;
        let forbidden = client.get(&version).await.refused(403, "forbidden");
        assert_eq!(client.get(&none).await.seen(), forbidden.seen());
    }
    world.anyone().get(&version).await.expect(401);
    world.client("elsewhere").await.get(&version).await.expect(404);
}

async fn the_version_that_deletes_is_gone_and_the_others_are_not(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let first = own.create(&patient()).await;
    let second = own.update(&changed(&first)).await;
    let path = path(&first);
    own.delete(&path).await.expect(200);
    for client in ["own", "granted", "reader"] {
        let client = world.client(client).await;
        for (version, expected) in [("1", &first), ("2", &second)] {
            let reply = client.get(&format!("{path}/_history/{version}")).await.expect(200);
            assert_eq!(&reply.json(), expected);
        }
        let gone = client.get(&format!("{path}/_history/3")).await.refused(410, "deleted");
        assert!(gone.header("location").unwrap().ends_with("/_history/3"));
        client.get(&format!("{path}/_history/4")).await.refused(404, "not-found");
    }
    world.client("own2").await.get(&format!("{path}/_history/1")).await.expect(403);
}
