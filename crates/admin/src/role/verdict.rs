//! The verdict on a request: the permissions of the role, and what holds
//! whatever a role says (decisions on AuditEvents and Subscriptions).

use koppeltaal_core::directory::{ConnectedInstance, Directory, InstanceStatus};
use koppeltaal_core::permission::{Decision, Operation, Permissions, Reach, Rule, allows};

use super::request::{Request, Target};

const OWNER_ALONE: &str = "a Subscription is its owner's alone, whatever a role says";

/// The resource that a request names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// None: it is a search, a history or a creation.
    Several,
    /// It is not in the domain.
    Missing,
    /// It is.
    Resource {
        /// The id of the Device it comes from.
        origin: Option<String>,
        /// Whether it has been deleted.
        deleted: bool,
    },
}

/// How far an operation reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reached {
    /// Everybody's resources.
    All,
    /// Those of these Devices; empty: nobody's.
    Of(Vec<String>),
}

/// Whether a request is allowed, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it is.
    pub allowed: bool,
    /// The rule that decided, or the rules of a search, as entries of a scope.
    pub rule: Option<String>,
    /// How far the operation reaches on the type; absent where it is of no
    /// account.
    pub reach: Option<Reached>,
    /// Why, in a sentence.
    pub reason: String,
}

impl Verdict {
    /// The verdict on a request of an instance.
    pub fn of(
        directory: &Directory,
        instance: &ConnectedInstance,
        request: &Request,
        subject: &Subject,
    ) -> Self {
        let operation = request.operation;
        let Some(resource_type) = request.resource_type() else {
            return Self::yes("this needs no token");
        };
        if operation == Operation::Read && resource_type == "ImplementationGuide" {
            return Self::yes("this needs no token");
        }
        if let Some(reason) = absence(instance) {
            return Self::no(format!("it gets no token: {reason}"));
        }
        if operation == Operation::Read && koppeltaal_kt2::is_conformance(resource_type) {
            return Self::yes("definitions are read with any token");
        }
        let Some(role) = directory.role_of(&instance.instance) else {
            return Self::no(match &instance.instance.role {
                Some(name) => format!("its role {name} does not exist"),
                None => "it has no role, and without one nothing is permitted".to_owned(),
            });
        };
        if let Some(reason) = ruled_out(instance, operation, resource_type) {
            return Self::no(reason);
        }
        let own = instance.instance.client_id.as_str();
        let permissions = Permissions::of_role(role, own);
        let asked = Asked { permissions: &permissions, operation, resource_type, own };
        match (&request.target, subject) {
            (Target::Resource(_, id), Subject::Missing) => asked.missing(id),
            (_, Subject::Resource { origin, deleted }) => asked.one(origin.as_deref(), *deleted),
            _ if operation == Operation::Create => Self::from(asked.decision(None)),
            _ => asked.search(),
        }
    }

    fn yes(reason: impl Into<String>) -> Self {
        Self { allowed: true, rule: None, reach: None, reason: reason.into() }
    }

    fn no(reason: impl Into<String>) -> Self {
        Self { allowed: false, ..Self::yes(reason) }
    }
}

impl From<Decision<'_>> for Verdict {
    fn from(decision: Decision<'_>) -> Self {
        Self {
            allowed: decision.allowed,
            rule: decision.rule.map(Rule::to_string),
            reach: None,
            reason: decision.explain(),
        }
    }
}

/// Why an instance takes no part.
fn absence(instance: &ConnectedInstance) -> Option<&'static str> {
    if instance.takes_part() {
        return None;
    }
    Some(match instance.instance.status {
        InstanceStatus::Pending => "it is pending, and takes part once approved",
        InstanceStatus::Rejected => "it is rejected",
        InstanceStatus::Approved if !instance.domain.active => "its domain is switched off",
        InstanceStatus::Approved if !instance.application.active => {
            "its application is switched off"
        }
        InstanceStatus::Approved => "it is switched off",
    })
}

