//! Steps: names, indexers, functions, applied from left to right (FHIRPath, "Path Selection").

use super::super::ast::{Expr, Step, Variable};
use super::super::collection::Collection;
use super::super::error::EvaluateError;
use super::super::function::Function;
use super::super::item::{Element, Item, Known};
use super::{Answer, Evaluator, Scope};
use crate::node::{Members, Node};

impl<'a> Evaluator<'_, 'a> {
    pub(super) fn path(
        &self,
        start: Option<&'a Expr>,
        steps: &'a [Step],
        scope: Scope<'a, '_>,
    ) -> Answer<'a> {
        match (start, steps) {
            (
                Some(Expr::Variable(Variable::Resource)),
                [Step::Call(Function::Descendants, _), rest @ ..],
            ) => self.walk(self.all_descendants()?, rest, scope),
            (Some(start), []) => self.value(start, scope),
            (Some(start), steps) => self.walk(&self.value(start, scope)?, steps, scope),
            (None, steps) => self.walk(scope.this, steps, scope),
        }
    }

    fn walk(&self, from: &Collection<'a>, steps: &'a [Step], scope: Scope<'a, '_>) -> Answer<'a> {
        let Some((first, rest)) = steps.split_first() else {
            self.charge(from.len())?;
            return Ok(from.clone());
        };
        let mut at = self.step(first, from, scope)?;
        for step in rest {
            at = self.step(step, &at, scope)?;
        }
        Ok(at)
    }

    fn step(&self, step: &'a Step, input: &Collection<'a>, scope: Scope<'a, '_>) -> Answer<'a> {
        self.charge(1)?;
        match step {
            Step::Child(name) => {
                let mut found = Collection::new();
                for item in input {
                    self.child(item, name, &mut found)?;
                }
                Ok(found)
            }
            Step::Type(name) => {
                self.charge(input.len())?;
                Ok(input.iter().filter(|item| self.has_type(item, name)).cloned().collect())
            }
            Step::Index(index) => {
                let index = self.integer(&self.value(index, scope)?, "an index")?;
                let found = index.and_then(|index| usize::try_from(index).ok());
                Ok(Collection::maybe(found.and_then(|at| input.as_slice().get(at)).cloned()))
            }
            Step::Call(function, arguments) => self.call(*function, arguments, input, scope),
            Step::Typed(function, name) => self.typed(*function, name, input),
            Step::Match(function, arguments, pattern) => {
                let regex = pattern.regex().ok_or(EvaluateError::Pattern)?;
                self.match_text(*function, regex, arguments, input, scope)
            }
        }
    }

    /// The children with this name; `value` also finds `valueQuantity`.
    fn child(
        &self,
        item: &Item<'a>,
        name: &'a str,
        found: &mut Collection<'a>,
    ) -> Result<(), EvaluateError> {
        let Item::Element(element) = item else { return Ok(()) };
        let Some(members) = element.members() else { return Ok(()) };
        self.charge(1 + members.len() / 8)?;
        let scan = Scan::of(members, name);
        if scan.value.is_some() || scan.extra.is_some() {
            if name == "resourceType" {
                return Ok(());
            }
            let known = self.known_child(element, name);
            return self.push(scan.value, scan.extra, known, found);
        }
        if !scan.may_be_choice {
            return Ok(());
        }
        self.choice(element, members, name, found)
    }

    /// The choice element `name`, found under the name with its type.
    fn choice(
        &self,
        element: &Element<'a>,
        members: &'a Members,
        name: &'a str,
        found: &mut Collection<'a>,
    ) -> Result<(), EvaluateError> {
        let parent = self.type_of(element);
        for (key, _) in members.iter() {
            let bare = key.strip_prefix('_').unwrap_or(key);
            let Some(suffix) = choice_suffix(bare, name) else { continue };
            let types = self.context.types;
            let known = match &parent {
                Some(parent) if types.knows(parent.structure) => {
                    match types.child(parent.structure, parent.element, bare) {
                        Some(child) if child.name == name => Known::Type(child.r#type),
                        _ => continue,
                    }
                }
                _ => guessed(suffix),
            };
            let scan = Scan::of(members, bare);
            // A value with a companion is met twice and taken once.
            if key.len() == bare.len() || scan.value.is_none() {
                self.push(scan.value, scan.extra, known, found)?;
            }
        }
        Ok(())
    }

    /// Appends one element, or those of a list.
    pub(super) fn push(
        &self,
        value: Option<&'a Node>,
        extra: Option<&'a Node>,
        known: Known<'a>,
        found: &mut Collection<'a>,
    ) -> Result<(), EvaluateError> {
        let (values, extras) = (list(value), list(extra));
        let count = values.len().max(extras.len());
        self.charge(count)?;
        for at in 0..count {
            let value = values.get(at).filter(|node| **node != Node::Null);
            let extra = extras.get(at).filter(|node| **node != Node::Null);
            if value.is_some() || extra.is_some() {
                found.push(Item::Element(Element::new(value, extra, known)));
            }
        }
        Ok(())
    }

    /// What is known of a child before its type is asked for.
    pub(super) fn known_child(&self, element: &Element<'a>, name: &'a str) -> Known<'a> {
        match self.type_of(element) {
            Some(parent) => {
                Known::Child { structure: parent.structure, element: parent.element, name }
            }
            None => Known::Nothing,
        }
    }
}

fn list(node: Option<&Node>) -> &[Node] {
    node.map_or(&[], Node::one_or_many)
}

/// The members that may be the element `name`.
struct Scan<'a> {
    value: Option<&'a Node>,
    extra: Option<&'a Node>,
    may_be_choice: bool,
}

impl<'a> Scan<'a> {
    fn of(members: &'a Members, name: &str) -> Self {
        let mut scan = Scan { value: None, extra: None, may_be_choice: false };
        for (key, node) in members.iter() {
            if key.len() < name.len() {
                continue;
            }
            if key == name {
                scan.value = Some(node);
            } else if let Some(bare) = key.strip_prefix('_') {
                if bare == name {
                    scan.extra = Some(node);
                } else {
                    scan.may_be_choice |= choice_suffix(bare, name).is_some();
                }
            } else {
                scan.may_be_choice |= choice_suffix(key, name).is_some();
            }
        }
        scan
    }
}

/// `Quantity` of `valueQuantity`.
fn choice_suffix<'k>(key: &'k str, name: &str) -> Option<&'k str> {
    key.strip_prefix(name).filter(|suffix| suffix.starts_with(|c: char| c.is_ascii_uppercase()))
}

/// The type that the name of a choice carries, where nobody can be asked.
fn guessed(suffix: &str) -> Known<'_> {
    const PRIMITIVES: [&str; 20] = [
        "base64Binary",
        "boolean",
        "canonical",
        "code",
        "date",
        "dateTime",
        "decimal",
        "id",
        "instant",
        "integer",
        "markdown",
        "oid",
        "positiveInt",
        "string",
        "time",
        "unsignedInt",
        "uri",
        "url",
        "uuid",
        "xhtml",
    ];
    let is_same = |name: &&&str| {
        name.len() == suffix.len()
            && name[..1].eq_ignore_ascii_case(&suffix[..1])
            && name[1..] == suffix[1..]
    };
    let name = PRIMITIVES.iter().find(is_same).copied().unwrap_or(suffix);
    Known::Type(super::super::context::Type::named(name))
}
