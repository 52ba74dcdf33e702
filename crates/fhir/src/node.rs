//! A resource as a light ordered tree instead of generated structs, so that elements nobody
//! expected survive. It is the JSON form of FHIR, also for documents that arrived as XML.

/// One value of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number exactly as it was written: `12.50` stays `12.50`.
    Number(Box<str>),
    /// A string.
    String(String),
    /// A list.
    Array(Vec<Node>),
    /// An object with its members in order.
    Object(Members),
}

/// The members of an object in the order in which they were written.
///
/// Lookup is linear: objects of FHIR are small, and a scan beats a hash for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members(pub Vec<(String, Node)>);

impl Members {
    /// No members.
    pub const fn new() -> Self {
        Members(Vec::new())
    }

    /// The value of `name`.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v)
    }

    /// The value of `name`, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Node> {
        self.0.iter_mut().find(|(n, _)| n == name).map(|(_, v)| v)
    }

    /// Is there a member `name`?
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Takes `name` out.
    pub fn remove(&mut self, name: &str) -> Option<Node> {
        let at = self.0.iter().position(|(n, _)| n == name)?;
        Some(self.0.remove(at).1)
    }

    /// Sets `name`: in its place when it exists, at the end otherwise.
    pub fn insert(&mut self, name: &str, value: impl Into<Node>) {
        let value = value.into();
        match self.get_mut(name) {
            Some(old) => *old = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// Adds `name` at the end. The caller knows that it is new.
    pub fn push(&mut self, name: impl Into<String>, value: impl Into<Node>) {
        self.0.push((name.into(), value.into()));
    }

    /// Adds `name` at the end when there is a value.
    pub fn push_some(&mut self, name: &str, value: Option<impl Into<Node>>) {
        if let Some(value) = value {
            self.push(name, value);
        }
    }

    /// The members in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.0.iter().map(|(n, v)| (n.as_str(), v))
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Is there no member?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Node {
    /// An empty object, to be filled with [`Node::with`].
    pub fn object() -> Node {
        Node::Object(Members::new())
    }

    /// The object with one more member; on anything else than an object a no-op.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Node>) -> Node {
        if let Node::Object(members) = &mut self {
            members.insert(name, value);
        }
        self
    }

    /// A number as written; `None` when the text is not a JSON number.
    pub fn number(text: &str) -> Option<Node> {
        crate::json::is_number(text).then(|| Node::Number(text.into()))
    }

    /// The member `name` of an object.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.as_object()?.get(name)
    }

    /// The member `name` of an object, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Node> {
        self.as_object_mut()?.get_mut(name)
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Node::String(text) => Some(text),
            _ => None,
        }
    }

    /// The text of a string, number or boolean, because senders write `3` for `"3"`.
    pub fn text(&self) -> Option<&str> {
        match self {
            Node::String(text) => Some(text),
            Node::Number(text) => Some(text),
            Node::Bool(true) => Some("true"),
            Node::Bool(false) => Some("false"),
            _ => None,
        }
    }

    /// The boolean, also when it was written as a string.
    pub fn as_bool(&self) -> Option<bool> {
        match self.text()? {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// The items of a list.
    pub fn as_array(&self) -> Option<&[Node]> {
        match self {
            Node::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The items of a list, to be changed.
    pub fn as_array_mut(&mut self) -> Option<&mut Vec<Node>> {
        match self {
            Node::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The members of an object.
    pub fn as_object(&self) -> Option<&Members> {
        match self {
            Node::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The members of an object, to be changed.
    pub fn as_object_mut(&mut self) -> Option<&mut Members> {
        match self {
            Node::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The items of member `name`; a single value counts as a list of one, as lenient reading
    /// asks for in many places.
    pub fn items(&self, name: &str) -> &[Node] {
        self.get(name).map_or(&[], Node::one_or_many)
    }

    /// The items of a list, nothing for `null`, or the value itself as a list of one.
    pub fn one_or_many(&self) -> &[Node] {
        match self {
            Node::Array(items) => items,
            Node::Null => &[],
            one => std::slice::from_ref(one),
        }
    }

    /// The `resourceType` of a resource.
    pub fn resource_type(&self) -> Option<&str> {
        self.get("resourceType")?.as_str()
    }

    /// Levels of nesting: 0 for a scalar, 1 for an object of scalars.
    pub fn depth(&self) -> usize {
        match self {
            Node::Array(items) => 1 + items.iter().map(Node::depth).max().unwrap_or(0),
            Node::Object(members) => {
                1 + members.0.iter().map(|(_, v)| v.depth()).max().unwrap_or(0)
            }
            _ => 0,
        }
    }
}

impl From<&str> for Node {
    fn from(text: &str) -> Node {
        Node::String(text.to_owned())
    }
}

impl From<String> for Node {
    fn from(text: String) -> Node {
        Node::String(text)
    }
}

impl From<&String> for Node {
    fn from(text: &String) -> Node {
        Node::String(text.clone())
    }
}

impl From<bool> for Node {
    fn from(value: bool) -> Node {
        Node::Bool(value)
    }
}

impl From<i64> for Node {
    fn from(value: i64) -> Node {
        Node::Number(value.to_string().into())
    }
}

impl From<Vec<Node>> for Node {
    fn from(items: Vec<Node>) -> Node {
        Node::Array(items)
    }
}

impl From<Members> for Node {
    fn from(members: Members) -> Node {
        Node::Object(members)
    }
}

impl<const N: usize> From<[Node; N]> for Node {
    fn from(items: [Node; N]) -> Node {
        Node::Array(items.into())
    }
}

/// An object in one expression: `object! { "resourceType" => "Patient", "active" => true }`.
#[macro_export]
macro_rules! object {
    ($($name:expr => $value:expr),* $(,)?) => {
        $crate::Node::Object($crate::Members(::std::vec![
            $((::std::string::String::from($name), ::std::convert::Into::<$crate::Node>::into($value))),*
        ]))
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn insert_replaces_in_place_and_appends_what_is_new() {
        let mut members = Members::new();
        members.push("a", "1");
        members.push("b", "2");
        members.insert("a", "3");
        members.insert("c", true);
        let names: Vec<_> = members.iter().map(|(n, _)| n.to_owned()).collect();
        assert_eq!(names, ["a", "b", "c"]);
        assert_eq!(members.get("a").and_then(Node::as_str), Some("3"));
        assert_eq!(members.remove("b"), Some(Node::from("2")));
        assert_eq!(members.len(), 2);
    }

    #[test]
    fn a_single_value_reads_as_a_list_of_one() {
        let node = object! { "one" => "x", "many" => [Node::from("a"), Node::from("b")], "none" => Node::Null };
        assert_eq!(node.items("one").len(), 1);
        assert_eq!(node.items("many").len(), 2);
        assert!(node.items("none").is_empty() && node.items("missing").is_empty());
    }

    #[test]
    fn scalars_give_their_text() {
        assert_eq!(Node::from(33).text(), Some("33"));
        assert_eq!(Node::from(true).text(), Some("true"));
        assert_eq!(Node::from("true").as_bool(), Some(true));
        assert_eq!(Node::object().text(), None);
        assert_eq!(Node::number("12.50"), Some(Node::Number("12.50".into())));
        assert_eq!(Node::number("012"), None);
    }
}
