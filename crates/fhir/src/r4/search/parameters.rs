//! The search parameters of all types of a set of definitions, compiled.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::check::Unusable;
use super::covers::{Cover, covers, is_core};
use super::key::parameter_number;
use super::parameter::Parameter;
use super::references::Place;
use crate::r4::definition::{Definitions, Derivation, Kind, SearchKind, SearchParameter};
use crate::r4::profile::koppeltaal;

/// The parameter under which references stand that no built-in parameter of their type has.
const OTHER_REFERENCES: &str = "_reference";

/// References that do not hold what they refer to: an audit event may tell of what is gone.
const FREE: (&str, [&str; 2]) = ("AuditEvent", ["entity", "patient"]);

/// Compiled search parameters.
#[derive(Debug, Default)]
pub struct Parameters {
    types: HashMap<String, OfType>,
    unusable: Vec<UnusableParameter>,
}

#[derive(Debug, Default)]
struct OfType {
    parameters: Vec<Parameter>,
    covers: Vec<Cover>,
    held: Held,
}

/// The references of a type that hold what they refer to. Where they stand is the same for all
/// definitions: a parameter that a domain brings comes and goes, and no reference may be lost on
/// the way.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// The number of references that no built-in parameter has.
    pub(super) other: i64,
    /// The numbers of the built-in reference parameters of the type.
    pub(super) numbers: Vec<i64>,
}

/// Is a reference at this place of a resource of this type without influence on what it refers to?
pub(super) fn is_free(resource_type: &str, place: &Place<'_>) -> bool {
    resource_type == FREE.0 && place.is("what", "entity")
}

impl Held {
    fn of(resource_type: &str) -> Held {
        let is_held = |definition: &&SearchParameter| {
            let is_free = resource_type == FREE.0 && FREE.1.contains(&&*definition.code);
            definition.kind == SearchKind::Reference && !is_free
        };
        let mut built_in: Vec<&SearchParameter> = Vec::new();
        for definition in koppeltaal().search_parameters(resource_type).filter(is_held) {
            // Those that find the same have one number.
            let is_same = |other: &&SearchParameter| {
                other.code == definition.code || finds_the_same(resource_type, other, definition)
            };
            if !built_in.iter().any(is_same) {
                built_in.push(definition);
            }
        }
        let number = |code: &str| parameter_number(resource_type, code);
        Held {
            other: number(OTHER_REFERENCES),
            numbers: built_in.into_iter().map(|definition| number(&definition.code)).collect(),
        }
    }
}

/// A search parameter that cannot be used for a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnusableParameter {
    /// The type of resource.
    pub resource_type: String,
    /// Canonical URL of the parameter.
    pub url: String,
    /// Its code.
    pub code: String,
    /// Why.
    pub reason: Unusable,
}

impl Parameters {
    /// Compiles the parameters of every type of resource that has a structure. What cannot be
    /// compiled is left out and told by [`Parameters::unusable`].
    pub fn new(definitions: &Definitions) -> Parameters {
        let mut names: Vec<&str> = definitions
            .structures()
            .filter(|s| s.kind == Kind::Resource && s.derivation == Derivation::Specialization)
            .filter(|s| !s.is_abstract)
            .map(|s| s.type_name.as_str())
            .collect();
        names.sort_unstable();
        names.dedup();
        let mut building = Building {
            definitions,
            shared: HashMap::new(),
            numbers: HashSet::new(),
            all: Parameters::default(),
        };
        names.into_iter().for_each(|name| building.add(name));
        building.all
    }

    /// The parameters of a type: its own, then those of all resources, each group sorted by code.
    /// A type without a structure has none.
    pub fn for_type(&self, resource_type: &str) -> impl Iterator<Item = &Parameter> {
        self.types.get(resource_type).into_iter().flat_map(|of_type| &of_type.parameters)
    }

    /// The parameter that a URL calls `code`.
    pub fn find(&self, resource_type: &str, code: &str) -> Option<&Parameter> {
        self.for_type(resource_type).find(|parameter| parameter.definition().code == code)
    }

