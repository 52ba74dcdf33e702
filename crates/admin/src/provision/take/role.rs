//! `[[role]]`: what a KT2 role permits.

use koppeltaal_core::Result;
use koppeltaal_core::directory::{Permission, Scope};

use super::super::file::Entry;
use super::super::merge::merged;
use super::super::model::{Draft, put};
use super::instance::check_client_id;
use super::{Taking, names};

/// Rights beyond resources.
const PRIVILEGES: [&str; 1] = ["cascade-delete"];

impl Taking<'_> {
    pub(super) fn role(&mut self, at: usize, entry: &Entry) -> Result<()> {
        let (Some(domain), Some(name)) = (entry.text("domain"), entry.text("name")) else {
            return Ok(());
        };
        self.check(entry, "name", names::check_name(name));
        let place = self
            .model
            .roles
            .iter()
            .position(|draft| draft.new.domain == domain && draft.new.name == name);
        let draft = place.and_then(|place| self.model.roles.get(place));
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
        for index in 0..new.permissions.len() {
            let (before, rest) = new.permissions.split_at(index);
            if let Some(permission) = rest.first() {
                let key = format!("permissions[{index}]");
                self.check(entry, &key, check_permission(before, permission));
            }
        }
        for (index, privilege) in new.privileges.iter().enumerate() {
            let outcome = PRIVILEGES
                .contains(&privilege.as_str())
                .then_some(())
                .ok_or_else(|| format!("`{privilege}` is not one of {}", PRIVILEGES.join(", ")));
            self.check(entry, &format!("privileges[{index}]"), outcome);
        }
        let entry = Some(at);
        put(&mut self.model.roles, place, Draft { old, new, entry });
        Ok(())
    }
}

fn check_permission(before: &[Permission], permission: &Permission) -> Result<(), String> {
    let resource = &permission.resource;
    let is_type = resource.starts_with(|c: char| c.is_ascii_uppercase())
        && resource.chars().all(|c| c.is_ascii_alphabetic());
    if !is_type && resource != "*" {
        return Err(format!("`{resource}` is not a resource type, nor *"));
    }
    let operations = &permission.operations;
    let once = |(at, c): (usize, char)| {
        "CRUD".contains(c) && !operations.chars().take(at).any(|other| other == c)
    };
    if operations.is_empty() || !operations.chars().enumerate().all(once) {
        return Err(format!("operations `{operations}` are not letters of CRUD, each once"));
    }
    let twice = before.iter().filter(|other| other.resource == *resource).find_map(|other| {
        operations.chars().find(|operation| other.operations.contains(*operation))
    });
    if let Some(operation) = twice {
        return Err(format!(
            "{operation} on {resource} is permitted twice: one scope per resource and operation"
        ));
    }
    if permission.scope != Scope::Granted && !permission.granted.is_empty() {
        return Err("granted is for scope GRANTED only".to_owned());
    }
    permission.granted.iter().try_for_each(|id| check_client_id(id))
}
