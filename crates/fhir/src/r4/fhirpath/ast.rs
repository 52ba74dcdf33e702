//! An expression after parsing. Chains of operators and of steps are flat lists, so only brackets
//! and arguments nest, and their depth is limited.

use std::sync::OnceLock;

use regex::Regex;

use super::function::Function;
use super::item::Item;

/// An expression.
#[derive(Clone, Debug)]
pub(super) enum Expr {
    /// A literal; `{}` is the empty collection.
    Literal(Option<Item<'static>>),
    /// `$this`, `%resource`.
    Variable(Variable),
    /// Steps from a start, or from the focus.
    Path { start: Option<Box<Expr>>, steps: Vec<Step> },
    /// `-x`
    Negative(Box<Expr>),
    /// `a + b - c`: operators of one level, applied from left to right.
    Chain { first: Box<Expr>, rest: Vec<(Operator, Expr)> },
    /// `a is T`, `a as T`.
    Typed { of: Box<Expr>, function: Function, name: TypeName },
}

impl Expr {
    /// Levels of the tree.
    pub(super) fn height(&self) -> usize {
        let highest = |all: &[Expr]| all.iter().map(Expr::height).max().unwrap_or(0);
        1 + match self {
            Expr::Literal(_) | Expr::Variable(_) => 0,
            Expr::Negative(of) | Expr::Typed { of, .. } => of.height(),
            Expr::Chain { first, rest } => {
                rest.iter().map(|(_, expr)| expr.height()).fold(first.height(), usize::max)
            }
            Expr::Path { start, steps } => {
                let start = start.as_ref().map_or(0, |start| start.height());
                steps
                    .iter()
                    .map(|step| match step {
                        Step::Index(index) => index.height(),
                        Step::Call(_, arguments) | Step::Match(_, arguments, _) => {
                            highest(arguments)
                        }
                        Step::Child(_) | Step::Type(_) | Step::Typed(..) => 0,
                    })
                    .fold(start, usize::max)
            }
        }
    }
}

/// One step of a path.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// `.name`
    Child(Box<str>),
    /// A capitalised name where a path begins: the type that the focus must have.
    Type(Box<str>),
    /// `[index]`
    Index(Box<Expr>),
    /// `.function(arguments)`
    Call(Function, Vec<Expr>),
    /// `.is(T)`, `.as(T)`, `.ofType(T)`
    Typed(Function, TypeName),
    /// A function with a regular expression that is a literal.
    Match(Function, Vec<Expr>, Pattern),
}

/// The name of a type: `Patient`, `FHIR.Patient`, `System.String`.
#[derive(Clone, Debug)]
pub(super) struct TypeName {
    pub(super) namespace: Option<Namespace>,
    pub(super) name: Box<str>,
}

/// Where a type is defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Namespace {
    Fhir,
    System,
    Other,
}

/// What stands for something of the context.
#[derive(Clone, Debug)]
pub(super) enum Variable {
    This,
    Index,
    Total,
    Context,
    Resource,
    RootResource,
}

/// An operator with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Multiply,
    Divide,
    DivideWhole,
    Remainder,
    Add,
    Subtract,
    Concatenate,
    Union,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
    Equivalent,
    NotEquivalent,
    In,
    Contains,
    And,
    Or,
    Xor,
    Implies,
}

/// The level of `is` and `as`; higher binds tighter.
pub(super) const TYPE_LEVEL: u8 = 7;
/// The level below which nothing is.
pub(super) const LOWEST_LEVEL: u8 = 0;

impl Operator {
    /// How tightly it binds (FHIRPath, "Operator Precedence").
    pub(super) fn level(self) -> u8 {
        match self {
            Operator::Multiply | Operator::Divide | Operator::DivideWhole | Operator::Remainder => {
                9
            }
            Operator::Add | Operator::Subtract | Operator::Concatenate => 8,
            Operator::Union => 6,
            Operator::Less
            | Operator::LessOrEqual
            | Operator::Greater
            | Operator::GreaterOrEqual => 5,
            Operator::Equal
            | Operator::NotEqual
            | Operator::Equivalent
            | Operator::NotEquivalent => 4,
            Operator::In | Operator::Contains => 3,
            Operator::And => 2,
            Operator::Or | Operator::Xor => 1,
            Operator::Implies => LOWEST_LEVEL,
        }
    }
}

/// A regular expression that is compiled when it is first used: definitions have many and use few.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    text: Box<str>,
    compiled: OnceLock<Option<Regex>>,
}

/// Most memory of a compiled regular expression, in bytes.
const PATTERN_SIZE: usize = 1 << 20;

impl Pattern {
    /// A pattern; `None` when it is no regular expression.
    pub(super) fn new(text: &str, is_whole: bool) -> Option<Pattern> {
        let text = dialect(text, is_whole);
        regex_syntax::parse(&text).ok()?;
        Some(Pattern { text: text.into(), compiled: OnceLock::new() })
    }

    /// A pattern that is used at once.
    pub(super) fn compile(text: &str, is_whole: bool) -> Option<Regex> {
        build(&dialect(text, is_whole))
    }

    /// The pattern for use; `None` when it is too large.
    pub(super) fn regex(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| build(&self.text)).as_ref()
    }
}

/// "Single line" mode, in which a dot is also a line end (FHIRPath, "matches").
fn dialect(text: &str, is_whole: bool) -> String {
    if is_whole { format!("(?s)^(?:{text})$") } else { format!("(?s){text}") }
}

fn build(text: &str) -> Option<Regex> {
    regex::RegexBuilder::new(text)
        .size_limit(PATTERN_SIZE)
        .dfa_size_limit(PATTERN_SIZE)
        .build()
        .ok()
}
