//! A Bundle with its Atom parts, read leniently: real senders write a single link without a list,
//! leave out what Atom demands and send empty lists.

use crate::node::{Members, Node};
use crate::object;

/// A feed: in KT1 a message or the result of a search.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bundle {
    /// `urn:uuid:…`.
    pub id: Option<String>,
    /// For people.
    pub title: Option<String>,
    /// Instant.
    pub updated: Option<String>,
    /// Authors as they were sent.
    pub author: Option<Node>,
    /// Tags.
    pub category: Vec<Tag>,
    /// Links of the feed.
    pub link: Vec<Link>,
    /// Entries in order.
    pub entry: Vec<Entry>,
}

/// A tag of a feed or an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tag {
    /// The term, a URL in FHIR.
    pub term: String,
    /// For people.
    pub label: Option<String>,
    /// What kind of tag it is; empty when the sender left it out.
    pub scheme: String,
}

/// A link of a feed or an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// `self`, `next`, …
    pub rel: String,
    /// The URL.
    pub href: String,
}

/// One entry of a feed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entry {
    /// For people.
    pub title: Option<String>,
    /// URL of the resource without version.
    pub id: Option<String>,
    /// Instant.
    pub updated: Option<String>,
    /// Instant.
    pub published: Option<String>,
    /// Authors as they were sent.
    pub author: Option<Node>,
    /// Links, among them `self` with the version.
    pub link: Vec<Link>,
    /// Tags.
    pub category: Vec<Tag>,
    /// The resource, an object.
    pub content: Option<Node>,
    /// Narrative.
    pub summary: Option<String>,
}

/// Why a document is no Bundle. Positions count from 0.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// Another resource, or no resource.
    #[error("A Bundle (in XML a feed) is expected here.")]
    NotABundle,
    /// An entry that is a text, a number or a list.
    #[error("Entry {index} of the Bundle is not an object.")]
    EntryIsNoObject {
        /// Which entry.
        index: usize,
    },
    /// A content that is a text, a number or a list.
    #[error("The content of entry {index} of the Bundle is not a resource.")]
    ContentIsNoResource {
        /// Which entry.
        index: usize,
    },
}

impl Bundle {
    /// Reads the JSON form. Unknown members and `totalResults` are dropped.
    pub fn from_node(node: Node) -> Result<Bundle, BundleError> {
        let Node::Object(mut members) = node else {
            return Err(BundleError::NotABundle);
        };
        if members.get("resourceType").and_then(Node::as_str) != Some("Bundle") {
            return Err(BundleError::NotABundle);
        }
        let entries = match members.remove("entry") {
            None | Some(Node::Null) => Vec::new(),
            Some(Node::Array(entries)) => entries,
            Some(one) => vec![one],
        };
        let entry = entries
            .into_iter()
            .enumerate()
            .map(|(index, node)| Entry::from_node(node, index))
            .collect::<Result<_, _>>()?;
        Ok(Bundle {
            id: take_text(&mut members, "id"),
            title: take_text(&mut members, "title"),
            updated: take_text(&mut members, "updated"),
            author: take_author(&mut members),
            category: tags(&members),
            link: links(&members),
            entry,
        })
    }

    /// The JSON form. `entry` is always there, also when it is empty; other empty lists are not.
    pub fn to_node(&self) -> Node {
        self.clone().into_node()
    }

    /// The JSON form without copying the resources.
    pub fn into_node(self) -> Node {
        self.build(None)
    }

    /// The JSON form of a search result. The total is a string, as it always was on the wire.
    pub fn into_node_with_total(self, total: u64) -> Node {
        self.build(Some(total.to_string()))
    }

    fn build(self, total: Option<String>) -> Node {
        let mut members = Members::new();
        members.push("resourceType", "Bundle");
        members.push_some("title", self.title);
        members.push_some("id", self.id);
        members.push_some("updated", self.updated);
        members.push_some("author", self.author.map(as_list));
        members.push_some("totalResults", total);
        push_links(&mut members, self.link);
        push_tags(&mut members, self.category);
        members.push("entry", self.entry.into_iter().map(Entry::into_node).collect::<Vec<_>>());
        Node::Object(members)
    }

