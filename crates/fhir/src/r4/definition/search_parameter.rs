//! What can be searched for (FHIR R4, SearchParameter).

/// One search parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchParameter {
    /// Canonical URL.
    pub url: String,
    /// Name in a URL: `birthdate`.
    pub code: String,
    /// Types of resource that it is for, `Resource` and `DomainResource` among them.
    pub base: Vec<String>,
    /// How values are compared.
    pub kind: SearchKind,
    /// FHIRPath that gives what is indexed; absent for `_text`, `_content` and the like.
    pub expression: Option<String>,
    /// Types of resource that a reference may point at.
    pub targets: Vec<String>,
    /// The parts of a composite.
    pub components: Vec<Component>,
    /// Prefixes for ordered values that are allowed; empty is all of R4.
    pub comparators: Vec<String>,
    /// Modifiers that are allowed; empty is all of R4 for the kind.
    pub modifiers: Vec<String>,
    /// Parameters that a chain may go on with; empty is any.
    pub chain: Vec<String>,
    /// May a value be a list of alternatives?
    pub has_or: bool,
    /// May the parameter be repeated?
    pub has_and: bool,
}

/// One part of a composite parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// Canonical URL of the parameter that says how values are compared.
    pub definition: String,
    /// FHIRPath from what the composite's own expression gives.
    pub expression: String,
}

/// How values are compared (FHIR R4, Search, 3.1.1.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SearchKind {
    /// A number.
    Number,
    /// A date, time or period.
    Date,
    /// Text.
    String,
    /// A code or identifier, with its system.
    Token,
    /// A reference.
    Reference,
    /// Several parameters at once.
    Composite,
    /// A number with a unit.
    Quantity,
    /// A URI.
    Uri,
    /// Special rules.
    Special,
}

impl SearchKind {
    /// The code of R4.
    pub fn code(self) -> &'static str {
        match self {
            SearchKind::Number => "number",
            SearchKind::Date => "date",
            SearchKind::String => "string",
            SearchKind::Token => "token",
            SearchKind::Reference => "reference",
            SearchKind::Composite => "composite",
            SearchKind::Quantity => "quantity",
            SearchKind::Uri => "uri",
            SearchKind::Special => "special",
        }
    }

    /// The kind with this code.
    pub fn from_code(code: &str) -> Option<SearchKind> {
        use SearchKind::{Composite, Date, Number, Quantity, Reference, Special, Token, Uri};
        [Number, Date, SearchKind::String, Token, Reference, Composite, Quantity, Uri, Special]
            .into_iter()
            .find(|kind| kind.code() == code)
    }
}

impl SearchParameter {
    /// A parameter without expression.
    pub fn new(url: &str, code: &str, kind: SearchKind) -> SearchParameter {
        SearchParameter {
            url: url.to_owned(),
            code: code.to_owned(),
            base: Vec::new(),
            kind,
            expression: None,
            targets: Vec::new(),
            components: Vec::new(),
            comparators: Vec::new(),
            modifiers: Vec::new(),
            chain: Vec::new(),
            has_or: true,
            has_and: true,
        }
    }

    /// The alternatives of the expression that can give something for this type: parameters for
    /// many types join one alternative per type with `|`, and most give nothing for one type.
    /// `None` when nothing remains.
    pub fn expression_for(&self, resource_type: &str) -> Option<String> {
        let expression = self.expression.as_deref()?;
        let kept: Vec<&str> =
            alternatives(expression).filter(|part| may_be_on(part, resource_type)).collect();
        (!kept.is_empty()).then(|| kept.join(" | "))
    }
}

/// The parts between `|` outside of parentheses and quotes.
fn alternatives(expression: &str) -> impl Iterator<Item = &str> {
    let (mut depth, mut quote, mut is_escaped) = (0_i32, None, false);
    expression
        .split(move |c: char| {
            if let Some(open) = quote {
                if is_escaped {
                    is_escaped = false;
                } else if c == '\\' {
                    is_escaped = true;
                } else if c == open {
                    quote = None;
                }
                return false;
            }
            match c {
                '\'' | '`' | '"' => quote = Some(c),
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth -= 1,
                '|' => return depth == 0,
                _ => {}
            }
            false
        })
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

/// May the path begin at this type? What begins with another type of resource gives nothing.
fn may_be_on(path: &str, resource_type: &str) -> bool {
    let path = path.trim_start_matches('(');
    let end = path.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(path.len());
    let first = path.get(..end).unwrap_or(path);
    let names_a_type = first.starts_with(|c: char| c.is_ascii_uppercase());
    !names_a_type || [resource_type, "Resource", "DomainResource"].contains(&first)
}
