//! The ActivityDefinition that an application publishes.

use koppeltaal_fhir::dstu1::names::activity_definition as url;
use koppeltaal_fhir::dstu1::{extension, new_definition};
use koppeltaal_fhir::{Members, Node};

use super::coding;

/// Makes an ActivityDefinition.
#[derive(Debug, Clone)]
pub struct ActivityDefinitionBuilder {
    definition: Node,
}

impl ActivityDefinitionBuilder {
    /// A definition with what it must have; `kind` is a code of ActivityKind.
    pub fn new(name: &str, identifier: &str, kind: &str) -> ActivityDefinitionBuilder {
        ActivityDefinitionBuilder { definition: new_definition(name, identifier, kind) }
    }

    fn add(mut self, extension: Node) -> ActivityDefinitionBuilder {
        let extensions = self
            .definition
            .as_object_mut()
            .and_then(|members: &mut Members| members.get_mut("extension"));
        if let Some(Node::Array(extensions)) = extensions {
            extensions.push(extension);
        }
        self
    }

    /// What it is about.
    #[must_use]
    pub fn description(self, text: &str) -> ActivityDefinitionBuilder {
        self.add(extension::with(url::DESCRIPTION, "valueString", text))
    }

    /// Who performs it by default: `Patient`, `Practitioner` or `RelatedPerson`.
    #[must_use]
    pub fn performer(self, code: &str) -> ActivityDefinitionBuilder {
        self.add(extension::with(
            url::DEFAULT_PERFORMER,
            "valueCoding",
            coding("ActivityPerformer", code),
        ))
    }

    /// How it is launched: `Web`, `Mobile` or `None`.
    #[must_use]
    pub fn launch_type(self, code: &str) -> ActivityDefinitionBuilder {
        self.add(extension::with(url::LAUNCH_TYPE, "valueCode", code))
    }

    /// Can it be assigned?
    #[must_use]
    pub fn active(self, active: bool) -> ActivityDefinitionBuilder {
        self.add(extension::with(url::IS_ACTIVE, "valueBoolean", active))
    }

    /// Is it offered in this domain only?
    #[must_use]
    pub fn domain_specific(self, specific: bool) -> ActivityDefinitionBuilder {
        self.add(extension::with(url::IS_DOMAIN_SPECIFIC, "valueBoolean", specific))
    }

    /// Is it archived? That takes the place of deleting.
    #[must_use]
    pub fn archived(self, archived: bool) -> ActivityDefinitionBuilder {
        self.add(extension::with(url::IS_ARCHIVED, "valueBoolean", archived))
    }

    /// A part of it.
    #[must_use]
    pub fn sub_activity(self, name: &str, identifier: &str) -> ActivityDefinitionBuilder {
        let parts = vec![
            extension::with(url::SUB_ACTIVITY_NAME, "valueString", name),
            extension::with(url::SUB_ACTIVITY_IDENTIFIER, "valueString", identifier),
        ];
        self.add(extension::nested(url::SUB_ACTIVITY, parts))
    }

    /// The resource.
    pub fn build(self) -> Node {
        self.definition
    }
}

#[cfg(test)]
mod tests {
    use koppeltaal_fhir::dstu1::ActivityDefinition;

    use super::*;

    #[test]
    fn a_definition_says_what_it_was_told() {
        let node = ActivityDefinitionBuilder::new("Game", "g1", "Game")
            .description("Play")
            .performer("Patient")
            .launch_type("Mobile")
            .archived(true)
            .sub_activity("One", "1")
            .build();
        let definition = ActivityDefinition::of(&node).unwrap();
        assert_eq!((definition.name(), definition.identifier()), (Some("Game"), Some("g1")));
        assert_eq!((definition.performer(), definition.launch_type()), (Some("Patient"), "Mobile"));
        assert!(definition.is_archived());
        assert_eq!(definition.sub_activities()[0].identifier, Some("1"));
    }
}
