//! The permissions of a role as rules, and how far they reach.

use super::{Operation, Operations, Origins, Rule};
use crate::directory::{Permission, Role, Scope};
use crate::resource_type;
use crate::trace::is_fhir_id;

/// What an instance may do. The default is nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Permissions {
    pub(super) rules: Vec<Rule>,
}

/// How far an operation reaches on a type: what a search is narrowed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach<'a> {
    /// No resource of the type.
    Nothing,
    /// Those of these Devices: bare ids, sorted, each once, at least one.
    Of(Vec<&'a str>),
    /// Every resource of the type.
    All,
}

impl Permissions {
    /// The permissions of a role, for the instance whose Device is
    /// `own_device` (a bare id): `OWN` reaches that one, `GRANTED` those listed.
    ///
    /// `ALL` and `OWN` are merged per type, each operation that is granted is a
    /// rule of its own. A permission on something else than a resource type, or
    /// for an id that is none, gives nothing.
    pub fn of_role(role: &Role, own_device: &str) -> Self {
        let mut rules: Vec<(Scope, Rule)> = Vec::new();
        for permission in role.permissions.iter().filter(|p| is_resource(&p.resource)) {
            let origins = origins(permission, own_device);
            let letters = permission.operations.chars();
            for operation in
                Operations::from_iter(letters.filter_map(Operation::from_letter)).iter()
            {
                let operations = Operations::from_iter([operation]);
                let same = rules.iter_mut().find(|(scope, rule)| {
                    *scope == permission.scope
                        && *scope != Scope::Granted
                        && rule.resource == permission.resource
                });
                if let Some((_, rule)) = same {
                    rule.operations = rule.operations.union(operations);
                    continue;
                }
                let resource = permission.resource.clone();
                let origins = origins.clone();
                rules.push((permission.scope, Rule { resource, operations, origins }));
            }
        }
        Self { rules: rules.into_iter().map(|(_, rule)| rule).collect() }
    }

    /// The rules, in the order of the role or the scope.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// How far an operation reaches on a type, all rules together: one for
    /// everybody's resources is enough for [`Reach::All`].
    ///
    /// This is for resources that exist. What is created is the caller's own
    /// whatever the rules say of origins: ask [`allows`](super::allows).
    pub fn reach(&self, operation: Operation, resource_type: &str) -> Reach<'_> {
        let mut reached: Vec<&str> = Vec::new();
        for rule in self.rules_on(operation, resource_type) {
            match &rule.origins {
                Origins::All => return Reach::All,
                Origins::Of(devices) => reached.extend(devices.iter().map(String::as_str)),
            }
        }
        if reached.is_empty() {
            return Reach::Nothing;
        }
        reached.sort_unstable();
        reached.dedup();
        Reach::Of(reached)
    }

    /// The rules that speak of an operation on a type.
    pub(super) fn rules_on<'a>(
        &'a self,
        operation: Operation,
        resource_type: &str,
    ) -> impl Iterator<Item = &'a Rule> {
        self.rules.iter().filter(move |rule| rule.speaks_of(operation, resource_type))
    }
}

/// Whether a rule can be about this: a resource type of R4, or `*`.
pub(super) fn is_resource(name: &str) -> bool {
    name == "*" || resource_type::number(name).is_some()
}

fn origins(permission: &Permission, own_device: &str) -> Origins {
    let ids = |ids: &[String]| Origins::of(ids.iter().filter(|id| is_fhir_id(id)).cloned());
    match permission.scope {
        Scope::All => Origins::All,
        Scope::Own => ids(&[own_device.to_owned()]),
        Scope::Granted => ids(&permission.granted),
    }
}
