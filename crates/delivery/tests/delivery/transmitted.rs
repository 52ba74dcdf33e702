//! Each attempt at a rest-hook is an AuditEvent, with the ids that were sent
//! (Koppeltaal 2.0, TOP-KT-006, K006-11).

use koppeltaal_core::notification::State;
use koppeltaal_fhir::r4::audit_event::{Particulars, join};
use koppeltaal_fhir::{Node, json};
use koppeltaal_store::audit::{self, EventRow, Lookup, Order, OrderBy, Wanted};
use koppeltaal_store::both;

use crate::hook::{Answer, Hook};
use crate::world::{TEST, World};

async fn transmitted(world: &World) -> Vec<EventRow> {
    let wanted = Wanted {
        shapes: None,
        dates: vec![],
        written: vec![],
        lookups: vec![vec![Lookup::Trace("trace".to_owned())]],
        keys: None,
        order: Order { by: OrderBy::Key, is_descending: false },
        after: None,
        limit: 99,
    };
    world.scope(TEST).read(move |tx| audit::events(tx, &wanted)).await.unwrap()
}

fn rendered(row: &EventRow) -> String {
    let node: Node = join(
        row.shape_json.as_deref().unwrap(),
        &Particulars {
            id: "id",
            recorded: "2024-06-01T00:00:00Z",
            last_updated: "2024-06-01T00:00:00Z",
            focal: row.focal.as_deref(),
            version: row.version.as_deref(),
            outcome_desc: row.detail.as_deref(),
            request_id: row.request_id.as_deref(),
            trace_id: row.trace_id.as_deref(),
            correlation_id: row.correlation_id.as_deref(),
            content: row.content.as_deref(),
        },
    );
    json::render(&node)
}

both!(each_attempt_leaves_an_audit_event_with_the_ids_that_were_sent, |store| async {
    let mut world = World::new(&store);
    world.subscriber().await;
    let domain = "INSERT INTO domain (number, name, settings) VALUES ($1, 'test', '{}')";
    world.sql(domain, vec![TEST.into()]).await;
    world
        .sql(
            "INSERT INTO domain_device (domain, device) VALUES ($1, 'server-device')",
            vec![TEST.into()],
        )
        .await;
    let hook = Hook::start(Answer::Script(vec![Answer::status(500), Answer::status(200)])).await;
    world.subscribe(5, &hook.url()).await;
    let id = world.ping(5, 1).await[0];
    let _delivery = world.start();
    world.tried(id, 1).await;
    world.advance_to_head(5).await;
    world.until_lane(5, State::Delivered, 1).await;

    let events = transmitted(&world).await;
    assert_eq!(events.len(), 2);
    let correlation = format!("r-{id}");
    for (event, received) in events.iter().zip(hook.received()) {
        assert_eq!(event.request_id.as_deref(), received.header("x-request-id"));
        assert_eq!(event.correlation_id.as_deref(), Some(correlation.as_str()));
        assert_eq!(event.focal.as_deref(), Some("Task/t"));
    }
    let [failed, delivered] = [rendered(&events[0]), rendered(&events[1])];
    for text in [&failed, &delivered] {
        for part in [
            "\"code\":\"transmit\"",
            "\"action\":\"E\"",
            "Device/requester-device",
            "Device/d\"",
            "Device/server-device",
            "Task/t/_history/1",
            "Subscription/sub-5/_history/1",
            hook.url().as_str(),
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
    let words = "Failed to deliver webhook notification. Error message: answered 500";
    assert!(failed.contains("\"outcome\":\"4\"") && failed.contains(words), "{failed}");
    assert!(delivered.contains("\"outcome\":\"0\""), "{delivered}");
    assert!(!delivered.contains("outcomeDesc"), "{delivered}");
});
