//! Definitions that change, that cannot be read, and that go.

use koppeltaal_core::Timestamp;
use koppeltaal_core::resource::Body;
use koppeltaal_store::resource::{self, Indexed, New};
use koppeltaal_store::{DomainTx, Ids, both};

use super::*;

const GOOD: &str = r#""url":"urn:own","status":"active","code":"own","base":["Task"],
    "type":"string","expression":"Task.description""#;

fn domain(number: i64) -> Domain {
    Domain { number, name: format!("domain-{number}"), ..Domain::default() }
}

fn directory() -> Directory {
    let domains = vec![domain(1), domain(2)];
    Directory::new(1, domains, Vec::new(), Vec::new(), Vec::new(), Vec::new())
}

/// Stores a SearchParameter with these members as the domain's own.
async fn publish(store: &Store, number: i64, members: &str) {
    let (ids, body) = (Ids::of_node(1), Body::new("", members));
    let write = move |tx: &mut DomainTx<'_>| {
        let (kind, origin, now) = ("SearchParameter", "d", Timestamp(1));
        if let Some(known) = resource::read(tx, kind, "own")? {
            let indexed = Indexed::default();
            resource::update(tx, &ids, kind, &known.id, None, &body, &indexed, now)?;
        } else {
            let indexed = &Indexed::default();
            let new = New { resource_type: kind, id: "own", origin, body: &body, indexed };
            resource::create(tx, &ids, &new, now)?;
        }
        definitions::changed(tx)
    };
    store.scope(&domain(number)).write(write).await.unwrap();
}

fn has_own(catalogs: &Catalogs, number: i64) -> bool {
    catalogs.of(number).parameters.find("Task", "own").is_some()
}

both!(each_domain_has_its_own_definitions_and_the_others_stay_as_they_are, |store| async move {
    let catalogs = Catalogs::default();
    publish(&store, 1, GOOD).await;
    catalogs.catch_up(&store, &directory()).await.unwrap();
    assert!(has_own(&catalogs, 1) && !has_own(&catalogs, 2));
    let known = catalogs.of(1);
    publish(&store, 2, GOOD).await;
    catalogs.catch_up(&store, &directory()).await.unwrap();
    assert!(has_own(&catalogs, 2));
    assert!(Arc::ptr_eq(&known, &catalogs.of(1)), "what did not change is not read again");
});

both!(definitions_that_cannot_be_read_are_told_and_hold_up_no_other_domain, |store| async move {
    let catalogs = Catalogs::default();
    publish(&store, 1, r#""url":7"#).await;
    publish(&store, 2, GOOD).await;
    let told = catalogs.catch_up(&store, &directory()).await.unwrap_err().to_string();
    assert!(told.contains("domain-1") && !told.contains("domain-2"), "{told}");
    assert!(has_own(&catalogs, 2) && !has_own(&catalogs, 1));
    // While nothing changes they are left alone for a while; then they are read again.
    catalogs.catch_up(&store, &directory()).await.unwrap();
    let then = Instant::now().checked_sub(RETRY).unwrap();
    catalogs.change(1, |kept| kept.failed = Some((1, then)));
    catalogs.catch_up(&store, &directory()).await.unwrap_err();
    // What changes is read at once.
    publish(&store, 1, GOOD).await;
    catalogs.catch_up(&store, &directory()).await.unwrap();
    assert!(has_own(&catalogs, 1));
});

both!(whoever_was_overtaken_gets_the_definitions_of_now, |store| async move {
    let catalogs = Catalogs::default();
    publish(&store, 1, GOOD).await;
    let (domain, known) = (domain(1), catalogs.of(1));
    let (one, other) = tokio::join!(
        catalogs.newer(&store, &domain, &known),
        catalogs.newer(&store, &domain, &known),
    );
    let (one, other) = (one.unwrap(), other.unwrap());
    assert!(Arc::ptr_eq(&one, &other), "they are read once");
    assert_eq!((one.version(), has_own(&catalogs, 1)), (1, true));
});
