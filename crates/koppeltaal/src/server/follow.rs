//! Keeps the directory in memory as new as the stored one: every process sees a
//! change of `koppeltaal apply` within a second.

use std::sync::Arc;
use std::time::Duration;

use koppeltaal_core::Result;
use koppeltaal_core::directory::Directory;
use koppeltaal_store::{Store, directory};
use tokio::sync::watch;

const INTERVAL: Duration = Duration::from_millis(250);

/// The directory as it changes, and the task that follows it.
pub fn follow(
    store: Store,
    first: Directory,
) -> (watch::Receiver<Arc<Directory>>, impl Future<Output = ()>) {
    let (sender, receiver) = watch::channel(Arc::new(first));
    let task = async move {
        let mut failing = false;
        loop {
            tokio::select! {
                () = tokio::time::sleep(INTERVAL) => {}
                () = sender.closed() => return,
            }
            let known = sender.borrow().version;
            match newer(&store, known).await {
                Ok(Some(directory)) => {
                    tracing::info!(version = directory.version, "directory changed");
                    let _ = sender.send(Arc::new(directory));
                    failing = false;
                }
                Ok(None) => failing = false,
                Err(error) if !failing => {
                    failing = true;
                    tracing::warn!(%error, "the directory cannot be followed; the one in memory stands");
                }
                Err(_) => {}
            }
        }
    };
    (receiver, task)
}

async fn newer(store: &Store, known: i64) -> Result<Option<Directory>> {
    if store.read(directory::version).await? == known {
        return Ok(None);
    }
    store.read(directory::load).await.map(Some)
}
