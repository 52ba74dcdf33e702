//! `$validate`: what a create or an update would say of a resource; nothing is
//! stored (topic 010; FHIR R4, Resource-validate).

use http::StatusCode;
use koppeltaal_core::permission::Operation;
use koppeltaal_fhir::Node;
use koppeltaal_store::resource;

use crate::access;
use crate::call::Call;
use crate::content::{check_type, judge};
use crate::kind;
use crate::outcome::{Issue, Refusal};
use crate::read::live;
use crate::reply::Reply;

/// Refuses a caller who could not write what he asks about: on a type the right
/// to create, on a resource the right to read it.
pub async fn permit(call: &Call, kind: &'static str, id: Option<&str>) -> Result<(), Refusal> {
    if kind::is_conformance(kind) {
        return access::require(call, Operation::Read, kind);
    }
    let Some(id) = id else { return access::require_create(call, kind) };
    let key = id.to_owned();
    let found = call.scope().read(move |tx| resource::read(tx, kind, &key)).await?;
    live(call, access::decide(call, Operation::Read, kind, found)?).map(drop)
}

/// Answers `POST [type]/$validate` and `POST [type]/[id]/$validate`. The body is
/// the resource, or Parameters that hold it.
pub fn validate(
    call: &Call,
    kind: &str,
    body: Node,
    pairs: &[(String, String)],
) -> Result<Reply, Refusal> {
    let (resource, mut asked) = unpacked(body)?;
    asked.extend(pairs.iter().cloned());
    for mode in named(&asked, "mode") {
        if !["create", "update", "profile", "delete"].contains(&mode) {
            let told = "The mode is create, update, profile or delete.";
            return Err(Refusal::bad_request("invalid", told).at("http.mode"));
        }
    }
    let Some(resource) = resource else {
        if named(&asked, "mode").any(|mode| mode == "delete") {
            let told = "Whether it can be deleted shows when it is: what refers to it may change.";
            return Ok(Reply::outcome(StatusCode::OK, &[Issue::information(told)]));
        }
        let told = "The parameter `resource` holds what is to be validated.";
        return Err(Refusal::bad_request("required", told));
    };
    check_type(kind, &resource)?;
    let profiles: Vec<&str> = named(&asked, "profile").collect();
    if let Some(unknown) = profiles.iter().find(|url| !call.catalog.compiled.is_known(url)) {
        let told = format!("The profile {unknown} is not known here.");
        return Err(Refusal::bad_request("not-supported", told).at("http.profile"));
    }
    let mut issues = judge(call, kind, &resource, &profiles);
    if issues.is_empty() {
        issues.push(Issue::information("No issues were found."));
    }
    Ok(Reply::outcome(StatusCode::OK, &issues))
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
