//! Lines and indentation for people who read answers (`_pretty`), put into compact
//! text: values stay byte for byte what they are.

/// Deeper levels stand as far to the right as this one, so that hostile nesting
/// does not become mostly space.
const DEEPEST: usize = 16;

fn line(out: &mut String, depth: usize) {
    out.push('\n');
    for _ in 0..depth.min(DEEPEST) {
        out.push_str("  ");
    }
}

/// Lays out compact JSON.
pub fn json(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 2);
    let mut depth = 0_usize;
    let mut rest = text;
    while let Some(at) = rest.find(['"', '{', '}', '[', ']', ',', ':']) {
        let (scalar, mark) = rest.split_at(at);
        out.push_str(scalar);
        // Everything that is looked for is one byte.
        rest = &mark[1..];
        match mark.as_bytes()[0] {
            b'"' => {
                let (string, after) = mark.split_at(string_length(mark));
                out.push_str(string);
                rest = after;
            }
            open @ (b'{' | b'[') => {
                out.push(open.into());
                if !rest.starts_with(['}', ']']) {
                    depth += 1;
                    line(&mut out, depth);
                }
            }
            close @ (b'}' | b']') => {
                if !out.ends_with(['{', '[']) {
                    depth = depth.saturating_sub(1);
                    line(&mut out, depth);
                }
                out.push(close.into());
            }
            b',' => {
                out.push(',');
                line(&mut out, depth);
            }
            _ => out.push_str(": "),
        }
    }
    out.push_str(rest);
    out
}

/// The length of the string that begins here, with both quotation marks.
fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    });
    end.map_or(text.len(), |at| at + 2)
}

/// Lays out compact XML of FHIR, in which only the `div` of a narrative has text.
pub fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 2);
    let mut depth = 0_usize;
    let mut rest = text;
    while !rest.is_empty() {
        let (tag, after) = rest.split_at(tag_length(rest));
        let is_end = tag.starts_with("</");
        if is_end {
            depth = depth.saturating_sub(1);
        }
        // An element without content stays on its line.
        let is_content = !(is_end && out.ends_with('>') && is_open(&out));
        if !out.is_empty() && is_content {
            line(&mut out, depth);
        }
        out.push_str(tag);
        rest = after;
        if is_div(tag) {
            let (narrative, after) = rest.split_at(narrative_length(rest));
            out.push_str(narrative);
            rest = after;
        } else if tag.starts_with('<') && !is_end && !is_closed(tag) {
            depth += 1;
        }
    }
    out
}

fn is_div(tag: &str) -> bool {
    tag.starts_with("<div") && tag[4..].starts_with([' ', '>']) && !is_closed(tag)
}

fn is_closed(tag: &str) -> bool {
    tag.ends_with("/>") || tag.starts_with("<?") || tag.starts_with("<!")
}

/// Does the text end with a start tag?
fn is_open(text: &str) -> bool {
    text.rfind('<').is_some_and(|at| !text[at..].starts_with("</") && !is_closed(&text[at..]))
}

/// The length of the tag that begins here, or of the text before the next one.
fn tag_length(text: &str) -> usize {
    if !text.starts_with('<') {
        return text.find('<').unwrap_or(text.len());
    }
    let mut quote = None;
    let end = text.bytes().position(|byte| {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'>') => return true,
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
        false
    });
    end.map_or(text.len(), |at| at + 1)
}

/// The length of what follows the start tag of a `div`, its end tag included.
fn narrative_length(text: &str) -> usize {
    let mut open = 1_usize;
    let mut at = 0;
    while open > 0 && at < text.len() {
        let tag = &text[at..at + tag_length(&text[at..])];
        if is_div(tag) {
            open += 1;
        } else if tag.starts_with("</div") && tag[5..].starts_with([' ', '>']) {
            open -= 1;
        }
        at += tag.len();
    }
    at
}

#[cfg(test)]
mod tests {
    use koppeltaal_fhir::json::{parse, render};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn json_is_laid_out_with_its_values_as_they_were() {
        let text = r#"{"a":[1.50,{"b":"x, {\"y\": [\\"}],"c":{},"d":[],"e":[{}],"f":null}"#;
        let expected = r#"{
  "a": [
    1.50,
    {
      "b": "x, {\"y\": [\\"
    }
  ],
  "c": {},
  "d": [],
  "e": [
    {}
  ],
  "f": null
}"#;
        assert_eq!(json(text), expected);
    }

    #[test]
    fn xml_is_laid_out_and_narratives_are_left_alone() {
        let text = concat!(
            r#"<?xml version="1.0" encoding="UTF-8"?><Patient xmlns="http://hl7.org/fhir"><text>"#,
            r#"<status value="a>b"/><div xmlns="http://www.w3.org/1999/xhtml"><p>A <b>b</b></p><div>c"#,
            "</div> </div></text><name><family value=\"x\"/></name><empty></empty></Patient>"
        );
        let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<Patient xmlns="http://hl7.org/fhir">
  <text>
    <status value="a>b"/>
    <div xmlns="http://www.w3.org/1999/xhtml"><p>A <b>b</b></p><div>c</div> </div>
  </text>
  <name>
    <family value="x"/>
  </name>
  <empty></empty>
</Patient>"#;
        assert_eq!(xml(text), expected);
    }

    #[test]
    fn deep_nesting_does_not_become_space() {
        let deep = format!("{}{}{}", "[".repeat(90), "1,".repeat(999) + "1", "]".repeat(90));
        assert!(json(&deep).len() < deep.len() * 20);
    }

    proptest! {
        #[test]
        fn laid_out_json_reads_as_the_same(
            texts in prop::collection::vec("\\PC{0,12}|[\"\\\\{}\\[\\]:,]{0,8}", 0..6),
        ) {
            let mut node = koppeltaal_fhir::Node::object();
            for (at, text) in texts.iter().enumerate() {
                let inner = koppeltaal_fhir::Node::from(vec![text.into(), node.clone()]);
                node = node.with(&format!("{text}{at}"), inner);
            }
            let laid_out = json(&render(&node));
            prop_assert_eq!(parse(laid_out.as_bytes()).unwrap(), node);
        }

        #[test]
        fn any_text_is_laid_out_without_a_panic(text in "\\PC{0,80}|[<>/\" divé=]{0,60}") {
            let squeezed = |text: &str| text.replace([' ', '\n'], "");
            prop_assert_eq!(squeezed(&xml(&text)), squeezed(&text));
            prop_assert_eq!(squeezed(&json(&text)), squeezed(&text));
        }
    }
}
