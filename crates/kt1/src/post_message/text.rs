//! The feed and the entries of a message as they are stored: pieces of JSON that
//! a delivery only puts together (spec, "Routing", 4).

use koppeltaal_fhir::dstu1::{Bundle, Entry};
use koppeltaal_fhir::{Node, json, object};
use koppeltaal_store::mailbox::{Part, Resource, Template};

/// The feed's own members, as JSON members without braces. Links of the sender's
/// feed mean nothing at the recipient; an id every feed must have.
pub(super) fn feed(bundle: &Bundle) -> String {
    let id = bundle.id.clone().filter(|id| !id.is_empty());
    let head = Bundle {
        id: Some(id.unwrap_or_else(|| format!("urn:uuid:{}", uuid::Uuid::new_v4()))),
        title: bundle.title.clone(),
        updated: bundle.updated.clone(),
        author: bundle.author.clone(),
        category: bundle.category.clone(),
        ..Bundle::default()
    };
    let mut node = head.into_node();
    if let Some(members) = node.as_object_mut() {
        members.remove("resourceType");
        members.remove("entry");
    }
    members_only(&node)
}

/// The entries after the header, their self links waiting for versions.
pub(super) fn entries(
    entries: Vec<Entry>,
    of_entry: &[Option<usize>],
    resources: &[Resource],
) -> Template {
    let mut parts = Vec::new();
    let mut text = String::with_capacity(4096);
    for (index, (mut entry, resource)) in entries.into_iter().zip(of_entry).enumerate() {
        if index > 0 {
            text.push(',');
        }
        let Some(at) = *resource else {
            json::render_into(&entry.into_node(), &mut text);
            continue;
        };
        let others: Vec<_> = entry.link.drain(..).filter(|link| link.rel != "self").collect();
        entry.id.get_or_insert_with(|| resources[at].url.clone());
        text.push_str("{\"link\":[{\"rel\":\"self\",\"href\":");
        open_string(&resources[at].url, &mut text);
        parts.push(Part::Text(std::mem::take(&mut text)));
        parts.push(Part::Version(at));
        text.push_str("\"}");
        for link in others {
            text.push(',');
            let link = object! { "rel" => link.rel, "href" => link.href };
            json::render_into(&link, &mut text);
        }
        text.push_str("],");
        text.push_str(&members_only(&entry.into_node()));
        text.push('}');
    }
    parts.push(Part::Text(text));
    Template(parts)
}

/// A JSON string whose end is yet to come.
pub(super) fn open_string(start: &str, text: &mut String) {
    json::render_into(&Node::from(start), text);
    text.pop();
}

fn members_only(object: &Node) -> String {
    let text = json::render(object);
    text.strip_prefix('{').and_then(|t| t.strip_suffix('}')).unwrap_or("").to_owned()
}
