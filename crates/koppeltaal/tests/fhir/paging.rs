//! Pages of a search (TOP-KT-002b; FHIR R4, 3.1.1.5.2): complete, counted, and
//! linked by URLs that are good for their caller only.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::cast::{ALIAS, ELDERS, ZORG};
use crate::client::{Client, link};
use crate::found::{matched, query, total};
use crate::shelf::Shelf;
use crate::support::Engine;
use crate::world::{World, base};

on_both_engines!(
    every_page_has_the_total_and_its_links,
    pages_of_every_length_hold_each_result_once,
    pages_are_gone_back_to,
    a_link_is_good_for_its_caller_only,
    a_link_that_was_changed_is_refused,
    a_search_that_is_too_long_for_a_link_is_refused,
    a_link_is_followed_at_every_server,
);

fn patient(id: &str, family: &str) -> Value {
    json!({
        "resourceType": "Patient", "id": id, "active": true,
        "name": [{ "family": family }],
        "identifier": [{ "system": "urn:ids", "value": id }],
    })
}

async fn fill(world: &World, domain: &str, origin: &str, count: usize) {
    let shelf = Shelf::of(world).await;
    for at in 0..count {
        shelf.keep(domain, origin, &patient(&format!("p{at:03}"), "Jansen")).await;
    }
}

/// `Patient/p000` and so on, the newest first.
fn newest_first(count: usize) -> Vec<String> {
    (0..count).rev().map(|at| format!("Patient/p{at:03}")).collect()
}

#[track_caller]
fn relations(bundle: &Value) -> BTreeSet<String> {
    let links = bundle["link"].as_array().unwrap();
    links.iter().map(|link| link["relation"].as_str().unwrap().to_owned()).collect()
}

async fn every_page_has_the_total_and_its_links(engine: Engine) {
    let world = World::start(engine).await;
    fill(&world, ZORG, "somebody", 25).await;
    let client = world.client("reader").await;
    let url = "Patient?family=jansen&_count=10";
    let pages = client.pages(url).await;
    assert_eq!(pages.len(), 3);
    let sizes: Vec<usize> = pages.iter().map(|page| matched(page).len()).collect();
    assert_eq!(sizes, [10, 10, 5]);
    let start = format!("{}/Patient?", base(ZORG));
    for (at, page) in pages.iter().enumerate() {
        assert_eq!((page["type"].as_str(), total(page)), (Some("searchset"), 25), "{at}");
        let mut expected = vec!["self", "first"];
        if at > 0 {
            expected.push("previous");
        }
        if at < 2 {
            expected.push("next");
        }
        let expected: BTreeSet<String> = expected.into_iter().map(str::to_owned).collect();
        assert_eq!(relations(page), expected, "{at}");
        for relation in relations(page) {
            let url = link(page, &relation).unwrap();
            assert!(url.starts_with(&start), "{relation}: {url}");
        }
        for entry in page["entry"].as_array().unwrap() {
            let id = entry["resource"]["id"].as_str().unwrap();
            assert_eq!(entry["fullUrl"], format!("{}/Patient/{id}", base(ZORG)));
            assert_eq!(entry["search"]["mode"], "match");
        }
        // Nothing of the way to the page can be read or guessed.
        if let Some(next) = link(page, "next") {
            let names: Vec<&str> = next[start.len()..]
                .split('&')
                .map(|pair| pair.split('=').next().unwrap())
                .collect();
            assert_eq!(names, ["_page"], "{next}");
            assert!(!next.contains("jansen") && next.len() < 2_000, "{next}");
        }
        // A page is the same again.
        let again = client.search(&link(page, "self").unwrap()).await;
        assert_eq!(matched(&again), matched(page), "{at}");
    }
    let all: Vec<String> = pages.iter().flat_map(matched).collect();
    assert_eq!(all, newest_first(25));
    // The first page says what was asked for.
    let this = link(&pages[0], "self").unwrap();
    assert!(this.contains("family=jansen") && this.contains("_count=10"), "{this}");
    // A page that ends with the last result is the last.
    assert_eq!(client.pages("Patient?_count=5").await.len(), 5);
    assert_eq!(client.pages("Patient?_count=25").await.len(), 1);
    assert_eq!(client.pages("Patient?_count=24").await.len(), 2);
    // Without _count there are twenty.
    let first = client.search("Patient").await;
    assert_eq!((matched(&first).len(), total(&first)), (20, 25));
    // In XML it is the same.
    let xml = client.get(&format!("{url}&_format=xml")).await.expect(200).text();
    assert!(
        xml.contains("<total value=\"25\"/>") && xml.contains("<relation value=\"next\"/>"),
        "{xml}"
    );
    let next = xml.split("<relation value=\"next\"/><url value=\"").nth(1).unwrap();
    let next = next.split('"').next().unwrap().replace("&amp;", "&");
    let second = client.get(&next).await.expect(200);
    assert!(
        second.header("content-type").unwrap().contains("xml"),
        "the format goes with the link"
    );
}

