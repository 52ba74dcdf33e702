//! Devices that follow the directory, on both engines: their life from the
//! approval of an instance to its rejection, and older stores that have none.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;

use koppeltaal_core::Timestamp;
use koppeltaal_core::directory::{Application, Directory, Domain, Instance, InstanceStatus};
use koppeltaal_core::search::{IndexRow, Indexer, Words};
use koppeltaal_store::directory::{Author, Change, Item, change, ensure_devices, load, version};
use koppeltaal_store::resource::{self, Indexed, Stored, Updated};
use koppeltaal_store::{DomainTx, Ids, Store, args, both};
use serde_json::Value;

const NOW: Timestamp = Timestamp(1_717_200_000_000_000);

/// Finds the name of a Device, under the number 7.
struct Names;

impl Indexer for Names {
    fn index(&self, _domain: i64, json: &str) -> (Vec<IndexRow>, Words) {
        let json: Value = serde_json::from_str(json).unwrap();
        let value = json["deviceName"][0]["name"].as_str().unwrap_or_default().to_owned();
        (vec![IndexRow { parameter: 7, value, qualifier: 0 }], Words::default())
    }
}

struct World {
    store: Store,
    ids: Arc<Ids>,
}

impl World {
    async fn write(&self, items: Vec<Item>) {
        let ids = self.ids.clone();
        let author = Author { agent: "test".to_owned(), recorded: NOW, request_id: None };
        let based_on = self.store.read(|tx| version(tx)).await.unwrap();
        let changes: Vec<Change> =
            items.into_iter().map(|item| Change { item, summary: String::new() }).collect();
        let work = move |tx: &mut dyn koppeltaal_store::Tx| {
            change(tx, &ids, &Names, based_on, &changes, &author)
        };
        assert_eq!(self.store.write(work).await.unwrap(), Some(based_on + 1));
    }

    async fn ensure(&self) {
        let ids = self.ids.clone();
        self.store.write(move |tx| ensure_devices(tx, &ids, &Names, NOW)).await.unwrap();
    }

    async fn directory(&self) -> Directory {
        self.store.read(|tx| load(tx)).await.unwrap()
    }

    async fn instance(&self, change: impl FnOnce(&mut Instance)) {
        let mut instance = self.directory().await.instance(1).unwrap().instance.clone();
        change(&mut instance);
        self.write(vec![Item::Instance(instance)]).await;
    }

    async fn application(&self, change: impl FnOnce(&mut Application)) {
        let mut application = Application::clone(self.directory().await.application("a").unwrap());
        change(&mut application);
        self.write(vec![Item::Application(application)]).await;
    }

    async fn domain(&self, change: impl FnOnce(&mut Domain)) {
        let mut domain = Domain::clone(self.directory().await.domain("d").unwrap());
        change(&mut domain);
        self.write(vec![Item::Domain(domain)]).await;
    }

    async fn server_device(&self, domain: &str) -> String {
        self.directory().await.domain(domain).unwrap().server_device.clone()
    }

    async fn device(&self, domain: i64, id: &str) -> Option<Stored> {
        let (domain, id) = (Domain { number: domain, ..Domain::default() }, id.to_owned());
        let scope = self.store.scope(&domain);
        scope.read(move |tx| resource::read(tx, "Device", &id)).await.unwrap()
    }

    /// Version, status and name of the Device of client `c` in domain 1.
    async fn seen(&self) -> Option<(i64, String, String)> {
        let device = self.device(1, "c").await?;
        let json: Value = serde_json::from_str(&device.render()).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Some((device.version, text(&json["status"]), text(&json["deviceName"][0]["name"])))
    }

    /// Somebody deletes the Device of client `c`.
    async fn delete(&self) {
        let scope = self.store.scope(&Domain { number: 1, ..Domain::default() });
        let ids = self.ids.clone();
        let work =
            move |tx: &mut DomainTx<'_>| resource::delete(tx, &ids, "Device", "c", None, NOW);
        scope.write(work).await.unwrap();
    }

    /// The names that Devices of domain 1 are found by, in order.
    async fn names(&self) -> Vec<String> {
        let sql = "SELECT value FROM search_index WHERE domain = 1 ORDER BY value";
        let rows = self.store.read(|tx| tx.query(sql, args![])).await.unwrap();
        rows.into_iter().map(|mut row| row.text(0).unwrap()).collect()
    }

    async fn count(&self) -> usize {
        self.store.read(|tx| tx.query("SELECT 1 FROM resource", args![])).await.unwrap().len()
    }
}

