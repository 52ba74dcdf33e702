//! Extensions: a value or extensions in it, the rules of its own definition when that is known, and
//! whether it may stand where it stands (FHIR R4, "Extensibility").

use std::collections::HashMap;

use super::members::Pair;
use super::{Told, Walk};
use crate::node::Node;
use crate::r4::definition::{Context, ContextKind};
use crate::r4::fhirpath::{Expression, Item};
use crate::r4::validate::compiled::{Plan, Rule};
use crate::r4::validate::issue::IssueType;
use crate::r4::validate::location::Location;

impl<'a> Walk<'a> {
    /// An extension; its definition is added to the rules for what is inside.
    pub(super) fn extension(
        &mut self,
        place: &Location<'_>,
        value: Option<&'a Node>,
        inside: &mut Vec<Rule<'a>>,
    ) {
        let Some(members) = value.and_then(Node::as_object) else { return };
        let is_value = |name: &str| {
            name.trim_start_matches('_').strip_prefix("value").is_some_and(|t| !t.is_empty())
        };
        let has_value = members.iter().any(|(name, _)| is_value(name));
        if has_value == members.contains("extension") {
            self.error(IssueType::Invariant, place, |at| {
                let details = match has_value {
                    true => format!("{at} must have a value or extensions, not both."),
                    false => format!("{at} must have a value or extensions."),
                };
                Told::new(details, "ext-1")
            });
        }
        let Some(url) = members.get("url").and_then(Node::as_str) else { return };
        let Some(plan) = self.extension_plan(url) else {
            if place.is_named("modifierExtension") {
                self.error(IssueType::Extension, place, |at| {
                    let url: String = url.chars().take(200).collect();
                    let details = format!(
                        "{at} changes the meaning of what it is on, and {url} is not known here."
                    );
                    Told::new(details, "modifierExtension")
                });
            }
            return;
        };
        let root = plan.root();
        if !inside.iter().any(|rule| rule.is(root)) {
            inside.push(root);
        }
        let contexts = &plan.structure.context;
        if !contexts.is_empty() && !contexts.iter().any(|context| self.is_at(place, context)) {
            self.error(IssueType::Extension, place, |at| {
                let places: Vec<&str> =
                    contexts.iter().take(8).map(|context| &*context.expression).collect();
                let (name, places) = (&plan.structure.name, places.join(", "));
                let details = format!("{at} ({name}) may only stand on {places}.");
                Told::new(details, plan.structure.url.as_str())
            });
        }
    }

    fn extension_plan(&self, url: &str) -> Option<&'a Plan> {
        // Names inside a complex extension are no URLs.
        let plan = if url.contains(':') { self.compiled.named(url)? } else { return None };
        (plan.structure.type_name == "Extension").then_some(plan)
    }

    /// How often the same extension may stand on one element, by its own definition.
    pub(super) fn extension_counts(&mut self, place: &Location<'_>, items: &[Pair<'a>]) {
        if items.len() < 2 {
            return;
        }
        let mut counts: HashMap<&str, usize> = HashMap::with_capacity(items.len());
        for url in items.iter().filter_map(|(value, _)| value.as_ref()?.get("url")?.as_str()) {
            *counts.entry(url).or_default() += 1;
        }
        let mut repeated: Vec<_> = counts.into_iter().filter(|(_, count)| *count > 1).collect();
        repeated.sort_unstable();
        for (url, count) in repeated {
            let Some(plan) = self.extension_plan(url) else { continue };
            let Some(max) = plan.root().element().max.filter(|max| count > *max as usize) else {
                continue;
            };
            self.error(IssueType::Structure, place, |at| {
                let name = &plan.structure.name;
                let details =
                    format!("{at} has the extension {name} {count} times: at most {max}.");
                Told::new(details, plan.root().label())
            });
        }
    }

    /// Does the extension stand where the context says?
    fn is_at(&self, place: &Location<'_>, context: &Context) -> bool {
        let Some(holder) = place.parent() else { return true };
        match context.kind {
            ContextKind::Extension => self.extension_url == Some(context.expression.as_str()),
            ContextKind::Element => self.is_on(holder, &context.expression),
            ContextKind::FhirPath => self.is_found(&context.expression),
        }
    }

    fn is_on(&self, holder: &Location<'_>, expression: &str) -> bool {
        let path = match expression.split_once('#') {
            Some((_, path)) => path,
            None => expression.rsplit('/').next().unwrap_or(expression),
        };
        if matches!(path, "Element" | "*") || holder.is_path(path) {
            return true;
        }
        let definitions = self.compiled.definitions();
        let Some(definition) = holder.definition else {
            return holder.is_resource_that(|name| definitions.is_a(name, path));
        };
        definition.element().path == path
            || definition.part().types.iter().any(|of| definitions.is_a(&of.code, path))
    }

    /// Is the element that holds the extension among what the expression finds?
    fn is_found(&self, text: &str) -> bool {
        let Ok(expression) = Expression::parse(text) else { return true };
        let context = self.context(Item::resource(self.resource));
        let Ok(found) = expression.evaluate(&context) else { return true };
        let is_holder = |item: &Item<'_>| {
            let Item::Element(element) = item else { return false };
            [element.value(), element.extra()]
                .into_iter()
                .flatten()
                .filter_map(Node::as_object)
                .any(|members| std::ptr::eq(members, self.holder))
        };
        // A condition instead of a path holds or does not.
        found.first().and_then(Item::as_bool).unwrap_or_else(|| found.iter().any(is_holder))
    }
}
