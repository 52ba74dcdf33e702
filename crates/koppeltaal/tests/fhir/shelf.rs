//! Resources put into the store past the REST face: elements that the Koppeltaal
//! profiles leave out, any origin, any time. They are indexed as the face does it.

use std::sync::Arc;

use koppeltaal_core::Timestamp;
use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::resource::Body;
use koppeltaal_core::search::Indexer;
use koppeltaal_kt2::{Catalogs, entry_of_audit_event};
use koppeltaal_store::resource::{Indexed, New, create, delete, update};
use koppeltaal_store::{DomainTx, Ids, Scope, audit};
use serde_json::{Value, json};

use crate::cast::ZORG;
use crate::resources::ORIGIN;
use crate::world::World;

/// The store of a world, as the server itself writes to it.
pub struct Shelf<'w> {
    world: &'w World,
    ids: Arc<Ids>,
    catalogs: Catalogs,
    /// When all is written; the present when absent.
    pub at: Option<Timestamp>,
}

impl<'w> Shelf<'w> {
    pub async fn of(world: &'w World) -> Self {
        Self { world, ids: world.app.ids().await, catalogs: Catalogs::default(), at: None }
    }

    fn now(&self) -> Timestamp {
        self.at.unwrap_or_else(|| self.world.app.now())
    }

    fn scope(&self, domain: &str) -> Scope {
        self.world.app.store().scope(&self.world.app.domain(domain))
    }

    fn parts(&self, domain: &str, resource: &Value) -> (String, String, Body, Indexed) {
        let text = |name: &str| resource[name].as_str().unwrap().to_owned();
        let number = self.world.app.domain(domain).number;
        let (rows, words) = self.catalogs.index(number, &resource.to_string());
        let mut rest = resource.as_object().unwrap().clone();
        let meta = rest.remove("meta").unwrap_or_else(|| json!({}));
        rest.remove("resourceType");
        rest.remove("id");
        let members = |value: &Value| {
            let text = value.to_string();
            text[1..text.len() - 1].to_owned()
        };
        let body = Body::new(&members(&meta), &members(&Value::Object(rest)));
        (text("resourceType"), text("id"), body, Indexed { rows, words })
    }

    /// Keeps a resource with its own id; `origin` is the id of a Device and stands
    /// in the extension when the resource names none.
    pub async fn keep(&self, domain: &str, origin: &str, resource: &Value) {
        let resource = with_origin(resource, origin);
        if resource["resourceType"] == "AuditEvent" {
            return self.report(domain, &resource).await;
        }
        let (kind, id, body, indexed) = self.parts(domain, &resource);
        let (ids, now, origin) = (self.ids.clone(), self.now(), origin.to_owned());
        let write = move |tx: &mut DomainTx<'_>| {
            let new = New {
                resource_type: &kind,
                id: &id,
                origin: &origin,
                body: &body,
                indexed: &indexed,
            };
            create(tx, &ids, &new, now)
        };
        self.scope(domain).write(write).await.unwrap();
    }

    /// Adds an AuditEvent to the trail.
    async fn report(&self, domain: &str, event: &Value) {
        let node = koppeltaal_fhir::json::parse(event.to_string().as_bytes()).unwrap();
        let entry = Entry::new(Action::Report, self.now(), "shelf");
        let id = event["id"].as_str().map(str::to_owned);
        let (entry, ids) = (entry_of_audit_event(&node, id, entry), self.ids.clone());
        let write =
            move |tx: &mut DomainTx<'_>| audit::append(tx, &ids, std::slice::from_ref(&entry));
        self.scope(domain).write(write).await.unwrap();
    }

    /// Makes this the next version of a resource; AuditEvents have one.
    pub async fn change(&self, domain: &str, origin: &str, resource: &Value) {
        if resource["resourceType"] == "AuditEvent" {
            return;
        }
        let resource = with_origin(resource, origin);
        let (kind, id, body, indexed) = self.parts(domain, &resource);
        let (ids, now) = (self.ids.clone(), self.now());
        let write =
            move |tx: &mut DomainTx<'_>| update(tx, &ids, &kind, &id, None, &body, &indexed, now);
        self.scope(domain).write(write).await.unwrap();
    }

    /// Deletes a resource, whoever refers to it; AuditEvents stay.
    pub async fn remove(&self, domain: &str, kind: &'static str, id: &str) {
        if kind == "AuditEvent" {
            return;
        }
        let (ids, now, id) = (self.ids.clone(), self.now(), id.to_owned());
        let write = move |tx: &mut DomainTx<'_>| delete(tx, &ids, kind, &id, None, now);
        self.scope(domain).write(write).await.unwrap();
    }
}

impl World {
    /// Keeps resources of one type, each with its id.
    pub async fn keep(&self, kind: &str, all: &[(&str, Value)]) {
        let shelf = Shelf::of(self).await;
        for (id, content) in all {
            let mut resource = content.clone();
            resource["resourceType"] = kind.into();
            resource["id"] = (*id).into();
            shelf.keep(ZORG, "somebody", &resource).await;
        }
    }
}

/// The resource with the extension that names its origin.
fn with_origin(resource: &Value, origin: &str) -> Value {
    let mut resource = resource.clone();
    let extensions = resource["extension"].as_array().cloned().unwrap_or_default();
    if extensions.iter().all(|extension| extension["url"] != ORIGIN) {
        let mine = json!({
            "url": ORIGIN,
            "valueReference": { "reference": format!("Device/{origin}"), "type": "Device" },
        });
        resource["extension"] = extensions.into_iter().chain([mine]).collect();
    }
    resource
}
