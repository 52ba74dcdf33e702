//! Searches that mean harm: refused or empty, quickly, and the server goes on.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::cast::ZORG;
use crate::client::Client;
use crate::found::{query, total, warned};
use crate::reply::Reply;
use crate::shelf::Shelf;
use crate::support::Engine;
use crate::world::World;

on_both_engines!(
    hostile_values_are_refused_or_find_nothing,
    costly_searches_are_refused,
    hostile_urls_are_refused,
);

/// More than any refusal takes on a machine that is busy with other tests.
const LONG: Duration = Duration::from_secs(5);

async fn ask(client: &Client, url: &str) -> Reply {
    let began = Instant::now();
    let reply = client.get(url).await;
    let shown: String = url.chars().take(200).collect();
    assert!(began.elapsed() < LONG, "{shown}: {:?}", began.elapsed());
    assert!(reply.status < 500, "{shown}: {}", reply.text());
    reply
}

async fn filled(engine: Engine) -> World {
    let world = World::start(engine).await;
    let shelf = Shelf::of(&world).await;
    for at in 0..30 {
        let patient = json!({
            "resourceType": "Patient", "id": format!("p{at}"), "active": true,
            "name": [{ "family": "Jansen", "given": ["Zoë"] }], "birthDate": "1980-01-01",
            "identifier": [{ "system": "urn:ids", "value": format!("n{at}") }],
        });
        shelf.keep(ZORG, "somebody", &patient).await;
    }
    world
}

async fn hostile_values_are_refused_or_find_nothing(engine: Engine) {
    let world = filled(engine).await;
    let client = world.client("reader").await;
    let evil = [
        "' OR '1'='1".to_owned(),
        "'; DROP TABLE resource; --".to_owned(),
        "\" OR 1=1 --".to_owned(),
        "1) UNION SELECT body FROM resource --".to_owned(),
        "%' OR value LIKE '%".to_owned(),
        "$1".to_owned(),
        "?1 :a @b".to_owned(),
        "(a+)+$".to_owned(),
        ".*".to_owned(),
        "[".to_owned(),
        "\\".to_owned(),
        "\\\\\\".to_owned(),
        "|||".to_owned(),
        "$$$".to_owned(),
        ",,,".to_owned(),
        "\u{202e}\u{feff}\u{200b}".to_owned(),
        "\u{10ffff}\u{d7ff}".to_owned(),
        "e\u{301}".repeat(900),
        "\u{1f469}\u{200d}\u{1f52c}".to_owned(),
        "\r\nSet-Cookie: a=b".to_owned(),
        "<script>alert(1)</script>".to_owned(),
        "../../etc/passwd".to_owned(),
        "${jndi:ldap://x}".to_owned(),
        "9".repeat(1_900),
        "-".repeat(1_900),
        "0001-01-01".to_owned(),
        "9999-12-31T23:59:59.999999999999Z".to_owned(),
        "ap0001".to_owned(),
        "ap9999-12-31".to_owned(),
        "1e999999999".to_owned(),
        "-1e-999999999".to_owned(),
        "NaN".to_owned(),
    ];
    let names = [
        ("Patient", "family"),
        ("Patient", "family:exact"),
        ("Patient", "family:contains"),
        ("Patient", "identifier"),
        ("Patient", "identifier:text"),
        ("Patient", "identifier:of-type"),
        ("Patient", "active"),
        ("Patient", "active:in"),
        ("Patient", "gender:below"),
        ("Patient", "organization"),
        ("Patient", "organization:identifier"),
        ("Patient", "birthdate"),
        ("Patient", "_id"),
        ("Patient", "_lastUpdated"),
        ("Patient", "_profile:below"),
        ("Patient", "_profile:above"),
        ("Patient", "_text"),
        ("Patient", "_content"),
        ("Patient", "_sort"),
        ("Patient", "_include"),
        ("Patient", "_revinclude"),
        ("Patient", "_page"),
        ("Patient", "_elements"),
        ("Patient", "_summary"),
        ("Patient", "_has:Task:patient:identifier"),
        ("ActivityDefinition", "context-quantity"),
        ("ActivityDefinition", "context-type-value"),
        ("ActivityDefinition", "context-type-quantity"),
    ];
    for (kind, name) in names {
        for value in &evil {
            let reply = ask(&client, &query(kind, &[(name, value)])).await;
            // Dates that are none of these people's, and parts of answers, are fine.
            let may_find = ["_lastUpdated", "birthdate", "_elements"].contains(&name);
            let is_dangerous = value.contains("OR ") || value.contains("UNION");
            if reply.status == 200 && (!may_find || is_dangerous) && name != "_elements" {
                // What comes to no value at all is left out, and told.
                let bundle = reply.json();
                let is_left_out = !warned(&bundle).is_empty();
                assert!(total(&bundle) == 0 || is_left_out, "{kind}?{name}={value}");
                assert!(!is_left_out || value.chars().all(|c| ",|$".contains(c)), "{name}={value}");
            }
            assert!([200, 400].contains(&reply.status), "{name}={value}: {}", reply.status);
        }
    }
    assert_eq!(total(&client.search("Patient").await), 30, "nothing was harmed");
}

