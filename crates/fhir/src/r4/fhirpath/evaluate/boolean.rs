//! Chains of operators, and the logic of three values (FHIRPath, "Boolean logic"). The second
//! operand is not evaluated when the first decides.

use super::super::ast::{Expr, Operator};
use super::super::collection::Collection;
use super::super::error::EvaluateError;
use super::super::item::Item;
use super::{Answer, Evaluator, Scope};

impl<'a> Evaluator<'_, 'a> {
    pub(super) fn chain(
        &self,
        first: &'a Expr,
        rest: &'a [(Operator, Expr)],
        scope: Scope<'a, '_>,
    ) -> Answer<'a> {
        let mut left = self.value(first, scope)?;
        for (operator, right) in rest {
            self.charge(1)?;
            left = self.operate(left, *operator, right, scope)?;
        }
        Ok(left)
    }

    fn operate(
        &self,
        left: Collection<'a>,
        operator: Operator,
        right: &'a Expr,
        scope: Scope<'a, '_>,
    ) -> Answer<'a> {
        if let Operator::And | Operator::Or | Operator::Xor | Operator::Implies = operator {
            let truth = self.logic(&left, operator, right, scope)?;
            return Ok(Collection::maybe(truth.map(Item::Boolean)));
        }
        let right = self.value(right, scope)?;
        let truth = match operator {
            Operator::Union => return self.union(&[&left, &right]),
            Operator::Equal => self.are_equal(&left, &right)?,
            Operator::NotEqual => self.are_equal(&left, &right)?.map(|equal| !equal),
            Operator::Equivalent => Some(self.are_equivalent(&left, &right)?),
            Operator::NotEquivalent => Some(!self.are_equivalent(&left, &right)?),
            Operator::Less
            | Operator::LessOrEqual
            | Operator::Greater
            | Operator::GreaterOrEqual => self.order(&left, operator, &right)?,
            Operator::In => self.membership(&left, &right, "in")?,
            Operator::Contains => self.membership(&right, &left, "contains")?,
            _ => return self.calculate(&left, operator, &right),
        };
        Ok(Collection::maybe(truth.map(Item::Boolean)))
    }

    fn logic(
        &self,
        left: &Collection<'a>,
        operator: Operator,
        right: &'a Expr,
        scope: Scope<'a, '_>,
    ) -> Result<Option<bool>, EvaluateError> {
        let left = self.truth(left, "a logical operator")?;
        match (operator, left) {
            (Operator::And, Some(false)) => return Ok(Some(false)),
            (Operator::Or, Some(true)) | (Operator::Implies, Some(false)) => return Ok(Some(true)),
            (Operator::Xor, None) => return Ok(None),
            _ => {}
        }
        let right = self.truth(&self.value(right, scope)?, "a logical operator")?;
        Ok(match operator {
            Operator::And if right == Some(false) => Some(false),
            Operator::Or | Operator::Implies if right == Some(true) => Some(true),
            Operator::And => left.and(right),
            Operator::Or => left.and(right),
            Operator::Implies => left.and(right),
            _ => left.zip(right).map(|(left, right)| left != right),
        })
    }

    /// Is the one item among the others?
    fn membership(
        &self,
        item: &Collection<'a>,
        all: &Collection<'a>,
        what: &'static str,
    ) -> Result<Option<bool>, EvaluateError> {
        let Some(item) = super::value::single(item, what)? else { return Ok(None) };
        Ok(Some(self.is_among(item, all.as_slice())?))
    }
}
