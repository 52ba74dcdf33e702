//! Collections as sets (FHIRPath, "Combining", "Subsetting"). Texts are found by hash, because the
//! invariants of definitions ask whether hundreds of ids are distinct.

use std::collections::HashSet;

use super::super::ast::Expr;
use super::super::collection::Collection;
use super::super::error::EvaluateError;
use super::super::function::Function;
use super::super::item::Item;
use super::value::boolean;
use super::{Answer, Evaluator, Scope};

/// Items that were seen.
#[derive(Default)]
struct Seen<'s, 'a> {
    all: Vec<&'s Item<'a>>,
    /// Texts that equal nothing but the same text, or one of `others`.
    texts: HashSet<&'s str>,
    others: Vec<&'s Item<'a>>,
}

impl<'a> Evaluator<'_, 'a> {
    /// The text that stands for the item when no other text equals it, as another time zone does.
    fn key<'s>(&self, item: &'s Item<'a>) -> Option<&'s str> {
        let text = item.as_str()?;
        if let Item::Element(_) = item
            && text.starts_with(|c: char| c.is_ascii_digit())
            && matches!(self.system(item), Some(Item::Temporal(_)))
        {
            return None;
        }
        Some(text)
    }

    /// Has an equal item been seen?
    fn has_seen(&self, item: &Item<'a>, seen: &Seen<'_, 'a>) -> Result<bool, EvaluateError> {
        self.charge(1)?;
        let Some(text) = self.key(item) else { return self.is_any(item, &seen.all) };
        self.charge(text.len() / 64)?;
        Ok(seen.texts.contains(text) || self.is_any(item, &seen.others)?)
    }

    fn see<'s>(&self, item: &'s Item<'a>, seen: &mut Seen<'s, 'a>) {
        seen.all.push(item);
        match self.key(item) {
            Some(text) => drop(seen.texts.insert(text)),
            None => seen.others.push(item),
        }
    }

    fn is_any(&self, item: &Item<'a>, all: &[&Item<'a>]) -> Result<bool, EvaluateError> {
        for other in all {
            if self.is_equal(item, other)? == Some(true) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Is an equal item among these?
    pub(super) fn is_among(
        &self,
        item: &Item<'a>,
        all: &[Item<'a>],
    ) -> Result<bool, EvaluateError> {
        for other in all {
            if self.is_equal(item, other)? == Some(true) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// All items, each once.
    pub(super) fn union(&self, collections: &[&Collection<'a>]) -> Answer<'a> {
        let mut filled = collections.iter().filter(|collection| !collection.is_empty());
        if let (Some(only), None) = (filled.next(), filled.next())
            && only.len() == 1
        {
            return Ok((*only).clone());
        }
        let mut seen = Seen::default();
        for item in collections.iter().copied().flatten() {
            if !self.has_seen(item, &seen)? {
                self.see(item, &mut seen);
            }
        }
        Ok(seen.all.into_iter().cloned().collect())
    }

    pub(super) fn combined(
        &self,
        function: Function,
        argument: &'a Expr,
        input: &Collection<'a>,
        scope: Scope<'a, '_>,
    ) -> Answer<'a> {
        let other = self.value(argument, scope)?;
        self.charge(input.len() + other.len())?;
        match function {
            Function::Union => self.union(&[input, &other]),
            Function::SubsetOf => boolean(self.is_subset(input, &other)?),
            Function::SupersetOf => boolean(self.is_subset(&other, input)?),
            Function::Combine => {
                let mut all = input.clone();
                all.append(other);
                Ok(all)
            }
            _ => {
                let is_intersection = function == Function::Intersect;
                let seen = self.all_seen(&other);
                let mut kept = Collection::new();
                for item in input {
                    if self.has_seen(item, &seen)? == is_intersection {
                        kept.push(item.clone());
                    }
                }
                if is_intersection { self.union(&[&kept]) } else { Ok(kept) }
            }
        }
    }

    fn all_seen<'s>(&self, items: &'s Collection<'a>) -> Seen<'s, 'a> {
        let mut seen = Seen::default();
        items.iter().for_each(|item| self.see(item, &mut seen));
        seen
    }

    fn is_subset(
        &self,
        part: &Collection<'a>,
        whole: &Collection<'a>,
    ) -> Result<bool, EvaluateError> {
        let seen = self.all_seen(whole);
        for item in part {
            if !self.has_seen(item, &seen)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
