//! What a rest-hook says (Koppeltaal 2.0, TOP-KT-006, 009), and whether its
//! subscriber may still read what it is about. It has no content.

use std::sync::Arc;
use std::time::Duration;

use koppeltaal_core::Timestamp;
use koppeltaal_core::directory::{ConnectedInstance, Directory};
use koppeltaal_core::permission::{Operation, Permissions, allows};
use koppeltaal_outbound::check_url;
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

/// Headers that a line of `channel.header` cannot replace. Such a Subscription is
/// refused; what came into the store another way is not sent.
const FIXED: [&str; 13] = [
    "host",
    "content-length",
    "content-type",
    "transfer-encoding",
    "connection",
    "proxy-connection",
    "keep-alive",
    "upgrade",
    "te",
    "trailer",
    "x-request-id",
    "x-correlation-id",
    "x-trace-id",
];

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
    let instance = match subscriber(lane, directory) {
        Ok(found) => found,
        Err(_) if now.since(ping.next_attempt) < LAG => return planned(Plan::Wait, false),
        Err(reason) => return planned(Plan::GiveUp(reason), false),
    };
    let reading = may_read(ping, directory, instance);
    if reading == Reading::Withdrawn {
        return planned(Plan::GiveUp(WITHDRAWN), false);
    }
    let plan = match request(lane, ping, instance, &request_id, timeout) {
        Ok(request) => Plan::Send(request),
        Err(reason) => Plan::Fail(shown(&lane.subscriber.endpoint), reason),
    };
    planned(plan, reading == Reading::Unknown)
}

fn subscriber<'a>(
    lane: &LeasedLane,
    directory: &'a Directory,
) -> Result<&'a Arc<ConnectedInstance>, &'static str> {
    let instance = directory
        .instance(lane.subscriber.instance)
        .filter(|instance| instance.domain.number == lane.domain)
        .ok_or("the subscriber is not in the directory")?;
    if !instance.takes_part() {
        return Err("the subscriber, its application or its domain is switched off");
    }
    Ok(instance)
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
    instance: &ConnectedInstance,
    request_id: &str,
    timeout: Duration,
) -> Result<Request, String> {
    let (url, reach) = check_url(&lane.subscriber.endpoint, &instance.domain)?;
    let mut headers = HeaderMap::new();
    headers.insert(USER_AGENT, agent());
    for line in &lane.subscriber.headers {
        let (name, value) = line.split_once(':').ok_or("a line of channel.header has no colon")?;
        let odd = || "a line of channel.header is no valid header".to_owned();
        let name = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| odd())?;
        if FIXED.contains(&name.as_str()) {
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
