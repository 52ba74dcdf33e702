//! One value: its type, fixed value, pattern, bounds, codes and invariants, and then what is in it
//! (FHIR R4, ElementDefinition).

use super::members::Pair;
use super::{NO_MEMBERS, Told, Walk};
use crate::node::Node;
use crate::r4::fhirpath::{Item, NarrativeFault, Type, check_narrative};
use crate::r4::validate::compare::{has_pattern, is_same, shown};
use crate::r4::validate::compiled::{Rule, TypePlan};
use crate::r4::validate::issue::IssueType;
use crate::r4::validate::location::Location;
use crate::r4::validate::primitive::{Fault, Primitive};

impl<'a> Walk<'a> {
    /// One value of element `child` with type `of`; the rules are those of all profiles and slices
    /// that it falls in.
    pub(super) fn value(
        &mut self,
        place: &Location<'_>,
        pair: Pair<'a>,
        child: Rule<'a>,
        of: &'a TypePlan,
        rules: &[Rule<'a>],
    ) {
        let (value, extra) = pair;
        if &*of.code == "Resource" {
            return self.inner_resource(place, value, child, rules);
        }
        let is_refused =
            |rule: &&Rule<'a>| !rule.part().types.is_empty() && rule.type_named(&of.code).is_none();
        if let Some(rule) = rules.iter().find(is_refused) {
            return self.error(IssueType::Structure, place, |at| {
                let allowed: Vec<&str> =
                    rule.part().types.iter().take(8).map(|allowed| &*allowed.code).collect();
                let (code, source) = (&of.code, rule.source());
                let allowed = allowed.join(" or ");
                let details = format!("{at} must be {allowed} in {source}, not {code}.");
                Told::new(details, rule.label())
            });
        }
        let is_good = match of.primitive {
            Some(primitive) => self.primitive(place, pair, primitive, of),
            None => self.complex(place, value, child),
        };
        if !is_good {
            return;
        }
        self.fixed(place, value, rules);
        self.bounds(place, value, rules);
        self.bindings(place, value, &of.code, rules);

        let Some(base) = child.inside().or_else(|| self.root_of(of)) else { return };
        let mut inside = vec![base];
        self.add_inside(place, pair, child, of, rules, &mut inside);
        match &*of.code {
            "Reference" => self.reference(place, value, rules),
            "Extension" => self.extension(place, value, &mut inside),
            _ => {}
        }
        let members = value.and_then(Node::as_object).or_else(|| extra?.as_object());
        let before = self.malformed;
        if members.is_some() || inside.len() > 1 {
            let members = members.unwrap_or(&NO_MEMBERS);
            let outside = self.extension_url;
            if &*of.code == "Extension" {
                self.extension_url = members.get("url").and_then(Node::as_str);
            }
            self.members(place, members, base, &inside);
            self.extension_url = outside;
        }
        // Invariants about values that are none would tell the same problem again.
        if self.malformed == before {
            let of = Type { name: &of.code, structure: base.plan.key(), element: base.at };
            inside.retain(|rule| !rules.iter().any(|other| other.is(*rule)));
            inside.splice(0..0, rules.iter().copied());
            self.invariants(place, &Item::element(value, extra, of), &inside);
        }
    }

    fn root_of(&self, of: &TypePlan) -> Option<Rule<'a>> {
        Some(self.compiled.plan(of.number?)?.root())
    }

    /// The places in profiles that say what is inside the value.
    fn add_inside(
        &mut self,
        place: &Location<'_>,
        pair: Pair<'a>,
        child: Rule<'a>,
        of: &'a TypePlan,
        rules: &[Rule<'a>],
        inside: &mut Vec<Rule<'a>>,
    ) {
        for rule in rules {
            let own = rule.inside();
            let profiles = rule.type_named(&of.code).map_or(&[][..], |of| &of.profiles);
            let compiled = self.compiled;
            let roots: Vec<Rule<'a>> =
                profiles.iter().filter_map(|n| Some(compiled.plan(*n)?.root())).collect();
            let chosen = match roots.as_slice() {
                [] => None,
                [one] => Some(*one),
                several => {
                    let fits = |walk: &mut Self, root: &Rule<'a>| {
                        walk.meets(place, pair, child, of, *root)
                    };
                    let is_open = rule.type_named(&of.code).is_some_and(|t| t.has_unknown_profile);
                    let is_met = several.iter().any(|root| fits(self, root));
                    if !is_met && !is_open {
                        self.error(IssueType::Structure, place, |at| {
                            let names: Vec<&str> = several.iter().map(|r| r.source()).collect();
                            let names = names.join(" or ");
                            Told::new(format!("{at} must conform to {names}."), rule.label())
                        });
                    }
                    None
                }
            };
            for more in own.into_iter().chain(chosen) {
                if !inside.iter().any(|other| other.is(more)) {
                    inside.push(more);
                }
            }
        }
    }

