//! Delete (FHIR R4, 3.1.0.7; K003-7, K013): logical, refused while somebody refers
//! to the resource, and never of what tells what happened.

use serde_json::json;
use uuid::Uuid;

use crate::client::path;
use crate::resources::{
    Ground, TYPES, audit_event, care_team, changed, device, organization, patient, task,
};
use crate::support::Engine;
use crate::world::World;

on_both_engines!(
    a_delete_answers_with_an_outcome_and_the_past_stays,
    only_who_may_deletes_and_the_others_learn_nothing,
    if_match_is_held_to_when_it_is_sent,
    what_somebody_refers_to_stays,
    references_of_the_past_hold_nothing,
    an_audit_event_is_never_deleted,
    a_suite_may_delete_audit_events_where_the_domain_says_so,
    a_conditional_delete_is_refused_and_never_ignored,
);

async fn a_delete_answers_with_an_outcome_and_the_past_stays(engine: Engine) {
    let world = World::start(engine).await;
    let ground = Ground::of(&world, "own").await;
    let own = world.client("own").await;
    for kind in TYPES {
        if kind == "AuditEvent" {
            continue;
        }
        let first = own.create(&ground.resource(kind)).await;
        own.update(&changed(&first)).await;
        let path = path(&first);
        let query = format!("{kind}?_id={}", first["id"].as_str().unwrap());
        assert_eq!(own.search(&query).await["total"], 1, "{kind}");
        let done = own.delete(&path).await.expect(200);
        let issues = done.issues();
        assert_eq!(issues[0]["severity"], "information", "{kind}");
        own.get(&path).await.refused(410, "deleted");
        assert_eq!(own.search(&query).await["total"], 0, "{kind}");
        assert_eq!(own.get(&format!("{path}/_history/1")).await.expect(200).json(), first);
        let history = own.get(&format!("{path}/_history")).await.expect(200).json();
        let methods: Vec<_> = history["entry"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["request"]["method"].as_str().unwrap())
            .collect();
        assert_eq!(methods, ["DELETE", "PUT", "POST"], "{kind}");
        own.delete(&path).await.refused(410, "deleted");
    }
}

async fn only_who_may_deletes_and_the_others_learn_nothing(engine: Engine) {
    let world = World::start(engine).await;
    let kept = world.client("own").await.create(&patient()).await;
    let path = path(&kept);
    let unknown = format!("Patient/{}", Uuid::new_v4());
    world.anyone().delete(&path).await.expect(401);
    for client in ["own2", "granted", "reader", "nobody"] {
        let client = world.client(client).await;
        let forbidden = client.delete(&path).await.refused(403, "forbidden");
        assert_eq!(client.delete(&unknown).await.seen(), forbidden.seen());
    }
    world.client("admin").await.delete(&unknown).await.refused(404, "not-found");
    world.client("elsewhere").await.delete(&path).await.expect(404);
    world.client("own").await.get(&path).await.expect(200);
    world.client("admin").await.delete(&path).await.expect(200);
}

