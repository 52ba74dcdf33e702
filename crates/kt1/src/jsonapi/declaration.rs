//! What a type of the Support API is, as data: its attributes and relationships,
//! what may be written when, and who may do what (kt13-around 3.1 and 3.4).

use koppeltaal_core::administrator::Role;

/// The values of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text without control characters.
    Text,
    /// A text in which lines may end.
    Lines,
    /// A mail address.
    Email,
    /// A whole number that is not negative.
    Number,
    /// `true` or `false`.
    Flag,
    /// A moment; read-only.
    Time,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A list of these words.
    Words(&'static [&'static str]),
}

/// When an attribute or relationship may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Needed at creation, and may change.
    Required,
    /// May be there.
    Optional,
    /// Needed at creation, and never changes (409).
    Fixed,
    /// May be given at creation, and never changes (409).
    FixedOptional,
    /// May not be given at creation, and may change.
    Later,
    /// The server's alone.
    ReadOnly,
}

impl Rule {
    /// Whether a new resource must have it.
    pub fn is_required(self) -> bool {
        matches!(self, Self::Required | Self::Fixed)
    }
}

/// An attribute of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attribute {
    /// Its name.
    pub name: &'static str,
    /// Its values.
    pub kind: Kind,
    /// The most characters of a text.
    pub most: usize,
    /// When it may be written.
    pub rule: Rule,
    /// Whether lists can be filtered and sorted by it.
    pub filterable: bool,
    /// Whether it is never shown.
    pub secret: bool,
}

impl Attribute {
    /// An optional attribute.
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, most: 200, rule: Rule::Optional, filterable: true, secret: false }
    }

    /// An optional text of at most `most` characters.
    pub const fn text(name: &'static str, most: usize) -> Self {
        Self { most, ..Self::new(name, Kind::Text) }
    }

    /// The same under another rule.
    pub const fn rule(self, rule: Rule) -> Self {
        Self { rule, ..self }
    }

    /// The same, the server's alone.
    pub const fn read_only(self) -> Self {
        self.rule(Rule::ReadOnly)
    }

    /// The same, written and never read.
    pub const fn secret(self) -> Self {
        Self { secret: true, filterable: false, ..self }
    }

    /// The same, by which no list can be filtered.
    pub const fn unfilterable(self) -> Self {
        Self { filterable: false, ..self }
    }
}

/// A relationship of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relationship {
    /// Its name.
    pub name: &'static str,
    /// The name of the type it leads to.
    pub to: &'static str,
    /// When it may be written.
    pub rule: Rule,
    /// Whether it leads to several.
    pub many: bool,
}

impl Relationship {
    /// A relationship to one resource.
    pub const fn one(name: &'static str, to: &'static str, rule: Rule) -> Self {
        Self { name, to, rule, many: false }
    }

    /// A relationship to several.
    pub const fn many(name: &'static str, to: &'static str, rule: Rule) -> Self {
        Self { name, to, rule, many: true }
    }
}

/// Which administrators may do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// The operation is not served for this type (405).
    Nobody,
    /// Of the whole server.
    System,
    /// Those, and of domains.
    DomainToo,
    /// System administrators, and those of applications.
    ApplicationToo,
    /// Every administrator.
    Every,
    /// Everybody, with or without an account.
    Anyone,
}

impl Who {
    /// Whether an administrator of this role is among them.
    pub fn includes(self, role: Role) -> bool {
        match self {
            Self::Nobody => false,
            Self::System => role == Role::System,
            Self::DomainToo => matches!(role, Role::System | Role::Domain),
            Self::ApplicationToo => matches!(role, Role::System | Role::Application),
            Self::Every | Self::Anyone => true,
        }
    }
}

/// Who may do what with a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operations {
    /// GET.
    pub read: Who,
    /// POST.
    pub create: Who,
    /// PATCH.
    pub update: Who,
    /// DELETE.
    pub delete: Who,
}

impl Operations {
    /// Read by these, and changed by nobody.
    pub const fn read_only(read: Who) -> Self {
        Self { read, create: Who::Nobody, update: Who::Nobody, delete: Who::Nobody }
    }
}

/// A type.
#[derive(Debug, PartialEq, Eq)]
pub struct Declaration {
    /// Its name in paths and documents.
    pub name: &'static str,
    /// Its attributes, in the order of documents.
    pub attributes: &'static [Attribute],
    /// Its relationships.
    pub relationships: &'static [Relationship],
    /// Who may do what.
    pub operations: Operations,
}

impl Declaration {
    /// The attribute with this name.
    pub fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// The relationship with this name.
    pub fn relationship(&self, name: &str) -> Option<&'static Relationship> {
        self.relationships.iter().find(|relationship| relationship.name == name)
    }
}
