//! Code systems and value sets out of the file.

use super::text::{Block, blocks};
use crate::r4::definition::{CodeSystem, Concept, DefinitionError, Definitions, ValueSet};

/// What begins a block of the file.
pub const HEADS: [&str; 3] = ["system", "set", "naming"];

/// Reads the value sets, which may use the code systems and value sets before them and those of
/// the core, and the code systems.
pub fn read(
    text: &str,
    core: &Definitions,
) -> Result<(Vec<ValueSet>, Vec<CodeSystem>), DefinitionError> {
    let (mut sets, mut systems): (Vec<ValueSet>, Vec<CodeSystem>) = (Vec::new(), Vec::new());
    for block in blocks(text, &HEADS)? {
        match block.head.word {
            "system" => systems.push(code_system(&block)?),
            "set" => {
                let set = value_set(&block, core, &systems, &sets)?;
                sets.push(set);
            }
            _ => {}
        }
    }
    Ok((sets, systems))
}

fn code_system(block: &Block) -> Result<CodeSystem, DefinitionError> {
    block.allow_only(&["name", "case", "code"])?;
    let (url, version) = block.url_and_version();
    let mut system = CodeSystem::new(&url);
    system.version = version;
    system.name = block.required("name")?.to_owned();
    system.is_case_sensitive = block.value("case") != Some("ignored");
    for line in block.lines.iter().filter(|line| line.word == "code") {
        let (code, display) = line.first_and_rest();
        system.push(Concept {
            code: code.into(),
            display: (!display.is_empty()).then(|| display.into()),
            parents: Vec::new(),
        });
    }
    Ok(system)
}

fn value_set(
    block: &Block,
    core: &Definitions,
    systems: &[CodeSystem],
    sets: &[ValueSet],
) -> Result<ValueSet, DefinitionError> {
    let (url, version) = block.url_and_version();
    let mut set = ValueSet::new(&url);
    set.version = version;
    set.name = block.required("name")?.to_owned();
    for line in &block.lines {
        let (url, codes) = line.first_and_rest();
        match line.word {
            "name" => {}
            "some" => codes.split_whitespace().for_each(|code| set.insert(url, code)),
            "open" => set.open_system(url),
            "all" => {
                let own = systems.iter().find(|system| system.url == url);
                let system = own
                    .or_else(|| core.code_system(url))
                    .filter(|system| system.is_complete)
                    .ok_or_else(|| line.wrong(format!("the codes of {url} are not known")))?;
                system.concepts().iter().for_each(|concept| set.insert(url, &concept.code));
            }
            "set-of" => {
                let own = sets.iter().find(|set| set.url == url);
                let other = own
                    .or_else(|| core.value_set(url))
                    .ok_or_else(|| line.wrong(format!("{url} is not known")))?;
                other.codes().for_each(|(system, code)| set.insert(system, code));
                other.open_systems().for_each(|system| set.open_system(system));
            }
            word => return Err(line.wrong(format!("{word} is not known here"))),
        }
    }
    Ok(set)
}
