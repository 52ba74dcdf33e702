//! The stored directory on both engines: numbers, versions, and changes that
//! race each other.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;

use koppeltaal_core::directory::{
    Application, Directory, Domain, IdentityProvider, Instance, Role,
};
use koppeltaal_core::search::{IndexRow, Indexer, Words};
use koppeltaal_core::{Error, Result, Timestamp};
use koppeltaal_store::directory::{Author, Change, Item, change, load, refuse, version};
use koppeltaal_store::{Ids, Store, args, both};

const NOW: Timestamp = Timestamp(1_717_200_000_000_000);

/// Finds nothing.
struct Nothing;

impl Indexer for Nothing {
    fn index(&self, _domain: i64, _json: &str) -> (Vec<IndexRow>, Words) {
        Default::default()
    }
}

async fn write(store: &Store, based_on: i64, items: Vec<Item>) -> Result<Option<i64>> {
    let ids = Ids::of_node(1);
    let author = Author { agent: "test".to_owned(), recorded: NOW, request_id: None };
    let changes: Vec<Change> =
        items.into_iter().map(|item| Change { item, summary: "a change".to_owned() }).collect();
    store.write(move |tx| change(tx, &ids, &Nothing, based_on, &changes, &author)).await
}

async fn read(store: &Store) -> Directory {
    store.read(|tx| load(tx)).await.unwrap()
}

fn domain(name: &str) -> Domain {
    Domain { name: name.to_owned(), ..Domain::default() }
}

/// A domain, an application, a role, an identity provider, an instance, the last first.
fn everything() -> Vec<Item> {
    vec![
        Item::Instance(Instance {
            domain: "d".to_owned(),
            application: "a".to_owned(),
            username: Some("u".to_owned()),
            client_id: "c".to_owned(),
            api_version: "1.3.8".parse().unwrap(),
            ..Instance::default()
        }),
        Item::IdentityProvider(IdentityProvider {
            domain: "d".to_owned(),
            name: "p".to_owned(),
            ..IdentityProvider::default()
        }),
        Item::Role(Role { domain: "d".to_owned(), name: "r".to_owned(), ..Role::default() }),
        Item::Application(Application { id: "a".to_owned(), ..Application::default() }),
        Item::Domain(domain("d")),
    ]
}

both!(what_is_written_is_loaded_under_lasting_numbers, |store| async {
    assert_eq!(read(&store).await.version, 0);
    assert_eq!(write(&store, 0, everything()).await.unwrap(), Some(1));
    let first = read(&store).await;
    assert_eq!(first.version, 1);
    let instance = first.instance_by_username("u").unwrap().instance.clone();
    assert_eq!((instance.number, first.domain("d").unwrap().number), (1, 1));
    assert_eq!(first.roles().first().unwrap().number, 1);
    assert_eq!(first.identity_providers().first().unwrap().number, 1);

    let changed = Instance { username: Some("v".to_owned()), ..instance.clone() };
    let items =
        vec![Item::Instance(changed.clone()), Item::Domain(domain("e")), Item::Domain(domain("f"))];
    assert_eq!(write(&store, 1, items).await.unwrap(), Some(2));
    let second = read(&store).await;
    assert_eq!(second.instance_by_username("v").unwrap().instance, changed);
    assert!(second.instance_by_username("u").is_none());
    let numbers: Vec<i64> = second.domains().iter().map(|domain| domain.number).collect();
    assert_eq!(numbers, [1, 2, 3]);
    assert_eq!(store.read(|tx| version(tx)).await.unwrap(), 2);
});

both!(a_change_of_another_version_writes_nothing, |store| async {
    write(&store, 0, everything()).await.unwrap();
    let stale = write(&store, 0, vec![Item::Domain(domain("e"))]).await;
    assert_eq!(stale.unwrap(), None);
    let directory = read(&store).await;
    assert_eq!((directory.version, directory.domains().len()), (1, 1));
    assert_eq!(write(&store, 1, vec![]).await.unwrap(), Some(1));
});

both!(a_change_that_fails_half_way_leaves_nothing, |store| async {
    let nowhere = Role { domain: "x".to_owned(), name: "r".to_owned(), ..Role::default() };
    let items = vec![Item::Domain(domain("d")), Item::Role(nowhere)];
    let refused = write(&store, 0, items).await;
    assert!(matches!(refused, Err(Error::Unprocessable(_))), "{refused:?}");
    let directory = read(&store).await;
    assert_eq!((directory.version, directory.domains().len()), (0, 0));
});

both!(racing_changes_are_all_made, |store| async {
    let store = Arc::new(store);
    let racers: Vec<_> = (0..8)
        .map(|racer| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for step in 0..5 {
                    loop {
                        let name = format!("d{racer}-{step}");
                        let based_on = read(&store).await.version;
                        let item = Item::Domain(domain(&name));
                        if write(&store, based_on, vec![item]).await.unwrap().is_some() {
                            break;
                        }
                    }
                }
            })
        })
        .collect();
    for racer in racers {
        racer.await.unwrap();
    }
    let directory = read(&store).await;
    assert_eq!((directory.version, directory.domains().len()), (40, 40));
});

both!(api_version_rises_only_over_an_empty_mailbox, |store| async {
    write(&store, 0, everything()).await.unwrap();
    let instance = read(&store).await.instance_by_username("u").unwrap().instance.clone();
    let raised = Instance { api_version: "1.3.9".parse().unwrap(), ..instance.clone() };
    let put = |status: i64| {
        store.write(move |tx| {
            tx.execute("DELETE FROM kt1_item", args![])?;
            tx.execute(
                "INSERT INTO kt1_item (domain, id, message, recipient, event, focal_key, status,
                                       claims, changed, stamp, expired)
                 VALUES (1, 1, 1, $1, 1, 1, $2, 0, 0, 0, 0)",
                args![instance.number, status],
            )
        })
    };
    for waiting in [0, 1] {
        put(waiting).await.unwrap();
        let refused = write(&store, 1, vec![Item::Instance(raised.clone())]).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
        let change = Change { item: Item::Instance(raised.clone()), summary: String::new() };
        let asked = store.read(move |tx| refuse(tx, std::slice::from_ref(&change))).await;
        assert!(matches!(asked, Err(Error::Forbidden(_))), "{asked:?}");
        let other = Instance { active: Some(false), ..instance.clone() };
        assert!(write(&store, 0, vec![Item::Instance(other)]).await.unwrap().is_none());
    }
    put(2).await.unwrap();
    assert_eq!(write(&store, 1, vec![Item::Instance(raised)]).await.unwrap(), Some(2));
});