fn seen(version: i64, status: &str, name: &str) -> Option<(i64, String, String)> {
    Some((version, status.to_owned(), name.to_owned()))
}

fn instance(client_id: &str, status: InstanceStatus) -> Instance {
    Instance {
        domain: "d".to_owned(),
        application: "a".to_owned(),
        client_id: client_id.to_owned(),
        status,
        ..Instance::default()
    }
}

/// A domain `d` and an application `a` with an instance `c` of this status.
async fn world(store: Store, status: InstanceStatus) -> World {
    let world = World { store, ids: Arc::new(Ids::of_node(1)) };
    world
        .write(vec![
            Item::Instance(instance("c", status)),
            Item::Application(Application { id: "a".to_owned(), ..Application::default() }),
            Item::Domain(Domain { name: "d".to_owned(), ..Domain::default() }),
        ])
        .await;
    world
}

both!(an_approved_instance_has_an_active_device_under_its_client_id, |store| async move {
    let w = world(store, InstanceStatus::Approved).await;
    let server = w.server_device("d").await;
    assert_eq!(server.len(), 36);
    let device = w.device(1, "c").await.unwrap();
    assert_eq!((device.version, device.origin.as_str()), (1, server.as_str()));
    let json: Value = serde_json::from_str(&device.render()).unwrap();
    assert_eq!(json["identifier"][0]["value"], "c");
    assert_eq!(
        json["extension"][0]["valueReference"]["reference"],
        format!("Device/{server}").as_str()
    );
    let own = w.device(1, &server).await.unwrap();
    assert_eq!(own.origin, server);
    assert_eq!(w.count().await, 2);
});

both!(a_device_follows_the_life_of_its_instance, |store| async move {
    let w = world(store, InstanceStatus::Pending).await;
    assert_eq!(w.seen().await, None);
    w.instance(|i| i.pkce = koppeltaal_core::directory::Pkce::Optional).await;
    assert_eq!(w.seen().await, None, "a pending instance gets none");
    w.instance(|i| i.status = InstanceStatus::Approved).await;
    assert_eq!(w.seen().await, seen(1, "active", "a"));
    w.instance(|i| i.hook_hosts = vec!["h".to_owned()]).await;
    assert_eq!(w.seen().await, seen(1, "active", "a"), "what it does not show changes nothing");
    w.instance(|i| i.status = InstanceStatus::Rejected).await;
    assert_eq!(w.seen().await, seen(2, "inactive", "a"));
    w.application(|a| a.title = Some("A Game".to_owned())).await;
    assert_eq!(w.seen().await, seen(3, "inactive", "A Game"));
    w.instance(|i| i.status = InstanceStatus::Approved).await;
    assert_eq!(w.seen().await, seen(4, "active", "A Game"));
    w.instance(|i| i.active = Some(false)).await;
    assert_eq!(w.seen().await, seen(5, "inactive", "A Game"));
    w.instance(|i| i.active = None).await;
    w.application(|a| a.active = false).await;
    assert_eq!(w.seen().await, seen(7, "inactive", "A Game"));
    w.application(|a| a.active = true).await;
    w.domain(|d| d.active = false).await;
    assert_eq!(w.seen().await, seen(9, "inactive", "A Game"));
    w.domain(|d| d.active = true).await;
    assert_eq!(w.seen().await, seen(10, "active", "A Game"));
    assert_eq!(w.count().await, 2);
});

both!(each_domain_has_a_server_device_of_its_own, |store| async move {
    let w = world(store, InstanceStatus::Approved).await;
    let first = w.server_device("d").await;
    w.write(vec![
        Item::Domain(Domain { name: "e".to_owned(), ..Domain::default() }),
        Item::Instance(Instance {
            domain: "e".to_owned(),
            ..instance("c2", InstanceStatus::Approved)
        }),
    ])
    .await;
    let second = w.server_device("e").await;
    assert_ne!(first, second);
    assert_eq!(w.server_device("d").await, first);
    assert_eq!(w.device(2, "c2").await.unwrap().origin, second);
    assert_eq!(w.device(1, "c2").await, None);
    assert_eq!(w.device(1, &second).await, None);
    // An application that changes changes its Devices in all domains.
    w.application(|a| a.title = Some("new".to_owned())).await;
    assert_eq!(w.device(1, "c").await.unwrap().version, 2);
    assert_eq!(w.device(2, "c2").await.unwrap().version, 2);
    // A domain that changes changes its own.
    w.domain(|d| d.active = false).await;
    assert_eq!(w.device(1, "c").await.unwrap().version, 3);
    assert_eq!(w.device(2, "c2").await.unwrap().version, 2);
});

