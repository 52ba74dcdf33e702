//! `[[domain]]`.

use koppeltaal_core::Result;
use koppeltaal_core::directory::{Domain, Phase, StorageKind};
use koppeltaal_core::duration;

use super::super::address::{check_alias, check_anywhere, check_origin};
use super::super::file::Entry;
use super::super::merge::merged;
use super::super::model::{Draft, put};
use super::{Taking, names};

impl Taking<'_> {
    pub(super) fn domain(&mut self, at: usize, entry: &Entry) -> Result<()> {
        let Some(name) = entry.text("name") else {
            return Ok(());
        };
        self.check(entry, "name", names::check_domain(name));
        let place = self.model.domains.iter().position(|draft| draft.new.name == name);
        let draft = place.and_then(|place| self.model.domains.get(place));
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
        new.server_device.clone_from(&base.server_device);
        self.domain_rules(entry, &new);
        self.seal_rule(entry, old.as_ref(), &new);
        if let Some(old) = &old {
            self.one_way_switches(entry, old, &new);
        }
        let entry = Some(at);
        put(&mut self.model.domains, place, Draft { old, new, entry });
        Ok(())
    }

    fn domain_rules(&mut self, entry: &Entry, domain: &Domain) {
        if !self.rules.phases.contains(&domain.phase) {
            let taken: Vec<&str> = self.rules.phases.iter().map(|phase| phase.code()).collect();
            let text = format!(
                "this environment takes no domain in phase {}, only {} (server.phases)",
                domain.phase.code(),
                taken.join(", ")
            );
            self.problems.invalid(entry.line_of("phase"), "phase", text);
        }
        if domain.allow_http_loopback && domain.phase.is_strict() {
            let text = "is for phase development and test only";
            self.problems.invalid(
                entry.line_of("allow_http_loopback"),
                "allow_http_loopback",
                text,
            );
        }
        if domain.audit_deletable && domain.phase == Phase::Production {
            let text = "is never allowed in phase production";
            self.problems.invalid(entry.line_of("audit_deletable"), "audit_deletable", text);
        }
        self.retention_rules(entry, domain);
        if let Some(url) = domain.storage.as_ref().and_then(|storage| storage.url.as_deref()) {
            self.check(entry, "storage.url", check_anywhere(url));
        }
        self.storage_rules(entry, domain);
        if let Some(alias) = &domain.fhir_alias {
            self.check(entry, "fhir_alias", check_alias(alias));
        }
        for origin in &domain.cors_origins {
            self.check(entry, "cors_origins", check_origin(origin));
        }
    }

    fn storage_rules(&mut self, entry: &Entry, domain: &Domain) {
        let Some(storage) = &domain.storage else { return };
        let line = entry.line_of("storage");
        if storage.kind == StorageKind::BuiltIn {
            return;
        }
        if storage.url.is_none() {
            let text = "a proxy needs url, the FHIR base of the provider";
            self.problems.invalid(line, "storage", text);
        }
        if storage.username.as_deref().is_some_and(|name| name.contains(':')) {
            let text = "no colon may stand in it: Basic authentication ends it there";
            self.problems.invalid(line, "storage.username", text);
        }
        if storage.quota.is_some() {
            let text = "is for items in this server (built-in); a provider has limits of its own";
            self.problems.invalid(line, "storage.quota", text);
        }
    }

    /// As `serve`: care data of real people is not sealed with a key that
    /// everybody knows. A domain that was strict before stays as it is.
    fn seal_rule(&mut self, entry: &Entry, old: Option<&Domain>, new: &Domain) {
        let is_as_before = old.is_some_and(|old| old.phase == new.phase);
        if !new.phase.is_strict() || is_as_before || !self.seal.is_development() {
            return;
        }
        let text = format!(
            "domain {} would be in phase {}, and `seal_key` is the development key: set \
             KOPPELTAAL_SEAL_KEY to 32 random bytes in base64 (openssl rand -base64 32), for \
             this command and for the server",
            new.name,
            new.phase.code()
        );
        self.problems.forbidden(entry.line_of("phase"), "phase", text);
    }

    fn retention_rules(&mut self, entry: &Entry, domain: &Domain) {
        for (index, setting) in domain.retention.iter().enumerate() {
            let key = format!("retention[{index}]");
            if domain.retention.iter().take(index).any(|other| other.event == setting.event) {
                let text = format!("{} is set twice", setting.event);
                self.problems.invalid(entry.line_of(&key), "retention", text);
            }
            let Some(age) = setting.max_age else {
                continue;
            };
            if age > self.rules.retention_max {
                let text = format!(
                    "{} is more than this server allows ({}, kt1.retention_max)",
                    duration::format(age),
                    duration::format(self.rules.retention_max)
                );
                let line = entry.line_of(&format!("{key}.max_age"));
                self.problems.invalid(line, "retention.max_age", text);
            }
        }
    }

    /// Switches of the standard that turn one way only (Koppeltaal 1.3.5, 1.3.7).
    fn one_way_switches(&mut self, entry: &Entry, old: &Domain, new: &Domain) {
        if old.versions_135 && !new.versions_135 {
            let text = "a domain that versions every resource stays so: set it back to true";
            self.problems.forbidden(entry.line_of("versions_135"), "versions_135", text);
        }
        if !old.check_non_focal_versions && new.check_non_focal_versions {
            let key = "check_non_focal_versions";
            let text = "the check was switched off and stays off: set it back to false";
            self.problems.forbidden(entry.line_of(key), key, text);
        }
    }
}