    /// Does the value meet a profile on its type?
    pub(super) fn meets(
        &mut self,
        place: &Location<'_>,
        (value, extra): Pair<'a>,
        child: Rule<'a>,
        of: &'a TypePlan,
        profile: Rule<'a>,
    ) -> bool {
        let Some(base) = child.inside().or_else(|| self.root_of(of)) else { return true };
        let members = value.and_then(Node::as_object).or_else(|| extra.and_then(Node::as_object));
        let named = Type { name: &of.code, structure: base.plan.key(), element: base.at };
        let focus = Item::element(value, extra, named);
        self.conforms(|walk| {
            walk.fixed(place, value, &[profile]);
            walk.members(place, members.unwrap_or(&NO_MEMBERS), base, &[profile]);
            walk.invariants(place, &focus, &[profile]);
        })
    }

    /// Has a primitive the form of its type?
    fn primitive(
        &mut self,
        place: &Location<'_>,
        (value, extra): Pair<'a>,
        primitive: Primitive,
        of: &TypePlan,
    ) -> bool {
        match extra {
            None if value.is_none() => {
                self.structure(place, "must have a value or an extension, not null", "ele-1");
                return false;
            }
            Some(Node::Object(members)) if members.is_empty() => {
                self.structure(place, "must not have an empty object beside it", "ele-1");
                return false;
            }
            None | Some(Node::Object(_)) => {}
            Some(_) => {
                self.structure(place, "must have an object with its extensions beside it", "ele-1");
                return false;
            }
        }
        let Some(value) = value else { return true };
        if let Err(fault) = primitive.check(value) {
            let code = match fault {
                Fault::Json(_) | Fault::Form(_) => IssueType::Value,
                Fault::TooLong => IssueType::TooLong,
            };
            self.malformed += 1;
            self.error(code, place, |at| {
                let details = match fault {
                    Fault::Json(wanted) | Fault::Form(wanted) => format!("{at} must be {wanted}."),
                    Fault::TooLong => format!("{at} is longer than 1 MiB."),
                };
                Told::new(details, &*of.code)
            });
            return false;
        }
        if primitive == Primitive::Xhtml && !self.is_trial {
            return self.narrative(place, value);
        }
        true
    }

    fn narrative(&mut self, place: &Location<'_>, div: &Node) -> bool {
        let Err(fault) = check_narrative(div.as_str().unwrap_or_default()) else { return true };
        let key = if fault == NarrativeFault::Empty { "txt-2" } else { "txt-1" };
        self.error(IssueType::Invariant, place, |at| {
            Told::new(format!("{at} cannot be accepted: {fault}."), key)
        });
        false
    }

    /// Is it an object with something in it?
    fn complex(&mut self, place: &Location<'_>, value: Option<&Node>, child: Rule<'_>) -> bool {
        let fault = match value {
            Some(Node::Object(members)) if members.is_empty() => "must not be an empty object",
            Some(Node::Object(_)) => return true,
            Some(Node::Null) | None => "must not be null",
            Some(_) => "must be an object, in curly brackets",
        };
        let rule = if fault.ends_with("empty object") { "ele-1".to_owned() } else { child.label() };
        self.structure(place, fault, &rule);
        false
    }

    fn structure(&mut self, place: &Location<'_>, fault: &str, rule: &str) {
        self.malformed += 1;
        self.error(IssueType::Structure, place, |at| Told::new(format!("{at} {fault}."), rule));
    }

    /// Fixed values and patterns; the first that is not met is told.
    fn fixed(&mut self, place: &Location<'_>, value: Option<&'a Node>, rules: &[Rule<'a>]) {
        let Some(value) = value else { return };
        for rule in rules.iter().rev() {
            let element = rule.element();
            let (wanted, words) = match (&element.fixed, &element.pattern) {
                (Some(fixed), _) if !is_same(value, fixed) => (fixed, "exactly"),
                (_, Some(pattern)) if !has_pattern(value, pattern) => (pattern, "at least"),
                _ => continue,
            };
            return self.error(IssueType::Value, place, |at| {
                let (wanted, source) = (shown(wanted), rule.source());
                let details = format!("{at} must be {words} {wanted} in {source}.");
                Told::new(details, rule.label())
            });
        }
    }

    /// Longest text, least and greatest value.
    fn bounds(&mut self, place: &Location<'_>, value: Option<&'a Node>, rules: &[Rule<'a>]) {
        let Some(text) = value.and_then(Node::text) else { return };
        for rule in rules {
            let element = rule.element();
            if let Some(longest) = element.max_length
                && text.chars().count() > longest as usize
            {
                return self.error(IssueType::TooLong, place, |at| {
                    let details = format!("{at} is longer than {longest} characters.");
                    Told::new(details, rule.label())
                });
            }
            let compared = |bound: &Option<Node>| {
                let bound = bound.as_ref()?.text()?;
                Some((super::super::bound::compare(text, bound)?, bound.to_owned()))
            };
            let fault = match (compared(&element.min_value), compared(&element.max_value)) {
                (Some((std::cmp::Ordering::Less, bound)), _) => format!("less than {bound}"),
                (_, Some((std::cmp::Ordering::Greater, bound))) => format!("more than {bound}"),
                _ => continue,
            };
            return self.error(IssueType::Value, place, |at| {
                Told::new(format!("{at} must not be {fault}."), rule.label())
            });
        }
    }
}
