//! Audit rows of reads and refusals: they belong to no transaction, so they are
//! collected and written together within 50 ms. Writes record themselves in
//! their own transaction.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use koppeltaal_core::audit::Entry;
use koppeltaal_core::{Error, Result};
use tokio::sync::{mpsc, oneshot};

use super::append_across;
use crate::ids::Ids;
use crate::store::Store;

/// How long rows wait for company.
const PAUSE: Duration = Duration::from_millis(50);
/// How many rows wait at most; beyond, rows are dropped, counted and logged.
const MOST_WAITING: usize = 100_000;
/// How many rows one transaction writes.
const MOST_AT_ONCE: usize = 1000;
/// How many references in them, where there is more than one row.
const MOST_KEYS: usize = 4000;
/// How long to wait before a failed write is tried again.
const RETRY: Duration = Duration::from_millis(500);

enum Order {
    Add(i64, Box<Entry>),
    Flush(oneshot::Sender<()>),
}

/// Takes audit rows and writes them soon.
#[derive(Clone)]
pub struct AuditLog {
    orders: mpsc::Sender<Order>,
    lost: Arc<Lost>,
}

/// Rows that were not written.
#[derive(Debug, Default)]
struct Lost {
    rows: AtomicU64,
    /// How many there were when the log said so last.
    told: AtomicU64,
}

impl Lost {
    /// Counts rows, and tells in the log when they double.
    fn count(&self, rows: usize, domain: i64, why: &dyn std::fmt::Display) {
        let rows = rows as u64;
        let all = self.rows.fetch_add(rows, Ordering::Relaxed) + rows;
        let told = self.told.load(Ordering::Relaxed);
        if told == 0 || all >= told.saturating_mul(2) {
            self.told.store(all, Ordering::Relaxed);
            tracing::error!(domain, lost = all, %why, "audit rows of reads were lost");
        }
    }
}

impl AuditLog {
    /// Starts the writer.
    pub fn start(store: Store, ids: Arc<Ids>) -> Self {
        let (orders, receiver) = mpsc::channel(MOST_WAITING);
        let lost = Arc::new(Lost::default());
        tokio::spawn(write_rows(store, ids, receiver, lost.clone()));
        Self { orders, lost }
    }

    /// How many rows were lost since the start: the store did not keep up, or refused them.
    pub fn lost(&self) -> u64 {
        self.lost.rows.load(Ordering::Relaxed)
    }

    /// Records something in the trail of a domain.
    pub fn add(&self, domain: i64, mut entry: Entry) {
        // What a caller sent can hold a character that no store takes; the row
        // must not be lost for it, nor hold up the others.
        for text in [&mut entry.patient, &mut entry.focal, &mut entry.version, &mut entry.detail] {
            if let Some(text) = text.as_mut().filter(|text| text.contains('\0')) {
                *text = text.replace('\0', "\u{FFFD}");
            }
        }
        if self.orders.try_send(Order::Add(domain, Box::new(entry))).is_err() {
            self.lost.count(1, domain, &"the store does not keep up");
        }
    }

    /// Waits until everything recorded so far is written, or has failed.
    pub async fn flush(&self) {
        let (done, written) = oneshot::channel();
        if self.orders.send(Order::Flush(done)).await.is_ok() {
            let _ = written.await;
        }
    }
}

async fn write_rows(
    store: Store,
    ids: Arc<Ids>,
    mut orders: mpsc::Receiver<Order>,
    lost: Arc<Lost>,
) {
    let mut rows: Vec<(i64, Entry)> = Vec::new();
    let mut waiting: Vec<oneshot::Sender<()>> = Vec::new();
    loop {
        if rows.is_empty() {
            for done in waiting.drain(..) {
                let _ = done.send(());
            }
            let Some(order) = orders.recv().await else { return };
            take(order, &mut rows, &mut waiting);
        }
        let company = async {
            // Neither a full batch nor a shutdown waits for more.
            while rows.len() < MOST_AT_ONCE && waiting.is_empty() {
                let Some(order) = orders.recv().await else { break };
                take(order, &mut rows, &mut waiting);
            }
        };
        let _ = tokio::time::timeout(PAUSE, company).await;
        while rows.len() < MOST_AT_ONCE {
            let Ok(order) = orders.try_recv() else { break };
            take(order, &mut rows, &mut waiting);
        }
        let batch = Arc::new(rows.drain(..batch_size(&rows)).collect::<Vec<_>>());
        while let Err(error) = write(&store, &ids, batch.clone()).await {
            if !matches!(error, Error::Unavailable(_)) {
                // One that cannot be written must not take the others with it.
                for row in batch.iter() {
                    write_alone(&store, &ids, row.clone(), &lost).await;
                }
                break;
            }
            tracing::warn!(%error, "audit rows of reads wait: the store cannot write");
            // The channel is not what holds them: what is newer would be lost.
            while rows.len() < MOST_WAITING {
                let Ok(order) = orders.try_recv() else { break };
                take(order, &mut rows, &mut waiting);
            }
            if !waiting.is_empty() {
                // Whoever waits for a flush is shutting down: no more tries.
                lost.count(batch.len() + rows.len(), 0, &"the server stops");
                rows.clear();
                break;
            }
            tokio::time::sleep(RETRY).await;
        }
    }
}

/// How many of these rows one transaction writes: with what they are looked up by they are not to
/// hold up those who write care data.
fn batch_size(rows: &[(i64, Entry)]) -> usize {
    let mut keys = 0;
    let fits = |(_, entry): &&(i64, Entry)| {
        keys += entry.resource.as_ref().map_or(0, |event| event.keys.len());
        keys <= MOST_KEYS
    };
    rows.iter().take(MOST_AT_ONCE).take_while(fits).count().max(1).min(rows.len())
}

async fn write(store: &Store, ids: &Arc<Ids>, rows: Arc<Vec<(i64, Entry)>>) -> Result<()> {
    let ids = ids.clone();
    store.write(move |tx| append_across(tx, &ids, &rows)).await.map(drop)
}

async fn write_alone(store: &Store, ids: &Arc<Ids>, row: (i64, Entry), lost: &Lost) {
    let domain = row.0;
    if let Err(error) = write(store, ids, Arc::new(vec![row])).await {
        lost.count(1, domain, &error);
    }
}

fn take(order: Order, rows: &mut Vec<(i64, Entry)>, waiting: &mut Vec<oneshot::Sender<()>>) {
    match order {
        Order::Add(domain, entry) => rows.push((domain, *entry)),
        Order::Flush(done) => waiting.push(done),
    }
}
