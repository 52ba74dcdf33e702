//! `_cascade=delete`: for roles that have the privilege, within their rights, and
//! never of an AuditEvent (decision on DELETE).

use std::sync::mpsc;
use std::time::{Duration, Instant};

use koppeltaal_core::directory::Scope;
use koppeltaal_core::resource::Body;
use koppeltaal_core::search::Indexer;
use koppeltaal_kt2::Catalogs;
use koppeltaal_store::resource::{self, Indexed, Updated};
use koppeltaal_store::test_support::options;
use koppeltaal_store::{Dialect, DomainTx, Store, args};

use crate::cast::{ZORG, right, role};
use crate::client::path;
use crate::resources::{Ground, audit_event, device, patient, task};
use crate::support::Engine;
use crate::world::World;

on_both_engines!(
    whoever_has_the_privilege_takes_all_that_refers_with_it,
    nobody_else_cascades,
    what_tells_what_happened_does_not_go_with_anything,
    the_privilege_widens_no_right,
    what_comes_to_refer_to_something_else_stays,
);

async fn whoever_has_the_privilege_takes_all_that_refers_with_it(engine: Engine) {
    let world = World::start(engine).await;
    let ground = Ground::of(&world, "own").await;
    let own = world.client("own").await;
    let parent = own.create(&ground.resource("Task")).await;
    let mut child = ground.resource("Task");
    child["partOf"] = serde_json::json!([{ "reference": path(&parent) }]);
    // The child is of another patient, and goes because of its parent.
    child["for"]["reference"] = path(&own.create(&patient()).await).into();
    let child = world.client("own2").await.create(&child).await;
    let relative = own.create(&ground.resource("RelatedPerson")).await;
    let bystander = own.create(&ground.resource("ActivityDefinition")).await;
    let cascade = world.client("cascade").await;
    cascade.delete(&ground.patient).await.refused(409, "conflict");
    cascade.delete(&format!("{}?_cascade=none", ground.patient)).await.expect(409);
    let stale = [("if-match", r#"W/"9""#)];
    let url = format!("{}?_cascade=delete", ground.patient);
    cascade.delete_with(&url, &stale).await.expect(412);
    let done = cascade.delete(&url).await.expect(200);
    assert!(done.diagnostics().contains('4'), "{}", done.text());
    for gone in [&parent, &child, &relative] {
        let reply = cascade.get(&path(gone)).await.refused(410, "deleted");
        cascade.get(&format!("{}/_history/1", path(gone))).await.expect(200);
        assert!(reply.header("location").unwrap().ends_with("/_history/2"));
    }
    cascade.get(&ground.patient).await.expect(410);
    cascade.get(&path(&bystander)).await.expect(200);
    cascade.get(&path(&child)).await.expect(410);
    // The old header of HAPI does the same.
    let header = [("x-cascade", "delete")];
    cascade.delete_with(&ground.endpoint, &header).await.expect(200);
    cascade.get(&path(&bystander)).await.expect(410);
    // Circles end.
    let first = own.create(&task(&path(&own.create(&patient()).await), &ground.practitioner)).await;
    let mut second = first.clone();
    second["extension"].as_array_mut().unwrap().clear();
    second.as_object_mut().unwrap().remove("extension");
    second["partOf"] = serde_json::json!([{ "reference": path(&first) }]);
    let second = own.create(&second).await;
    let mut round = first.clone();
    round["partOf"] = serde_json::json!([{ "reference": path(&second) }]);
    own.update(&round).await;
    cascade.delete(&format!("{}?_cascade=delete", path(&first))).await.expect(200);
    cascade.get(&path(&second)).await.expect(410);
}

async fn nobody_else_cascades(engine: Engine) {
    let world = World::start(engine).await;
    let ground = Ground::of(&world, "own").await;
    let own = world.client("own").await;
    let kept = own.create(&ground.resource("Task")).await;
    let url = format!("{}?_cascade=delete", ground.patient);
    for client in ["own", "admin"] {
        let client = world.client(client).await;
        client.delete(&url).await.refused(403, "forbidden");
        let header = [("x-cascade", "delete")];
        client.delete_with(&ground.patient, &header).await.refused(403, "forbidden");
    }
    for client in ["own2", "reader", "nobody"] {
        world.client(client).await.delete(&url).await.expect(403);
    }
    let cascade = world.client("cascade").await;
    cascade.delete(&format!("{}?_cascade=all", ground.patient)).await.refused(400, "invalid");
    own.get(&ground.patient).await.expect(200);
    own.get(&path(&kept)).await.expect(200);
}

async fn what_tells_what_happened_does_not_go_with_anything(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let machine = path(&own.create(&device()).await);
    let event = own.create(&audit_event(&machine, &machine)).await;
    let cascade = world.client("cascade").await;
    cascade.delete(&format!("{machine}?_cascade=delete")).await.refused(409, "conflict");
    own.get(&machine).await.expect(200);
    own.get(&path(&event)).await.expect(200);
}

async fn the_privilege_widens_no_right(engine: Engine) {
    let plan = World::build(engine).setup(|setup| {
        let rights = vec![right("*", "CRUD", Scope::Own, &[])];
        role(setup, ZORG, "eigen-opruimer", rights).privileges = vec!["cascade-delete".to_owned()];
        setup.instance("own").role = Some("eigen-opruimer".to_owned());
    });
    let world = plan.start().await;
    let ground = Ground::of(&world, "own").await;
    let own = world.client("own").await;
    let mine = own.create(&ground.resource("Task")).await;
    let theirs = world.client("own2").await.create(&ground.resource("Task")).await;
    let url = format!("{}?_cascade=delete", ground.patient);
    let refused = own.delete(&url).await;
    assert!([403, 409].contains(&refused.status), "{}", refused.text());
    assert!(!refused.text().contains(theirs["id"].as_str().unwrap()), "{}", refused.text());
    for kept in [&path(&mine), &ground.patient] {
        own.get(kept).await.expect(200);
    }
    world.client("own2").await.delete(&path(&theirs)).await.expect(200);
    own.delete(&url).await.expect(200);
    own.get(&path(&mine)).await.expect(410);
}

/// Waits until somebody waits for a lock; SQLite's only writer cannot be seen waiting.
async fn until_somebody_waits(store: &Store) {
    let end = Instant::now() + Duration::from_secs(20);
    while store.dialect() == Dialect::Postgres {
        let waiting = |tx: &mut dyn koppeltaal_store::Tx| {
            let sql = "SELECT COUNT(*) FROM pg_stat_activity \
                       WHERE datname = current_database() AND wait_event_type = 'Lock'";
            tx.query_one(sql, args![])?.unwrap_or_default().int(0)
        };
        if store.read(waiting).await.unwrap() > 0 {
            return;
        }
        assert!(Instant::now() < end, "nobody waits");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn what_comes_to_refer_to_something_else_stays(engine: Engine) {
    let world = World::start(engine).await;
    let ground = Ground::of(&world, "own").await;
    let own = world.client("own").await;
    let cascade = world.client("cascade").await;
    let moved = own.create(&ground.resource("Task")).await;
    let also = own.create(&ground.resource("Task")).await;
    let other = path(&own.create(&patient()).await);
    // Another process makes the Task one of another Patient, and takes its time.
    let store = Store::open(&world.app.config.database, &options()).await.unwrap();
    let scope = store.scope(&world.app.domain(ZORG));
    let (ids, now) = (world.app.ids().await, world.app.now());
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let (go, wait) = mpsc::channel::<()>();
    let (id, from, to) =
        (moved["id"].as_str().unwrap().to_owned(), ground.patient.clone(), other.clone());
    let number = world.app.domain(ZORG).number;
    let moving = tokio::spawn(async move {
        let work = move |tx: &mut DomainTx<'_>| {
            let known = resource::locked(tx, "Task", &id)?.unwrap();
            let body = Body::of_tail(known.body.tail().replace(&from, &to));
            let text = body.render("Task", &id, 2, now);
            let indexed: Indexed = Catalogs::default().index(number, &text).into();
            let updated = resource::update(tx, &ids, "Task", &id, None, &body, &indexed, now)?;
            tell.send(()).unwrap();
            wait.recv().unwrap();
            Ok(updated)
        };
        scope.write(work).await.unwrap()
    });
    told.recv().await.unwrap();
    let url = format!("{}?_cascade=delete", ground.patient);
    let deleting = tokio::spawn(async move { cascade.delete(&url).await });
    until_somebody_waits(&store).await;
    go.send(()).unwrap();
    assert!(matches!(moving.await.unwrap(), Updated::Done(_)));
    let done = deleting.await.unwrap().expect(200);
    assert!(done.diagnostics().contains('2'), "{}", done.text());
    own.get(&ground.patient).await.expect(410);
    own.get(&path(&also)).await.expect(410);
    let kept = own.get(&path(&moved)).await.expect(200).json();
    assert_eq!(
        (&kept["for"]["reference"], &kept["meta"]["versionId"]),
        (&other.into(), &"2".into())
    );
    assert_eq!(own.finds(&format!("Task?_id={}", kept["id"].as_str().unwrap())).await.len(), 1);
    store.close().await;
}
