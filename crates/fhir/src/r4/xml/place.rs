//! Where the children of an element are defined, and what that says about their form in XML and
//! JSON (FHIR R4, "XML Representation of Resources" and "JSON Representation of Resources").

use crate::r4::definition::{Definitions, Derivation, Kind as StructureKind, Structure};
use crate::xml::name;

/// Order of an element that has no definition: after those that have one.
const LAST: usize = usize::MAX;

/// Where the children and attributes of an element are defined.
#[derive(Clone, Copy)]
pub(super) struct Place<'d> {
    definitions: &'d Definitions,
    /// None inside of primitives, where it is seldom needed, and where nothing is known.
    structure: Option<&'d Structure>,
    at: usize,
    form: Form,
}

/// Which attributes an element has of its own.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    /// None: the id of a resource is an element.
    Resource,
    /// `id`.
    Complex,
    /// `id` and `url`.
    Extension,
    /// `id` and `value`, and children as every element has them.
    Primitive,
    /// `id` and `value`, and children as most elements have them.
    Unknown,
}

/// What an element holds.
#[derive(Clone, Copy)]
pub(super) enum Kind<'d> {
    /// `true` or `false` in JSON.
    Boolean,
    /// A number in JSON.
    Number,
    /// A text in JSON.
    Text,
    /// The `div` of a narrative.
    Xhtml,
    /// A wrapper around one resource.
    Resource,
    /// Children that are defined there.
    Complex(Place<'d>),
    /// There is no definition.
    Unknown,
}

/// An element as its parent has it.
#[derive(Clone, Copy)]
pub(super) struct Child<'d> {
    pub(super) kind: Kind<'d>,
    /// Is it a list in JSON?
    pub(super) is_list: bool,
    /// Rank among its siblings in XML.
    pub(super) order: usize,
}

/// What an attribute becomes.
pub(super) enum Attribute {
    /// The value of a primitive.
    Value,
    /// The member with the same name.
    Member,
    /// Nothing that FHIR has; a member with `@` before its name.
    Unknown,
}

impl<'d> Place<'d> {
    /// The inside of a resource; of an unknown type what all resources have.
    pub(super) fn of_resource(definitions: &'d Definitions, resource_type: &str) -> Self {
        let own = definitions.structure(resource_type).filter(|structure| {
            structure.kind == StructureKind::Resource
                && structure.derivation == Derivation::Specialization
                && structure.type_name == resource_type
        });
        let structure = own.or_else(|| definitions.structure("DomainResource"));
        Place { definitions, structure, at: 0, form: Form::Resource }
    }

    /// The inside of a primitive: id and extensions.
    pub(super) fn inside_primitive(self) -> Self {
        Place { structure: None, at: 0, form: Form::Primitive, ..self }
    }

    /// The inside of an element without definition: what most elements have.
    pub(super) fn inside_unknown(self) -> Self {
        Place { structure: None, at: 0, form: Form::Unknown, ..self }
    }

    /// The definitions.
    pub(super) fn definitions(self) -> &'d Definitions {
        self.definitions
    }

    /// Is it the inside of a resource?
    pub(super) fn is_resource(self) -> bool {
        self.form == Form::Resource
    }

    /// What the attribute `name`, without prefix, becomes.
    pub(super) fn attribute(self, name: &str) -> Attribute {
        match (name, self.form) {
            (_, Form::Resource) => Attribute::Unknown,
            ("id", _) | ("url", Form::Extension) => Attribute::Member,
            ("value", Form::Primitive | Form::Unknown) => Attribute::Value,
            _ => Attribute::Unknown,
        }
    }

    /// Is this member an attribute and never an element?
    pub(super) fn is_attribute(self, member: &str) -> bool {
        member.starts_with('@') || matches!(self.attribute(member), Attribute::Member)
    }

    /// The attribute, unknown to FHIR, that is kept as this member.
    pub(super) fn kept_attribute(self, member: &str) -> Option<&str> {
        let name = member.strip_prefix('@')?;
        let is_unknown = matches!(self.attribute(name), Attribute::Unknown);
        (is_unknown && name != "xmlns" && is_element(name)).then_some(name)
    }

    /// The child that both formats call `name`; choices carry their type: `valueQuantity`.
    pub(super) fn child(self, name: &str) -> Child<'d> {
        const UNKNOWN: Child<'static> = Child { kind: Kind::Unknown, is_list: false, order: LAST };
        let structure = self.structure.or_else(|| match self.form {
            Form::Primitive => self.definitions.structure("Element"),
            Form::Unknown => self.definitions.structure("BackboneElement"),
            _ => None,
        });
        let Some(structure) = structure else { return UNKNOWN };
        let Some((at, choice)) = structure.child(self.at, name) else { return UNKNOWN };
        let Some(element) = structure.element(at) else { return UNKNOWN };
        let content = structure.content(at).unwrap_or(at);
        // The structure spells the children of a backbone out; a data type has its own.
        let kind = if structure.has_children(content) {
            Kind::Complex(Place {
                structure: Some(structure),
                at: content,
                form: Form::Complex,
                ..self
            })
        } else {
            let code = choice.or_else(|| element.types.first()).map_or("", |one| &one.code);
            self.kind_of(code)
        };
        Child { kind, is_list: element.is_list, order: at }
    }

    fn kind_of(self, code: &str) -> Kind<'d> {
        match code {
            "boolean" => return Kind::Boolean,
            "decimal" | "integer" | "positiveInt" | "unsignedInt" => return Kind::Number,
            "xhtml" => return Kind::Xhtml,
            // The types of FHIRPath, which some ids and URLs have.
            _ if code.starts_with("System.") => return Kind::Text,
            _ => {}
        }
        let Some(structure) = self.definitions.structure(code) else { return Kind::Unknown };
        match structure.kind {
            StructureKind::Primitive => Kind::Text,
            StructureKind::Resource => Kind::Resource,
            StructureKind::ComplexType | StructureKind::Logical => {
                let is_extension = structure.type_name == "Extension";
                let form = if is_extension { Form::Extension } else { Form::Complex };
                Kind::Complex(Place { structure: Some(structure), at: 0, form, ..self })
            }
        }
    }
}

/// May an element, or an attribute that FHIR does not have, be called so? A name that starts with
/// an underscore would be a companion in JSON.
pub(super) fn is_element(name: &str) -> bool {
    !name.starts_with('_') && name::is_name(name)
}
