//! Narratives travel as text in JSON and as elements in XML. On the way to XML the text is checked,
//! because one sender's broken markup must not make a whole feed unreadable for its receivers.

use std::borrow::Cow;

use super::characters::{escape_text, replace_illegal};
use super::cursor::{Cursor, Item};
use super::{Namespace, XHTML};
use crate::error::MAX_DEPTH;

/// Appends the narrative as a `div` element of XHTML. Text that is not a well-formed `div` is kept
/// as text inside one.
pub(crate) fn render_div(narrative: &str, out: &mut String) {
    match embeddable(narrative) {
        Some(div) => out.push_str(&div),
        None => {
            out.push_str("<div xmlns=\"");
            out.push_str(XHTML);
            out.push_str("\">");
            escape_text(narrative, out);
            out.push_str("</div>");
        }
    }
}

/// The narrative as it can stand in XML: as it is when it is one well-formed `div` of XHTML, with
/// the namespace added when it has none.
pub(crate) fn embeddable(narrative: &str) -> Option<Cow<'_, str>> {
    let narrative = narrative.trim_matches([' ', '\t', '\n', '\r']);
    if !narrative.starts_with('<') {
        return None;
    }
    let narrative = replace_illegal(narrative);
    let namespace = check(&narrative)?;
    if namespace == Namespace::Xhtml {
        return Some(narrative);
    }
    let name_end = "<div".len();
    let bare = namespace == Namespace::None && narrative.starts_with("<div");
    bare.then(|| Cow::Owned(format!("<div xmlns=\"{XHTML}\"{}", &narrative[name_end..])))
        .filter(|div: &Cow<'_, str>| check(div) == Some(Namespace::Xhtml))
}

/// The namespace of the only element of the text, when that is a `div`.
fn check(narrative: &str) -> Option<Namespace> {
    let mut cursor = Cursor::new(narrative.as_bytes(), MAX_DEPTH).ok()?;
    let root = match cursor.next().ok()? {
        Item::Start(tag) if tag.offset == 0 && tag.name == "div" => tag,
        _ => return None,
    };
    cursor.skip().ok()?;
    (cursor.offset() == narrative.len()).then_some(root.namespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_well_formed_div_stays_as_it_is() {
        for div in [
            "<div xmlns=\"http://www.w3.org/1999/xhtml\"> <!-- c --><p a='1'>x &amp; y</p>\n</div>",
            "<h:div xmlns:h=\"http://www.w3.org/1999/xhtml\"/>",
        ] {
            assert_eq!(embeddable(div).as_deref(), Some(div));
        }
    }

    #[test]
    fn a_missing_namespace_is_added() {
        assert_eq!(
            embeddable(" <div class='a'><p/></div>\n").as_deref(),
            Some("<div xmlns=\"http://www.w3.org/1999/xhtml\" class='a'><p/></div>")
        );
    }

    #[test]
    fn everything_else_becomes_text_of_a_div() {
        for bad in [
            "",
            "plain",
            "<p>x</p>",
            "<div>",
            "<div>&nbsp;</div>",
            "<div/><div/>",
            "<div/>x",
            "<divx/>",
            "<div xmlns=\"\"/>",
            "<div xmlns=\"urn:x\"/>",
            "<div a=1/>",
            "<div a='1'b='2'/>",
            "<x:div/>",
            "<div><b></div></b>",
            "<!DOCTYPE div><div/>",
            "<div a='<'/>",
            "<div>]]></div>",
            "<?xml version='1.0'?><div/>",
        ] {
            assert_eq!(embeddable(bad), None, "{bad}");
            let mut out = String::new();
            render_div(bad, &mut out);
            assert!(embeddable(&out).is_some(), "{bad} -> {out}");
        }
    }
}
