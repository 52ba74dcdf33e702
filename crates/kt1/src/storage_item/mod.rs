//! StorageItems: state that an application without a server of its own keeps with Koppeltaal, by
//! REST on `Other` with the code StorageItem (spec 4). A domain has them in this server, sealed, or
//! at a provider to which calls are passed on; the rest of a call is the same for both.
//!
//! | file | what |
//! |---|---|
//! | `create`, `read`, `update`, `search`, `delete` | a verb each |
//! | `sent` | what an application sends, and its limits |
//! | `kept` | items in this server: sealed, opened, limited |
//! | `criteria` | the parameters of a search |
//! | `provider` | calls to a provider, and what may be wrong with its answers |

mod create;
mod criteria;
mod delete;
mod kept;
mod provider;
mod read;
mod search;
mod sent;
mod update;

pub use create::create;
pub(crate) use criteria::plain_id;
pub use delete::delete;
pub use kept::opens;
pub(crate) use provider::Calls;
pub use read::read;
pub use search::search;
pub use update::update;

use http::StatusCode;
use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::directory::{Domain, Storage, StorageKind};
use koppeltaal_fhir::Node;
use koppeltaal_fhir::dstu1::{self, Link, StorageItem, Tag, names};
use koppeltaal_store::storage_item::Owner;

use crate::answer::Refusal;
use crate::app::Inner;
use crate::call::{Call, Caller};
use provider::Provider;

/// Where the items of a domain are.
enum Place<'a> {
    /// In this server.
    Here(&'a Storage),
    /// At a provider.
    At(Provider<'a>),
}

fn place(caller: &Caller) -> Result<Place<'_>, Refusal> {
    let Some(storage) = &caller.domain.storage else {
        return Err(Refusal::new(
            StatusCode::NOT_FOUND,
            "not-supported",
            "not-supported",
            "This domain has no storage service.",
        ));
    };
    Ok(match provider_url(&caller.domain) {
        Some(url) => Place::At(Provider::new(storage, url)),
        None => Place::Here(storage),
    })
}

/// The URL of the provider of a domain, when its items are not in this server.
pub fn provider_url(domain: &Domain) -> Option<&str> {
    let storage = domain.storage.as_ref().filter(|s| s.kind == StorageKind::Proxy)?;
    storage.url.as_deref()
}

/// Whose items a caller reaches: those of its application; with an access token, of the patient of
/// that.
fn owner(caller: &Caller) -> Owner {
    Owner { application: caller.application.number, patient: caller.patient.clone() }
}

/// A StorageItem on its way to a client.
#[derive(Debug)]
struct Item {
    id: String,
    version: Option<String>,
    node: Node,
}

impl Item {
    /// The URL of this version, as far as it is known.
    fn location(&self, app: &Inner) -> String {
        app.links.storage_item(&self.id, self.version.as_deref())
    }

    /// The entry of the item in a list.
    fn into_entry(self, app: &Inner) -> dstu1::Entry {
        let location = self.location(app);
        let view = StorageItem::of(&self.node);
        dstu1::Entry {
            title: Some(format!("Other resource with subtype=StorageItem and IID={}", self.id)),
            id: Some(app.links.storage_item(&self.id, None)),
            updated: view.and_then(StorageItem::last_modified).map(str::to_owned),
            link: vec![Link::new("self", location)],
            category: vec![Tag::new(
                format!("{}/Profile/StorageItem", app.links.base),
                Some("Koppeltaal StorageItem profile".to_owned()),
                names::tag::PROFILE_SCHEME,
            )],
            content: Some(self.node),
            ..dstu1::Entry::default()
        }
    }
}

/// An audit row about an item.
fn recorded(
    app: &Inner,
    call: &Call,
    caller: &Caller,
    action: Action,
    id: &str,
    patient: Option<&str>,
) -> Entry {
    Entry {
        focal: Some(app.links.storage_item(id, None)),
        patient: patient.map(str::to_owned),
        detail: Some("StorageItem".to_owned()),
        ..call.audit(action, caller)
    }
}

fn unknown(id: &str) -> Refusal {
    Refusal::not_found(format!("There is no StorageItem {id} of this application in this domain."))
}

fn conflict(code: &'static str, details: impl Into<String>) -> Refusal {
    Refusal::new(StatusCode::CONFLICT, code, code, details)
}
