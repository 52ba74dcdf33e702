//! Code systems, and value sets with their codes counted out. What cannot be counted out (SNOMED
//! CT, LOINC, UCUM, media types) is told apart, because it must never reject a code
//! (FHIR R4, ValueSet, "Value Set Expansion").

mod expand;

use std::collections::{BTreeMap, BTreeSet, HashMap};

pub use expand::Expander;

/// Is a code in a value set?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    /// Yes.
    In,
    /// No.
    Out,
    /// The value set, or the code system, cannot be counted out here.
    Unknown,
}

/// A value set with its codes, as far as they can be counted out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ValueSet {
    /// Canonical URL.
    pub url: String,
    /// Business version.
    pub version: Option<String>,
    /// Name for programs.
    pub name: String,
    codes: BTreeMap<String, BTreeSet<Box<str>>>,
    open: BTreeSet<String>,
    is_open: bool,
}

impl ValueSet {
    /// An empty value set.
    pub fn new(url: &str) -> ValueSet {
        ValueSet { url: url.to_owned(), ..ValueSet::default() }
    }

    /// Adds a code.
    pub fn insert(&mut self, system: &str, code: &str) {
        match self.codes.get_mut(system) {
            Some(codes) => _ = codes.insert(code.into()),
            None => _ = self.codes.insert(system.to_owned(), BTreeSet::from([code.into()])),
        }
    }

    /// Takes a code out.
    pub fn remove(&mut self, system: &str, code: &str) {
        if let Some(codes) = self.codes.get_mut(system) {
            codes.remove(code);
            if codes.is_empty() {
                self.codes.remove(system);
            }
        }
    }

    /// From now on any code of this system may be in it.
    pub fn open_system(&mut self, system: &str) {
        self.open.insert(system.to_owned());
    }

    /// From now on any code of any system may be in it: a part of it is not known here.
    pub fn open(&mut self) {
        self.is_open = true;
    }

    /// Is the code in it? Without a system, as for elements of type `code`, any system counts.
    pub fn contains(&self, system: Option<&str>, code: &str) -> Membership {
        let (found, is_open) = match system {
            Some(system) => (
                self.codes.get(system).is_some_and(|codes| codes.contains(code)),
                self.open.contains(system),
            ),
            None => (self.codes.values().any(|codes| codes.contains(code)), !self.open.is_empty()),
        };
        match (found, is_open || self.is_open) {
            (true, _) => Membership::In,
            (false, true) => Membership::Unknown,
            (false, false) => Membership::Out,
        }
    }

    /// Can all its codes be counted out?
    pub fn is_enumerated(&self) -> bool {
        !self.is_open && self.open.is_empty()
    }

    /// Is a part of it unknown here, so that any code of any system may be in it?
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// Systems of which any code may be in it.
    pub fn open_systems(&self) -> impl Iterator<Item = &str> {
        self.open.iter().map(String::as_str)
    }

    /// The systems of which codes are counted out.
    pub fn systems(&self) -> impl Iterator<Item = &str> {
        self.codes.keys().map(String::as_str)
    }

    /// The codes that are counted out, with their systems, sorted.
    pub fn codes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.codes.iter().flat_map(|(system, codes)| codes.iter().map(|c| (system.as_str(), &**c)))
    }
}

/// A code system with its codes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeSystem {
    /// Canonical URL, the `system` of a Coding.
    pub url: String,
    /// Business version.
    pub version: Option<String>,
    /// Name for programs.
    pub name: String,
    /// Does it hold all codes of the system?
    pub is_complete: bool,
    /// Does the case of letters count?
    pub is_case_sensitive: bool,
    concepts: Vec<Concept>,
    by_code: HashMap<Box<str>, u32>,
}

/// One code of a code system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Concept {
    /// The code.
    pub code: Box<str>,
    /// The words for it.
    pub display: Option<Box<str>>,
    /// Codes of the broader concepts.
    pub parents: Vec<Box<str>>,
}

impl CodeSystem {
    /// A complete, case-sensitive code system without codes.
    pub fn new(url: &str) -> CodeSystem {
        CodeSystem {
            url: url.to_owned(),
            is_complete: true,
            is_case_sensitive: true,
            ..CodeSystem::default()
        }
    }

    /// Adds a concept; an earlier one with the same code is replaced.
    pub fn push(&mut self, concept: Concept) {
        if let Some(old) = self.by_code.get(&*concept.code) {
            self.concepts[*old as usize] = concept;
            return;
        }
        if let Ok(at) = u32::try_from(self.concepts.len()) {
            self.by_code.insert(concept.code.clone(), at);
            self.concepts.push(concept);
        }
    }

    /// The concept with this code, in the case it is written in.
    pub fn concept(&self, code: &str) -> Option<&Concept> {
        self.concepts.get(*self.by_code.get(code)? as usize)
    }

    /// The words for a code.
    pub fn display(&self, code: &str) -> Option<&str> {
        self.concept(code)?.display.as_deref()
    }

    /// Is the code one of the system?
    pub fn contains(&self, code: &str) -> Membership {
        let same = |concept: &Concept| concept.code.eq_ignore_ascii_case(code);
        if self.concept(code).is_some()
            || (!self.is_case_sensitive && self.concepts.iter().any(same))
        {
            Membership::In
        } else if self.is_complete {
            Membership::Out
        } else {
            Membership::Unknown
        }
    }

    /// The concepts in the order of the definition.
    pub fn concepts(&self) -> &[Concept] {
        &self.concepts
    }
}
