//! The decision: may this be done to that resource, by which rule, and why.

use super::{Operation, Origins, Permissions, Reach, Rule};

/// What a decision rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grounds {
    /// A rule gives the operation on everybody's resources.
    Everybody,
    /// A rule gives it on the resources of this Device.
    ThisDevice,
    /// A rule gives creation: what is created is the caller's own.
    OwnCreation,
    /// No rule gives the operation on the type.
    NoRule,
    /// Rules do, but each is `GRANTED` for the resources of nobody.
    GrantedToNobody,
    /// Rules give it on resources of other Devices only.
    OtherDevices,
    /// Rules give it on resources of some Devices, and this one has no origin.
    WithoutOrigin,
}

/// Whether something is allowed, and by what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision<'a> {
    /// Whether it is allowed.
    pub allowed: bool,
    /// The rule that allows it.
    pub rule: Option<&'a Rule>,
    /// What the decision rests on.
    pub grounds: Grounds,
    permissions: &'a Permissions,
    operation: Operation,
    resource_type: &'a str,
    origin: Option<&'a str>,
}

/// Decides whether `operation` is allowed on a resource of `resource_type`.
///
/// `origin` is the bare id of the Device in the stored resource's
/// resource-origin; `None` for a resource without one, which only rules for
/// everybody's resources reach, and for what is to be created. A search has no
/// one resource: it is narrowed to [`Permissions::reach`].
pub fn allows<'a>(
    permissions: &'a Permissions,
    operation: Operation,
    resource_type: &'a str,
    origin: Option<&'a str>,
) -> Decision<'a> {
    let rules = || permissions.rules_on(operation, resource_type);
    let of_devices = || rules().filter(|rule| !rule.origins.is_empty());
    let of_this = || of_devices().find(|rule| origin.is_some_and(|id| rule.origins.include(id)));
    let of_all = || rules().find(|rule| rule.origins == Origins::All);
    let (rule, grounds) = if rules().next().is_none() {
        (None, Grounds::NoRule)
    } else if of_devices().next().is_none() {
        (None, Grounds::GrantedToNobody)
    } else if operation == Operation::Create {
        (of_all().or_else(|| of_devices().next()), Grounds::OwnCreation)
    } else if let Some(rule) = of_all() {
        (Some(rule), Grounds::Everybody)
    } else if let Some(rule) = of_this() {
        (Some(rule), Grounds::ThisDevice)
    } else if origin.is_some() {
        (None, Grounds::OtherDevices)
    } else {
        (None, Grounds::WithoutOrigin)
    };
    let allowed = rule.is_some();
    Decision { allowed, rule, grounds, permissions, operation, resource_type, origin }
}

impl Decision<'_> {
    /// The decision as one plain sentence, for operators and logs.
    pub fn explain(&self) -> String {
        let what = format!("{} on {}", self.operation, self.resource_type);
        let rule = self.rule.map(Rule::to_string).unwrap_or_default();
        let devices = || match self.permissions.reach(self.operation, self.resource_type) {
            Reach::Of(devices) => named(&devices),
            Reach::Nothing => "nobody".to_owned(),
            Reach::All => "everybody".to_owned(),
        };
        let origin = named(self.origin.as_slice());
        match self.grounds {
            Grounds::Everybody => {
                format!("{what} is allowed by `{rule}`, which is for everybody's resources")
            }
            Grounds::ThisDevice => {
                format!("{what} is allowed by `{rule}`, which is for resources of {origin}")
            }
            Grounds::OwnCreation => {
                format!("{what} is allowed by `{rule}`: what is created is the caller's own")
            }
            Grounds::NoRule => format!("no rule gives {what}"),
            Grounds::GrantedToNobody => {
                format!("{what} is granted for the resources of nobody: the list is empty")
            }
            Grounds::OtherDevices => format!(
                "{what} is given for resources of {} only, and this one is of {origin}",
                devices()
            ),
            Grounds::WithoutOrigin => format!(
                "{what} is given for resources of {} only, and this one has no resource-origin",
                devices()
            ),
        }
    }
}

fn named(devices: &[&str]) -> String {
    let named: Vec<String> = devices.iter().map(|id| format!("Device/{id}")).collect();
    match named.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => named.concat(),
    }
}
