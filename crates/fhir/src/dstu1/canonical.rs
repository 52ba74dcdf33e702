//! A digest that is equal for equal content: the mailbox gives a resource a new version only when
//! its content changed, and connectors renumber ids and may switch between JSON and XML.

use sha2::{Digest, Sha256};

use crate::node::{Members, Node};

/// SHA-256 over a canonical form of the resource.
///
/// Of no influence: order of members, white space between them, narratives, ids of the resource and
/// of elements, empty lists, `null` members. A number or boolean equals the string with the same
/// text, and a list of one equals its item, because an unknown element read from XML is a single
/// string. Order in lists counts, and so does the way a number is written.
///
/// Digests are stored: changing the form gives every resource one superfluous version.
pub fn digest(resource: &Node) -> [u8; 32] {
    let mut form = Vec::with_capacity(2048);
    write(resource, &mut form);
    Sha256::digest(&form).into()
}

fn write(node: &Node, form: &mut Vec<u8>) {
    match node {
        Node::Null => form.push(b'n'),
        Node::Array(items) => match items.as_slice() {
            [one] => write(one, form),
            items => {
                form.push(b'[');
                items.iter().for_each(|item| write(item, form));
                form.push(b']');
            }
        },
        Node::Object(members) => write_members(members, form),
        scalar => write_text(scalar.text().unwrap_or_default(), form),
    }
}

/// With its length in front, so that no two forms run into each other.
fn write_text(text: &str, form: &mut Vec<u8>) {
    form.push(b's');
    form.extend_from_slice(&(text.len() as u64).to_be_bytes());
    form.extend_from_slice(text.as_bytes());
}

fn write_members(members: &Members, form: &mut Vec<u8>) {
    let is_resource = members.contains("resourceType");
    let mut counted: Vec<(&str, &Node)> = members
        .iter()
        .filter(|(name, value)| match *name {
            "id" | "_id" => false,
            "text" if is_resource => false,
            _ if name.starts_with('_') => !only_ids(value),
            _ => {
                !matches!(value, Node::Null)
                    && value.as_array().is_none_or(|items| !items.is_empty())
            }
        })
        .collect();
    counted.sort_unstable_by_key(|(name, _)| *name);
    form.push(b'{');
    for (name, value) in counted {
        write_text(name, form);
        match value {
            Node::Array(items) if name.starts_with('_') => write_companions(items, form),
            value => write(value, form),
        }
    }
    form.push(b'}');
}

/// Does this companion of a primitive hold nothing but ids?
fn only_ids(companion: &Node) -> bool {
    match companion {
        Node::Null => true,
        Node::Array(items) => items.iter().all(only_ids),
        Node::Object(members) => members.iter().all(|(name, value)| {
            matches!(name, "id")
                || matches!(value, Node::Null)
                || value.as_array().is_some_and(<[Node]>::is_empty)
        }),
        _ => false,
    }
}

/// In a parallel list the place counts, an object with only an id equals the filler, and fillers at
/// the end are of no influence.
fn write_companions(items: &[Node], form: &mut Vec<u8>) {
    let length = items.iter().rposition(|item| !only_ids(item)).map_or(0, |at| at + 1);
    let items = &items[..length];
    if let [one] = items {
        return write(one, form);
    }
    form.push(b'[');
    for item in items {
        if only_ids(item) {
            form.push(b'n');
        } else {
            write(item, form);
        }
    }
    form.push(b']');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    fn of(text: &str) -> [u8; 32] {
        digest(&json::parse(text.as_bytes()).unwrap())
    }

    #[test]
    fn equal_content_has_equal_digests() {
        let base =
            r#"{"resourceType":"Patient","name":[{"given":["a","b"]}],"active":true,"x":12.50}"#;
        for same in [
            r#"{ "active" : true, "x":"12.50", "name":[{"given":["a","b"]}], "resourceType":"Patient" }"#,
            r#"{"resourceType":"Patient","id":"1","name":[{"id":"ref1","given":["a","b"]}],"active":"true","x":12.50}"#,
            r#"{"resourceType":"Patient","text":{"status":"generated","div":"x"},"name":[{"_given":[null,{"id":"2"}],"given":["a","b"]}],"active":true,"x":12.50,"address":[]}"#,
            r#"{"resourceType":"Patient","name":{"given":["a","b"]},"active":true,"x":[12.50],"_x":{"id":"q"},"y":null}"#,
        ] {
            assert_eq!(of(same), of(base), "{same}");
        }
    }

    #[test]
    fn different_content_has_different_digests() {
        let base = r#"{"resourceType":"Patient","name":[{"given":["a","b"],"text":"t"}],"active":true,"x":12.50}"#;
        for other in [
            r#"{"resourceType":"Patient","name":[{"given":["b","a"],"text":"t"}],"active":true,"x":12.50}"#,
            r#"{"resourceType":"Patient","name":[{"given":["ab"],"text":"t"}],"active":true,"x":12.50}"#,
            r#"{"resourceType":"Patient","name":[{"given":["a","b"],"text":"u"}],"active":true,"x":12.50}"#,
            r#"{"resourceType":"Patient","name":[{"given":["a","b"],"text":"t"}],"active":false,"x":12.50}"#,
            r#"{"resourceType":"Patient","name":[{"given":["a","b"],"text":"t"}],"active":true,"x":12.5}"#,
            r#"{"resourceType":"Patient","name":[{"given":["a","b"],"_given":[null,{"extension":[{"url":"u"}]}],"text":"t"}],"active":true,"x":12.50}"#,
            r#"{"resourceType":"Person","name":[{"given":["a","b"],"text":"t"}],"active":true,"x":12.50}"#,
        ] {
            assert_ne!(of(other), of(base), "{other}");
        }
        let at = |list: &str| of(&format!(r#"{{"given":["a","b"],"_given":{list}}}"#));
        let extension = r#"{"extension":[{"url":"u"}]}"#;
        assert_ne!(at(&format!("[null,{extension}]")), at(&format!("[{extension},null]")));
        assert_eq!(
            at(&format!("[{{\"id\":\"1\"}},{extension}]")),
            at(&format!("[null,{extension}]"))
        );
    }
}
