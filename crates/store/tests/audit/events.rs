//! AuditEvents: added, found, counted.

use std::time::Duration;

use koppeltaal_core::audit::Entry;
use koppeltaal_core::search::Span;
use koppeltaal_core::{Error, Timestamp};
use koppeltaal_store::audit::{self, Filter, Lookup, Order, OrderBy, Removal, Removed, Wanted};
use koppeltaal_store::both;
use koppeltaal_store::test_support::count_audited;

use crate::world::{D, DAY, E, START, World, plain, read, world};

const SECOND: Duration = Duration::from_secs(1);

fn wanted() -> Wanted {
    Wanted {
        shapes: None,
        dates: Vec::new(),
        written: Vec::new(),
        lookups: Vec::new(),
        keys: None,
        order: Order { by: OrderBy::Date, is_descending: true },
        after: None,
        limit: 100,
    }
}

fn span(from: Option<Timestamp>, until: Option<Timestamp>) -> Vec<Span> {
    vec![Span { from, until }]
}

impl World {
    async fn found(&self, wanted: &Wanted) -> Vec<String> {
        let one = wanted.clone();
        let rows = self.read(move |tx| audit::events(tx, &one)).await;
        let all = wanted.clone();
        let count = self.read(move |tx| audit::count_events(tx, &all)).await;
        if wanted.after.is_none() && rows.len() < usize::try_from(wanted.limit).unwrap() {
            assert_eq!(i64::try_from(rows.len()), Ok(count));
        }
        rows.into_iter().map(|row| row.focal.unwrap()).collect()
    }
}

both!(an_event_is_read_with_its_shape_by_an_id_that_stands_nowhere, |store| async move {
    let w = world(store).await;
    let now = w.now();
    let mut entry = read(now, "{\"a\":1}", "Task/1");
    entry.correlation_id = Some("before".to_owned());
    entry.resource.as_mut().unwrap().content = Some("{\"b\":2}".to_owned());
    let keys = w.append(&[plain(now), entry.clone()]).await;
    let id = audit::event_id(keys[1]);
    assert_eq!(audit::key_of(&id), Some(keys[1]));
    let (wanted, none) = (id.clone(), audit::event_id(keys[0]));
    let row = w.read(move |tx| audit::event(tx, &wanted)).await.unwrap();
    assert_eq!((row.key, row.recorded, row.date, row.id()), (keys[1], now, now, id));
    assert_eq!(row.written(), Timestamp(now.0 / 1000 * 1000));
    assert_eq!(row.shape_json.as_deref(), Some("{\"a\":1}"));
    assert_eq!(row.content.as_deref(), Some("{\"b\":2}"));
    assert_eq!((row.focal.as_deref(), row.version.as_deref()), (Some("Task/1"), Some("3")));
    assert_eq!(row.trace_id.as_deref(), Some("trace"));
    assert_eq!(row.correlation_id.as_deref(), Some("before"));
    assert_eq!(w.read(move |tx| audit::event(tx, &none)).await, None, "it is no AuditEvent");
    // Rows of events are rows of the trail like all others.
    let rows = w.read(|tx| audit::search(tx, &audit::Filter::default(), 10)).await;
    assert_eq!((rows.len(), &rows[0].shown), (2, &None));
    assert_eq!(rows[1].shown, Some(row));
    let elsewhere = w.scope(E).read(move |tx| audit::event(tx, &audit::event_id(keys[1]))).await;
    assert_eq!(elsewhere.unwrap(), None);
});

both!(an_id_from_outside_is_kept_and_taken_once, |store| async move {
    let w = world(store).await;
    let mut entry = read(w.now(), "{}", "Task/1");
    entry.resource.as_mut().unwrap().id = Some("mine".to_owned());
    w.append(&[entry.clone()]).await;
    let row = w.read(|tx| audit::event(tx, "mine")).await.unwrap();
    assert_eq!((row.id().as_str(), row.given_id.as_deref()), ("mine", Some("mine")));
    let derived = audit::event_id(row.key);
    assert_eq!(w.read(move |tx| audit::event(tx, &derived)).await, None);
    w.advance(40 * DAY);
    let twice = w.try_append(D, &[entry.clone()]).await;
    assert!(matches!(twice, Err(Error::Conflict(_))), "{twice:?}");
    w.append_in(E, &[entry]).await;
});

