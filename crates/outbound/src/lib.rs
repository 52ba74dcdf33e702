//! Where and how this server calls out: which addresses may be called at all, over
//! which TLS, within which bounds.
//!
//! | file | what |
//! |---|---|
//! | `reach` | which addresses an endpoint may have |
//! | `clients` | one HTTP client for each reach, with the configured trust anchors |
//! | `fetch` | one bounded request and its answer |
//! | `hook` | headers and hosts of a rest-hook |

mod clients;
mod fetch;
mod hook;
mod reach;

pub use clients::{Clients, Settings};
pub use fetch::{AGENT, Fetched};
pub use hook::{FIXED_HEADERS, is_registered};
pub use reach::{Reach, check_url};
