//! The ActivityDefinition, the one resource that the server owns: reading it, and the form in which
//! the server gives it out, with the defaults and the order that clients rely on.

use super::names::{activity_definition as url, system};
use super::{extension, other};
use crate::node::{Members, Node};
use crate::object;
use crate::xml::XHTML;
use crate::xml::characters::escape_text;

/// A reading view of an `Other` that is an ActivityDefinition.
#[derive(Clone, Copy, Debug)]
pub struct ActivityDefinition<'a>(&'a Node);

/// A part of an activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubActivity<'a> {
    /// Its name.
    pub name: Option<&'a str>,
    /// Its identifier.
    pub identifier: Option<&'a str>,
    /// Its description.
    pub description: Option<&'a str>,
    /// Is it active? True when nothing is said.
    pub is_active: bool,
}

/// What the server fills in, whatever was sent.
#[derive(Clone, Copy, Debug)]
pub struct Registration<'a> {
    /// Number of the definition, its resource id.
    pub id: &'a str,
    /// URL of the Device of the application that offers it.
    pub application_reference: &'a str,
    /// Identifier of that application, which clients use for launching.
    pub application_display: &'a str,
}

impl<'a> ActivityDefinition<'a> {
    /// The view, when the node is an ActivityDefinition.
    pub fn of(node: &'a Node) -> Option<ActivityDefinition<'a>> {
        (other::usage(node) == Some(other::ACTIVITY_DEFINITION)).then_some(ActivityDefinition(node))
    }

    fn text(self, url: &str) -> Option<&'a str> {
        extension::find_text(self.0, url).filter(|text| !text.is_empty())
    }

    fn flag(self, url: &str) -> Option<bool> {
        extension::value(extension::find(self.0, url)?)?.as_bool()
    }

