//! Capabilities: what this server can do, made of the table of interactions and
//! the definitions of the domain (FHIR R4, 3.1.0.11), and where tokens come from
//! (the extension that SMART clients of old read).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use http::StatusCode;
use koppeltaal_auth::Urls;
use koppeltaal_core::directory::{Domain, Includes};
use koppeltaal_fhir::r4::definition::{Derivation, SearchKind, Structure};
use koppeltaal_fhir::{Node, json, object};

use crate::app::App;
use crate::catalog::Catalog;
use crate::interaction::Interaction;
use crate::kind;
use crate::reply::Reply;
use crate::subscription::ON_DELETE;

/// The implementation guide of Koppeltaal 2.0.
pub const IMPLEMENTATION_GUIDE: &str = "http://koppeltaal.nl/fhir/ImplementationGuide";

/// What clients may call the formats.
const FORMATS: [&str; 6] = [
    "json",
    "xml",
    "application/fhir+json",
    "application/fhir+xml",
    "application/json",
    "application/xml",
];

/// The statements that were made, by the number of their domain.
#[derive(Default)]
pub struct Statements(Mutex<HashMap<i64, Statement>>);

/// A statement, and what it was made of.
struct Statement {
    catalog: Weak<Catalog>,
    includes: Includes,
    base: String,
    text: String,
}

impl Statement {
    fn is_of(&self, domain: &Domain, base: &str, catalog: &Arc<Catalog>) -> bool {
        let is_same = self.catalog.upgrade().is_some_and(|known| Arc::ptr_eq(&known, catalog));
        is_same && self.includes == domain.includes && self.base == base
    }
}

/// Answers `GET metadata`. It needs no token, so it is made once for all who ask.
pub fn capabilities(app: &App, domain: &Domain, urls: &Urls, catalog: &Arc<Catalog>) -> Reply {
    let base = urls.fhir_base();
    let mut all = app.statements().0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = all.get(&domain.number).filter(|one| one.is_of(domain, &base, catalog)) {
        return Reply::text(StatusCode::OK, known.text.clone());
    }
    let text = json::render(&statement(app, domain, urls, catalog));
    let (includes, catalog) = (domain.includes, Arc::downgrade(catalog));
    all.insert(domain.number, Statement { catalog, includes, base, text: text.clone() });
    Reply::text(StatusCode::OK, text)
}

fn statement(app: &App, domain: &Domain, urls: &Urls, catalog: &Catalog) -> Node {
    let resources: Vec<Node> = kind::served().map(|kind| resource(kind, domain, catalog)).collect();
    object! {
        "resourceType" => "CapabilityStatement",
        "status" => "active",
        "date" => app.started.to_instant_millis(),
        "kind" => "instance",
        "software" => object! {
            "name" => "Koppeltaal Server",
            "version" => env!("CARGO_PKG_VERSION"),
        },
        "implementation" => object! {
            "description" => app.server_name.as_str(),
            "url" => urls.fhir_base(),
        },
        "fhirVersion" => "4.0.1",
        "format" => FORMATS.map(Node::from),
        "implementationGuide" => [Node::from(IMPLEMENTATION_GUIDE)],
        "rest" => [object! {
            "mode" => "server",
            "security" => security(urls),
            "resource" => resources,
        }],
    }
}

/// The profiles on a type.
pub fn profiles<'c>(kind: &str, catalog: &'c Catalog) -> Vec<&'c str> {
    let is_on_it = |structure: &&Structure| {
        structure.type_name == kind && structure.derivation == Derivation::Constraint
    };
    let structures = catalog.definitions().structures().filter(is_on_it);
    let mut profiles: Vec<&str> = structures.map(|structure| structure.url.as_str()).collect();
    profiles.sort_unstable();
    profiles
}

