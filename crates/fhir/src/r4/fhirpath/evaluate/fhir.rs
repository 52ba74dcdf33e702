//! The functions that FHIR adds (FHIR R4, 2.9.1.4 and 2.9.1.5).

use super::super::ast::Expr;
use super::super::collection::Collection;
use super::super::context::Type;
use super::super::error::EvaluateError;
use super::super::item::{Element, Item, Known};
use super::super::narrative::check_narrative;
use super::value::{boolean, single};
use super::{Answer, Evaluator, Scope};
use crate::node::Node;

impl<'a> Evaluator<'_, 'a> {
    pub(super) fn extension(
        &self,
        url: &'a Expr,
        input: &Collection<'a>,
        scope: Scope<'a, '_>,
    ) -> Answer<'a> {
        let Some(url) = self.argument_text(url, scope, "extension")? else {
            return Ok(Collection::new());
        };
        let mut found = Collection::new();
        for item in input {
            let Item::Element(element) = item else { continue };
            let Some(members) = element.members() else { continue };
            let Some(extensions) = members.get("extension") else { continue };
            for extension in extensions.one_or_many() {
                self.charge(1)?;
                if extension.get("url").and_then(Node::as_str) == Some(&*url) {
                    let known = Known::Type(Type::named("Extension"));
                    found.push(Item::Element(Element::new(Some(extension), None, known)));
                }
            }
        }
        Ok(found)
    }

    /// Is it one primitive with a value?
    pub(super) fn has_value(&self, input: &Collection<'a>) -> Answer<'a> {
        boolean(match input.as_slice() {
            [Item::Element(element)] => element.has_value(),
            [_] => true,
            _ => false,
        })
    }

    pub(super) fn get_value(&self, input: &Collection<'a>) -> Answer<'a> {
        match input.as_slice() {
            [item @ Item::Element(element)] if element.has_value() => {
                Ok(Collection::maybe(self.system(item)))
            }
            [Item::Element(_)] => Ok(Collection::new()),
            [item] => Ok(Collection::one(item.clone())),
            _ => Ok(Collection::new()),
        }
    }

    /// The resources behind references and canonicals; what cannot be found is left out.
    pub(super) fn resolve(&self, input: &Collection<'a>) -> Answer<'a> {
        let mut found = Collection::new();
        for item in input {
            self.charge(1)?;
            match item {
                Item::Element(element) => {
                    let node = match element.value() {
                        Some(Node::Object(members)) => members.get("reference"),
                        other => other,
                    };
                    let stated = element.members().and_then(|members| members.get("type"));
                    let Some(Node::String(text)) = node else { continue };
                    self.resolve_text(text, stated.and_then(Node::as_str), &mut found);
                }
                Item::String(text) => {
                    // The text may be gone before the answer, so the type comes from the types.
                    let types = self.context.types;
                    let known = type_in(text).and_then(|name| types.resource_type(name));
                    match self.at_hand(text) {
                        Some(item) => found.push(item),
                        None if self.context.resolver.is_none() => {
                            let known = known.map(|name| Item::of_type(Type::named(name)));
                            known.into_iter().for_each(|item| found.push(item));
                        }
                        None => {}
                    }
                }
                _ => {}
            }
        }
        Ok(found)
    }

    fn resolve_text(&self, text: &'a str, stated: Option<&'a str>, found: &mut Collection<'a>) {
        if let Some(item) = self.at_hand(text) {
            found.push(item);
        } else if self.context.resolver.is_none()
            && let Some(name) = type_in(text).or(stated)
        {
            found.push(Item::of_type(Type::named(name)));
        }
    }

    /// A contained resource, or what the resolver knows.
    fn at_hand(&self, text: &str) -> Option<Item<'a>> {
        let root: &'a Node = self.context.root;
        if let Some(id) = text.strip_prefix('#') {
            if id.is_empty() {
                return Some(Item::resource(root));
            }
            let contained = root.items("contained").iter();
            return contained
                .filter(|node| node.get("id").and_then(Node::as_str) == Some(id))
                .map(Item::resource)
                .next();
        }
        let resolver = self.context.resolver?;
        let target = resolver.resolve(text)?;
        Some(Item::element(target.node, None, Type::named(target.type_name)))
    }

    /// Is the code, or one of the codings, in the value set?
    pub(super) fn member_of(
        &self,
        value_set: &'a Expr,
        input: &Collection<'a>,
        scope: Scope<'a, '_>,
    ) -> Answer<'a> {
        const WHAT: &str = "memberOf";
        let value_set = self.argument_text(value_set, scope, WHAT)?;
        let (Some(item), Some(value_set)) = (single(input, WHAT)?, value_set) else {
            return Ok(Collection::new());
        };
        let Some(terminology) = self.context.terminology else { return Ok(Collection::new()) };
        if let Some(code) = item.as_str() {
            let found = terminology.member_of(&value_set, None, code);
            return Ok(Collection::maybe(found.map(Item::Boolean)));
        }
        let Some(node) = item.node() else { return Ok(Collection::new()) };
        let codings = match node.get("coding") {
            Some(codings) => codings.one_or_many(),
            None => std::slice::from_ref(node),
        };
        let mut all = Some(false);
        for coding in codings {
            self.charge(1)?;
            let Some(code) = coding.get("code").and_then(Node::as_str) else { continue };
            let system = coding.get("system").and_then(Node::as_str);
            match terminology.member_of(&value_set, system, code) {
                Some(true) => return boolean(true),
                Some(false) => {}
                None => all = None,
            }
        }
        Ok(Collection::maybe(all.map(Item::Boolean)))
    }

    /// Is it a safe narrative?
    pub(super) fn html_checks(&self, input: &Collection<'a>) -> Answer<'a> {
        let Some(item) = single(input, "htmlChecks")? else { return Ok(Collection::new()) };
        let div = match item.node() {
            Some(Node::Object(members)) => members.get("div").and_then(Node::as_str),
            _ => item.as_str(),
        };
        let Some(div) = div else { return Err(EvaluateError::WrongType { what: "htmlChecks" }) };
        self.charge(div.len() / 8)?;
        boolean(check_narrative(div).is_ok())
    }
}

/// The type in a literal reference: `Patient` of `https://host/fhir/Patient/1/_history/2`.
fn type_in(reference: &str) -> Option<&str> {
    let path = reference.split(['?', '#', '|']).next()?;
    let path = match path.rfind("/_history/") {
        Some(at) => &path[..at],
        None => path,
    };
    let (before, id) = path.rsplit_once('/')?;
    let name = before.rsplit('/').next()?;
    let is_type = name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.bytes().all(|b| b.is_ascii_alphabetic());
    (is_type && !id.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::type_in;

    #[test]
    fn references_name_their_type() {
        for (reference, expected) in [
            ("Patient/1", Some("Patient")),
            ("https://host/fhir/Patient/1/_history/2", Some("Patient")),
            ("http://host/fhir/r4/RelatedPerson/a.b-c", Some("RelatedPerson")),
            ("Patient", None),
            ("Patient/", None),
            ("patient/1", None),
            ("urn:uuid:3f5c", None),
            ("", None),
        ] {
            assert_eq!(type_in(reference), expected, "{reference}");
        }
    }
}
