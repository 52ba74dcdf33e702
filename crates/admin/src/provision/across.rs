//! The rules between items, on the directory as it is to be. A rule that is
//! broken by items the file does not mention is not the file's fault.

use std::collections::HashSet;

use koppeltaal_core::directory::{
    Application, Domain, IdentityProvider, Instance, Phase, RedirectPolicy, Role,
};

use super::address::{check_endpoint, is_within};
use super::file::Entry;
use super::model::{Draft, Model, blame};
use super::problem::Problems;

/// Checks everything.
pub fn check(model: &Model, entries: &[Entry], problems: &mut Problems) {
    let mut rules = Across { model, entries, problems };
    rules.references();
    rules.unique();
    for draft in &model.domains {
        let storage = draft.new.storage.as_ref().and_then(|storage| storage.url.as_deref());
        if let Some(url) = storage {
            rules.endpoint(draft, &[(draft.entry, "storage.url")], url);
        }
    }
    for draft in &model.identity_providers {
        if let Some(domain) = model.domain(&draft.new.domain) {
            let suspects = [(draft.entry, "discovery_url")];
            rules.endpoint(domain, &suspects, &draft.new.discovery_url);
            rules.identifier_system(domain, draft);
        }
    }
    for instance in &model.instances {
        let domain = model.domain(&instance.new.domain);
        let application = model.application(&instance.new.application);
        if let (Some(domain), Some(application)) = (domain, application) {
            rules.connection(domain, application, instance);
        }
    }
}

struct Across<'a> {
    model: &'a Model,
    entries: &'a [Entry],
    problems: &'a mut Problems,
}