    /// Its name.
    pub fn name(self) -> Option<&'a str> {
        self.text(url::NAME)
    }

    /// Its identifier: the extension, or the deprecated element that repeats it.
    pub fn identifier(self) -> Option<&'a str> {
        self.text(url::IDENTIFIER).or_else(|| {
            let identifiers = self.0.items("identifier").iter();
            identifiers.filter(|i| is_own_identifier(i)).find_map(|i| i.get("value")?.text())
        })
    }

    /// Its description.
    pub fn description(self) -> Option<&'a str> {
        self.text(url::DESCRIPTION)
    }

    /// Code of its kind.
    pub fn kind(self) -> Option<&'a str> {
        self.text(url::KIND)
    }

    /// Code of its default performer.
    pub fn performer(self) -> Option<&'a str> {
        self.text(url::DEFAULT_PERFORMER)
    }

    /// How it is launched; `Web` when nothing is said.
    pub fn launch_type(self) -> &'a str {
        self.text(url::LAUNCH_TYPE).unwrap_or("Web")
    }

    /// May it be assigned? True when nothing is said.
    pub fn is_active(self) -> bool {
        self.flag(url::IS_ACTIVE).unwrap_or(true)
    }

    /// Is it offered in its own domain only?
    pub fn is_domain_specific(self) -> bool {
        self.flag(url::IS_DOMAIN_SPECIFIC).unwrap_or(false)
    }

    /// Was it archived?
    pub fn is_archived(self) -> bool {
        self.flag(url::IS_ARCHIVED).unwrap_or(false)
    }

    /// Identifier of the application that offers it.
    pub fn application(self) -> Option<&'a str> {
        extension::value(extension::find(self.0, url::APPLICATION)?)?.get("display")?.text()
    }

    /// Its parts in order.
    pub fn sub_activities(self) -> Vec<SubActivity<'a>> {
        let parts = self.0.items("extension").iter().filter(|e| is_sub_activity(e));
        parts
            .map(|part| SubActivity {
                name: extension::find_text(part, url::SUB_ACTIVITY_NAME),
                identifier: extension::find_text(part, url::SUB_ACTIVITY_IDENTIFIER),
                description: extension::find_text(part, url::SUB_ACTIVITY_DESCRIPTION),
                is_active: extension::find(part, url::SUB_ACTIVITY_IS_ACTIVE)
                    .and_then(extension::value)
                    .and_then(Node::as_bool)
                    .unwrap_or(true),
            })
            .collect()
    }

    /// The form in which the server stores and gives out the definition. Known extensions stand in
    /// the documented order, of several with one URL the first counts; everything that is not known
    /// follows as it was sent.
    pub fn normalised(self, registration: &Registration<'_>) -> Node {
        let mut members = Members::new();
        members.push("resourceType", "Other");
        members.push("id", registration.id);
        members.push("extension", self.extensions(registration));
        let narrative = self.0.get("text").filter(|text| text.as_object().is_some()).cloned();
        members.push("text", narrative.unwrap_or_else(|| self.narrative()));
        let identifiers = self.identifiers();
        if !identifiers.is_empty() {
            members.push("identifier", identifiers);
        }
        members.push(
            "code",
            self.0.get("code").cloned().unwrap_or_else(|| other::code(other::ACTIVITY_DEFINITION)),
        );
        for (name, value) in self.0.as_object().into_iter().flat_map(Members::iter) {
            // By name and not by looking into `members`, which a hostile sender can make long.
            if !WRITTEN.contains(&name) {
                members.push(name, value.clone());
            }
        }
        Node::Object(members)
    }

    fn extensions(self, registration: &Registration<'_>) -> Vec<Node> {
        let sent = self.0.items("extension");
        let one = |url: &str| extension::find(self.0, url).cloned();
        let flag = |url: &str, default: bool| {
            // A sender may have written "true"; on the wire it has to be a boolean.
            extension::with(url, "valueBoolean", self.flag(url).unwrap_or(default))
        };
        let application = object! {
            "reference" => registration.application_reference,
            "display" => registration.application_display,
        };
        let mut extensions = vec![extension::with(url::APPLICATION, "valueResource", application)];
        extensions.extend(one(url::NAME));
        extensions.extend(one(url::IDENTIFIER).or_else(|| {
            self.identifier()
                .map(|identifier| extension::with(url::IDENTIFIER, "valueString", identifier))
        }));
        extensions.extend(
            [url::DESCRIPTION, url::KIND, url::DEFAULT_PERFORMER].iter().filter_map(|url| one(url)),
        );
        extensions.push(flag(url::IS_ACTIVE, true));
        extensions.push(flag(url::IS_DOMAIN_SPECIFIC, false));
        extensions.push(
            one(url::LAUNCH_TYPE)
                .unwrap_or_else(|| extension::with(url::LAUNCH_TYPE, "valueCode", "Web")),
        );
        extensions.extend(sent.iter().filter(|e| is_sub_activity(e)).map(|part| {
            let mut part = part.clone();
            if let Some(members) = part.as_object_mut() {
                members.insert("url", url::SUB_ACTIVITY);
            }
            part
        }));
        extensions.push(flag(url::IS_ARCHIVED, false));
        extensions.extend(sent.iter().filter(|e| !is_known(e)).cloned());
        extensions
    }

    /// The deprecated element that repeats the identifier comes first; others stay.
    fn identifiers(self) -> Vec<Node> {
        let own = self
            .identifier()
            .map(|value| object! { "system" => url::IDENTIFIER_SYSTEM, "value" => value });
        let others = self.0.items("identifier").iter().filter(|i| !is_own_identifier(i)).cloned();
        own.into_iter().chain(others).collect()
    }

    fn narrative(self) -> Node {
        let mut div = format!("<div xmlns=\"{XHTML}\">");
        escape_text(self.name().unwrap_or("ActivityDefinition"), &mut div);
        div.push_str("</div>");
        object! { "status" => "generated", "div" => div }
    }
}

/// The elements that [`ActivityDefinition::normalised`] writes itself.
const WRITTEN: [&str; 6] = ["resourceType", "id", "extension", "text", "identifier", "code"];

/// The Coding of an ActivityKind or ActivityPerformer, for building definitions.
fn coding(system: &str, code: &str) -> Node {
    object! { "system" => system, "code" => code, "display" => code }
}

/// The extensions of a definition with a name, an identifier and a kind, as an application sends it.
pub fn new_definition(name: &str, identifier: &str, kind: &str) -> Node {
    object! {
        "resourceType" => "Other",
        "extension" => [
            extension::with(url::NAME, "valueString", name),
            extension::with(url::IDENTIFIER, "valueString", identifier),
            extension::with(url::KIND, "valueCoding", coding(system::ACTIVITY_KIND, kind)),
        ],
        "code" => other::code(other::ACTIVITY_DEFINITION),
    }
}

fn is_sub_activity(extension: &Node) -> bool {
    extension::has_url(extension, url::SUB_ACTIVITY)
        || extension::has_url(extension, url::SUB_ACTIVITY_MISPRINT)
}

fn is_own_identifier(identifier: &Node) -> bool {
    identifier.get("system").and_then(Node::text) == Some(url::IDENTIFIER_SYSTEM)
}