both!(events_are_found_by_shape_date_and_what_they_are_about, |store| async move {
    let w = world(store).await;
    let mut keys = Vec::new();
    for n in 0..6 {
        let mut entry = read(w.now(), ["{\"even\":1}", "{\"odd\":1}"][n % 2], &format!("Task/{n}"));
        entry.trace_id = Some(format!("trace-{}", n / 2));
        entry.correlation_id = (n > 0).then(|| format!("request-of-Task/{}", n - 1));
        entry.resource.as_mut().unwrap().keys = vec![format!("Patient/{}", n / 3)];
        keys.extend(w.append(&[entry, plain(w.now())]).await.first().copied());
        w.advance(SECOND);
    }
    w.append_in(E, &[read(START, "{\"odd\":1}", "Task/1")]).await;
    let shapes = w.read(audit::shapes).await;
    let shape = |json: &str| shapes.iter().find(|shape| &*shape.json == json).unwrap().number;
    assert_eq!(w.read(|tx| audit::shapes_after(tx, 1)).await.len(), 1);
    let at = |seconds: u32| Some(START.plus(seconds * SECOND));
    let lookup = |lookup: Lookup| vec![vec![lookup]];
    for (asked, tasks) in [
        (wanted(), &[5, 4, 3, 2, 1, 0][..]),
        (Wanted { shapes: Some(vec![shape("{\"odd\":1}")]), ..wanted() }, &[5, 3, 1]),
        (Wanted { shapes: Some(vec![]), ..wanted() }, &[]),
        (Wanted { dates: vec![span(at(1), at(3))], ..wanted() }, &[2, 1]),
        (Wanted { dates: vec![span(at(1), None), span(None, at(2))], ..wanted() }, &[1]),
        (Wanted { written: vec![span(None, at(2))], ..wanted() }, &[1, 0]),
        (Wanted { written: vec![span(at(4), None)], ..wanted() }, &[5, 4]),
        (Wanted { keys: Some(vec![keys[2], keys[4], 9]), ..wanted() }, &[4, 2]),
        (Wanted { lookups: lookup(Lookup::Entity("Task/3".into())), ..wanted() }, &[3]),
        (Wanted { lookups: lookup(Lookup::Entity("Patient/1".into())), ..wanted() }, &[5, 4, 3]),
        (Wanted { lookups: lookup(Lookup::Trace("trace-1".into())), ..wanted() }, &[3, 2]),
        (Wanted { lookups: lookup(Lookup::Request("request-of-Task/2".into())), ..wanted() }, &[2]),
        (
            Wanted { lookups: lookup(Lookup::Correlation("request-of-Task/2".into())), ..wanted() },
            &[3],
        ),
        (Wanted { lookups: lookup(Lookup::Entity("trace-1".into())), ..wanted() }, &[]),
        (Wanted { lookups: vec![vec![]], ..wanted() }, &[]),
        (
            Wanted {
                lookups: vec![
                    vec![Lookup::Entity("Patient/1".into())],
                    vec![Lookup::Trace("trace-0".into()), Lookup::Trace("trace-2".into())],
                ],
                ..wanted()
            },
            &[5, 4],
        ),
    ] {
        for is_descending in [true, false] {
            for by in [OrderBy::Date, OrderBy::Key] {
                let asked = Wanted { order: Order { by, is_descending }, ..asked.clone() };
                let mut expected: Vec<String> =
                    tasks.iter().map(|task| format!("Task/{task}")).collect();
                if !is_descending {
                    expected.reverse();
                }
                assert_eq!(w.found(&asked).await, expected, "{asked:?}");
            }
        }
    }
});

