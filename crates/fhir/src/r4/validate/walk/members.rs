//! The members of an object: unknown ones, how often each may occur, and lists against single
//! values in JSON (FHIR R4, "JSON Representation of Resources", 2.6.2).

use super::{Told, Walk};
use crate::node::{Members, Node};
use crate::r4::definition::Kind;
use crate::r4::validate::compiled::{Rule, TypePlan};
use crate::r4::validate::issue::IssueType;
use crate::r4::validate::location::Location;

/// A value, and the object with id and extensions that JSON keeps beside a primitive.
pub(super) type Pair<'a> = (Option<&'a Node>, Option<&'a Node>);

/// An element that occurs.
struct Seen<'a> {
    /// Its name without type.
    element: &'a str,
    /// Its name in the document.
    member: &'a str,
    count: usize,
}

impl<'a> Walk<'a> {
    /// The members of an object. `base` is its type; the rules may contain it.
    pub(super) fn members(
        &mut self,
        location: &Location<'_>,
        members: &'a Members,
        base: Rule<'a>,
        rules: &[Rule<'a>],
    ) {
        let outside = self.holder;
        self.holder = members;
        let has_extras = members.iter().any(|(name, _)| name.starts_with('_'));
        let is_resource = base.at == 0 && base.plan.structure.kind == Kind::Resource;
        let mut seen: Vec<Seen<'a>> = Vec::with_capacity(members.len());
        for (written, value) in members.iter() {
            if self.is_done() {
                break;
            }
            if is_resource && written == "resourceType" {
                continue;
            }
            let (name, pair) = match written.strip_prefix('_') {
                // Names that nobody knows must not cost a search each.
                Some(bare) if base.find(bare).is_some() && members.contains(bare) => continue,
                Some(bare) => (bare, (None, Some(value))),
                None if has_extras => (written, (Some(value), extra(members, written))),
                None => (written, (Some(value), None)),
            };
            let Some((child, Some(of))) = base.find(name) else {
                self.unknown(location, written, base);
                continue;
            };
            let element = child.element().name();
            if let Some(other) = seen.iter().find(|other| other.element == element) {
                let other = other.member;
                self.error(IssueType::Structure, &location.child(element, None), |at| {
                    let details = format!("{at} must have one type, not both {other} and {name}.");
                    Told::new(details, child.label())
                });
                continue;
            }
            if pair.1.is_some() && of.primitive.is_none() {
                self.unknown(location, &format!("_{name}"), base);
            }
            if written == "id" && !is_resource {
                self.element_id(location, value, base);
            }
            let place = location.child(element, Some(child));
            let count = self.child(&place, element, pair, child, of, rules);
            seen.push(Seen { element, member: name, count });
            self.holder = members;
        }
        if !self.is_done() {
            self.missing(location, rules, &seen);
        }
        self.holder = outside;
    }

    fn unknown(&mut self, location: &Location<'_>, name: &str, base: Rule<'_>) {
        self.error(IssueType::Structure, location, |at| {
            let name: String = name.chars().take(64).collect();
            let path = &base.element().path;
            let details = format!("There is no element \"{name}\" in {path}.");
            Told::below(at, &name, details, base.label())
        });
    }

    /// Tells which elements are missing, each once.
    fn missing(&mut self, location: &Location<'_>, rules: &[Rule<'a>], seen: &[Seen<'a>]) {
        let mut told: Vec<&str> = Vec::new();
        for rule in rules.iter().rev() {
            for at in &rule.part().required {
                let child = Rule { plan: rule.plan, at: *at };
                let element = child.element();
                let name = element.name();
                let found = seen.iter().find(|seen| seen.element == name);
                let count = found.map_or(0, |seen| seen.count);
                let needed = needed(child);
                if count >= needed || told.contains(&name) || (count > 0 && element.min == 0) {
                    continue;
                }
                told.push(name);
                self.error(IssueType::Required, location, |at| {
                    let what = match slice_names(child) {
                        slices if count == 0 && !slices.is_empty() => format!(" ({slices})"),
                        _ => String::new(),
                    };
                    let source = child.source();
                    let details = match count {
                        0 => format!("{} is missing{what}: {source} needs it.", at.below(name)),
                        _ => format!(
                            "{} occurs {count} times: {source} needs at least {needed}.",
                            at.below(name)
                        ),
                    };
                    Told::below(at, name, details, child.label())
                });
            }
        }
    }

    /// One element with all its repetitions; gives how many there are.
    fn child(
        &mut self,
        place: &Location<'_>,
        name: &str,
        pair: Pair<'a>,
        child: Rule<'a>,
        of: &'a TypePlan,
        rules: &[Rule<'a>],
    ) -> usize {
        let Some(items) = self.items(place, pair, child) else { return 1 };
        let is_list = child.element().is_list;
        let children: Vec<Rule<'a>> = rules.iter().filter_map(|rule| rule.child(name)).collect();
        let too_many =
            |rule: &&Rule<'a>| rule.element().max.is_some_and(|max| items.len() > max as usize);
        if let Some(rule) = children.iter().rev().find(too_many) {
            let (max, source) = (rule.element().max.unwrap_or(0), rule.source());
            self.error(IssueType::Structure, place, |at| {
                let details = match max {
                    0 => format!("{at} is not allowed in {source}."),
                    _ => {
                        format!("{at} occurs {} times: {source} allows at most {max}.", items.len())
                    }
                };
                Told::new(details, rule.label())
            });
            if max == 0 {
                return items.len();
            }
        }
        let told = self.issues.len();
        let mut sliced = self.slices(place, &items, child, of, &children);
        // In the order of the items, so that all of them are gone through once.
        sliced.sort_by_key(|(at, _)| *at);
        let mut sliced = sliced.into_iter().peekable();
        if &*of.code == "Extension" && self.issues.len() == told {
            self.extension_counts(place, &items);
        }
        let mut all = children.clone();
        for (index, item) in items.iter().enumerate() {
            if self.is_done() {
                break;
            }
            all.truncate(children.len());
            while let Some((_, rule)) = sliced.next_if(|(at, _)| *at == index) {
                all.push(rule);
            }
            let place = place.at(is_list.then_some(index));
            self.value(&place, *item, child, of, &all);
        }
        items.len()
    }

    /// The repetitions; `None` after telling that the form is wrong.
    fn items(
        &mut self,
        place: &Location<'_>,
        (value, extra): Pair<'a>,
        child: Rule<'a>,
    ) -> Option<Vec<Pair<'a>>> {
        if !child.element().is_list {
            if [value, extra].into_iter().flatten().any(|node| matches!(node, Node::Array(_))) {
                self.form(place, child, "must be a single value, not a list");
                return None;
            }
            if matches!(value, Some(Node::Null)) || matches!(extra, Some(Node::Null)) {
                self.form(place, child, "must not be null: leave it out when there is no value");
                return None;
            }
            return Some(vec![(value, extra)]);
        }
        let list = |node: Option<&'a Node>| match node {
            None => Some(None),
            Some(Node::Array(items)) => Some(Some(items.as_slice())),
            Some(_) => None,
        };
        let (Some(values), Some(extras)) = (list(value), list(extra)) else {
            self.form(place, child, "must be a list, in square brackets");
            return None;
        };
        let length = values.or(extras).map_or(0, <[Node]>::len);
        if length == 0 || extras.is_some_and(<[Node]>::is_empty) {
            self.form(place, child, "must not be an empty list: leave it out");
            return None;
        }
        if extras.is_some_and(|extras| extras.len() != length) {
            self.form(
                place,
                child,
                "must have as many items as the list of its extensions; null fills the gaps",
            );
            return None;
        }
        let at = |list: Option<&'a [Node]>, index| {
            list.and_then(|list| list.get(index)).filter(|node| **node != Node::Null)
        };
        Some((0..length).map(|index| (at(values, index), at(extras, index))).collect())
    }

    fn form(&mut self, place: &Location<'_>, child: Rule<'_>, fault: &str) {
        self.malformed += 1;
        self.error(IssueType::Structure, place, |at| {
            Told::new(format!("{at} {fault}."), child.label())
        });
    }
}

/// The companion of a primitive: `_birthDate` of `birthDate`.
fn extra<'a>(members: &'a Members, name: &str) -> Option<&'a Node> {
    let mut members = members.iter();
    members.find(|(own, _)| own.strip_prefix('_') == Some(name)).map(|(_, value)| value)
}

/// How often a child must occur, slices counted.
fn needed(child: Rule<'_>) -> usize {
    let slices = child.part().slices.as_ref().map_or(&[][..], |slices| &slices.slices);
    let min = |at: usize| Rule { plan: child.plan, at }.element().min as usize;
    let in_slices: usize = slices.iter().map(|slice| min(slice.at)).sum();
    in_slices.max(child.element().min as usize)
}

/// The slices that must occur, for people.
fn slice_names(child: Rule<'_>) -> String {
    let slices = child.part().slices.as_ref().map_or(&[][..], |slices| &slices.slices);
    let elements = slices.iter().map(|slice| Rule { plan: child.plan, at: slice.at }.element());
    let names = elements.filter(|element| element.min > 0).filter_map(|e| e.slice.as_deref());
    names.collect::<Vec<_>>().join(", ")
}
