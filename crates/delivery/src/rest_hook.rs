//! What a rest-hook says (Koppeltaal 2.0, TOP-KT-006, 009), and whether its
//! subscriber may still read what it is about. It has no content.

use std::sync::Arc;
use std::time::Duration;

use koppeltaal_core::Timestamp;
use koppeltaal_core::directory::{ConnectedInstance, Directory, Domain};
use koppeltaal_core::permission::{Operation, Permissions, allows};
use koppeltaal_outbound::{FIXED_HEADERS, check_url, is_registered};
use koppeltaal_store::outbox::{LeasedLane, Ping};
use reqwest::header::{
    CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT,
};
use uuid::Uuid;

use crate::call::{Plan, Request};
use crate::webhook::{LAG, agent, shown};

/// Exactly as the standard prints it.
const MEDIA_TYPE: &str = "application/fhir+json; fhirVersion=4.0; charset=utf-8";

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const X_CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");
const X_TRACE_ID: HeaderName = HeaderName::from_static("x-trace-id");

/// What is to be done with a rest-hook now.
#[derive(Debug)]
pub(crate) struct Planned {
    /// That.
    pub(crate) plan: Plan,
    /// The id of the request that is sent.
    pub(crate) request_id: String,
    /// Whether it goes out although it could not be found out whether the
    /// subscriber may read what it is about.
    pub(crate) is_unchecked: bool,
}

/// The right was withdrawn after the resource had matched.
pub(crate) const WITHDRAWN: &str = "the subscriber may not read this resource any more";

/// Decides what is to be done.
pub(crate) fn plan(
    lane: &LeasedLane,
    ping: &Ping,
    directory: &Directory,
    now: Timestamp,
    timeout: Duration,
) -> Planned {
    let request_id = Uuid::new_v4().to_string();
    let planned =
        |plan, is_unchecked| Planned { plan, request_id: request_id.clone(), is_unchecked };
    let may_lag = now.since(ping.next_attempt) < LAG;
    let instance = match subscriber(lane, directory) {
        Ok(None) | Err(_) if may_lag => return planned(Plan::Wait, false),
        Ok(found) => found,
        Err(reason) => return planned(Plan::GiveUp(reason), false),
    };
    let reading = instance.map_or(Reading::Unknown, |one| may_read(ping, directory, one));
    if reading == Reading::Withdrawn {
        return planned(Plan::GiveUp(WITHDRAWN), false);
    }
    let is_ours = |domain: &&Arc<Domain>| domain.number == lane.domain;
    let Some(domain) = directory.domains().iter().find(is_ours).filter(|domain| domain.active)
    else {
        let plan = if may_lag { Plan::Wait } else { Plan::GiveUp("the domain is switched off") };
        return planned(plan, false);
    };
    let hosts = instance.map_or(&[][..], |one| &one.instance.hook_hosts);
    let plan = match request(lane, ping, domain, hosts, &request_id, timeout) {
        Ok(request) => Plan::Send(request),
        Err(reason) => Plan::Fail(shown(&lane.subscriber.endpoint), reason),
    };
    planned(plan, reading == Reading::Unknown)
}

/// Whose subscription it is: by its Device, because the directory may have learned of the
/// instance later. `None`: nobody whom the directory knows; nothing can be said of what he may
/// read, and a ping without content goes out (as it was matched).
fn subscriber<'a>(
    lane: &LeasedLane,
    directory: &'a Directory,
) -> Result<Option<&'a Arc<ConnectedInstance>>, &'static str> {
    let Some(instance) = directory.instance_by_client_id(lane.domain, &lane.subscriber.origin)
    else {
        return Ok(None);
    };
    if !instance.takes_part() {
        return Err("the subscriber, its application or its domain is switched off");
    }
    Ok(Some(instance))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    Allowed,
    Withdrawn,
    /// The origin is not known, and the right depends on it: a ping without
    /// content goes out then.
    Unknown,
}

fn may_read(ping: &Ping, directory: &Directory, instance: &ConnectedInstance) -> Reading {
    let Some(role) = directory.role_of(&instance.instance) else { return Reading::Withdrawn };
    let permissions = Permissions::of_role(role, &instance.instance.client_id);
    let resource_type = ping.resource.split('/').next().unwrap_or_default();
    let origin = ping.origin.as_deref();
    let decision = allows(&permissions, Operation::Read, resource_type, origin);
    if decision.allowed {
        Reading::Allowed
    } else if decision.grounds == koppeltaal_core::permission::Grounds::WithoutOrigin {
        Reading::Unknown
    } else {
        Reading::Withdrawn
    }
}

fn request(
    lane: &LeasedLane,
    ping: &Ping,
    domain: &Domain,
    hosts: &[String],
    request_id: &str,
    timeout: Duration,
) -> Result<Request, String> {
    let (url, reach) = check_url(&lane.subscriber.endpoint, domain)?;
    if !is_registered(&url, hosts) {
        return Err("the host is none of those registered for the subscriber".to_owned());
    }
    let mut headers = HeaderMap::new();
    headers.insert(USER_AGENT, agent());
    for line in &lane.subscriber.headers {
        let (name, value) = line.split_once(':').ok_or("a line of channel.header has no colon")?;
        let odd = || "a line of channel.header is no valid header".to_owned();
        let name = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| odd())?;
        if FIXED_HEADERS.contains(&name.as_str()) {
            continue;
        }
        let mut value = HeaderValue::from_bytes(value.trim().as_bytes()).map_err(|_| odd())?;
        value.set_sensitive(true);
        if name == USER_AGENT {
            headers.insert(name, value);
        } else {
            headers.append(name, value);
        }
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    let ids = [
        (X_REQUEST_ID, Some(request_id)),
        (X_CORRELATION_ID, ping.request_id.as_deref()),
        (X_TRACE_ID, ping.trace_id.as_deref()),
    ];
    for (name, id) in ids {
        // Ids are FHIR ids, which all are header values.
        if let Some(value) = id.and_then(|id| HeaderValue::from_str(id).ok()) {
            headers.insert(name, value);
        }
    }
    Ok(Request { url, reach, headers, timeout })
}
