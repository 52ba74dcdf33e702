//! The history of a resource (FHIR R4, 3.1.0.11; TOP-KT-002a): all versions, the
//! deletion too, a page at a time.

use std::time::Duration;

use serde_json::{Value, json};

use crate::cast::ZORG;
use crate::client::{link, path};
use crate::found::total;
use crate::resources::{Ground, changed, patient};
use crate::support::Engine;
use crate::world::{World, base};

on_both_engines!(
    a_history_tells_how_each_version_came_about,
    a_history_is_read_page_by_page,
    a_history_begins_at_a_time,
    a_history_outlives_its_resource,
    odd_parameters_of_a_history_are_refused,
);

/// `id/version` of the entries, in order; a deletion ends in `-`.
pub fn versions(bundle: &Value) -> Vec<String> {
    let entries = bundle["entry"].as_array().map_or(&[][..], Vec::as_slice);
    let one = |entry: &Value| {
        let location = entry["response"]["location"].as_str().unwrap();
        let (url, version) = location.rsplit_once("/_history/").unwrap();
        let end = if entry["request"]["method"] == "DELETE" { "-" } else { "" };
        format!("{}/{version}{end}", url.rsplit('/').next().unwrap())
    };
    entries.iter().map(one).collect()
}

async fn a_history_tells_how_each_version_came_about(engine: Engine) {
    let world = World::start(engine).await;
    let client = world.client("admin").await;
    let ground = Ground::of(&world, "admin").await;
    for kind in ["Task", "Patient", "Device", "Subscription", "CareTeam"] {
        let first = client.create(&ground.resource(kind)).await;
        let second = client.update(&changed(&first)).await;
        let place = path(&first);
        client.delete(&place).await.expect(200);
        let reply = client.get(&format!("{place}/_history")).await.expect(200);
        let bundle = reply.json();
        assert_eq!((bundle["type"].as_str(), total(&bundle)), (Some("history"), 3), "{kind}");
        let entries = bundle["entry"].as_array().unwrap();
        assert_eq!(entries.len(), 3);
        for (at, (method, url, status)) in [
            ("DELETE", place.as_str(), "200"),
            ("PUT", place.as_str(), "200"),
            ("POST", kind, "201"),
        ]
        .into_iter()
        .enumerate()
        {
            let (entry, version) = (&entries[at], 3 - at);
            assert_eq!(entry["request"], json!({ "method": method, "url": url }), "{kind}");
            let response = &entry["response"];
            assert!(response["status"].as_str().unwrap().starts_with(status), "{response}");
            assert_eq!(response["etag"], format!("W/\"{version}\""));
            assert_eq!(response["location"], format!("{}/{place}/_history/{version}", base(ZORG)));
            assert_eq!(entry["fullUrl"], format!("{}/{place}", base(ZORG)));
            let resource = entry.get("resource");
            assert_eq!(resource.is_none(), method == "DELETE", "{kind}");
            if let Some(resource) = resource {
                assert_eq!(response["lastModified"], resource["meta"]["lastUpdated"]);
                assert_eq!(resource["meta"]["versionId"], version.to_string());
            }
            assert!(entry.get("search").is_none(), "a history is no search");
        }
        assert_eq!((&entries[1]["resource"], &entries[2]["resource"]), (&second, &first), "{kind}");
        // Each version can be read as it stands there.
        for version in [1, 2] {
            let vread = client.get(&format!("{place}/_history/{version}")).await.expect(200);
            assert_eq!(vread.json(), entries[3 - version]["resource"]);
        }
        client.get(&format!("{place}/_history/3")).await.expect(410);
        client.get(&format!("{place}/_history/4")).await.expect(404);
    }
}

async fn a_history_is_read_page_by_page(engine: Engine) {
    let world = World::start(engine).await;
    let client = world.client("admin").await;
    let mut one = client.create(&patient()).await;
    for _ in 0..10 {
        one = client.update(&changed(&one)).await;
    }
    let (place, id) = (path(&one), one["id"].as_str().unwrap().to_owned());
    let expected: Vec<String> = (1..=11).rev().map(|version| format!("{id}/{version}")).collect();
    for count in 1..=12_usize {
        let url = format!("{place}/_history?_count={count}");
        let pages = client.pages(&url).await;
        assert_eq!(pages.len(), 11_usize.div_ceil(count), "{count}");
        let all: Vec<String> = pages.iter().flat_map(versions).collect();
        assert_eq!(all, expected, "{count}");
        assert!(pages.iter().all(|page| total(page) == 11), "{count}");
    }
    // New versions do not disturb who is on the way.
    let first = client.search(&format!("{place}/_history?_count=4")).await;
    client.update(&changed(&one)).await;
    let second = client.search(&link(&first, "next").unwrap()).await;
    assert_eq!((versions(&second), total(&second)), (expected[4..8].to_vec(), 11));
    let back = client.search(&link(&second, "previous").unwrap()).await;
    assert!(versions(&back).ends_with(&expected[..3]), "{:?}", versions(&back));
    let first = client.search(&link(&second, "first").unwrap()).await;
    assert_eq!(versions(&first)[0], format!("{id}/12"));
    for url in [link(&second, "next"), link(&second, "self"), link(&second, "previous")] {
        let start = format!("{}/{place}/_history", base(ZORG));
        assert!(url.unwrap().starts_with(&start));
    }
    let none = client.search(&format!("{place}/_history?_count=0")).await;
    assert_eq!((total(&none), none.get("entry")), (12, None));
    let none = client.search(&format!("{place}/_history?_summary=count")).await;
    assert_eq!((total(&none), none.get("entry")), (12, None));
    // The links are the caller's, and for this place.
    let next = link(&client.search(&format!("{place}/_history?_count=2")).await, "next").unwrap();
    let parameter = next.split("_page=").nth(1).unwrap();
    world.client("reader").await.get(&next).await.refused(400, "invalid");
    let other = path(&client.create(&patient()).await);
    for place in [format!("{other}/_history"), "Patient/_history".to_owned(), "Patient".to_owned()]
    {
        client.get(&format!("{place}?_page={parameter}")).await.refused(400, "invalid");
    }
    client.get(&format!("{next}A")).await.expect(400);
}

