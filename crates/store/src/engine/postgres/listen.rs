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

/// Called with what another process told; with nothing when that may have been missed.
pub(crate) type Heard = Box<dyn Fn(Option<&str>) + Send + Sync>;

/// What is told and heard.
pub(crate) struct Channel {
    /// Its name in the database.
    pub name: &'static str,
    /// Something is to be told.
    pub tell: Arc<Notify>,
    /// What that is.
    pub payloads: Box<dyn Fn() -> Vec<String> + Send + Sync>,
    /// Who hears.
    pub heard: Heard,
}

/// Wakes within this time become one message.
const DEBOUNCE: Duration = Duration::from_millis(20);

/// After the connection was lost; each further failure doubles it.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Listens and tells for ever.
pub(crate) async fn run(address: Address, channel: Channel) {
    let channel = Arc::new(channel);
    let mut pause = FIRST_PAUSE;
    loop {
        match open(&address, &channel).await {
            Ok((client, serve)) => {
                pause = FIRST_PAUSE;
                // What was told meanwhile was missed.
                (channel.heard)(None);
                tell_until_lost(&client, serve, &channel).await;
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

async fn open(address: &Address, channel: &Arc<Channel>) -> Result<(Client, Serving)> {
    let own = Arc::new(AtomicI32::new(0));
    let (hearing, from) = (Arc::clone(channel), Arc::clone(&own));
    let (client, serve) = address
        .connect_listening(move |note| {
            if note.process_id() != from.load(Ordering::Relaxed) {
                (hearing.heard)(Some(note.payload()));
            }
        })
        .await?;
    let serve = Serving(serve);
    let unreachable = |cause| address.unreachable(&cause);
    let row = client.query_one("SELECT pg_backend_pid()", &[]).await.map_err(unreachable)?;
    own.store(row.try_get(0).map_err(unreachable)?, Ordering::Relaxed);
    let listen = format!("LISTEN {}", channel.name);
    client.batch_execute(&listen).await.map_err(unreachable)?;
    Ok((client, serve))
}

async fn tell_until_lost(client: &Client, mut serve: Serving, channel: &Channel) {
    loop {
        tokio::select! {
            () = channel.tell.notified() => {}
            _ = &mut serve.0 => return,
        }
        for payload in (channel.payloads)() {
            let told = client.execute("SELECT pg_notify($1, $2)", &[&channel.name, &payload]).await;
            if told.is_err() {
                return;
            }
        }
        tokio::time::sleep(DEBOUNCE).await;
    }
}