fn resource(kind: &str, domain: &Domain, catalog: &Catalog) -> Node {
    let profiles = profiles(kind, catalog);
    let codes = Interaction::of(kind).filter_map(Interaction::code);
    let interactions: Vec<Node> = codes.map(|code| object! { "code" => code }).collect();
    let mut node = object! {
        "type" => kind,
        "profile" => format!("http://hl7.org/fhir/StructureDefinition/{kind}"),
    };
    if !profiles.is_empty() {
        node = node.with("supportedProfile", strings(&profiles));
    }
    if kind == "Subscription" {
        let told = format!(
            "Notifications are of creates and updates; of deletions too with the extension \
             `{ON_DELETE}` (valueBoolean true) of this server."
        );
        node = node.with("documentation", told);
    }
    node = node
        .with("interaction", interactions)
        .with("versioning", "versioned-update")
        .with("readHistory", true)
        .with("updateCreate", false)
        .with("conditionalCreate", false)
        .with("conditionalRead", "full-support")
        .with("conditionalUpdate", false)
        .with("conditionalDelete", "not-supported")
        .with("referencePolicy", strings(&["literal", "enforced", "local"]));
    let includes = domain.includes == Includes::On && !kind::is_conformance(kind);
    if includes {
        let forward = references(kind, catalog);
        if !forward.is_empty() {
            node = node.with("searchInclude", strings(&forward));
        }
        let backward = kind::EXCHANGED.into_iter().flat_map(|source| {
            let leads_here = |parameter: &str| {
                let found = catalog.parameters.find(source, parameter);
                found.is_some_and(|found| found.definition().targets.iter().any(|t| t == kind))
            };
            references(source, catalog)
                .into_iter()
                .filter(|include| {
                    include.split_once(':').is_some_and(|(_, parameter)| leads_here(parameter))
                })
                .collect::<Vec<_>>()
        });
        let backward: Vec<String> = backward.collect();
        if !backward.is_empty() {
            node = node.with("searchRevInclude", strings(&backward));
        }
    }
    node.with("searchParam", parameters(kind, catalog)).with(
        "operation",
        [object! {
            "name" => "validate",
            "definition" => "http://hl7.org/fhir/OperationDefinition/Resource-validate",
        }],
    )
}

/// What `_include` takes on this type.
fn references(kind: &str, catalog: &Catalog) -> Vec<String> {
    let all = catalog.parameters.for_type(kind);
    let references = all.filter(|parameter| parameter.definition().kind == SearchKind::Reference);
    let mut names: Vec<String> =
        references.map(|parameter| format!("{kind}:{}", parameter.definition().code)).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn parameters(kind: &str, catalog: &Catalog) -> Vec<Node> {
    let mut all: Vec<_> = catalog
        .parameters
        .for_type(kind)
        .map(|parameter| parameter.definition())
        .filter(|definition| !["_list", "_query", "_filter"].contains(&definition.code.as_str()))
        .collect();
    all.sort_by(|a, b| a.code.cmp(&b.code));
    all.dedup_by(|a, b| a.code == b.code);
    let node = |code: &str, url: &str, kind: &str| {
        object! { "name" => code, "definition" => url, "type" => kind }
    };
    let mut nodes: Vec<Node> = all
        .into_iter()
        .map(|definition| node(&definition.code, &definition.url, definition.kind.code()))
        .collect();
    for (code, kind) in [("_text", "string"), ("_content", "string"), ("_has", "special")] {
        let is_there =
            nodes.iter().any(|node| node.get("name").and_then(Node::as_str) == Some(code));
        if !is_there {
            nodes.push(object! { "name" => code, "type" => kind });
        }
    }
    nodes
}

fn strings<T: AsRef<str>>(texts: &[T]) -> Vec<Node> {
    texts.iter().map(|text| Node::from(text.as_ref())).collect()
}

fn security(urls: &Urls) -> Node {
    let uris = [
        ("jwks", urls.jwks()),
        ("token", urls.token()),
        ("issuer", urls.issuer()),
        ("authorize", urls.authorize()),
        ("introspect", urls.introspect()),
    ];
    let uris = uris.map(|(name, uri)| object! { "url" => name, "valueUri" => uri });
    object! {
        "extension" => [object! {
            "url" => "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
            "extension" => uris,
        }],
        "service" => [object! {
            "coding" => [object! {
                "system" => "http://terminology.hl7.org/CodeSystem/restful-security-service",
                "code" => "SMART-on-FHIR",
            }],
            "text" => "OAuth2 using SMART-on-FHIR profile (see http://docs.smarthealthit.org)",
        }],
    }
}
