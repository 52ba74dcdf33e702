//! What a caller may see and do: the one place where it is decided (topics 005
//! and 012). Interactions get a resource or a search only through here.
//!
//! * A caller with the right on everybody's resources of a type hears 404 for an
//!   id that is unknown. Everyone else hears the same 403 for what is unknown,
//!   foreign or deleted, so that nothing tells what exists.
//! * Searches are narrowed before they run: the type that is searched, every
//!   type that a chain or `_has` leads through, and every type that is included.
//! * A Subscription is its owner's, whatever a role says.

use http::StatusCode;
use koppeltaal_core::permission::{Operation, Reach};
use koppeltaal_core::search::{Condition, Qualifier, Target, Test, Values};
use koppeltaal_fhir::r4::search::parameter_number;
use koppeltaal_store::resource::Stored;

use crate::call::Call;
use crate::kind;
use crate::outcome::Refusal;

/// The Devices by which a search looks resources up in the index.
const LOOKED_UP: usize = 64;

/// The Devices whose resources of a type the caller may do this to.
pub fn reach<'a>(call: &'a Call, operation: Operation, kind: &str) -> Reach<'a> {
    if kind::is_conformance(kind) {
        let is_open = call.access.is_some() || kind == "ImplementationGuide";
        let may = operation == Operation::Read && is_open;
        return if may { Reach::All } else { Reach::Nothing };
    }
    let Some(access) = &call.access else { return Reach::Nothing };
    own_alone(kind, &access.instance.instance.client_id, access.reach(operation, kind))
}

/// What is reached of a type by the instance with the Device `own`: of Subscriptions
/// no more than its own.
pub fn own_alone<'a>(kind: &str, own: &'a str, reached: Reach<'a>) -> Reach<'a> {
    if kind != "Subscription" {
        return reached;
    }
    match reached {
        Reach::All => Reach::Of(vec![own]),
        Reach::Of(devices) if devices.contains(&own) => Reach::Of(vec![own]),
        _ => Reach::Nothing,
    }
}

/// Refuses a caller who may not do this to any resource of the type.
pub fn require(call: &Call, operation: Operation, kind: &str) -> Result<(), Refusal> {
    match reach(call, operation, kind) {
        Reach::Nothing => Err(Refusal::forbidden()),
        _ => Ok(()),
    }
}

/// Refuses a caller who may not create resources of the type. What is created is
/// his own, so the scope of the right does not matter.
pub fn require_create(call: &Call, kind: &str) -> Result<(), Refusal> {
    let may = call
        .access
        .as_ref()
        .is_some_and(|access| access.allows(Operation::Create, kind, None).allowed);
    match may && !kind::is_conformance(kind) {
        true => Ok(()),
        false => Err(Refusal::forbidden()),
    }
}

/// The resource that was found, when the caller may do this to it; a deleted one
/// too.
pub fn decide(
    call: &Call,
    operation: Operation,
    kind: &str,
    found: Option<Stored>,
) -> Result<Stored, Refusal> {
    match (reach(call, operation, kind), found) {
        (Reach::All, Some(found)) => Ok(found),
        (Reach::All, None) => Err(unknown(kind)),
        (Reach::Of(devices), Some(found)) if devices.contains(&found.origin.as_str()) => Ok(found),
        _ => Err(Refusal::forbidden()),
    }
}

/// Somebody who reads.
pub trait Reader {
    /// The Devices whose resources of a type he may read.
    fn reach(&self, kind: &str) -> Reach<'_>;
}

impl Reader for Call {
    fn reach(&self, kind: &str) -> Reach<'_> {
        reach(self, Operation::Read, kind)
    }
}

/// Whether somebody may read a resource of this type and origin.
pub fn may_read(reader: &dyn Reader, kind: &str, origin: &str) -> bool {
    match reader.reach(kind) {
        Reach::All => true,
        Reach::Of(devices) => devices.contains(&origin),
        Reach::Nothing => false,
    }
}

/// The conditions of a search, narrowed to what the caller may read: the type
/// itself and every type that they lead through.
pub fn narrow(
    call: &Call,
    kind: &str,
    conditions: Vec<Condition>,
) -> Result<Vec<Condition>, Refusal> {
    require(call, Operation::Read, kind)?;
    Ok(narrowed(call, kind, conditions))
}

fn narrowed(reader: &dyn Reader, kind: &str, conditions: Vec<Condition>) -> Vec<Condition> {
    let within = match reader.reach(kind) {
        Reach::All => None,
        Reach::Of(devices) => Some(of_origin(kind, &devices)),
        Reach::Nothing => Some(Condition::AnyOf(Vec::new())),
    };
    let inside = conditions.into_iter().map(|condition| narrowed_inside(reader, condition));
    within.into_iter().chain(inside).collect()
}

/// A condition of a resource that somebody may read, narrowed where it leads to
/// others.
pub fn narrowed_inside(reader: &dyn Reader, condition: Condition) -> Condition {
    let target = |target: Target| Target {
        conditions: narrowed(reader, &target.resource_type, target.conditions),
        resource_type: target.resource_type,
    };
    match condition {
        Condition::RefersTo { parameter, targets } => {
            Condition::RefersTo { parameter, targets: targets.into_iter().map(target).collect() }
        }
        Condition::ReferredBy { source, parameter } => {
            Condition::ReferredBy { source: target(source), parameter }
        }
        Condition::Not(inner) => Condition::Not(Box::new(narrowed_inside(reader, *inner))),
        plain @ (Condition::AnyOf(_)
        | Condition::Id(_)
        | Condition::Origin(_)
        | Condition::Updated(_)
        | Condition::Words(..)) => plain,
    }
}

/// The condition that a resource comes from one of these Devices. A few are looked
/// up in the index, which finds the resources of a small application among those of
/// large ones; with many, each resource is asked.
fn of_origin(kind: &str, devices: &[&str]) -> Condition {
    if devices.len() > LOOKED_UP {
        return Condition::Origin(devices.iter().map(|device| (*device).to_owned()).collect());
    }
    let parameter = parameter_number(kind, "resource-origin");
    let test = |device: &&str| Test {
        parameter,
        value: Values::Is(format!("Device/{device}")),
        qualifier: Qualifier::Any,
    };
    Condition::AnyOf(devices.iter().map(test).collect())
}

/// There is no such resource, said to somebody who may read all of its type.
pub fn unknown(kind: &str) -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "not-found", format!("There is no {kind} with this id."))
}