async fn a_history_begins_at_a_time(engine: Engine) {
    let world = World::start(engine).await;
    let mut times = Vec::new();
    let mut one = world.client("admin").await.create(&patient()).await;
    for _ in 0..3 {
        world.app.advance(Duration::from_secs(3600));
        times.push(world.app.now().to_instant_millis());
        world.app.advance(Duration::from_secs(3600));
        one = world.client("admin").await.update(&changed(&one)).await;
    }
    let client = world.client("admin").await;
    let exact = one["meta"]["lastUpdated"].as_str().unwrap();
    let place = path(&one);
    for history in [format!("{place}/_history"), "Patient/_history".to_owned()] {
        for (since, count) in [
            ("2020", 4),
            (times[0].as_str(), 3),
            (times[1].as_str(), 2),
            (times[2].as_str(), 1),
            (exact, 1),
            ("2999-01-01T00:00:00Z", 0),
        ] {
            let url = format!("{history}?_since={since}");
            let bundle = client.search(&url).await;
            assert_eq!((versions(&bundle).len(), total(&bundle)), (count, count), "{url}");
            let pages = client.pages(&format!("{url}&_count=1")).await;
            assert_eq!(pages.iter().flat_map(versions).count(), count, "{url}");
            assert!(pages.iter().all(|page| total(page) == count), "{url}");
        }
        for since in ["yesterday", "2024-13-01", ""] {
            let reply = client.get(&format!("{history}?_since={since}")).await;
            assert_eq!(reply.status, if since.is_empty() { 200 } else { 400 }, "{since}");
        }
    }
}

async fn a_history_outlives_its_resource(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let one = own.create(&patient()).await;
    own.update(&changed(&one)).await;
    let place = path(&one);
    own.delete(&place).await.expect(200);
    own.get(&place).await.expect(410);
    let id = one["id"].as_str().unwrap();
    let expected = [format!("{id}/3-"), format!("{id}/2"), format!("{id}/1")];
    for name in ["own", "granted", "reader", "admin"] {
        let client = world.client(name).await;
        for url in [format!("{place}/_history"), "Patient/_history".to_owned()] {
            assert_eq!(versions(&client.search(&url).await), expected, "{name} {url}");
            let pages = client.pages(&format!("{url}?_count=1")).await;
            assert_eq!(
                pages.iter().flat_map(versions).collect::<Vec<_>>(),
                expected,
                "{name} {url}"
            );
        }
        assert!(client.finds("Patient").await.is_empty(), "{name}");
    }
    world.client("own2").await.get(&format!("{place}/_history")).await.expect(403);
}

async fn odd_parameters_of_a_history_are_refused(engine: Engine) {
    let world = World::start(engine).await;
    let client = world.client("admin").await;
    let place = path(&client.create(&patient()).await);
    for history in [format!("{place}/_history"), "Patient/_history".to_owned()] {
        for (query, status) in [
            ("_count=-1", 400),
            ("_count=x", 400),
            ("_count=99999999999999999999999", 200),
            ("_at=2024", 400),
            ("_list=1", 400),
            ("_page=x", 400),
            ("_page=", 400),
            ("_since=%00", 400),
            ("_since=%zz", 400),
            ("nonsense=1", 200),
            ("_format=xml", 200),
            ("_format=nonsense", 406),
        ] {
            let reply = client.get(&format!("{history}?{query}")).await;
            assert_eq!(reply.status, status, "{history}?{query}: {}", reply.text());
        }
        let strict = [("prefer", "handling=strict")];
        client
            .get_with(&format!("{history}?nonsense=1"), &strict)
            .await
            .refused(400, "not-supported");
        for method in ["POST", "PUT", "DELETE", "PATCH"] {
            let reply = client.call(method, &history, &[], "").await;
            assert_eq!(reply.status, 405, "{method} {history}: {}", reply.text());
        }
    }
}
