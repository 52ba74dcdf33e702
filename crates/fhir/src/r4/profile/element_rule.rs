//! One line about an element of a profile: what it says, and what that does to the element of the
//! snapshot (FHIR R4, ElementDefinition).

use super::text::Line;
use crate::json;
use crate::node::Node;
use crate::r4::definition::{
    Binding, DefinitionError, Discriminator, DiscriminatorKind, Element, Slicing, SlicingRules,
    Strength, Type,
};

/// What a line says about an element; what it leaves out stays as it is.
#[derive(Default)]
pub struct ElementRule {
    /// Id of the element without the type; `.` is the root.
    pub element: String,
    cardinality: Option<(u32, Option<u32>)>,
    types: Vec<Type>,
    slicing: Option<Slicing>,
    binding: Option<Binding>,
    fixed: Option<Node>,
    pattern: Option<Node>,
}

impl ElementRule {
    /// The rule that an element does not occur.
    pub fn absent(element: &str) -> ElementRule {
        ElementRule {
            element: element.to_owned(),
            cardinality: Some((0, Some(0))),
            ..ElementRule::default()
        }
    }

    /// Reads a line. `url_of` gives the canonical URL for the name of a type or profile.
    pub fn read(
        line: &Line,
        url_of: &impl Fn(&str) -> Option<String>,
    ) -> Result<ElementRule, DefinitionError> {
        let (element, mut rest) = line.first_and_rest();
        let mut rule = ElementRule { element: element.to_owned(), ..ElementRule::default() };
        while !rest.is_empty() {
            let word = take_word(&mut rest);
            rule.read_word(word, &mut rest, url_of)
                .ok_or_else(|| line.wrong(format!("{word} is not understood")))?;
        }
        Ok(rule)
    }

    fn read_word(
        &mut self,
        word: &str,
        rest: &mut &str,
        url_of: &impl Fn(&str) -> Option<String>,
    ) -> Option<()> {
        match word {
            "slices" => self.slicing = Some(slicing(rest)?),
            "codes" => self.binding = Some(binding(rest)?),
            "fixed" => self.fixed = Some(value(rest)?),
            "pattern" => self.pattern = Some(value(rest)?),
            _ if word.contains("..") => self.cardinality = Some(cardinality(word)?),
            _ => self.types.push(type_named(word, url_of)?),
        }
        Some(())
    }

    /// Puts the rule into the element.
    pub fn apply(&self, element: &mut Element) {
        if let Some((min, max)) = self.cardinality {
            element.min = min;
            element.max = max;
        }
        if !self.types.is_empty() {
            element.types.clone_from(&self.types);
        }
        let keep = |new: &Option<Node>, old: &mut Option<Node>| {
            if new.is_some() {
                old.clone_from(new);
            }
        };
        keep(&self.fixed, &mut element.fixed);
        keep(&self.pattern, &mut element.pattern);
        if self.slicing.is_some() {
            element.slicing.clone_from(&self.slicing);
        }
        if self.binding.is_some() {
            element.binding.clone_from(&self.binding);
        }
    }
}

fn take_word<'a>(rest: &mut &'a str) -> &'a str {
    let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
    *rest = after.trim_start();
    word
}

/// The JSON that the rest of the line is.
fn value(rest: &mut &str) -> Option<Node> {
    let text = std::mem::take(rest);
    json::parse(text.as_bytes()).ok()
}

fn cardinality(word: &str) -> Option<(u32, Option<u32>)> {
    let (min, max) = word.split_once("..")?;
    let max = if max == "*" { None } else { Some(max.parse().ok()?) };
    Some((min.parse().ok()?, max))
}

fn slicing(rest: &mut &str) -> Option<Slicing> {
    let rules = SlicingRules::from_code(take_word(rest))?;
    let mut discriminators = Vec::new();
    while let Some((kind, path)) = rest.split(' ').next().and_then(|word| word.split_once('@')) {
        let kind = DiscriminatorKind::from_code(kind)?;
        discriminators.push(Discriminator { kind, path: path.to_owned() });
        take_word(rest);
    }
    Some(Slicing { discriminators, rules, is_ordered: false })
}

fn binding(rest: &mut &str) -> Option<Binding> {
    let strength = Strength::from_code(take_word(rest))?;
    let value_set = Some(take_word(rest).to_owned()).filter(|url| url.contains(':'))?;
    Some(Binding { strength, value_set: Some(value_set), max_value_set: None })
}

/// `Reference(KT2Patient,KT2Device)`, `HumanName{nl-core-NameInformation}`, `string`.
fn type_named(word: &str, url_of: &impl Fn(&str) -> Option<String>) -> Option<Type> {
    let urls = |list: &str| list.split(',').map(url_of).collect::<Option<Vec<_>>>();
    let (head, profiles) = match word.split_once('{') {
        Some((head, profiles)) => (head, urls(profiles.strip_suffix('}')?)?),
        None => (word, Vec::new()),
    };
    let (code, targets) = match head.split_once('(') {
        Some((code, targets)) => (code, urls(targets.strip_suffix(')')?)?),
        None => (head, Vec::new()),
    };
    url_of(code)?;
    Some(Type { code: code.to_owned(), profiles, targets })
}
