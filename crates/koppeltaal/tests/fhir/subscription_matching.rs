//! What a subscription is told of (K006-4, K006-6, K006-7; X9): versions that meet its
//! criteria, of its domain, that its owner may read.

use std::time::Duration;

use koppeltaal_core::directory::Scope;
use serde_json::json;
use uuid::Uuid;

use crate::cast::{ZORG, right, role};
use crate::client::{JSON, path};
use crate::notified::{notified, told, told_of, version};
use crate::resources::{
    Ground, INSTANTIATES, KT2, activity_definition, changed, patient, practitioner, subscription,
    task,
};
use crate::support::{Engine, eventually};
use crate::world::World;

on_both_engines!(
    the_published_example_fires_for_tasks_that_are_ready,
    criteria_lead_along_chains,
    what_is_off_or_has_ended_is_told_of_nothing,
    nobody_is_told_of_what_he_may_not_read,
    a_domain_is_never_told_of_another,
    deletions_are_told_to_those_who_asked,
    a_subscription_is_told_of_subscriptions_of_its_owner,
    devices_of_the_directory_are_told_too,
);

async fn the_published_example_fires_for_tasks_that_are_ready(engine: Engine) {
    let world = World::start(engine).await;
    let (client, store) = (world.client("own").await, world.app.store());
    let ground = Ground::of(&world, "own").await;
    let mut new = subscription("Task?status=ready");
    let header = json!([
        "X-KTSubscription: d4ae4e4d-3f2c-4c37-b8a4-5f8f2a9d3e21",
        "Authorization: Bearer secret-token-abc-123",
    ]);
    new["channel"]["header"] = header;
    let kept = client.create(&new).await;
    assert_eq!(told(store, &kept).await, [""; 0]);
    let ids = [("x-request-id", "r-1"), ("x-trace-id", "t-1"), ("content-type", JSON)];
    let ready = task(&ground.patient, &ground.practitioner);
    let ready = client.call("POST", "Task", &ids, ready.to_string()).await.expect(201).json();
    let all = notified(store).await;
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].version, version(&ready));
    assert_eq!(all[0].request_id.as_deref(), Some("r-1"));
    assert_eq!(all[0].trace_id.as_deref(), Some("t-1"));
    assert_eq!(all[0].requester.as_deref(), Some(world.client_id("own").as_str()));
    assert_eq!(all[0].instance, world.app.instance("own"));
    // Nothing changes: nothing to tell.
    client.update(&ready).await;
    let mut draft = task(&ground.patient, &ground.practitioner);
    draft["status"] = "draft".into();
    let mut draft = client.create(&draft).await;
    let other = client.update(&changed(&ready)).await;
    assert_eq!(other["status"], "in-progress");
    assert_eq!(told(store, &kept).await, [version(&ready)], "no longer ready, not yet ready");
    draft["status"] = "ready".into();
    let now = client.update(&draft).await;
    assert_eq!(told(store, &kept).await, [version(&ready), version(&now)]);
    // What is refused is told to nobody.
    let mut bad = now.clone();
    bad["status"] = "nonsense".into();
    client.try_update(&bad).await.expect(422);
    let mut dangling = task("Patient/nobody", &ground.practitioner);
    dangling["status"] = "ready".into();
    client.try_create(&dangling).await.expect(422);
    client.delete(&path(&now)).await.expect(200);
    assert_eq!(told(store, &kept).await.len(), 2, "deletions are told to nobody who did not ask");
}