    /// Is there a tag with this term?
    pub fn has_tag(&self, term: &str) -> bool {
        self.category.iter().any(|tag| tag.term == term)
    }
}

impl Entry {
    fn from_node(node: Node, index: usize) -> Result<Entry, BundleError> {
        let Node::Object(mut members) = node else {
            return Err(BundleError::EntryIsNoObject { index });
        };
        let content = match members.remove("content") {
            None | Some(Node::Null) => None,
            Some(content @ Node::Object(_)) => Some(content),
            Some(_) => return Err(BundleError::ContentIsNoResource { index }),
        };
        Ok(Entry {
            title: take_text(&mut members, "title"),
            id: take_text(&mut members, "id"),
            updated: take_text(&mut members, "updated"),
            published: take_text(&mut members, "published"),
            author: take_author(&mut members),
            link: links(&members),
            category: tags(&members),
            content,
            summary: take_text(&mut members, "summary"),
        })
    }

    /// The JSON form.
    pub fn to_node(&self) -> Node {
        self.clone().into_node()
    }

    /// The JSON form without copying the resource.
    pub fn into_node(self) -> Node {
        let mut members = Members::new();
        members.push_some("title", self.title);
        members.push_some("id", self.id);
        members.push_some("updated", self.updated);
        members.push_some("published", self.published);
        members.push_some("author", self.author.map(as_list));
        push_links(&mut members, self.link);
        push_tags(&mut members, self.category);
        members.push_some("content", self.content);
        members.push_some("summary", self.summary);
        Node::Object(members)
    }

    /// The link `self`: URL of the resource, with the version when there is one.
    pub fn self_link(&self) -> Option<&str> {
        self.link.iter().find(|link| link.rel == "self").map(|link| link.href.as_str())
    }

    /// Makes `href` the link `self`, in its place when there is one, as the first link otherwise.
    pub fn set_self_link(&mut self, href: String) {
        match self.link.iter_mut().find(|link| link.rel == "self") {
            Some(link) => link.href = href,
            None => self.link.insert(0, Link::new("self", href)),
        }
    }

    /// The type of the resource in the entry.
    pub fn resource_type(&self) -> Option<&str> {
        self.content.as_ref()?.resource_type()
    }
}

impl Link {
    /// A link.
    pub fn new(rel: impl Into<String>, href: impl Into<String>) -> Link {
        Link { rel: rel.into(), href: href.into() }
    }
}

impl Tag {
    /// A tag with a label.
    pub fn new(term: impl Into<String>, label: Option<String>, scheme: impl Into<String>) -> Tag {
        Tag { term: term.into(), label, scheme: scheme.into() }
    }
}

/// A string, also when it was sent as a number. Anything else counts as missing.
fn take_text(members: &mut Members, name: &str) -> Option<String> {
    match members.remove(name)? {
        Node::String(text) => Some(text),
        other => other.text().map(str::to_owned),
    }
}

fn take_author(members: &mut Members) -> Option<Node> {
    members.remove("author").filter(|author| !author.one_or_many().is_empty())
}

fn text_of(node: &Node, name: &str) -> Option<String> {
    node.get(name).and_then(Node::text).map(str::to_owned)
}

fn links(members: &Members) -> Vec<Link> {
    let items = members.get("link").map_or(&[][..], Node::one_or_many);
    items
        .iter()
        .filter(|item| item.as_object().is_some_and(|m| !m.is_empty()))
        // Atom, section 4.2.7.2: a link without `rel` is an alternate one.
        .map(|item| Link {
            rel: text_of(item, "rel").unwrap_or_else(|| "alternate".to_owned()),
            href: text_of(item, "href").unwrap_or_default(),
        })
        .collect()
}

