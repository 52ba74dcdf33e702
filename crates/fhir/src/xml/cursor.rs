//! A reading cursor over XML: start, end and text of elements with namespaces resolved. It refuses
//! document types, unknown entities, deep nesting and everything that is not well-formed.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::errors::Error as XmlError;
use quick_xml::events::Event;

use super::attributes::{Attribute, Refused, attributes, split_name};
use super::{Namespace, characters};
use crate::error::ParseError;

/// More namespace declarations in scope than any document needs.
const MOST_BINDINGS: usize = 64;

/// A start tag.
pub(crate) struct Tag<'a> {
    /// Namespace of the element.
    pub(crate) namespace: Namespace,
    /// Local name.
    pub(crate) name: &'a str,
    /// Attributes without namespace declarations and schema hints.
    pub(crate) attributes: Vec<Attribute<'a>>,
    /// Where the tag starts in the document.
    pub(crate) offset: usize,
    /// How many declarations were in scope outside the element.
    outer_bindings: usize,
}

impl Tag<'_> {
    pub(crate) fn is(&self, namespace: Namespace, name: &str) -> bool {
        self.namespace == namespace && self.name == name
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|a| a.prefix.is_empty() && a.name == name)
            .map(|a| a.value.as_ref())
    }
}

/// What comes next.
pub(crate) enum Item<'a> {
    Start(Tag<'a>),
    End,
    Text(String),
    Eof,
}

struct Binding<'a> {
    prefix: &'a str,
    url: Cow<'a, str>,
    namespace: Namespace,
}