both!(pages_follow_each_other_across_months, |store| async move {
    let w = world(store).await;
    for n in 0..30_u64 {
        // The dates of some are older than those of what was written before them.
        let date = if n % 5 == 0 { START.minus(DAY) } else { w.now() };
        let mut entry = read(w.now(), "{}", &format!("Task/{n:02}"));
        entry.resource.as_mut().unwrap().date = date;
        w.append(&[entry]).await;
        w.advance(3 * DAY);
    }
    w.seal().await;
    for (by, is_descending) in
        [(OrderBy::Date, true), (OrderBy::Date, false), (OrderBy::Key, true), (OrderBy::Key, false)]
    {
        let order = Order { by, is_descending };
        let all = w.found(&Wanted { order, ..wanted() }).await;
        assert_eq!(all.len(), 30);
        let mut paged = Vec::new();
        let mut after = None;
        loop {
            let asked = Wanted { order, after, limit: 4, ..wanted() };
            let rows = w.read(move |tx| audit::events(tx, &asked)).await;
            let Some(last) = rows.last() else { break };
            after = Some(match by {
                OrderBy::Date => (last.date.0, last.key),
                OrderBy::Key => (last.key, last.key),
            });
            paged.extend(rows.into_iter().map(|row| row.focal.unwrap()));
        }
        assert_eq!(paged, all);
    }
    // A month that is closed and cannot have the date is not asked.
    let late = Some(w.now().minus(5 * DAY));
    assert_eq!(w.found(&Wanted { dates: vec![span(late, None)], ..wanted() }).await.len(), 1);
});

both!(a_shape_is_stored_once_and_beyond_a_bound_with_its_event, |store| async move {
    let w = world(store).await;
    let now = w.now();
    // As if there had been many others.
    w.append(&[read(now, "{\"first\":1}", "Task/first")]).await;
    w.tamper("UPDATE audit_shape SET number = 19980").await;
    let w = w.process().await;
    let entry = |n: i64| {
        let mut entry = read(now, &format!("{{\"n\":{n}}}"), &format!("Task/{n}"));
        entry.resource.as_mut().unwrap().content = Some(format!("{{\"c\":{n}}}"));
        entry
    };
    w.append(&(0..30).map(entry).collect::<Vec<_>>()).await;
    let again = w.append(&[read(now, "{\"n\":17}", "Task/again")]).await;
    let shapes = w.read(audit::shapes).await;
    assert_eq!((shapes.len(), shapes.last().unwrap().number), (21, 20_000));
    let event = w.read(move |tx| audit::event(tx, &audit::event_id(again[0]))).await.unwrap();
    assert_eq!((event.shape, event.shape_json.as_deref()), (19_998, Some("{\"n\":17}")));
    let asked = Wanted { shapes: Some(vec![0]), ..wanted() };
    let own = w.read(move |tx| audit::events(tx, &asked)).await;
    assert_eq!(own.len(), 10);
    for row in own {
        let n = row.focal.unwrap().replace("Task/", "");
        assert_eq!(row.shape_json.as_deref(), Some(format!("{{\"n\":{n}}}").as_str()));
        assert_eq!(row.content, Some(format!("{{\"c\":{n}}}")));
    }
});

both!(what_was_rolled_back_is_not_remembered, |store| async move {
    let w = world(store).await;
    let (ids, entry) = (w.ids.clone(), read(w.now(), "{\"new\":1}", "Task/1"));
    let failed = w
        .scope(D)
        .write(move |tx| {
            audit::append(tx, &ids, std::slice::from_ref(&entry))?;
            Err::<(), _>(Error::Conflict("changed my mind".to_owned()))
        })
        .await;
    assert!(failed.is_err());
    assert_eq!(count_audited(&w.store, "1 = 1").await, 0);
    // Neither the tables of the month nor the shape are there.
    let keys = w.append(&[read(w.now(), "{\"new\":1}", "Task/2")]).await;
    let event = w.read(move |tx| audit::event(tx, &audit::event_id(keys[0]))).await.unwrap();
    assert_eq!(event.shape_json.as_deref(), Some("{\"new\":1}"));
});

