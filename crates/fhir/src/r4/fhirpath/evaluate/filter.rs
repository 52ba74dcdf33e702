//! Functions that evaluate an expression on each item, and parts of collections (FHIRPath,
//! "Filtering and projection", "Subsetting", "iif").

use super::super::ast::Expr;
use super::super::collection::Collection;
use super::super::error::EvaluateError;
use super::super::function::Function;
use super::super::item::Item;
use super::value::single;
use super::{Answer, Evaluator, Scope};

impl<'a> Evaluator<'_, 'a> {
    pub(super) fn filter(
        &self,
        criterion: &'a Expr,
        input: &Collection<'a>,
        scope: Scope<'a, '_>,
    ) -> Answer<'a> {
        let mut kept = Collection::new();
        for (index, item) in input.iter().enumerate() {
            if self.meets(criterion, item, index, scope)? {
                kept.push(item.clone());
            }
        }
        Ok(kept)
    }

    pub(super) fn select(
        &self,
        projection: &'a Expr,
        input: &Collection<'a>,
        scope: Scope<'a, '_>,
    ) -> Answer<'a> {
        let mut all = Collection::new();
        for (index, item) in input.iter().enumerate() {
            let this = Collection::one(item.clone());
            let found = self.value(projection, scope.on(&this, index))?;
            self.charge(found.len())?;
            all.append(found);
        }
        Ok(all)
    }

    /// The projection of the items, of what that gives, and so on until nothing new comes.
    pub(super) fn repeat(
        &self,
        projection: &'a Expr,
        input: &Collection<'a>,
        scope: Scope<'a, '_>,
    ) -> Answer<'a> {
        let mut found: Vec<Item<'a>> = Vec::new();
        let mut open: Vec<Item<'a>> = input.iter().rev().cloned().collect();
        while let Some(item) = open.pop() {
            let this = Collection::one(item);
            let next = self.value(projection, scope.on(&this, 0))?;
            let before = found.len();
            for item in &next {
                if !self.is_among(item, &found)? {
                    found.push(item.clone());
                }
            }
            open.extend(found[before..].iter().rev().cloned());
        }
        Ok(found.into_iter().collect())
    }

    pub(super) fn aggregate(
        &self,
        arguments: &'a [Expr],
        input: &Collection<'a>,
        scope: Scope<'a, '_>,
    ) -> Answer<'a> {
        let mut total = match arguments.get(1) {
            Some(initial) => self.value(initial, scope)?,
            None => Collection::new(),
        };
        for (index, item) in input.iter().enumerate() {
            let this = Collection::one(item.clone());
            let inner = Scope { this: &this, index: Some(index), total: Some(&total) };
            let next = self.value(&arguments[0], inner)?;
            self.charge(next.len())?;
            total = next;
        }
        Ok(total)
    }

    pub(super) fn subset(
        &self,
        function: Function,
        arguments: &'a [Expr],
        input: &Collection<'a>,
        scope: Scope<'a, '_>,
    ) -> Answer<'a> {
        let items = input.as_slice();
        let count = match arguments.first() {
            Some(count) => match self.integer(&self.value(count, scope)?, function.name())? {
                Some(count) => usize::try_from(count.max(0)).unwrap_or(usize::MAX),
                None => return Ok(Collection::new()),
            },
            None => 1,
        };
        let kept = match function {
            Function::Single if items.len() > 1 => {
                return Err(EvaluateError::NotSingle { what: "single()" });
            }
            Function::Last => items.last().map_or(&[][..], std::slice::from_ref),
            Function::Tail | Function::Skip => items.get(count..).unwrap_or(&[]),
            _ => items.get(..count).unwrap_or(items),
        };
        self.charge(kept.len())?;
        Ok(kept.iter().cloned().collect())
    }

    /// The arguments have the input as focus, also when it is nothing: invariants of R4 ask
    /// `resolve().iif(empty(), …)`.
    pub(super) fn iif(
        &self,
        arguments: &'a [Expr],
        input: &Collection<'a>,
        scope: Scope<'a, '_>,
    ) -> Answer<'a> {
        let inner = Scope { this: input, index: scope.index, total: scope.total };
        let criterion = self.value(&arguments[0], inner)?;
        let branch = if self.truth(&criterion, "iif()")? == Some(true) {
            arguments.get(1)
        } else {
            arguments.get(2)
        };
        match branch {
            Some(branch) => self.value(branch, inner),
            None => Ok(Collection::new()),
        }
    }

    /// Now, from the context.
    pub(super) fn clock(&self, function: Function) -> Answer<'a> {
        let now = self.context.now.ok_or(EvaluateError::NoTime)?;
        let found = match function {
            Function::Now => Some(now.to_date_time()),
            Function::Today => now.to_date(),
            _ => now.to_time(),
        };
        Ok(Collection::maybe(found.map(Item::Temporal)))
    }

    /// The item of an argument, evaluated where the function stands.
    pub(super) fn argument(
        &self,
        argument: &'a Expr,
        scope: Scope<'a, '_>,
        what: &'static str,
    ) -> Result<Option<Item<'a>>, EvaluateError> {
        Ok(single(&self.value(argument, scope)?, what)?.cloned())
    }
}