pub(crate) struct Cursor<'a> {
    text: &'a str,
    reader: Reader<&'a [u8]>,
    bindings: Vec<Binding<'a>>,
    /// For every open element the number of bindings outside of it.
    open: Vec<usize>,
    max_depth: usize,
    root_seen: bool,
    /// Bindings that the tags since the last `clear` used.
    used: Vec<usize>,
    keep_used: bool,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8], max_depth: usize) -> Result<Self, ParseError> {
        let text = std::str::from_utf8(bytes).map_err(|_| ParseError::NotUtf8)?;
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        if let Some(at) = characters::first_illegal(text) {
            return Err(ParseError::malformed(text, at, "this character is not allowed in XML"));
        }
        let mut reader = Reader::from_reader(text.as_bytes());
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.check_comments = true;
        Ok(Cursor {
            text,
            reader,
            bindings: Vec::new(),
            open: Vec::new(),
            max_depth,
            root_seen: false,
            used: Vec::new(),
            keep_used: false,
        })
    }

    pub(crate) fn text(&self) -> &'a str {
        self.text
    }

    pub(crate) fn offset(&self) -> usize {
        usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX)
    }

    /// An error at the current place.
    pub(crate) fn wrong(&self, reason: &'static str) -> ParseError {
        ParseError::malformed(self.text, self.offset(), reason)
    }

    /// The root element.
    pub(crate) fn root(&mut self) -> Result<Tag<'a>, ParseError> {
        loop {
            match self.next()? {
                Item::Start(tag) => return Ok(tag),
                Item::Text(_) | Item::End => {}
                Item::Eof => return Err(self.wrong("the document has no root element")),
            }
        }
    }

    /// Checks that nothing but comments follows the root element.
    pub(crate) fn finish(&mut self) -> Result<(), ParseError> {
        while !matches!(self.next()?, Item::Eof) {}
        Ok(())
    }

    pub(crate) fn next(&mut self) -> Result<Item<'a>, ParseError> {
        loop {
            let offset = self.offset();
            let event = self.reader.read_event().map_err(|error| self.not_well_formed(&error))?;
            match event {
                Event::Start(tag) => {
                    let name_length = tag.name().as_ref().len();
                    return self.start(offset, name_length).map(Item::Start);
                }
                Event::End(_) => {
                    let outer = self.open.pop().unwrap_or(0);
                    self.bindings.truncate(outer);
                    return Ok(Item::End);
                }
                Event::Text(raw) => {
                    let text =
                        characters::unescape_text(&raw).map_err(|w| w.at(self.text, offset))?;
                    if self.open.is_empty() {
                        if !is_blank(&text) {
                            return Err(self.wrong("text stands outside of the root element"));
                        }
                        continue;
                    }
                    return Ok(Item::Text(text.into_owned()));
                }
                Event::CData(raw) if !self.open.is_empty() => {
                    return Ok(Item::Text(raw.to_string()));
                }
                Event::GeneralRef(name) if !self.open.is_empty() => {
                    let c = characters::reference(&name).map_err(|w| w.at(self.text, offset))?;
                    return Ok(Item::Text(c.to_string()));
                }
                Event::CData(_) | Event::GeneralRef(_) => {
                    return Err(self.wrong("text stands outside of the root element"));
                }
                Event::Comment(_) => {}
                Event::PI(instruction) => {
                    let target = instruction.target();
                    if split_name(target).is_none() || target.eq_ignore_ascii_case("xml") {
                        return Err(self.wrong("this processing instruction has no valid name"));
                    }
                }
                Event::Decl(declaration) => {
                    if offset != 0 {
                        return Err(
                            self.wrong("the XML declaration may only stand at the very start")
                        );
                    }
                    if let Some(Ok(encoding)) = declaration.encoding()
                        && !["utf-8", "utf8", "us-ascii"]
                            .iter()
                            .any(|ours| encoding.eq_ignore_ascii_case(ours))
                    {
                        return Err(ParseError::NotUtf8);
                    }
                }
                Event::DocType(_) => return Err(ParseError::Doctype),
                Event::Empty(_) => return Err(self.wrong("the document cannot be read")),
                Event::Eof if !self.open.is_empty() => {
                    return Err(self.wrong("the document ends before its elements are closed"));
                }
                Event::Eof => return Ok(Item::Eof),
            }
        }
    }

    /// Skips the rest of an element whose start tag was read.
    pub(crate) fn skip(&mut self) -> Result<(), ParseError> {
        let outside = self.open.len() - 1;
        while self.open.len() > outside {
            self.next()?;
        }
        Ok(())
    }

    /// The whole element as it was written, self-contained: namespaces that it uses and that are
    /// declared further out are declared on it.
    pub(crate) fn verbatim(&mut self, tag: &Tag<'_>) -> Result<String, ParseError> {
        self.keep_used = true;
        let skipped = self.skip();
        self.keep_used = false;
        skipped?;
        let raw = self.text.get(tag.offset..self.offset()).unwrap_or_default();
        self.used.retain(|at| *at < tag.outer_bindings);
        self.used.sort_unstable();
        self.used.dedup();
        let mut out = String::with_capacity(raw.len());
        let name_end = raw
            .find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>'))
            .unwrap_or(raw.len());
        out.push_str(&raw[..name_end]);
        for binding in self.used.iter().filter_map(|at| self.bindings.get(*at)) {
            out.push_str(if binding.prefix.is_empty() { " xmlns" } else { " xmlns:" });
            out.push_str(binding.prefix);
            out.push_str("=\"");
            characters::escape_attribute(&binding.url, &mut out);
            out.push('"');
        }
        out.push_str(&raw[name_end..]);
        Ok(out)
    }

    fn start(&mut self, offset: usize, name_length: usize) -> Result<Tag<'a>, ParseError> {
        if self.open.is_empty() && self.root_seen {
            return Err(self.wrong("the document has a second root element"));
        }
        self.root_seen = true;
        if self.open.len() >= self.max_depth {
            return Err(ParseError::TooDeep);
        }
        let end = self.offset();
        let name_end = offset + 1 + name_length;
        let inside =
            self.text.get(name_end..end).and_then(|raw| raw.strip_suffix('>')).unwrap_or("");
        let inside = inside.strip_suffix('/').unwrap_or(inside);
        let Some((prefix, name)) = self.text.get(offset + 1..name_end).and_then(split_name) else {
            return Err(ParseError::malformed(self.text, offset, "this is no element name"));
        };
        let mut attributes = attributes(inside).map_err(|(at, refused)| match refused {
            Refused::Wrong(wrong) => wrong.at(self.text, name_end + at),
            Refused::Twice(name) => ParseError::duplicate(self.text, name_end + at, &name),
        })?;
        for attribute in &mut attributes {
            attribute.offset += name_end;
        }
        let outer_bindings = self.bindings.len();
        self.open.push(outer_bindings);
        self.declare(&mut attributes, offset)?;
        if !self.keep_used {
            self.used.clear();
        }
        let namespace = self.resolve(prefix, offset)?.0;
        if attributes.iter().any(|a| !a.prefix.is_empty()) {
            self.qualify(&mut attributes)?;
        }
        Ok(Tag { namespace, name, attributes, offset, outer_bindings })
    }

    /// Checks prefixed attributes and drops schema hints.
    fn qualify(&mut self, attributes: &mut Vec<Attribute<'a>>) -> Result<(), ParseError> {
        let mut seen: Vec<(usize, &str)> = Vec::new();
        let mut kept = Vec::with_capacity(attributes.len());
        for attribute in attributes.drain(..) {
            if attribute.prefix.is_empty() || attribute.prefix == "xml" {
                kept.push(attribute);
                continue;
            }
            let (namespace, binding) = self.resolve(attribute.prefix, attribute.offset)?;
            let same = |(other, name): &(usize, &str)| {
                *name == attribute.name && self.bindings[*other].url == self.bindings[binding].url
            };
            if seen.iter().any(same) {
                return Err(ParseError::duplicate(self.text, attribute.offset, attribute.name));
            }
            seen.push((binding, attribute.name));
            if namespace != Namespace::SchemaInstance {
                kept.push(attribute);
            }
        }
        *attributes = kept;
        Ok(())
    }

    /// Takes the namespace declarations out of the attributes.
    fn declare(
        &mut self,
        attributes: &mut Vec<Attribute<'a>>,
        offset: usize,
    ) -> Result<(), ParseError> {
        for attribute in attributes.iter() {
            let prefix = match (attribute.prefix, attribute.name) {
                ("", "xmlns") => "",
                ("xmlns", prefix) => prefix,
                _ => continue,
            };
            if prefix == "xml"
                || prefix == "xmlns"
                || !prefix.is_empty() && attribute.value.is_empty()
            {
                return Err(ParseError::malformed(
                    self.text,
                    offset,
                    "this namespace cannot be declared",
                ));
            }
            if self.bindings.len() == MOST_BINDINGS {
                return Err(ParseError::malformed(
                    self.text,
                    offset,
                    "too many namespaces are declared",
                ));
            }
            let namespace = Namespace::of(&attribute.value);
            self.bindings.push(Binding { prefix, url: attribute.value.clone(), namespace });
        }
        attributes.retain(|a| a.prefix != "xmlns" && !(a.prefix.is_empty() && a.name == "xmlns"));
        Ok(())
    }

    /// The namespace behind a prefix and the binding that says so; without one the binding means
    /// nothing.
    fn resolve(&mut self, prefix: &str, offset: usize) -> Result<(Namespace, usize), ParseError> {
        match self.bindings.iter().rposition(|b| b.prefix == prefix) {
            Some(at) => {
                if !self.used.contains(&at) {
                    self.used.push(at);
                }
                Ok((self.bindings[at].namespace, at))
            }
            None if prefix.is_empty() => Ok((Namespace::None, usize::MAX)),
            None => Err(ParseError::malformed(
                self.text,
                offset,
                "the prefix of this name is not declared",
            )),
        }
    }

    fn not_well_formed(&self, error: &XmlError) -> ParseError {
        let offset = usize::try_from(self.reader.error_position()).unwrap_or(usize::MAX);
        let reason = match error {
            XmlError::Syntax(_) => "a tag, comment or attribute value is not closed",
            XmlError::IllFormed(_) => "tags do not match, or a reference is not closed",
            XmlError::Encoding(_) => return ParseError::NotUtf8,
            _ => "the document is not well-formed",
        };
        ParseError::malformed(self.text, offset, reason)
    }
}

pub(crate) fn is_blank(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r'))
}
