//! Profiles and extensions out of the files: which there are, and each as a structure with its
//! snapshot.

use std::collections::HashMap;
use std::sync::Arc;

use super::element_rule::ElementRule;
use super::snapshot::Snapshot;
use super::text::{Block, Line, blocks};
use crate::node::Node;
use crate::r4::definition::{
    CORE_STRUCTURE, Constraint, Context, ContextKind, DefinitionError, Definitions, Derivation,
    Severity, Structure,
};

const WORDS: [&str; 8] = ["", "name", "on", "context", "absent", "invariant", "says", "holds"];

/// Reads all profiles of the files; a profile uses only those before it inside its elements.
pub fn read(files: &[&str], core: &Definitions) -> Result<Vec<Structure>, DefinitionError> {
    let mut profiles = Vec::new();
    for file in files {
        profiles.extend(blocks(file, &["profile", "extension"])?);
    }
    let mut urls: HashMap<&str, &str> = HashMap::new();
    for profile in &profiles {
        let url = profile.head.text.split(' ').next().unwrap_or_default();
        urls.insert(url.rsplit('/').next().unwrap_or(url), url);
    }
    let url_of = |name: &str| match urls.get(name) {
        Some(url) => Some((*url).to_owned()),
        // Not every type of resource has a structure here; a reference may still name it.
        None => (core.structure(name).is_some() || core.is_resource_type(name))
            .then(|| format!("{CORE_STRUCTURE}{name}")),
    };
    let mut done: Vec<Structure> = Vec::with_capacity(profiles.len());
    for profile in &profiles {
        let structure = structure(profile, core, &done, &url_of)?;
        done.push(structure);
    }
    Ok(done)
}

fn structure(
    block: &Block,
    core: &Definitions,
    done: &[Structure],
    url_of: &impl Fn(&str) -> Option<String>,
) -> Result<Structure, DefinitionError> {
    block.allow_only(&WORDS)?;
    let is_extension = block.head.word == "extension";
    let on = if is_extension { "Extension" } else { block.required("on")? };
    let base = core.structure(on).ok_or_else(|| block.head.wrong(format!("{on} is no type")))?;
    let (url, version) = block.url_and_version();
    let find = |url: &str| done.iter().find(|s| s.url == url).or_else(|| core.structure(url));
    let mut snapshot = Snapshot::new(base.elements(), &find);
    if is_extension {
        let fixed = Node::from(url.as_str());
        edit(&mut snapshot, &block.head, "url", |element| element.fixed = Some(fixed))?;
    }
    for line in &block.lines {
        match line.word {
            "" => {
                let rule = ElementRule::read(line, url_of)?;
                edit(&mut snapshot, line, &rule.element, |element| rule.apply(element))?;
            }
            "absent" => {
                for element in line.text.split_whitespace() {
                    let rule = ElementRule::absent(element);
                    edit(&mut snapshot, line, element, |element| rule.apply(element))?;
                }
            }
            _ => {}
        }
    }
    // After the elements, so that what is copied from an element does not take its invariants.
    for at in 0..block.lines.len() {
        if let Some((line, element, constraint)) = invariant(block, at)? {
            let constraint = Arc::new(constraint);
            edit(&mut snapshot, line, element, |element| element.constraints.push(constraint))?;
        }
    }
    let mut structure = Structure::new(&url, base.kind, on);
    structure.version = version;
    structure.name = block.required("name")?.to_owned();
    structure.base = Some(base.url.clone());
    structure.derivation = Derivation::Constraint;
    structure.context = block.values("context").map(element_context).collect();
    Ok(structure.with_elements(snapshot.into_elements()))
}

fn edit(
    snapshot: &mut Snapshot,
    line: &Line,
    element: &str,
    change: impl FnOnce(&mut crate::r4::definition::Element),
) -> Result<(), DefinitionError> {
    let found = snapshot.element(element).map_err(|reason| line.wrong(reason))?;
    change(found);
    Ok(())
}

/// The invariant that begins at this line, and the element it is for.
fn invariant<'a>(
    block: &'a Block,
    at: usize,
) -> Result<Option<(&'a Line<'a>, &'a str, Constraint)>, DefinitionError> {
    let Some(line) = block.lines.get(at).filter(|line| line.word == "invariant") else {
        return Ok(None);
    };
    let mut words = line.text.split_whitespace();
    let (Some(key), Some(severity), Some(element)) = (words.next(), words.next(), words.next())
    else {
        return Err(line.wrong("an invariant has a key, a severity and an element"));
    };
    let severity =
        Severity::from_code(severity).ok_or_else(|| line.wrong("the severity is unknown"))?;
    let following = |offset: usize, word: &str| {
        let found = block.lines.get(at + offset).filter(|line| line.word == word);
        found
            .map(|line| line.text.to_owned())
            .ok_or_else(|| line.wrong(format!("{word} is missing")))
    };
    let constraint = Constraint {
        key: key.to_owned(),
        severity,
        is_best_practice: false,
        human: following(1, "says")?,
        expression: Some(following(2, "holds")?),
    };
    Ok(Some((line, element, constraint)))
}

fn element_context(expression: &str) -> Context {
    Context { kind: ContextKind::Element, expression: expression.to_owned() }
}
