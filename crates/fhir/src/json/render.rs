//! Compact JSON. Strings without characters to escape are copied whole.

use super::scan::plain_length;
use crate::node::Node;

/// The node as compact JSON.
pub fn render(node: &Node) -> String {
    let mut out = String::with_capacity(estimate(node));
    render_into(node, &mut out);
    out
}

/// Appends the node as compact JSON.
pub fn render_into(node: &Node, out: &mut String) {
    match node {
        Node::Null => out.push_str("null"),
        Node::Bool(true) => out.push_str("true"),
        Node::Bool(false) => out.push_str("false"),
        Node::Number(text) => out.push_str(text),
        Node::String(text) => string(text, out),
        Node::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                render_into(item, out);
            }
            out.push(']');
        }
        Node::Object(members) => {
            out.push('{');
            for (i, (name, value)) in members.0.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                string(name, out);
                out.push(':');
                render_into(value, out);
            }
            out.push('}');
        }
    }
}

fn string(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    loop {
        // Everything that is escaped is ASCII, so both cuts are character boundaries.
        let plain = plain_length(rest.as_bytes());
        out.push_str(&rest[..plain]);
        let Some(byte) = rest.as_bytes().get(plain) else {
            break;
        };
        rest = &rest[plain + 1..];
        match *byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            0x08 => out.push_str("\\b"),
            0x0C => out.push_str("\\f"),
            other => {
                const HEX: [char; 16] = [
                    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
                ];
                out.push_str("\\u00");
                out.push(HEX[usize::from(other >> 4)]);
                out.push(HEX[usize::from(other & 15)]);
            }
        }
    }
    out.push('"');
}

/// Roughly the length of the output, so that the buffer seldom grows.
fn estimate(node: &Node) -> usize {
    match node {
        Node::Null | Node::Bool(_) => 6,
        Node::Number(text) => text.len() + 1,
        Node::String(text) => text.len() + 3,
        Node::Array(items) => 2 + items.iter().map(estimate).sum::<usize>(),
        Node::Object(members) => {
            2 + members.0.iter().map(|(n, v)| n.len() + 3 + estimate(v)).sum::<usize>()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object;

    #[test]
    fn output_is_compact_and_escaped() {
        let node = object! {
            "a\"b" => "line\nbreak\u{1}\\ é 😀",
            "n" => Node::Number("12.50".into()),
            "list" => [Node::Null, Node::from(false), Node::object()],
        };
        assert_eq!(
            render(&node),
            r#"{"a\"b":"line\nbreak\u0001\\ é 😀","n":12.50,"list":[null,false,{}]}"#
        );
    }
}
