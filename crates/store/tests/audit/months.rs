//! The tables of the months: made, read together, removed.

use std::time::Duration;

use koppeltaal_core::audit::Action;
use koppeltaal_store::audit::{self, Filter};
use koppeltaal_store::{Value, args, both};

use crate::world::{D, DAY, E, World, plain, read, world};

impl World {
    async fn months(&self) -> Vec<i64> {
        let sql = "SELECT month FROM audit_month WHERE removed IS NULL ORDER BY month";
        let rows = self.store.read(move |tx| tx.query(sql, args![])).await.unwrap();
        rows.iter().map(|row| row.int(0).unwrap()).collect()
    }

    async fn remove_old(&self, keep: Duration) -> Vec<i64> {
        let now = self.now();
        audit::remove_old(&self.store, &self.ids, &self.key, keep, now).await.unwrap()
    }
}

both!(each_month_has_its_tables_and_all_are_read_together, |store| async move {
    let w = world(store).await;
    for _ in 0..4 {
        w.append(&[plain(w.now()), read(w.now(), "{}", "Task/1")]).await;
        w.advance(31 * DAY);
    }
    assert_eq!(w.months().await, [0, 202_611, 202_612, 202_701, 202_702]);
    let search = |filter: Filter, limit| w.read(move |tx| audit::search(tx, &filter, limit));
    let all = search(Filter::default(), 100).await;
    assert_eq!(all.len(), 8);
    assert!(all.is_sorted_by_key(|row| row.id));
    let after = Some(all[2].id);
    let page = search(Filter { after, ..Filter::default() }, 3).await;
    assert_eq!(page, all[3..6]);
    let (from, until) = (Some(all[2].recorded), Some(all[6].recorded));
    let within = search(Filter { from, until, ..Filter::default() }, 100).await;
    assert_eq!(within, all[2..6]);
    let events = Filter { events_only: true, focal: Some("Task/1".into()), ..Filter::default() };
    assert_eq!(search(events, 100).await.len(), 4);
    let none = Filter { focal: Some("Task/2".into()), ..Filter::default() };
    assert!(search(none, 100).await.is_empty());
});

both!(the_tables_of_the_next_month_are_made_a_day_ahead, |store| async move {
    let w = world(store).await;
    audit::make_ahead(&w.store, &w.ids, w.now()).await.unwrap();
    assert_eq!(w.months().await, [0, 202_611]);
    w.advance(20 * DAY);
    audit::make_ahead(&w.store, &w.ids, w.now()).await.unwrap();
    assert_eq!(w.months().await, [0, 202_611, 202_612]);
});

both!(a_row_is_numbered_by_the_time_of_its_writing, |store| async move {
    let w = world(store).await;
    let recorded = w.now();
    w.advance(25 * DAY);
    w.append(&[plain(recorded)]).await;
    assert_eq!(w.months().await, [0, 202_612]);
});

both!(months_leave_whole_under_a_checkpoint, |store| async move {
    let w = world(store).await;
    let keep = 60 * DAY;
    for n in 0..5 {
        for domain in [D, E] {
            w.append_in(domain, &[plain(w.now()), read(w.now(), "{}", "Task/1")]).await;
        }
        if n < 4 {
            w.advance(31 * DAY);
            w.seal().await;
        }
    }
    // November, December, January, February, March: the tenth and later.
    let head = w.holds().await;
    assert_eq!(head.sealed, 8);
    assert_eq!(w.remove_old(keep).await, [0, 202_611, 202_612]);
    assert_eq!(w.months().await, [202_701, 202_702, 202_703]);
    let left = w.holds().await;
    assert_eq!((left.removed_by_retention, left.sealed, left.head), (4, 4, head.head));
    assert!(w.remove_old(keep).await.is_empty(), "once");
    let removals = Filter { action: Some(Action::Retention), ..Filter::default() };
    assert_eq!(w.read(move |tx| audit::search(tx, &removals, 10)).await.len(), 2);
    // The tables go when nobody can be reading them any more.
    w.advance(DAY);
    w.remove_old(keep).await;
    let gone = w.store.read(|tx| tx.query("SELECT 1 FROM audit_202611", args![])).await;
    assert!(gone.is_err());
    // The chain goes on, and the next removal too.
    w.seal().await;
    assert_eq!(w.holds().await.unsealed, 0);
    w.advance(31 * DAY);
    assert_eq!(w.remove_old(keep).await, [202_701]);
    assert_eq!(w.holds().await.removed_by_retention, 6);
    assert_eq!(audit::verify(&w.store, &w.key, E).await.unwrap().wrong, None);
});

both!(what_is_not_sealed_stays, |store| async move {
    let w = world(store).await;
    w.append(&[plain(w.now())]).await;
    w.advance(400 * DAY);
    assert!(w.remove_old(DAY).await.is_empty());
    w.seal().await;
    assert_eq!(w.remove_old(DAY).await, [0, 202_611]);
});

both!(a_forged_checkpoint_is_found, |store| async move {
    let w = world(store).await;
    w.append(&[plain(w.now())]).await;
    w.advance(31 * DAY);
    w.append(&[plain(w.now())]).await;
    w.seal().await;
    w.remove_old(DAY).await;
    w.holds().await;
    assert_eq!(w.tamper("UPDATE audit_seal SET entries = 7 WHERE removed IS NOT NULL").await, 1);
    assert!(w.wrong().await.contains("was changed"));
    // Nor does a seal become a checkpoint by saying so.
    let w = world(w.store).await;
    w.tamper("UPDATE audit_seal SET entries = 1 WHERE removed IS NOT NULL").await;
    w.holds().await;
    w.tamper("UPDATE audit_seal SET removed = 1 WHERE removed IS NULL").await;
    assert!(w.wrong().await.contains("was changed"));
});

both!(keys_of_what_was_recorded_before_there_were_months_are_added_once, |store| async move {
    let w = world(store).await;
    let sql = "INSERT INTO audit_000000 (domain, id, action, recorded, agent, focal, patient,
                 outcome, request_id, trace_id, given, shape, date, content)
               VALUES (1, 5, 'login', 9, 'm', 'Task/1', 'Patient/1', '0', 'r', 't', 'old', 0, 9,
                 '2:{}')";
    assert_eq!(w.tamper(sql).await, 1);
    for _ in 0..2 {
        audit::add_keys(&w.store).await.unwrap();
    }
    let row = w.read(|tx| audit::event(tx, "old")).await.unwrap();
    assert_eq!((row.key, row.content.as_deref()), (5, Some("{}")));
    for lookup in [
        audit::Lookup::Entity("Task/1".into()),
        audit::Lookup::Entity("Patient/1".into()),
        audit::Lookup::Trace("t".into()),
        audit::Lookup::Request("r".into()),
    ] {
        let asked = audit::Wanted {
            shapes: None,
            dates: Vec::new(),
            written: Vec::new(),
            lookups: vec![vec![lookup]],
            keys: None,
            order: audit::Order { by: audit::OrderBy::Key, is_descending: false },
            after: None,
            limit: 10,
        };
        assert_eq!(w.read(move |tx| audit::events(tx, &asked)).await, std::slice::from_ref(&row));
    }
    let count = w.store.read(|tx| tx.query("SELECT count(*) FROM audit_key_000000", args![])).await;
    assert_eq!(count.unwrap()[0].0, [Value::Int(4)]);
});
