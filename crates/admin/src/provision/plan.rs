//! A file against a directory: what would change, or everything that is wrong.

use std::fmt;
use std::time::Duration;

use koppeltaal_auth::SealKey;
use koppeltaal_core::directory::{Directory, Phase};
use koppeltaal_core::{Error, Result, Timestamp};
use koppeltaal_store::directory::{Change, Item};
use serde::Serialize;

use super::across;
use super::file::File;
use super::model::{Draft, Model};
use super::problem::Problems;
use super::schema::Kind;
use super::take::Taking;

/// The limits of the server that a file is held to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// The phases it takes.
    pub phases: Vec<Phase>,
    /// How long bodies may stay at most.
    pub retention_max: Duration,
}

/// One change, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// `created` or `changed`.
    pub action: &'static str,
    /// The table of the file.
    pub kind: &'static str,
    /// The name of the item.
    pub name: String,
    /// Its domain, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// The keys that change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
    /// The password that was made up, shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generated_password: Option<String>,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind.replace('_', " ");
        write!(f, "{} {kind} {}", self.action, self.name)?;
        if let Some(domain) = &self.domain {
            write!(f, " in {domain}")?;
        }
        if !self.keys.is_empty() {
            write!(f, ": {}", self.keys.join(", "))?;
        }
        Ok(())
    }
}

/// What a file changes.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The version of the directory it was worked out against.
    pub based_on: i64,
    /// The changes for the store.
    pub changes: Vec<Change>,
    /// The same for people.
    pub lines: Vec<Line>,
}

/// Works out what `file` changes in `directory`. Hashes passwords: not for an
/// async thread. The inner error is what is wrong with the file.
pub fn plan(
    file: &File,
    mut problems: Problems,
    directory: &Directory,
    seal: &SealKey,
    rules: &Rules,
    now: Timestamp,
) -> Result<Result<Plan, Problems>> {
    let mut model = Model::of(directory);
    let mut generated = Vec::new();
    let mut taking = Taking {
        model: &mut model,
        problems: &mut problems,
        seal,
        rules,
        now,
        generated: &mut generated,
    };
    for (at, entry) in file.entries.iter().enumerate() {
        taking.take(at, entry)?;
    }
    // References to items that could not be read would be reported as missing.
    if problems.is_empty() {
        across::check(&model, &file.entries, &mut problems);
    }
    if !problems.is_empty() {
        return Ok(Err(problems));
    }
    let mut plan = Plan { based_on: directory.version, ..Plan::default() };
    for draft in &model.domains {
        plan.add(draft, Kind::Domain, |d| (d.name.clone(), None), Item::Domain)?;
    }
    for draft in &model.applications {
        plan.add(draft, Kind::Application, |a| (a.id.clone(), None), Item::Application)?;
    }
    for draft in &model.roles {
        let named = |r: &koppeltaal_core::directory::Role| (r.name.clone(), Some(r.domain.clone()));
        plan.add(draft, Kind::Role, named, Item::Role)?;
    }
    for draft in &model.identity_providers {
        let named = |p: &koppeltaal_core::directory::IdentityProvider| {
            (p.name.clone(), Some(p.domain.clone()))
        };
        plan.add(draft, Kind::IdentityProvider, named, Item::IdentityProvider)?;
    }
    for draft in &model.instances {
        let named = |i: &koppeltaal_core::directory::Instance| {
            let name = i.username.clone().unwrap_or_else(|| i.client_id.clone());
            (name, Some(i.domain.clone()))
        };
        plan.add(draft, Kind::Instance, named, Item::Instance)?;
        let made = generated.iter().find(|(at, _)| Some(*at) == draft.entry);
        if let (Some((_, password)), Some(line)) = (made, plan.lines.last_mut()) {
            line.generated_password = Some(password.clone());
        }
    }
    Ok(Ok(plan))
}

impl Plan {
    fn add<T: Clone + PartialEq + Serialize>(
        &mut self,
        draft: &Draft<T>,
        kind: Kind,
        named: impl Fn(&T) -> (String, Option<String>),
        item: impl Fn(T) -> Item,
    ) -> Result<()> {
        if draft.old.as_ref() == Some(&draft.new) {
            return Ok(());
        }
        let (name, domain) = named(&draft.new);
        let line = Line {
            action: if draft.old.is_some() { "changed" } else { "created" },
            kind: kind.name(),
            name,
            domain,
            keys: match &draft.old {
                Some(old) => changed_keys(old, &draft.new)?,
                None => Vec::new(),
            },
            generated_password: None,
        };
        self.changes.push(Change { item: item(draft.new.clone()), summary: line.to_string() });
        self.lines.push(line);
        Ok(())
    }
}

fn changed_keys(old: &impl Serialize, new: &impl Serialize) -> Result<Vec<String>> {
    let old = serde_json::to_value(old).map_err(Error::internal)?;
    let new = serde_json::to_value(new).map_err(Error::internal)?;
    let mut keys = Vec::new();
    for (key, value) in new.as_object().into_iter().flatten() {
        if old.get(key) != Some(value) {
            let key = match key.as_str() {
                "password_hash" => "password",
                "previous_password_hash" => continue,
                key => key,
            };
            keys.push(key.to_owned());
        }
    }
    // The password before alone: a hash went, its time did not.
    if keys.is_empty() {
        keys.push("previous_password_until".to_owned());
    }
    Ok(keys)
}
