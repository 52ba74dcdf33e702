//! Part of a resource instead of the whole: `_summary` and `_elements` (FHIR R4,
//! 3.1.1.5.8 and 3.1.1.5.9).

use koppeltaal_core::Error;
use koppeltaal_fhir::json;
use koppeltaal_fhir::r4::shape::{Summary, only_elements, summarized};

use crate::catalog::Catalog;
use crate::negotiate::Wants;
use crate::outcome::Refusal;

/// The part of resources that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Shape {
    /// The whole.
    #[default]
    None,
    /// A summary.
    Summary(Summary),
    /// How many a search finds, and none of them. It says nothing about a resource.
    Count,
    /// These elements, and those that may not be missing.
    Elements(Vec<String>),
}

/// The part of a stored resource, compact JSON, that is asked for, as compact
/// JSON. The whole is passed on as it is. Fails when the store holds no JSON.
pub fn shaped(text: String, wants: &Wants, catalog: &Catalog) -> Result<String, Refusal> {
    if matches!(wants.shape, Shape::None | Shape::Count) {
        return Ok(text);
    }
    let resource = json::parse(text.as_bytes()).map_err(Error::internal)?;
    let definitions = catalog.definitions();
    let part = match &wants.shape {
        Shape::None | Shape::Count => resource,
        Shape::Summary(summary) => summarized(&resource, *summary, definitions),
        Shape::Elements(names) => only_elements(&resource, names, definitions),
    };
    Ok(json::render(&part))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = concat!(
        r#"{"resourceType":"Patient", "id":"1","#,
        r#""text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"},"#,
        r#""active":true,"birthDate":"1970-01-01","photo":[{"title":"me"}]}"#
    );

    fn part(shape: Shape) -> String {
        let wants = Wants { shape, ..Wants::default() };
        shaped(TEXT.to_owned(), &wants, &Catalog::built_in()).unwrap()
    }

    #[test]
    fn the_whole_is_not_touched() {
        assert_eq!(part(Shape::None), TEXT);
        assert_eq!(part(Shape::Count), TEXT);
    }

    #[test]
    fn a_part_leaves_the_rest_out_and_says_so() {
        let elements = part(Shape::Elements(vec!["birthDate".into()]));
        assert!(elements.contains("birthDate") && !elements.contains("active"), "{elements}");
        let summary = part(Shape::Summary(Summary::True));
        assert!(summary.contains("active") && !summary.contains("photo"), "{summary}");
        let data = part(Shape::Summary(Summary::Data));
        assert!(data.contains("photo") && !data.contains("div"), "{data}");
        for text in [elements, summary, data] {
            assert!(text.contains("SUBSETTED"), "{text}");
        }
    }

    #[test]
    fn a_stored_text_that_is_no_json_is_a_failure() {
        let wants = Wants { shape: Shape::Summary(Summary::True), ..Wants::default() };
        let refusal = shaped("{".to_owned(), &wants, &Catalog::built_in()).unwrap_err();
        assert_eq!(refusal.status, http::StatusCode::INTERNAL_SERVER_ERROR);
    }
}
