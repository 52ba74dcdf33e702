//! What is wrong with a resource, one issue per problem (FHIR R4, OperationOutcome.issue).

/// How bad an issue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Nothing is wrong; something could not be checked.
    Information,
    /// The resource is valid, and something is odd.
    Warning,
    /// The resource is not valid.
    Error,
}

impl Severity {
    /// The code of `http://hl7.org/fhir/issue-severity`.
    pub fn code(self) -> &'static str {
        match self {
            Severity::Information => "information",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// What kind of problem it is: the codes of `http://hl7.org/fhir/issue-type` that occur here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IssueType {
    /// The form of the document is wrong, or an element is unknown or not allowed.
    Structure,
    /// An element is missing.
    Required,
    /// A value is wrong.
    Value,
    /// A rule of the definition (FHIRPath) does not hold.
    Invariant,
    /// A code is not one of those allowed.
    CodeInvalid,
    /// An extension is unknown where it must be known, or stands in the wrong place.
    Extension,
    /// Something that is referred to is not known.
    NotFound,
    /// A text is too long.
    TooLong,
    /// Something could not be checked here.
    NotSupported,
    /// There was too much to check.
    TooCostly,
}

impl IssueType {
    /// The code of R4.
    pub fn code(self) -> &'static str {
        match self {
            IssueType::Structure => "structure",
            IssueType::Required => "required",
            IssueType::Value => "value",
            IssueType::Invariant => "invariant",
            IssueType::CodeInvalid => "code-invalid",
            IssueType::Extension => "extension",
            IssueType::NotFound => "not-found",
            IssueType::TooLong => "too-long",
            IssueType::NotSupported => "not-supported",
            IssueType::TooCostly => "too-costly",
        }
    }
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Issue {
    /// How bad it is.
    pub severity: Severity,
    /// What kind of problem it is.
    pub code: IssueType,
    /// Where, as simple FHIRPath: `Patient.name[0].given[1]`.
    pub expression: String,
    /// A sentence for people that names element and rule; it quotes no personal data beyond codes.
    pub details: String,
    /// The rule: `url-of-structure#element`, the key of an invariant, or the name of a type.
    pub rule: String,
}

/// All that was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The problems, in the order in which they were met.
    pub issues: Vec<Issue>,
}

impl Report {
    /// Is there no error?
    pub fn is_valid(&self) -> bool {
        self.errors().next().is_none()
    }

    /// The errors.
    pub fn errors(&self) -> impl Iterator<Item = &Issue> {
        self.issues.iter().filter(|issue| issue.severity == Severity::Error)
    }
}
