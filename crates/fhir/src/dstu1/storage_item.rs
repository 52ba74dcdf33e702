//! The StorageItem, with which an application without a server of its own keeps its state: reading
//! it, and the form in which the server gives it out, with what only the server may say.

use super::names::storage_item as url;
use super::{extension, other};
use crate::node::{Members, Node};

/// A reading view of an `Other` that is a StorageItem.
#[derive(Clone, Copy, Debug)]
pub struct StorageItem<'a>(&'a Node);

/// What the server says of an item, whatever was sent.
#[derive(Clone, Copy, Debug)]
pub struct Stored<'a> {
    /// Its id; none before the one who keeps it has given it one.
    pub id: Option<&'a str>,
    /// When it last changed.
    pub last_modified: Option<&'a str>,
    /// Identifier of the application that stored it.
    pub application: &'a str,
    /// Name of the domain it is in.
    pub domain: &'a str,
}

/// What an application says of its item, in the order in which the server gives it out.
const SENT: [&str; 5] =
    [url::CONTENT_TYPE, url::CONTENT, url::PATIENT_IDENTIFIER, url::OBJECT_TYPE, url::OBJECT_KEY];
/// What the server says.
const FILLED: [&str; 3] = [url::LAST_MODIFIED, url::APPLICATION_IDENTIFIER, url::DOMAIN_NAME];

impl<'a> StorageItem<'a> {
    /// The view, when the node is a StorageItem.
    pub fn of(node: &'a Node) -> Option<StorageItem<'a>> {
        (other::usage(node) == Some(other::STORAGE_ITEM)).then_some(StorageItem(node))
    }

    fn text(self, url: &str) -> Option<&'a str> {
        extension::find_text(self.0, url).filter(|text| !text.is_empty())
    }

    /// Media type of the content.
    pub fn content_type(self) -> Option<&'a str> {
        self.text(url::CONTENT_TYPE)
    }

    /// The content in base64.
    pub fn content(self) -> Option<&'a str> {
        self.text(url::CONTENT)
    }

    /// URL of the patient it is about.
    pub fn patient(self) -> Option<&'a str> {
        self.text(url::PATIENT_IDENTIFIER)
    }

    /// Type of the object it belongs to.
    pub fn object_type(self) -> Option<&'a str> {
        self.text(url::OBJECT_TYPE)
    }

    /// Key of the object it belongs to.
    pub fn object_key(self) -> Option<&'a str> {
        self.text(url::OBJECT_KEY)
    }

    /// When it last changed.
    pub fn last_modified(self) -> Option<&'a str> {
        self.text(url::LAST_MODIFIED)
    }

    /// Identifier of the application that stored it.
    pub fn application(self) -> Option<&'a str> {
        self.text(url::APPLICATION_IDENTIFIER)
    }

    /// Name of the domain it is in.
    pub fn domain(self) -> Option<&'a str> {
        self.text(url::DOMAIN_NAME)
    }

    /// The name of an extension that stands more than once, where one is allowed.
    pub fn repeated(self) -> Option<&'static str> {
        let is_repeated = |url: &&str| extension::all(self.0, url).nth(1).is_some();
        let found = SENT.into_iter().find(|url| is_repeated(url))?;
        found.rsplit('#').next()
    }

    /// The form in which the server stores and gives out the item: known extensions in the
    /// documented order, then what only the server says, then what is not known, as it was sent.
    pub fn normalised(self, stored: &Stored<'_>) -> Node {
        let mut members = Members::new();
        members.push("resourceType", "Other");
        members.push_some("id", stored.id);
        members.push("extension", self.extensions(stored));
        for (name, value) in self.0.as_object().into_iter().flat_map(Members::iter) {
            if !["resourceType", "id", "extension"].contains(&name) {
                members.push(name, value.clone());
            }
        }
        Node::Object(members)
    }

    fn extensions(self, stored: &Stored<'_>) -> Vec<Node> {
        let known = SENT.iter().filter_map(|url| extension::find(self.0, url).cloned());
        let mut extensions: Vec<Node> = known.collect();
        extensions.extend(
            stored
                .last_modified
                .map(|time| extension::with(url::LAST_MODIFIED, "valueInstant", time)),
        );
        let text = |url, value: &str| extension::with(url, "valueString", value);
        extensions.push(text(url::APPLICATION_IDENTIFIER, stored.application));
        extensions.push(text(url::DOMAIN_NAME, stored.domain));
        let is_known = |extension: &&Node| {
            SENT.iter().chain(&FILLED).any(|url| extension::has_url(extension, url))
        };
        let unknown = self.0.items("extension").iter().filter(|extension| !is_known(extension));
        extensions.extend(unknown.cloned());
        extensions
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dstu1::{parse_xml, render_xml};
    use crate::object;

    fn sent() -> Node {
        object! {
            "resourceType" => "Other",
            "id" => "mine",
            "extension" => [
                extension::with("urn:x", "valueString", "kept"),
                extension::with(url::APPLICATION_IDENTIFIER, "valueString", "Another"),
                extension::with(url::OBJECT_KEY, "valueString", "k"),
                extension::with(url::OBJECT_TYPE, "valueString", "t"),
                extension::reference(url::PATIENT_IDENTIFIER, "https://a/Patient/1"),
                extension::with(url::CONTENT_TYPE, "valueCode", "text/plain"),
                extension::with(url::CONTENT, "valueBase64Binary", "YQ=="),
            ],
            "language" => "nl",
            "code" => other::code(other::STORAGE_ITEM),
        }
    }

    #[test]
    fn the_server_says_who_stored_it_where_and_when() {
        let node = sent();
        let item = StorageItem::of(&node).unwrap();
        assert_eq!(item.patient(), Some("https://a/Patient/1"));
        let stored = Stored {
            id: Some("12"),
            last_modified: Some("2024-01-05T10:00:00.000000+00:00"),
            application: "App",
            domain: "d",
        };
        let kept = item.normalised(&stored);
        let view = StorageItem::of(&kept).unwrap();
        assert_eq!(kept.get("id").and_then(Node::text), Some("12"));
        assert_eq!((view.application(), view.domain()), (Some("App"), Some("d")));
        assert_eq!(view.last_modified(), stored.last_modified);
        assert_eq!((view.object_type(), view.object_key()), (Some("t"), Some("k")));
        assert_eq!((view.content_type(), view.content()), (Some("text/plain"), Some("YQ==")));
        assert_eq!(extension::find_text(&kept, "urn:x"), Some("kept"));
        assert_eq!(kept.get("language").and_then(Node::text), Some("nl"));
        assert_eq!(view.repeated(), None);
        assert_eq!(parse_xml(render_xml(&kept).as_bytes()).unwrap(), kept, "the same as XML");
    }

    #[test]
    fn an_extension_that_stands_twice_is_named() {
        let mut node = sent();
        let key = extension::with(url::OBJECT_KEY, "valueString", "other");
        node.get_mut("extension").and_then(Node::as_array_mut).unwrap().push(key);
        assert_eq!(StorageItem::of(&node).unwrap().repeated(), Some("ObjectKey"));
    }

    #[test]
    fn another_use_of_other_is_no_storage_item() {
        let node = object! { "resourceType" => "Other", "code" => other::code("CareTeam") };
        assert!(StorageItem::of(&node).is_none());
    }
}