fn is_known(extension: &Node) -> bool {
    const KNOWN: [&str; 10] = [
        url::APPLICATION,
        url::NAME,
        url::IDENTIFIER,
        url::DESCRIPTION,
        url::KIND,
        url::DEFAULT_PERFORMER,
        url::IS_ACTIVE,
        url::IS_DOMAIN_SPECIFIC,
        url::LAUNCH_TYPE,
        url::IS_ARCHIVED,
    ];
    is_sub_activity(extension) || KNOWN.iter().any(|url| extension::has_url(extension, url))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGISTRATION: Registration<'static> = Registration {
        id: "3",
        application_reference: "https://h/FHIR/Koppeltaal/Device/2",
        application_display: "game-app",
    };

    fn urls(node: &Node) -> Vec<&str> {
        node.items("extension").iter().filter_map(|e| e.get("url")?.text()).collect()
    }

    #[test]
    fn a_minimal_definition_gets_the_defaults() {
        let sent = new_definition("Game <1>", "game-1", "Game");
        let node = ActivityDefinition::of(&sent).unwrap().normalised(&REGISTRATION);
        assert_eq!(
            urls(&node),
            [
                url::APPLICATION,
                url::NAME,
                url::IDENTIFIER,
                url::KIND,
                url::IS_ACTIVE,
                url::IS_DOMAIN_SPECIFIC,
                url::LAUNCH_TYPE,
                url::IS_ARCHIVED,
            ]
        );
        let definition = ActivityDefinition::of(&node).unwrap();
        assert_eq!(definition.application(), Some("game-app"));
        assert_eq!(definition.name(), Some("Game <1>"));
        assert_eq!((definition.identifier(), definition.kind()), (Some("game-1"), Some("Game")));
        assert!(
            definition.is_active() && !definition.is_archived() && !definition.is_domain_specific()
        );
        assert_eq!(definition.launch_type(), "Web");
        assert_eq!(node.get("id").and_then(Node::as_str), Some("3"));
        assert_eq!(node.items("identifier")[0].get("value").and_then(Node::text), Some("game-1"));
        let div = node.get("text").and_then(|t| t.get("div")).and_then(Node::as_str);
        assert_eq!(div, Some("<div xmlns=\"http://www.w3.org/1999/xhtml\">Game &lt;1&gt;</div>"));
    }

    #[test]
    fn order_is_restored_strangers_are_kept_and_the_application_is_overwritten() {
        let mut sent = new_definition("n", "i", "Game");
        let part = |url: &str, identifier: &str| {
            let parts = vec![
                extension::with(url::SUB_ACTIVITY_IDENTIFIER, "valueString", identifier),
                extension::with(url::SUB_ACTIVITY_IS_ACTIVE, "valueBoolean", identifier != "b"),
            ];
            extension::nested(url, parts)
        };
        let list = sent.get_mut("extension").and_then(Node::as_array_mut).unwrap();
        list.splice(
            0..0,
            [
                extension::with("urn:own", "valueString", "x"),
                part(url::SUB_ACTIVITY, "b"),
                part(url::SUB_ACTIVITY_MISPRINT, "a"),
                extension::with(url::IS_ARCHIVED, "valueBoolean", "true"),
                extension::with(
                    url::APPLICATION,
                    "valueResource",
                    object! { "display" => "other-app" },
                ),
            ],
        );
        let members = sent.as_object_mut().unwrap();
        members.push("subject", object! { "reference" => "https://a/Patient/1" });
        members.push("id", 9);
        members.push("identifier", [object! { "system" => "urn:x", "value" => "1" }]);
        let node = ActivityDefinition::of(&sent).unwrap().normalised(&REGISTRATION);
        let urls = urls(&node);
        assert_eq!(urls[7..], [url::SUB_ACTIVITY, url::SUB_ACTIVITY, url::IS_ARCHIVED, "urn:own"]);
        let definition = ActivityDefinition::of(&node).unwrap();
        let parts: Vec<_> =
            definition.sub_activities().iter().map(|p| (p.identifier, p.is_active)).collect();
        assert_eq!(parts, [(Some("b"), false), (Some("a"), true)]);
        assert_eq!(definition.application(), Some("game-app"));
        assert!(definition.is_archived());
        assert_eq!(
            extension::find(&node, url::IS_ARCHIVED).and_then(extension::value),
            Some(&Node::Bool(true))
        );
        assert_eq!(node.items("identifier").len(), 2);
        assert!(node.get("subject").is_some());
        assert_eq!(ActivityDefinition::of(&node).unwrap().normalised(&REGISTRATION), node);
    }

    #[test]
    fn the_deprecated_identifier_counts_when_the_extension_is_missing() {
        let sent = object! {
            "resourceType" => "Other",
            "identifier" => [object! { "system" => url::IDENTIFIER_SYSTEM, "value" => "i" }],
            "code" => other::code(other::ACTIVITY_DEFINITION),
        };
        let node = ActivityDefinition::of(&sent).unwrap().normalised(&REGISTRATION);
        assert_eq!(extension::find_text(&node, url::IDENTIFIER), Some("i"));
        assert_eq!(node.items("identifier").len(), 1);
    }
}
