//! Atom feeds into the JSON form of a Bundle. Parts that DSTU1 does not use are ignored.

use super::xml_parse::resource;
use crate::error::ParseError;
use crate::node::{Members, Node};
use crate::xml::cursor::{Cursor, Item, Tag, is_blank};
use crate::xml::{FHIR, Namespace};

/// The order of the members in the JSON form.
const FEED: [&str; 7] = ["title", "id", "updated", "author", "totalResults", "link", "category"];
const ENTRY: [&str; 9] =
    ["title", "id", "updated", "published", "author", "link", "category", "content", "summary"];

/// The rest of a feed whose start tag was read.
pub(super) fn feed(cursor: &mut Cursor<'_>) -> Result<Node, ParseError> {
    let mut parts = Members::new();
    let mut entries = Vec::new();
    while let Some(tag) = next_part(cursor)? {
        if tag.is(Namespace::Atom, "entry") {
            entries.push(entry(cursor)?);
        } else if tag.is(Namespace::OpenSearch, "totalResults") {
            single(cursor, &mut parts, tag, |cursor, _| Ok(trimmed(text(cursor)?)))?;
        } else {
            part(cursor, &mut parts, tag)?;
        }
    }
    let mut members = Members::new();
    members.push("resourceType", "Bundle");
    members
        .0
        .extend(FEED.iter().filter_map(|name| Some(((*name).to_owned(), parts.remove(name)?))));
    members.push("entry", entries);
    Ok(Node::Object(members))
}

fn entry(cursor: &mut Cursor<'_>) -> Result<Node, ParseError> {
    let mut parts = Members::new();
    while let Some(tag) = next_part(cursor)? {
        match tag.name {
            "published" if tag.namespace == Namespace::Atom => {
                single(cursor, &mut parts, tag, |cursor, _| Ok(trimmed(text(cursor)?)))?;
            }
            "summary" if tag.namespace == Namespace::Atom => {
                single(cursor, &mut parts, tag, |cursor, _| markup(cursor))?
            }
            "content" if tag.namespace == Namespace::Atom => content(cursor, &mut parts, &tag)?,
            _ => part(cursor, &mut parts, tag)?,
        }
    }
    let members = ENTRY.iter().filter_map(|name| Some(((*name).to_owned(), parts.remove(name)?)));
    Ok(Node::Object(Members(members.collect())))
}

/// What feed and entry have in common.
fn part(cursor: &mut Cursor<'_>, parts: &mut Members, tag: Tag) -> Result<(), ParseError> {
    if tag.namespace != Namespace::Atom {
        return cursor.skip();
    }
    match tag.name {
        "title" => single(cursor, parts, tag, |cursor, _| markup(cursor)),
        "id" | "updated" => single(cursor, parts, tag, |cursor, _| Ok(trimmed(text(cursor)?))),
        "link" => listed(cursor, parts, tag, &["rel", "href"]),
        "category" => listed(cursor, parts, tag, &["term", "label", "scheme"]),
        "author" => {
            let author = author(cursor)?;
            append(parts, "author", author);
            Ok(())
        }
        _ => cursor.skip(),
    }
}

/// A part that may occur once: which of two ids counts must not be a matter of taste.
fn single(
    cursor: &mut Cursor<'_>,
    parts: &mut Members,
    tag: Tag<'_>,
    read: impl FnOnce(&mut Cursor<'_>, &Tag<'_>) -> Result<Node, ParseError>,
) -> Result<(), ParseError> {
    if parts.contains(tag.name) {
        return Err(ParseError::duplicate(cursor.text(), tag.offset, tag.name));
    }
    let node = read(cursor, &tag)?;
    parts.push(tag.name, node);
    Ok(())
}

/// An element whose data are attributes.
fn listed(
    cursor: &mut Cursor<'_>,
    parts: &mut Members,
    tag: Tag<'_>,
    names: &[&str],
) -> Result<(), ParseError> {
    cursor.skip()?;
    let mut members = Members::new();
    for name in names {
        members.push_some(name, tag.attribute(name));
    }
    append(parts, tag.name, Node::Object(members));
    Ok(())
}

fn append(parts: &mut Members, name: &str, item: Node) {
    match parts.get_mut(name).and_then(Node::as_array_mut) {
        Some(items) => items.push(item),
        None => parts.push(name, [item]),
    }
}

fn author(cursor: &mut Cursor<'_>) -> Result<Node, ParseError> {
    let mut members = Members::new();
    while let Some(tag) = next_part(cursor)? {
        if tag.namespace == Namespace::Atom && ["name", "uri", "email"].contains(&tag.name) {
            single(cursor, &mut members, tag, |cursor, _| Ok(trimmed(text(cursor)?)))?;
        } else {
            cursor.skip()?;
        }
    }
    Ok(Node::Object(members))
}

/// The resource of an entry; an empty `content` is no content.
fn content(cursor: &mut Cursor<'_>, parts: &mut Members, tag: &Tag<'_>) -> Result<(), ParseError> {
    if parts.contains("content") {
        return Err(ParseError::duplicate(cursor.text(), tag.offset, "content"));
    }
    loop {
        match cursor.next()? {
            Item::Start(tag) if tag.namespace != Namespace::Fhir => {
                return Err(ParseError::foreign(tag.name, FHIR));
            }
            Item::Start(tag) => {
                if parts.contains("content") {
                    return Err(cursor.wrong("an entry holds one resource"));
                }
                let resource = resource(cursor, tag)?;
                parts.push("content", resource);
            }
            Item::Text(text) if is_blank(&text) => {}
            Item::End => return Ok(()),
            Item::Text(_) | Item::Eof => {
                return Err(cursor.wrong("a resource is expected in the content of an entry"));
            }
        }
    }
}

/// The next child of a feed, entry or author; stray text is ignored as Atom readers do.
fn next_part<'a>(cursor: &mut Cursor<'a>) -> Result<Option<Tag<'a>>, ParseError> {
    loop {
        match cursor.next()? {
            Item::Start(tag) => return Ok(Some(tag)),
            Item::Text(_) => {}
            Item::End | Item::Eof => return Ok(None),
        }
    }
}

/// Text up to the end tag; elements in it are skipped.
fn text(cursor: &mut Cursor<'_>) -> Result<String, ParseError> {
    let mut text = String::new();
    loop {
        match cursor.next()? {
            Item::Text(more) => text.push_str(&more),
            Item::Start(_) => cursor.skip()?,
            Item::End | Item::Eof => return Ok(text),
        }
    }
}

/// Text, or a `div` of XHTML as it was written.
fn markup(cursor: &mut Cursor<'_>) -> Result<Node, ParseError> {
    let mut text = String::new();
    let mut div = None;
    loop {
        match cursor.next()? {
            Item::Text(more) => text.push_str(&more),
            Item::Start(tag) if tag.namespace == Namespace::Xhtml && div.is_none() => {
                div = Some(cursor.verbatim(&tag)?)
            }
            Item::Start(_) => cursor.skip()?,
            Item::End | Item::Eof => return Ok(Node::String(div.unwrap_or(text))),
        }
    }
}

fn trimmed(text: String) -> Node {
    Node::from(text.trim())
}
