//! A FHIR package for a domain: its definitions are stored as resources, in force
//! in place of the built-in ones of Koppeltaal (FHIR R4, "Conformance Module").
//! What an earlier version of the package brought, and this one does not, goes.

use std::collections::{BTreeSet, HashSet};

use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::resource::Body;
use koppeltaal_core::{Error, Result, Timestamp};
use koppeltaal_fhir::r4::definition::{Definitions, Overlay, SearchParameter};
use koppeltaal_fhir::r4::package::{Package, koppeltaal, read_package};
use koppeltaal_fhir::r4::{profile, search};
use koppeltaal_fhir::{Node, json, object};
use koppeltaal_store::resource::{self, Indexed, New, Stored, Updated};
use koppeltaal_store::{DomainTx, Ids, audit, definitions};

use super::confidential::parsed;
use super::{Operator, Progress, Reindexed, codes, reindex};
use crate::catalog::Catalog;
use crate::content::body;
use crate::kind;

const GUIDE: &str = "ImplementationGuide";
/// What every package is built on and this program has.
const PRESENT: [&str; 4] =
    ["hl7.fhir.r4.core", "hl7.terminology.r4", "hl7.terminology", "hl7.fhir.uv.extensions.r4"];

/// What was installed.
#[derive(Debug, Clone, Default)]
pub struct Installed {
    /// The name of the package.
    pub name: String,
    /// Its version.
    pub version: String,
    /// How many definitions were stored, and of which type.
    pub taken: Vec<(&'static str, usize)>,
    /// How many of them are new or differ from what was there.
    pub changed: usize,
    /// Definitions of an earlier version that went, as `ValueSet/x`.
    pub removed: Vec<String>,
    /// What was not taken, and why.
    pub skipped: Vec<String>,
    /// Packages that it is built on and that this domain does not have.
    pub absent: Vec<String>,
    /// What was indexed anew.
    pub reindexed: Reindexed,
}

/// Installs the package whose files these are, by their names in the archive.
pub async fn install(
    operator: &Operator,
    files: &[(String, Vec<u8>)],
    progress: &mut dyn FnMut(Progress),
) -> Result<Installed> {
    let files = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
    let package = read_package(files, profile::koppeltaal())
        .map_err(|error| Error::Unprocessable(format!("the package cannot be used: {error}")))?;
    let mut skipped: Vec<String> = package.skipped.iter().map(ToString::to_string).collect();
    let catalog = operator.catalog().await?;
    let resources = usable(&package, &catalog, &mut skipped)?;
    let mut pending = Vec::new();
    for resource in resources.iter().filter(|node| node.resource_type() == Some("SearchParameter"))
    {
        let new = SearchParameter::from_resource(resource).map_err(Error::internal)?;
        if catalog.definitions().search_parameter_by_url(&new.url) != Some(&new) {
            pending.push(new.url);
        }
    }
    let ready: Vec<Ready> = resources
        .iter()
        .filter_map(|node| Ready::of(node, catalog.index(node, Some(&operator.base))))
        .collect();
    let mut installed = Installed {
        name: package.name.clone(),
        version: package.version.clone(),
        taken: counted(&ready),
        skipped,
        absent: absent(operator, &package).await?,
        ..Installed::default()
    };
    let waits = !pending.is_empty();
    let work = Work {
        ids: operator.ids.clone(),
        now: operator.clock.now(),
        origin: operator.domain.server_device.clone(),
        package: package.name.clone(),
        version: catalog.version(),
        ready,
        pending,
        entry: Entry {
            detail: Some(format!("ig install {} {}", package.name, package.version)),
            ..operator.entry(Action::Administration)
        },
    };
    let (changed, removed) = operator.scope().write(move |tx| work.store(tx)).await?;
    (installed.changed, installed.removed) = (changed, removed);
    if installed.changed > 0 || !installed.removed.is_empty() || waits {
        installed.reindexed = reindex(operator, None, 0, progress).await?;
    }
    Ok(installed)
}

/// The definitions that are stored, the guide among them.
fn usable(package: &Package, catalog: &Catalog, skipped: &mut Vec<String>) -> Result<Vec<Node>> {
    let of_koppeltaal = package.name == koppeltaal().name;
    let mut others = others(package, catalog);
    let mut resources = Vec::new();
    for resource in &package.resources {
        if resource.resource_type() == Some("SearchParameter") {
            let parameter = SearchParameter::from_resource(resource).map_err(Error::internal)?;
            let reason = match search::check(&parameter) {
                Err(reason) => Some(reason.to_string()),
                Ok(()) => codes::objection(&parameter, of_koppeltaal, others.iter()),
            };
            if let Some(reason) = reason {
                skipped.push(format!("{}: {reason}", parameter.url));
                continue;
            }
            others.push(parameter);
        }
        if resource.resource_type().is_some_and(kind::is_conformance) {
            resources.push(resource.clone());
        }
    }
    if !resources.iter().any(|node| node.resource_type() == Some(GUIDE)) {
        resources.push(guide(package, &resources)?);
    }
    // As servers read them: what cannot be read together is not stored.
    Overlay::from_resources(&resources, Definitions::core())
        .map_err(|error| Error::Unprocessable(format!("the package cannot be used: {error}")))?;
    Ok(resources)
}

/// The search parameters of the domain that stay when the package is there: those
/// of an earlier version of it go, or come anew.
fn others(package: &Package, catalog: &Catalog) -> Vec<SearchParameter> {
    let guides = catalog.publications().iter().filter(|one| one.resource_type == GUIDE);
    let guides = guides.filter_map(|one| json::parse(one.text.as_bytes()).ok());
    let former = guides.filter(|guide| is_of(guide, &package.name));
    let goes: HashSet<String> = former.flat_map(|guide| listed(&guide)).collect();
    let published = codes::published(catalog).into_iter();
    let stays = published.filter(|(id, _)| !goes.contains(&format!("SearchParameter/{id}")));
    stays.map(|(_, parameter)| parameter).collect()
}

/// Whether a guide is that of this package.
fn is_of(guide: &Node, package: &str) -> bool {
    guide.get("packageId").and_then(Node::as_str) == Some(package)
}

/// A guide for a package without one: that it is there says that the package
/// stands in the place of what is built in.
fn guide(package: &Package, resources: &[Node]) -> Result<Node> {
    let url = resources.iter().find_map(|node| node.get("url")?.as_str()).unwrap_or_default();
    let names = ["/StructureDefinition/", "/ValueSet/", "/CodeSystem/", "/SearchParameter/"];
    let base = names.iter().find_map(|name| Some(url.split_once(name)?.0));
    let base = base.ok_or_else(|| {
        Error::Unprocessable(format!(
            "the package {} defines nothing that is used here",
            package.name
        ))
    })?;
    let id: String = package
        .name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' })
        .take(64)
        .collect();
    let listed = resources.iter().filter_map(|node| {
        let reference = format!("{}/{}", node.resource_type()?, node.get("id")?.as_str()?);
        Some(object! { "reference" => object! { "reference" => reference } })
    });
    Ok(object! {
        "resourceType" => GUIDE,
        "id" => id.as_str(),
        "url" => format!("{base}/{GUIDE}/{id}"),
        "version" => package.version.as_str(),
        "name" => package.name.as_str(),
        "status" => "active",
        "packageId" => package.name.as_str(),
        "fhirVersion" => [Node::from("4.0.1")],
        "definition" => object! { "resource" => listed.collect::<Vec<_>>() },
    })
}

/// A definition, ready for the store.
struct Ready {
    kind: &'static str,
    id: String,
    url: Option<String>,
    body: Body,
    indexed: Indexed,
}

impl Ready {
    fn of(node: &Node, indexed: Indexed) -> Option<Self> {
        Some(Self {
            kind: kind::named(node.resource_type()?)?,
            id: node.get("id")?.as_str()?.to_owned(),
            url: node.get("url").and_then(Node::as_str).map(str::to_owned),
            body: body(node),
            indexed,
        })
    }

