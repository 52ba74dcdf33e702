//! Who hears of what (K006-4, K006-6, K006-7; decisions on narrowing): every write that matches is
//! told once, no other is, and nobody hears of what it may not read.

use serde_json::json;

use crate::client::path;
use crate::kit::{Writer, plan, subscribe};
use crate::receiver::Receiver;
use crate::resources::{activity_definition, changed, patient};
use crate::support::Engine;

on_both_engines!(
    each_write_that_matches_is_told_once_and_no_other_is,
    criteria_are_those_of_a_search,
    a_subscriber_hears_of_what_it_may_read,
    another_domain_never_hears,
    a_subscription_counts_from_the_moment_it_is_kept,
    what_is_reported_by_applications_is_told_too,
    a_delete_is_told_to_who_asked_for_it,
);

/// The extension by which a subscription asks for deletes.
const ON_DELETE: &str = "urn:koppeltaal-server:subscription-on-delete";

async fn each_write_that_matches_is_told_once_and_no_other_is(engine: Engine) {
    let world = plan(engine).start().await;
    let receiver = Receiver::start().await;
    let writer = Writer::of(&world, "own").await;
    subscribe(&writer.client, "Task?status=ready", &receiver).await;
    let draft = writer.create("draft", "draft").await;
    let ready = writer.becomes("to-ready", &draft, "ready").await;
    // Nothing has changed: no new version, no notification.
    writer.put("the-same", &ready).await;
    let mut more = ready.clone();
    more["description"] = "Slapen".into();
    let more = writer.put("still-ready", &more).await;
    // What was refused was not written.
    let stale = [("x-request-id", "stale"), ("if-match", "1")];
    writer.client.put_with(&path(&more), &stale, &changed(&more)).await.expect(412);
    let mut wrong = writer.task("ready");
    wrong["intent"] = "nonsense".into();
    writer.client.post_with("Task", &[("x-request-id", "wrong")], &wrong).await.expect(422);
    let mut checked = writer.task("ready");
    checked["description"] = "checked".into();
    let ids = [("x-request-id", "validated")];
    writer.client.post_with("Task/$validate", &ids, &checked).await.expect(200);
    // It matches no more; and it is deleted while it matches.
    writer.becomes("to-completed", &more, "completed").await;
    let other = writer.create("created", "ready").await;
    let ids = [("x-request-id", "deleted")];
    writer.client.delete_with(&path(&other), &ids).await.expect(200);
    writer.post("a-patient", &patient()).await;
    // Notifications of one subscription come in order: what is before the last has come.
    writer.create("last", "ready").await;
    receiver.heard_of("last").await;
    assert_eq!(receiver.told(), ["to-ready", "still-ready", "created", "last"]);
}

async fn criteria_are_those_of_a_search(engine: Engine) {
    let world = plan(engine).start().await;
    let writer = Writer::of(&world, "own").await;
    let mut activity = activity_definition(&writer.ground.endpoint);
    let publisher = "http://koppeltaal.nl/fhir/StructureDefinition/KT2PublisherId";
    let extensions = activity["extension"].as_array_mut().unwrap();
    extensions.push(json!({ "url": publisher, "valueId": "slaap" }));
    let activity = path(&writer.client.create(&activity).await);
    let other = writer.client.create(&activity_definition(&writer.ground.endpoint)).await;
    let of = |activity: &str| {
        let mut task = writer.task("ready");
        task["extension"] = json!([{
            "url": crate::resources::INSTANTIATES,
            "valueReference": { "reference": activity },
        }]);
        task
    };
    let owner = writer.ground.practitioner.clone();
    let present = crate::kit::present(&world);
    let all = [
        ("Task?instantiates.publisherId=slaap".to_owned(), true),
        ("Task?instantiates:ActivityDefinition.publisherId=slaap".to_owned(), true),
        ("Task?instantiates.publisherId=anders".to_owned(), false),
        (format!("Task?owner={owner}&status=ready,in-progress"), true),
        (format!("Task?owner={owner}&status=completed"), false),
        ("Task?status:not=completed".to_owned(), true),
        ("Task?status:not=ready".to_owned(), false),
        ("Task?code:missing=true".to_owned(), true),
        (format!("Task?_lastUpdated=ge{present}"), true),
        ("Task?_lastUpdated=lt2020-01-01".to_owned(), false),
        ("Task?patient.family=Jansen".to_owned(), true),
        ("Task?patient.family:exact=jansen".to_owned(), false),
        ("Task?".to_owned(), true),
        ("Patient?".to_owned(), false),
    ];
    let mut receivers = Vec::new();
    for (criteria, _) in &all {
        let receiver = Receiver::start().await;
        subscribe(&writer.client, criteria, &receiver).await;
        receivers.push(receiver);
    }
    writer.post("of-slaap", &of(&activity)).await;
    for ((criteria, matches), receiver) in all.iter().zip(&receivers) {
        if *matches {
            receiver.until(criteria, |calls| !calls.is_empty()).await;
        }
    }
    // Of the other activity hear those who do not ask for one.
    writer.post("of-other", &of(&path(&other))).await;
    for ((criteria, matches), receiver) in all.iter().zip(&receivers) {
        let is_chain = criteria.contains("publisherId");
        if *matches && !is_chain {
            receiver.heard_of("of-other").await;
        }
        let expected: &[&str] = match (*matches, is_chain) {
            (false, _) => &[],
            (true, true) => &["of-slaap"],
            (true, false) => &["of-slaap", "of-other"],
        };
        assert_eq!(receiver.told(), expected, "{criteria}");
    }
}

