//! What the sender of a message may know of it: which recipients have it, and how far
//! each is (Koppeltaal 1.3, "status of a message at its recipients"). Never its content.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::event::Event;
use crate::status::Status;

/// A message as its sender sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentMessage {
    /// The number of the message in its domain; rises with the time.
    pub number: i64,
    /// MessageHeader.identifier as it was sent.
    pub identifier: String,
    /// The event.
    pub event: Event,
    /// The number of the sending instance; `None` for the server itself.
    pub sender: Option<i64>,
    /// The patient's URL without version.
    pub patient: Option<String>,
    /// The focal resource's URL without version.
    pub focal: String,
    /// The version of the focal resource.
    pub focal_version: String,
    /// When it was accepted.
    pub created: Timestamp,
    /// Since when every recipient has it.
    pub retrieved: Option<Timestamp>,
    /// When its body was removed.
    pub expired: Option<Timestamp>,
    /// Its copies, in the order in which they were made.
    pub recipients: Vec<RecipientStatus>,
}

/// One recipient's copy of a sent message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecipientStatus {
    /// The integer of the copy.
    pub item: i64,
    /// The number of the instance that receives it.
    pub recipient: i64,
    /// Its ProcessingStatus.
    pub status: Status,
    /// How often it was claimed.
    pub claims: i64,
    /// When its status changed last.
    pub changed: Timestamp,
    /// What the recipient said about a failure.
    pub exception: Option<String>,
}
