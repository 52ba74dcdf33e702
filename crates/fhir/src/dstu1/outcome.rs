//! OperationOutcome, the body of every error of KT1, in the exact form clients compare with.

use std::borrow::Cow;

use super::names::{ISSUE_RESOURCE, system};
use crate::node::{Members, Node};
use crate::object;

/// How bad an issue is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Severity {
    /// The server could not go on.
    Fatal,
    /// The request was refused.
    #[default]
    Error,
    /// The request was accepted.
    Warning,
    /// For information.
    Information,
}

impl Severity {
    /// The code on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Fatal => "fatal",
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Information => "information",
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Issue {
    /// How bad it is.
    pub severity: Severity,
    /// Code of `http://hl7.org/fhir/issue-type`; some documented errors have none.
    pub type_code: Option<Cow<'static, str>>,
    /// A sentence for people; clients compare some of them literally.
    pub details: String,
    /// Where, or which version would have been right.
    pub location: Vec<String>,
    /// URL of the resource that is concerned.
    pub resource: Option<String>,
}

impl Issue {
    /// An error without a type.
    pub fn error(details: impl Into<String>) -> Issue {
        Issue { details: details.into(), ..Issue::default() }
    }

    /// Sets the type.
    #[must_use]
    pub fn with_type(mut self, code: impl Into<Cow<'static, str>>) -> Issue {
        self.type_code = Some(code.into());
        self
    }

    /// Sets the resource that is concerned.
    #[must_use]
    pub fn with_resource(mut self, url: impl Into<String>) -> Issue {
        self.resource = Some(url.into());
        self
    }

    /// Adds a location.
    #[must_use]
    pub fn with_location(mut self, location: impl Into<String>) -> Issue {
        self.location.push(location.into());
        self
    }

    fn to_node(&self) -> Node {
        let mut members = Members::new();
        if let Some(url) = &self.resource {
            let extension = object! {
                "url" => ISSUE_RESOURCE,
                "valueResource" => object! { "reference" => url },
            };
            members.push("extension", [extension]);
        }
        members.push("severity", self.severity.as_str());
        if let Some(code) = &self.type_code {
            members
                .push("type", object! { "system" => system::ISSUE_TYPE, "code" => code.as_ref() });
        }
        members.push("details", &self.details);
        if !self.location.is_empty() {
            members.push("location", self.location.iter().map(Node::from).collect::<Vec<_>>());
        }
        Node::Object(members)
    }

    fn from_node(node: &Node) -> Issue {
        let text = |name| node.get(name).and_then(Node::text).map(str::to_owned);
        Issue {
            severity: match node.get("severity").and_then(Node::text) {
                Some("fatal") => Severity::Fatal,
                Some("warning") => Severity::Warning,
                Some("information") => Severity::Information,
                _ => Severity::Error,
            },
            type_code: node
                .get("type")
                .and_then(|t| t.get("code"))
                .and_then(Node::text)
                .map(|c| c.to_owned().into()),
            details: text("details").unwrap_or_default(),
            location: node
                .items("location")
                .iter()
                .filter_map(|l| Some(l.text()?.to_owned()))
                .collect(),
            resource: node
                .items("extension")
                .iter()
                .find(|e| e.get("url").and_then(Node::text) == Some(ISSUE_RESOURCE))
                .and_then(|e| Some(e.get("valueResource")?.get("reference")?.text()?.to_owned())),
        }
    }
}

/// What went wrong with a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OperationOutcome {
    /// At least one.
    pub issues: Vec<Issue>,
}

impl OperationOutcome {
    /// The resource.
    pub fn to_node(&self) -> Node {
        object! {
            "resourceType" => "OperationOutcome",
            "text" => object! {
                "status" => "generated",
                "div" => "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p/></div>",
            },
            "issue" => self.issues.iter().map(Issue::to_node).collect::<Vec<_>>(),
        }
    }

    /// Reads one, as a connector does with an answer.
    pub fn from_node(node: &Node) -> Option<OperationOutcome> {
        (node.resource_type()? == "OperationOutcome").then(|| OperationOutcome {
            issues: node.items("issue").iter().map(Issue::from_node).collect(),
        })
    }
}

impl From<Issue> for OperationOutcome {
    fn from(issue: Issue) -> OperationOutcome {
        OperationOutcome { issues: vec![issue] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn a_conflict_has_the_documented_form() {
        let outcome = OperationOutcome::from(
            Issue::error("The specified resource version is not correct")
                .with_type("conflict")
                .with_resource("https://a/Patient/1"),
        );
        assert_eq!(
            json::render(&outcome.to_node()),
            concat!(
                r#"{"resourceType":"OperationOutcome","text":{"status":"generated","#,
                r#""div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p/></div>"},"#,
                r#""issue":[{"extension":[{"url":"http://ggz.koppeltaal.nl/fhir/Koppeltaal/OperationOutcome#IssueResource","#,
                r#""valueResource":{"reference":"https://a/Patient/1"}}],"severity":"error","#,
                r#""type":{"system":"http://hl7.org/fhir/issue-type","code":"conflict"},"#,
                r#""details":"The specified resource version is not correct"}]}"#
            )
        );
        assert_eq!(OperationOutcome::from_node(&outcome.to_node()), Some(outcome));
    }

    #[test]
    fn an_issue_may_have_no_type() {
        let node = OperationOutcome::from(Issue::error("x").with_location("v2")).to_node();
        assert_eq!(
            json::render(&node.items("issue")[0]),
            r#"{"severity":"error","details":"x","location":["v2"]}"#
        );
    }
}
