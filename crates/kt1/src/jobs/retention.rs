//! The retention job: bodies that every recipient has had for the grace, bodies
//! that are too old, and old notifications. One process at a time runs it; each
//! removal is a short transaction, so that nobody waits, and records itself.

use std::time::Duration;

use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::directory::{Directory, Domain};
use koppeltaal_core::event::Event;
use koppeltaal_core::retention::Limits;
use koppeltaal_core::{Clock, Result, Timestamp};
use koppeltaal_store::mailbox::{self, Position, Removal};
use koppeltaal_store::{Ids, Store, audit, outbox};
use serde::Serialize;
use std::sync::Arc;
use tokio::sync::watch;

use super::JobSettings;
use super::lease::Lease;
use crate::app::Rules;

/// When to look again for a lease that another process has.
const TRY_AGAIN: Duration = Duration::from_secs(60);
/// Messages that one transaction looks at or removes.
const AT_ONCE: i64 = 500;
const REMOVED_AT_ONCE: usize = 50;
/// After this the metadata of a removed message says no more whom it was about.
const ANONYMOUS_AFTER: Duration = Duration::from_secs(365 * 86_400);

/// What a run removed, or would remove.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RetentionReport {
    /// The domain.
    pub domain: String,
    /// The event.
    pub event: String,
    /// Bodies that every recipient has had.
    pub retrieved: u64,
    /// Bodies that were too old.
    pub too_old: u64,
}

/// Runs the job until `stop` says so; then it ends between two transactions.
pub(super) async fn keep_removing(settings: JobSettings, mut stop: watch::Receiver<bool>) {
    let interval = settings.retention_interval.max(Duration::from_millis(100));
    let mut ticks = tokio::time::interval(interval);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = super::stopped(&mut stop) => return,
        }
        let directory = settings.directory.borrow().clone();
        let run = run_until(
            &stop,
            &settings.store,
            &settings.ids,
            settings.clock.as_ref(),
            &directory,
            settings.retention,
            false,
        );
        match run.await {
            Ok(Some(report)) if !report.is_empty() => {
                let bodies: u64 = report.iter().map(|r| r.retrieved + r.too_old).sum();
                tracing::info!(bodies, "bodies of messages were removed");
            }
            Ok(Some(_)) => {}
            // Another process runs it, or was killed while it did: then its
            // lease ends by itself.
            Ok(None) => ticks.reset_after(interval.min(TRY_AGAIN)),
            Err(error) => tracing::warn!(%error, "the retention job failed; it runs again"),
        }
    }
}

/// Runs the job once. `None` when another process is running it.
pub async fn run_retention(
    store: &Store,
    ids: &Arc<Ids>,
    clock: &dyn Clock,
    directory: &Directory,
    limits: Limits,
    dry_run: bool,
) -> Result<Option<Vec<RetentionReport>>> {
    let (_never, stop) = watch::channel(false);
    run_until(&stop, store, ids, clock, directory, limits, dry_run).await
}

async fn run_until(
    stop: &watch::Receiver<bool>,
    store: &Store,
    ids: &Arc<Ids>,
    clock: &dyn Clock,
    directory: &Directory,
    limits: Limits,
    dry_run: bool,
) -> Result<Option<Vec<RetentionReport>>> {
    let now = clock.now();
    let lease = if dry_run {
        None
    } else {
        let Some(lease) = Lease::take(store, clock, now, stop).await? else { return Ok(None) };
        Some(lease)
    };
    let reports = domains(store, ids, now, directory, limits, lease.as_ref()).await;
    if let Some(lease) = lease {
        // Also after a failure: the next run need not wait for the lease to end.
        let result = match &reports {
            Ok(reports) => {
                let bodies: u64 = reports.iter().map(|r| r.retrieved + r.too_old).sum();
                format!("{bodies} bodies removed")
            }
            Err(_) => "failed".to_owned(),
        };
        let given_back = lease.give_back(result).await;
        if reports.is_ok() {
            given_back?;
        }
    }
    reports.map(Some)
}

async fn domains(
    store: &Store,
    ids: &Arc<Ids>,
    now: Timestamp,
    directory: &Directory,
    limits: Limits,
    lease: Option<&Lease<'_>>,
) -> Result<Vec<RetentionReport>> {
    let mut reports = Vec::new();
    for domain in directory.domains() {
        let rules = Rules::of(directory, domain, limits);
        if lease.is_some_and(Lease::is_stopped) {
            break;
        }
        let run = Run { store, ids, domain, rules, limits, now, lease };
        reports.extend(run.domain().await?);
    }
    Ok(reports)
}

