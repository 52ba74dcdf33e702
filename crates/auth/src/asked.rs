//! One request to the authorization service: who asks, where from, under which
//! ids.

use std::net::IpAddr;
use std::sync::Arc;

use http::{HeaderName, HeaderValue};
use koppeltaal_core::Timestamp;
use koppeltaal_core::directory::Domain;
use koppeltaal_core::trace::{Trace, is_fhir_id};

use crate::answer::Answer;

/// The header with the id of the chain of requests.
pub(crate) const TRACE_ID: HeaderName = HeaderName::from_static("x-trace-id");

/// What every endpoint is told of a request.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// The domain it is for.
    pub domain: Arc<Domain>,
    /// Where it comes from.
    pub peer: IpAddr,
    /// When it began.
    pub began: Timestamp,
    /// Its id.
    pub request_id: String,
    /// Its `X-Correlation-Id`.
    pub correlation_id: Option<String>,
    /// Its `X-Trace-Id`.
    pub trace_id: Option<String>,
    /// The trace that begins with it, when it belongs to no other.
    pub new_trace: String,
}

impl Asked {
    /// The ids of the request; without a trace of its own it belongs to that of
    /// the launch, whose id is the jti of the launch token (spec 8).
    pub fn trace(&self, launch: Option<&str>) -> Trace {
        Trace::of(
            Some(&self.request_id),
            self.correlation_id.as_deref(),
            self.trace_id.as_deref().filter(|id| is_fhir_id(id)).or(launch),
            &mut || self.new_trace.clone(),
        )
    }

    /// Tells the caller the trace under which a launch is recorded.
    pub fn mark(&self, answer: &mut Answer, launch: Option<&str>) {
        if let Ok(value) = HeaderValue::try_from(self.trace(launch).trace_id) {
            answer.headers_mut().insert(TRACE_ID, value);
        }
    }

    /// Tells the log, and nobody else, why a client was not believed.
    pub fn log_refusal(&self, client_id: &str, reason: &dyn std::fmt::Display) {
        let client_id: String = client_id.chars().filter(|c| !c.is_control()).take(64).collect();
        tracing::info!(
            request_id = self.request_id,
            domain = self.domain.name,
            client_id,
            peer = %self.peer,
            %reason,
            "client authentication refused"
        );
    }
}
