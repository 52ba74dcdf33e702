//! Which search parameters of AuditEvent the trail answers by itself. They are those
//! of the standard and of Koppeltaal: what a domain brings under the same name asks
//! for something else, and is answered event by event.

use std::collections::HashSet;

use koppeltaal_core::search::{End, Qualifier, Span, Test, Values};
use koppeltaal_core::trace::is_fhir_id;
use koppeltaal_core::{Timestamp, resource_type};
use koppeltaal_fhir::r4::audit_event::is_of_shape;
use koppeltaal_fhir::r4::profile::koppeltaal;
use koppeltaal_fhir::r4::search::{Parameter, micros_of_key};
use koppeltaal_store::audit::Lookup;

use super::KIND;
use crate::catalog::Catalog;

/// How long the moment lasts that `recorded` names: events know milliseconds.
const MOMENT: i64 = 1_000;

/// The numbers of parameters, by who answers them.
#[derive(Debug, Default)]
pub struct Numbers {
    of_shape: HashSet<i64>,
    /// Beginning and end of `date`.
    date: Option<(i64, i64)>,
    entity: Option<i64>,
    patient: Option<i64>,
    trace: Option<i64>,
    request: Option<i64>,
    correlation: Option<i64>,
}

impl Numbers {
    /// Those of a catalog.
    pub fn of(catalog: &Catalog) -> Self {
        let mut numbers = Self::default();
        for parameter in catalog.parameters.for_type(KIND).filter(|one| is_built_in(one)) {
            let (own, all) = (parameter.number(), parameter.numbers());
            match &*parameter.definition().code {
                "date" => numbers.date = Some((all.own, all.high)),
                "entity" => numbers.entity = Some(own),
                "patient" => numbers.patient = Some(own),
                "traceId" => numbers.trace = Some(own),
                "requestId" => numbers.request = Some(own),
                "correlationId" => numbers.correlation = Some(own),
                code if is_of_shape(code) => numbers.of_shape.extend(all.all()),
                _ => {}
            }
        }
        numbers
    }

    /// Whether the shape of an event decides a test of its rows.
    pub fn is_of_shape(&self, test: &Test) -> bool {
        self.of_shape.contains(&test.parameter)
    }

    /// Whether this is the parameter `date`.
    pub fn is_date(&self, parameter: i64) -> bool {
        self.date.is_some_and(|(low, _)| low == parameter)
    }

    /// The dates that pass a test of `date`.
    pub fn span(&self, test: &Test) -> Option<Span> {
        let (low, high) = self.date?;
        // Of a row the value and the qualifier are the two ends of the moment.
        let (of_value, of_qualifier) = match test.parameter {
            number if number == low => (0, MOMENT),
            number if number == high => (MOMENT, 0),
            _ => return None,
        };
        let at = |end: &End, after: bool| {
            let micros = micros_of_key(&end.value)?.saturating_sub(of_value);
            Some(micros.saturating_add(i64::from(end.is_included == after)))
        };
        let (mut from, mut until) = (None, None);
        match &test.value {
            Values::Any => {}
            Values::Between { from: first, to: last } => {
                if let Some(end) = first {
                    from = Some(at(end, false)?);
                }
                if let Some(end) = last {
                    until = Some(at(end, true)?);
                }
            }
            Values::Is(_) | Values::Containing(_) => return None,
        }
        match test.qualifier {
            Qualifier::Any => {}
            Qualifier::Is(_) => return None,
            Qualifier::AtMost(most) => {
                let end = most.saturating_sub(of_qualifier).saturating_add(1);
                until = Some(until.map_or(end, |until: i64| until.min(end)));
            }
            Qualifier::AtLeast(least) => {
                let begin = least.saturating_sub(of_qualifier);
                from = Some(from.map_or(begin, |from: i64| from.max(begin)));
            }
        }
        // A date within a millisecond may be that of an event of this millisecond.
        let begin = |from: i64| match from.rem_euclid(MOMENT) {
            0 | 1 => from,
            finer => from - finer,
        };
        Some(Span { from: from.map(begin).map(Timestamp), until: until.map(Timestamp) })
    }

    /// What a test looks events up by.
    pub fn lookup(&self, test: &Test) -> Option<Lookup> {
        let Values::Is(value) = &test.value else { return None };
        let number = Some(test.parameter);
        if number == self.entity || number == self.patient {
            let is_whole = is_local(value) && test.qualifier == Qualifier::Any;
            let can_be = number == self.entity || value.starts_with("Patient/");
            return (is_whole && can_be).then(|| Lookup::Entity(value.clone()));
        }
        // An id has no system.
        if !matches!(test.qualifier, Qualifier::Any | Qualifier::Is(0)) {
            return None;
        }
        match number {
            _ if number == self.trace => Some(Lookup::Trace(value.clone())),
            _ if number == self.request => Some(Lookup::Request(value.clone())),
            _ if number == self.correlation => Some(Lookup::Correlation(value.clone())),
            _ => None,
        }
    }
}

/// Whether a reference leads into this domain: `Type/id`.
fn is_local(reference: &str) -> bool {
    let parts = reference.split_once('/');
    parts.is_some_and(|(name, id)| resource_type::number(name).is_some() && is_fhir_id(id))
}

fn is_built_in(parameter: &Parameter) -> bool {
    let definition = parameter.definition();
    koppeltaal().search_parameter(KIND, &definition.code) == Some(definition)
}
