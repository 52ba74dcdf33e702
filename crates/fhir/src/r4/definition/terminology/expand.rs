//! Counting a value set out: all codes of a system, listed codes, concepts below another, other
//! value sets, less what is excluded (FHIR R4, ValueSet.compose). What needs more than this is
//! left open, so that it rejects nothing.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{CodeSystem, Membership, ValueSet};
use crate::node::Node;
use crate::r4::definition::{DefinitionError, Definitions, canonical_url};

/// Counts value sets out with the code systems at hand.
pub struct Expander<'a> {
    below: &'a Definitions,
    systems: HashMap<&'a str, &'a CodeSystem>,
    sets: HashMap<&'a str, &'a Node>,
    /// Value sets that are being counted out, to stop at a cycle.
    open: Vec<String>,
    done: HashMap<String, ValueSet>,
}

/// Value sets that include each other are followed this deep.
const MAX_IMPORTS: usize = 32;

/// What one include or exclude stands for.
#[derive(Default)]
struct Part {
    codes: Vec<(String, String)>,
    /// Systems of which any code is meant.
    systems: Vec<String>,
}

impl Part {
    fn system(url: &str) -> Part {
        Part { codes: Vec::new(), systems: vec![url.to_owned()] }
    }
}

impl<'a> Expander<'a> {
    /// Code systems and value sets given here come before those of `below`.
    pub fn new(
        below: &'a Definitions,
        systems: &'a [CodeSystem],
        sets: impl Iterator<Item = &'a Node>,
    ) -> Expander<'a> {
        let with_url = |set: &'a Node| Some((canonical_url(set.get("url")?.as_str()?), set));
        Expander {
            below,
            systems: systems.iter().map(|system| (system.url.as_str(), system)).collect(),
            sets: sets.filter_map(with_url).collect(),
            open: Vec::new(),
            done: HashMap::new(),
        }
    }

    /// The value set that a ValueSet resource defines. Fails when it has no `url`.
    pub fn expand(&mut self, resource: &Node) -> Result<ValueSet, DefinitionError> {
        let text = |name: &str| resource.get(name).and_then(Node::as_str);
        let url = text("url").filter(|url| !url.is_empty());
        let url = url.ok_or_else(|| DefinitionError::missing("ValueSet", "url"))?;
        let url = canonical_url(url);
        if let Some(done) = self.done.get(url) {
            return Ok(done.clone());
        }
        let mut set = ValueSet::new(url);
        set.version = text("version").map(str::to_owned);
        set.name = text("name").unwrap_or_default().to_owned();
        self.open.push(url.to_owned());
        match (resource.get("compose"), resource.get("expansion")) {
            (Some(compose), _) => self.compose(compose, &mut set),
            (None, Some(expansion)) => expanded(expansion, &mut set),
            (None, None) => set.open(),
        }
        self.open.pop();
        self.done.insert(url.to_owned(), set.clone());
        Ok(set)
    }

    fn compose(&mut self, compose: &Node, set: &mut ValueSet) {
        for include in compose.items("include") {
            let Some(part) = self.part(include) else {
                set.open();
                continue;
            };
            part.codes.iter().for_each(|(system, code)| set.insert(system, code));
            part.systems.iter().for_each(|system| set.open_system(system));
        }
        // What cannot be told for an exclude stays in: nothing is rejected by mistake.
        for exclude in compose.items("exclude") {
            let part = self.part(exclude).unwrap_or_default();
            part.codes.iter().for_each(|(system, code)| set.remove(system, code));
        }
    }

    /// One include: what its system and all value sets it names have in common. `None` when
    /// nobody here knows.
    fn part(&mut self, include: &Node) -> Option<Part> {
        let urls: Vec<&str> = include.items("valueSet").iter().filter_map(Node::as_str).collect();
        let sets: Vec<Option<ValueSet>> = urls.iter().map(|url| self.value_set(url)).collect();
        let (mut part, rest) = match include.get("system").and_then(Node::as_str) {
            Some(system) => (self.system_part(canonical_url(system), include), sets.as_slice()),
            None => {
                let (first, rest) = sets.split_first()?;
                let first = first.as_ref().filter(|set| !set.is_open())?;
                (all_of(first), rest)
            }
        };
        for set in rest.iter().flatten() {
            part.codes.retain(|(system, code)| set.contains(Some(system), code) != Membership::Out);
        }
        Some(part)
    }

    fn system_part(&self, url: &str, include: &Node) -> Part {
        let with_url = |code: &str| (url.to_owned(), code.to_owned());
        let listed = include.items("concept");
        if !listed.is_empty() {
            let codes = listed.iter().filter_map(|concept| concept.get("code")?.as_str());
            return Part { codes: codes.map(with_url).collect(), systems: Vec::new() };
        }
        let system = self.systems.get(url).copied().or_else(|| self.below.code_system(url));
        let Some(system) = system.filter(|system| system.is_complete) else {
            return Part::system(url);
        };
        let mut chosen: Option<HashSet<&str>> = None;
        for filter in include.items("filter") {
            let Some(codes) = filtered(system, filter) else {
                return Part::system(url);
            };
            chosen = Some(match chosen {
                Some(so_far) => so_far.intersection(&codes).copied().collect(),
                None => codes,
            });
        }
        let is_chosen = |code: &&str| chosen.as_ref().is_none_or(|chosen| chosen.contains(code));
        let codes = system.concepts().iter().map(|concept| &*concept.code).filter(is_chosen);
        Part { codes: codes.map(with_url).collect(), systems: Vec::new() }
    }

    fn value_set(&mut self, url: &str) -> Option<ValueSet> {
        let url = canonical_url(url);
        if self.open.len() > MAX_IMPORTS || self.open.iter().any(|open| open == url) {
            return None;
        }
        match self.sets.get(url).copied() {
            Some(resource) => self.expand(resource).ok(),
            None => self.below.value_set(url).cloned(),
        }
    }
}

