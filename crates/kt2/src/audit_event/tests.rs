//! AuditEvents are found in the trail as they would be if each were asked by itself,
//! page by page, and in no other domain.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use koppeltaal_core::audit::{Action, Entry, EventBody};
use koppeltaal_core::directory::Domain;
use koppeltaal_core::search::Condition;
use koppeltaal_core::{Error, Timestamp};
use koppeltaal_fhir::r4::audit_event::{self as made, Agent, AuditEvent, Entity, Outcome, Who};
use koppeltaal_fhir::{Node, json};
use koppeltaal_store::resource::Stored;
use koppeltaal_store::resource::search::Search;
use koppeltaal_store::{DomainTx, Ids, Scope, Store, audit, both};

use super::*;
use crate::catalog::Catalog;
use crate::kept;
use crate::matches::{Alone, Subject, matches_all};
use crate::query::{Context, Query, parse};

const NOW: Timestamp = Timestamp(1_795_314_490_123_000);
/// A day and an hour, so that the events lie in several months.
const STEP: Duration = Duration::from_secs(25 * 3_600);

fn later(events: u32) -> Timestamp {
    NOW.plus(STEP * events)
}

/// An event of an application.
fn reported(number: u32) -> Entry {
    let outcome = ["0", "4", "8", "12"][number as usize % 4];
    let recorded = later(number).to_instant_millis();
    let text = format!(
        r#"{{"resourceType":"AuditEvent","meta":{{"profile":["{}"]}},"extension":[
        {{"url":"http://koppeltaal.nl/fhir/StructureDefinition/resource-origin",
          "valueReference":{{"reference":"Device/app{}"}}}},
        {{"url":"http://koppeltaal.nl/fhir/StructureDefinition/trace-id","valueId":"t-{}"}}],
        "type":{{"system":"http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle","code":"receive"}},
        "action":"E","recorded":"{recorded}","outcome":"{outcome}","outcomeDesc":"Fout {number}",
        "agent":[{{"who":{{"reference":"Device/app{}"}},"requestor":true,
          "network":{{"address":"10.0.0.{}","type":"2"}}}}],
        "source":{{"observer":{{"reference":"Device/app1"}}}},
        "entity":[{{"what":{{"reference":"Task/{}/_history/{number}"}},"name":"Taak {}"}},
          {{"what":{{"reference":"Subscription/s1/_history/2"}}}}]}}"#,
        made::PROFILE,
        number % 2,
        number % 5,
        number % 2,
        number % 3,
        number % 7,
        number % 4,
    );
    let node = json::parse(text.as_bytes()).unwrap();
    super::create::entry_of(&node, None, Entry::new(Action::Report, later(number), "app"))
}

/// An event that the server made.
fn recorded(number: u32) -> Entry {
    let subtype = ["read", "update", "search-type"][number as usize % 3];
    let entity = |what: String| Entity {
        what: Some(what),
        kind: Some(made::resource_type("Task")),
        ..Entity::default()
    };
    let mut entities = vec![entity(format!("Task/{}/_history/1", number % 7))];
    if number.is_multiple_of(2) {
        entities.push(entity(format!("Task/{}/_history/3", (number + 1) % 7)));
    }
    let event = AuditEvent {
        origin: format!("app{}", number % 2),
        kind: made::rest(),
        subtype: Some(made::interaction(subtype)),
        action: ['R', 'U', 'E'][number as usize % 3],
        outcome: [Outcome::Success, Outcome::Minor][number as usize % 2],
        agents: vec![Agent {
            kind: made::source(),
            who: Who::Device(format!("app{}", number % 2)),
            is_requestor: true,
            network: None,
        }],
        site: Some("zorg".to_owned()),
        observer: "server".to_owned(),
        source_type: None,
        entities,
    };
    let split = event.split();
    Entry {
        focal: split.focal,
        version: split.version,
        trace_id: Some(format!("t-{}", number % 5)),
        request_id: Some(format!("r-{number}")),
        resource: Some(EventBody {
            shape: split.shape.into(),
            date: later(number),
            content: split.content,
            keys: split.keys,
            id: None,
        }),
        ..Entry::new(Action::Read, later(number), "app")
    }
}

