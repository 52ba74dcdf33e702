//! Keeps the directory in memory as new as the stored one: every process sees a
//! change of `koppeltaal apply` within a second. A directory that this process
//! would refuse to start with is not taken over.

use std::sync::Arc;
use std::time::Duration;

use koppeltaal_core::Result;
use koppeltaal_core::directory::Directory;
use koppeltaal_store::{Store, directory};
use tokio::sync::watch;

const INTERVAL: Duration = Duration::from_millis(250);

/// The directory as it changes, and the task that follows it. With the
/// development key (`is_development`) the directory in memory stays as it is
/// while the stored one has a domain of real people.
pub fn follow(
    store: Store,
    first: Directory,
    is_development: bool,
) -> (watch::Receiver<Arc<Directory>>, impl Future<Output = ()>) {
    let (sender, receiver) = watch::channel(Arc::new(first));
    let task = async move {
        let mut failing = false;
        let mut refused = None;
        loop {
            tokio::select! {
                () = tokio::time::sleep(INTERVAL) => {}
                () = sender.closed() => return,
            }
            let known = sender.borrow().version;
            match newer(&store, refused.unwrap_or(known)).await {
                Ok(Some(directory)) if is_development && has_strict_domain(&directory) => {
                    if refused.is_none() {
                        tracing::error!(
                            version = directory.version,
                            "a domain is in phase acceptance or production, and `seal_key` is the development key: changes of the directory are not followed until KOPPELTAAL_SEAL_KEY is 32 random bytes in base64 (openssl rand -base64 32) and the server is restarted"
                        );
                    }
                    refused = Some(directory.version);
                    failing = false;
                }
                Ok(Some(directory)) => {
                    refused = None;
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

fn has_strict_domain(directory: &Directory) -> bool {
    directory.domains().iter().any(|domain| domain.phase.is_strict())
}

/// The stored directory, when it has another version than the one seen last.
async fn newer(store: &Store, known: i64) -> Result<Option<Directory>> {
    if store.read(directory::version).await? == known {
        return Ok(None);
    }
    store.read(directory::load).await.map(Some)
}
