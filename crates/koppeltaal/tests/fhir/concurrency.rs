//! Many at once, at one server and at two (K002-3, K003-6, K003-7): one writer
//! wins, and no reference is left dangling.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{Client, JSON, path};
use crate::found::total;
use crate::resources::{Ground, patient, task};
use crate::support::Engine;
use crate::world::World;

on_both_engines!(
    of_many_updates_of_a_version_one_wins,
    of_many_deletions_one_is_it,
    a_deletion_and_a_new_reference_leave_nothing_dangling,
    a_deletion_and_an_update_do_not_both_win,
    an_update_that_a_deletion_overtakes_names_the_deletion,
    writers_who_try_again_lose_no_change,
);

/// Callers at once.
const MANY: usize = 64;

/// The same client at two servers of one store.
async fn both(world: &World, second: &koppeltaal::server::Server) -> [Client; 2] {
    [world.client("admin").await, world.client_at(second, "admin").await]
}

async fn of_many_updates_of_a_version_one_wins(engine: Engine) {
    let world = World::start(engine).await;
    let second = world.app.second_server().await;
    let servers = both(&world, &second).await;
    let mut current = servers[0].create(&patient()).await;
    for round in 2..5_u64 {
        let writers = (0..MANY).map(|at| {
            let mut mine = current.clone();
            mine["identifier"][0]["value"] = format!("round-{round}-writer-{at}").into();
            let client = servers[at % 2].clone();
            async move { client.try_update(&mine).await }
        });
        let replies = join_all(writers).await;
        let won: Vec<&crate::reply::Reply> =
            replies.iter().filter(|reply| reply.status == 200).collect();
        assert_eq!(won.len(), 1, "round {round}");
        for reply in &replies {
            assert!([200, 412].contains(&reply.status), "{}: {}", reply.status, reply.text());
        }
        current = won[0].json();
        assert_eq!(current["meta"]["versionId"], round.to_string());
        for client in &servers {
            assert_eq!(client.get(&path(&current)).await.expect(200).json(), current);
            // It is found by the values of the winner alone.
            let value = current["identifier"][0]["value"].as_str().unwrap();
            assert_eq!(
                client.finds(&format!("Patient?identifier={value}")).await,
                [path(&current)]
            );
        }
        let history = servers[1].search(&format!("{}/_history", path(&current))).await;
        assert_eq!(total(&history) as u64, round);
    }
    assert_eq!(servers[0].finds("Patient?identifier:not=x").await.len(), 1);
    second.shutdown().await;
}

async fn of_many_deletions_one_is_it(engine: Engine) {
    let world = World::start(engine).await;
    let second = world.app.second_server().await;
    let servers = both(&world, &second).await;
    for with_version in [true, false] {
        let one = servers[0].create(&patient()).await;
        let place = path(&one);
        let all = (0..16).map(|at| {
            let (client, place) = (servers[at % 2].clone(), place.clone());
            async move {
                let tag: &[(&str, &str)] =
                    if with_version { &[("if-match", "W/\"1\"")] } else { &[] };
                client.delete_with(&place, tag).await.status
            }
        });
        let statuses = join_all(all).await;
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert!(statuses.iter().all(|status| [200, 410, 412].contains(status)), "{statuses:?}");
        let history = servers[0].search(&format!("{place}/_history")).await;
        assert_eq!(total(&history), 2);
    }
    second.shutdown().await;
}

/// No resource that is there refers to one that is not.
async fn check_references(client: &Client, kind: &str, element: &str) {
    for page in client.pages(&format!("{kind}?_count=200&_sort=_id")).await {
        for entry in page["entry"].as_array().into_iter().flatten() {
            let to = entry["resource"][element]["reference"].as_str().unwrap();
            let status = client.get(to).await.status;
            assert_eq!(status, 200, "{} refers to {to}", entry["fullUrl"]);
        }
    }
}

