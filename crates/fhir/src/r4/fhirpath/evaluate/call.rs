//! Calls of functions, each handed to the file of its topic.

use super::super::ast::{Expr, Pattern};
use super::super::collection::Collection;
use super::super::error::EvaluateError;
use super::super::function::Function;
use super::value::boolean;
use super::{Answer, Evaluator, Scope};

impl<'a> Evaluator<'_, 'a> {
    pub(super) fn call(
        &self,
        function: Function,
        arguments: &'a [Expr],
        input: &Collection<'a>,
        scope: Scope<'a, '_>,
    ) -> Answer<'a> {
        match function {
            Function::Empty => boolean(input.is_empty()),
            Function::Count => self.count(input),
            Function::Not => self.not(input),
            Function::Exists | Function::All => self.quantified(function, arguments, input, scope),
            Function::AllTrue | Function::AnyTrue | Function::AllFalse | Function::AnyFalse => {
                self.all_or_any(function, input)
            }
            Function::Where => self.filter(&arguments[0], input, scope),
            Function::Select => self.select(&arguments[0], input, scope),
            Function::Repeat => self.repeat(&arguments[0], input, scope),
            Function::Aggregate => self.aggregate(arguments, input, scope),
            Function::Single
            | Function::First
            | Function::Last
            | Function::Tail
            | Function::Skip
            | Function::Take => self.subset(function, arguments, input, scope),
            Function::Distinct => self.union(&[input]),
            Function::IsDistinct => boolean(self.union(&[input])?.len() == input.len()),
            Function::SubsetOf
            | Function::SupersetOf
            | Function::Intersect
            | Function::Exclude
            | Function::Union
            | Function::Combine => self.combined(function, &arguments[0], input, scope),
            Function::Iif => self.iif(arguments, input, scope),
            Function::Abs
            | Function::Ceiling
            | Function::Exp
            | Function::Floor
            | Function::Ln
            | Function::Log
            | Function::Power
            | Function::Round
            | Function::Sqrt
            | Function::Truncate => self.math(function, arguments, input, scope),
            Function::Children => self.children(input),
            Function::Descendants => self.descendants(input),
            Function::Trace => Ok(input.clone()),
            Function::Now | Function::Today | Function::TimeOfDay => self.clock(function),
            Function::Extension => self.extension(&arguments[0], input, scope),
            Function::HasValue => self.has_value(input),
            Function::GetValue => self.get_value(input),
            Function::Resolve => self.resolve(input),
            Function::MemberOf => self.member_of(&arguments[0], input, scope),
            Function::HtmlChecks => self.html_checks(input),
            Function::Matches | Function::MatchesFull | Function::ReplaceMatches => {
                // The pattern is computed, so it costs more than one that is compiled once.
                self.charge(50_000)?;
                let Some(text) = self.argument_text(&arguments[0], scope, function.name())? else {
                    return Ok(Collection::new());
                };
                let is_whole = function == Function::MatchesFull;
                let regex = Pattern::compile(&text, is_whole).ok_or(EvaluateError::Pattern)?;
                self.match_text(function, &regex, arguments, input, scope)
            }
            // The parser makes steps of their own of these.
            Function::Is | Function::As | Function::OfType => Ok(Collection::new()),
            Function::IndexOf
            | Function::LastIndexOf
            | Function::Substring
            | Function::StartsWith
            | Function::EndsWith
            | Function::Contains
            | Function::Upper
            | Function::Lower
            | Function::Replace
            | Function::Length
            | Function::ToChars
            | Function::Trim
            | Function::Split
            | Function::Join => self.text_function(function, arguments, input, scope),
            _ => self.convert(function, arguments, input, scope),
        }
    }
}
