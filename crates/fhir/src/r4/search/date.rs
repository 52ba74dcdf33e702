//! Rows of dates, times and periods: both ends of the span that they stand for (FHIR R4, Search,
//! 3.1.1.4.7 "date").

use super::index::Rows;
use super::parameter::Numbers;
use super::shape::{Shape, Value};
use super::time::{span, time_key};
use crate::node::Node;

/// Rows of a date parameter: one by the beginning of the span, one by its end, each with the other
/// end beside it.
pub(super) fn rows(value: &Value<'_>, numbers: &Numbers, rows: &mut Rows) {
    if let Some((low, high)) = span_of(value) {
        rows.push(numbers.own, &time_key(low), high);
        rows.push(numbers.high, &time_key(high), low);
    }
}

fn span_of(value: &Value<'_>) -> Option<(i64, i64)> {
    match value.shape {
        Shape::Moment | Shape::Text => span(value.node.as_str()?),
        Shape::Period => period(&value.node),
        Shape::Timing => timing(&value.node),
        _ => None,
    }
}

/// An end that is not known is as far away as can be.
fn period(node: &Node) -> Option<(i64, i64)> {
    let end = |name: &str| node.get(name).and_then(Node::as_str);
    let (low, high) = match (end("start"), end("end")) {
        (None, None) => return None,
        (Some(start), None) => (span(start)?.0, i64::MAX),
        (None, Some(end)) => (i64::MIN, span(end)?.1),
        (Some(start), Some(end)) => (span(start)?.0, span(end)?.1),
    };
    (low < high).then_some((low, high))
}

/// From the first event, or the beginning of the bounds, to the last or their end.
fn timing(node: &Node) -> Option<(i64, i64)> {
    let events = node.items("event").iter().filter_map(|event| span(event.as_str()?));
    let bounds = node.get("repeat").and_then(|repeat| period(repeat.get("boundsPeriod")?));
    events.chain(bounds).reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)))
}
