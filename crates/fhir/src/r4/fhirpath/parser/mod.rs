//! Expressions by precedence climbing (FHIRPath, "Operator Precedence" and "Grammar").

mod term;

use std::collections::BTreeSet;

use super::ast::{Expr, LOWEST_LEVEL, Operator, TYPE_LEVEL};
use super::error::ParseError;
use super::expression::{MAX_LENGTH, MAX_NESTING};
use super::function::Function;
use super::lexer::{Lexer, Token, position};

/// The expression and the names of its functions.
pub(super) fn parse(text: &str) -> Result<(Expr, Vec<&'static str>), ParseError> {
    if text.len() > MAX_LENGTH {
        return Err(ParseError::TooLong);
    }
    let tokens = Lexer::new(text).tokens()?;
    let mut parser =
        Parser { text, tokens, at: 0, depth: 0, functions: BTreeSet::new(), patterns: 0 };
    let expr = parser.expression(LOWEST_LEVEL)?;
    if *parser.peek() != Token::End {
        return Err(parser.expected("an operator, or the end"));
    }
    // Evaluation nests as the tree does, and operators before a bracket add to its depth.
    if expr.height() > MAX_NESTING {
        return Err(ParseError::TooDeep);
    }
    Ok((expr, parser.functions.into_iter().collect()))
}

struct Parser<'t> {
    text: &'t str,
    tokens: Vec<(Token<'t>, usize)>,
    at: usize,
    depth: usize,
    functions: BTreeSet<&'static str>,
    patterns: usize,
}

impl<'t> Parser<'t> {
    fn peek(&self) -> &Token<'t> {
        // The last token is `End` and never consumed.
        &self.tokens[self.at.min(self.tokens.len() - 1)].0
    }

    fn peek_second(&self) -> &Token<'t> {
        &self.tokens[(self.at + 1).min(self.tokens.len() - 1)].0
    }

    fn offset(&self) -> usize {
        self.tokens[self.at.min(self.tokens.len() - 1)].1
    }

    /// The character at a byte. Walks the text: only for errors.
    fn position(&self, offset: usize) -> usize {
        position(self.text, offset)
    }

    fn expected(&self, expected: &'static str) -> ParseError {
        ParseError::Expected { position: self.position(self.offset()), expected }
    }

    fn take(&mut self, symbol: &'static str) -> bool {
        let is_there = *self.peek() == Token::Symbol(symbol);
        if is_there {
            self.at += 1;
        }
        is_there
    }

    fn demand(&mut self, symbol: &'static str) -> Result<(), ParseError> {
        if self.take(symbol) { Ok(()) } else { Err(self.expected(symbol)) }
    }

    /// An expression of operators that bind at least as tightly as `least`.
    fn expression(&mut self, least: u8) -> Result<Expr, ParseError> {
        self.depth += 1;
        if self.depth > MAX_NESTING {
            return Err(ParseError::TooDeep);
        }
        let mut left = self.signed()?;
        // The level of the chain that `left` is, so that `a + b + c` is one flat chain.
        let mut chain_level = None;
        let mut wraps = 0;
        loop {
            if self.depth + wraps > MAX_NESTING {
                return Err(ParseError::TooDeep);
            }
            if let Token::Name(name @ ("is" | "as")) = self.peek() {
                if least > TYPE_LEVEL {
                    break;
                }
                let function = if *name == "is" { Function::Is } else { Function::As };
                self.at += 1;
                self.functions.insert(function.name());
                let name = self.type_name()?;
                left = Expr::Typed { of: Box::new(left), function, name };
                chain_level = None;
                wraps += 1;
                continue;
            }
            let Some(operator) = self.operator().filter(|found| found.level() >= least) else {
                break;
            };
            self.at += 1;
            let right = self.expression(operator.level() + 1)?;
            left = match left {
                Expr::Chain { first, mut rest } if chain_level == Some(operator.level()) => {
                    rest.push((operator, right));
                    Expr::Chain { first, rest }
                }
                left => {
                    wraps += 1;
                    Expr::Chain { first: Box::new(left), rest: vec![(operator, right)] }
                }
            };
            chain_level = Some(operator.level());
        }
        self.depth -= 1;
        Ok(left)
    }

    fn operator(&self) -> Option<Operator> {
        Some(match self.peek() {
            Token::Symbol(symbol) => match *symbol {
                "*" => Operator::Multiply,
                "/" => Operator::Divide,
                "+" => Operator::Add,
                "-" => Operator::Subtract,
                "&" => Operator::Concatenate,
                "|" => Operator::Union,
                "<" => Operator::Less,
                "<=" => Operator::LessOrEqual,
                ">" => Operator::Greater,
                ">=" => Operator::GreaterOrEqual,
                "=" => Operator::Equal,
                "!=" => Operator::NotEqual,
                "~" => Operator::Equivalent,
                "!~" => Operator::NotEquivalent,
                _ => return None,
            },
            Token::Name(name) => match *name {
                "div" => Operator::DivideWhole,
                "mod" => Operator::Remainder,
                "in" => Operator::In,
                "contains" => Operator::Contains,
                "and" => Operator::And,
                "or" => Operator::Or,
                "xor" => Operator::Xor,
                "implies" => Operator::Implies,
                _ => return None,
            },
            _ => return None,
        })
    }

    /// `+x`, `-x`
    fn signed(&mut self) -> Result<Expr, ParseError> {
        let mut is_signed = false;
        let mut is_negative = false;
        loop {
            if self.take("-") {
                is_negative = !is_negative;
            } else if !self.take("+") {
                break;
            }
            is_signed = true;
        }
        let of = self.path()?;
        Ok(match (is_signed, is_negative) {
            (false, _) => of,
            (true, true) => Expr::Negative(Box::new(of)),
            // Twice negated, so that `+'a'` is as wrong as `-'a'`.
            (true, false) => Expr::Negative(Box::new(Expr::Negative(Box::new(of)))),
        })
    }
}