async fn criteria_lead_along_chains(engine: Engine) {
    let world = World::start(engine).await;
    let (client, store) = (world.client("own").await, world.app.store());
    let ground = Ground::of(&world, "own").await;
    let x = client.create(&subscription("Task?instantiates.publisherId=X")).await;
    let not = client.create(&subscription("Task?instantiates.publisherId:not=X")).await;
    let has = client.create(&subscription("Patient?_has:Task:patient:status=ready")).await;
    let mut tasks = Vec::new();
    for publisher in ["X", "Y"] {
        let mut activity = activity_definition(&ground.endpoint);
        let extension = json!({ "url": format!("{KT2}KT2PublisherId"), "valueId": publisher });
        activity["extension"].as_array_mut().unwrap().push(extension);
        let activity = client.create(&activity).await;
        let mut new = task(&ground.patient, &ground.practitioner);
        let reference = json!({ "reference": path(&activity) });
        new["extension"] = json!([{ "url": INSTANTIATES, "valueReference": reference }]);
        tasks.push(client.create(&new).await);
    }
    client.create(&task(&ground.patient, &ground.practitioner)).await;
    assert_eq!(told(store, &x).await, [version(&tasks[0])]);
    assert_eq!(told(store, &not).await, [version(&tasks[1])]);
    // The Patient has Tasks by now, another one has none.
    assert_eq!(told(store, &has).await, [""; 0]);
    let mut known = client.get(&ground.patient).await.expect(200).json();
    known["active"] = false.into();
    let known = client.update(&known).await;
    client.create(&patient()).await;
    assert_eq!(told(store, &has).await, [version(&known)]);
}

async fn what_is_off_or_has_ended_is_told_of_nothing(engine: Engine) {
    let world = World::start(engine).await;
    let (client, store) = (world.client("own").await, world.app.store());
    let mut off = subscription("Patient?active=true");
    off["status"] = "off".into();
    let off = client.create(&off).await;
    let mut past = subscription("Patient?active=true");
    past["end"] = "2020-01-01T00:00:00Z".into();
    let past = client.create(&past).await;
    assert_eq!(past["status"], "off", "it has ended");
    let mut ends = subscription("Patient?active=true");
    ends["end"] = world.app.now().plus(Duration::from_secs(60)).to_instant_millis().into();
    let ends = client.create(&ends).await;
    assert_eq!(ends["status"], "active");
    let first = client.create(&patient()).await;
    world.app.advance(Duration::from_secs(61));
    let client = world.client("own").await;
    client.create(&patient()).await;
    assert_eq!(told(store, &ends).await, [version(&first)]);
    for one in [&off, &past] {
        assert_eq!(told(store, one).await, [""; 0]);
    }
    // The server says so, in a version of its own.
    eventually("the Subscription is off", || async {
        client.get(&path(&ends)).await.expect(200).json()["status"] == "off"
    })
    .await;
    let now = client.get(&path(&ends)).await.json();
    assert_eq!(now["meta"]["versionId"], "2");
    assert_eq!(now["end"], ends["end"]);
    // Switched on, it is told again.
    let mut on = off.clone();
    on["status"] = "requested".into();
    let on = client.update(&on).await;
    let second = client.create(&patient()).await;
    assert_eq!(told(store, &on).await, [version(&second)]);
    client.delete(&path(&on)).await.expect(200);
    client.create(&patient()).await;
    assert_eq!(told(store, &on).await.len(), 1, "it is gone");
}

async fn nobody_is_told_of_what_he_may_not_read(engine: Engine) {
    let plan = World::build(engine).setup(|setup| {
        let rights = vec![
            right("Subscription", "CRUD", Scope::Own, &[]),
            right("Task", "R", Scope::All, &[]),
        ];
        role(setup, ZORG, "taken", rights);
        setup.instance("own2").role = Some("taken".to_owned());
    });
    let world = plan.start().await;
    let (admin, store) = (world.client("admin").await, world.app.store());
    let ground = Ground::of(&world, "admin").await;
    // `own` reads what is his own, `own2` all Tasks and no Patients.
    let own = world.client("own").await.create(&subscription("Task?status=ready")).await;
    let tasks = world.client("own2").await;
    let all = tasks.create(&subscription("Task?status=ready")).await;
    let chain = tasks.create(&subscription("Task?patient.active=true")).await;
    let outside = tasks.create(&subscription("Task?patient:missing=false")).await;
    let everything = admin.create(&subscription("Task?patient.active=true")).await;
    let made = admin.create(&task(&ground.patient, &ground.practitioner)).await;
    assert_eq!(told(store, &own).await, [""; 0]);
    assert_eq!(told(store, &all).await, [version(&made)]);
    assert_eq!(told(store, &chain).await, [""; 0], "a chain leads through what he may read");
    assert_eq!(told(store, &outside).await, [version(&made)]);
    assert_eq!(told(store, &everything).await, [version(&made)]);
    let mine = world.client("own").await;
    let mine = mine.create(&task(&ground.patient, &ground.practitioner)).await;
    assert_eq!(told(store, &own).await, [version(&mine)]);
}

