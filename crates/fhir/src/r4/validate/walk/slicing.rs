//! Dividing the repetitions of an element into slices, and counting them (FHIR R4, 5.1.0.7).

use super::binding::membership;
use super::members::Pair;
use super::{Told, Walk};
use crate::node::Node;
use crate::r4::definition::{Membership, SlicingRules};
use crate::r4::validate::compare::{has_pattern, is_same};
use crate::r4::validate::compiled::{Hit, Rule, Slice, Slices, Test, TypePlan, Want};
use crate::r4::validate::issue::IssueType;
use crate::r4::validate::location::Location;

/// Does a value fall in a slice?
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    No,
    /// It depends on codes that cannot be counted out here.
    Perhaps,
    Yes,
}

/// An element with all its repetitions.
struct Sliced<'l, 'a> {
    place: &'l Location<'l>,
    items: &'l [Pair<'a>],
    child: Rule<'a>,
    of: &'a TypePlan,
}

impl<'a> Walk<'a> {
    /// The slices that the items fall in, by index of the item.
    pub(super) fn slices(
        &mut self,
        place: &Location<'_>,
        items: &[Pair<'a>],
        child: Rule<'a>,
        of: &'a TypePlan,
        rules: &[Rule<'a>],
    ) -> Vec<(usize, Rule<'a>)> {
        let mut found = Vec::new();
        for rule in rules {
            let Some(slices) = &rule.part().slices else { continue };
            let indices: Vec<usize> = (0..items.len()).collect();
            self.divide(&Sliced { place, items, child, of }, &indices, *rule, slices, &mut found);
        }
        found
    }

    fn divide(
        &mut self,
        sliced: &Sliced<'_, 'a>,
        indices: &[usize],
        rule: Rule<'a>,
        slices: &'a Slices,
        found: &mut Vec<(usize, Rule<'a>)>,
    ) {
        let mut groups: Vec<Vec<usize>> = vec![Vec::new(); slices.slices.len()];
        let mut latest = 0;
        let mut is_rest = false;
        for &index in indices {
            if self.is_done() {
                return;
            }
            let place = self.item_place(sliced, index);
            let number = match self.slice_of(sliced, index, rule, slices) {
                (Some(number), Fit::Yes) => number,
                (_, fit) => {
                    is_rest = true;
                    if slices.rules == SlicingRules::Closed && fit == Fit::No {
                        self.in_no_slice(&place, rule, slices);
                    }
                    continue;
                }
            };
            if (slices.is_ordered && number < latest)
                || (slices.rules == SlicingRules::OpenAtEnd && is_rest)
            {
                self.error(IssueType::Structure, &place, |at| {
                    let source = rule.source();
                    let name = name(rule, number, slices);
                    let details = format!("{at} ({name}) stands in the wrong order for {source}.");
                    Told::new(details, rule.label())
                });
            }
            latest = latest.max(number);
            if let Some((slice, group)) = slices.slices.get(number).zip(groups.get_mut(number)) {
                group.push(index);
                found.push((index, Rule { plan: rule.plan, at: slice.at }));
            }
        }
        for (slice, group) in slices.slices.iter().zip(&groups) {
            let part = Rule { plan: rule.plan, at: slice.at };
            self.count(sliced, part, group);
            if let Some(inner) = &part.part().slices {
                self.divide(sliced, group, part, inner, found);
            }
        }
    }

    fn item_place<'l>(&self, sliced: &Sliced<'l, 'a>, index: usize) -> Location<'l> {
        let is_list = sliced.child.element().is_list;
        sliced.place.at(is_list.then_some(index))
    }

    fn in_no_slice(&mut self, place: &Location<'_>, rule: Rule<'a>, slices: &Slices) {
        self.error(IssueType::Structure, place, |at| {
            let names: Vec<&str> =
                (0..slices.slices.len()).map(|number| name(rule, number, slices)).collect();
            let (names, source) = (names.join(", "), rule.source());
            let details = format!("{at} is none of the kinds that {source} allows: {names}.");
            Told::new(details, rule.label())
        });
    }

    /// Does a slice occur as often as it must and may?
    fn count(&mut self, sliced: &Sliced<'_, 'a>, slice: Rule<'a>, group: &[usize]) {
        let element = slice.element();
        let kind = element.slice.as_deref().unwrap_or("slice");
        let source = slice.source();
        if element.is_forbidden() {
            for index in group {
                let place = self.item_place(sliced, *index);
                self.error(IssueType::Structure, &place, |at| {
                    Told::new(format!("{at} ({kind}) is not allowed in {source}."), slice.label())
                });
            }
            return;
        }
        let (count, min) = (group.len(), element.min as usize);
        let fault = if count < min {
            (IssueType::Required, "least", min)
        } else if let Some(max) = element.max.filter(|max| count > *max as usize) {
            (IssueType::Structure, "most", max as usize)
        } else {
            return;
        };
        let (code, bound, limit) = fault;
        self.error(code, sliced.place, |at| {
            let details = format!(
                "{at} has {count} times what {source} calls {kind}: it needs at {bound} {limit}."
            );
            Told::new(details, slice.label())
        });
    }

    /// The slice that an item falls in. One that may occur comes before one that must not.
    fn slice_of(
        &mut self,
        sliced: &Sliced<'_, 'a>,
        index: usize,
        rule: Rule<'a>,
        slices: &'a Slices,
    ) -> (Option<usize>, Fit) {
        let mut best = (None, Fit::No);
        for (number, slice) in slices.slices.iter().enumerate() {
            let fit = self.fit(sliced, index, slice);
            if fit == Fit::Yes {
                let is_allowed = !Rule { plan: rule.plan, at: slice.at }.element().is_forbidden();
                if is_allowed {
                    return (Some(number), Fit::Yes);
                }
            }
            if fit > best.1 {
                best = (Some(number), fit);
            }
        }
        best
    }

    fn fit(&mut self, sliced: &Sliced<'_, 'a>, index: usize, slice: &'a Slice) -> Fit {
        let mut worst = if slice.tests.is_empty() { Fit::No } else { Fit::Yes };
        for test in &slice.tests {
            worst = worst.min(self.test(sliced, index, test));
            if worst == Fit::No {
                break;
            }
        }
        worst
    }

    fn test(&mut self, sliced: &Sliced<'_, 'a>, index: usize, test: &'a Test) -> Fit {
        let Some(&(value, extra)) = sliced.items.get(index) else { return Fit::No };
        let start = Hit { value, extra, suffix: None };
        if test.path.steps.is_empty() {
            return self.hit(sliced, start, test);
        }
        let hits = test.path.follow(start);
        match test.want {
            Want::Present => yes(!hits.is_empty()),
            Want::Absent => yes(hits.is_empty()),
            _ => {
                let fits = hits.into_iter().map(|hit| self.hit(sliced, hit, test));
                fits.max().unwrap_or(Fit::No)
            }
        }
    }

    fn hit(&mut self, sliced: &Sliced<'_, 'a>, hit: Hit<'a>, test: &'a Test) -> Fit {
        match &test.want {
            Want::Fixed(fixed) => yes(hit.value.is_some_and(|value| is_same(value, fixed))),
            Want::Pattern(pattern) => {
                yes(hit.value.is_some_and(|value| has_pattern(value, pattern)))
            }
            Want::Code(set) => match hit.value {
                Some(value) => match membership(self.compiled.definitions(), set, value) {
                    Membership::In => Fit::Yes,
                    Membership::Unknown => Fit::Perhaps,
                    Membership::Out => Fit::No,
                },
                None => Fit::No,
            },
            Want::Type(names) if test.path.is_resolved => {
                let known = hit.value.and_then(|reference| self.target_type(reference));
                yes(known.is_some_and(|known| names.iter().any(|name| name == known)))
            }
            Want::Type(names) => {
                let of = match (hit.suffix, hit.value.and_then(Node::resource_type)) {
                    (Some(suffix), _) => suffix,
                    (None, Some(resource)) => resource,
                    (None, None) if test.path.is_this() => &sliced.of.code,
                    (None, None) => return Fit::Yes,
                };
                yes(names.iter().any(|name| is_same_type(name, of)))
            }
            Want::Profile(numbers) if test.path.is_this() => {
                let compiled = self.compiled;
                let mut plans = numbers.iter().filter_map(|number| compiled.plan(*number));
                yes(plans.any(|plan| {
                    let pair = (hit.value, hit.extra);
                    self.meets(sliced.place, pair, sliced.child, sliced.of, plan.root())
                }))
            }
            Want::Profile(_) => Fit::Perhaps,
            Want::Present => Fit::Yes,
            Want::Absent | Want::Never => Fit::No,
        }
    }
}

fn yes(is_so: bool) -> Fit {
    if is_so { Fit::Yes } else { Fit::No }
}

/// The suffix of a choice begins with a capital.
fn is_same_type(name: &str, of: &str) -> bool {
    let (mut name, mut of) = (name.bytes(), of.bytes());
    match (name.next(), of.next()) {
        (Some(a), Some(b)) => a.eq_ignore_ascii_case(&b) && name.eq(of),
        _ => false,
    }
}

fn name<'a>(rule: Rule<'a>, number: usize, slices: &Slices) -> &'a str {
    let slice = slices.slices.get(number);
    let element = slice.map(|slice| Rule { plan: rule.plan, at: slice.at }.element());
    element.and_then(|element| element.slice.as_deref()).unwrap_or("slice")
}
