//! The stored directory: who takes part, read whole into the snapshot that a
//! process answers from, and changed one unit of work at a time with a version
//! that tells every process to read it again.

mod apply;
mod devices;
mod load;

pub use apply::{Author, Change, Item, change, refuse};
pub use devices::ensure_devices;
pub use load::{load, version};
