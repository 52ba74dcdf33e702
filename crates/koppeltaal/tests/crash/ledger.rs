//! What the clients were told, written down as they were told it.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

/// What became of a message, as its sender knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// No answer came.
    Unknown,
    /// It was accepted; the focal resource has this version now.
    Accepted(String),
    /// It was refused: another message was first.
    Refused,
}

/// A message that was sent.
#[derive(Debug, Clone)]
pub struct Sending {
    pub focal: String,
    /// The version it was based on; none of a new resource.
    pub base: Option<String>,
    pub fate: Fate,
}

/// A copy that was claimed at least once, as its claimers know it.
#[derive(Debug, Clone, Default)]
pub struct Copy {
    /// Claims that were answered.
    pub claims: usize,
    /// Requests to make it New again, answered or not.
    pub returns: usize,
    /// The status that was answered last.
    pub status: String,
    /// A status that was asked for without an answer.
    pub unsure: Option<String>,
}

/// The record of a whole run.
#[derive(Debug, Default)]
pub struct Record {
    /// By the identifier of the message.
    pub sendings: HashMap<String, Sending>,
    /// By recipient and number.
    pub copies: HashMap<(String, String), Copy>,
    /// Every stamp that was given out in an answer.
    pub stamps: HashSet<String>,
}

/// The record, shared by all clients.
#[derive(Debug, Default)]
pub struct Ledger(Mutex<Record>);

impl Ledger {
    /// A look at, or an entry in, the record.
    pub fn with<T>(&self, look: impl FnOnce(&mut Record) -> T) -> T {
        // What one client found wrong is not to be buried under what follows from it.
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Messages that were accepted so far.
    pub fn accepted(&self) -> usize {
        let is = |sending: &&Sending| matches!(sending.fate, Fate::Accepted(_));
        self.with(|record| record.sendings.values().filter(is).count())
    }

    /// A message is sent now.
    pub fn sends(&self, identifier: &str, focal: &str, base: Option<&str>) {
        let (focal, base) = (focal.to_owned(), base.map(str::to_owned));
        let sending = Sending { focal, base, fate: Fate::Unknown };
        let before = self.with(|record| record.sendings.insert(identifier.to_owned(), sending));
        assert!(before.is_none(), "{identifier} is sent once");
    }

    /// The answer to a message.
    pub fn answered(&self, identifier: &str, fate: Fate) {
        self.with(|record| {
            if let Fate::Accepted(version) = &fate {
                record.new_stamp(version);
            }
            record.sendings.get_mut(identifier).unwrap().fate = fate;
        });
    }

    /// The answer to a claim.
    pub fn claimed(&self, key: &(String, String), stamp: &str) {
        self.with(|record| {
            record.new_stamp(stamp);
            let copy = record.copies.entry(key.clone()).or_default();
            // A claim follows the end of the claim before it.
            assert!(copy.claims <= copy.returns, "{key:?} is claimed by two: {copy:?}");
            copy.claims += 1;
            "Claimed".clone_into(&mut copy.status);
            copy.unsure = None;
        });
    }

    /// A status is asked for now.
    pub fn asks(&self, key: &(String, String), status: &str) {
        self.with(|record| {
            let copy = record.copies.get_mut(key).unwrap();
            copy.returns += usize::from(status == "New");
            copy.unsure = Some(status.to_owned());
        });
    }

    /// The answer to a status; `claims` of the copy were answered when it was asked for.
    pub fn became(&self, key: &(String, String), status: &str, claims: usize) {
        self.with(|record| {
            let copy = record.copies.get_mut(key).unwrap();
            // Somebody else may have it by now, and was told so before us.
            if copy.claims == claims {
                status.clone_into(&mut copy.status);
                copy.unsure = None;
            }
        });
    }
}

impl Record {
    fn new_stamp(&mut self, stamp: &str) {
        assert!(self.stamps.insert(stamp.to_owned()), "the stamp {stamp} was issued twice");
    }
}
