//! `/metrics`: counters of this process, and what waits in the store, which is
//! read at most every few seconds however often it is asked for.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use koppeltaal_core::directory::Directory;
use koppeltaal_core::{Clock, Error, Result};
use koppeltaal_delivery::Counters;
use koppeltaal_kt1 as kt1;
use koppeltaal_kt2::subscription::Subscriptions;
use koppeltaal_store::store::BATCH_BOUNDS;
use koppeltaal_store::{AuditLog, Store, mailbox, outbox};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use tokio::sync::{Mutex, watch};

/// How long what was read from the store is shown again.
const KEPT: Duration = Duration::from_secs(5);

/// Gathers the metrics of this process.
pub struct Gatherer {
    registry: Registry,
    store: Store,
    directory: watch::Receiver<Arc<Directory>>,
    clock: Arc<dyn Clock>,
    delivery: Counters,
    subscriptions: Subscriptions,
    audit_log: AuditLog,
    waiting: Mutex<Option<(Instant, String)>>,
}

impl Gatherer {
    /// A gatherer, and the counters of KT1 and of the authorization service that it
    /// shows.
    pub fn new(
        store: Store,
        directory: watch::Receiver<Arc<Directory>>,
        clock: Arc<dyn Clock>,
        delivery: Counters,
        subscriptions: Subscriptions,
        audit_log: AuditLog,
    ) -> (Self, Arc<kt1::Metrics>, Arc<koppeltaal_auth::Metrics>) {
        let mut registry = Registry::with_prefix("koppeltaal");
        let kt1 = Arc::new(kt1::Metrics::register(&mut registry));
        let authorization = Arc::new(koppeltaal_auth::Metrics::register(&mut registry));
        let waiting = Mutex::new(None);
        (
            Self { registry, store, directory, clock, delivery, subscriptions, audit_log, waiting },
            kt1,
            authorization,
        )
    }

    /// The metrics in the text format of OpenMetrics.
    pub async fn text(&self) -> Result<String> {
        let mut text = String::new();
        encode(&mut text, &self.registry).map_err(Error::internal)?;
        text.truncate(text.trim_end().trim_end_matches("# EOF").len());
        self.engine(&mut text);
        self.notifications(&mut text);
        self.matches(&mut text);
        let mut waiting = self.waiting.lock().await;
        let stale = waiting.as_ref().is_none_or(|(read, _)| read.elapsed() > KEPT);
        if stale {
            *waiting = Some((Instant::now(), self.waiting().await?));
        }
        text.push_str(waiting.as_ref().map_or("", |(_, text)| text));
        text.push_str("# EOF\n");
        Ok(text)
    }

    fn engine(&self, text: &mut String) {
        let engine = self.store.metrics();
        for (name, help, value) in [
            ("store_commits", "Transactions committed", engine.commits),
            (
                "store_failed_commits",
                "Transactions that could not be committed",
                engine.failed_commits,
            ),
            ("store_writes", "Units of work that wrote", engine.writes),
            ("store_reads", "Units of work that read", engine.reads),
            ("store_retries", "Units of work run again after a conflict", engine.retries),
            ("store_refused", "Units of work turned away because too many waited", engine.refused),
        ] {
            counter(text, name, help, value);
        }
        gauge(text, "store_waiting_writes", "Units of work waiting to write");
        let _ = writeln!(text, "koppeltaal_store_waiting_writes {}", engine.waiting_writes);
        let name = "koppeltaal_store_commit_batch_size";
        let _ = writeln!(text, "# HELP {name} Units of work that shared a commit.");
        let _ = writeln!(text, "# TYPE {name} histogram");
        let mut below = 0;
        for (bound, count) in BATCH_BOUNDS.iter().zip(engine.commit_batches) {
            below += count;
            let _ = writeln!(text, "{name}_bucket{{le=\"{bound}.0\"}} {below}");
        }
        let _ = writeln!(text, "{name}_bucket{{le=\"+Inf\"}} {}", engine.commits);
        let _ = writeln!(text, "{name}_sum {}", engine.committed_closures);
        let _ = writeln!(text, "{name}_count {}", engine.commits);
        let seconds = engine.commit_time.as_secs_f64();
        let name = "koppeltaal_store_commit_seconds";
        let _ = writeln!(text, "# HELP {name} Time spent committing.");
        let _ = writeln!(text, "# TYPE {name} counter\n{name}_total {seconds}");
    }