async fn a_subscriber_hears_of_what_it_may_read(engine: Engine) {
    let world = plan(engine).start().await;
    let (own, own2) = (Writer::of(&world, "own").await, Writer::of(&world, "own2").await);
    let admin = world.client("admin").await;
    let (first, second, all) =
        (Receiver::start().await, Receiver::start().await, Receiver::start().await);
    subscribe(&own.client, "Task?status=ready", &first).await;
    subscribe(&own2.client, "Task?status=ready", &second).await;
    subscribe(&admin, "Task?status=ready", &all).await;
    own.create("own-1", "ready").await;
    own2.create("own2-1", "ready").await;
    own.create("own-2", "ready").await;
    own2.create("own2-2", "ready").await;
    first.heard_of("own-2").await;
    second.heard_of("own2-2").await;
    all.heard_of("own2-2").await;
    assert_eq!(first.told(), ["own-1", "own-2"]);
    assert_eq!(second.told(), ["own2-1", "own2-2"]);
    assert_eq!(all.told(), ["own-1", "own2-1", "own-2", "own2-2"]);
}

async fn another_domain_never_hears(engine: Engine) {
    let world = plan(engine).start().await;
    let (here, there) = (Receiver::start().await, Receiver::start().await);
    let zorg = Writer::of(&world, "admin").await;
    let elders = Writer::of(&world, "elsewhere").await;
    subscribe(&zorg.client, "Task?", &here).await;
    subscribe(&elders.client, "Task?", &there).await;
    for number in 0..3 {
        zorg.create(&format!("zorg-{number}"), "ready").await;
    }
    elders.create("elders-1", "ready").await;
    zorg.create("zorg-3", "ready").await;
    here.heard_of("zorg-3").await;
    there.heard_of("elders-1").await;
    assert_eq!(there.told(), ["elders-1"]);
    assert_eq!(here.told(), ["zorg-0", "zorg-1", "zorg-2", "zorg-3"]);
}

async fn a_subscription_counts_from_the_moment_it_is_kept(engine: Engine) {
    let world = plan(engine).start().await;
    let writer = Writer::of(&world, "own").await;
    // Each is there for the very next write, and what it was before counts no more.
    for round in 0..5 {
        let receiver = Receiver::start().await;
        writer.create(&format!("before-{round}"), "ready").await;
        let kept = subscribe(&writer.client, "Task?status=ready", &receiver).await;
        writer.create(&format!("during-{round}"), "ready").await;
        let mut other = kept.clone();
        other["criteria"] = "Task?status=draft".into();
        writer.put(&format!("changed-{round}"), &other).await;
        writer.create(&format!("ready-{round}"), "ready").await;
        writer.create(&format!("draft-{round}"), "draft").await;
        receiver.heard_of(&format!("draft-{round}")).await;
        let ids = [("x-request-id", "gone")];
        writer.client.delete_with(&path(&kept), &ids).await.expect(200);
        writer.create(&format!("after-{round}"), "draft").await;
        assert_eq!(receiver.told(), [format!("during-{round}"), format!("draft-{round}")]);
    }
}

async fn what_is_reported_by_applications_is_told_too(engine: Engine) {
    let world = plan(engine).start().await;
    let writer = Writer::of(&world, "own").await;
    let receiver = Receiver::start().await;
    subscribe(&writer.client, "AuditEvent?outcome=4", &receiver).await;
    let device = world.device("own");
    let mut event = crate::resources::audit_event(&device, &writer.ground.patient);
    writer.post("fine", &event).await;
    event["outcome"] = "4".into();
    writer.post("failed", &event).await;
    receiver.heard_of("failed").await;
    assert_eq!(receiver.told(), ["failed"]);
}

async fn a_delete_is_told_to_who_asked_for_it(engine: Engine) {
    let world = plan(engine).start().await;
    let writer = Writer::of(&world, "cascade").await;
    let (asked, other) = (Receiver::start().await, Receiver::start().await);
    subscribe(&writer.client, "Task?status=ready", &other).await;
    let mut new = crate::resources::subscription("Task?status=ready");
    new["channel"]["endpoint"] = asked.url().into();
    new["extension"] = json!([{ "url": ON_DELETE, "valueBoolean": true }]);
    writer.client.create(&new).await;
    let ready = writer.create("ready", "ready").await;
    let draft = writer.create("draft", "draft").await;
    for (request, task) in [("delete-draft", &draft), ("delete-ready", &ready)] {
        let ids = [("x-request-id", request)];
        writer.client.delete_with(&path(task), &ids).await.expect(200);
    }
    // What goes with something else is deleted, too.
    writer.create("again", "ready").await;
    let ids = [("x-request-id", "cascade")];
    let patient = format!("{}?_cascade=delete", writer.ground.patient);
    writer.client.delete_with(&patient, &ids).await.expect(200);
    asked.heard_of("cascade").await;
    let writer = Writer::of(&world, "cascade").await;
    writer.create("last", "ready").await;
    other.heard_of("last").await;
    asked.heard_of("last").await;
    assert_eq!(asked.told(), ["ready", "delete-ready", "again", "cascade", "last"]);
    assert_eq!(other.told(), ["ready", "again", "last"]);
}
