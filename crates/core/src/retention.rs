//! When the body of a message may go, and when it must (Koppeltaal 1.3,
//! "automatic data removal").

use std::time::Duration;

use crate::clock::Timestamp;
use crate::directory::{Directory, Domain};
use crate::event::Event;

/// The limits the operator sets for the whole server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How long a body stays after every recipient has it.
    pub grace: Duration,
    /// How long any body stays at most.
    pub max: Duration,
}

/// The retention of one event in one domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// An application of the domain needs it kept: never removed by time.
    pub required: bool,
    /// The body stays after success until its age ends it.
    pub retain_on_success: bool,
    /// The age that ends it.
    pub max_age: Duration,
}

impl Rule {
    /// The rule of `event` in `domain`: the domain's setting, capped by the
    /// server's limit, and what the applications connected to it demand.
    pub fn of(directory: &Directory, domain: &Domain, event: Event, limits: Limits) -> Self {
        let setting = domain.retention.iter().find(|r| r.event == event);
        Self {
            required: directory
                .instances_of(domain.number)
                .any(|i| i.application.retain_events.contains(&event)),
            retain_on_success: setting.is_some_and(|r| r.retain_on_success),
            max_age: setting.and_then(|r| r.max_age).map_or(limits.max, |age| age.min(limits.max)),
        }
    }

    /// Whether a body goes because every recipient has had it since `retrieved`.
    pub fn goes_after_success(&self, retrieved: Timestamp, limits: Limits, now: Timestamp) -> bool {
        !self.required && !self.retain_on_success && retrieved.plus(limits.grace) <= now
    }

    /// Whether a body goes because of its age.
    pub fn goes_by_age(&self, created: Timestamp, now: Timestamp) -> bool {
        !self.required && created.plus(self.max_age) <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);
    const LIMITS: Limits = Limits { grace: DAY, max: Duration::from_secs(56 * 86_400) };
    const PLAIN: Rule = Rule { required: false, retain_on_success: false, max_age: LIMITS.max };

    #[test]
    fn grace_passes_before_a_retrieved_body_goes() {
        let t = Timestamp(0);
        assert!(!PLAIN.goes_after_success(t, LIMITS, t.plus(DAY).minus(Duration::from_micros(1))));
        assert!(PLAIN.goes_after_success(t, LIMITS, t.plus(DAY)));
        let kept = Rule { retain_on_success: true, ..PLAIN };
        assert!(!kept.goes_after_success(t, LIMITS, t.plus(LIMITS.max)));
        assert!(kept.goes_by_age(t, t.plus(LIMITS.max)));
    }

    #[test]
    fn what_an_application_requires_outlives_every_limit() {
        let rule = Rule { required: true, ..PLAIN };
        let later = Timestamp(0).plus(57 * DAY);
        assert!(!rule.goes_by_age(Timestamp(0), later));
        assert!(!rule.goes_after_success(Timestamp(0), LIMITS, later));
    }
}
