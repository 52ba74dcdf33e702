//! Operands: literals, names, functions, and the steps from one to the next (FHIRPath, "Grammar").

use super::super::ast::{Expr, LOWEST_LEVEL, Namespace, Pattern, Step, TypeName, Variable};
use super::super::decimal::Decimal;
use super::super::error::ParseError;
use super::super::function::Function;
use super::super::item::Item;
use super::super::lexer::{Token, position};
use super::super::quantity::{CalendarUnit, Quantity};
use super::super::temporal::Temporal;
use super::Parser;

/// Most regular expressions of one expression, since each keeps memory once it is compiled.
const MAX_PATTERNS: usize = 20;

/// Words that are no names by themselves. `as`, `is`, `in`, `contains` are both.
const RESERVED: [&str; 8] = ["and", "or", "xor", "implies", "div", "mod", "true", "false"];

impl Parser<'_> {
    /// A term and the steps from it.
    pub(super) fn path(&mut self) -> Result<Expr, ParseError> {
        let (start, mut steps) = self.term()?;
        loop {
            if self.take(".") {
                if let Token::Dollar(_) = self.peek() {
                    return Err(self.expected("a name or function"));
                }
                let step = self.invocation(false)?;
                steps.push(step);
            } else if self.take("[") {
                let index = self.expression(LOWEST_LEVEL)?;
                self.demand("]")?;
                steps.push(Step::Index(Box::new(index)));
            } else {
                break;
            }
        }
        Ok(match start {
            Some(start) if steps.is_empty() => start,
            start => Expr::Path { start: start.map(Box::new), steps },
        })
    }

    /// A start that is no step, or the first step from the focus.
    fn term(&mut self) -> Result<(Option<Expr>, Vec<Step>), ParseError> {
        let is_call = *self.peek_second() == Token::Symbol("(");
        let at = self.offset();
        let start = match self.peek().clone() {
            Token::Symbol("(") => {
                self.at += 1;
                let inner = self.expression(LOWEST_LEVEL)?;
                self.demand(")")?;
                inner
            }
            Token::Symbol("{") => {
                self.at += 1;
                self.demand("}")?;
                Expr::Literal(None)
            }
            Token::Text(text) => {
                self.at += 1;
                Expr::Literal(Some(Item::String(text.into())))
            }
            Token::Number(text) => {
                self.at += 1;
                Expr::Literal(Some(self.number(text, at)?))
            }
            Token::Temporal(text) => {
                self.at += 1;
                let found = temporal(text).ok_or_else(|| ParseError::Literal {
                    position: self.position(at),
                    expected: "a date, dateTime or time",
                })?;
                Expr::Literal(Some(Item::Temporal(found)))
            }
            Token::Name(name @ ("true" | "false")) if !is_call => {
                self.at += 1;
                Expr::Literal(Some(Item::Boolean(name == "true")))
            }
            Token::Dollar(name) => {
                self.at += 1;
                Expr::Variable(match name {
                    "this" => Variable::This,
                    "index" => Variable::Index,
                    "total" => Variable::Total,
                    _ => {
                        let expected = "$this, $index or $total";
                        return Err(ParseError::Expected { position: self.position(at), expected });
                    }
                })
            }
            Token::External(name) => {
                self.at += 1;
                external(&name).ok_or_else(|| ParseError::UnknownVariable {
                    name,
                    position: self.position(at),
                })?
            }
            _ => return Ok((None, vec![self.invocation(true)?])),
        };
        Ok((Some(start), Vec::new()))
    }

    /// A number, or a quantity when a unit follows.
    fn number(&mut self, text: &str, at: usize) -> Result<Item<'static>, ParseError> {
        const EXPECTED: &str = "a number of at most 36 digits";
        let expression = self.text;
        let wrong =
            || ParseError::Literal { position: position(expression, at), expected: EXPECTED };
        let unit = match self.peek() {
            Token::Text(unit) => Some((unit.clone(), false)),
            Token::Name(name) if CalendarUnit::is_word(name) => Some(((*name).to_owned(), true)),
            _ => None,
        };
        if let Some((unit, is_calendar)) = unit {
            self.at += 1;
            let value = Decimal::parse(text).ok_or_else(wrong)?;
            return Ok(Item::Quantity(Box::new(Quantity {
                value,
                unit: unit.into(),
                is_calendar,
            })));
        }
        match text.parse() {
            Ok(integer) => Ok(Item::Integer(integer)),
            Err(_) => Decimal::parse(text).map(Item::Decimal).ok_or_else(wrong),
        }
    }

    /// A name or a function; `is_first` when it begins a path.
    fn invocation(&mut self, is_first: bool) -> Result<Step, ParseError> {
        let at = self.offset();
        let (name, is_delimited) = match self.peek() {
            Token::Name(name) if is_first && RESERVED.contains(name) => {
                return Err(self.expected("an expression"));
            }
            Token::Name(name) => ((*name).to_owned(), false),
            Token::Delimited(name) => (name.clone(), true),
            _ if is_first => return Err(self.expected("an expression")),
            _ => return Err(self.expected("a name or function")),
        };
        self.at += 1;
        if !is_delimited && self.take("(") {
            return self.call(&name, at);
        }
        let is_type = is_first && name.starts_with(|c: char| c.is_ascii_uppercase());
        if is_type && matches!(&*name, "FHIR" | "System") && self.take(".") {
            return Ok(Step::Type(self.type_part()?.into()));
        }
        Ok(if is_type { Step::Type(name.into()) } else { Step::Child(name.into()) })
    }

    /// A function, after its opening bracket.
    fn call(&mut self, name: &str, at: usize) -> Result<Step, ParseError> {
        let Some(function) = Function::named(name) else {
            let position = self.position(at);
            return Err(ParseError::UnknownFunction { name: name.to_owned(), position });
        };
        self.functions.insert(function.name());
        if function.takes_type() {
            let name = self.type_name()?;
            self.demand(")")?;
            return Ok(Step::Typed(function, name));
        }
        let first = self.offset();
        let arguments = self.arguments()?;
        let (least, most) = function.arity();
        if !(least..=most).contains(&arguments.len()) {
            let expected = match (least, most) {
                (0, 0) => "no arguments".to_owned(),
                (1, 1) => "one argument".to_owned(),
                (least, most) if least == most => format!("{most} arguments"),
                (least, most) => format!("{least} to {most} arguments"),
            };
            let (name, position) = (function.name(), self.position(at));
            return Err(ParseError::Arguments { name, position, expected });
        }
        if let Some(Expr::Literal(Some(Item::String(text)))) = arguments.first()
            && function.takes_pattern()
        {
            self.patterns += 1;
            if self.patterns > MAX_PATTERNS {
                return Err(ParseError::TooManyPatterns);
            }
            let pattern = Pattern::new(text, function == Function::MatchesFull)
                .ok_or_else(|| ParseError::Pattern { position: self.position(first) })?;
            return Ok(Step::Match(function, arguments, pattern));
        }
        Ok(Step::Call(function, arguments))
    }

    fn arguments(&mut self) -> Result<Vec<Expr>, ParseError> {
        let mut arguments = Vec::new();
        if self.take(")") {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.expression(LOWEST_LEVEL)?);
            if self.take(")") {
                return Ok(arguments);
            }
            if !self.take(",") {
                return Err(self.expected("a comma or a closing bracket"));
            }
        }
    }

    /// `Patient`, `FHIR.Patient`, `System.String`
    pub(super) fn type_name(&mut self) -> Result<TypeName, ParseError> {
        let first = self.type_part()?;
        if !self.take_dot_of_type() {
            return Ok(TypeName { namespace: None, name: first.into() });
        }
        let namespace = match &*first {
            "FHIR" => Namespace::Fhir,
            "System" => Namespace::System,
            _ => Namespace::Other,
        };
        Ok(TypeName { namespace: Some(namespace), name: self.type_part()?.into() })
    }

    /// A dot that belongs to the type: in `(x as Range.low)` it would not be anything else.
    fn take_dot_of_type(&mut self) -> bool {
        matches!(self.peek_second(), Token::Name(_) | Token::Delimited(_)) && self.take(".")
    }

    fn type_part(&mut self) -> Result<String, ParseError> {
        match self.peek().clone() {
            Token::Name(name) if !RESERVED.contains(&name) => {
                self.at += 1;
                Ok(name.to_owned())
            }
            Token::Delimited(name) => {
                self.at += 1;
                Ok(name)
            }
            _ => Err(self.expected("the name of a type")),
        }
    }
}

fn temporal(text: &str) -> Option<Temporal> {
    match text.strip_prefix('T') {
        Some(time) => Temporal::time(time),
        None if text.contains('T') => Temporal::date_time(text),
        None => Temporal::date(text),
    }
}

/// `%name`: a part of the context, or a constant (FHIR R4, 2.9.1.2).
fn external(name: &str) -> Option<Expr> {
    const STRUCTURE: &str = "http://hl7.org/fhir/StructureDefinition/";
    const VALUE_SET: &str = "http://hl7.org/fhir/ValueSet/";
    let text = match name {
        "context" => return Some(Expr::Variable(Variable::Context)),
        "resource" => return Some(Expr::Variable(Variable::Resource)),
        "rootResource" => return Some(Expr::Variable(Variable::RootResource)),
        "ucum" => "http://unitsofmeasure.org".to_owned(),
        "sct" => "http://snomed.info/sct".to_owned(),
        "loinc" => "http://loinc.org".to_owned(),
        _ => match name.split_once('-')? {
            ("ext", extension) => format!("{STRUCTURE}{extension}"),
            ("vs", value_set) => format!("{VALUE_SET}{value_set}"),
            _ => return None,
        },
    };
    Some(Expr::Literal(Some(Item::String(text.into()))))
}