/// All that a value set holds.
fn all_of(set: &ValueSet) -> Part {
    Part {
        codes: set.codes().map(|(system, code)| (system.to_owned(), code.to_owned())).collect(),
        systems: set.open_systems().map(str::to_owned).collect(),
    }
}

/// The codes of a published expansion, for value sets that have nothing else.
fn expanded(expansion: &Node, set: &mut ValueSet) {
    let mut waiting: Vec<&Node> = expansion.items("contains").iter().collect();
    while let Some(entry) = waiting.pop() {
        waiting.extend(entry.items("contains"));
        let text = |name: &str| entry.get(name).and_then(Node::as_str);
        if let (Some(system), Some(code)) = (text("system"), text("code")) {
            set.insert(system, code);
        }
    }
}

/// The codes that a filter selects; `None` for a filter this cannot judge.
fn filtered<'a>(system: &'a CodeSystem, filter: &Node) -> Option<HashSet<&'a str>> {
    let text = |name: &str| filter.get(name).and_then(Node::as_str);
    let (property, op, value) = (text("property")?, text("op")?, text("value")?);
    if !matches!(property, "concept" | "code" | "parent") {
        return None;
    }
    let all = || system.concepts().iter().map(|concept| &*concept.code);
    match (property, op) {
        ("parent", "=") => {
            let is_child = |code: &&str| {
                let concept = system.concept(code);
                concept.is_some_and(|concept| concept.parents.iter().any(|p| **p == *value))
            };
            Some(all().filter(is_child).collect())
        }
        ("parent", _) => None,
        (_, "is-a") => Some(below(system, value, true)),
        (_, "descendent-of") => Some(below(system, value, false)),
        (_, "is-not-a") => {
            let narrower = below(system, value, true);
            Some(all().filter(|code| !narrower.contains(code)).collect())
        }
        (_, "=") => Some(all().filter(|code| *code == value).collect()),
        (_, "in") => {
            let listed: HashSet<&str> = value.split(',').map(str::trim).collect();
            Some(all().filter(|code| listed.contains(code)).collect())
        }
        _ => None,
    }
}

/// The concepts below one, and that one when asked for.
fn below<'a>(system: &'a CodeSystem, code: &str, with_self: bool) -> HashSet<&'a str> {
    let mut children: BTreeMap<&str, Vec<&'a str>> = BTreeMap::new();
    for concept in system.concepts() {
        for parent in &concept.parents {
            children.entry(parent).or_default().push(&concept.code);
        }
    }
    let mut found = HashSet::new();
    let Some(top) = system.concept(code) else { return found };
    let mut waiting = vec![&*top.code];
    while let Some(code) = waiting.pop() {
        for child in children.get(code).into_iter().flatten() {
            if found.insert(*child) {
                waiting.push(child);
            }
        }
    }
    if with_self {
        found.insert(&top.code);
    } else {
        found.remove(&*top.code);
    }
    found
}
