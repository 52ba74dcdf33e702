//! The settings of the delivery, with what suits a server of two cores.

use std::path::PathBuf;
use std::time::Duration;

use koppeltaal_core::notification::{HookSchedule, Schedule};

/// How notifications are delivered.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How often a webhook is tried, and when.
    pub schedule: Schedule,
    /// When a rest-hook is tried, and for how long.
    pub hook_schedule: HookSchedule,
    /// The limit on a whole attempt at a rest-hook.
    pub hook_timeout: Duration,
    /// Whether rest-hooks that wait in one lane become one.
    pub hook_coalesce: bool,
    /// The limit on name look-up, connection and TLS handshake.
    pub connect_timeout: Duration,
    /// The limit on a whole attempt at a webhook.
    pub timeout: Duration,
    /// How often the outbox is looked at when nobody wakes the delivery.
    pub poll: Duration,
    /// Webhooks at the same time to one instance.
    pub per_instance: usize,
    /// Rest-hooks at the same time to one scheme, host and port, whatever the
    /// number of subscriptions there.
    pub per_endpoint: usize,
    /// Requests at the same time to all. Endpoints that fail or are slow share a
    /// quarter of it.
    pub total: usize,
    /// Extra trust anchors (PEM).
    pub ca_file: Option<PathBuf>,
    /// How long requests in flight may take to end at shutdown. What has not ended by then is sent
    /// once more.
    pub grace: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            schedule: Schedule { attempts: 5, first_retry: Duration::from_secs(30) },
            hook_schedule: HookSchedule::default(),
            hook_timeout: Duration::from_secs(10),
            hook_coalesce: false,
            connect_timeout: Duration::from_secs(3),
            timeout: Duration::from_secs(10),
            poll: Duration::from_secs(1),
            per_instance: 4,
            per_endpoint: 16,
            total: 256,
            ca_file: None,
            grace: Duration::from_secs(10),
        }
    }
}

impl Settings {
    /// How its calls are made.
    pub(crate) fn outbound(&self) -> koppeltaal_outbound::Settings {
        koppeltaal_outbound::Settings {
            connect_timeout: self.connect_timeout,
            timeout: self.timeout,
            ca_file: self.ca_file.clone(),
        }
    }

    /// How long a lease lasts: an attempt fits in with time to wait for a slot
    /// before it and for the store after it.
    pub(crate) fn lease(&self) -> Duration {
        self.timeout.max(self.hook_timeout) * 3
    }

    /// How much of a lease must be left for an attempt to begin.
    pub(crate) fn least_lease(&self) -> Duration {
        let longest = self.timeout.max(self.hook_timeout);
        longest + longest / 2
    }

    /// Requests at the same time to endpoints that fail or are slow.
    pub(crate) fn strained_total(&self) -> usize {
        (self.total / 4).max(1)
    }

    /// An answer to a webhook that takes longer strains its instance.
    pub(crate) fn slow(&self) -> Duration {
        self.timeout / 2
    }

    /// An answer to a rest-hook that takes longer strains its endpoint.
    pub(crate) fn slow_hook(&self) -> Duration {
        self.hook_timeout / 2
    }
}
