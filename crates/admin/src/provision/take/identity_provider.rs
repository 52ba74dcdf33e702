//! `[[identity_provider]]`.

use koppeltaal_core::Result;

use super::super::address::check_discovery;
use super::super::file::Entry;
use super::super::merge::merged;
use super::super::model::{Draft, put};
use super::{Taking, names};

impl Taking<'_> {
    pub(super) fn identity_provider(&mut self, at: usize, entry: &Entry) -> Result<()> {
        let (Some(domain), Some(name)) = (entry.text("domain"), entry.text("name")) else {
            return Ok(());
        };
        self.check(entry, "name", names::check_name(name));
        let place = self
            .model
            .identity_providers
            .iter()
            .position(|draft| draft.new.domain == domain && draft.new.name == name);
        let draft = place.and_then(|place| self.model.identity_providers.get(place));
        if draft.is_some_and(|draft| draft.entry.is_some()) {
            self.twice(entry);
            return Ok(());
        }
        let old = draft.and_then(|draft| draft.old.clone());
        let base = old.clone().unwrap_or_default();
        let Some(mut new) = merged(&base, entry, &[], self.seal, self.problems)? else {
            return Ok(());
        };
        new.number = base.number;
        for (key, value) in [("discovery_url", &new.discovery_url), ("client_id", &new.client_id)] {
            if value.is_empty() {
                self.problems.invalid(entry.line_of(key), key, "is missing");
            }
        }
        if !new.discovery_url.is_empty() {
            self.check(entry, "discovery_url", check_discovery(&new.discovery_url));
        }
        for (key, value) in [
            ("client_id", Some(&new.client_id)),
            ("username_claim", new.username_claim.as_ref()),
            ("identifier_system", new.identifier_system.as_ref()),
        ] {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                self.check(entry, key, check_visible(value));
            }
        }
        let entry = Some(at);
        put(&mut self.model.identity_providers, place, Draft { old, new, entry });
        Ok(())
    }
}

/// 1 to 256 characters, none of them invisible at an end or a control character.
fn check_visible(text: &str) -> Result<(), String> {
    let whole = text.trim() == text && !text.is_empty() && text.chars().count() <= 256;
    (whole && !text.contains(char::is_control))
        .then_some(())
        .ok_or_else(|| format!("`{text}` must be 1 to 256 characters, with no space at its ends"))
}
