//! Audit rows of reads and refusals: they belong to no transaction, so they are
//! collected and written together within 50 ms. Writes record themselves in
//! their own transaction.

use std::sync::Arc;
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
/// How long to wait before a failed write is tried again.
const RETRY: Duration = Duration::from_millis(500);

enum Order {
    Add(i64, Box<Entry>),
    Flush(oneshot::Sender<()>),
}

/// Takes audit rows and writes them soon.
#[derive(Clone)]
pub struct AuditLog(mpsc::Sender<Order>);

impl AuditLog {
    /// Starts the writer.
    pub fn start(store: Store, ids: Arc<Ids>) -> Self {
        let (sender, receiver) = mpsc::channel(MOST_WAITING);
        tokio::spawn(write_rows(store, ids, receiver));
        Self(sender)
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
        if self.0.try_send(Order::Add(domain, Box::new(entry))).is_err() {
            tracing::error!(domain, "an audit row of a read was lost: the store does not keep up");
        }
    }

    /// Waits until everything recorded so far is written, or has failed.
    pub async fn flush(&self) {
        let (done, written) = oneshot::channel();
        if self.0.send(Order::Flush(done)).await.is_ok() {
            let _ = written.await;
        }
    }
}

async fn write_rows(store: Store, ids: Arc<Ids>, mut orders: mpsc::Receiver<Order>) {
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
        let batch = Arc::new(rows.drain(..rows.len().min(MOST_AT_ONCE)).collect::<Vec<_>>());
        while let Err(error) = write(&store, &ids, batch.clone()).await {
            if !matches!(error, Error::Unavailable(_)) {
                // One that cannot be written must not take the others with it.
                for row in batch.iter() {
                    write_alone(&store, &ids, row.clone()).await;
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
                tracing::error!(rows = batch.len() + rows.len(), "audit rows of reads were lost");
                rows.clear();
                break;
            }
            tokio::time::sleep(RETRY).await;
        }
    }
}

async fn write(store: &Store, ids: &Arc<Ids>, rows: Arc<Vec<(i64, Entry)>>) -> Result<()> {
    let ids = ids.clone();
    store.write(move |tx| append_across(tx, &ids, &rows)).await.map(drop)
}

async fn write_alone(store: &Store, ids: &Arc<Ids>, row: (i64, Entry)) {
    let domain = row.0;
    if let Err(error) = write(store, ids, Arc::new(vec![row])).await {
        tracing::error!(domain, %error, "an audit row of a read was lost");
    }
}

fn take(order: Order, rows: &mut Vec<(i64, Entry)>, waiting: &mut Vec<oneshot::Sender<()>>) {
    match order {
        Order::Add(domain, entry) => rows.push((domain, *entry)),
        Order::Flush(done) => waiting.push(done),
    }
}
