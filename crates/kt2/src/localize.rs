//! References to resources of this domain, however a client spells the FHIR base:
//! they are kept as `Type/id`, so that integrity, search and erase see them all.

use koppeltaal_fhir::Node;

/// Makes every reference below one of these bases relative.
pub fn localize(node: &mut Node, bases: &[String]) {
    match node {
        Node::Array(items) => items.iter_mut().for_each(|item| localize(item, bases)),
        Node::Object(members) => {
            for (name, value) in &mut members.0 {
                let relative = match (name.as_str(), value.as_str()) {
                    ("reference", Some(text)) => below(text, bases),
                    _ => None,
                };
                match relative {
                    Some(relative) => *value = Node::from(relative),
                    None => localize(value, bases),
                }
            }
        }
        _ => {}
    }
}

/// What follows one of these bases in a URL; several slashes in a row count as one,
/// as they do in requests.
pub fn below(text: &str, bases: &[String]) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let mut url = format!("{scheme}://");
    for segment in rest.split('/').filter(|segment| !segment.is_empty()) {
        if !url.ends_with('/') {
            url.push('/');
        }
        url.push_str(segment);
    }
    let found = bases.iter().find_map(|base| url.strip_prefix(base.as_str())?.strip_prefix('/'));
    found.map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use koppeltaal_fhir::json;

    use super::*;

    #[test]
    fn whatever_base_a_client_writes_the_reference_is_the_same() {
        let bases = ["https://h/api/v1/d/fhir/r4", "https://h/fhir/DEFAULT"].map(str::to_owned);
        let check = |text: &str, expected: &str| {
            let mut node = Node::from(vec![koppeltaal_fhir::object! {
                "for" => koppeltaal_fhir::object! { "reference" => text },
            }]);
            localize(&mut node, &bases);
            assert_eq!(json::render(&node), format!(r#"[{{"for":{{"reference":"{expected}"}}}}]"#));
        };
        check("https://h/api/v1/d/fhir/r4/Patient/1", "Patient/1");
        check("https://h//api/v1/d//fhir/r4/Patient/1/_history/2", "Patient/1/_history/2");
        check("https://h/fhir/DEFAULT/Patient/1", "Patient/1");
        for other in [
            "Patient/1",
            "#a",
            "urn:uuid:1",
            "https://h/fhir/DEFAULTS/Patient/1",
            "https://h/api/v1/e/fhir/r4/Patient/1",
            "https://h/fhir/DEFAULT",
        ] {
            check(other, other);
        }
    }
}
