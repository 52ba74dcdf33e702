//! Searches reveal nothing of what their caller may not read: not by results, not
//! by totals, not by what comes along, and not by chains, whose values would tell.

use koppeltaal_core::directory::Scope;
use serde_json::{Value, json};

use crate::cast::{ZORG, right, role};
use crate::client::path;
use crate::found::{matched, query, sorted, total};
use crate::resources::{Ground, TYPES, official, patient, subscription, task};
use crate::shelf::Shelf;
use crate::support::Engine;
use crate::world::World;

on_both_engines!(
    results_and_totals_are_the_callers,
    chains_do_not_lead_through_what_may_not_be_read,
    what_refers_secretly_does_not_find,
    subscriptions_are_their_owners,
    a_right_that_is_taken_away_ends_the_pages,
);

fn named(family: &str) -> Value {
    let mut patient = patient();
    patient["name"] = json!([official(family, "Zoë")]);
    patient
}

async fn results_and_totals_are_the_callers(engine: Engine) {
    let world = World::start(engine).await;
    let grounds = [Ground::of(&world, "own").await, Ground::of(&world, "own2").await];
    let mut of = [Vec::new(), Vec::new()];
    for kind in TYPES.into_iter().filter(|kind| *kind != "Device" && *kind != "AuditEvent") {
        for (at, name) in ["own", "own2"].into_iter().enumerate() {
            let client = world.client(name).await;
            for _ in 0..2 {
                of[at].push(path(&client.create(&grounds[at].resource(kind)).await));
            }
        }
    }
    let search = async |name: &str, url: &str| {
        let client = world.client(name).await;
        let pages = client.pages(url).await;
        let found: Vec<String> = pages.iter().flat_map(matched).collect();
        assert!(pages.iter().all(|page| total(page) == found.len()), "{name} {url}");
        found
    };
    for kind in TYPES.into_iter().filter(|kind| *kind != "Device" && *kind != "AuditEvent") {
        let is_made = |name: &str, at: usize| {
            let prefix = format!("{kind}/");
            let made = of[at].iter().filter(|one| one.starts_with(&prefix)).count();
            let ground = ["Patient", "Practitioner", "Endpoint"].contains(&kind);
            let _ = name;
            made + usize::from(ground)
        };
        for more in ["", "?_count=1", "?_id:not=x", "?_sort=_id&_count=1", "?identifier:not=x"] {
            if kind == "Subscription" && more.contains("identifier") {
                continue;
            }
            let url = format!("{kind}{more}");
            let (own, own2) = (search("own", &url).await, search("own2", &url).await);
            assert_eq!(own.len(), is_made("own", 0), "{url}");
            assert_eq!(own2.len(), is_made("own2", 1), "{url}");
            assert!(own.iter().all(|one| !own2.contains(one)), "{url}");
            let all = search("admin", &url).await;
            if kind == "Subscription" {
                assert!(all.is_empty(), "{url}");
                world.client("granted").await.get(&url).await.expect(403);
                continue;
            }
            assert_eq!(sorted(search("granted", &url).await), sorted(own.clone()), "{url}");
            assert_eq!(sorted(all), sorted([own, own2].concat()), "{url}");
        }
        let counted = world.client("own").await.search(&format!("{kind}?_summary=count")).await;
        assert_eq!(total(&counted), is_made("own", 0), "{kind}");
        world.client("nobody").await.get(kind).await.expect(403);
        let elsewhere = world.client("elsewhere").await.finds(kind).await;
        assert!(elsewhere.is_empty(), "{kind}");
    }
    // Whoever knows an id gets no further.
    let own = world.client("own").await;
    for foreign in &of[1] {
        let (kind, id) = foreign.split_once('/').unwrap();
        assert!(own.finds(&format!("{kind}?_id={id}")).await.is_empty(), "{foreign}");
    }
}

