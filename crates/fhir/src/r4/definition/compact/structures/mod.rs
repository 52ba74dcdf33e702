//! The table of structures: first the constraints that they share (`!`), then each structure
//! (`=`) and its elements. Path and slice of an element follow from its id.

mod element;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use super::{Line, lines, long_url, push_line, short_url};
use crate::r4::definition::{
    Constraint, Context, ContextKind, DefinitionError, Derivation, Element, Kind, Severity,
    Structure,
};

const CONSTRAINT: &str = "!";
const STRUCTURE: &str = "=";

/// Names in the table for constraints. Where two differ under one key, the second is `key~2`.
type Names<'a> = HashMap<&'a Constraint, String>;

/// Writes the table.
pub fn write_structures(structures: &[Structure]) -> String {
    let mut out = String::from(
        "# !: name, severity, advice when it is best practice, words, FHIRPath\n\
         # =: url, version, name, kind, type, base, derivation, abstract, contexts\n\
         # element: id, cardinality, types with targets in () and profiles in {}, and more by name\n",
    );
    let constraints = structures
        .iter()
        .flat_map(Structure::elements)
        .flat_map(|element| &element.constraints)
        .map(|shared| &**shared);
    let mut names: Names = HashMap::new();
    let mut taken: HashMap<&str, u32> = HashMap::new();
    for constraint in constraints {
        if names.contains_key(constraint) {
            continue;
        }
        let times = taken.entry(&constraint.key).and_modify(|times| *times += 1).or_insert(1);
        let name = match *times {
            1 => constraint.key.clone(),
            times => format!("{}~{times}", constraint.key),
        };
        push_line(
            &mut out,
            [
                Cow::Borrowed(CONSTRAINT),
                Cow::Borrowed(name.as_str()),
                Cow::Borrowed(constraint.severity.code()),
                Cow::Borrowed(if constraint.is_best_practice { "advice" } else { "" }),
                Cow::Borrowed(&constraint.human),
                Cow::Borrowed(constraint.expression.as_deref().unwrap_or_default()),
            ],
        );
        names.insert(constraint, name);
    }
    for structure in structures {
        let contexts = structure.context.iter();
        let mut fields = vec![
            Cow::Borrowed(STRUCTURE),
            short_url(&structure.url),
            Cow::Borrowed(structure.version.as_deref().unwrap_or_default()),
            Cow::Borrowed(&structure.name),
            Cow::Borrowed(structure.kind.code()),
            Cow::Borrowed(&structure.type_name),
            short_url(structure.base.as_deref().unwrap_or_default()),
            Cow::Borrowed(structure.derivation.code()),
            Cow::Borrowed(if structure.is_abstract { "abstract" } else { "" }),
        ];
        fields.extend(contexts.map(|c| Cow::Owned(format!("{}={}", c.kind.code(), c.expression))));
        push_line(&mut out, fields);
        for element in structure.elements() {
            element::write(element, &names, &mut out);
        }
    }
    out
}

/// Reads the table.
pub fn read_structures(text: &str) -> Result<Vec<Structure>, DefinitionError> {
    let mut constraints: HashMap<String, Arc<Constraint>> = HashMap::new();
    let mut structures: Vec<Structure> = Vec::new();
    let mut elements: Vec<Element> = Vec::new();
    for mut line in lines(text) {
        match line.raw("the kind of line")? {
            CONSTRAINT => {
                let (name, constraint) = read_constraint(&mut line)?;
                constraints.insert(name, Arc::new(constraint));
            }
            STRUCTURE => {
                finish(&mut structures, std::mem::take(&mut elements));
                structures.push(read_structure(&mut line)?);
            }
            id => elements.push(element::read(id, &mut line, &constraints)?),
        }
    }
    finish(&mut structures, elements);
    Ok(structures)
}

/// Gives the last structure its elements.
fn finish(structures: &mut Vec<Structure>, elements: Vec<Element>) {
    if let Some(last) = structures.pop() {
        structures.push(last.with_elements(elements));
    }
}

fn read_constraint(line: &mut Line) -> Result<(String, Constraint), DefinitionError> {
    let name = line.text("the name")?;
    let constraint = Constraint {
        key: name.split('~').next().unwrap_or(&name).to_owned(),
        severity: line.code("the severity", Severity::from_code)?,
        is_best_practice: line.raw("advice or nothing")? == "advice",
        human: line.text("the rule in words")?,
        expression: line.optional("the expression")?,
    };
    Ok((name, constraint))
}

fn read_structure(line: &mut Line) -> Result<Structure, DefinitionError> {
    let url = line.url("the URL")?;
    let version = line.optional("the version")?;
    let name = line.text("the name")?;
    let kind = line.code("the kind", Kind::from_code)?;
    let mut structure = Structure::new(&url, kind, &line.text("the type")?);
    structure.version = version;
    structure.name = name;
    structure.base = line.optional("the base")?.map(|base| long_url(&base));
    structure.derivation = line.code("the derivation", Derivation::from_code)?;
    structure.is_abstract = line.raw("abstract or nothing")? == "abstract";
    for field in line.fields.by_ref().map(super::plain).collect::<Vec<_>>() {
        let context = field.split_once('=').and_then(|(kind, expression)| {
            let kind = ContextKind::from_code(kind)?;
            Some(Context { kind, expression: expression.to_owned() })
        });
        structure.context.push(context.ok_or_else(|| line.wrong("a context is unknown"))?);
    }
    Ok(structure)
}