    fn name(&self) -> String {
        format!("{}/{}", self.kind, self.id)
    }
}

/// What a guide lists, as `ValueSet/x`.
fn listed(guide: &Node) -> HashSet<String> {
    let resources = guide.get("definition").map_or(&[][..], |part| part.items("resource"));
    let reference = |one: &Node| Some(one.get("reference")?.get("reference")?.as_str()?.to_owned());
    resources.iter().filter_map(reference).collect()
}

fn counted(ready: &[Ready]) -> Vec<(&'static str, usize)> {
    let count = |kind: &'static str| (kind, ready.iter().filter(|one| one.kind == kind).count());
    kind::CONFORMANCE.into_iter().map(count).filter(|(_, count)| *count > 0).collect()
}

/// What is stored in one transaction, so that no server ever sees half of it.
struct Work {
    ids: std::sync::Arc<Ids>,
    now: Timestamp,
    origin: String,
    package: String,
    /// The version of the definitions that the package was judged beside.
    version: i64,
    ready: Vec<Ready>,
    pending: Vec<String>,
    entry: Entry,
}

impl Work {
    fn store(&self, tx: &mut DomainTx<'_>) -> Result<(usize, Vec<String>)> {
        definitions::hold(tx, self.version)?;
        let removed = self.remove_former(tx)?;
        let mut changed = 0;
        for one in &self.ready {
            changed += usize::from(self.put(tx, one)?);
        }
        for url in &self.pending {
            definitions::begin(tx, url)?;
        }
        audit::append(tx, &self.ids, std::slice::from_ref(&self.entry))?;
        if changed > 0 || !removed.is_empty() || !self.pending.is_empty() {
            definitions::changed(tx)?;
        }
        Ok((changed, removed))
    }

