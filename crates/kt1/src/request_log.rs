//! The log of requests and of what instances do that 1.3.5 does not allow, for
//! support (kt13-around 5). Rows are collected and written together, a few at a time
//! and with a pause in between, so that the mailbox never waits for them; what comes
//! faster than that is counted and left out.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use koppeltaal_auth::SealKey;
use koppeltaal_core::{Error, Result, Timestamp};
use koppeltaal_store::compliance::{self, Finding};
use koppeltaal_store::request_log::{self, Logged};
use koppeltaal_store::{DomainTx, Ids, Store};
use serde_json::json;
use tokio::sync::{mpsc, oneshot};

use koppeltaal_core::directory::Domain;

/// How long rows wait for company; the pause between two writes.
const PAUSE: Duration = Duration::from_millis(250);
/// How many rows one transaction writes.
const MOST_AT_ONCE: usize = 100;
/// How many rows wait at most.
const MOST_WAITING: usize = 2000;
/// How many bytes of documents wait at most.
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// The most of a document that is kept.
const MOST_OF_ONE: usize = 64 * 1024;
/// The most of a path and query that is kept.
const MOST_OF_TARGET: usize = 2000;
/// Parameters that hold credentials.
const SECRET: [&str; 6] =
    ["authorization", "access_token", "code", "refresh_token", "client_secret", "password"];

/// Which requests are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Keep {
    /// None.
    Off,
    /// Those that failed.
    Failures,
    /// All.
    #[default]
    All,
}

/// A request to keep.
#[derive(Debug)]
pub struct Seen {
    /// Its domain.
    pub domain: Arc<Domain>,
    /// The number of the instance that made it.
    pub instance: i64,
    /// Its method.
    pub method: String,
    /// Its path and query.
    pub target: String,
    /// The status of the answer.
    pub status: u16,
    /// How long the answer took.
    pub duration: Duration,
    /// Its id.
    pub request_id: String,
    /// Where it came from.
    pub address: IpAddr,
    /// Its document.
    pub request: Bytes,
    /// The document of the answer.
    pub response: Bytes,
    /// When it began.
    pub began: Timestamp,
}

enum Order {
    Request(Box<Seen>),
    Finding { domain: Arc<Domain>, finding: Finding },
    Flush(oneshot::Sender<()>),
}

/// Takes rows and writes them soon.
#[derive(Clone)]
pub struct RequestLog {
    keep: Keep,
    ids: Arc<Ids>,
    orders: mpsc::Sender<Order>,
    waiting: Arc<AtomicUsize>,
}

impl RequestLog {
    /// Starts the writer.
    pub fn start(store: Store, ids: Arc<Ids>, seal: Arc<SealKey>, keep: Keep) -> Self {
        let (orders, receiver) = mpsc::channel(MOST_WAITING);
        let waiting = Arc::new(AtomicUsize::new(0));
        let writer =
            Writer { store, ids: ids.clone(), seal, waiting: waiting.clone(), orders: receiver };
        tokio::spawn(writer.run());
        Self { keep, ids, orders, waiting }
    }

    /// Whether a request that ended with this status is kept.
    pub fn keeps(&self, status: u16) -> bool {
        match self.keep {
            Keep::Off => false,
            Keep::Failures => status >= 400,
            Keep::All => true,
        }
    }

    /// Keeps a request, unless too much waits already.
    pub fn add(&self, mut seen: Seen) {
        seen.request.truncate(MOST_OF_ONE);
        seen.response.truncate(MOST_OF_ONE);
        let size = seen.request.len() + seen.response.len();
        if self.waiting.load(Ordering::Relaxed) + size > MOST_BYTES {
            tracing::debug!("a request is left out of the request log: too much waits");
            return;
        }
        if self.orders.try_send(Order::Request(Box::new(seen))).is_ok() {
            self.waiting.fetch_add(size, Ordering::Relaxed);
        }
    }

    /// Counts a finding about an instance.
    pub fn finding(
        &self,
        domain: &Arc<Domain>,
        instance: i64,
        what: &str,
        at: Timestamp,
        request_id: &str,
    ) {
        let finding = Finding {
            id: self.ids.key(at),
            instance,
            finding: what.to_owned(),
            first_seen: at,
            last_seen: at,
            times: 1,
            request_id: request_id.to_owned(),
        };
        let _ = self.orders.try_send(Order::Finding { domain: domain.clone(), finding });
    }

    /// Waits until everything kept so far is written, or has failed.
    pub async fn flush(&self) {
        let (done, written) = oneshot::channel();
        if self.orders.send(Order::Flush(done)).await.is_ok() {
            let _ = written.await;
        }
    }
}

struct Writer {
    store: Store,
    ids: Arc<Ids>,
    seal: Arc<SealKey>,
    waiting: Arc<AtomicUsize>,
    orders: mpsc::Receiver<Order>,
}

