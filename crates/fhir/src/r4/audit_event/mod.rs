//! AuditEvents as Koppeltaal 2.0 has them (KT2AuditEvent; TOP-KT-011), in two parts, so that a
//! trail of millions stays small: the *shape*, which many events share, and what is particular to
//! one of them. [`AuditEvent::split`] and [`split_resource`] take an event apart, [`join`] puts it
//! together.
//!
//! A shape is the JSON of an AuditEvent with the profile, the origin, type, subtype, action,
//! outcome, agents (without network), source, and the types and roles of its entities (each
//! combination once, in order). So it decides by itself what the search parameters of
//! [`is_of_shape`] find. The content, a JSON object, says the rest:
//!
//! | Content | The event has |
//! |---|---|
//! | none | the entities of the shape; `what` of the first is the focal resource of the row |
//! | `{}` | the entities of the shape, as they stand there |
//! | `{"entity": […]}` | these entities; a text `T/id/_history/v` is an entity of type T that is there |
//! | `{"network": […]}` | these addresses, one for each agent, empty where there is none |
//! | `{"resourceType": …}` | everything that stands there: it was made by an application |

mod coding;
mod event;
mod join;
mod made;
mod mask;
mod parameter;
mod split;

pub use coding::{
    Coding, application_activity, application_start, audit_source, destination, interaction, login,
    object_role, query_role, resource_type, rest, security_server, source, subscriber, transmit,
    user_authentication,
};
pub use event::{Agent, AuditEvent, Entity, Outcome, Who};
pub use join::{Particulars, join};
pub use made::{Made, split_resource};
pub use mask::{MASK, decoded, is_hidden, masked};
pub use parameter::is_of_shape;
pub use split::{Split, unversioned};

/// The base of what Koppeltaal defines.
const KOPPELTAAL: &str = "http://koppeltaal.nl/fhir/StructureDefinition/";
/// The profile of every AuditEvent.
pub const PROFILE: &str = "http://koppeltaal.nl/fhir/StructureDefinition/KT2AuditEvent";

/// The URL of an extension that holds an id of the request: `trace-id`, `request-id`,
/// `correlation-id`; or `resource-origin`.
fn extension_url(name: &str) -> String {
    format!("{KOPPELTAAL}{name}")
}