both!(a_store_from_before_devices_gets_them, |store| async move {
    let w = world(store, InstanceStatus::Approved).await;
    w.write(vec![
        Item::Domain(Domain { name: "e".to_owned(), ..Domain::default() }),
        Item::Instance(instance("p", InstanceStatus::Pending)),
    ])
    .await;
    w.store
        .write(|tx| {
            tx.execute("DELETE FROM search_index", args![])?;
            tx.execute("DELETE FROM resource", args![])?;
            tx.execute("DELETE FROM domain_device", args![])
        })
        .await
        .unwrap();
    assert_eq!(w.server_device("d").await, "");
    let before = w.directory().await.version;
    w.ensure().await;
    assert_eq!(w.directory().await.version, before + 1, "processes read the new ids");
    assert_eq!(w.seen().await, seen(1, "active", "a"));
    assert_eq!(w.device(1, "p").await, None);
    let server = w.server_device("d").await;
    assert!(w.device(1, &server).await.is_some());
    assert_ne!(w.server_device("e").await, server);
    assert_eq!(w.count().await, 3);

    w.ensure().await;
    assert_eq!(w.directory().await.version, before + 1, "nothing was to do");
    assert_eq!((w.count().await, w.seen().await), (3, seen(1, "active", "a")));
});

both!(a_device_that_somebody_changed_or_deleted_is_made_whole_again, |store| async move {
    let w = world(store, InstanceStatus::Approved).await;
    let scope = w.store.scope(&Domain { number: 1, ..Domain::default() });
    let ids = w.ids.clone();
    let other = koppeltaal_core::resource::Body::new("", r#""status":"inactive""#);
    let update = move |tx: &mut DomainTx<'_>| {
        resource::update(tx, &ids, "Device", "c", None, &other, &Indexed::default(), NOW)
    };
    let updated = scope.write(update).await;
    assert!(matches!(updated.unwrap(), Updated::Done(_)));
    w.ensure().await;
    assert_eq!(w.seen().await, seen(3, "active", "a"));
    w.delete().await;
    assert!(w.device(1, "c").await.unwrap().deleted);
    w.instance(|i| i.hook_hosts = vec!["h".to_owned()]).await;
    assert_eq!(w.seen().await, seen(5, "active", "a"));
    assert!(!w.device(1, "c").await.unwrap().deleted);
    // One that takes no part stays deleted.
    w.instance(|i| i.status = InstanceStatus::Rejected).await;
    w.delete().await;
    w.ensure().await;
    assert!(w.device(1, "c").await.unwrap().deleted);
});

both!(processes_that_ensure_devices_at_once_make_each_once, |store| async move {
    let w = world(store, InstanceStatus::Approved).await;
    w.store
        .write(|tx| {
            tx.execute("DELETE FROM search_index", args![])?;
            tx.execute("DELETE FROM resource", args![])?;
            tx.execute("DELETE FROM domain_device", args![])
        })
        .await
        .unwrap();
    let tasks: Vec<_> = (1..=6)
        .map(|node| {
            let (store, ids) = (w.store.clone(), Ids::of_node(node));
            tokio::spawn(async move {
                store.write(move |tx| ensure_devices(tx, &ids, &Names, NOW)).await.unwrap();
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!((w.count().await, w.seen().await), (2, seen(1, "active", "a")));
});

both!(devices_are_indexed_as_they_are_now, |store| async move {
    let w = world(store, InstanceStatus::Approved).await;
    let own = w.names().await.into_iter().find(|name| name != "a").unwrap();
    assert_eq!(w.names().await, [own.as_str(), "a"]);
    w.application(|a| a.title = Some("b".to_owned())).await;
    assert_eq!(w.names().await, [own.as_str(), "b"]);
    w.delete().await;
    assert_eq!(w.names().await, [own.as_str()]);
    w.ensure().await;
    assert_eq!(w.names().await, [own.as_str(), "b"]);
    // A store from before there was an index: no new versions are made for it.
    let before = w.seen().await;
    w.store.write(|tx| tx.execute("DELETE FROM search_index", args![])).await.unwrap();
    w.ensure().await;
    assert_eq!(w.names().await, [own.as_str(), "b"]);
    assert_eq!(w.seen().await, before);
});
