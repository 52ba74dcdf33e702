//! The password of an instance: given in clear, as a hash, or made up. The same
//! password again is no change; a new one stops the old one at once, unless
//! `previous_password_until` lets it live on for a while.

use koppeltaal_auth::password;
use koppeltaal_core::directory::Instance;
use koppeltaal_core::{Result, Timestamp};
use serde_json::Value;

use super::super::file::Entry;
use super::Taking;

/// More is no password but a way to keep the processor busy.
const MOST_CHARACTERS: usize = 1024;

impl Taking<'_> {
    /// Sets the hashes of `new`, and tells the password if it had to be made up.
    pub(super) fn password(
        &mut self,
        entry: &Entry,
        old: Option<&Instance>,
        new: &mut Instance,
    ) -> Result<Option<String>> {
        let stored = old.and_then(|old| old.password_hash.clone());
        let Ok(until) = self.until(entry) else {
            return Ok(None);
        };
        let Ok(given) = self.given_hash(entry, stored.as_deref())? else {
            return Ok(None);
        };
        if new.username.is_none() && given.is_some() {
            let text = "a password needs a username";
            self.problems.invalid(entry.line_of("password"), "password", text);
        }
        let mut generated = None;
        let hash = match (given, stored.clone()) {
            (Some(given), _) => Some(given),
            (None, Some(stored)) => Some(stored),
            (None, None) if new.username.is_some() => {
                let made = password::generate_password();
                let hash = password::hash(&made)?;
                generated = Some(made);
                Some(hash)
            }
            (None, None) => None,
        };
        let live = until.filter(|until| *until > self.now);
        if let Some(previous) = entry.text("previous_password_hash") {
            let outcome = password::check_hash(previous).map_err(|error| error.to_string());
            self.check(entry, "previous_password_hash", outcome);
            if live.is_some() {
                new.previous_password_hash = Some(previous.to_owned());
                new.previous_password_until = live;
            }
        } else if stored.is_some() && hash != stored {
            // A new password.
            new.previous_password_hash = live.and(stored);
            new.previous_password_until = live;
        } else if new.previous_password_hash.is_some() && until.is_some() {
            new.previous_password_until = until;
        }
        new.password_hash = hash;
        Ok(generated)
    }

    fn until(&mut self, entry: &Entry) -> Result<Option<Timestamp>, ()> {
        let Some(text) = entry.text("previous_password_until") else {
            return Ok(None);
        };
        text.parse().map(Some).map_err(|error: koppeltaal_core::Error| {
            let key = "previous_password_until";
            self.problems.invalid(entry.line_of(key), key, error.to_string());
        })
    }

    /// The hash that the table asks for: the stored one where it gives the
    /// password of the stored one. The inner error has been noted.
    fn given_hash(
        &mut self,
        entry: &Entry,
        stored: Option<&str>,
    ) -> Result<Result<Option<String>, ()>> {
        let line = entry.line_of("password");
        if entry.gives("password") && entry.gives("password_hash") {
            let text = "give only one of password, password_file, password_hash";
            self.problems.invalid(entry.line_of("password_hash"), "password_hash", text);
            return Ok(Err(()));
        }
        match (entry.values.get("password"), entry.text("password_hash")) {
            (Some(Value::String(clear)), _) => {
                if clear.chars().count() > MOST_CHARACTERS || clear.chars().any(char::is_control) {
                    let text = "must have at most 1024 characters and no control character";
                    self.problems.invalid(line, "password", text);
                    return Ok(Err(()));
                }
                if let Some(stored) = stored
                    && password::verify(clear, stored)?
                {
                    return Ok(Ok(Some(stored.to_owned())));
                }
                password::hash(clear).map(|hash| Ok(Some(hash)))
            }
            (Some(_), _) => {
                let text = "must not be empty: leave it out to have one made";
                self.problems.invalid(line, "password", text);
                Ok(Err(()))
            }
            (None, Some(hash)) => {
                let outcome = password::check_hash(hash).map_err(|error| error.to_string());
                let good = outcome.is_ok();
                self.check(entry, "password_hash", outcome);
                Ok(good.then(|| Some(hash.to_owned())).ok_or(()))
            }
            (None, None) => Ok(Ok(None)),
        }
    }
}