async fn chains_do_not_lead_through_what_may_not_be_read(engine: Engine) {
    // Tasks of everybody; of patients nothing, or only its own.
    let world = World::build(engine)
        .setup(|setup| {
            let tasks = || right("Task", "R", Scope::All, &[]);
            role(setup, ZORG, "taken", vec![tasks()]);
            role(
                setup,
                ZORG,
                "taken-eigen",
                vec![tasks(), right("Patient", "CR", Scope::Own, &[])],
            );
            setup.instance("nobody").role = Some("taken".to_owned());
            setup.instance("own2").role = Some("taken-eigen".to_owned());
        })
        .start()
        .await;
    let admin = world.client("admin").await;
    let ground = Ground::of(&world, "admin").await;
    let secret = admin.create(&named("Geheim")).await;
    let about = path(&admin.create(&task(&path(&secret), &ground.practitioner)).await);
    let open = world.client("own2").await.create(&named("Open")).await;
    let about_open = path(&admin.create(&task(&path(&open), &ground.practitioner)).await);
    let identifier = secret["identifier"][0]["value"].as_str().unwrap();
    let id = secret["id"].as_str().unwrap();
    let (nobody, own2) = (world.client("nobody").await, world.client("own2").await);
    for client in [&nobody, &own2] {
        assert_eq!(client.finds("Task").await, sorted(vec![about.clone(), about_open.clone()]));
        // The reference itself is part of the Task.
        assert_eq!(client.finds(&format!("Task?patient=Patient/{id}")).await, [about.as_str()]);
    }
    for (name, value) in [
        ("patient.family", "geheim"),
        ("patient.family", "g"),
        ("patient.family:contains", "eheim"),
        ("patient.family:exact", "Geheim"),
        ("subject:Patient.name", "geheim"),
        ("patient.identifier", identifier),
        ("patient._id", id),
        ("patient.birthdate", "1980-02-29"),
        ("patient.gender", "female"),
        ("patient.active", "true"),
        ("patient._lastUpdated", "gt2020"),
        ("patient.family:missing", "false"),
        ("patient.organization:missing", "true"),
        ("patient.identifier:not", "x"),
        ("patient.gender:not", "male"),
        ("patient._content", "geheim"),
        ("patient.resource-origin", &world.device("admin")),
        ("patient.resource-origin:not-in", "x"),
        ("patient._has:Task:patient:status", "ready"),
    ] {
        let url = query("Task", &[(name, value)]);
        let reply = nobody.get(&url).await;
        let found = if reply.status == 200 { matched(&reply.json()) } else { Vec::new() };
        assert!(found.is_empty(), "{url}: {found:?}");
        let reply = own2.get(&url).await;
        let found = if reply.status == 200 { matched(&reply.json()) } else { Vec::new() };
        assert!(!found.contains(&about), "{url}: {found:?}");
        // A search by everything that there is and one by nothing answer the same.
        if reply.status == 200 {
            assert_eq!(total(&nobody.search(&url).await), 0, "{url}");
        }
    }
    assert_eq!(own2.finds("Task?patient.family=open").await, [about_open.as_str()]);
    assert_eq!(admin.finds("Task?patient.family=geheim").await, [about]);
    // A right on nothing of a type refuses to search the type, not the chain.
    nobody.get("Patient").await.expect(403);
    let bundle = nobody.search("Task?patient.family=geheim").await;
    let nothing = nobody.search("Task?patient.family=ditbestaatniet").await;
    let without_links = |mut bundle: Value| {
        bundle["link"] = Value::Null;
        bundle
    };
    assert_eq!(without_links(bundle), without_links(nothing));
}

async fn what_refers_secretly_does_not_find(engine: Engine) {
    let world = World::build(engine)
        .setup(|setup| {
            role(setup, ZORG, "patienten", vec![right("Patient", "R", Scope::All, &[])]);
            setup.instance("nobody").role = Some("patienten".to_owned());
        })
        .start()
        .await;
    let admin = world.client("admin").await;
    let own = world.client("own").await;
    let ground = Ground::of(&world, "own").await;
    let about = path(&admin.create(&task(&ground.patient, &ground.practitioner)).await);
    let id = about.trim_start_matches("Task/");
    let nobody = world.client("nobody").await;
    for (name, value) in [
        ("_has:Task:patient:status", "ready"),
        ("_has:Task:patient:_id", id),
        ("_has:Task:patient:status:not", "draft"),
        ("_has:Task:patient:intent:missing", "false"),
        ("_has:Task:subject:_has:Task:part-of:status", "ready"),
        ("_has:Task:patient:owner.identifier:missing", "false"),
    ] {
        let url = query("Patient", &[(name, value)]);
        assert!(nobody.finds(&url).await.is_empty(), "{url}");
        // The patient is `own`'s, the Task that refers to it is not.
        assert!(own.finds(&url).await.is_empty(), "{url}");
    }
    assert_eq!(
        admin.finds(&format!("Patient?_has:Task:patient:_id={id}")).await,
        [ground.patient.as_str()]
    );
    let mine = path(&own.create(&task(&ground.patient, &ground.practitioner)).await);
    let id = mine.trim_start_matches("Task/");
    assert_eq!(
        own.finds(&format!("Patient?_has:Task:patient:_id={id}")).await,
        [ground.patient.as_str()]
    );
    assert!(nobody.finds(&format!("Patient?_has:Task:patient:_id={id}")).await.is_empty());
}

