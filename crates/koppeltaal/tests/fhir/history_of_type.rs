//! The history of a type (FHIR R4, 3.1.0.11; TOP-KT-002a): all versions of all of its
//! resources, narrowed to what the caller may read.

use serde_json::{Value, json};

use crate::cast::ZORG;
use crate::client::{link, path};
use crate::found::total;
use crate::history::versions;
use crate::resources::{Ground, changed, patient};
use crate::shelf::Shelf;
use crate::support::Engine;
use crate::world::World;

on_both_engines!(
    a_history_of_a_type_holds_all_of_its_resources,
    a_history_of_a_type_is_narrowed,
    a_history_of_a_type_loses_and_repeats_nothing,
);

async fn a_history_of_a_type_holds_all_of_its_resources(engine: Engine) {
    let world = World::start(engine).await;
    let client = world.client("admin").await;
    let mut all = Vec::new();
    for _ in 0..4 {
        all.push(client.create(&patient()).await);
    }
    let id = |at: usize| all[at]["id"].as_str().unwrap().to_owned();
    for at in [2, 0] {
        client.update(&changed(&all[at])).await;
    }
    client.delete(&path(&all[1])).await.expect(200);
    client.delete(&path(&all[0])).await.expect(200);
    // Of another type.
    let ground = Ground::of(&world, "admin").await;
    client.create(&ground.resource("Organization")).await;
    client.delete(&ground.patient).await.expect(200);
    let other = ground.patient.trim_start_matches("Patient/").to_owned();
    let expected = [
        format!("{other}/2-"),
        format!("{other}/1"),
        format!("{}/3-", id(0)),
        format!("{}/2-", id(1)),
        format!("{}/2", id(0)),
        format!("{}/2", id(2)),
        format!("{}/1", id(3)),
        format!("{}/1", id(2)),
        format!("{}/1", id(1)),
        format!("{}/1", id(0)),
    ];
    let bundle = client.search("Patient/_history").await;
    assert_eq!((versions(&bundle), total(&bundle)), (expected.to_vec(), 10));
    assert_eq!(bundle["type"], "history");
    for count in 1..=11_usize {
        let pages = client.pages(&format!("Patient/_history?_count={count}")).await;
        assert_eq!(pages.iter().flat_map(versions).collect::<Vec<_>>(), expected, "{count}");
        assert!(pages.iter().all(|page| total(page) == 10), "{count}");
        let mut page = pages.last().unwrap().clone();
        let mut at = pages.len() - 1;
        while let Some(previous) = link(&page, "previous") {
            page = client.search(&previous).await;
            at -= 1;
            assert_eq!(versions(&page), versions(&pages[at]), "{count}");
        }
        assert_eq!(at, 0, "{count}");
    }
    let xml = client.get("Patient/_history?_format=xml").await.expect(200).text();
    assert!(xml.contains("<method value=\"DELETE\"/>") && xml.contains("<total value=\"10\"/>"));
}

async fn a_history_of_a_type_is_narrowed(engine: Engine) {
    let world = World::start(engine).await;
    let mut of = Vec::new();
    for name in ["own", "own2", "admin"] {
        let client = world.client(name).await;
        let kept = client.create(&patient()).await;
        client.update(&changed(&kept)).await;
        let gone = client.create(&patient()).await;
        client.delete(&path(&gone)).await.expect(200);
        let id = |resource: &Value| resource["id"].as_str().unwrap().to_owned();
        of.push(vec![
            format!("{}/2-", id(&gone)),
            format!("{}/1", id(&gone)),
            format!("{}/2", id(&kept)),
            format!("{}/1", id(&kept)),
        ]);
    }
    let all: Vec<String> = of.iter().rev().flatten().cloned().collect();
    for (name, expected) in [
        ("own", of[0].clone()),
        ("own2", of[1].clone()),
        ("granted", of[0].clone()),
        ("admin", all.clone()),
        ("reader", all),
    ] {
        let client = world.client(name).await;
        for url in ["Patient/_history", "Patient/_history?_count=1", "Patient/_history?_count=3"] {
            let pages = client.pages(url).await;
            assert_eq!(
                pages.iter().flat_map(versions).collect::<Vec<_>>(),
                expected,
                "{name} {url}"
            );
            assert!(pages.iter().all(|page| total(page) == expected.len()), "{name} {url}");
        }
    }
    world.client("nobody").await.get("Patient/_history").await.expect(403);
    world.anyone().get("Patient/_history").await.expect(401);
    let empty = world.client("elsewhere").await.search("Patient/_history").await;
    assert_eq!((total(&empty), empty.get("entry")), (0, None));
    // Subscriptions are their owner's.
    let own = world.client("own").await;
    let mut subscription = crate::resources::subscription("Task?status=ready");
    subscription["reason"] = "heel geheim".into();
    own.create(&subscription).await;
    assert_eq!(total(&own.search("Subscription/_history").await), 1);
    for name in ["admin", "reader", "own2"] {
        let bundle = world.client(name).await.search("Subscription/_history").await;
        assert_eq!((total(&bundle), bundle.get("entry")), (0, None), "{name}");
    }
}

async fn a_history_of_a_type_loses_and_repeats_nothing(engine: Engine) {
    let world = World::start(engine).await;
    let shelf = Shelf::of(&world).await;
    let one = |at: usize, round: usize| {
        json!({ "resourceType": "Patient", "id": format!("p{at:02}"),
            "identifier": [{ "system": "urn:round", "value": round.to_string() }] })
    };
    for at in 0..20 {
        shelf.keep(ZORG, "somebody", &one(at, 0)).await;
        shelf.change(ZORG, "somebody", &one(at, 1)).await;
    }
    let client = world.client("reader").await;
    let before = client.search("Patient/_history?_count=200").await;
    let expected = versions(&before);
    assert_eq!(expected.len(), 40);
    let reading = async {
        let mut walks = Vec::new();
        for count in [3, 7, 11] {
            let pages = client.pages(&format!("Patient/_history?_count={count}")).await;
            walks.push(pages.iter().flat_map(versions).collect::<Vec<_>>());
        }
        walks
    };
    let changing = async {
        for round in 2..5 {
            for at in 0..20 {
                match (round, at) {
                    (4, 0..5) => {
                        shelf.remove(ZORG, "Patient", &format!("p{at:02}")).await;
                    }
                    _ => shelf.change(ZORG, "somebody", &one(at, round)).await,
                }
            }
        }
    };
    let (walks, ()) = tokio::join!(reading, changing);
    for mut given in walks {
        let len = given.len();
        let old: Vec<String> = given.iter().filter(|one| expected.contains(one)).cloned().collect();
        assert_eq!(old, expected, "every version that was there, in order, once");
        given.sort_unstable();
        given.dedup();
        assert_eq!(given.len(), len, "nothing is given twice");
    }
}
