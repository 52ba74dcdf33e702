//! The domain in plain types and pure rules: no I/O, no clock, no randomness.
//!
//! Everything that decides something about Koppeltaal without needing a store
//! or a socket lives here, so that it can be read and tested by itself.

pub mod administrator;
pub mod audit;
pub mod clock;
pub mod device;
pub mod directory;
pub mod duration;
pub mod error;
pub mod event;
pub mod id;
pub mod network;
pub mod notification;
pub mod permission;
pub mod resource;
pub mod resource_type;
pub mod retention;
pub mod search;
pub mod sent;
pub mod size;
pub mod status;
pub mod told;
pub mod trace;
pub mod version;
pub mod versioning;

pub use clock::{Clock, Timestamp};
pub use error::{Error, Result};