    /// Removes what earlier versions of the package brought and this one does not.
    fn remove_former(&self, tx: &mut DomainTx<'_>) -> Result<Vec<String>> {
        let stays: HashSet<String> = self.ready.iter().map(Ready::name).collect();
        let mut goes = BTreeSet::new();
        for stored in resource::of_type(tx, GUIDE, 0, i64::MAX)? {
            let guide = parsed(&stored)?;
            if is_of(&guide, &self.package) {
                goes.insert(format!("{GUIDE}/{}", stored.id));
                goes.extend(listed(&guide));
            }
        }
        let mut removed = Vec::new();
        for name in goes.into_iter().filter(|name| !stays.contains(name)) {
            let Some((kind, id)) = name.split_once('/') else { continue };
            if kind::is_conformance(kind) && resource::erase(tx, kind, id)? {
                removed.push(name);
            }
        }
        Ok(removed)
    }

    /// Stores a definition; false when it was there as it is.
    fn put(&self, tx: &mut DomainTx<'_>, one: &Ready) -> Result<bool> {
        match resource::locked(tx, one.kind, &one.id)? {
            None => {}
            Some(known) if known.deleted => {
                resource::erase(tx, one.kind, &one.id)?;
            }
            Some(known) => {
                self.refuse_other(&known, one)?;
                let (body, indexed) = (&one.body, &one.indexed);
                let updated = resource::update(
                    tx, &self.ids, one.kind, &one.id, None, body, indexed, self.now,
                )?;
                return Ok(matches!(updated, Updated::Done(_)));
            }
        }
        let new = New {
            resource_type: one.kind,
            id: &one.id,
            origin: &self.origin,
            body: &one.body,
            indexed: &one.indexed,
        };
        resource::create(tx, &self.ids, &new, self.now)?;
        Ok(true)
    }

    /// An id that another definition has is not taken from it.
    fn refuse_other(&self, known: &Stored, one: &Ready) -> Result<()> {
        let url = parsed(known)?.get("url").and_then(Node::as_str).map(str::to_owned);
        if url == one.url {
            return Ok(());
        }
        let (url, name) = (url.unwrap_or_default(), one.name());
        Err(Error::Conflict(format!("{name} of the package has the id of {url}, which is stored")))
    }
}

/// The packages that it is built on and that are not installed.
async fn absent(operator: &Operator, package: &Package) -> Result<Vec<String>> {
    let guides = operator.scope().read(|tx| resource::of_type(tx, GUIDE, 0, i64::MAX)).await?;
    let mut known = HashSet::new();
    for guide in &guides {
        known.extend(parsed(guide)?.get("packageId").and_then(Node::as_str).map(str::to_owned));
    }
    let is_absent =
        |(name, _): &&(String, String)| !known.contains(name) && !PRESENT.contains(&name.as_str());
    let absent = package.dependencies.iter().filter(is_absent);
    Ok(absent.map(|(name, version)| format!("{name} {version}")).collect())
}
