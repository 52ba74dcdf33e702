//! Evaluation of expressions (FHIRPath N1, sections 4 to 9). Every item that is made or looked at
//! counts, so that no data makes an expression costly.

mod arithmetic;
mod boolean;
mod call;
mod conversion;
mod equality;
mod equivalence;
mod existence;
mod fhir;
mod filter;
mod number;
mod order;
mod path;
mod set;
mod text;
mod tree;
mod types;
mod value;

use std::cell::{Cell, OnceCell};

use super::ast::{Expr, Variable};
use super::collection::Collection;
use super::context::Context;
use super::error::EvaluateError;
use super::item::Item;

/// Most steps of one evaluation: some hundred times what the largest resource of practice needs.
pub const MAX_STEPS: usize = 1_000_000;

/// Longest text that an expression may make, in bytes.
pub const MAX_TEXT: usize = 1 << 20;

pub(super) type Answer<'a> = Result<Collection<'a>, EvaluateError>;

/// One evaluation.
pub(super) struct Evaluator<'c, 'a> {
    context: &'c Context<'a>,
    steps: Cell<usize>,
    /// `%resource.descendants()`, which dom-3 asks for again and again.
    descendants: OnceCell<Collection<'a>>,
}

/// What `$this`, `$index` and `$total` are at the moment.
#[derive(Clone, Copy)]
struct Scope<'a, 's> {
    this: &'s Collection<'a>,
    index: Option<usize>,
    total: Option<&'s Collection<'a>>,
}

impl<'a, 's> Scope<'a, 's> {
    /// The same with another focus.
    fn on<'t>(&self, this: &'t Collection<'a>, index: usize) -> Scope<'a, 't>
    where
        's: 't,
    {
        Scope { this, index: Some(index), total: self.total }
    }
}

impl<'c, 'a> Evaluator<'c, 'a> {
    pub(super) fn new(context: &'c Context<'a>) -> Self {
        Evaluator { context, steps: Cell::new(0), descendants: OnceCell::new() }
    }

    /// The value of the whole expression.
    pub(super) fn root(&self, expr: &'a Expr) -> Answer<'a> {
        let this = Collection::one(self.context.focus.clone());
        self.value(expr, Scope { this: &this, index: None, total: None })
    }

    /// Is the whole expression true?
    pub(super) fn holds(&self, expr: &'a Expr) -> Result<bool, EvaluateError> {
        Ok(self.truth(&self.root(expr)?, "the invariant")? == Some(true))
    }

    /// Counts work.
    fn charge(&self, steps: usize) -> Result<(), EvaluateError> {
        let all = self.steps.get().saturating_add(steps);
        self.steps.set(all);
        if all > MAX_STEPS { Err(EvaluateError::TooMuch) } else { Ok(()) }
    }

    fn value(&self, expr: &'a Expr, scope: Scope<'a, '_>) -> Answer<'a> {
        self.charge(1)?;
        match expr {
            Expr::Literal(item) => Ok(Collection::maybe(item.as_ref().map(borrowed))),
            Expr::Variable(variable) => Ok(self.variable(variable, scope)),
            Expr::Path { start, steps } => self.path(start.as_deref(), steps, scope),
            Expr::Negative(of) => self.negative(&self.value(of, scope)?),
            Expr::Chain { first, rest } => self.chain(first, rest, scope),
            Expr::Typed { of, function, name } => {
                self.typed(*function, name, &self.value(of, scope)?)
            }
        }
    }

    fn variable(&self, variable: &Variable, scope: Scope<'a, '_>) -> Collection<'a> {
        match variable {
            Variable::This => scope.this.clone(),
            Variable::Index => {
                let index = scope.index.and_then(|index| i64::try_from(index).ok());
                Collection::maybe(index.map(Item::Integer))
            }
            Variable::Total => scope.total.cloned().unwrap_or_default(),
            Variable::Context => Collection::one(self.context.focus.clone()),
            Variable::Resource => Collection::one(Item::resource(self.context.resource)),
            Variable::RootResource => Collection::one(Item::resource(self.context.root)),
        }
    }
}

/// A literal of the expression without a copy of its text.
fn borrowed<'a>(literal: &'a Item<'static>) -> Item<'a> {
    match literal {
        Item::String(text) => Item::String(std::borrow::Cow::Borrowed(text)),
        other => other.clone(),
    }
}
