//! One element of a structure with every rule about it (FHIR R4, ElementDefinition).

use std::sync::Arc;

use crate::node::Node;

/// One element of a structure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    /// Path with the names of slices: `Patient.name:official.given`.
    pub id: String,
    /// Path without the names of slices: `Patient.name.given`; choices keep `[x]`.
    pub path: String,
    /// The slice that the element begins: `official`; `official/first` is a slice of a slice.
    pub slice: Option<String>,
    /// How often it must occur.
    pub min: u32,
    /// How often it may occur; `None` is any number, `Some(0)` forbids it.
    pub max: Option<u32>,
    /// Is it a list in JSON? Decided by the base type, so a profile's 0..1 does not change it.
    pub is_list: bool,
    /// The types it may have; none for the root and for content references.
    pub types: Vec<Type>,
    /// `#Bundle.link`: the rules are those of another element of the structure.
    pub content_reference: Option<String>,
    /// The value is exactly this.
    pub fixed: Option<Node>,
    /// The value has at least this.
    pub pattern: Option<Node>,
    /// The codes it may have.
    pub binding: Option<Binding>,
    /// How its repetitions, or types, divide into slices.
    pub slicing: Option<Slicing>,
    /// Invariants, evaluated with the element as focus.
    pub constraints: Vec<Arc<Constraint>>,
    /// Does it change the meaning of what surrounds it?
    pub is_modifier: bool,
    /// Is it part of `_summary=true`?
    pub is_summary: bool,
    /// Longest text in characters.
    pub max_length: Option<u32>,
    /// The text matches this regular expression as a whole.
    pub regex: Option<String>,
    /// Least value allowed.
    pub min_value: Option<Node>,
    /// Greatest value allowed.
    pub max_value: Option<Node>,
}

impl Element {
    /// The last part of the path, without `[x]`: `given` of `Patient.name.given`.
    pub fn name(&self) -> &str {
        let last = self.path.rsplit('.').next().unwrap_or(&self.path);
        last.strip_suffix("[x]").unwrap_or(last)
    }

    /// Does the name in a document carry the type, as `valueString` for `value[x]`?
    pub fn is_choice(&self) -> bool {
        self.path.ends_with("[x]")
    }

    /// May the element not occur?
    pub fn is_forbidden(&self) -> bool {
        self.max == Some(0)
    }

    /// The type with this code.
    pub fn type_named(&self, code: &str) -> Option<&Type> {
        self.types.iter().find(|t| t.code == code)
    }

    /// The type whose capitalised code is `suffix`: `String` of `valueString`.
    pub fn type_with_suffix(&self, suffix: &str) -> Option<&Type> {
        self.types.iter().find(|t| is_capitalised(&t.code, suffix))
    }
}

/// Is `suffix` the code with its first letter in upper case?
fn is_capitalised(code: &str, suffix: &str) -> bool {
    let (mut code, mut suffix) = (code.chars(), suffix.chars());
    let first = code.next().map(|c| c.to_ascii_uppercase());
    first.is_some() && first == suffix.next() && code.as_str() == suffix.as_str()
}

/// One type that an element may have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Type {
    /// Name of the type: `HumanName`; `System.String` for the value inside a primitive.
    pub code: String,
    /// Canonical URLs of profiles; one of them must be met.
    pub profiles: Vec<String>,
    /// Canonical URLs of what a Reference or canonical may point at; empty is anything.
    pub targets: Vec<String>,
}

/// The codes an element may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// How binding it is.
    pub strength: Strength,
    /// Canonical URL of the value set; a few bindings have none.
    pub value_set: Option<String>,
    /// Canonical URL of the value set that not even an extensible binding may leave.
    pub max_value_set: Option<String>,
}

/// How binding a value set is (FHIR R4, 4.1.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// For illustration.
    Example,
    /// Recommended.
    Preferred,
    /// To be used when a code of it fits.
    Extensible,
    /// No other code is allowed.
    Required,
}

impl Strength {
    /// The code of R4.
    pub fn code(self) -> &'static str {
        match self {
            Strength::Example => "example",
            Strength::Preferred => "preferred",
            Strength::Extensible => "extensible",
            Strength::Required => "required",
        }
    }

    /// The strength with this code.
    pub fn from_code(code: &str) -> Option<Strength> {
        [Strength::Example, Strength::Preferred, Strength::Extensible, Strength::Required]
            .into_iter()
            .find(|strength| strength.code() == code)
    }
}

/// How the repetitions or types of an element divide into slices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slicing {
    /// What tells the slices apart; none means that only a person can.
    pub discriminators: Vec<Discriminator>,
    /// What about values that fall in no slice?
    pub rules: SlicingRules,
    /// Must the values stand in the order of the slices?
    pub is_ordered: bool,
}

/// One thing that tells slices apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discriminator {
    /// What is looked at.
    pub kind: DiscriminatorKind,
    /// Simple FHIRPath from the sliced element; `$this` is the element itself.
    pub path: String,
}

/// What a discriminator looks at (FHIR R4, 5.1.0.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiscriminatorKind {
    /// The value: fixed, pattern or required binding.
    Value,
    /// Whether something is there.
    Exists,
    /// The pattern; in R4 the same as `Value`.
    Pattern,
    /// The type.
    Type,
    /// Conformance to a profile.
    Profile,
}

impl DiscriminatorKind {
    /// The code of R4.
    pub fn code(self) -> &'static str {
        match self {
            DiscriminatorKind::Value => "value",
            DiscriminatorKind::Exists => "exists",
            DiscriminatorKind::Pattern => "pattern",
            DiscriminatorKind::Type => "type",
            DiscriminatorKind::Profile => "profile",
        }
    }

    /// The kind with this code.
    pub fn from_code(code: &str) -> Option<DiscriminatorKind> {
        use DiscriminatorKind::{Exists, Pattern, Profile, Type, Value};
        [Value, Exists, Pattern, Type, Profile].into_iter().find(|kind| kind.code() == code)
    }
}

/// What about values that fall in no slice (FHIR R4, ElementDefinition.slicing.rules).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlicingRules {
    /// They are allowed.
    Open,
    /// They are allowed after the slices.
    OpenAtEnd,
    /// They are refused.
    Closed,
}

impl SlicingRules {
    /// The code of R4.
    pub fn code(self) -> &'static str {
        match self {
            SlicingRules::Open => "open",
            SlicingRules::OpenAtEnd => "openAtEnd",
            SlicingRules::Closed => "closed",
        }
    }

    /// The rules with this code.
    pub fn from_code(code: &str) -> Option<SlicingRules> {
        use SlicingRules::{Closed, Open, OpenAtEnd};
        [Open, OpenAtEnd, Closed].into_iter().find(|rules| rules.code() == code)
    }
}

/// One invariant. Elements share it, so its address tells two apart cheaply.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Constraint {
    /// Short name, unique within a structure: `pat-1`.
    pub key: String,
    /// What breaking it means.
    pub severity: Severity,
    /// Advice only, so a validator may stay silent about it.
    pub is_best_practice: bool,
    /// The rule in words.
    pub human: String,
    /// The rule in FHIRPath; without it only a person can check.
    pub expression: Option<String>,
}

/// What breaking an invariant means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Severity {
    /// The resource is not valid.
    Error,
    /// The resource is valid, and something is odd.
    Warning,
}

impl Severity {
    /// The code of R4.
    pub fn code(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }

    /// The severity with this code.
    pub fn from_code(code: &str) -> Option<Severity> {
        [Severity::Error, Severity::Warning].into_iter().find(|severity| severity.code() == code)
    }
}
