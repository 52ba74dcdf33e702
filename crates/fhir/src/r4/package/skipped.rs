//! What a package holds and the service does not take, for the operator who installs it.

use std::fmt;

use crate::error::ParseError;
use crate::r4::definition::DefinitionError;

/// A file that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Its name in the package.
    pub file: String,
    /// Why.
    pub reason: Reason,
}

/// Why a file was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// It lies in a folder of the package, where examples and documentation are.
    InFolder,
    /// It is no JSON by its name.
    NotJson,
    /// It cannot be read.
    Unreadable(ParseError),
    /// It holds a resource of another type, or none.
    NoDefinition(Option<String>),
    /// It is for another version of FHIR.
    OtherFhir(String),
    /// It has no snapshot, and none is made here.
    NoSnapshot,
    /// It defines nothing.
    Refused(DefinitionError),
    /// Its FHIRPath cannot be read; the words say why.
    Expression(String),
    /// Another file defines the same URL.
    Duplicate(String),
    /// It would change a type of R4 itself.
    PartOfR4(String),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::InFolder => f.write_str("It is not in the main folder of the package."),
            Reason::NotJson => f.write_str("It is no JSON file."),
            Reason::Unreadable(error) => error.fmt(f),
            Reason::NoDefinition(Some(name)) => write!(f, "A {name} defines nothing used here."),
            Reason::NoDefinition(None) => f.write_str("It holds no resource."),
            Reason::OtherFhir(version) => write!(f, "It is for FHIR {version}, not for 4.0."),
            Reason::NoSnapshot => f.write_str("It has no snapshot."),
            Reason::Refused(error) => error.fmt(f),
            Reason::Expression(why) => write!(f, "Its expression cannot be read: {why}"),
            Reason::Duplicate(url) => write!(f, "The package defines {url} twice."),
            Reason::PartOfR4(url) => write!(f, "{url} is part of FHIR R4 and stays as it is."),
        }
    }
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.reason)
    }
}
