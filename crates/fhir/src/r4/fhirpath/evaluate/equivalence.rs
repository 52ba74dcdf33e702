//! `~` (FHIRPath, "Equivalent").

use super::super::collection::Collection;
use super::super::decimal::Decimal;
use super::super::error::EvaluateError;
use super::super::item::Item;
use super::Evaluator;
use super::equality::{as_decimal, temporals_equal, values_equal};
use crate::error::MAX_DEPTH;
use crate::node::{Members, Node};

impl<'a> Evaluator<'_, 'a> {
    /// `~`: the same items in any order, by the looser rules for values.
    pub(super) fn are_equivalent(
        &self,
        left: &Collection<'a>,
        right: &Collection<'a>,
    ) -> Result<bool, EvaluateError> {
        if left.len() != right.len() {
            return Ok(false);
        }
        let mut open: Vec<&Item<'a>> = right.iter().collect();
        for item in left {
            let mut found = None;
            for (at, other) in open.iter().enumerate() {
                if self.is_equivalent(item, other)? {
                    found = Some(at);
                    break;
                }
            }
            match found {
                Some(at) => drop(open.swap_remove(at)),
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    fn is_equivalent(&self, left: &Item<'a>, right: &Item<'a>) -> Result<bool, EvaluateError> {
        self.charge(1)?;
        if let (Item::Element(left), Item::Element(right)) = (left, right)
            && let (Some(left @ Node::Object(_)), Some(right @ Node::Object(_))) =
                (left.value(), right.value())
        {
            return self.nodes_equivalent(left, right, 0);
        }
        let (Some(left), Some(right)) = (self.system(left), self.system(right)) else {
            return Ok(false);
        };
        if let (Item::String(left), Item::String(right)) = (&left, &right) {
            self.charge((left.len() + right.len()) / 32)?;
        }
        Ok(values_equivalent(&left, &right))
    }

    /// Complex values: the children are equivalent, ids aside.
    fn nodes_equivalent(
        &self,
        left: &Node,
        right: &Node,
        depth: usize,
    ) -> Result<bool, EvaluateError> {
        self.charge(1)?;
        if depth > MAX_DEPTH {
            return Err(EvaluateError::TooMuch);
        }
        match (left, right) {
            (Node::Object(left), Node::Object(right)) => {
                let is_id = |name: &str| name == "id" || name == "_id";
                let count = |members: &Members| members.iter().filter(|(n, _)| !is_id(n)).count();
                if count(left) != count(right) {
                    return Ok(false);
                }
                for (name, value) in left.iter().filter(|(name, _)| !is_id(name)) {
                    self.charge(right.len())?;
                    let Some(other) = right.get(name) else { return Ok(false) };
                    if !self.nodes_equivalent(value, other, depth + 1)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (Node::Array(left), Node::Array(right)) => {
                if left.len() != right.len() {
                    return Ok(false);
                }
                let mut open: Vec<&Node> = right.iter().collect();
                for item in left {
                    let mut found = None;
                    for (at, other) in open.iter().enumerate() {
                        if self.nodes_equivalent(item, other, depth + 1)? {
                            found = Some(at);
                            break;
                        }
                    }
                    match found {
                        Some(at) => drop(open.swap_remove(at)),
                        None => return Ok(false),
                    }
                }
                Ok(true)
            }
            (Node::String(left), Node::String(right)) => {
                self.charge((left.len() + right.len()) / 32)?;
                Ok(left == right || folded(left) == folded(right))
            }
            (Node::Number(left), Node::Number(right)) => Ok(left == right
                || Decimal::parse(left)
                    .zip(Decimal::parse(right))
                    .is_some_and(|(left, right)| decimals_equivalent(left, right))),
            (left, right) => Ok(left == right),
        }
    }
}

/// Two computed values under `~`.
fn values_equivalent(left: &Item<'_>, right: &Item<'_>) -> bool {
    match (left, right) {
        (Item::String(left), Item::String(right)) => folded(left) == folded(right),
        (Item::Temporal(left), Item::Temporal(right)) => {
            left.precision() == right.precision() && temporals_equal(left, right) == Some(true)
        }
        (Item::Quantity(left), Item::Quantity(right)) => {
            left.canonical_unit(true) == right.canonical_unit(true)
                && decimals_equivalent(left.value, right.value)
        }
        (left, right) => match (as_decimal(left), as_decimal(right)) {
            (Some(left), Some(right)) => decimals_equivalent(left, right),
            _ => values_equal(left, right) == Some(true),
        },
    }
}

/// Rounded to the lesser precision.
fn decimals_equivalent(left: Decimal, right: Decimal) -> bool {
    let (left, right) = (left.trimmed(), right.trimmed());
    let digits = left.scale().min(right.scale());
    left.rounded(digits) == right.rounded(digits)
}

/// Without case, and every run of white space as one space.
fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}
