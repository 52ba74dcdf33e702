//! What operators see of a Subscription: the headers of its channel hold secrets
//! of its owner, so their values are masked (decisions, "Hooks").

use koppeltaal_core::{Error, Result};
use koppeltaal_fhir::{Node, json};
use koppeltaal_store::resource::Stored;

use crate::answer;

/// What stands in the place of a value.
const MASK: &str = "***";

/// The resource as an operator sees it.
pub fn shown(stored: &Stored) -> Result<Node> {
    let mut resource = parsed(stored)?;
    if stored.resource_type == "Subscription" {
        mask(&mut resource);
    }
    Ok(resource)
}

/// A resource as JSON for people, over several lines.
pub fn pretty(resource: &Node) -> String {
    answer::pretty::json(&json::render(resource))
}

/// The resource as it is kept.
pub fn parsed(stored: &Stored) -> Result<Node> {
    json::parse(stored.render().as_bytes()).map_err(Error::internal)
}

/// Masks the values of the headers.
pub fn mask(subscription: &mut Node) {
    let headers = subscription
        .get_mut("channel")
        .and_then(|channel| channel.get_mut("header"))
        .and_then(Node::as_array_mut);
    for header in headers.into_iter().flatten() {
        let name =
            header.as_str().and_then(|line| line.split_once(':')).map(|(name, _)| name.trim());
        *header =
            Node::from(name.map_or_else(|| MASK.to_owned(), |name| format!("{name}: {MASK}")));
    }
}

/// Whether a value of the headers was masked: it would be kept as one.
pub fn is_masked(subscription: &Node) -> bool {
    let headers = subscription.get("channel").map_or(&[][..], |channel| channel.items("header"));
    let lines = headers.iter().filter_map(Node::as_str);
    lines.map(|line| line.rsplit(':').next().unwrap_or_default().trim()).any(|value| value == MASK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_names_of_headers_are_shown() {
        let text = r#"{"channel":{"header":["Authorization: Bearer a:b","X-A:","odd"],"type":"rest-hook"}}"#;
        let mut resource = json::parse(text.as_bytes()).unwrap();
        assert!(!is_masked(&resource));
        mask(&mut resource);
        let expected =
            r#"{"channel":{"header":["Authorization: ***","X-A: ***","***"],"type":"rest-hook"}}"#;
        assert_eq!(json::render(&resource), expected);
        assert!(is_masked(&resource));
    }

    #[test]
    fn a_subscription_without_headers_stays_as_it_is() {
        let mut resource = json::parse(br#"{"channel":{"type":"rest-hook"}}"#).unwrap();
        let before = resource.clone();
        mask(&mut resource);
        assert_eq!(resource, before);
        assert!(!is_masked(&resource));
    }
}