fn tags(members: &Members) -> Vec<Tag> {
    let items = members.get("category").map_or(&[][..], Node::one_or_many);
    items
        .iter()
        .filter(|item| item.as_object().is_some_and(|m| !m.is_empty()))
        .map(|item| Tag {
            term: text_of(item, "term").unwrap_or_default(),
            label: text_of(item, "label"),
            scheme: text_of(item, "scheme").unwrap_or_default(),
        })
        .collect()
}

fn push_links(members: &mut Members, links: Vec<Link>) {
    if !links.is_empty() {
        let links =
            links.into_iter().map(|link| object! { "rel" => link.rel, "href" => link.href });
        members.push("link", links.collect::<Vec<_>>());
    }
}

fn push_tags(members: &mut Members, tags: Vec<Tag>) {
    if tags.is_empty() {
        return;
    }
    let tags = tags.into_iter().map(|tag| {
        let mut members = Members::new();
        members.push("term", tag.term);
        members.push_some("label", tag.label);
        members.push_some("scheme", Some(tag.scheme).filter(|scheme| !scheme.is_empty()));
        Node::Object(members)
    });
    members.push("category", tags.collect::<Vec<_>>());
}

fn as_list(author: Node) -> Node {
    match author {
        list @ Node::Array(_) => list,
        one => Node::Array(vec![one]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    fn read(text: &str) -> Result<Bundle, BundleError> {
        Bundle::from_node(json::parse(text.as_bytes()).unwrap())
    }

    #[test]
    fn lenient_input_is_read_and_written_in_the_regular_form() {
        let bundle = read(
            r#"{"entry":[{"link":{"rel":"self","href":"https://a/Patient/1"},"category":{"term":"t","scheme":"s"},
                "content":{"id":7,"resourceType":"Patient","address":[]},"id":5,"deleted":null}],
                "author":{"name":"x"},"category":[],"link":[],"resourceType":"Bundle","more":{}}"#,
        )
        .unwrap();
        assert_eq!(bundle.entry[0].self_link(), Some("https://a/Patient/1"));
        assert_eq!(bundle.entry[0].resource_type(), Some("Patient"));
        assert_eq!(
            json::render(&bundle.to_node()),
            r#"{"resourceType":"Bundle","author":[{"name":"x"}],"entry":[{"id":"5","link":[{"rel":"self","href":"https://a/Patient/1"}],"category":[{"term":"t","scheme":"s"}],"content":{"id":7,"resourceType":"Patient","address":[]}}]}"#
        );
    }

    #[test]
    fn an_empty_result_has_an_entry_list_and_its_total_as_a_string() {
        let bundle = Bundle { title: Some("t".into()), ..Bundle::default() };
        assert_eq!(
            json::render(&bundle.into_node_with_total(0)),
            r#"{"resourceType":"Bundle","title":"t","totalResults":"0","entry":[]}"#
        );
    }

    #[test]
    fn other_documents_are_refused() {
        assert_eq!(read("[]"), Err(BundleError::NotABundle));
        assert_eq!(read(r#"{"resourceType":"Patient"}"#), Err(BundleError::NotABundle));
        assert_eq!(
            read(r#"{"resourceType":"Bundle","entry":[{},"x"]}"#),
            Err(BundleError::EntryIsNoObject { index: 1 })
        );
        assert_eq!(
            read(r#"{"resourceType":"Bundle","entry":[{"content":"x"}]}"#),
            Err(BundleError::ContentIsNoResource { index: 0 })
        );
    }

    #[test]
    fn the_self_link_is_replaced_in_place() {
        let mut entry =
            Entry { link: vec![Link::new("x", "1"), Link::new("self", "2")], ..Entry::default() };
        entry.set_self_link("3".into());
        assert_eq!(entry.link, [Link::new("x", "1"), Link::new("self", "3")]);
        entry.link.remove(1);
        entry.set_self_link("4".into());
        assert_eq!(entry.link[0], Link::new("self", "4"));
    }
}
