//! Texts of a caller that become keys of the store: short, and free of control
//! characters, which no key needs and not every store takes.

use crate::answer::Refusal;

/// The longest URL of a resource, in bytes.
pub const MAX_URL: usize = 1000;

/// Refuses what cannot be a key; `what` says whose text it is.
pub fn check(what: &str, text: &str, most: usize) -> Result<(), Refusal> {
    if text.len() > most {
        let details = format!("{what} is longer than {most} bytes.");
        return Err(Refusal::bad_request("too-long", details));
    }
    if text.chars().any(char::is_control) {
        let details = format!("{what} holds a control character.");
        return Err(Refusal::bad_request("value", details));
    }
    Ok(())
}