/// What nobody may do, whatever a role says.
fn ruled_out(
    instance: &ConnectedInstance,
    operation: Operation,
    resource_type: &str,
) -> Option<String> {
    let changes = match operation {
        Operation::Update => true,
        Operation::Delete => !instance.domain.audit_deletable,
        Operation::Create | Operation::Read => false,
    };
    (changes && resource_type == "AuditEvent")
        .then(|| format!("nobody may {operation} an AuditEvent, whatever a role says"))
}

/// A question to the permissions of an instance.
struct Asked<'a> {
    permissions: &'a Permissions,
    operation: Operation,
    resource_type: &'a str,
    own: &'a str,
}

impl<'a> Asked<'a> {
    fn decision(&self, origin: Option<&'a str>) -> Decision<'a> {
        allows(self.permissions, self.operation, self.resource_type, origin)
    }

    /// How far the operation reaches. Subscriptions are their owner's alone.
    fn reach(&self) -> Reached {
        match self.permissions.reach(self.operation, self.resource_type) {
            Reach::Nothing => Reached::Of(Vec::new()),
            reach if self.resource_type == "Subscription" => {
                let foreign = matches!(&reach, Reach::Of(devices) if !devices.contains(&self.own));
                Reached::Of(if foreign { Vec::new() } else { vec![self.own.to_owned()] })
            }
            Reach::All => Reached::All,
            Reach::Of(devices) => Reached::Of(devices.into_iter().map(str::to_owned).collect()),
        }
    }

    fn one(&self, origin: Option<&'a str>, deleted: bool) -> Verdict {
        let mut verdict = Verdict::from(self.decision(origin));
        if verdict.allowed && self.resource_type == "Subscription" && origin != Some(self.own) {
            verdict = Verdict::no(OWNER_ALONE);
        }
        if deleted && verdict.allowed {
            verdict.reason += "; it has been deleted: the answer is 410";
        }
        Verdict { reach: Some(self.reach()), ..verdict }
    }

    /// Who may not see everything must not learn that there is nothing.
    fn missing(&self, id: &str) -> Verdict {
        let what = format!("there is no {}/{id} in the domain", self.resource_type);
        let reach = self.reach();
        let (answer, allowed) = match &reach {
            Reached::All => ("404", true),
            Reached::Of(_) => ("403, the same as for a resource that is not permitted", false),
        };
        let rule = self.decision(None).rule.map(Rule::to_string).filter(|_| allowed);
        Verdict {
            allowed,
            rule,
            reach: Some(reach),
            reason: format!(
                "{what}: the answer is {answer} (--origin asks without a stored resource)"
            ),
        }
    }

    fn search(&self) -> Verdict {
        let reach = self.reach();
        let speaking = self.permissions.rules().iter();
        let rules = speaking.filter(|rule| {
            rule.speaks_of(self.operation, self.resource_type) && !rule.origins.is_empty()
        });
        let rules = rules.map(Rule::to_string).collect::<Vec<_>>().join(" ");
        let what = format!("{} on {}", self.operation, self.resource_type);
        match &reach {
            Reached::All => Verdict { reach: Some(reach), ..Verdict::from(self.decision(None)) },
            Reached::Of(devices) if devices.is_empty() => {
                let reason = match rules.is_empty() {
                    true => self.decision(None).explain(),
                    false => OWNER_ALONE.to_owned(),
                };
                Verdict { reach: Some(reach), ..Verdict::no(reason) }
            }
            Reached::Of(devices) => {
                let ids: Vec<String> = devices.iter().map(|id| format!("Device/{id}")).collect();
                let ids = ids.join(",");
                let reason = format!(
                    "{what} is allowed by `{rules}`: what is found is narrowed to \
                     resource-origin={ids}"
                );
                Verdict { allowed: true, rule: Some(rules), reach: Some(reach), reason }
            }
        }
    }
}
