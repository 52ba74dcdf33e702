//! The decision that the FHIR service takes on a request, in words.

use koppeltaal_core::directory::{ConnectedInstance, Directory};
use koppeltaal_core::trace::is_fhir_id;
use koppeltaal_core::{Error, Result};
use koppeltaal_store::Store;
use koppeltaal_store::resource::read;
use serde_json::{Value, json};

use super::request::{Request, Target};
use super::verdict::{Reached, Subject, Verdict};

/// What is said of an interaction that the FHIR service does not have.
const NOT_SERVED: &str = "the server does not have this interaction: 404 or 405";

/// Says whether an instance may make a request, by which rule, and why; and
/// whether the server has the interaction. `origin`: as if the resource came from
/// this instance; nothing is looked up.
pub async fn explain<'a>(
    store: &Store,
    directory: &'a Directory,
    instance: &'a ConnectedInstance,
    asked: &'a str,
    origin: Option<&str>,
) -> Result<Explained<'a>> {
    let request = Request::parse(asked)?;
    let subject = match (&request.target, origin) {
        (Target::Resource(..), Some(origin)) => {
            Subject::Resource { origin: Some(client_id(directory, origin)?), deleted: false }
        }
        (Target::Resource(name, id), None) => stored(store, instance, name, id).await?,
        (_, None) => Subject::Several,
        (_, Some(_)) => {
            let text = "an origin is for a request on one resource, such as \"GET Task/<id>\"";
            return Err(Error::Invalid(text.to_owned()));
        }
    };
    let verdict = Verdict::of(directory, instance, &request, &subject);
    Ok(Explained { directory, instance, asked, request, subject, verdict })
}

/// The client_id that an origin means: a user name stands for that of its instance.
fn client_id(directory: &Directory, origin: &str) -> Result<String> {
    if let Some(instance) = directory.instance_by_username(origin) {
        return Ok(instance.instance.client_id.clone());
    }
    let id = origin.strip_prefix("Device/").unwrap_or(origin);
    if !is_fhir_id(id) {
        return Err(Error::Invalid(format!("the origin `{origin}` is no client_id")));
    }
    Ok(id.to_owned())
}

async fn stored(
    store: &Store,
    instance: &ConnectedInstance,
    resource_type: &'static str,
    id: &str,
) -> Result<Subject> {
    let id = id.to_owned();
    let scope = store.scope(&instance.domain);
    let stored = scope.read(move |tx| read(tx, resource_type, &id)).await?;
    Ok(stored.map_or(Subject::Missing, |stored| Subject::Resource {
        origin: Some(stored.origin).filter(|origin| !origin.is_empty()),
        deleted: stored.deleted,
    }))
}

/// A verdict with what was asked.
pub struct Explained<'a> {
    directory: &'a Directory,
    instance: &'a ConnectedInstance,
    asked: &'a str,
    request: Request,
    subject: Subject,
    verdict: Verdict,
}

impl Explained<'_> {
    fn resource(&self) -> Option<String> {
        Some(match &self.request.target {
            Target::Public => return None,
            Target::Type(name) => (*name).to_owned(),
            Target::Resource(name, id) => format!("{name}/{id}"),
        })
    }

    fn origin(&self) -> Option<&str> {
        match &self.subject {
            Subject::Resource { origin, .. } => origin.as_deref(),
            Subject::Several | Subject::Missing => None,
        }
    }

    /// What the server answers whatever the verdict is. Who gets no token does
    /// not come so far.
    fn note(&self) -> Option<&'static str> {
        (!self.request.is_served && self.instance.takes_part()).then_some(NOT_SERVED)
    }

    /// As JSON.
    pub fn json(&self) -> Value {
        let reach = match &self.verdict.reach {
            Some(Reached::All) => json!({"all": true, "devices": []}),
            Some(Reached::Of(devices)) => json!({"all": false, "devices": devices}),
            None => Value::Null,
        };
        json!({
            "instance": self.instance.name(),
            "domain": self.instance.domain.name,
            "role": self.instance.instance.role,
            "request": self.asked,
            "operation": self.request.operation.to_string(),
            "resource": self.resource(),
            "origin": self.origin(),
            "allowed": self.verdict.allowed,
            "rule": self.verdict.rule,
            "reach": reach,
            "reason": self.verdict.reason,
            "note": self.note(),
        })
    }

    /// As rows for people: what, and its value.
    pub fn rows(&self) -> Vec<Vec<String>> {
        let allowed = if self.verdict.allowed { "yes" } else { "no" };
        let reach = self.verdict.reach.as_ref().map(|reach| match reach {
            Reached::All => "ALL".to_owned(),
            Reached::Of(devices) if devices.is_empty() => "nothing".to_owned(),
            Reached::Of(devices) => {
                devices.iter().map(|id| self.device(id)).collect::<Vec<_>>().join(", ")
            }
        });
        [
            ("instance", Some(self.instance.name().to_owned())),
            ("domain", Some(self.instance.domain.name.clone())),
            ("role", self.instance.instance.role.clone()),
            ("request", Some(self.asked.to_owned())),
            ("operation", Some(self.request.operation.to_string())),
            ("resource", self.resource()),
            ("origin", self.origin().map(|id| self.device(id))),
            ("allowed", Some(allowed.to_owned())),
            ("rule", self.verdict.rule.clone()),
            ("reach", reach),
            ("reason", Some(self.verdict.reason.clone())),
            ("note", self.note().map(str::to_owned)),
        ]
        .into_iter()
        .filter_map(|(key, value)| Some(vec![key.to_owned(), value?]))
        .collect()
    }

    /// A Device with the name by which people know its instance.
    fn device(&self, id: &str) -> String {
        let domain = &self.instance.domain;
        let instance = self.directory.instance_by_client_id(domain.number, id);
        match instance {
            Some(instance) if instance.instance.client_id == self.instance.instance.client_id => {
                format!("Device/{id} (its own)")
            }
            Some(instance) => format!("Device/{id} ({})", instance.name()),
            None if id == domain.server_device => format!("Device/{id} (this server)"),
            None => format!("Device/{id}"),
        }
    }
}
