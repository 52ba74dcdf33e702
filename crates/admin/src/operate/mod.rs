//! What operators and administrators do, one file for each thing they do it with.
//! The command line and the API call these and nothing else.

pub mod administrator;
pub mod audit;
pub mod erase;
pub mod instance;
pub mod key;
pub mod message;
pub mod notification;

use koppeltaal_core::{Error, Result};

/// How often the directory may change under our hands.
const ATTEMPTS: usize = 10;

fn changed_all_the_time() -> Error {
    Error::Unavailable(
        "the directory is being changed by others all the time: try again".to_owned(),
    )
}

/// Refuses a reason that says nothing, or too much for a row of the trail.
fn check_reason(reason: &str) -> Result<()> {
    let length = reason.chars().count();
    if reason.trim().is_empty() || length > 1000 || reason.contains('\0') {
        return Err(Error::Invalid("the reason has 1 to 1000 characters".to_owned()));
    }
    Ok(())
}
