//! AuditEvents in searches: what applications report, the ways from and to other
//! resources, and the limits of a domain (topic 012b; K012-4).

use serde_json::{Value, json};

use crate::client::{Client, link, path};
use crate::found::{included, matched, query, sorted};
use crate::resources::{Ground, audit_event, device};
use crate::support::Engine;
use crate::world::World;

on_both_engines!(
    applications_report_what_they_received_and_what_failed,
    searches_lead_from_events_to_others_and_back,
    no_event_is_reached_from_another_domain,
    who_took_part_in_an_event_stays,
    pages_of_events_are_whole_and_end,
);

/// Marks the events of a test among those of the server.
const MINE: &str = "_tag=urn:test|mine";

fn marked(mut event: Value) -> Value {
    event["meta"]["tag"] = json!([{ "system": "urn:test", "code": "mine" }]);
    event
}

async fn reported(client: &Client, event: Value) -> String {
    path(&client.create(&marked(event)).await)
}

async fn applications_report_what_they_received_and_what_failed(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let ground = Ground::of(&world, "own").await;
    let mut task = own.create(&ground.resource("Task")).await;
    task["status"] = "in-progress".into();
    let task = path(&own.update(&task).await);
    let subscription = path(&own.create(&ground.resource("Subscription")).await);
    let lifecycle = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle";
    let rest = "http://terminology.hl7.org/CodeSystem/audit-event-type";
    let mut made = Vec::new();
    for (system, code, outcome) in [
        (lifecycle, "transmit", "0"),
        (lifecycle, "transmit", "4"),
        (rest, "rest", "8"),
        (rest, "rest", "12"),
    ] {
        let mut event = audit_event(&ground.device, &format!("{task}/_history/1"));
        event["type"] = json!({ "system": system, "code": code });
        event["action"] = "E".into();
        event["outcome"] = outcome.into();
        event["outcomeDesc"] = "het ging niet".into();
        event["recorded"] = "2026-03-01T12:00:00.500Z".into();
        event.as_object_mut().unwrap().remove("subtype");
        let of = |what: String| json!({ "what": { "reference": what } });
        event["entity"] =
            json!([of(format!("{task}/_history/1")), of(format!("{subscription}/_history/1"))]);
        let kept = own.create(&marked(event)).await;
        let read = own.get(&path(&kept)).await.expect(200);
        assert_eq!(read.json(), kept);
        assert_eq!(kept["meta"]["versionId"], "1");
        assert_eq!(read.header("etag"), Some("W/\"1\""));
        own.get(&format!("{}/_history/1", path(&kept))).await.expect(200);
        made.push(path(&kept));
    }
    let both = sorted(made[..2].to_vec());
    for date in
        ["ge2026-03-01T12:00:00.500Z", "2026-03-01T12:00:00.500Z", "lt2026-03-01T12:00:00.501Z"]
    {
        let pairs = [
            ("type", "transmit"),
            ("entity", subscription.as_str()),
            ("date", date),
            ("_tag", "mine"),
        ];
        assert_eq!(own.finds(&query("AuditEvent", &pairs)).await, both, "{date}");
    }
    for date in ["gt2026-03-01T12:00:00.500Z", "lt2026-03-01T12:00:00.500Z"] {
        let pairs = [("entity", subscription.as_str()), ("date", date), ("_tag", "mine")];
        assert!(own.finds(&query("AuditEvent", &pairs)).await.is_empty(), "{date}");
    }
    let failed = own.finds(&format!("AuditEvent?{MINE}&outcome=8,12&entity={task}")).await;
    assert_eq!(failed, sorted(made[2..].to_vec()));
    assert!(own.finds(&format!("AuditEvent?{MINE}&_content=ging&outcome=4")).await == made[1..2]);
}

async fn searches_lead_from_events_to_others_and_back(engine: Engine) {
    let world = World::start(engine).await;
    let client = world.client("admin").await;
    let ground = Ground::of(&world, "admin").await;
    let ready = path(&client.create(&ground.resource("Task")).await);
    let mut other = ground.resource("Task");
    other["status"] = "in-progress".into();
    let other = path(&client.create(&other).await);
    let of_ready = reported(&client, audit_event(&ground.device, &ready)).await;
    let mut event = audit_event(&ground.device, &other);
    event["outcome"] = "8".into();
    let of_other = reported(&client, event).await;
    let finds = async |url: &str| client.finds(url).await;
    assert_eq!(
        finds(&format!("AuditEvent?{MINE}&entity:Task.status=ready")).await,
        [of_ready.as_str()]
    );
    assert_eq!(
        finds(&format!("AuditEvent?{MINE}&entity:Task.patient.family=jansen")).await,
        sorted(vec![of_ready.clone(), of_other.clone()])
    );
    let has = "_has:AuditEvent:entity";
    assert_eq!(finds(&format!("Task?{has}:outcome=8")).await, [other.as_str()]);
    assert_eq!(finds(&format!("Task?{has}:_tag=mine&status=ready")).await, [ready.as_str()]);
    let id = of_ready.trim_start_matches("AuditEvent/");
    assert_eq!(finds(&format!("Task?{has}:_id={id}")).await, [ready.as_str()]);
    let count = finds(&format!("Patient?_has:Task:patient:{has}:outcome=8")).await.len();
    assert_eq!(count, 1);
    assert!(finds(&format!("Task?{has}:outcome=12")).await.is_empty());
    let bundle = client.search(&format!("AuditEvent?{MINE}&_include=AuditEvent:entity")).await;
    assert_eq!(matched(&bundle), [of_other.clone(), of_ready.clone()]);
    assert_eq!(included(&bundle), sorted(vec![ready.clone(), other.clone()]));
    let bundle = client.search("Task?status=ready&_revinclude=AuditEvent:entity").await;
    assert!(included(&bundle).contains(&of_ready) && !included(&bundle).contains(&of_other));
    // What is included is authorised by itself.
    let own = world.client("own").await;
    let bundle = own.search("Task?_revinclude=AuditEvent:entity").await;
    assert_eq!((matched(&bundle).len(), included(&bundle).len()), (0, 0));
    assert!(own.finds(&format!("AuditEvent?{MINE}")).await.is_empty());
    own.get(&of_ready).await.expect(403);
}

