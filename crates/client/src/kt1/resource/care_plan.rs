//! The CarePlan: participants, goals and activities of a treatment.

use koppeltaal_fhir::dstu1::extension;
use koppeltaal_fhir::dstu1::names::{NAMESPACE, care_plan as url};
use koppeltaal_fhir::{Node, object};

use super::{coding, concept, reference_to};

/// An activity of a CarePlan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// Its identifier, to which launch and status messages refer.
    pub identifier: String,
    /// Identifier of the ActivityDefinition.
    pub definition: String,
    /// Code of CarePlanActivityStatus.
    pub status: String,
    /// From when it can be done, a dateTime.
    pub start: String,
    /// Who takes part: URL and code of CarePlanParticipantRole.
    pub participants: Vec<(String, String)>,
    /// Identifiers of its parts.
    pub sub_activities: Vec<String>,
}

impl Activity {
    /// An activity that waits for its patient.
    pub fn new(
        identifier: impl Into<String>,
        definition: impl Into<String>,
        start: impl Into<String>,
    ) -> Activity {
        Activity {
            identifier: identifier.into(),
            definition: definition.into(),
            status: "Available".to_owned(),
            start: start.into(),
            participants: Vec::new(),
            sub_activities: Vec::new(),
        }
    }

    fn to_node(&self) -> Node {
        let mut parts = vec![
            extension::with(url::ACTIVITY_IDENTIFIER, "valueString", &self.identifier),
            extension::with(url::ACTIVITY_DEFINITION, "valueString", &self.definition),
            extension::with(
                url::ACTIVITY_STATUS,
                "valueCoding",
                coding("CarePlanActivityStatus", &self.status),
            ),
            extension::with(&own("StartDate"), "valueDateTime", &self.start),
        ];
        parts.extend(self.sub_activities.iter().map(|identifier| {
            let status = coding("CarePlanActivityStatus", &self.status);
            extension::nested(
                &own("SubActivity"),
                vec![
                    extension::with(&own("SubActivityIdentifier"), "valueString", identifier),
                    extension::with(&own("SubActivityStatus"), "valueCoding", status),
                ],
            )
        }));
        parts.extend(self.participants.iter().map(|(member, role)| {
            let role = concept("CarePlanParticipantRole", role);
            extension::nested(
                url::PARTICIPANT,
                vec![
                    extension::reference(url::PARTICIPANT_MEMBER, member),
                    extension::with(url::PARTICIPANT_ROLE, "valueCodeableConcept", role),
                ],
            )
        }));
        object! {
            "extension" => parts,
            "prohibited" => false,
            "simple" => object! { "category" => "other" },
        }
    }
}

fn own(name: &str) -> String {
    format!("{NAMESPACE}CarePlan#{name}")
}

/// Makes a CarePlan.
#[derive(Debug, Clone)]
pub struct CarePlanBuilder {
    patient: String,
    status: String,
    participants: Vec<Node>,
    goals: Vec<Node>,
    activities: Vec<Node>,
}

impl CarePlanBuilder {
    /// An active plan for the patient with this URL.
    pub fn new(patient: impl Into<String>) -> CarePlanBuilder {
        CarePlanBuilder {
            patient: patient.into(),
            status: "active".to_owned(),
            participants: Vec::new(),
            goals: Vec::new(),
            activities: Vec::new(),
        }
    }

    /// Another status: `planned` or `completed`.
    #[must_use]
    pub fn status(mut self, status: &str) -> CarePlanBuilder {
        status.clone_into(&mut self.status);
        self
    }

    /// A participant, with a code of CarePlanParticipantRole.
    #[must_use]
    pub fn participant(mut self, url: &str, role: &str) -> CarePlanBuilder {
        let role = concept("CarePlanParticipantRole", role);
        self.participants.push(object! { "role" => role, "member" => reference_to(url) });
        self
    }

    /// A goal.
    #[must_use]
    pub fn goal(mut self, description: &str) -> CarePlanBuilder {
        self.goals.push(object! { "description" => description, "status" => "in progress" });
        self
    }

    /// An activity.
    #[must_use]
    pub fn activity(mut self, activity: &Activity) -> CarePlanBuilder {
        self.activities.push(activity.to_node());
        self
    }

    /// The resource.
    pub fn build(self) -> Node {
        let mut plan = object! {
            "resourceType" => "CarePlan",
            "patient" => reference_to(&self.patient),
            "status" => self.status,
        };
        for (name, items) in [
            ("participant", self.participants),
            ("goal", self.goals),
            ("activity", self.activities),
        ] {
            if !items.is_empty() {
                plan = plan.with(name, items);
            }
        }
        plan
    }
}