/// A domain with events. What a process knows of a store is its own.
struct World {
    scope: Scope,
    ids: Arc<Ids>,
    all: Vec<Stored>,
}

fn scope(store: &Store, number: i64) -> Scope {
    store.scope(&Domain { number, ..Domain::default() })
}

async fn append(scope: &Scope, ids: &Arc<Ids>, entry: Entry) -> i64 {
    try_append(scope, ids, entry).await.unwrap()[0]
}

async fn try_append(scope: &Scope, ids: &Arc<Ids>, entry: Entry) -> Result<Vec<i64>, Error> {
    let ids = ids.clone();
    let work = move |tx: &mut DomainTx<'_>| audit::append(tx, &ids, std::slice::from_ref(&entry));
    scope.write(work).await
}

async fn filled(store: &Store) -> World {
    let (scope, other) = (scope(store, 1), scope(store, 2));
    let ids = Arc::new(Ids::of_node(1));
    for number in 0..60 {
        let entry = if number % 3 == 0 { reported(number) } else { recorded(number) };
        append(&scope, &ids, entry.clone()).await;
        append(&other, &ids, entry).await;
    }
    let all = scope.read(|tx| oldest_first(tx, 0, 1_000)).await.unwrap();
    assert_eq!(all.len(), 60);
    World { scope, ids, all }
}

fn query(text: &str) -> Query {
    let pairs: Vec<(String, String)> = text
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let catalog = Catalog::built_in();
    let now = later(60);
    let context =
        Context { catalog: &catalog, bases: &[], now, is_strict: true, with_unready: false };
    parse(KIND, &pairs, &context).unwrap()
}

fn is_met(conditions: &[Condition], event: &Stored) -> bool {
    let node = json::parse(event.render().as_bytes()).unwrap();
    let indexed = Catalog::built_in().index(&node, None);
    let subject = Subject {
        resource_type: KIND,
        id: &event.id,
        origin: &event.origin,
        updated: event.updated,
        rows: &indexed.rows,
        words: &indexed.words,
    };
    matches_all(conditions, &subject, &Alone)
}

impl World {
    /// All pages of a search.
    async fn found(&self, query: &Query, limit: i64) -> Vec<String> {
        let mut search = Search {
            resource_type: KIND.to_owned(),
            conditions: query.conditions.clone(),
            sort: query.sort.clone(),
            after: None,
            limit,
        };
        let mut found = Vec::new();
        loop {
            let wanted = search.clone();
            let page = self.scope.read(move |tx| page(tx, &Catalog::built_in(), &wanted));
            let page = page.await.unwrap();
            found.extend(page.found.into_iter().map(|event| event.id));
            match page.next {
                Some(next) => search.after = Some(next),
                None => return found,
            }
        }
    }

    async fn is_exact(&self, query: &Query) -> bool {
        let conditions = query.conditions.clone();
        let plan = move |tx: &mut DomainTx<'_>| {
            Ok(super::plan::plan(tx, &Catalog::built_in(), &conditions)?.rest.is_empty())
        };
        self.scope.read(plan).await.unwrap()
    }
}

fn instant(number: u32) -> String {
    later(number).to_instant_millis()
}

/// Searches that the trail answers without looking at events.
fn exact() -> Vec<String> {
    let day = &instant(20)[..10];
    [
        "".to_owned(),
        "subtype=read".to_owned(),
        "subtype=http://hl7.org/fhir/restful-interaction|update,search-type".to_owned(),
        "subtype:not=read&outcome=0".to_owned(),
        "type=receive&action=E".to_owned(),
        "agent=Device/app0&source=Device/server".to_owned(),
        "resource-origin=Device/app1".to_owned(),
        "site=zorg&entity-type=Task".to_owned(),
        "altid:missing=true".to_owned(),
        "entity=Task/3".to_owned(),
        "entity=Task/3,Task/4&type=rest".to_owned(),
        "entity=3".to_owned(),
        "entity=Subscription/s1".to_owned(),
        "entity=Subscription/s1/_history/9".to_owned(),
        "traceId=t-1".to_owned(),
        "traceId=|t-1,t-2&outcome=4".to_owned(),
        "requestId=r-7".to_owned(),
        "correlationId=none".to_owned(),
        "type=none".to_owned(),
        format!("date=ge{}", instant(30)),
        format!("date=gt{}", instant(30)),
        format!("date=le{}&date=ge{}", instant(30), instant(4)),
        format!("date=lt{}", instant(30)),
        format!("date={}", instant(30)),
        format!("date=ne{}", instant(30)),
        format!("date=sa{}", instant(30)),
        format!("date=eb{}", instant(30)),
        format!("date={day},ge{}", instant(55)),
        format!("date=ap{day}"),
        format!("_lastUpdated=ge{}", instant(30)),
        format!("subtype=read&date=ge{}", instant(10)),
        format!("type=receive&entity=Subscription/s1&date=ge{}", instant(10)),
    ]
    .into()
}