struct Run<'a> {
    store: &'a Store,
    ids: &'a Arc<Ids>,
    domain: &'a Domain,
    rules: Rules,
    limits: Limits,
    now: Timestamp,
    /// None in a dry run.
    lease: Option<&'a Lease<'a>>,
}

impl Run<'_> {
    async fn domain(&self) -> Result<Vec<RetentionReport>> {
        let scope = self.store.scope(self.domain);
        let mut reports: Vec<RetentionReport> = Vec::new();
        let mut position = Some(Position::default());
        while let Some(from) = position {
            if !self.keeps_lease().await? {
                return Ok(reports);
            }
            let (rules, limits, now) = (self.rules.clone(), self.limits, self.now);
            let (removals, next) = scope
                .read(move |tx| {
                    mailbox::removable(tx, &|event| rules.rule(event), limits, now, from, AT_ONCE)
                })
                .await?;
            position = next;
            for chunk in removals.chunks(REMOVED_AT_ONCE) {
                if self.is_stopped() {
                    return Ok(reports);
                }
                let removed = match self.lease {
                    Some(_) => self.remove(chunk).await?,
                    None => chunk.to_vec(),
                };
                count(&self.domain.name, &mut reports, &removed);
            }
        }
        if self.lease.is_some() {
            self.anonymise().await?;
            self.forget_notifications().await?;
        }
        Ok(reports)
    }

    async fn remove(&self, removals: &[Removal]) -> Result<Vec<Removal>> {
        let (removals, now) = (removals.to_vec(), self.now);
        let (ids, name) = (self.ids.clone(), self.domain.name.clone());
        self.store
            .scope(self.domain)
            .write(move |tx| {
                let mut removed = Vec::new();
                for removal in &removals {
                    if mailbox::expire(tx, removal.message, now)? {
                        removed.push(*removal);
                    }
                }
                let mut reports = Vec::new();
                count(&name, &mut reports, &removed);
                let entries: Vec<Entry> = reports.iter().map(|r| entry(r, now)).collect();
                if !entries.is_empty() {
                    audit::append(tx, &ids, &entries)?;
                }
                Ok(removed)
            })
            .await
    }

    /// Whether the run may go on to another page.
    async fn keeps_lease(&self) -> Result<bool> {
        match self.lease {
            Some(lease) => lease.keep().await,
            None => Ok(true),
        }
    }

    fn is_stopped(&self) -> bool {
        self.lease.is_some_and(Lease::is_stopped)
    }

    async fn anonymise(&self) -> Result<()> {
        let scope = self.store.scope(self.domain);
        let before = self.now.minus(ANONYMOUS_AFTER);
        let mut after = Some(0);
        while let Some(from) = after {
            if !self.keeps_lease().await? {
                return Ok(());
            }
            let (found, next) =
                scope.read(move |tx| mailbox::identifiable(tx, before, from, AT_ONCE)).await?;
            after = next;
            for chunk in found.chunks(REMOVED_AT_ONCE) {
                if self.is_stopped() {
                    return Ok(());
                }
                let chunk = chunk.to_vec();
                scope.write(move |tx| mailbox::anonymise(tx, &chunk)).await?;
            }
        }
        Ok(())
    }

    /// Notifications that nobody will ask about any more.
    async fn forget_notifications(&self) -> Result<()> {
        let (scope, now) = (self.store.scope(self.domain), self.now);
        let mut after = 0;
        while self.keeps_lease().await? {
            let old = scope.read(move |tx| outbox::removable(tx, now, after, AT_ONCE)).await?;
            let Some(last) = old.last() else { return Ok(()) };
            after = *last;
            for chunk in old.chunks(REMOVED_AT_ONCE) {
                if self.is_stopped() {
                    return Ok(());
                }
                let chunk = chunk.to_vec();
                scope.write(move |tx| outbox::remove(tx, &chunk, now)).await?;
            }
        }
        Ok(())
    }
}

/// Adds removals to the report of their event.
fn count(domain: &str, reports: &mut Vec<RetentionReport>, removals: &[Removal]) {
    for removal in removals {
        let event = removal.event.code();
        let at = reports.iter().position(|report| report.event == event).unwrap_or_else(|| {
            let (domain, event) = (domain.to_owned(), event.to_owned());
            reports.push(RetentionReport { domain, event, ..RetentionReport::default() });
            reports.len() - 1
        });
        if removal.by_age {
            reports[at].too_old += 1;
        } else {
            reports[at].retrieved += 1;
        }
    }
}

fn entry(report: &RetentionReport, now: Timestamp) -> Entry {
    Entry {
        event: report.event.parse::<Event>().ok(),
        detail: Some(format!(
            "{} bodies after retrieval, {} by age",
            report.retrieved, report.too_old
        )),
        ..Entry::new(Action::Retention, now, "server")
    }
}
