//! The ids that connect requests, in the headers of a request and of its answer
//! (TOP-KT-011; decision on request ids).

use http::{HeaderMap, HeaderName, HeaderValue};
use koppeltaal_core::trace::Trace;
use uuid::Uuid;

/// The ids of a request: what the caller sent, or new ones.
pub fn trace(headers: &HeaderMap, request_id: &str) -> Trace {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let fresh = &mut || Uuid::new_v4().to_string();
    Trace::of(Some(request_id), text("x-correlation-id"), text("x-trace-id"), fresh)
}

/// Writes the ids of the request to its answer.
pub fn mark(asked: &HeaderMap, trace: &Trace, headers: &mut HeaderMap) {
    let sent = asked.get("x-request-id").and_then(|value| value.to_str().ok());
    for (name, value) in
        [("x-trace-id", Some(trace.trace_id.as_str())), ("x-correlation-id", trace.replaced(sent))]
    {
        if let Some(Ok(value)) = value.map(HeaderValue::try_from) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}
