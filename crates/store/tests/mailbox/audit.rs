//! The audit trail.

use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::event::Event;
use koppeltaal_store::audit::{self, Filter, SERVER};
use koppeltaal_store::both;

use crate::world::{D, E, at, world};

both!(rows_are_found_by_what_they_record, |store| async move {
    let w = world(store).await;
    w.write(|tx, ids| {
        let entries: Vec<Entry> = (0..5)
            .map(|n| Entry {
                instance: Some(7),
                event: (n == 1).then_some(Event::CreateOrUpdatePatient),
                patient: (n == 2).then(|| "p".to_owned()),
                focal: Some("f".to_owned()),
                version: Some("v".to_owned()),
                item: Some(9),
                detail: Some("d".to_owned()),
                request_id: (n == 3).then(|| "r".to_owned()),
                trace_id: (n == 4).then(|| "t".to_owned()),
                ..Entry::new(Action::ALL[n], at(n as u64), format!("agent {n}"))
            })
            .collect();
        audit::append(tx, ids, &entries)
    })
    .await;
    for (filter, agents) in [
        (Filter::default(), &["agent 0", "agent 1", "agent 2", "agent 3", "agent 4"][..]),
        (Filter { from: Some(at(3)), ..Filter::default() }, &["agent 3", "agent 4"]),
        (Filter { until: Some(at(2)), ..Filter::default() }, &["agent 0", "agent 1"]),
        (Filter { action: Some(Action::ALL[4]), ..Filter::default() }, &["agent 4"]),
        (Filter { agent: Some("agent 1".into()), ..Filter::default() }, &["agent 1"]),
        (Filter { patient: Some("p".into()), ..Filter::default() }, &["agent 2"]),
        (Filter { request_id: Some("r".into()), ..Filter::default() }, &["agent 3"]),
        (Filter { trace_id: Some("t".into()), ..Filter::default() }, &["agent 4"]),
    ] {
        let rows = w.read(move |tx| audit::search(tx, &filter, 100)).await;
        assert_eq!(rows.iter().map(|row| row.agent.as_str()).collect::<Vec<_>>(), agents);
    }
    let first = w.read(|tx| audit::search(tx, &Filter::default(), 2)).await;
    assert_eq!(first.len(), 2);
    assert_eq!(first[1].event, Some("CreateOrUpdatePatient"));
    assert_eq!((first[1].item, first[1].outcome.as_str()), (Some(9), "ok"));
    let after = Some(first[1].id);
    let rest =
        w.read(move |tx| audit::search(tx, &Filter { after, ..Filter::default() }, 100)).await;
    assert_eq!(rest.len(), 3);
});

both!(a_row_is_found_by_its_own_time_however_late_it_is_written, |store| async move {
    let w = world(store).await;
    for recorded in [at(100), at(0)] {
        w.write(move |tx, ids| {
            audit::append(tx, ids, &[Entry::new(Action::Read, recorded, "late")])
        })
        .await;
    }
    let until = Filter { until: Some(at(50)), ..Filter::default() };
    let rows = w.read(move |tx| audit::search(tx, &until, 100)).await;
    assert_eq!(rows.iter().map(|row| row.recorded).collect::<Vec<_>>(), [at(0)]);
    let from = Filter { from: Some(at(50)), ..Filter::default() };
    let rows = w.read(move |tx| audit::search(tx, &from, 100)).await;
    assert_eq!(rows.iter().map(|row| row.recorded).collect::<Vec<_>>(), [at(100)]);
});

both!(each_domain_and_the_server_have_their_own_trail, |store| async move {
    let w = world(store).await;
    let ids = w.ids.clone();
    w.store
        .write(move |tx| {
            let entry = |agent: &str| Entry::new(Action::Administration, at(0), agent);
            let entries = [(D, entry("d")), (E, entry("e")), (SERVER, entry("server"))];
            audit::append_across(tx, &ids, &entries)
        })
        .await
        .unwrap();
    for (domain, agent) in [(D, "d"), (E, "e")] {
        let rows = w.scope(domain).read(|tx| audit::search(tx, &Filter::default(), 10)).await;
        let rows = rows.unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].agent, agent);
        assert_eq!(rows[0].domain, domain);
    }
    let rows = w.store.read(|tx| audit::search_server(tx, &Filter::default(), 10)).await.unwrap();
    assert_eq!(rows[0].agent, "server");
});
