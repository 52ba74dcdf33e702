//! The JSON form of a Bundle as an Atom feed, in the order of DSTU1.

use super::xml_render::resource;
use crate::node::Node;
use crate::xml::characters::{escape_attribute, escape_text};
use crate::xml::{ATOM, OPEN_SEARCH, xhtml};

pub(super) fn feed(bundle: &Node, out: &mut String) {
    out.push_str("<feed xmlns=\"");
    out.push_str(ATOM);
    out.push_str("\">");
    title(bundle, out);
    simple("id", bundle, out);
    listed("link", &["rel", "href"], bundle, out);
    if let Some(total) = bundle.get("totalResults").and_then(Node::text) {
        out.push_str("<os:totalResults xmlns:os=\"");
        out.push_str(OPEN_SEARCH);
        out.push_str("\">");
        escape_text(total, out);
        out.push_str("</os:totalResults>");
    }
    simple("updated", bundle, out);
    author(bundle, out);
    listed("category", &["term", "label", "scheme"], bundle, out);
    for entry in bundle.items("entry") {
        out.push_str("<entry>");
        self::entry(entry, out);
        out.push_str("</entry>");
    }
    out.push_str("</feed>");
}

fn entry(entry: &Node, out: &mut String) {
    title(entry, out);
    simple("id", entry, out);
    simple("updated", entry, out);
    simple("published", entry, out);
    author(entry, out);
    listed("link", &["rel", "href"], entry, out);
    listed("category", &["term", "label", "scheme"], entry, out);
    if let Some(content @ Node::Object(_)) = entry.get("content") {
        out.push_str("<content type=\"text/xml\">");
        resource(content, true, out);
        out.push_str("</content>");
    }
    if let Some(summary) = entry.get("summary").and_then(Node::text) {
        match xhtml::embeddable(summary) {
            Some(div) => {
                out.push_str("<summary type=\"xhtml\">");
                out.push_str(&div);
            }
            None => {
                out.push_str("<summary type=\"text\">");
                escape_text(summary, out);
            }
        }
        out.push_str("</summary>");
    }
}

fn title(owner: &Node, out: &mut String) {
    if let Some(title) = owner.get("title").and_then(Node::text) {
        out.push_str("<title type=\"text\">");
        escape_text(title, out);
        out.push_str("</title>");
    }
}

fn simple(name: &str, owner: &Node, out: &mut String) {
    if let Some(text) = owner.get(name).and_then(Node::text) {
        for part in ["<", name, ">"] {
            out.push_str(part);
        }
        escape_text(text, out);
        for part in ["</", name, ">"] {
            out.push_str(part);
        }
    }
}

/// An author is an object with a name; a bare string is its name.
fn author(owner: &Node, out: &mut String) {
    for author in owner.items("author") {
        out.push_str("<author>");
        match author.text() {
            Some(name) => simple("name", &Node::object().with("name", name), out),
            None => ["name", "uri", "email"].iter().for_each(|part| simple(part, author, out)),
        }
        out.push_str("</author>");
    }
}

/// Elements whose data are attributes.
fn listed(name: &str, attributes: &[&str], owner: &Node, out: &mut String) {
    for item in owner.items(name) {
        if item.as_object().is_none() {
            continue;
        }
        out.push('<');
        out.push_str(name);
        for attribute in attributes {
            if let Some(value) = item.get(attribute).and_then(Node::text) {
                out.push(' ');
                out.push_str(attribute);
                out.push_str("=\"");
                escape_attribute(value, out);
                out.push('"');
            }
        }
        out.push_str("/>");
    }
}
