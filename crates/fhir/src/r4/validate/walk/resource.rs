//! Whole resources: their type, the profiles they name and those they are asked to meet (FHIR R4,
//! Resource.meta.profile).

use super::{Told, Walk};
use crate::node::Node;
use crate::r4::definition::{Derivation, Kind};
use crate::r4::fhirpath::Item;
use crate::r4::validate::compiled::Rule;
use crate::r4::validate::issue::{IssueType, Severity};
use crate::r4::validate::location::Location;

impl<'a> Walk<'a> {
    /// The resource that was given.
    pub(super) fn outermost(&mut self) {
        let node = self.resource;
        let name = node.resource_type().unwrap_or("Resource");
        let location = Location::root(name);
        let mut rules = Vec::new();
        for url in self.options.profiles {
            match self.compiled.named(url) {
                Some(_) if self.is_other_version(url, &location, url) => {}
                Some(plan) => rules.push(plan.root()),
                None => self.error(IssueType::NotFound, &location, |_| {
                    Told::new(format!("The profile {url} is not known here."), *url)
                }),
            }
        }
        self.resource(&location, node, &rules, true);
    }

    /// A resource, by its type, these rules, and the profiles it names.
    pub(super) fn resource(
        &mut self,
        location: &Location<'_>,
        node: &'a Node,
        rules: &[Rule<'a>],
        is_outermost: bool,
    ) {
        let Some(members) = node.as_object() else {
            return self.error(IssueType::Structure, location, |at| {
                Told::new(format!("{at} must be a resource, that is an object."), "Resource")
            });
        };
        let Some(name) = node.resource_type() else {
            return self.error(IssueType::Structure, location, |at| {
                let details = "resourceType is missing: it says what the resource is.".to_owned();
                Told::below(at, "resourceType", details, "Resource".to_owned())
            });
        };
        let plan = self.compiled.named(name).filter(|plan| {
            let structure = &plan.structure;
            structure.kind == Kind::Resource
                && structure.derivation == Derivation::Specialization
                && structure.type_name == name
                && !structure.is_abstract
        });
        let Some(plan) = plan else {
            let is_known = self.compiled.definitions().is_resource_type(name);
            let severity = if is_known { Severity::Information } else { Severity::Error };
            let shown: String = name.chars().take(64).collect();
            return self.tell(severity, IssueType::NotFound, location, |_| {
                let details = if is_known {
                    format!("Resources of type {shown} are not checked here.")
                } else {
                    format!("There is no type of resource \"{shown}\".")
                };
                Told::new(details, "Resource")
            });
        };
        let base = plan.root();
        let mut all = vec![base];
        all.extend(rules.iter().filter(|rule| self.fits(rule, name, location)));
        self.add_named_profiles(location, node, name, is_outermost, &mut all);

        let outside = (self.resource, self.extension_url.take());
        let ids_outside = std::mem::take(&mut self.element_ids);
        self.resource = node;
        self.contained_rules(location, node);
        let before = self.malformed;
        self.members(&location.resource(name), members, base, &all);
        if self.malformed == before {
            self.invariants(location, &Item::resource(node), &all);
        }
        (self.resource, self.extension_url) = outside;
        self.element_ids = ids_outside;
    }

    /// Is the profile one for this type? Tells when it is not.
    fn fits(&mut self, rule: &Rule<'a>, name: &str, location: &Location<'_>) -> bool {
        let structure = &rule.plan.structure;
        let fits = self.compiled.definitions().is_a(name, &structure.type_name);
        if !fits {
            self.error(IssueType::Structure, location, |at| {
                let (profile, wanted) = (&structure.name, &structure.type_name);
                let details = format!("{at} must be a {wanted} as {profile} has it, not a {name}.");
                Told::new(details, structure.url.as_str())
            });
        }
        fits
    }

    /// Does the URL name another version of the profile than the one that is known? Tells when it
    /// does: what it asks for is not known.
    fn is_other_version(&mut self, url: &str, location: &Location<'_>, rule: &str) -> bool {
        let Some(known) = self.compiled.other_version(url) else { return false };
        self.error(IssueType::NotFound, location, |_| {
            let shown: String = url.chars().take(200).collect();
            let details =
                format!("The profile {shown} is not known here in this version: {known} is.");
            Told::new(details, rule)
        });
        true
    }

    fn add_named_profiles(
        &mut self,
        location: &Location<'_>,
        node: &'a Node,
        name: &str,
        is_outermost: bool,
        all: &mut Vec<Rule<'a>>,
    ) {
        let is_required = self.options.is_profile_required && is_outermost;
        if !self.options.follows_meta && !is_required {
            return;
        }
        let mut is_known = false;
        let named = node.get("meta").map_or(&[][..], |meta| meta.items("profile"));
        for (index, url) in named.iter().enumerate() {
            let Some(url) = url.as_str() else { continue };
            let meta = location.child("meta", None);
            let place = meta.child("profile", None).at(Some(index));
            let Some(plan) = self.compiled.named(url) else {
                self.tell(Severity::Warning, IssueType::NotFound, &place, |_| {
                    let shown: String = url.chars().take(200).collect();
                    let details = format!("The profile {shown} is not known here: not checked.");
                    Told::new(details, "meta.profile")
                });
                continue;
            };
            let rule = plan.root();
            if !self.fits(&rule, name, &place) {
                continue;
            }
            is_known |= plan.structure.derivation == Derivation::Constraint;
            if self.is_other_version(url, &place, "meta.profile") {
                continue;
            }
            if !all.iter().any(|other| other.is(rule)) {
                all.push(rule);
            }
        }
        if is_required && !is_known {
            let meta = location.child("meta", None);
            self.error(IssueType::Required, &meta.child("profile", None), |_| {
                let details =
                    format!("meta.profile must name a profile for {name} that is known here.");
                Told::new(details, "meta.profile")
            });
        }
    }
}
