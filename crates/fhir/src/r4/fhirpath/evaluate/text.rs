//! Functions on text (FHIRPath, "String Manipulation"). Positions count characters.

use std::borrow::Cow;

use regex::Regex;

use super::super::ast::Expr;
use super::super::collection::Collection;
use super::super::error::EvaluateError;
use super::super::function::Function;
use super::super::item::Item;
use super::value::boolean;
use super::{Answer, Evaluator, MAX_TEXT, Scope};

impl<'a> Evaluator<'_, 'a> {
    pub(super) fn text_function(
        &self,
        function: Function,
        arguments: &'a [Expr],
        input: &Collection<'a>,
        scope: Scope<'a, '_>,
    ) -> Answer<'a> {
        let name = function.name();
        if function == Function::Join {
            return self.join(arguments, input, scope);
        }
        let Some(text) = self.text(input, name)? else { return Ok(Collection::new()) };
        if function == Function::Substring {
            return self.substring(&text, arguments, scope);
        }
        let Some(first) = arguments.first() else { return self.whole(function, &text) };
        let Some(other) = self.argument_text(first, scope, name)? else {
            return Ok(Collection::new());
        };
        self.charge(text.len() / 64)?;
        match function {
            Function::StartsWith => boolean(text.starts_with(&*other)),
            Function::EndsWith => boolean(text.ends_with(&*other)),
            Function::Contains => boolean(text.contains(&*other)),
            Function::IndexOf => position(&text, text.find(&*other)),
            Function::LastIndexOf => position(&text, text.rfind(&*other)),
            Function::Split => {
                self.charge(text.len())?;
                Ok(text.split(&*other).map(owned).collect())
            }
            _ => {
                let by = self.argument_text(&arguments[1], scope, name)?;
                let Some(by) = by else { return Ok(Collection::new()) };
                let hits = text.matches(&*other).count();
                if text.len().saturating_add(hits.saturating_mul(by.len())) > MAX_TEXT {
                    return Err(EvaluateError::TooMuch);
                }
                self.made(text.replace(&*other, &by))
            }
        }
    }

    /// Functions without arguments.
    fn whole(&self, function: Function, text: &str) -> Answer<'a> {
        match function {
            Function::Length => {
                let length = i64::try_from(text.chars().count()).ok();
                Ok(Collection::maybe(length.map(Item::Integer)))
            }
            Function::Upper => self.made(text.to_uppercase()),
            Function::Lower => self.made(text.to_lowercase()),
            Function::Trim => self.made(text.trim().to_owned()),
            _ => {
                self.charge(text.len())?;
                Ok(text.chars().map(|c| Item::String(Cow::Owned(c.to_string()))).collect())
            }
        }
    }

    /// Nothing when the start lies outside the text.
    fn substring(&self, text: &str, arguments: &'a [Expr], scope: Scope<'a, '_>) -> Answer<'a> {
        const WHAT: &str = "substring";
        let Some(start) = self.integer(&self.value(&arguments[0], scope)?, WHAT)? else {
            return Ok(Collection::new());
        };
        let length = match arguments.get(1) {
            Some(length) => self.integer(&self.value(length, scope)?, WHAT)?,
            None => None,
        };
        let length = length.map_or(usize::MAX, |n| usize::try_from(n.max(0)).unwrap_or(usize::MAX));
        let Some(start) =
            usize::try_from(start).ok().filter(|start| byte_at(text, *start) < text.len())
        else {
            return Ok(Collection::new());
        };
        let rest = &text[byte_at(text, start)..];
        self.made(rest[..byte_at(rest, length)].to_owned())
    }

    fn join(
        &self,
        arguments: &'a [Expr],
        input: &Collection<'a>,
        scope: Scope<'a, '_>,
    ) -> Answer<'a> {
        const WHAT: &str = "join";
        let separator = match arguments.first() {
            Some(separator) => self.argument_text(separator, scope, WHAT)?,
            None => None,
        };
        let mut out = String::new();
        for (at, item) in input.iter().enumerate() {
            if let (Some(separator), true) = (&separator, at > 0) {
                out.push_str(separator);
            }
            out.push_str(item.as_str().ok_or(EvaluateError::WrongType { what: WHAT })?);
            self.charge(1)?;
            if out.len() > MAX_TEXT {
                return Err(EvaluateError::TooMuch);
            }
        }
        self.made(out)
    }

    /// `matches`, `matchesFull` and `replaceMatches` with a compiled pattern.
    pub(super) fn match_text(
        &self,
        function: Function,
        regex: &Regex,
        arguments: &'a [Expr],
        input: &Collection<'a>,
        scope: Scope<'a, '_>,
    ) -> Answer<'a> {
        let Some(text) = self.text(input, function.name())? else { return Ok(Collection::new()) };
        self.charge(text.len() / 8)?;
        if function != Function::ReplaceMatches {
            return boolean(regex.is_match(&text));
        }
        let by = self.argument_text(&arguments[1], scope, function.name())?;
        let Some(by) = by else { return Ok(Collection::new()) };
        let by = template(&by);
        let mut out = String::new();
        let mut copied = 0;
        for found in regex.captures_iter(&text) {
            let Some(all) = found.get(0) else { continue };
            out.push_str(&text[copied..all.start()]);
            found.expand(&by, &mut out);
            copied = all.end();
            self.charge(1 + by.len() / 64)?;
            if out.len() > MAX_TEXT {
                return Err(EvaluateError::TooMuch);
            }
        }
        out.push_str(&text[copied..]);
        self.made(out)
    }
}

fn owned<'a>(text: &str) -> Item<'a> {
    Item::String(Cow::Owned(text.to_owned()))
}

/// The byte where a character begins; the end when there are fewer.
fn byte_at(text: &str, character: usize) -> usize {
    text.char_indices().nth(character).map_or(text.len(), |(at, _)| at)
}

/// The character at a byte, or -1.
fn position<'a>(text: &str, byte: Option<usize>) -> Answer<'a> {
    let character = byte.and_then(|at| i64::try_from(text[..at].chars().count()).ok());
    Ok(Collection::one(Item::Integer(character.unwrap_or(-1))))
}

/// `$1x` means group 1 and then an x; the crate would look for a group called `1x`.
fn template(by: &str) -> Cow<'_, str> {
    if !by.contains('$') {
        return Cow::Borrowed(by);
    }
    let mut out = String::with_capacity(by.len() + 8);
    let mut rest = by;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if digits > 0 {
            out.push_str("${");
            out.push_str(&rest[..digits]);
            out.push('}');
            rest = &rest[digits..];
        } else if rest.starts_with('{') {
            out.push('$');
        } else {
            out.push_str("$$");
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}
