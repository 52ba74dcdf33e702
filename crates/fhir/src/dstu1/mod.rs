//! FHIR DSTU1 0.0.82 as Koppeltaal 1.3 uses it: bundles, resources as JSON and XML, and the parts
//! of them that a mailbox has to understand.

pub mod bundle;
pub mod canonical;
pub mod extension;
pub mod message_header;
pub mod names;
pub mod other;
pub mod outcome;
pub mod reference;
pub mod shape;

mod activity_definition;
mod feed_parse;
mod feed_render;
mod storage_item;
mod xml_parse;
mod xml_render;

pub use activity_definition::{ActivityDefinition, Registration, SubActivity, new_definition};
pub use bundle::{Bundle, BundleError, Entry, Link, Tag};
pub use outcome::{Issue, OperationOutcome, Severity};
pub use storage_item::{StorageItem, Stored};
pub use xml_parse::parse_xml;
pub use xml_render::render_xml;
