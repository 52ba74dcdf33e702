//! Where and how this server calls out: which addresses may be called at all, over
//! which TLS, within which bounds.
//!
//! | file | what |
//! |---|---|
//! | `reach` | which addresses an endpoint may have |
//! | `clients` | one HTTP client for each reach, with the configured trust anchors |
//! | `fetch` | one bounded request and its answer |

mod clients;
mod fetch;
mod reach;

pub use clients::{Clients, Settings};
pub use fetch::{AGENT, Fetched};
pub use reach::{Reach, check_url};