/// Searches for which each event is looked at.
fn looked_at() -> Vec<String> {
    [
        "address=10.0.0.1",
        "entity-name=taak&traceId=t-3",
        "entity:missing=true",
        "traceId:not=t-1",
        "_content=fout",
        "entity=https://elsewhere.example/Task/1",
        "patient=Task/1",
    ]
    .map(str::to_owned)
    .into()
}

both!(events_are_found_as_if_each_were_asked, |store| async move {
    let world = filled(&store).await;
    let mut met = 0;
    for (texts, is_exact) in [(exact(), true), (looked_at(), false)] {
        for text in texts {
            let mut query = query(&text);
            assert_eq!(world.is_exact(&query).await, is_exact, "{text}");
            let mut right: Vec<&Stored> =
                world.all.iter().filter(|event| is_met(&query.conditions, event)).collect();
            met += usize::from(!right.is_empty());
            let conditions = query.conditions.clone();
            let count = move |tx: &mut DomainTx<'_>| count(tx, &Catalog::built_in(), &conditions);
            let count = world.scope.read(count).await.unwrap();
            assert_eq!(count, right.len() as i64, "{text}");
            // Each was recorded when it was written: one order serves for both.
            for sort in ["-_lastUpdated", "_lastUpdated", "-date", "date", "-date,_id", "date,_id"]
            {
                query.sort = super::tests::query(&format!("_sort={sort}")).sort;
                right.sort_by_key(|event| event.key);
                if sort.starts_with('-') {
                    right.reverse();
                }
                let ids: Vec<&str> = right.iter().map(|event| event.id.as_str()).collect();
                assert_eq!(world.found(&query, 7).await, ids, "{text}&_sort={sort}");
            }
        }
    }
    assert!(met > 25, "most searches find something: {met}");
});

both!(an_event_is_found_by_its_id_in_its_own_domain, |store| async move {
    let world = filled(&store).await;
    let other = scope(&store, 2).read(|tx| oldest_first(tx, 0, 1_000)).await.unwrap();
    for (own, other) in world.all.iter().zip(other).take(5) {
        let both = query(&format!("_id={},{}", own.id, other.id));
        assert_eq!(world.found(&both, 10).await, std::slice::from_ref(&own.id));
        let (own, id) = (own.clone(), own.id.clone());
        let found = world.scope.read(move |tx| {
            assert_eq!(kept::read(tx, KIND, &other.id)?, None);
            assert_eq!(
                super::page::newest_first(tx, &Catalog::built_in(), &[], Some(i64::MAX), 100)?
                    .len(),
                60
            );
            kept::read(tx, KIND, &id)
        });
        assert_eq!(found.await.unwrap(), Some(own));
    }
});

both!(a_walk_ends_though_each_page_leaves_an_event, |store| async move {
    let world = filled(&store).await;
    for text in ["_sort=_lastUpdated", "_sort=date", "_sort=-date", "_sort=_id"] {
        let query = query(text);
        let mut search = Search {
            resource_type: KIND.to_owned(),
            conditions: Vec::new(),
            sort: query.sort,
            after: None,
            limit: 25,
        };
        let mut found = BTreeSet::new();
        let before = world.scope.read(|tx| count(tx, &Catalog::built_in(), &[])).await.unwrap();
        for turn in 0..10 {
            let wanted = search.clone();
            let page = world.scope.read(move |tx| page(tx, &Catalog::built_in(), &wanted));
            let page = page.await.unwrap();
            for event in page.found {
                assert!(found.insert(event.id), "no event is given twice");
            }
            append(&world.scope, &world.ids, recorded(100 + turn)).await;
            match page.next {
                Some(next) => search.after = Some(next),
                None => break,
            }
        }
        assert_eq!(found.len() as i64, before, "{text}");
    }
});

