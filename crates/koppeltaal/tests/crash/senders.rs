//! Senders: new care plans, new versions of one's own, and of one that all share.

use std::sync::Arc;

use koppeltaal_client::kt1::{Connector, Error};
use tokio::sync::watch;

use crate::chance::Chance;
use crate::ledger::{Fate, Ledger};
use crate::world::{ORIGIN, plan, send_plan};

/// What all senders of a run share.
pub struct Senders {
    pub ledger: Arc<Ledger>,
    pub chance: Arc<Chance>,
    /// The plan that all of them change, with the last version that was heard of.
    shared: std::sync::Mutex<Option<String>>,
    next: std::sync::atomic::AtomicU64,
}

impl Senders {
    pub fn new(ledger: Arc<Ledger>, chance: Arc<Chance>) -> Self {
        Self { ledger, chance, shared: Default::default(), next: Default::default() }
    }

    /// Sends until it is told to stop or its server is gone.
    pub async fn send(self: Arc<Self>, portal: Connector, stop: watch::Receiver<bool>) -> Ended {
        let shared = format!("{ORIGIN}/CarePlan/shared");
        // Plans of its own with their versions.
        let mut own: Vec<(String, String)> = Vec::new();
        while !*stop.borrow() {
            let number = self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let identifier = format!("message-{number}");
            let choice = self.chance.below(10);
            let (focal, base) = if choice < 2 {
                (shared.clone(), self.shared.lock().unwrap().clone())
            } else if choice < 6 && !own.is_empty() {
                let which = usize::try_from(self.chance.below(own.len() as u64)).unwrap();
                let (focal, version) = own.swap_remove(which);
                (focal, Some(version))
            } else {
                (format!("{ORIGIN}/CarePlan/{number}"), None)
            };
            let link = base.as_ref().map(|version| format!("{focal}/_history/{version}"));
            let resource = plan(link.as_ref().unwrap_or(&focal), &identifier);
            self.ledger.sends(&identifier, &focal, base.as_deref());
            match send_plan(&portal, &identifier, resource).await {
                Ok(sent) => {
                    let version = sent.version_of(&focal).expect("a new version");
                    self.ledger.answered(&identifier, Fate::Accepted(version.clone()));
                    if focal == shared {
                        *self.shared.lock().unwrap() = Some(version);
                    } else {
                        own.push((focal, version));
                    }
                }
                Err(error) if error.is_conflict() => {
                    assert_eq!(focal, shared, "nobody else changes a plan of one's own");
                    self.ledger.answered(&identifier, Fate::Refused);
                    *self.shared.lock().unwrap() = Some(current(&error));
                }
                Err(Error::Transport(_)) => return Ended::Cut,
                Err(error) => panic!("{identifier}: {error}"),
            }
        }
        Ended::Told
    }
}

/// How a client ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// As it was told.
    Told,
    /// Because the connection broke.
    Cut,
}

/// The current version that a refusal names.
fn current(error: &Error) -> String {
    let Error::Refused { outcome, .. } = error else { panic!("{error}") };
    let mut locations = outcome.issues.iter().flat_map(|issue| &issue.location);
    let version = locations.find_map(|location| location.split_once("/_history/"));
    version.expect("the current version").1.to_owned()
}