async fn pages_of_every_length_hold_each_result_once(engine: Engine) {
    let world = World::start(engine).await;
    fill(&world, ZORG, "somebody", 13).await;
    let client = world.client("reader").await;
    for count in 1..=14_usize {
        for sort in ["", "&_sort=_id", "&_sort=-family", "&_sort=birthdate,-_id"] {
            let url = format!("Patient?identifier:not=x&_count={count}{sort}");
            let pages = client.pages(&url).await;
            assert_eq!(pages.len(), 13_usize.div_ceil(count), "{url}");
            assert!(pages.iter().all(|page| total(page) == 13), "{url}");
            let all: Vec<String> = pages.iter().flat_map(matched).collect();
            let distinct: BTreeSet<&String> = all.iter().collect();
            assert_eq!((all.len(), distinct.len()), (13, 13), "{url}");
        }
    }
    for (count, size) in [("200", 13), ("201", 13), ("99999999999999999999999", 13), ("0", 0)] {
        let bundle = client.search(&format!("Patient?_count={count}")).await;
        assert_eq!((matched(&bundle).len(), total(&bundle)), (size, 13), "{count}");
        assert_eq!(link(&bundle, "next"), None, "{count}");
    }
    // More than two hundred are never given at once.
    let shelf = Shelf::of(&world).await;
    for at in 13..215 {
        shelf.keep(ZORG, "somebody", &patient(&format!("p{at:03}"), "Jansen")).await;
    }
    let pages = client.pages("Patient?_count=1000").await;
    let sizes: Vec<usize> = pages.iter().map(|page| matched(page).len()).collect();
    assert_eq!(sizes, [200, 15]);
    assert_eq!(client.walk("Patient?_count=17").await, newest_first(215));
    // No results: one page.
    let bundle = client.search("Patient?family=nobody").await;
    assert_eq!((total(&bundle), bundle.get("entry")), (0, None));
}

async fn pages_are_gone_back_to(engine: Engine) {
    let world = World::start(engine).await;
    fill(&world, ZORG, "somebody", 30).await;
    let client = world.client("reader").await;
    for sort in ["", "&_sort=_id"] {
        let pages = client.pages(&format!("Patient?_count=4{sort}")).await;
        let mut at = pages.len() - 1;
        let mut page = pages[at].clone();
        while let Some(previous) = link(&page, "previous") {
            page = client.search(&previous).await;
            at -= 1;
            assert_eq!(matched(&page), matched(&pages[at]), "{sort} {at}");
            assert_eq!(total(&page), 30);
        }
        assert_eq!(at, 0, "{sort}");
        let first = client.search(&link(&pages[5], "first").unwrap()).await;
        assert_eq!(matched(&first), matched(&pages[0]));
    }
}