both!(a_cursor_of_another_order_is_refused, |store| async move {
    let world = filled(&store).await;
    let search = |sort: &str| Search {
        resource_type: KIND.to_owned(),
        conditions: Vec::new(),
        sort: query(&format!("_sort={sort}")).sort,
        after: None,
        limit: 5,
    };
    let (by_two, mut by_key) = (search("action,_id"), search("-_lastUpdated"));
    let first = world.scope.read(move |tx| page(tx, &Catalog::built_in(), &by_two));
    by_key.after = first.await.unwrap().next;
    assert!(by_key.after.is_some());
    let refused = world.scope.read(move |tx| page(tx, &Catalog::built_in(), &by_key)).await;
    assert!(matches!(refused, Err(Error::Invalid(_))));
});

both!(a_removed_event_reads_as_deleted, |store| async move {
    let world = filled(&store).await;
    let (first, now) = (world.all[0].clone(), later(70));
    let (id, ids) = (first.id.clone(), world.ids.clone());
    let work = move |tx: &mut DomainTx<'_>| {
        assert!(remove(tx, &ids, &id, now)?);
        assert!(!remove(tx, &ids, &id, now)?);
        let found = read(tx, &id)?.unwrap();
        let versions = history(&found, None, 10);
        Ok((found, versions, count(tx, &Catalog::built_in(), &[])?))
    };
    let (found, versions, left) = world.scope.write(work).await.unwrap();
    assert!(found.deleted && found.version == 2 && found.origin == first.origin);
    assert_eq!((found.updated, left), (now, 59));
    assert_eq!(versions, [found.clone(), first.clone()]);
    assert_eq!(versions_since(&found, Some(now)), (2, 1));
    assert_eq!(version_of(found, 1), Some(first));
});

both!(who_took_part_in_an_event_is_held_by_it, |store| async move {
    let world = filled(&store).await;
    let parameters = Catalog::built_in().parameters.referring([KIND]);
    for (name, is_held) in [("app0", true), ("server", true), ("app9", false)] {
        let parameters = parameters.clone();
        let held = world
            .scope
            .read(move |tx| holds(tx, &Catalog::built_in(), ("Device", name), &parameters));
        assert_eq!(held.await.unwrap(), is_held, "{name}");
    }
    let task =
        move |tx: &mut DomainTx<'_>| holds(tx, &Catalog::built_in(), ("Task", "3"), &parameters);
    assert!(!world.scope.read(task).await.unwrap(), "an entity may be gone");
});

both!(what_an_application_reported_is_kept_as_it_was_sent, |store| async move {
    let scope = scope(&store, 1);
    let key = append(&scope, &Arc::new(Ids::of_node(1)), reported(3)).await;
    let id = audit::event_id(key);
    let event = scope.read(move |tx| read(tx, &id)).await.unwrap().unwrap();
    let node: Node = json::parse(event.render().as_bytes()).unwrap();
    assert_eq!(node.items("entity").len(), 2);
    assert_eq!(node.get("outcomeDesc").and_then(Node::as_str), Some("Fout 3"));
    assert_eq!((event.version, event.key, event.origin.as_str()), (1, key, "app1"));
    assert_eq!(event.updated, koppeltaal_core::id::time_of_key(key));
});

both!(an_id_from_outside_is_kept_and_taken_once, |store| async move {
    let scope = scope(&store, 1);
    let entry = || {
        let mut entry = reported(3);
        entry.resource.as_mut().unwrap().id = Some("gelezen-1".to_owned());
        entry
    };
    let ids = Arc::new(Ids::of_node(1));
    append(&scope, &ids, entry()).await;
    let event = scope.read(|tx| read(tx, "gelezen-1")).await.unwrap().unwrap();
    assert_eq!(event.id, "gelezen-1");
    assert!(matches!(try_append(&scope, &ids, entry()).await, Err(Error::Conflict(_))));
});
