//! Rows of composite parameters: a token together with another token or with a quantity of the
//! same element (FHIR R4, Search, 3.1.1.4.13 "composite").

use super::index::Rows;
use super::key::hash;
use super::parameter::{Component, Numbers};
use super::shape::Value;
use super::{quantity, token};
use crate::node::Node;
use crate::r4::definition::SearchKind;

/// Most forms of one part of one element: rows stand for pairs, so long lists would multiply.
const MOST_FORMS: usize = 64;

/// Rows of a composite parameter for one element.
pub(super) fn rows<'a>(
    root: &'a Node,
    element: &'a Node,
    components: &'a [Component],
    numbers: &Numbers,
    rows: &mut Rows,
) {
    let [first, second] = components else { return };
    let first = forms(root, element, first);
    match second.kind() {
        SearchKind::Token => {
            for second in forms(root, element, second) {
                for first in &first {
                    rows.push(numbers.own, &format!("{first}${second}"), 0);
                }
            }
        }
        SearchKind::Quantity => second.walk(root, element, &mut |value| {
            quantity::each(&value, &mut |key, unit| {
                for first in &first {
                    rows.push(numbers.own, key, hash(&format!("{first}${unit}")));
                }
            });
        }),
        _ => {}
    }
}

/// The ways in which a query can name a token: `system|code` and `code`; without a system `|code`
/// and `code`.
fn forms<'a>(root: &'a Node, element: &'a Node, component: &'a Component) -> Vec<String> {
    let mut forms = Vec::new();
    component.walk(root, element, &mut |value: Value<'a>| {
        token::each(&value, &mut |system, code| {
            if !code.is_empty() && forms.len() < MOST_FORMS {
                forms.push(format!("{system}|{code}"));
                forms.push(code.to_owned());
            }
        });
    });
    forms
}
