//! The table of code systems and value sets. A code system is a line, and one line per concept
//! that begins with a tab; a value set is a line, and one line per system that begins with a tab.

use std::borrow::Cow;
use std::collections::HashMap;

use super::{Line, lines, plain, push_line, short_url};
use crate::r4::definition::{CodeSystem, Concept, DefinitionError, ValueSet};

const SYSTEM: &str = "system";
const SET: &str = "set";
/// All codes of the system in this table.
const ALL: &str = "all";
/// Whatever code.
const ANY: &str = "any";
/// The codes that follow.
const CODES: &str = "codes";

/// Writes the table.
pub fn write_terminology(sets: &[ValueSet], systems: &[CodeSystem]) -> String {
    let mut out = String::from(
        "# system: url, version, name, complete or part, case or nocase; \
         below it: code, display, codes of the broader concepts\n\
         # set: url, version, name, open when a part of it is not known; \
         below it: system, and which of its codes\n",
    );
    for system in systems {
        write_system(system, &mut out);
    }
    let known: HashMap<&str, &CodeSystem> =
        systems.iter().map(|system| (system.url.as_str(), system)).collect();
    for set in sets {
        write_set(set, &known, &mut out);
    }
    out
}

fn write_system(system: &CodeSystem, out: &mut String) {
    push_line(
        out,
        [
            Cow::Borrowed(SYSTEM),
            short_url(&system.url),
            Cow::Borrowed(system.version.as_deref().unwrap_or_default()),
            Cow::Borrowed(&system.name),
            Cow::Borrowed(if system.is_complete { "complete" } else { "part" }),
            Cow::Borrowed(if system.is_case_sensitive { "case" } else { "nocase" }),
        ],
    );
    for concept in system.concepts() {
        let mut fields = vec![Cow::Borrowed(""), Cow::Borrowed(&*concept.code)];
        let display = concept.display.as_deref().unwrap_or_default();
        if !display.is_empty() || !concept.parents.is_empty() {
            fields.push(Cow::Borrowed(display));
        }
        fields.extend(concept.parents.iter().map(|parent| Cow::Borrowed(&**parent)));
        push_line(out, fields);
    }
}

fn write_set(set: &ValueSet, known: &HashMap<&str, &CodeSystem>, out: &mut String) {
    push_line(
        out,
        [
            Cow::Borrowed(SET),
            short_url(&set.url),
            Cow::Borrowed(set.version.as_deref().unwrap_or_default()),
            Cow::Borrowed(&set.name),
            Cow::Borrowed(if set.is_open() { "open" } else { "" }),
        ],
    );
    for system in set.systems() {
        let codes: Vec<&str> = set.codes().filter(|(s, _)| *s == system).map(|(_, c)| c).collect();
        let is_all = known.get(system).is_some_and(|known| {
            known.concepts().len() == codes.len()
                && codes.iter().all(|code| known.concept(code).is_some())
        });
        let mut fields = vec![Cow::Borrowed(""), short_url(system)];
        if is_all {
            fields.push(Cow::Borrowed(ALL));
        } else {
            fields.push(Cow::Borrowed(CODES));
            fields.extend(codes.into_iter().map(Cow::Borrowed));
        }
        push_line(out, fields);
    }
    for system in set.open_systems() {
        push_line(out, [Cow::Borrowed(""), short_url(system), Cow::Borrowed(ANY)]);
    }
}

/// Reads the table.
pub fn read_terminology(text: &str) -> Result<(Vec<ValueSet>, Vec<CodeSystem>), DefinitionError> {
    let mut systems: Vec<CodeSystem> = Vec::new();
    let mut by_url: HashMap<String, usize> = HashMap::new();
    let mut sets: Vec<ValueSet> = Vec::new();
    for mut line in lines(text) {
        match line.raw("the kind of line")? {
            SYSTEM => {
                let system = read_system(&mut line)?;
                by_url.insert(system.url.clone(), systems.len());
                systems.push(system);
            }
            SET => sets.push(read_set(&mut line)?),
            "" => match (sets.last_mut(), systems.last_mut()) {
                (Some(set), _) => {
                    let url = line.url("the system")?;
                    let system = by_url.get(&url).and_then(|at| systems.get(*at));
                    read_codes(&mut line, &url, system, set)?;
                }
                (None, Some(system)) => system.push(read_concept(&mut line)?),
                (None, None) => return Err(line.wrong("it belongs to nothing")),
            },
            _ => return Err(line.wrong("it is neither a system nor a set")),
        }
    }
    Ok((sets, systems))
}

fn read_system(line: &mut Line) -> Result<CodeSystem, DefinitionError> {
    let mut system = CodeSystem::new(&line.url("the URL")?);
    system.version = line.optional("the version")?;
    system.name = line.text("the name")?;
    system.is_complete = line.raw("complete or part")? == "complete";
    system.is_case_sensitive = line.raw("case or nocase")? == "case";
    Ok(system)
}

fn read_concept(line: &mut Line) -> Result<Concept, DefinitionError> {
    Ok(Concept {
        code: line.text("the code")?.into(),
        display: line.fields.next().map(plain).filter(|d| !d.is_empty()).map(Box::from),
        parents: line.fields.by_ref().map(|parent| Box::from(plain(parent))).collect(),
    })
}

fn read_set(line: &mut Line) -> Result<ValueSet, DefinitionError> {
    let mut set = ValueSet::new(&line.url("the URL")?);
    set.version = line.optional("the version")?;
    set.name = line.text("the name")?;
    if line.raw("open or nothing")? == "open" {
        set.open();
    }
    Ok(set)
}

fn read_codes(
    line: &mut Line,
    url: &str,
    system: Option<&CodeSystem>,
    set: &mut ValueSet,
) -> Result<(), DefinitionError> {
    match (line.raw("which codes")?, system) {
        (ANY, _) => set.open_system(url),
        (ALL, Some(system)) => {
            system.concepts().iter().for_each(|concept| set.insert(url, &concept.code));
        }
        (CODES, _) => line.fields.by_ref().for_each(|code| set.insert(url, &plain(code))),
        (ALL, None) => return Err(line.wrong("the system is not in the table")),
        _ => return Err(line.wrong("which codes is neither all, any nor codes")),
    }
    Ok(())
}