impl Across<'_> {
    fn references(&mut self) {
        let instances: HashSet<(&str, &str)> = self
            .model
            .instances
            .iter()
            .map(|draft| (draft.new.domain.as_str(), draft.new.client_id.as_str()))
            .collect();
        for draft in &self.model.roles {
            self.domain_exists(draft.entry, &draft.new.domain);
            self.granted(draft, &instances);
        }
        for draft in &self.model.identity_providers {
            self.domain_exists(draft.entry, &draft.new.domain);
        }
        for draft in &self.model.instances {
            let instance = &draft.new;
            self.domain_exists(draft.entry, &instance.domain);
            if self.model.application(&instance.application).is_none() {
                self.missing(draft.entry, "application", &instance.application);
            }
            if let Some(role) = &instance.role {
                let known = |other: &Draft<Role>| {
                    other.new.domain == instance.domain && other.new.name == *role
                };
                if !self.model.roles.iter().any(known) {
                    self.missing(draft.entry, "role", role);
                }
            }
            for (user, names) in &instance.identity_providers {
                for name in names {
                    let known = self.model.identity_providers.iter().any(|other| {
                        other.new.domain == instance.domain && other.new.name == *name
                    });
                    if !known {
                        self.missing(draft.entry, &format!("identity_providers.{user}"), name);
                    }
                }
            }
        }
    }

    fn granted(&mut self, draft: &Draft<Role>, instances: &HashSet<(&str, &str)>) {
        let role = &draft.new;
        for (at, permission) in role.permissions.iter().enumerate() {
            for (index, id) in permission.granted.iter().enumerate() {
                if !instances.contains(&(role.domain.as_str(), id.as_str())) {
                    let key = format!("permissions[{at}].granted[{index}]");
                    let text = format!("`{id}` is the client_id of no instance in {}", role.domain);
                    self.blamed(&[(draft.entry, key.as_str())], &key, &text);
                }
            }
        }
    }

    fn domain_exists(&mut self, entry: Option<usize>, name: &str) {
        if self.model.domain(name).is_none() {
            self.missing(entry, "domain", name);
        }
    }

    fn missing(&mut self, entry: Option<usize>, key: &str, name: &str) {
        if let Some(line) = blame(self.entries, &[(entry, key)]) {
            let text = format!("`{name}` exists neither in this file nor in the store");
            self.problems.invalid(line, key, text);
        }
    }

    fn unique(&mut self) {
        self.no_two("username", |instance| instance.username.as_deref());
        self.no_two("sso_username", |instance| instance.sso_username.as_deref());
        self.no_two("client_id", |instance| Some(&instance.client_id));
        for (at, draft) in self.model.domains.iter().enumerate() {
            let Some(ours) = &draft.new.fhir_alias else {
                continue;
            };
            let overlaps = |other: &Draft<Domain>| {
                other.new.fhir_alias.as_ref().is_some_and(|theirs| is_within(ours, theirs))
            };
            let before = self.model.domains.iter().take(at);
            if let Some(other) = before.into_iter().find(|other| overlaps(other)) {
                let suspects = [(draft.entry, "fhir_alias"), (other.entry, "fhir_alias")];
                let text = match &other.new.fhir_alias {
                    Some(theirs) if theirs != ours => format!(
                        "`{ours}` and `{theirs}` of domain {} lie one below the other",
                        other.new.name
                    ),
                    _ => format!("domain {} has the same one", other.new.name),
                };
                self.blamed(&suspects, "fhir_alias", &text);
            }
        }
        for (at, draft) in self.model.identity_providers.iter().enumerate() {
            let same = self.model.identity_providers.iter().take(at).find(|other| {
                other.new.default && draft.new.default && other.new.domain == draft.new.domain
            });
            if let Some(same) = same {
                let suspects = [(draft.entry, "default"), (same.entry, "default")];
                let text = format!("{} is the default of this domain already", same.new.name);
                self.blamed(&suspects, "default", &text);
            }
        }
    }

    fn no_two(&mut self, key: &str, value: impl Fn(&Instance) -> Option<&str>) {
        for (at, draft) in self.model.instances.iter().enumerate() {
            let Some(ours) = value(&draft.new) else {
                continue;
            };
            let before = self.model.instances.iter().take(at);
            let same = before.into_iter().find(|other| value(&other.new) == Some(ours));
            if let Some(same) = same {
                let suspects = [(draft.entry, key), (same.entry, key)];
                let text = format!(
                    "`{ours}` belongs to another instance ({} in {}): it is unique in the store",
                    same.new.application, same.new.domain
                );
                self.blamed(&suspects, key, &text);
            }
        }
    }

    fn blamed(&mut self, suspects: &[(Option<usize>, &str)], key: &str, text: &str) {
        if let Some(line) = blame(self.entries, suspects) {
            self.problems.invalid(line, key, text);
        }
    }

    /// One instance in its domain with its application: every URL it can use.
    fn connection(
        &mut self,
        domain: &Draft<Domain>,
        application: &Draft<Application>,
        instance: &Draft<Instance>,
    ) {
        let (a, i) = (&application.new, &instance.new);
        let webhook = i.webhook.as_ref().map(|webhook| &webhook.url);
        for (key, url) in [
            ("webhook.url", webhook),
            ("sso_url", i.sso_url.as_ref()),
            ("jwks_url", i.jwks_url.as_ref()),
        ] {
            if let Some(url) = url {
                self.endpoint(domain, &[(instance.entry, key)], url);
            }
        }
        for url in &i.redirect_uris {
            self.endpoint(domain, &[(instance.entry, "redirect_uris")], url);
        }
        if let Some(url) = &a.launch_url {
            let suspects = [(application.entry, "launch_url"), (instance.entry, "domain")];
            self.endpoint(domain, &suspects, url);
        }
        for url in &a.redirect_uris {
            let suspects = [(application.entry, "redirect_uris"), (instance.entry, "domain")];
            self.endpoint(domain, &suspects, url);
        }
        if a.redirect_policy == RedirectPolicy::Any && domain.new.phase == Phase::Production {
            let suspects = [
                (application.entry, "redirect_policy"),
                (domain.entry, "phase"),
                (instance.entry, "domain"),
            ];
            if let Some(line) = blame(self.entries, &suspects) {
                let text = format!(
                    "any is refused: {} has an instance in the production domain {}",
                    a.id, domain.new.name
                );
                self.problems.forbidden(line, "redirect_policy", text);
            }
        }
    }

    /// Where real people sign in, a value alone does not say who somebody is: the
    /// same one can stand in another system.
    fn identifier_system(&mut self, domain: &Draft<Domain>, provider: &Draft<IdentityProvider>) {
        if !domain.new.phase.is_strict() || provider.new.identifier_system.is_some() {
            return;
        }
        // The provider's own table first, though it does not give the key.
        let becomes_strict = domain.old.as_ref().is_none_or(|old| !old.phase.is_strict());
        let phase = domain.entry.filter(|_| becomes_strict);
        let suspect = match provider.entry {
            Some(_) => (provider.entry, "identifier_system"),
            None => (phase, "phase"),
        };
        let text = format!(
            "is missing: identity provider {} in {} (phase {}) must say to which system the \
             identifier in its `{}` claim belongs, or somebody else with the same value could be \
             taken for the user",
            provider.new.name,
            domain.new.name,
            domain.new.phase.code(),
            provider.new.username_claim.as_deref().unwrap_or("email")
        );
        self.blamed(&[suspect], "identifier_system", &text);
    }

    fn endpoint(&mut self, domain: &Draft<Domain>, of: &[(Option<usize>, &str)], url: &str) {
        let Err(why) = check_endpoint(url, &domain.new) else {
            return;
        };
        let mut suspects = of.to_vec();
        suspects.extend([(domain.entry, "allow_http_loopback"), (domain.entry, "phase")]);
        let key = of.first().map_or("url", |(_, key)| key);
        let Some(line) = blame(self.entries, &suspects) else {
            return;
        };
        let phase = domain.new.phase.code();
        let text = format!("{why} (domain {}, phase {phase})", domain.new.name);
        self.problems.invalid(line, key, text);
    }
}
