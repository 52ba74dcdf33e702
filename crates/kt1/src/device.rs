//! GET Device/{n} and Device/_search: the applications of the caller's domain;
//! ActivityDefinitions refer to them (spec 1.1, E12; 2.6).

use std::sync::Arc;

use koppeltaal_core::directory::Application;
use koppeltaal_fhir::dstu1::{Entry, Link, names};
use koppeltaal_fhir::{Node, object};

use crate::answer::{Answer, Refusal};
use crate::app::{App, Inner};
use crate::call::{Call, Caller};
use crate::feed::{self, Found, Paging};

/// One application as a Device.
pub fn read(app: &App, caller: &Caller, number: i64) -> Result<Answer, Refusal> {
    applications(app, caller)
        .iter()
        .find(|application| application.number == number)
        .map(|application| Answer::tree(device(application)))
        .ok_or_else(|| Refusal::not_found(format!("There is no Device {number} in this domain.")))
}

/// The applications of the domain.
pub fn search(app: &App, call: &Call, caller: &Caller) -> Answer {
    let (count, page) = (feed::count(call), feed::page(call));
    let id = call.query.get("_id");
    let all: Vec<_> = applications(app, caller)
        .into_iter()
        .filter(|application| id.is_none_or(|id| id == application.number.to_string()))
        .collect();
    let skip = usize::try_from((page - 1).saturating_mul(count)).unwrap_or(usize::MAX);
    let shown = usize::try_from(count).unwrap_or(usize::MAX);
    let entry: Vec<Entry> = all
        .iter()
        .skip(skip)
        .take(shown)
        .map(|application| self::entry(app, application))
        .collect();
    let more = all.len() > skip.saturating_add(entry.len());
    let paging = Paging { page, count, next: more.then(String::new) };
    let found = Found {
        collection: "Device",
        entry,
        total: i64::try_from(all.len()).unwrap_or(i64::MAX),
        paging: Some(paging),
    };
    Answer::tree(feed::bundle(app, call, found))
}

/// The applications with an instance in the caller's domain, by number.
fn applications(app: &Inner, caller: &Caller) -> Vec<Arc<Application>> {
    let directory = app.directory();
    let mut found: Vec<Arc<Application>> = Vec::new();
    for instance in directory.instances_of(caller.domain.number) {
        if !found.iter().any(|known| known.number == instance.application.number) {
            found.push(instance.application.clone());
        }
    }
    found.sort_by_key(|application| application.number);
    found
}

fn entry(app: &Inner, application: &Application) -> Entry {
    let url = app.links.device(application.number);
    Entry {
        title: Some(format!("Device resource with IID={}", application.number)),
        id: Some(url.clone()),
        link: vec![Link::new("self", url)],
        content: Some(device(application)),
        ..Entry::default()
    }
}

fn device(application: &Application) -> Node {
    let coding = |system: &str, code: &str| {
        object! { "coding" => [object! { "system" => system, "code" => code, "display" => code }] }
    };
    let roles: Vec<Node> = application
        .application_roles
        .iter()
        .map(|role| {
            object! {
                "url" => names::APPLICATION_ROLES,
                "valueCodeableConcept" => coding(names::system::APPLICATION_ROLES, role),
            }
        })
        .collect();
    let mut device = object! {
        "resourceType" => "Device",
        "id" => application.number.to_string(),
    };
    if let Some(members) = device.as_object_mut() {
        if !roles.is_empty() {
            members.push("extension", roles);
        }
        members.push("identifier", [object! { "value" => &application.id }]);
        members.push("type", coding(names::system::DEVICE_KIND, "Application"));
        if let Some(title) = &application.title {
            members.push("model", title);
        }
        if let Some(url) = &application.launch_url {
            members.push("url", url);
        }
    }
    device
}
