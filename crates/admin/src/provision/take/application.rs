//! `[[application]]`.

use koppeltaal_core::Result;

use super::super::address::check_anywhere;
use super::super::file::Entry;
use super::super::merge::merged;
use super::super::model::{Draft, put};
use super::{Taking, names};

/// The kinds of launch of the standard.
const LAUNCH_KINDS: [&str; 2] = ["web", "mobile"];

impl Taking<'_> {
    pub(super) fn application(&mut self, at: usize, entry: &Entry) -> Result<()> {
        let Some(id) = entry.text("id") else {
            return Ok(());
        };
        self.check(entry, "id", names::check_name(id));
        let place = self.model.applications.iter().position(|draft| draft.new.id == id);
        let draft = place.and_then(|place| self.model.applications.get(place));
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
        if let Some(url) = &new.launch_url {
            self.check(entry, "launch_url", check_anywhere(url));
        }
        for (index, url) in new.redirect_uris.iter().enumerate() {
            self.check(entry, &format!("redirect_uris[{index}]"), check_anywhere(url));
        }
        for (index, kind) in new.launch_kinds.iter().enumerate() {
            let known = LAUNCH_KINDS.contains(&kind.as_str());
            let outcome = known
                .then_some(())
                .ok_or_else(|| format!("`{kind}` is not one of {}", LAUNCH_KINDS.join(", ")));
            self.check(entry, &format!("launch_kinds[{index}]"), outcome);
        }
        let entry = Some(at);
        put(&mut self.model.applications, place, Draft { old, new, entry });
        Ok(())
    }
}
