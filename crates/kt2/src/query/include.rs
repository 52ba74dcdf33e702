//! `_include` and `_revinclude`: what comes with the results (FHIR R4, Search,
//! 3.1.1.5.4). An extension of this server: the standard of Koppeltaal leaves
//! them out because of access, which here is decided for each included resource.

use koppeltaal_fhir::r4::definition::SearchKind;
use koppeltaal_fhir::r4::search::Parameter;

use super::Context;
use super::chain::targets;
use super::reader::parameter;
use super::value::shown;
use crate::kind;
use crate::outcome::Issue;

/// References to follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Include {
    /// The type that refers.
    pub source: String,
    /// The numbers of the parameters of its references.
    pub parameters: Vec<i64>,
    /// The one type that they may lead to.
    pub target: Option<String>,
    /// Whether what was included is followed too.
    pub is_iterated: bool,
}

/// Reads `_include=Type:reference[:Target]`, `_include=*` or `_include=Type:*`.
pub fn parse(
    resource_type: &str,
    name: &str,
    value: &str,
    context: &Context<'_>,
) -> Result<Include, Issue> {
    let is_iterated = iterated(name)?;
    let value = if value == "*" { format!("{resource_type}:*") } else { value.to_owned() };
    read(name, &value, is_iterated, context)
}

/// Reads `_revinclude=Type:reference[:Target]`.
pub fn parse_reverse(
    resource_type: &str,
    name: &str,
    value: &str,
    context: &Context<'_>,
) -> Result<Include, Issue> {
    let is_iterated = iterated(name)?;
    let include = read(name, value, is_iterated, context)?;
    let target = include.target.as_deref().unwrap_or(resource_type);
    if !is_iterated && target != resource_type {
        return Err(bad(name, value));
    }
    Ok(include)
}

fn iterated(name: &str) -> Result<bool, Issue> {
    match name.split_once(':') {
        None => Ok(false),
        Some((_, "iterate" | "recurse")) => Ok(true),
        Some((code, modifier)) => {
            let told = format!("Modifier `:{}` does not go with `{code}`.", shown(modifier));
            Err(Issue::error("not-supported", told))
        }
    }
}

fn read(
    name: &str,
    value: &str,
    is_iterated: bool,
    context: &Context<'_>,
) -> Result<Include, Issue> {
    let parts: Vec<&str> = value.split(':').collect();
    let (source, code, target) = match parts.as_slice() {
        [source, code] => (*source, *code, None),
        [source, code, target] => (*source, *code, Some(*target)),
        _ => return Err(bad(name, value)),
    };
    let source = kind::named(source).ok_or_else(|| bad(name, value))?;
    let parameters: Vec<i64> = match code {
        "*" => {
            let all = context.catalog.parameters.for_type(source);
            all.filter(|one| one.definition().kind == SearchKind::Reference && one.has_rows())
                .map(Parameter::number)
                .collect()
        }
        code => {
            let known = parameter(context, source, code);
            let known = known.filter(|one| one.definition().kind == SearchKind::Reference);
            let known = known.ok_or_else(|| bad(name, value))?;
            if target.is_some_and(|target| !targets(known).any(|one| one == target)) {
                return Err(bad(name, value));
            }
            vec![known.number()]
        }
    };
    let target = match target {
        Some(target) => Some(kind::named(target).ok_or_else(|| bad(name, value))?.to_owned()),
        None => None,
    };
    Ok(Include { source: source.to_owned(), parameters, target, is_iterated })
}

fn bad(name: &str, value: &str) -> Issue {
    let code = name.split(':').next().unwrap_or_default();
    let told = format!(
        "`{}` is no value for `{code}`: give `Type:reference` or `Type:reference:Target`, where \
         reference is a search parameter of the type that leads there.",
        shown(value)
    );
    Issue::error("value", told)
}
