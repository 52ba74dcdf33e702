//! What the Support API keeps beside the directory: requests that wait for a
//! decision.

mod request;

pub use request::{
    MOST_OPEN, NewRequest, Request, Status, add, decide, find, has_open, list, remove, update,
};