async fn costly_searches_are_refused(engine: Engine) {
    let world = filled(engine).await;
    let client = world.client("reader").await;
    let many = |count: usize| (0..count).map(|at| format!("v{at}")).collect::<Vec<_>>().join(",");
    for (name, value) in [
        ("identifier", many(101)),
        ("_id", many(101)),
        ("family", many(5_000)),
        ("family", "x".repeat(2_001)),
        ("family:contains", "é".repeat(3_000)),
        ("_content", "a b c d e f g h i j k ".repeat(5) + &many(60).replace(',', " ")),
        ("_sort", "family,given,name,_id,_lastUpdated,birthdate".to_owned()),
    ] {
        let reply = ask(&client, &query("Patient", &[(name, &value)])).await;
        assert!([400, 414].contains(&reply.status), "{name}: {}", reply.text());
    }
    assert_eq!(
        total(&ask(&client, &query("Patient", &[("identifier", &many(100))])).await.json()),
        0
    );
    // Chains: too long, and too wide.
    let deep = "partof.".repeat(50) + "name";
    ask(&client, &query("Organization", &[(&deep, "x")])).await.refused(400, "too-costly");
    let deep = "_has:Organization:partof:".repeat(50) + "name";
    ask(&client, &query("Organization", &[(&deep, "x")])).await.refused(400, "too-costly");
    for wide in [
        "subject.identifier",
        "subject._id",
        "focus._has:AuditEvent:entity:_id",
        "subject.entity.entity.entity._id",
    ] {
        let reply = ask(&client, &query("Task", &[(wide, "x")])).await;
        assert!([200, 400].contains(&reply.status), "{wide}: {}", reply.text());
    }
    let wide = "focus.focus.focus.focus._id";
    let reply = ask(&client, &query("Task", &[(wide, "x")])).await;
    assert!([200, 400].contains(&reply.status), "{}", reply.text());
    // Parameters without number.
    for url in [
        format!("Patient?{}", "active=true&".repeat(21)),
        format!("Patient?{}", "a=1&".repeat(150)),
        format!("Patient?{}", "a=1&".repeat(5_000)),
        format!("Patient?{}", "_include=Patient:organization&".repeat(30)),
        format!("Patient?{}", "_sort=family&".repeat(30)),
        format!("Patient?{}", "&".repeat(20_000)),
    ] {
        let reply = ask(&client, &url).await;
        let is_only_separators = url.ends_with("&&&");
        let expected: &[u16] = if is_only_separators { &[200, 400, 414] } else { &[400, 414] };
        assert!(expected.contains(&reply.status), "{}: {}", &url[..60], reply.text());
    }
    // Many slow ones at once cost each other no more than time.
    let slow = "Patient?family:contains=zzz&given:contains=qqq&_content=nothing";
    let all = (0..32).map(|_| ask(&client, slow));
    for reply in futures_util::future::join_all(all).await {
        assert_eq!(total(&reply.expect(200).json()), 0);
    }
}

async fn hostile_urls_are_refused(engine: Engine) {
    let world = filled(engine).await;
    let client = world.client("reader").await;
    for url in [
        "Patient?family=%00",
        "Patient?family=a%00b",
        "Patient?%00=a",
        "Patient?_id=%00",
        "Patient?family=%",
        "Patient?family=%4",
        "Patient?family=%zz",
        "Patient?family=%ff%fe",
        "Patient?family=%c0%af",
        "Patient?family=%ed%a0%80",
    ] {
        ask(&client, url).await.expect(400);
    }
    for url in [
        "Patient/%00",
        "Patient/..%2f..%2fmetadata",
        "Patient/p1%2f_history",
        "Patient/p1%00",
        "Patient/'%20OR%201=1",
        &format!("Patient/{}", "a".repeat(65)),
        &format!("Patient/{}", "a".repeat(3_000)),
        "Patient/p1/_history/99999999999999999999",
        "Patient/p1/_history/-1",
        "Patient/p1/_history/01",
        "Patient/p1/_history/1%00",
        "Patient/p1/p2/p3/p4",
        "%50atient%2fp1",
        "patient/p1",
    ] {
        let reply = ask(&client, url).await;
        assert!([400, 403, 404, 405].contains(&reply.status), "{url}: {}", reply.status);
    }
}
