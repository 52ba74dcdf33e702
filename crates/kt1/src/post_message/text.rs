//! The entries of a message as they are stored: pieces of JSON that a delivery
//! only puts together (spec, "Routing", 4).

use koppeltaal_fhir::dstu1::Entry;
use koppeltaal_fhir::{Node, json, object};
use koppeltaal_store::mailbox::{Part, Resource, Template};

use crate::envelope::members_only;

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
