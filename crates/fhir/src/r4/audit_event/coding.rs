//! The codes that AuditEvents of this server are made of.

use std::borrow::Cow;

use crate::node::Node;
use crate::object;

const DCM: &str = "http://dicom.nema.org/resources/ontology/DCM";
const OBJECT_ROLE: &str = "http://terminology.hl7.org/CodeSystem/object-role";

/// A code with its system and its name for people.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Coding {
    /// The system.
    pub system: Cow<'static, str>,
    /// The code.
    pub code: Cow<'static, str>,
    /// The name.
    pub display: Cow<'static, str>,
}

impl Coding {
    const fn fixed(system: &'static str, code: &'static str, display: &'static str) -> Self {
        Self {
            system: Cow::Borrowed(system),
            code: Cow::Borrowed(code),
            display: Cow::Borrowed(display),
        }
    }

    /// As an element of type Coding.
    pub(super) fn node(&self) -> Node {
        object! { "system" => &*self.system, "code" => &*self.code, "display" => &*self.display }
    }

    /// As an element of type CodeableConcept.
    pub(super) fn concept(&self) -> Node {
        object! { "coding" => [self.node()] }
    }
}

/// Type: an interaction of REST.
pub const fn rest() -> Coding {
    let system = "http://terminology.hl7.org/CodeSystem/audit-event-type";
    Coding::fixed(system, "rest", "RESTful Operation")
}

/// Type: a notification was sent.
pub const fn transmit() -> Coding {
    let system = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle";
    Coding::fixed(system, "transmit", "Transmit Record Lifecycle Event")
}

/// Type: a user was authenticated.
pub const fn user_authentication() -> Coding {
    Coding::fixed(DCM, "110114", "User Authentication")
}

/// Type: an application did something.
pub const fn application_activity() -> Coding {
    Coding::fixed(DCM, "110100", "Application Activity")
}

/// Subtype: somebody logged in.
pub const fn login() -> Coding {
    Coding::fixed(DCM, "110122", "Login")
}

/// Subtype: an application was started.
pub const fn application_start() -> Coding {
    Coding::fixed(DCM, "110120", "Application Start")
}

/// Subtype: the interaction with this code of `http://hl7.org/fhir/restful-interaction`.
pub const fn interaction(code: &'static str) -> Coding {
    Coding::fixed("http://hl7.org/fhir/restful-interaction", code, code)
}

/// Agent: from whom it comes.
pub const fn source() -> Coding {
    Coding::fixed(DCM, "110153", "Source Role ID")
}

/// Agent: to whom it goes.
pub const fn destination() -> Coding {
    Coding::fixed(DCM, "110152", "Destination Role ID")
}

/// Agent: the application that did it by itself.
pub const fn audit_source() -> Coding {
    Coding::fixed(DCM, "110150", "Application")
}

/// Source: a service that authenticates.
pub const fn security_server() -> Coding {
    let system = "http://terminology.hl7.org/CodeSystem/security-source-type";
    Coding::fixed(system, "6", "Security Server")
}

/// Entity: its role is that of this code of object-role.
pub const fn object_role(code: &'static str, display: &'static str) -> Coding {
    Coding::fixed(OBJECT_ROLE, code, display)
}

/// Entity: what was searched for.
pub const fn query_role() -> Coding {
    object_role("24", "Query")
}

/// Entity: the subscription that asked for a notification.
pub const fn subscriber() -> Coding {
    object_role("9", "Subscriber")
}

/// Entity: its type is this resource type.
pub fn resource_type(name: impl Into<Cow<'static, str>>) -> Coding {
    let code = name.into();
    let system = Cow::Borrowed("http://hl7.org/fhir/resource-types");
    Coding { system, display: code.clone(), code }
}
