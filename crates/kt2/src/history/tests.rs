//! Pages of versions, on both engines.

use std::time::Duration;

use koppeltaal_core::directory::Domain;
use koppeltaal_core::resource::Body;
use koppeltaal_store::resource::{self, Indexed, New};
use koppeltaal_store::{Ids, Scope, Store, both};

use super::*;

const START: Timestamp = Timestamp(1_795_314_490_000_000);

/// A domain with two Tasks of two Devices: `a` has versions 1 to 5 of which the
/// last deletes it, `b` has version 1; a second lies between two changes.
async fn world(store: &Store) -> Scope {
    let scope = store.scope(&Domain { number: 1, ..Domain::default() });
    let work = |tx: &mut DomainTx<'_>| {
        let ids = Ids::of_node(1);
        let at = |second: u64| START.plus(Duration::from_secs(second));
        let body = |n: i64| Body::new("", &format!(r#""description":"{n}""#));
        let indexed = &Indexed::default();
        for (second, id, origin) in [(1, "a", "d-1"), (2, "b", "d-2")] {
            let new = New { resource_type: "Task", id, origin, body: &body(1), indexed };
            resource::create(tx, &ids, &new, at(second))?;
        }
        for version in 2..5 {
            let second = u64::try_from(version).unwrap() + 1;
            let body = body(version);
            resource::update(tx, &ids, "Task", "a", None, &body, indexed, at(second))?;
        }
        resource::delete(tx, &ids, "Task", "a", None, at(6))?;
        Ok(())
    };
    scope.write(work).await.unwrap();
    scope
}

fn asked(count: usize) -> Asked {
    Asked { count, since: None, total: None, before: None, earlier: Vec::new(), pairs: Vec::new() }
}

/// The versions of all pages, page by page; ids with numbers.
async fn pages(scope: &Scope, first: Asked, origins: Option<Vec<String>>) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    let mut asked = Some(first);
    while let Some(this) = asked {
        let (wanted, origins) = (this.clone(), origins.clone());
        let page = scope
            .read(move |tx| {
                let catalog = Catalog::built_in();
                versions_of_type(tx, &catalog, "Task", origins.as_deref(), &wanted)
            })
            .await
            .unwrap();
        all.push(page.versions.iter().map(|one| format!("{}{}", one.id, one.version)).collect());
        asked = this.next(&page);
        if let Some(next) = &asked {
            assert_eq!(next.total, Some(page.total));
            let previous = next.previous().unwrap();
            assert_eq!((previous.before, previous.earlier), (this.before, this.earlier.clone()));
        }
    }
    all
}

async fn of_a(scope: &Scope, asked: Asked) -> (Vec<i64>, i64, Option<i64>) {
    let work = move |tx: &mut DomainTx<'_>| {
        let current = resource::read(tx, "Task", "a")?.unwrap();
        versions(tx, &current, &asked)
    };
    let page = scope.read(work).await.unwrap();
    (page.versions.iter().map(|one| one.version).collect(), page.total, page.next)
}

both!(the_versions_of_a_type_come_page_by_page, |store| async move {
    let scope = world(&store).await;
    let all = pages(&scope, asked(4), None).await;
    assert_eq!(all, [vec!["a5", "a4", "a3", "a2"], vec!["b1", "a1"]]);
    let exact = pages(&scope, asked(3), None).await;
    assert_eq!(exact.concat().len(), 6);
    assert_eq!(exact.len(), 2, "no empty page at the end");
    let own = pages(&scope, asked(4), Some(vec!["d-2".to_owned()])).await;
    assert_eq!(own, [vec!["b1"]]);
    let since = Asked { since: Some(START.plus(Duration::from_secs(5)).0), ..asked(9) };
    assert_eq!(pages(&scope, since, None).await, [vec!["a5", "a4"]]);
    assert_eq!(pages(&scope, asked(0), None).await, [Vec::<String>::new()]);
});

both!(the_versions_of_a_resource_come_page_by_page, |store| async move {
    let scope = world(&store).await;
    assert_eq!(of_a(&scope, asked(3)).await, (vec![5, 4, 3], 5, Some(3)));
    let second = Asked { before: Some(3), total: Some(5), ..asked(3) };
    assert_eq!(of_a(&scope, second).await, (vec![2, 1], 5, None));
    assert_eq!(of_a(&scope, asked(5)).await, (vec![5, 4, 3, 2, 1], 5, None));
    assert_eq!(of_a(&scope, asked(0)).await, (vec![], 5, None));
});

both!(the_versions_since_a_time_are_counted_without_reading_them_all, |store| async move {
    let scope = world(&store).await;
    for (second, versions) in [(0, 5), (1, 5), (2, 4), (3, 4), (4, 3), (5, 2), (6, 1), (7, 0)] {
        let since = Some(START.plus(Duration::from_secs(second)).0);
        let (found, total, next) = of_a(&scope, Asked { since, ..asked(9) }).await;
        assert_eq!((found.len(), total, next), (versions, total, None), "{second}");
        assert_eq!(total, i64::try_from(versions).unwrap(), "{second}");
        let (part, total, next) = of_a(&scope, Asked { since, ..asked(2) }).await;
        assert_eq!(part.len(), versions.min(2));
        assert_eq!(total, i64::try_from(versions).unwrap());
        assert_eq!(next.is_some(), versions > 2, "{second}");
    }
});