async fn a_domain_is_never_told_of_another(engine: Engine) {
    let world = World::start(engine).await;
    let store = world.app.store();
    let (admin, elsewhere) = (world.client("admin").await, world.client("elsewhere").await);
    let here = admin.create(&subscription("Patient?")).await;
    let there = elsewhere.create(&subscription("Patient?")).await;
    let mine = admin.create(&patient()).await;
    let other = elsewhere.create(&patient()).await;
    assert_eq!(told(store, &here).await, [version(&mine)]);
    assert_eq!(told(store, &there).await, [version(&other)]);
}

async fn deletions_are_told_to_those_who_asked(engine: Engine) {
    let world = World::start(engine).await;
    let (client, store) = (world.client("cascade").await, world.app.store());
    let mut new = subscription("Task?status=ready");
    new["extension"] = json!([
        { "url": "urn:koppeltaal-server:subscription-on-delete", "valueBoolean": true },
    ]);
    let asked = client.create(&new).await;
    assert_eq!(asked["extension"][0], new["extension"][0], "it is kept");
    let not = client.create(&subscription("Task?status=ready")).await;
    let patient = path(&client.create(&patient()).await);
    let owner = path(&client.create(&practitioner()).await);
    let one = client.create(&task(&patient, &owner)).await;
    let mut draft = task(&patient, &owner);
    draft["status"] = "draft".into();
    let draft = client.create(&draft).await;
    let two = client.create(&task(&patient, &owner)).await;
    client.delete(&path(&draft)).await.expect(200);
    client.delete(&path(&one)).await.expect(200);
    let gone = format!("{}/_history/2", path(&one));
    assert_eq!(told(store, &asked).await, [version(&one), version(&two), gone]);
    // What goes with another one is deleted too.
    client.delete(&format!("{patient}?_cascade=delete")).await.expect(200);
    assert_eq!(told(store, &asked).await.last(), Some(&format!("{}/_history/2", path(&two))));
    assert_eq!(told(store, &not).await, [version(&one), version(&two)]);
    // What is refused is told to nobody.
    let before = told(store, &asked).await.len();
    client.delete(&format!("Task/{}", Uuid::new_v4())).await.expect(404);
    assert_eq!(told(store, &asked).await.len(), before);
    let statement = world.anyone().get("metadata").await.expect(200).text();
    assert!(statement.contains("urn:koppeltaal-server:subscription-on-delete"));
}

async fn a_subscription_is_told_of_subscriptions_of_its_owner(engine: Engine) {
    let world = World::start(engine).await;
    let store = world.app.store();
    let (admin, own) = (world.client("admin").await, world.client("own").await);
    let watching = admin.create(&subscription("Subscription?")).await;
    own.create(&subscription("Task?")).await;
    let mine = admin.create(&subscription("Task?")).await;
    assert_eq!(told(store, &watching).await, [version(&mine)], "neither itself nor others");
}

async fn devices_of_the_directory_are_told_too(engine: Engine) {
    let world = World::start(engine).await;
    let store = world.app.store();
    let admin = world.client("admin").await;
    // Those of the beginning are told to nobody any more.
    eventually("all are asked", || async {
        let read = |tx: &mut dyn koppeltaal_store::Tx| {
            tx.query("SELECT count(*) FROM unwatched", koppeltaal_store::args![])?[0].int(0)
        };
        store.read(read).await.unwrap() == 0
    })
    .await;
    let watching = admin.create(&subscription("Device?status=inactive")).await;
    let id = world.client_id("reader");
    crate::notified::switch_off(&world, "reader").await;
    told_of(store, &watching, 1).await;
    assert_eq!(told(store, &watching).await, [format!("Device/{id}/_history/2")]);
}
