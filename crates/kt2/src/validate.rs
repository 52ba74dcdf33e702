//! `$validate`: whether a resource is valid, and what a create, an update or a delete
//! would say of it; nothing is stored (topic 010; FHIR R4, Resource-validate).

use http::StatusCode;
use koppeltaal_core::permission::Operation;
use koppeltaal_fhir::{Node, json};
use koppeltaal_store::resource::Stored;

use crate::call::Call;
use crate::content::{check_type, judge, local, strip};
use crate::outcome::{Issue, Refusal};
use crate::read::live;
use crate::record::shown;
use crate::reply::Reply;
use crate::rules::subscription;
use crate::targets::dangling_now;
use crate::{access, delete, kept, kind, origin};

/// Refuses a caller who could not write what he asks about: on a type the right
/// to create, on a resource the right to read it. That resource.
pub async fn permit(
    call: &Call,
    kind: &'static str,
    id: Option<&str>,
) -> Result<Option<Stored>, Refusal> {
    if kind::is_conformance(kind) {
        return access::require(call, Operation::Read, kind).map(|()| None);
    }
    let Some(id) = id else { return access::require_create(call, kind).map(|()| None) };
    let key = id.to_owned();
    let found = call.scope().read(move |tx| kept::read(tx, kind, &key)).await?;
    live(call, access::decide(call, Operation::Read, kind, found)?).map(Some)
}

/// Whether the URL asks about a deletion, for which the content does not matter.
pub fn is_about_deletion(pairs: &[(String, String)]) -> bool {
    named(pairs, "mode").any(|mode| mode == "delete")
}

/// Answers `POST [type]/$validate`, and `POST [type]/[id]/$validate` about the resource
/// that was `found`. What was sent is the resource, or Parameters that hold it.
pub async fn validate(
    call: &Call,
    kind: &'static str,
    found: Option<&Stored>,
    sent: Option<Node>,
    pairs: &[(String, String)],
) -> Result<Reply, Refusal> {
    let (resource, mut asked) = match sent {
        Some(sent) => unpacked(sent)?,
        None => (None, Vec::new()),
    };
    asked.extend(pairs.iter().cloned());
    for mode in named(&asked, "mode") {
        if !["create", "update", "profile", "delete"].contains(&mode) {
            let told = "The mode is create, update, profile or delete.";
            return Err(Refusal::bad_request("invalid", told).at("http.mode"));
        }
    }
    if is_about_deletion(&asked) {
        let issues = of_deletion(call, kind, found).await?;
        return Ok(Reply::outcome(StatusCode::OK, &issues).showing(found.map(shown)));
    }
    let Some(mut resource) = resource else {
        let told = "The parameter `resource` holds what is to be validated.";
        return Err(Refusal::bad_request("required", told));
    };
    check_type(kind, &resource)?;
    let profiles: Vec<&str> = named(&asked, "profile").collect();
    if let Some(unknown) = profiles.iter().find(|url| !call.catalog.compiled.is_known(url)) {
        let told = format!("The profile {unknown} is not known here.");
        return Err(Refusal::bad_request("not-supported", told).at("http.profile"));
    }
    let mut objections = match kind::is_conformance(kind) {
        true => Vec::new(),
        false => prepare(call, kind, found, &mut resource)?,
    };
    if may_write(call, kind, found) {
        let references = local(&call.base, &resource);
        objections.extend(call.scope().read(move |tx| dangling_now(tx, &references)).await?);
    }
    // Whoever asks about the content only learns of a write all the same.
    if !named(&asked, "mode").any(|mode| matches!(mode, "create" | "update")) {
        objections = objections.into_iter().map(as_warning).collect();
    }
    let mut issues = judge(call, kind, &resource, &profiles);
    issues.extend(objections);
    if issues.is_empty() {
        issues.push(Issue::information("No issues were found."));
    }
    Ok(Reply::outcome(StatusCode::OK, &issues).showing(found.map(shown)))
}

