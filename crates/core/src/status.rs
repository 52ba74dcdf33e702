//! The life of a mailbox item: its ProcessingStatus and what may change it
//! (Koppeltaal 1.3, "processing status").

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// An item that was claimed this often and would return to New becomes
/// `MaximumRetriesExceeded`.
pub const MAX_CLAIMS: i64 = 5;

/// The ProcessingStatus of one recipient's copy of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Waits to be claimed.
    New,
    /// A worker of the recipient has it.
    Claimed,
    /// Processed.
    Success,
    /// The recipient could not process it.
    Failed,
    /// A newer message about the same focal resource took its place.
    ReplacedByNewVersion,
    /// It was claimed [`MAX_CLAIMS`] times without an end.
    MaximumRetriesExceeded,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 6] = [
        Self::New,
        Self::Claimed,
        Self::Success,
        Self::Failed,
        Self::ReplacedByNewVersion,
        Self::MaximumRetriesExceeded,
    ];

    /// The code on the wire.
    pub fn code(self) -> &'static str {
        match self {
            Self::New => "New",
            Self::Claimed => "Claimed",
            Self::Success => "Success",
            Self::Failed => "Failed",
            Self::ReplacedByNewVersion => "ReplacedByNewVersion",
            Self::MaximumRetriesExceeded => "MaximumRetriesExceeded",
        }
    }

    /// The number under which the store keeps it.
    pub fn number(self) -> i64 {
        self as i64
    }

    /// The status with this number of the store.
    pub fn from_number(number: i64) -> Result<Self> {
        usize::try_from(number)
            .ok()
            .and_then(|n| Self::ALL.get(n).copied())
            .ok_or_else(|| Error::Internal(format!("no processing status has number {number}")))
    }

    /// Whether the recipient has what it needs, so that the body may go.
    pub fn is_retrieved(self) -> bool {
        matches!(self, Self::Success | Self::ReplacedByNewVersion)
    }

    /// Whether nothing changes it any more.
    pub fn is_final(self) -> bool {
        self.is_retrieved()
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Status {
    type Err = Error;

    fn from_str(code: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|status| status.code() == code)
            .ok_or_else(|| Error::Invalid(format!("`{code}` is not a ProcessingStatus")))
    }
}

impl Serialize for Status {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Status {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let code = String::deserialize(d)?;
        code.parse().map_err(serde::de::Error::custom)
    }
}

/// What a status change makes of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The status afterwards.
    pub to: Status,
    /// The number of claims afterwards.
    pub claims: i64,
}

/// The status a recipient may ask for by PUT.
pub fn settable(code: &str) -> Option<Status> {
    match code {
        "New" => Some(Status::New),
        "Claimed" => Some(Status::Claimed),
        "Success" => Some(Status::Success),
        "Failed" => Some(Status::Failed),
        _ => None,
    }
}

/// A recipient's PUT of a status: the change it makes, or `None` when it is
/// accepted and changes nothing.
pub fn put(from: Status, claims: i64, asked: Status) -> Option<Change> {
    use Status::*;
    match (from, asked) {
        (Success | ReplacedByNewVersion, _) | (New, New) => None,
        (Claimed, New) => Some(back_to_new(claims)),
        (Failed | MaximumRetriesExceeded, New) => Some(Change { to: New, claims: 0 }),
        (New | Failed | MaximumRetriesExceeded, Claimed) => {
            Some(Change { to: Claimed, claims: claims + 1 })
        }
        (_, asked) => Some(Change { to: asked, claims }),
    }
}

/// A claim that ended without a result: back to New, or the end of it.
pub fn back_to_new(claims: i64) -> Change {
    let to = if claims >= MAX_CLAIMS { Status::MaximumRetriesExceeded } else { Status::New };
    Change { to, claims }
}

/// Whether a newer message about the same focal resource replaces an item in
/// this status.
pub fn is_superseded(from: Status) -> bool {
    !from.is_final()
}

#[cfg(test)]
mod tests {
    use super::*;
    use Status::*;

    #[test]
    fn codes_and_numbers_survive() {
        for status in Status::ALL {
            assert_eq!(status.code().parse::<Status>().unwrap(), status);
            assert_eq!(Status::from_number(status.number()).unwrap(), status);
        }
        assert!(Status::from_number(6).is_err());
    }

    #[test]
    fn what_a_put_changes() {
        let change = |to, claims| Some(Change { to, claims });
        let table = [
            ((New, 0, New), None),
            ((New, 0, Claimed), change(Claimed, 1)),
            ((New, 0, Success), change(Success, 0)),
            ((New, 0, Failed), change(Failed, 0)),
            ((Claimed, 1, New), change(New, 1)),
            ((Claimed, 5, New), change(MaximumRetriesExceeded, 5)),
            ((Claimed, 1, Claimed), change(Claimed, 1)),
            ((Claimed, 5, Success), change(Success, 5)),
            ((Failed, 5, New), change(New, 0)),
            ((MaximumRetriesExceeded, 5, New), change(New, 0)),
            ((MaximumRetriesExceeded, 5, Success), change(Success, 5)),
            ((Success, 1, New), None),
            ((Success, 1, Failed), None),
            ((ReplacedByNewVersion, 1, Success), None),
            ((ReplacedByNewVersion, 1, New), None),
        ];
        for ((from, claims, asked), expected) in table {
            assert_eq!(put(from, claims, asked), expected, "{from} -> {asked}");
        }
    }

    #[test]
    fn only_four_codes_can_be_asked_for() {
        assert_eq!(settable("Failed"), Some(Failed));
        for code in ["ReplacedByNewVersion", "MaximumRetriesExceeded", "Foo", "new", ""] {
            assert_eq!(settable(code), None);
        }
    }
}
