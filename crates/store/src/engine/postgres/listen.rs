//! The connection that listens for wakes of other processes and sends those of
//! this one: NOTIFY takes a lock that all committing transactions share, so it
//! never is part of one.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use koppeltaal_core::Result;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_postgres::Client;

use super::Address;

/// Called for a wake.
pub(crate) type Heard = Arc<dyn Fn() + Send + Sync>;

/// Wakes within this time become one message.
const DEBOUNCE: Duration = Duration::from_millis(20);

/// After the connection was lost; each further failure doubles it.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Listens and tells for ever.
pub(crate) async fn run(address: Address, tell: Arc<Notify>, heard: Heard) {
    let mut pause = FIRST_PAUSE;
    loop {
        match open(&address, &heard).await {
            Ok((client, serve)) => {
                pause = FIRST_PAUSE;
                // What was told meanwhile was missed.
                heard();
                tell_until_lost(&client, serve, &tell).await;
            }
            Err(error) => tracing::debug!(%error, "other processes are not heard for now"),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Ends the task that serves the connection with whoever waits for it.
struct Serving(JoinHandle<()>);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn open(address: &Address, heard: &Heard) -> Result<(Client, Serving)> {
    let own = Arc::new(AtomicI32::new(0));
    let (heard, from) = (Arc::clone(heard), Arc::clone(&own));
    let (client, serve) = address
        .connect_listening(move |note| {
            if note.process_id() != from.load(Ordering::Relaxed) {
                heard();
            }
        })
        .await?;
    let serve = Serving(serve);
    let unreachable = |cause| address.unreachable(&cause);
    let row = client.query_one("SELECT pg_backend_pid()", &[]).await.map_err(unreachable)?;
    own.store(row.try_get(0).map_err(unreachable)?, Ordering::Relaxed);
    client.batch_execute("LISTEN koppeltaal_outbox").await.map_err(unreachable)?;
    Ok((client, serve))
}

async fn tell_until_lost(client: &Client, mut serve: Serving, tell: &Notify) {
    loop {
        tokio::select! {
            () = tell.notified() => {}
            _ = &mut serve.0 => return,
        }
        if client.batch_execute("NOTIFY koppeltaal_outbox").await.is_err() {
            return;
        }
        tokio::time::sleep(DEBOUNCE).await;
    }
}
