//! What a caller sent, made ready to be kept: what the server decides itself is
//! taken out, everything that is wrong is found before anything is written.

use http::StatusCode;
use koppeltaal_core::resource::Body;
use koppeltaal_fhir::r4::search::{logical_references, references};
use koppeltaal_fhir::r4::validate::{self, Options};
use koppeltaal_fhir::{Node, json};
use koppeltaal_store::resource::Indexed;

use crate::call::Call;
use crate::capabilities::profiles;
use crate::outcome::{Issue, Refusal};
use crate::rules::{self, Ground};

/// The tag of a resource that was served in part.
const SUBSETTED: &str = "SUBSETTED";

/// A resource that may be kept.
pub struct Content {
    /// What is kept.
    pub body: Body,
    /// What it is found by.
    pub indexed: Indexed,
    /// The resources of this domain that it refers to, and from where.
    pub references: Vec<Reference>,
    /// What is odd about it, and no reason to refuse it.
    pub warnings: Vec<Issue>,
}

/// A reference to a resource of this domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The type of what it leads to.
    pub resource_type: String,
    /// Its id.
    pub id: String,
    /// Where it stands.
    pub expression: String,
    /// Whether it tells of the past: of what may be gone.
    pub is_past: bool,
}

/// Refuses a body of another type than the URL's.
pub fn check_type(kind: &str, resource: &Node) -> Result<(), Refusal> {
    match resource.resource_type() {
        Some(named) if named == kind => Ok(()),
        Some(named) => Err(Refusal::bad_request(
            "invalid",
            format!("The URL says {kind}, and the body is a {named}."),
        )
        .at("resourceType")),
        None => Err(Refusal::bad_request("structure", "The body names no resourceType.")),
    }
}

/// Takes out what the server sets itself (K003-1): the id, the version, its time.
pub fn strip(resource: &mut Node) {
    let Some(members) = resource.as_object_mut() else { return };
    members.remove("id");
    if let Some(meta) = members.get_mut("meta").and_then(Node::as_object_mut) {
        meta.remove("versionId");
        meta.remove("lastUpdated");
    }
}

/// Checks a whole resource. All that is wrong is told at once; what is returned
/// are warnings.
pub fn check(call: &Call, kind: &str, resource: &Node) -> Result<Vec<Issue>, Refusal> {
    let issues = judge(call, kind, resource, &[]);
    match issues.iter().any(|issue| issue.severity == "error") {
        true => Err(Refusal::of(StatusCode::UNPROCESSABLE_ENTITY, issues)),
        false => Ok(issues),
    }
}

/// What is to be said of a resource: by the definitions, those of `profiles` too,
/// by the rules of Koppeltaal, and of its references.
pub fn judge(call: &Call, kind: &str, resource: &Node, profiles: &[&str]) -> Vec<Issue> {
    judge_on(&Ground::of(call), kind, resource, profiles)
}

/// [`judge`] for a resource that comes without a request.
pub fn judge_on(ground: &Ground<'_>, kind: &str, resource: &Node, profiles: &[&str]) -> Vec<Issue> {
    let compiled = &ground.catalog.compiled;
    let options = Options {
        is_profile_required: compiled.has_profile_for(kind),
        profiles,
        ..Options::new(compiled)
    };
    let found = validate::validate(resource, &options).issues.into_iter().map(|issue| Issue {
        severity: issue.severity.code(),
        code: issue.code.code(),
        diagnostics: issue.details,
        expression: Some(issue.expression),
    });
    let mut issues: Vec<Issue> = found.collect();
    issues.extend(nameable(ground, kind, &issues));
    issues.extend(subsetted(resource));
    issues.extend(logical(resource));
    issues.extend(rules::check(ground, kind, resource));
    issues
}

/// The profiles that can be named, told to who has named none of them.
fn nameable(ground: &Ground<'_>, kind: &str, issues: &[Issue]) -> Option<Issue> {
    let place = format!("{kind}.meta.profile");
    let is_missed = issues
        .iter()
        .any(|issue| issue.code == "required" && issue.expression.as_ref() == Some(&place));
    let told = || format!("Profiles for {kind}: {}.", profiles(kind, ground.catalog).join(", "));
    is_missed.then(|| Issue::information(told()).at(place))
}

/// Makes a resource that was checked ready for the store.
pub fn ready(call: &Call, resource: &Node, warnings: Vec<Issue>) -> Content {
    Content {
        body: body(resource),
        indexed: call.catalog.index(resource, Some(&call.base)),
        references: local(&call.base, resource),
        warnings,
    }
}

/// Whoever read a part must not write it back as the whole (FHIR R4, 3.1.1.5.9).
fn subsetted(resource: &Node) -> Option<Issue> {
    let tags = resource.get("meta").map_or(&[][..], |meta| meta.items("tag"));
    let at =
        tags.iter().position(|tag| tag.get("code").and_then(Node::as_str) == Some(SUBSETTED))?;
    let told = "This is a part of a resource (tag SUBSETTED): send the whole of it.";
    Some(Issue::error("business-rule", told).at(format!("meta.tag[{at}]")))
}

