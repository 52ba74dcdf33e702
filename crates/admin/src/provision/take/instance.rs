//! `[[instance]]`. Which stored instance a table means: the one with its
//! client_id, else the one with its user name, else, when it gives neither, the
//! only one of its application in its domain. Otherwise it is a new one.

use std::time::Duration;

use koppeltaal_core::Result;
use koppeltaal_core::directory::Instance;
use uuid::{Uuid, Version};

use super::super::address::check_anywhere;
use super::super::file::Entry;
use super::super::merge::merged;
use super::super::model::{Draft, put};
use super::{Taking, names, public_keys};

/// The keys of which an instance has at most one.
const KEY_SOURCES: [&str; 3] = ["jwks_url", "jwks", "public_key_pem"];

/// The kinds of user that an identity provider signs in.
const USERS: [&str; 3] = ["Patient", "Practitioner", "RelatedPerson"];

/// How far ahead an assertion may expire at most.
const MOST_ASSERTION: Duration = Duration::from_secs(3 * 3600);

/// Keys that `take::password` reads.
pub(super) const PASSWORD_KEYS: [&str; 4] =
    ["password", "password_hash", "previous_password_hash", "previous_password_until"];

impl Taking<'_> {
    pub(super) fn instance(&mut self, at: usize, entry: &Entry) -> Result<()> {
        let Ok(place) = self.which(entry) else {
            return Ok(());
        };
        let draft = place.and_then(|place| self.model.instances.get(place));
        if draft.is_some_and(|draft| draft.entry.is_some()) {
            self.twice(entry);
            return Ok(());
        }
        let old = draft.and_then(|draft| draft.old.clone());
        let mut base = old.clone().unwrap_or_default();
        self.one_key_source(entry, &mut base);
        let taken = merged(&base, entry, &PASSWORD_KEYS, self.seal, self.problems)?;
        let Some(mut new) = taken else {
            return Ok(());
        };
        new.number = base.number;
        if new.client_id.is_empty() {
            new.client_id = Uuid::new_v4().to_string();
        }
        self.instance_rules(entry, &new);
        if let Some(old) = &old {
            self.what_never_changes(entry, old, &new);
        }
        if let Some(password) = self.password(entry, old.as_ref(), &mut new)? {
            self.generated.push((at, password));
        }
        let entry = Some(at);
        put(&mut self.model.instances, place, Draft { old, new, entry });
        Ok(())
    }

    /// The place of the instance that the table means; `None`: a new one.
    fn which(&mut self, entry: &Entry) -> Result<Option<usize>, ()> {
        let (Some(domain), Some(application)) = (entry.text("domain"), entry.text("application"))
        else {
            return Err(());
        };
        let instances = &self.model.instances;
        let client_id = entry.text("client_id");
        let username = entry.text("username");
        let by = |matches: &dyn Fn(&Instance) -> bool| {
            instances.iter().position(|draft| matches(&draft.new))
        };
        if let Some(id) = client_id
            && let Some(place) = by(&|instance| instance.client_id == id)
        {
            return Ok(Some(place));
        }
        if let Some(name) = username
            && let Some(place) = by(&|instance| instance.username.as_deref() == Some(name))
        {
            return Ok(Some(place));
        }
        if client_id.is_some() || username.is_some() {
            return Ok(None);
        }
        let mut same = instances.iter().enumerate().filter(|(_, draft)| {
            draft.new.domain == domain && draft.new.application == application
        });
        let first = same.next().map(|(place, _)| place);
        if same.next().is_some() {
            let text = format!(
                "{domain} has several instances of {application}: name one by username or client_id"
            );
            self.problems.invalid(entry.line, "instance", text);
            return Err(());
        }
        Ok(first)
    }

    /// Giving one source of public keys replaces another.
    fn one_key_source(&mut self, entry: &Entry, base: &mut Instance) {
        let given: Vec<&str> =
            KEY_SOURCES.into_iter().filter(|key| entry.text(key).is_some()).collect();
        if given.is_empty() {
            return;
        }
        if let [_, second, ..] = given.as_slice() {
            let text = format!("give only one of {}", KEY_SOURCES.join(", "));
            self.problems.invalid(entry.line_of(second), *second, text);
        }
        base.jwks_url = None;
        base.jwks = None;
        base.public_key_pem = None;
    }

    fn instance_rules(&mut self, entry: &Entry, instance: &Instance) {
        if let Some(name) = &instance.username {
            self.check(entry, "username", names::check_username(name));
        }
        if let Some(name) = &instance.sso_username {
            self.check(entry, "sso_username", names::check_username(name));
        }
        self.check(entry, "client_id", check_client_id(&instance.client_id));
        let webhook = instance.webhook.as_ref();
        for (key, url) in [
            ("webhook.url", webhook.map(|webhook| &webhook.url)),
            ("sso_url", instance.sso_url.as_ref()),
            ("jwks_url", instance.jwks_url.as_ref()),
        ] {
            if let Some(url) = url {
                self.check(entry, key, check_anywhere(url));
            }
        }
        for name in webhook.iter().flat_map(|webhook| webhook.headers.keys()) {
            self.check(entry, &format!("webhook.headers.{name}"), check_header(name));
        }
        if let Some(values) = entry.values.get("webhook").and_then(|w| w.get("headers")) {
            for (name, value) in values.as_object().into_iter().flatten() {
                let control = |text: &str| text.chars().any(char::is_control);
                if value.as_str().is_some_and(control) {
                    let key = format!("webhook.headers.{name}");
                    let text = "the value must have no control character";
                    self.problems.invalid(entry.line_of(&key), key.as_str(), text);
                }
            }
        }
        for (index, url) in instance.redirect_uris.iter().enumerate() {
            self.check(entry, &format!("redirect_uris[{index}]"), check_anywhere(url));
        }
        if let Some(jwks) = entry.text("jwks") {
            self.check(entry, "jwks", public_keys::check_jwks(jwks));
        }
        if let Some(pem) = entry.text("public_key_pem") {
            self.check(entry, "public_key_pem", public_keys::check_pem(pem));
        }
        if instance.assertion_max_lifetime.is_some_and(|most| most > MOST_ASSERTION) {
            let key = "assertion_max_lifetime";
            self.problems.invalid(entry.line_of(key), key, "is more than 3h");
        }
        for (user, names) in &instance.identity_providers {
            let key = format!("identity_providers.{user}");
            if !USERS.contains(&user.as_str()) {
                let text = format!("`{user}` is not one of {}", USERS.join(", "));
                self.problems.invalid(entry.line_of(&key), key.as_str(), text);
            }
            for (index, name) in names.iter().enumerate() {
                if names.iter().take(index).any(|other| other == name) {
                    let key = format!("{key}[{index}]");
                    let text = format!("`{name}` is in the list twice: the first place counts");
                    self.problems.invalid(entry.line_of(&key), key.as_str(), text);
                }
            }
        }
        for (index, host) in instance.hook_hosts.iter().enumerate() {
            let good = url::Host::parse(host).is_ok() && !host.contains(['/', ':']);
            let outcome = good.then_some(()).ok_or_else(|| format!("`{host}` is not a host name"));
            self.check(entry, &format!("hook_hosts[{index}]"), outcome);
        }
    }

    fn what_never_changes(&mut self, entry: &Entry, old: &Instance, new: &Instance) {
        let place =
            |instance: &Instance| format!("{} in {}", instance.application, instance.domain);
        for (key, before, after) in [
            ("domain", &old.domain, &new.domain),
            ("application", &old.application, &new.application),
            ("client_id", &old.client_id, &new.client_id),
        ] {
            if before != after {
                let text = format!(
                    "never changes: this instance ({}) has `{before}`; declare a new instance",
                    place(old)
                );
                self.problems.forbidden(entry.line_of(key), key, text);
            }
        }
        if new.api_version < old.api_version {
            let text = format!("cannot be lowered: it is {}", old.api_version);
            self.problems.forbidden(entry.line_of("api_version"), "api_version", text);
        }
    }
}

/// A UUID of version 4 in lower case with hyphens.
pub(super) fn check_client_id(id: &str) -> Result<(), String> {
    let version = Uuid::try_parse(id)
        .ok()
        .filter(|uuid| uuid.to_string() == id)
        .and_then(|uuid| uuid.get_version());
    (version == Some(Version::Random)).then_some(()).ok_or_else(|| {
        format!("`{id}` is not a UUID of version 4 in lower case; left out, one is made")
    })
}

fn check_header(name: &str) -> Result<(), String> {
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if name.is_empty() || !name.chars().all(token) {
        return Err(format!("`{name}` is not the name of a header"));
    }
    let ours = [
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
        "accept",
        "content-type",
        "category",
        "koppeltaalmessageidentifier",
    ];
    if ours.contains(&name.to_ascii_lowercase().as_str()) {
        return Err(format!("{name} is set by the server"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_custom_header_cannot_be_one_that_the_server_sets() {
        for name in ["Accept", "content-type", "CATEGORY", "KoppeltaalMessageIdentifier", "Host"] {
            assert_eq!(check_header(name), Err(format!("{name} is set by the server")));
        }
        for name in ["Authorization", "X-Accept"] {
            assert_eq!(check_header(name), Ok(()));
        }
    }
}