async fn subscriptions_are_their_owners(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let mut secret = subscription("Task?status=ready");
    secret["channel"]["header"] = json!(["X-Geheim: sesam"]);
    secret["channel"]["endpoint"] = "https://geheim.example.test/hook".into();
    let kept = own.create(&secret).await;
    let place = path(&kept);
    assert_eq!(own.finds("Subscription").await, [place.as_str()]);
    for name in ["admin", "reader", "granted", "own2", "cascade", "nobody"] {
        let client = world.client(name).await;
        let refused =
            client.get("Subscription/6f2d7a0e-0000-4000-8000-000000000000").await.expect(403);
        for url in [place.clone(), format!("{place}/_history"), format!("{place}/_history/1")] {
            assert_eq!(client.get(&url).await.seen(), refused.seen(), "{name} {url}");
        }
        for url in [
            "Subscription",
            "Subscription/_history",
            "Subscription?criteria=Task",
            "Subscription?url=https://geheim.example.test/hook",
            "Device?_has:Subscription:resource-origin:status=active",
            "Device?_revinclude=Subscription:resource-origin",
            "AuditEvent?entity:Subscription.status=active",
            "AuditEvent?_include=AuditEvent:entity",
        ] {
            let reply = client.get(url).await;
            assert!(!reply.text().contains("sesam"), "{name} {url}");
            let counts =
                url.starts_with("Subscription") || url.contains("_has") || url.contains("entity:");
            if reply.status == 200 && counts {
                assert_eq!(total(&reply.json()), 0, "{name} {url}");
            }
        }
        let tag = [("if-match", "W/\"1\"")];
        let mut other = kept.clone();
        other["reason"] = "kaping".into();
        client.put_with(&place, &tag, &other).await.expect(403);
        client.delete(&place).await.expect(403);
    }
    assert_eq!(own.get(&place).await.expect(200).json(), kept);
}

async fn a_right_that_is_taken_away_ends_the_pages(engine: Engine) {
    use koppeltaal_store::directory::{Author, Change, Item, change, load};
    let world = World::start(engine).await;
    let shelf = Shelf::of(&world).await;
    for at in 0..6 {
        let mut patient = patient();
        patient["id"] = format!("p{at}").into();
        shelf.keep(ZORG, if at % 2 == 0 { "somebody" } else { "else" }, &patient).await;
    }
    let reader = world.client("reader").await;
    let page = reader.search("Patient?_count=2").await;
    let next = crate::client::link(&page, "next").unwrap();
    assert_eq!(matched(&reader.search(&next).await).len(), 2);
    let store = world.app.store();
    let directory = store.read(load).await.unwrap();
    let mut lezer = directory.roles().iter().find(|role| role.name == "lezer").unwrap().clone();
    lezer.permissions = vec![right("Patient", "R", Scope::Granted, &[&"else".to_owned()])];
    let changes = [Change { item: Item::Role(lezer), summary: "less".to_owned() }];
    let author = Author { agent: "test".to_owned(), recorded: world.app.now(), request_id: None };
    let (ids, based_on) = (world.app.ids().await, directory.version);
    let catalogs = koppeltaal_kt2::Catalogs::default();
    let write = move |tx: &mut dyn koppeltaal_store::Tx| {
        change(tx, &ids, &catalogs, based_on, &changes, &author)
    };
    store.write(write).await.unwrap().unwrap();
    crate::support::eventually("the right is gone", async || {
        world.forget_tokens().await;
        let reader = world.client("reader").await;
        reader.get("Patient/p0").await.status == 403
    })
    .await;
    let reader = world.client("reader").await;
    let rest = reader.search(&next).await;
    assert!(
        matched(&rest).iter().all(|one| ["Patient/p1", "Patient/p3"].contains(&one.as_str())),
        "{rest}"
    );
}
