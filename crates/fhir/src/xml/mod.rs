//! What every FHIR version needs of XML: a strict reading cursor with namespaces, characters and
//! escapes, and XHTML fragments that are kept as text.

pub(crate) mod attributes;
pub(crate) mod characters;
pub(crate) mod cursor;
pub(crate) mod name;
pub(crate) mod xhtml;

/// Namespace of FHIR resources.
pub(crate) const FHIR: &str = "http://hl7.org/fhir";
/// Namespace of feeds.
pub(crate) const ATOM: &str = "http://www.w3.org/2005/Atom";
/// Namespace of narratives.
pub(crate) const XHTML: &str = "http://www.w3.org/1999/xhtml";
/// Namespace of `totalResults`.
pub(crate) const OPEN_SEARCH: &str = "http://a9.com/-/spec/opensearch/1.1/";
/// Schema hints (`xsi:schemaLocation`), which carry no data.
const SCHEMA_INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// A namespace, told apart once where it is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Namespace {
    None,
    Fhir,
    Atom,
    Xhtml,
    OpenSearch,
    SchemaInstance,
    Other,
}

impl Namespace {
    fn of(url: &str) -> Namespace {
        match url {
            "" => Namespace::None,
            FHIR => Namespace::Fhir,
            ATOM => Namespace::Atom,
            XHTML => Namespace::Xhtml,
            OPEN_SEARCH => Namespace::OpenSearch,
            SCHEMA_INSTANCE => Namespace::SchemaInstance,
            _ => Namespace::Other,
        }
    }
}
