//! What a search asks, in plain types between the face that reads the query and
//! the store that answers it: every searchable value of a resource is one
//! [`IndexRow`], and a [`Condition`] speaks of rows (FHIR R4, "Search").

use crate::clock::Timestamp;

/// One searchable value of a resource. Whatever its kind, it is text in an order
/// that bytes keep, and a number that narrows it (a hash of the system of a
/// token, the other end of a period).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IndexRow {
    /// The number of the parameter, which stands for a resource type and a code.
    pub parameter: i64,
    /// The value.
    pub value: String,
    /// What narrows it; 0 when nothing does.
    pub qualifier: i64,
}

/// The words of a resource, for `_text` and `_content`: folded, each once,
/// sorted, with a space before, between and after them; empty when there are none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Words {
    /// Those of the narrative.
    pub narrative: String,
    /// Those of every text, the narrative too.
    pub content: String,
}

/// A test of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    /// The parameter of the row.
    pub parameter: i64,
    /// What its value must be.
    pub value: Values,
    /// What its qualifier must be.
    pub qualifier: Qualifier,
}

/// The values that a test accepts. Texts compare by their bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Values {
    /// Every value: is there a row at all?
    Any,
    /// This one.
    Is(String),
    /// Those between two ends, of which at least one is given.
    Between {
        /// The lower end.
        from: Option<End>,
        /// The upper end.
        to: Option<End>,
    },
    /// Those that hold this text.
    Containing(String),
}

/// An end of a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// The value.
    pub value: String,
    /// Whether the value itself is in the range.
    pub is_included: bool,
}

/// The qualifiers that a test accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Qualifier {
    /// Every one.
    Any,
    /// This one.
    Is(i64),
    /// This one and smaller ones.
    AtMost(i64),
    /// This one and greater ones.
    AtLeast(i64),
}

/// A span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Its first moment; absent: since ever.
    pub from: Option<Timestamp>,
    /// The first moment after it; absent: for ever.
    pub until: Option<Timestamp>,
}

/// Where words are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the narrative (`_text`).
    Narrative,
    /// Everywhere (`_content`).
    Content,
}

/// What a resource must meet. Several conditions are all to be met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// A row of it passes one of these tests; with no tests nothing meets it.
    AnyOf(Vec<Test>),
    /// It does not meet this.
    Not(Box<Condition>),
    /// Its logical id is one of these.
    Id(Vec<String>),
    /// It comes from one of these Devices (their ids), however many.
    Origin(Vec<String>),
    /// Its current version is of one of these spans.
    Updated(Vec<Span>),
    /// It holds each of these words, which are folded.
    Words(Place, Vec<String>),
    /// A reference of it leads to a resource of this domain that meets one of
    /// these (a chain).
    RefersTo {
        /// The parameter of the reference.
        parameter: i64,
        /// Where it may lead.
        targets: Vec<Target>,
    },
    /// A resource of this domain that meets this refers to it (`_has`).
    ReferredBy {
        /// The resource that refers.
        source: Target,
        /// The parameter of its reference.
        parameter: i64,
    },
}

/// A resource type and what a resource of it must meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The type.
    pub resource_type: String,
    /// All of these.
    pub conditions: Vec<Condition>,
}

/// One key of the order of results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortKey {
    /// What is sorted by.
    pub by: SortBy,
    /// Whether the greatest comes first.
    pub is_descending: bool,
}

/// What results are sorted by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SortBy {
    /// The time of the current version.
    Updated,
    /// The logical id.
    Id,
    /// A parameter, whose values are the rows of all these numbers: by its smallest
    /// value upwards, by its greatest downwards; what has none comes last.
    Parameter(Vec<i64>),
}

/// Who finds the searchable values of a resource, for those parts of the store
/// that write resources of their own accord (Devices).
pub trait Indexer: Send + Sync {
    /// The rows of a resource of this domain, sorted, each once, and its words, from
    /// its JSON.
    fn index(&self, domain: i64, json: &str) -> (Vec<IndexRow>, Words);
}