/// References by identifier only are not used (K003-5).
fn logical(resource: &Node) -> impl Iterator<Item = Issue> {
    logical_references(resource).into_iter().map(|expression| {
        Issue::error(
            "business-rule",
            "A reference names a resource by `reference`; an identifier alone is not enough.",
        )
        .at(expression)
    })
}

/// Whether two resources say the same. The members of an object have no order
/// (RFC 8259, 4), and clients write them in the one of their library.
pub fn is_same(one: &Node, other: &Node) -> bool {
    match (one, other) {
        (Node::Object(one), Node::Object(other)) => {
            one.iter().count() == other.iter().count()
                && one.iter().all(|(name, value)| {
                    other.get(name).is_some_and(|counterpart| is_same(value, counterpart))
                })
        }
        (Node::Array(one), Node::Array(other)) => {
            one.len() == other.len()
                && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (one, other) => one == other,
    }
}

/// The references that lead to this domain.
pub fn local(base: &str, resource: &Node) -> Vec<Reference> {
    let base = format!("{base}/");
    let found = references(resource).into_iter().filter_map(|found| {
        let local = found.reference.strip_prefix(&base).unwrap_or(found.reference);
        let (resource_type, id) = parts(local)?;
        let (expression, is_past) = (found.expression, found.is_free);
        Some(Reference { resource_type, id, expression, is_past })
    });
    found.collect()
}

/// Type and id of a relative reference; its version is left out.
fn parts(reference: &str) -> Option<(String, String)> {
    let mut parts = reference.split('/');
    let (resource_type, id) = (parts.next()?, parts.next()?);
    let is_type = resource_type.starts_with(|c: char| c.is_ascii_uppercase())
        && resource_type.bytes().all(|b| b.is_ascii_alphabetic());
    match (is_type && !id.is_empty(), parts.next(), parts.next(), parts.next()) {
        (true, None, ..) | (true, Some("_history"), Some(_), None) => {
            Some((resource_type.to_owned(), id.to_owned()))
        }
        _ => None,
    }
}

/// The text that is kept: `meta` first, the rest in the order of its sender.
pub fn body(resource: &Node) -> Body {
    let (mut meta, mut rest) = (String::new(), String::new());
    if let Some(members) = resource.get("meta").and_then(Node::as_object) {
        append(
            &mut meta,
            members.iter().filter(|(name, _)| !matches!(*name, "versionId" | "lastUpdated")),
        );
    }
    if let Some(members) = resource.as_object() {
        let is_own = |name: &str| matches!(name, "resourceType" | "id" | "meta");
        append(&mut rest, members.iter().filter(|(name, _)| !is_own(name)));
    }
    Body::new(&meta, &rest)
}

fn append<'a>(text: &mut String, members: impl Iterator<Item = (&'a str, &'a Node)>) {
    for (name, value) in members {
        if !text.is_empty() {
            text.push(',');
        }
        json::render_into(&Node::from(name), text);
        text.push(':');
        json::render_into(value, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_sets_is_not_kept_and_the_rest_is_as_it_was_sent() {
        let text = r#"{"resourceType":"Task","id":"mine","meta":{"versionId":"7","profile":["p"],"lastUpdated":"2020-01-01T00:00:00Z"},"b":1.10,"a":["é\""]}"#;
        let mut resource = json::parse(text.as_bytes()).unwrap_or(Node::Null);
        strip(&mut resource);
        assert_eq!(body(&resource).tail(), r#""profile":["p"]},"b":1.10,"a":["é\""]}"#);
    }

    #[test]
    fn the_order_of_members_says_nothing_and_that_of_a_list_does() {
        let node = |text: &str| json::parse(text.as_bytes()).unwrap_or(Node::Null);
        let one = node(r#"{"a":[1,{"b":2,"c":3}],"d":null}"#);
        assert!(is_same(&one, &node(r#"{"d":null,"a":[1,{"c":3,"b":2}]}"#)));
        for other in [
            r#"{"a":[{"b":2,"c":3},1],"d":null}"#,
            r#"{"a":[1,{"b":2,"c":3}]}"#,
            r#"{"a":[1,{"b":2,"c":3,"e":4}],"d":null}"#,
            r#"{"a":[1,{"b":2,"c":3.0}],"d":null}"#,
        ] {
            assert!(!is_same(&one, &node(other)) && !is_same(&node(other), &one), "{other}");
        }
    }

    #[test]
    fn a_reference_with_a_version_leads_to_the_resource() {
        let task = ("Task".to_owned(), "a-1".to_owned());
        assert_eq!(parts("Task/a-1"), Some(task.clone()));
        assert_eq!(parts("Task/a-1/_history/3"), Some(task));
        for other in
            ["#a", "https://x/Task/1", "urn:uuid:1", "Task", "Task/", "a/b/c", "Task/1/x/2"]
        {
            assert_eq!(parts(other), None, "{other}");
        }
    }
}
