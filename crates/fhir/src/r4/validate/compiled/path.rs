//! The simple paths of discriminators, followed in documents: `$this`, names, `extension('url')`,
//! `ofType(T)` and `resolve()` at the end (FHIR R4, 5.1.0.8.1).

use crate::node::Node;

/// A path, ready.
#[derive(Clone, Debug, Default)]
pub struct Path {
    /// The steps in order.
    pub steps: Vec<Step>,
    /// Does it end with what a reference leads to?
    pub is_resolved: bool,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// An element; a choice may carry a type in its name, and `wanted` is the only one looked at.
    Child { name: String, is_choice: bool, wanted: Option<String> },
    /// The extension with this URL.
    Extension(String),
}

/// Something that a path leads to.
#[derive(Clone, Copy, Debug)]
pub struct Hit<'a> {
    /// The value.
    pub value: Option<&'a Node>,
    /// Id and extensions of a primitive.
    pub extra: Option<&'a Node>,
    /// What follows the name of a choice: `String` of `valueString`.
    pub suffix: Option<&'a str>,
}

impl Path {
    /// What the path leads to, from `start`.
    pub fn follow<'a>(&self, start: Hit<'a>) -> Vec<Hit<'a>> {
        let mut hits = vec![start];
        for step in &self.steps {
            hits = hits.iter().flat_map(|hit| step.follow(*hit)).collect();
        }
        hits
    }
}

impl Step {
    fn follow<'a>(&self, from: Hit<'a>) -> Vec<Hit<'a>> {
        let holder = match from.value {
            Some(object @ Node::Object(_)) => Some(object),
            _ => from.extra,
        };
        let Some(members) = holder.and_then(Node::as_object) else { return Vec::new() };
        match self {
            Step::Extension(url) => {
                let listed = members.get("extension").map_or(&[][..], Node::one_or_many);
                let is_it = |node: &&Node| node.get("url").and_then(Node::as_str) == Some(url);
                let hit = |node| Hit { value: Some(node), extra: None, suffix: None };
                listed.iter().filter(is_it).map(hit).collect()
            }
            Step::Child { name, is_choice, wanted } => {
                let mut hits = Vec::new();
                for (own, value) in members.iter() {
                    let (bare, is_extra) = match own.strip_prefix('_') {
                        Some(bare) => (bare, true),
                        None => (own, false),
                    };
                    let Some(rest) = bare.strip_prefix(name.as_str()) else { continue };
                    let is_it = match (rest.chars().next(), is_choice) {
                        (None, _) => true,
                        (Some(first), true) => first.is_ascii_uppercase(),
                        (Some(_), false) => false,
                    };
                    let is_wanted = wanted.as_deref().is_none_or(|wanted| {
                        rest.get(..1).is_some_and(|first| {
                            wanted.get(..1).is_some_and(|w| w.eq_ignore_ascii_case(first))
                                && wanted.get(1..) == rest.get(1..)
                        })
                    });
                    if !is_it || !is_wanted || (is_extra && members.contains(bare)) {
                        continue;
                    }
                    let suffix = (!rest.is_empty()).then_some(rest);
                    for item in value.one_or_many() {
                        hits.push(if is_extra {
                            Hit { value: None, extra: Some(item), suffix }
                        } else {
                            Hit { value: Some(item), extra: None, suffix }
                        });
                    }
                }
                hits
            }
        }
    }
}