    /// The numbers under which stands every reference of resources of these types that holds what
    /// it refers to: as long as it is there, that is not deleted. They are the same for all
    /// definitions.
    pub fn referring<'t>(&self, types: impl IntoIterator<Item = &'t str>) -> Vec<i64> {
        let found = types.into_iter().filter_map(|name| self.held(name));
        let mut numbers: Vec<i64> =
            found.flat_map(|held| held.numbers.iter().copied().chain([held.other])).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// The parameters that cannot be used, with the reason.
    pub fn unusable(&self) -> &[UnusableParameter] {
        &self.unusable
    }

    /// Which parameters do not repeat the rows of which others.
    pub(super) fn covers(&self, resource_type: &str) -> &[Cover] {
        self.types.get(resource_type).map_or(&[], |of_type| &of_type.covers)
    }

    pub(super) fn held(&self, resource_type: &str) -> Option<&Held> {
        self.types.get(resource_type).map(|of_type| &of_type.held)
    }
}

struct Building<'d> {
    definitions: &'d Definitions,
    /// Types share the definitions of what is for many of them.
    shared: HashMap<*const SearchParameter, Arc<SearchParameter>>,
    numbers: HashSet<i64>,
    all: Parameters,
}

impl<'d> Building<'d> {
    fn add(&mut self, resource_type: &str) {
        let mut of_type = OfType { held: Held::of(resource_type), ..OfType::default() };
        self.numbers.insert(of_type.held.other);
        let definitions = self.definitions;
        for definition in definitions.search_parameters(resource_type) {
            let is_known = |p: &Parameter| p.definition().code == definition.code;
            if of_type.parameters.iter().any(is_known) {
                continue;
            }
            match self.parameter(resource_type, definition, &of_type.parameters) {
                Ok(parameter) => of_type.parameters.push(parameter),
                Err(reason) => self.all.unusable.push(UnusableParameter {
                    resource_type: resource_type.to_owned(),
                    url: definition.url.clone(),
                    code: definition.code.clone(),
                    reason,
                }),
            }
        }
        of_type.covers = covers(resource_type, &of_type.parameters);
        for parameter in &mut of_type.parameters {
            let own = of_type.covers.iter().find(|cover| cover.number == parameter.number());
            own.into_iter().for_each(|cover| parameter.cover(&cover.parts));
        }
        self.all.types.insert(resource_type.to_owned(), of_type);
    }

    fn parameter(
        &mut self,
        resource_type: &str,
        definition: &'d SearchParameter,
        before: &[Parameter],
    ) -> Result<Parameter, Unusable> {
        let shared = self.shared.entry(std::ptr::from_ref(definition));
        let shared = Arc::clone(shared.or_insert_with(|| Arc::new(definition.clone())));
        let is_same =
            |other: &&Parameter| finds_the_same(resource_type, other.definition(), definition);
        if let Some(other) = before.iter().find(is_same) {
            return Ok(other.with_name(shared));
        }
        let parameter = Parameter::new(resource_type, shared, self.definitions)?;
        let numbers = parameter.numbers().all();
        if numbers.iter().any(|number| self.numbers.contains(number)) {
            return Err(Unusable::Number);
        }
        self.numbers.extend(numbers);
        Ok(parameter)
    }
}

/// Do two parameters of the standard find the same on a type, as `name` and `phonetic` do? They
/// share their rows. What a package or a domain brings has rows of its own, so that those of the
/// standard stand where they always stood.
fn finds_the_same(resource_type: &str, one: &SearchParameter, other: &SearchParameter) -> bool {
    let expression = |parameter: &SearchParameter| parameter.expression_for(resource_type);
    one.kind == other.kind
        && one.kind != SearchKind::Composite
        && expression(one).is_some()
        && expression(one) == expression(other)
        && is_core(resource_type, one)
        && is_core(resource_type, other)
}