async fn a_deletion_and_a_new_reference_leave_nothing_dangling(engine: Engine) {
    let world = World::start(engine).await;
    let second = world.app.second_server().await;
    let servers = both(&world, &second).await;
    let ground = Ground::of(&world, "admin").await;
    let standing = servers[0].create(&task(&ground.patient, &ground.practitioner)).await;
    let (mut deleted, mut kept) = (0, 0);
    for round in 0..24_usize {
        let one = path(&servers[0].create(&patient()).await);
        // Some refer by creating, one by changing what is there.
        let mut create = Vec::new();
        for at in 0..4 {
            let (client, one) = (servers[(round + at) % 2].clone(), one.clone());
            let owner = ground.practitioner.clone();
            create.push(async move { client.try_create(&task(&one, &owner)).await.status });
        }
        let mut moved: Value = servers[0].get(&path(&standing)).await.expect(200).json();
        moved["for"]["reference"] = one.clone().into();
        let update = servers[round % 2].try_update(&moved);
        let gone = servers[(round + 1) % 2].delete(&one);
        let (created, updated, gone) = tokio::join!(join_all(create), update, gone);
        let refers = created.iter().filter(|status| **status == 201).count()
            + usize::from(updated.status == 200);
        assert!(created.iter().all(|status| [201, 422].contains(status)), "{created:?}");
        assert!([200, 422].contains(&updated.status), "{}", updated.text());
        match gone.status {
            200 => {
                deleted += 1;
                assert_eq!(refers, 0, "round {round}: deleted, and referred to");
            }
            409 => {
                kept += 1;
                assert!(refers > 0, "round {round}: {}", gone.text());
            }
            other => panic!("{other}: {}", gone.text()),
        }
    }
    assert!(deleted + kept == 24);
    check_references(&servers[1], "Task", "for").await;
    second.shutdown().await;
}

async fn a_deletion_and_an_update_do_not_both_win(engine: Engine) {
    let world = World::start(engine).await;
    let second = world.app.second_server().await;
    let servers = both(&world, &second).await;
    for round in 0..16_usize {
        let one = servers[0].create(&patient()).await;
        let place = path(&one);
        let mut mine = one.clone();
        mine["active"] = false.into();
        let update = servers[round % 2].try_update(&mine);
        let tag = [("if-match", "W/\"1\"")];
        let delete = servers[(round + 1) % 2].delete_with(&place, &tag);
        let (updated, deleted) = tokio::join!(update, delete);
        let statuses = (updated.status, deleted.status);
        assert!([(200, 412), (412, 200), (410, 200)].contains(&statuses), "{statuses:?}");
        let found = servers[0]
            .finds(&format!("Patient?_id={}", place.trim_start_matches("Patient/")))
            .await;
        assert_eq!(found.len(), usize::from(updated.status == 200));
    }
    second.shutdown().await;
}

async fn an_update_that_a_deletion_overtakes_names_the_deletion(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let one = own.create(&patient()).await;
    let text = one.to_string();
    // The server asks for the body when the caller may update what is there.
    let head = format!(
        "PUT /api/v1/zorg/fhir/r4/{} HTTP/1.1\r\nHost: kt.example.test\r\n\
         Authorization: Bearer {}\r\nIf-Match: W/\"1\"\r\nContent-Type: {JSON}\r\n\
         Content-Length: {}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n",
        path(&one),
        world.token("own").await,
        text.len(),
    );
    let mut stream = TcpStream::connect(world.app.server.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 25];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 100 Continue\r\n\r\n");
    world.app.clock.advance(Duration::from_secs(60));
    own.delete(&path(&one)).await.expect(200);
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 410 "), "{answer}");
    let gone = own.get(&path(&one)).await.refused(410, "deleted");
    let location = format!("location: {}\r\n", gone.header("location").unwrap());
    assert!(location.ends_with("/_history/2\r\n") && answer.contains(&location), "{answer}");
    assert!(answer.contains(&gone.diagnostics()), "{answer} is not {}", gone.text());
}

async fn writers_who_try_again_lose_no_change(engine: Engine) {
    let world = World::start(engine).await;
    let second = world.app.second_server().await;
    let servers = both(&world, &second).await;
    let place = path(&servers[0].create(&patient()).await);
    let writers = (0..12_usize).map(|at| {
        let (client, place) = (servers[at % 2].clone(), place.clone());
        async move {
            loop {
                let mut current = client.get(&place).await.expect(200).json();
                let system = format!("urn:writer:{at}");
                let mine = serde_json::json!({ "system": system, "value": "1" });
                current["identifier"].as_array_mut().unwrap().push(mine);
                let reply = client.try_update(&current).await;
                match reply.status {
                    200 => return,
                    412 => {}
                    other => panic!("{other}: {}", reply.text()),
                }
            }
        }
    });
    join_all(writers).await;
    let current = servers[1].get(&place).await.expect(200).json();
    assert_eq!(current["meta"]["versionId"], "13");
    assert_eq!(current["identifier"].as_array().unwrap().len(), 13);
    for at in 0..12 {
        let found = servers[0].finds(&format!("Patient?identifier=urn:writer:{at}|1")).await;
        assert_eq!(found, [place.as_str()], "{at}");
    }
    second.shutdown().await;
}