    fn notifications(&self, text: &mut String) {
        let lost = self.audit_log.lost();
        counter(text, "audit_rows_lost", "Rows of reads that could not be written", lost);
        let sent = self.delivery.snapshot();
        counter(text, "notifications_sent", "Notifications answered with a 2xx", sent.sent);
        counter(text, "notifications_failed", "Attempts that failed", sent.failed);
        counter(text, "notifications_dead", "Notifications that became dead letters", sent.dead);
        for (name, help, value) in [
            (
                "notifications_coalesced",
                "Notifications delivered by one that stood for several",
                sent.coalesced,
            ),
            (
                "notifications_withdrawn",
                "Notifications not sent because the right to read was withdrawn",
                sent.withdrawn,
            ),
            (
                "notifications_unchecked",
                "Notifications sent although the right to read could not be found out",
                sent.unchecked,
            ),
            (
                "notifications_unrecorded",
                "Attempts to record outcomes that failed",
                sent.record_failures,
            ),
        ] {
            counter(text, name, help, value);
        }
        gauge(text, "notifications_in_flight", "Attempts in progress");
        let _ = writeln!(text, "koppeltaal_notifications_in_flight {}", sent.in_flight);
        gauge(text, "notifications_held", "Notifications leased by this process and not sent yet");
        let _ = writeln!(text, "koppeltaal_notifications_held {}", sent.held);
        gauge(
            text,
            "notification_endpoints_spared",
            "Endpoints of subscriptions that fail or are slow",
        );
        let _ = writeln!(text, "koppeltaal_notification_endpoints_spared {}", sent.strained);
        let name = "koppeltaal_notification_duration_seconds";
        let _ = writeln!(text, "# HELP {name} Time an attempt took.\n# TYPE {name} summary");
        let _ = writeln!(text, "{name}_sum {}", sent.latency_sum.as_secs_f64());
        let _ = writeln!(text, "{name}_count {}", sent.latency_count);
    }

    fn matches(&self, text: &mut String) {
        let counts = self.subscriptions.counts();
        for (name, help, value) in [
            (
                "subscriptions_matched",
                "Notifications of versions that met criteria",
                counts.matched,
            ),
            (
                "subscriptions_unknown",
                "Those whose subscriber the directory does not know",
                counts.unknown,
            ),
            (
                "subscriptions_unread",
                "Those whose criteria can no longer be read, or ask for too much",
                counts.unread,
            ),
        ] {
            counter(text, name, help, value);
        }
    }

    /// What waits in the store, by domain.
    async fn waiting(&self) -> Result<String> {
        let directory = self.directory.borrow().clone();
        let now = self.clock.now();
        let mut text = String::new();
        gauge(&mut text, "oldest_new_seconds", "Age of the oldest copy with status New");
        for domain in directory.domains() {
            let recipients: Vec<i64> =
                directory.instances_of(domain.number).map(|i| i.instance.number).collect();
            let scope = self.store.scope(domain);
            let waiting = scope.read(move |tx| mailbox::waiting(tx, &recipients)).await?;
            let mut oldest: HashMap<&str, f64> = HashMap::new();
            for item in waiting {
                let age = now.since(item.since).as_secs_f64();
                let known = oldest.entry(item.event.code()).or_default();
                *known = known.max(age);
            }
            let mut events: Vec<_> = oldest.into_iter().collect();
            events.sort_unstable_by_key(|(event, _)| *event);
            for (event, age) in events {
                let domain = &domain.name;
                let _ = writeln!(
                    text,
                    "koppeltaal_oldest_new_seconds{{domain=\"{domain}\",event=\"{event}\"}} {age}"
                );
            }
        }
        let depths = self.store.read(outbox::depth).await?;
        for (name, help) in
            [("outbox_depth", "Notifications that wait"), ("outbox_dead", "Dead letters")]
        {
            gauge(&mut text, name, help);
            for depth in &depths {
                let found = directory.domains().iter().find(|d| d.number == depth.domain);
                let domain = found.map_or("", |domain| &domain.name);
                let value = if name == "outbox_depth" { depth.pending } else { depth.dead };
                let _ = writeln!(text, "koppeltaal_{name}{{domain=\"{domain}\"}} {value}");
            }
        }
        gauge(&mut text, "outbox_oldest_seconds", "How long the oldest notification is overdue");
        for depth in &depths {
            let found = directory.domains().iter().find(|d| d.number == depth.domain);
            let domain = found.map_or("", |domain| &domain.name);
            let age = depth.oldest_due.map_or(0.0, |due| now.since(due).as_secs_f64());
            let _ = writeln!(text, "koppeltaal_outbox_oldest_seconds{{domain=\"{domain}\"}} {age}");
        }
        Ok(text)
    }
}

fn counter(text: &mut String, name: &str, help: &str, value: u64) {
    let _ = writeln!(text, "# HELP koppeltaal_{name} {help}.");
    let _ = writeln!(text, "# TYPE koppeltaal_{name} counter\nkoppeltaal_{name}_total {value}");
}

fn gauge(text: &mut String, name: &str, help: &str) {
    let _ = writeln!(text, "# HELP koppeltaal_{name} {help}.\n# TYPE koppeltaal_{name} gauge");
}