both!(several_processes_share_shapes_and_months, |store| async move {
    let w = world(store).await;
    let mut tasks = Vec::new();
    for n in 0..4 {
        let w = w.process().await;
        tasks.push(tokio::spawn(async move {
            for round in 0..10 {
                let shape = format!("{{\"round\":{round}}}");
                w.append(&[read(w.now(), &shape, &format!("Task/{n}-{round}"))]).await;
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(w.read(audit::shapes).await.len(), 10);
    assert_eq!(w.found(&wanted()).await.len(), 40);
});

both!(a_deleted_event_is_known_to_be_gone, |store| async move {
    let w = world(store).await;
    let keys = w.append(&[read(w.now(), "{}", "Task/1"), read(w.now(), "{}", "Task/2")]).await;
    w.seal().await;
    let (id, gone) = (audit::event_id(keys[0]), audit::event_id(keys[0]));
    let removal = Removal {
        at: w.now(),
        stamp: keys[1] + 1,
        origin: "d".to_owned(),
        content: "{}".to_owned(),
    };
    let left = Removed { key: keys[0], removal: removal.clone() };
    let scope = w.scope(D);
    let remove = scope.write(move |tx| {
        Ok((audit::remove_event(tx, &gone, &removal)?, audit::remove_event(tx, &gone, &removal)?))
    });
    assert_eq!(remove.await.unwrap(), (true, false));
    let other = audit::event_id(keys[1]);
    let seen = w.read(move |tx| {
        Ok((audit::event(tx, &id)?, audit::removed(tx, &id)?, audit::removed(tx, &other)?))
    });
    assert_eq!(seen.await, (None, Some(left), None));
    assert_eq!(w.found(&wanted()).await, ["Task/2"]);
    let verdict = w.holds().await;
    assert_eq!((verdict.sealed, verdict.removed_by_switch), (2, 1));
});

both!(a_deleted_event_is_sealed_by_its_mark, |store| async move {
    let w = world(store).await;
    let rows = [read(w.now(), "{}", "Task/1"), read(w.now(), "{}", "Task/2")];
    let keys = w.append(&rows).await;
    // A suite cleans up before anything is sealed, and again afterwards.
    remove(&w, keys[0]).await;
    w.seal().await;
    let verdict = w.holds().await;
    assert_eq!((verdict.sealed, verdict.removed_by_switch), (2, 1));
    w.advance(Duration::from_secs(60));
    let more = w.append(&[read(w.now(), "{}", "Task/3"), read(w.now(), "{}", "Task/4")]).await;
    remove(&w, more[1]).await;
    w.seal().await;
    remove(&w, more[0]).await;
    w.advance(Duration::from_secs(60));
    w.append(&[read(w.now(), "{}", "Task/5")]).await;
    w.seal().await;
    let verdict = w.holds().await;
    assert_eq!((verdict.sealed, verdict.removed_by_switch), (5, 3));
    assert_eq!(w.found(&wanted()).await, ["Task/5", "Task/2"]);
});

async fn remove(w: &World, key: i64) {
    let removal =
        Removal { at: w.now(), stamp: key + 1, origin: "d".to_owned(), content: "{}".to_owned() };
    let id = audit::event_id(key);
    let gone = w.scope(D).write(move |tx| audit::remove_event(tx, &id, &removal)).await;
    assert!(gone.unwrap());
}

both!(rows_about_a_patient_are_found_in_both_generations, |store| async move {
    let w = world(store).await;
    let about = |focal: &str| read(w.now(), "{}", focal);
    let named = Entry { patient: Some("Patient/1".to_owned()), ..plain(w.now()) };
    w.append(&[about("Patient/1"), about("Patient/2"), named]).await;
    let filter = Filter { patient: Some("Patient/1".to_owned()), ..Filter::default() };
    let rows = w.read(move |tx| audit::search(tx, &filter, 10)).await;
    let seen: Vec<_> =
        rows.iter().map(|row| (row.focal.as_deref(), row.patient.as_deref())).collect();
    assert_eq!(seen, [(Some("Patient/1"), None), (None, Some("Patient/1"))]);
});