async fn if_match_is_held_to_when_it_is_sent(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let first = own.create(&patient()).await;
    own.update(&changed(&first)).await;
    let path = path(&first);
    for tag in [r#"W/"1""#, r#"W/"3""#, "x"] {
        own.delete_with(&path, &[("if-match", tag)]).await.refused(412, "conflict");
    }
    for tag in ["", "*"] {
        own.delete_with(&path, &[("if-match", tag)]).await.expect(400);
    }
    own.get(&path).await.expect(200);
    own.delete_with(&path, &[("if-match", r#"W/"2""#)]).await.expect(200);
    let bare = own.create(&patient()).await;
    own.delete_with(&crate::client::path(&bare), &[("if-match", "1")]).await.expect(200);
}

async fn what_somebody_refers_to_stays(engine: Engine) {
    let world = World::start(engine).await;
    let ground = Ground::of(&world, "own").await;
    let own = world.client("own").await;
    // A reference by a parameter, and one that stands in an extension only.
    let mut odd = patient();
    odd["extension"] = json!([{
        "url": "https://example.test/favourite",
        "valueReference": { "reference": ground.endpoint },
    }]);
    for (referring, target) in [
        (task(&ground.patient, &ground.practitioner), &ground.patient),
        (task(&ground.patient, &ground.practitioner), &ground.practitioner),
        (ground.resource("ActivityDefinition"), &ground.endpoint),
        (odd, &ground.endpoint),
        (ground.resource("RelatedPerson"), &ground.patient),
        (ground.resource("CareTeam"), &ground.practitioner),
    ] {
        // Whoever refers to it may be foreign.
        let other = world.client("own2").await;
        let kept = other.create(&referring).await;
        let conflict = own.delete(target).await.refused(409, "conflict");
        // Neither which it is, nor of what type: `own` could not read it.
        for secret in [&kept["id"], &kept["resourceType"]] {
            let told = conflict.text();
            assert!(!told.contains(&format!("({})", secret.as_str().unwrap())), "{told}");
        }
        assert!(!conflict.text().contains(kept["id"].as_str().unwrap()), "{}", conflict.text());
        own.get(target).await.expect(200);
        other.delete(&path(&kept)).await.expect(200);
    }
    // Deleted resources and versions of before refer to nothing any more.
    let mut kept = own.create(&task(&ground.patient, &ground.practitioner)).await;
    let other = path(&own.create(&patient()).await);
    kept["for"]["reference"] = other.into();
    own.update(&kept).await;
    own.delete(&ground.patient).await.expect(200);
    // What refers to itself alone can go.
    let mut kept = own.create(&organization()).await;
    kept["partOf"] = json!({ "reference": path(&kept) });
    let kept = own.update(&kept).await;
    own.delete(&path(&kept)).await.expect(200);
    // Whoever may read what refers to it is told its types.
    let other = path(&own.create(&patient()).await);
    own.create(&care_team(&other, &ground.practitioner)).await;
    own.create(&task(&other, &ground.practitioner)).await;
    let admin = world.client("admin").await;
    let told = admin.delete(&ground.practitioner).await.refused(409, "conflict");
    assert!(told.text().contains("(CareTeam, Task)"), "{}", told.text());
}

async fn references_of_the_past_hold_nothing(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let target = path(&own.create(&patient()).await);
    let machine = path(&own.create(&device()).await);
    let event = own.create(&audit_event(&machine, &format!("{target}/_history/1"))).await;
    let plain = own.create(&audit_event(&machine, &target)).await;
    own.delete(&target).await.expect(200);
    for event in [event, plain] {
        assert_eq!(own.get(&path(&event)).await.expect(200).json(), event);
    }
    // Who did it is another matter.
    own.delete(&machine).await.refused(409, "conflict");
}

async fn an_audit_event_is_never_deleted(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let event = own.create(&audit_event(&world.device("own"), &world.device("own"))).await;
    let path = path(&event);
    for client in ["own", "admin", "cascade"] {
        let client = world.client(client).await;
        for path in [
            path.clone(),
            format!("{path}?_cascade=delete"),
            format!("AuditEvent/{}", Uuid::new_v4()),
        ] {
            client.delete(&path).await.refused(405, "not-supported");
        }
    }
    for client in ["granted", "reader", "nobody"] {
        world.client(client).await.delete(&path).await.expect(403);
    }
    assert_eq!(own.get(&path).await.expect(200).json(), event);
}

async fn a_suite_may_delete_audit_events_where_the_domain_says_so(engine: Engine) {
    let plan = World::build(engine);
    let plan = plan.setup(|setup| setup.domain("zorg").audit_deletable = true);
    let world = plan.start().await;
    let own = world.client("own").await;
    let event = own.create(&audit_event(&world.device("own"), &world.device("own"))).await;
    world.client("own2").await.delete(&path(&event)).await.expect(403);
    own.delete(&path(&event)).await.expect(200);
    own.get(&path(&event)).await.expect(410);
}

async fn a_conditional_delete_is_refused_and_never_ignored(engine: Engine) {
    let world = World::start(engine).await;
    let admin = world.client("admin").await;
    admin.create(&patient()).await;
    for path in ["Patient", "Patient?gender=female", "Patient?_id=x", ""] {
        admin.delete(path).await.refused(405, "not-supported");
    }
    assert_eq!(admin.search("Patient").await["total"], 1);
}