/// What one transaction writes in one domain.
#[derive(Default)]
struct Batch {
    requests: Vec<Seen>,
    findings: HashMap<(i64, String), Finding>,
}

impl Writer {
    async fn run(mut self) {
        let mut batches: HashMap<i64, (Arc<Domain>, Batch)> = HashMap::new();
        while let Some(first) = self.orders.recv().await {
            let mut flushed = Vec::new();
            let mut count = take(first, &mut batches, &mut flushed);
            if flushed.is_empty() {
                tokio::time::sleep(PAUSE).await;
            }
            while count < MOST_AT_ONCE {
                let Ok(order) = self.orders.try_recv() else { break };
                count += take(order, &mut batches, &mut flushed);
            }
            for (_, (domain, batch)) in batches.drain() {
                if let Err(error) = self.write(&domain, batch).await {
                    tracing::warn!(%error, "rows of the request log were lost");
                }
            }
            for done in flushed {
                let _ = done.send(());
            }
        }
    }

    async fn write(&self, domain: &Domain, batch: Batch) -> Result<()> {
        let (ids, seal) = (self.ids.clone(), self.seal.clone());
        let findings: Vec<Finding> = batch.findings.into_values().collect();
        let size: usize = batch.requests.iter().map(|s| s.request.len() + s.response.len()).sum();
        let requests = batch.requests;
        // Sealing takes the processor, not the store.
        let rows = tokio::task::spawn_blocking(move || {
            requests.into_iter().map(|seen| row(&ids, &seal, seen)).collect::<Result<Vec<_>>>()
        })
        .await
        .map_err(Error::internal);
        self.waiting.fetch_sub(size, Ordering::Relaxed);
        let rows = rows??;
        self.store
            .scope(domain)
            .write(move |tx: &mut DomainTx<'_>| {
                request_log::add(tx, &rows)?;
                findings.iter().try_for_each(|finding| compliance::record(tx, finding))
            })
            .await
    }
}

/// Puts an order into its batch; 1 when it is a row.
fn take(
    order: Order,
    batches: &mut HashMap<i64, (Arc<Domain>, Batch)>,
    flushed: &mut Vec<oneshot::Sender<()>>,
) -> usize {
    match order {
        Order::Request(seen) => {
            let (_, batch) = batches
                .entry(seen.domain.number)
                .or_insert_with(|| (seen.domain.clone(), Batch::default()));
            batch.requests.push(*seen);
            1
        }
        Order::Finding { domain, finding } => {
            let (_, batch) =
                batches.entry(domain.number).or_insert_with(|| (domain, Batch::default()));
            let key = (finding.instance, finding.finding.clone());
            batch
                .findings
                .entry(key)
                .and_modify(|known| {
                    known.times += 1;
                    known.last_seen = finding.last_seen;
                    known.request_id.clone_from(&finding.request_id);
                })
                .or_insert(finding);
            1
        }
        Order::Flush(done) => {
            flushed.push(done);
            0
        }
    }
}

fn row(ids: &Ids, seal: &SealKey, seen: Seen) -> Result<Logged> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let has_content = !seen.request.is_empty() || !seen.response.is_empty();
    let content = has_content
        .then(|| {
            let content =
                json!({ "request": text(&seen.request), "response": text(&seen.response) });
            seal.seal(&content.to_string()).map(|sealed| sealed.0)
        })
        .transpose()?;
    Ok(Logged {
        id: ids.key(seen.began),
        failed: seen.status >= 400,
        instance: Some(seen.instance),
        method: seen.method,
        target: without_credentials(&seen.target),
        status: i64::from(seen.status),
        duration: i64::try_from(seen.duration.as_micros()).unwrap_or(i64::MAX),
        request_id: seen.request_id,
        address: seen.address.to_string(),
        content,
    })
}

/// A path and query with the values of credentials left out.
fn without_credentials(target: &str) -> String {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let pairs: Vec<String> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let name = pair.split('=').next().unwrap_or("");
            let plain = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
            let hidden = SECRET.iter().any(|secret| plain.eq_ignore_ascii_case(secret));
            if hidden { format!("{name}=…") } else { pair.to_owned() }
        })
        .collect();
    let whole =
        if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) };
    let shown = whole.replace('\0', "\u{FFFD}");
    shown.chars().take(MOST_OF_TARGET).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_in_a_query_are_not_kept() {
        for (target, kept) in [
            ("/a?patient=x&Authorization=Basic%20abc", "/a?patient=x&Authorization=…"),
            ("/a?access%5Ftoken=abc&x", "/a?access%5Ftoken=…&x"),
            ("/a", "/a"),
        ] {
            assert_eq!(without_credentials(target), kept);
        }
    }
}
