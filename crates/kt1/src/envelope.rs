//! What every message has around its entries: an id, and tags that name its
//! domain and say that it is a message (spec 2.1).

use koppeltaal_fhir::dstu1::{Bundle, Tag, names};
use koppeltaal_fhir::{Node, json};

/// The feed's own members, as JSON members without braces. Links of the sender's
/// feed mean nothing at the recipient; an id and the tags every feed has.
pub fn feed(bundle: &Bundle, domain: &str) -> String {
    let id = bundle.id.clone().filter(|id| !id.is_empty());
    let head = Bundle {
        id: Some(id.unwrap_or_else(|| format!("urn:uuid:{}", uuid::Uuid::new_v4()))),
        title: bundle.title.clone(),
        updated: bundle.updated.clone(),
        author: bundle.author.clone(),
        category: tags(&bundle.category, domain),
        ..Bundle::default()
    };
    let mut node = head.into_node();
    if let Some(members) = node.as_object_mut() {
        members.remove("resourceType");
        members.remove("entry");
    }
    members_only(&node)
}

/// The tags as they were sent; where the domain is missing or empty, which means
/// the sender's own, it is named.
fn tags(sent: &[Tag], domain: &str) -> Vec<Tag> {
    let own = own_tags(domain);
    let names_domain = |tag: &Tag| tag.term.len() > DOMAIN.len() && tag.term.starts_with(DOMAIN);
    let mut tags: Vec<Tag> = sent.iter().filter(|tag| tag.term != DOMAIN).cloned().collect();
    for (at, own) in own.into_iter().enumerate() {
        let is_there = match at {
            0 => tags.iter().any(names_domain),
            _ => tags.iter().any(|tag| tag.term == own.term),
        };
        if !is_there {
            tags.insert(at.min(tags.len()), own);
        }
    }
    tags
}

/// The tags of a message in a domain.
pub fn own_tags(domain: &str) -> [Tag; 2] {
    let label = Some(domain.to_owned());
    [
        Tag::new(format!("{DOMAIN}{domain}"), label, names::tag::SECURITY_SCHEME),
        Tag::new(names::tag::MESSAGE, None, names::tag::SCHEME),
    ]
}

const DOMAIN: &str = names::tag::DOMAIN_PREFIX;

/// The members of an object, as JSON without braces.
pub fn members_only(object: &Node) -> String {
    let text = json::render(object);
    text.strip_prefix('{').and_then(|t| t.strip_suffix('}')).unwrap_or("").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(sent: &[&str]) -> Vec<String> {
        let sent: Vec<Tag> = sent.iter().map(|term| Tag::new(*term, None, "s")).collect();
        tags(&sent, "d").into_iter().map(|tag| tag.term).collect()
    }

    #[test]
    fn what_is_missing_of_the_tags_is_added_and_nothing_else_changes() {
        let domain = format!("{DOMAIN}d");
        let message = names::tag::MESSAGE;
        assert_eq!(terms(&[]), [domain.as_str(), message]);
        assert_eq!(terms(&[message, "x", &domain]), [message, "x", &domain]);
        assert_eq!(terms(&[DOMAIN, message]), [domain.as_str(), message]);
        assert_eq!(terms(&["x"]), [domain.as_str(), message, "x"]);
        let encoded = format!("{DOMAIN}%64");
        assert_eq!(terms(&[&encoded]), [encoded.as_str(), message]);
    }
}
