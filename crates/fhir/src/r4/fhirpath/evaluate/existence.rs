//! Questions about whole collections (FHIRPath, "Existence").

use super::super::ast::Expr;
use super::super::collection::Collection;
use super::super::error::EvaluateError;
use super::super::function::Function;
use super::super::item::Item;
use super::value::boolean;
use super::{Answer, Evaluator, Scope};

impl<'a> Evaluator<'_, 'a> {
    pub(super) fn count(&self, input: &Collection<'a>) -> Answer<'a> {
        Ok(Collection::maybe(i64::try_from(input.len()).ok().map(Item::Integer)))
    }

    pub(super) fn not(&self, input: &Collection<'a>) -> Answer<'a> {
        let truth = self.truth(input, "not()")?;
        Ok(Collection::maybe(truth.map(|truth| Item::Boolean(!truth))))
    }

    /// `exists` and `all`: nothing meets every criterion, and does not exist.
    pub(super) fn quantified(
        &self,
        function: Function,
        arguments: &'a [Expr],
        input: &Collection<'a>,
        scope: Scope<'a, '_>,
    ) -> Answer<'a> {
        let Some(criterion) = arguments.first() else { return boolean(!input.is_empty()) };
        let is_all = function == Function::All;
        for (index, item) in input.iter().enumerate() {
            if self.meets(criterion, item, index, scope)? != is_all {
                return boolean(!is_all);
            }
        }
        boolean(is_all)
    }

    /// Is the criterion true of this item?
    pub(super) fn meets(
        &self,
        criterion: &'a Expr,
        item: &Item<'a>,
        index: usize,
        scope: Scope<'a, '_>,
    ) -> Result<bool, EvaluateError> {
        let this = Collection::one(item.clone());
        let found = self.value(criterion, scope.on(&this, index))?;
        Ok(self.truth(&found, "a criterion")? == Some(true))
    }

    pub(super) fn all_or_any(&self, function: Function, input: &Collection<'a>) -> Answer<'a> {
        let wanted = matches!(function, Function::AllTrue | Function::AnyTrue);
        let is_all = matches!(function, Function::AllTrue | Function::AllFalse);
        self.charge(input.len())?;
        for item in input {
            let truth = item.as_bool().ok_or(EvaluateError::WrongType { what: function.name() })?;
            if (truth == wanted) != is_all {
                return boolean(!is_all);
            }
        }
        boolean(is_all)
    }
}