async fn a_link_is_good_for_its_caller_only(engine: Engine) {
    let world = World::start(engine).await;
    fill(&world, ZORG, &world.client_id("own"), 6).await;
    fill(&world, ELDERS, "somebody", 6).await;
    let reader = world.client("reader").await;
    let page = reader.search("Patient?_count=2").await;
    let next = link(&page, "next").unwrap();
    reader.search(&next).await;
    // A new token of the same client.
    world.forget_tokens().await;
    world.client("reader").await.search(&next).await;
    // Others, with more rights and with fewer.
    for name in ["admin", "own", "own2", "granted", "cascade"] {
        let reply = world.client(name).await.get(&next).await.refused(400, "invalid");
        assert!(!reply.text().contains("Jansen"), "{name}");
    }
    world.client("nobody").await.get(&next).await.expect(403);
    world.anyone().get(&next).await.expect(401);
    // In another domain, and for another type.
    let parameter = next.split("_page=").nth(1).unwrap().split('&').next().unwrap();
    let elsewhere = world.client("elsewhere").await;
    elsewhere.get(&format!("Patient?_page={parameter}")).await.refused(400, "invalid");
    elsewhere.get(&next).await.expect(401);
    let other = link(&elsewhere.search("Patient?_count=2").await, "next").unwrap();
    let foreign = other.split("_page=").nth(1).unwrap();
    reader.get(&format!("Patient?_page={foreign}")).await.refused(400, "invalid");
    for path in ["Practitioner", "Patient/_history", "Patient/p001/_history"] {
        reader.get(&format!("{path}?_page={parameter}")).await.refused(400, "invalid");
    }
    // The same base by its other name.
    let old = format!("{ALIAS}/Patient?_page={parameter}");
    assert_eq!(matched(&reader.search(&old).await), ["Patient/p003", "Patient/p002"]);
    // As a form.
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let body = format!("_page={parameter}");
    let reply = reader.call("POST", "Patient/_search", &form, body).await.expect(200);
    assert_eq!(matched(&reply.json()), ["Patient/p003", "Patient/p002"]);
}

async fn a_link_that_was_changed_is_refused(engine: Engine) {
    let world = World::start(engine).await;
    fill(&world, ZORG, "somebody", 6).await;
    let reader = world.client("reader").await;
    let next = link(&reader.search("Patient?_count=2&active=true").await, "next").unwrap();
    let (start, text) = next.split_once("_page=").unwrap();
    for at in (0..text.len()).step_by(5) {
        let mut other = text.to_owned().into_bytes();
        other[at] = if other[at] == b'A' { b'B' } else { b'A' };
        let other = String::from_utf8(other).unwrap();
        reader
            .get(&format!("{start}_page={other}"))
            .await
            .refused(400, "invalid")
            .about("http._page");
    }
    for other in
        ["x", "%00", "AAAA", "..", &text[..text.len() - 1], &text[1..], &format!("{text}A")]
    {
        reader.get(&format!("{start}_page={other}")).await.expect(400);
    }
    for more in ["&active=false", "&_count=200", "&_sort=family", "&family=jansen", "&_page=x"] {
        reader.get(&format!("{next}{more}")).await.refused(400, "invalid");
    }
    // What the link says anyway may be said again.
    reader.get(&format!("{next}&active=true&_count=2")).await.expect(200);
    reader.get(&format!("{next}&_pretty=true")).await.expect(200);
}

async fn a_search_that_is_too_long_for_a_link_is_refused(engine: Engine) {
    let world = World::start(engine).await;
    fill(&world, ZORG, "somebody", 6).await;
    let reader = world.client("reader").await;
    // Values without a pattern, so that nothing makes them shorter.
    let noise = |seed: u64| {
        let mut state = seed;
        let mut word = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            format!("{:x}", state >> 8)
        };
        (0..95).map(|_| word()).collect::<Vec<_>>().join(",")
    };
    let long: Vec<String> = (0..7).map(noise).collect();
    let mut pairs: Vec<(&str, &str)> =
        long.iter().map(|value| ("identifier:not", value.as_str())).collect();
    assert_eq!(reader.finds(&query("Patient", &pairs)).await.len(), 6, "it fits on one page");
    pairs.push(("_count", "2"));
    let reply = reader.get(&query("Patient", &pairs)).await;
    reply.refused(400, "too-costly");
}

async fn a_link_is_followed_at_every_server(engine: Engine) {
    let world = World::start(engine).await;
    fill(&world, ZORG, "somebody", 9).await;
    let second = world.app.second_server().await;
    let servers: [Client; 2] =
        [world.client("reader").await, world.client_at(&second, "reader").await];
    let mut all = Vec::new();
    let mut url = Some("Patient?_count=2".to_owned());
    let mut turn = 0;
    while let Some(next) = url {
        let page = servers[turn % 2].search(&next).await;
        turn += 1;
        assert_eq!(total(&page), 9);
        all.extend(matched(&page));
        url = link(&page, "next");
    }
    assert_eq!(all, newest_first(9));
    second.shutdown().await;
}