/// Whether a write would look its references up for the caller: others do not find out
/// here what there is.
fn may_write(call: &Call, kind: &'static str, found: Option<&Stored>) -> bool {
    match found {
        _ if kind::is_conformance(kind) => false,
        None => true,
        Some(found) => access::decide(call, Operation::Update, kind, Some(found.clone())).is_ok(),
    }
}

fn as_warning(issue: Issue) -> Issue {
    match issue.severity {
        "error" => Issue { severity: "warning", ..issue },
        _ => issue,
    }
}

/// Makes the resource what a write would judge, and tells what that would refuse before.
fn prepare(
    call: &Call,
    kind: &str,
    found: Option<&Stored>,
    resource: &mut Node,
) -> Result<Vec<Issue>, Refusal> {
    let mut issues: Vec<Issue> =
        found.and_then(|found| of_id(found, resource)).into_iter().collect();
    strip(resource);
    let kept = match found {
        Some(found) => origin::keep(resource, &found.origin),
        None => origin::inject(resource, &call.instance()?.instance.client_id),
    };
    let before = found.and_then(|found| json::parse(found.render().as_bytes()).ok());
    let accepted = match kind {
        "Subscription" => subscription::accept(call, resource, before.as_ref()),
        _ => Ok(()),
    };
    for refusal in [kept, accepted].into_iter().filter_map(Result::err) {
        issues.extend(refusal.issues);
    }
    Ok(issues)
}

/// An update names in its body the resource of the URL.
fn of_id(found: &Stored, resource: &Node) -> Option<Issue> {
    match resource.get("id").and_then(Node::as_str) {
        Some(id) if id == found.id => None,
        Some(_) => Some(Issue::error("invalid", "The id in the body is not that of the URL.")),
        None => Some(Issue::warning("required", "An update needs the id of the URL in its body.")),
    }
    .map(|issue| issue.at("id"))
}

/// What is to be said of a deletion.
async fn of_deletion(
    call: &Call,
    kind: &str,
    found: Option<&Stored>,
) -> Result<Vec<Issue>, Refusal> {
    let told = match found {
        _ if kind::is_conformance(kind) => {
            let told = "Definitions are written by administrators only.";
            return Ok(vec![Issue::error("not-supported", told)]);
        }
        None => "A deletion is about one resource: POST [type]/[id]/$validate?mode=delete.",
        Some(found) => {
            let objections = delete::objections(call, found).await?;
            if !objections.is_empty() {
                return Ok(objections);
            }
            "Nothing stands against the deletion now."
        }
    };
    Ok(vec![Issue::information(told)])
}

fn named<'a>(asked: &'a [(String, String)], name: &'a str) -> impl Iterator<Item = &'a str> {
    asked.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// The parameters that are no resource, with their values.
type Asked = Vec<(String, String)>;

/// The resource and the parameters in a body.
fn unpacked(body: Node) -> Result<(Option<Node>, Asked), Refusal> {
    if body.resource_type() != Some("Parameters") {
        return Ok((Some(body), Vec::new()));
    }
    let (mut resource, mut asked) = (None, Vec::new());
    for parameter in body.items("parameter") {
        let name = parameter.get("name").and_then(Node::as_str).unwrap_or_default();
        let value = ["valueCode", "valueUri", "valueCanonical", "valueString"]
            .iter()
            .find_map(|form| parameter.get(form)?.as_str());
        match (name, parameter.get("resource"), value) {
            ("resource", Some(held), _) => resource = Some(held.clone()),
            ("mode" | "profile", _, Some(value)) => asked.push((name.to_owned(), value.to_owned())),
            ("mode" | "profile", ..) => {
                let told = format!("The parameter {name} has no value.");
                return Err(Refusal::bad_request("required", told));
            }
            _ => {}
        }
    }
    Ok((resource, asked))
}