async fn no_event_is_reached_from_another_domain(engine: Engine) {
    let world = World::start(engine).await;
    let admin = world.client("admin").await;
    let elsewhere = world.client("elsewhere").await;
    let ground = Ground::of(&world, "admin").await;
    let theirs = Ground::of(&world, "elsewhere").await;
    let mut all = Vec::new();
    for _ in 0..3 {
        all.push(reported(&admin, audit_event(&ground.device, &ground.patient)).await);
    }
    let event = &all[0];
    let id = event.trim_start_matches("AuditEvent/");
    for path in [event.clone(), format!("{event}/_history/1"), format!("{event}/_history")] {
        elsewhere.get(&path).await.expect(404);
    }
    let patient = ground.patient.trim_start_matches("Patient/");
    for url in [
        format!("AuditEvent?_id={id}"),
        format!("AuditEvent?{MINE}"),
        format!("AuditEvent?entity={}", ground.patient),
        format!("AuditEvent?entity={patient}"),
        format!("AuditEvent?agent={}", ground.device),
        format!("AuditEvent?{MINE}&entity:Patient.family=jansen"),
        format!("Patient?_has:AuditEvent:entity:{MINE}"),
        format!("Patient?_has:AuditEvent:entity:_id={id}"),
    ] {
        assert!(elsewhere.finds(&url).await.is_empty(), "{url}");
    }
    let known =
        |bundle: &Value| all.iter().any(|event| bundle.to_string().contains(event.as_str()));
    for url in [
        "AuditEvent?_include=*".to_owned(),
        format!("{}?_revinclude=AuditEvent:entity", "Patient"),
        "Device?_revinclude=AuditEvent:agent&_revinclude=AuditEvent:source".to_owned(),
        "AuditEvent/_history?_count=200".to_owned(),
    ] {
        assert!(!known(&elsewhere.search(&url).await), "{url}");
        assert!(known(&admin.search(&url).await), "{url}");
    }
    // A page link is of its domain and its caller.
    let page = admin.search(&format!("AuditEvent?{MINE}&_count=1")).await;
    let next = link(&page, "next").unwrap();
    let sealed = next.split_once("_page=").unwrap().1;
    elsewhere.get(&format!("AuditEvent?_page={sealed}")).await.expect(400);
    world.client("reader").await.get(&format!("AuditEvent?_page={sealed}")).await.expect(400);
    // Nor is one referred to: an entity is looked for in the domain alone.
    let event = marked(audit_event(&theirs.device, &ground.patient));
    elsewhere.try_create(&event).await.refused(422, "not-found");
}

async fn who_took_part_in_an_event_stays(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let ground = Ground::of(&world, "own").await;
    let (observer, free) = (path(&own.create(&device()).await), path(&own.create(&device()).await));
    let mut event = audit_event(&ground.device, &free);
    event["source"]["observer"]["reference"] = observer.clone().into();
    reported(&own, event).await;
    own.delete(&observer).await.refused(409, "conflict");
    let told = own.post(&format!("{observer}/$validate?mode=delete"), &json!({})).await;
    assert!(told.expect(200).text().contains("conflict"));
    world.client("cascade").await.delete(&format!("{observer}?_cascade=delete")).await.expect(409);
    own.delete(&free).await.expect(200);
    own.get(&observer).await.expect(200);
}

async fn pages_of_events_are_whole_and_end(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let ground = Ground::of(&world, "own").await;
    let mut all = Vec::new();
    for minute in 0..7 {
        let mut event = audit_event(&ground.device, &ground.patient);
        event["recorded"] = format!("2026-03-01T12:0{}:00.000Z", 9 - minute).into();
        all.push(reported(&own, event).await);
    }
    let backwards: Vec<String> = all.iter().rev().cloned().collect();
    for (sort, expected) in [
        ("-_lastUpdated", &backwards),
        ("_lastUpdated", &all),
        ("-date", &all),
        ("date", &backwards),
        ("outcome,-date", &all),
    ] {
        let mut url = format!("AuditEvent?{MINE}&_count=3&_sort={sort}");
        let mut found = Vec::new();
        for page in 0..4 {
            let bundle = own.get(&url).await.expect(200).json();
            assert_eq!(bundle["total"], 7, "{sort}, page {page}");
            found.extend(matched(&bundle));
            match link(&bundle, "next") {
                Some(next) => url = next,
                None => break,
            }
        }
        assert_eq!(found, *expected, "{sort}");
    }
    // Everything there is, while each page may leave an event of its own.
    let mut url = "AuditEvent?_count=2&_sort=_lastUpdated".to_owned();
    let total = own.search("AuditEvent?_summary=count").await["total"].as_u64().unwrap();
    let mut pages = 0;
    loop {
        let bundle = own.get(&url).await.expect(200).json();
        pages += 1;
        match link(&bundle, "next") {
            Some(next) => url = next,
            None => break,
        }
        assert!(pages < total + 20, "the walk ends");
    }
    let bundle = own.search("AuditEvent/_history?_count=5").await;
    assert!(bundle["total"].as_u64().unwrap() >= 7);
    assert_eq!(bundle["entry"][0]["request"]["method"], "POST");
}
