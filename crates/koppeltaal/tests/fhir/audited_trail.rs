//! The AuditEvents of `zorg` as they stand in its trail, put together by the test.

use koppeltaal_core::trace::Trace;
use koppeltaal_fhir::json;
use koppeltaal_fhir::r4::audit_event::{Particulars, join};
use koppeltaal_store::audit::{self, EventRow, Lookup, Order, OrderBy, Wanted};
use serde_json::Value;
use uuid::Uuid;

use crate::cast::ZORG;
use crate::client::Client;
use crate::reply::Reply;
use crate::support::eventually;
use crate::world::World;

/// What every event may be searched by.
fn wanted(lookups: Vec<Vec<Lookup>>) -> Wanted {
    Wanted {
        shapes: None,
        dates: Vec::new(),
        written: Vec::new(),
        lookups,
        keys: None,
        order: Order { by: OrderBy::Key, is_descending: false },
        after: None,
        limit: 100_000,
    }
}

fn shown(row: &EventRow) -> Value {
    let particulars = Particulars {
        id: &row.id(),
        recorded: &row.date.to_instant_millis(),
        last_updated: &row.date.to_instant_millis(),
        focal: row.focal.as_deref(),
        version: row.version.as_deref(),
        outcome_desc: row.detail.as_deref(),
        request_id: row.request_id.as_deref(),
        trace_id: row.trace_id.as_deref(),
        correlation_id: row.correlation_id.as_deref(),
        content: row.content.as_deref(),
    };
    let event = join(row.shape_json.as_deref().unwrap(), &particulars);
    serde_json::from_str(&json::render(&event)).unwrap()
}

impl World {
    async fn rows(&self, lookups: Vec<Vec<Lookup>>) -> Vec<EventRow> {
        let scope = self.app.server.store().scope(&self.app.domain(ZORG));
        scope.read(move |tx| audit::events(tx, &wanted(lookups.clone()))).await.unwrap()
    }

    /// Every AuditEvent, oldest first, once everything is written.
    pub async fn every_event(&self) -> Vec<Value> {
        self.settled().await;
        self.rows(Vec::new()).await.iter().map(shown).collect()
    }

    /// The AuditEvents by which this finds them.
    pub async fn events_by(&self, lookup: Lookup) -> Vec<Value> {
        self.settled().await;
        self.rows(vec![vec![lookup]]).await.iter().map(shown).collect()
    }

    /// The AuditEvents of a trace, once everything is written.
    pub async fn traced(&self, trace: &str) -> Vec<Value> {
        self.events_by(Lookup::Trace(trace.to_owned())).await
    }

    /// Waits until what was recorded before is written: rows are written in their
    /// order.
    pub async fn settled(&self) {
        let mark = Uuid::new_v4().to_string();
        let reader = self.client("reader").await;
        reader.get_with("Patient/none", &[("x-trace-id", &mark)]).await.expect(404);
        let find = Lookup::Trace(mark);
        let is_there = async || !self.rows(vec![vec![find.clone()]]).await.is_empty();
        eventually("the mark in the trail", is_there).await;
    }

    /// A request with ids of its own, its answer, and the AuditEvents of it.
    pub async fn told(
        &self,
        client: &Client,
        (method, path): (&str, &str),
        headers: &[(&str, &str)],
        body: &str,
    ) -> (Reply, Vec<Value>) {
        let trace = ids();
        let mut all = vec![
            ("x-request-id", trace.request_id.as_str()),
            ("x-trace-id", trace.trace_id.as_str()),
            ("x-correlation-id", trace.correlation_id.as_deref().unwrap()),
        ];
        all.extend(headers);
        let reply = client.call(method, path, &all, body.to_owned()).await;
        let events = self.traced(&trace.trace_id).await;
        for event in &events {
            assert_eq!(id(event, "request-id"), trace.request_id, "{event:#}");
            assert_eq!(Some(id(event, "correlation-id")), trace.correlation_id, "{event:#}");
        }
        (reply, events)
    }

    /// The same, of a request that leaves one event.
    pub async fn one(
        &self,
        client: &Client,
        request: (&str, &str),
        headers: &[(&str, &str)],
        body: &str,
    ) -> (Reply, Value) {
        let (reply, mut events) = self.told(client, request, headers, body).await;
        assert_eq!(events.len(), 1, "{request:?} {}: {events:#?}", reply.text());
        (reply, events.remove(0))
    }
}

fn ids() -> Trace {
    let id = || Uuid::new_v4().to_string();
    Trace { request_id: id(), correlation_id: Some(id()), trace_id: id() }
}

/// The one value of an extension of Koppeltaal.
#[track_caller]
pub fn id(event: &Value, name: &str) -> String {
    let url = format!("{}{name}", crate::resources::KT2);
    let found: Vec<&Value> =
        event["extension"].as_array().unwrap().iter().filter(|it| it["url"] == *url).collect();
    assert_eq!(found.len(), 1, "{name}: {event:#}");
    found[0]["valueId"].as_str().unwrap().to_owned()
}
