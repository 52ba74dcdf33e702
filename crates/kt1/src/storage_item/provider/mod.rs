//! The provider that keeps the StorageItems of a domain: a FHIR server to which calls are passed on
//! with the domain's credentials (spec 4). It is trusted with the content and with nothing else:
//! what it answers is bounded in time and size, checked, and shown to the application alone that it
//! belongs to. Calls go through `outbound`, which says what addresses may be called.
//!
//! | file | what |
//! |---|---|
//! | `call` | one call: its time, its size, how many at once |
//! | `answer` | what an answer means, and what may be wrong with it |
//! | `page` | a search, page by page |

mod answer;
mod call;
mod page;

pub(crate) use call::Calls;

use http::{HeaderMap, Method, header};
use koppeltaal_core::Result;
use koppeltaal_core::audit::Entry;
use koppeltaal_core::directory::Storage;
use koppeltaal_fhir::dstu1::StorageItem;
use koppeltaal_fhir::dstu1::reference::{identity, versioned};
use koppeltaal_store::audit;

use super::sent::Sent;
use super::{Item, kept, unknown};
use crate::answer::Refusal;
use crate::app::{App, Inner};
use crate::call::{Call, Caller};
use crate::feed::fine_instant;

/// The most bytes of one item that are read.
const ITEM_BYTES: usize = 4 << 20;
/// The longest id.
const MAX_ID: usize = 128;

/// The provider of a domain.
pub(super) struct Provider<'a> {
    storage: &'a Storage,
    base: &'a str,
}

impl<'a> Provider<'a> {
    pub(super) fn new(storage: &'a Storage, url: &'a str) -> Self {
        Self { storage, base: url.trim_end_matches('/') }
    }

    /// Keeps a new item there.
    pub(super) async fn create(
        &self,
        app: &App,
        call: &Call,
        caller: &Caller,
        sent: &Sent,
    ) -> Result<Item, Refusal> {
        let now = fine_instant(app.now());
        let node = sent.filled(caller, None, Some(&now));
        let url = format!("{}/Other?code=StorageItem", self.base);
        let request = call::Request::with(Method::POST, url, &node);
        let reply = self.ask(app, call, caller, request, ITEM_BYTES).await?;
        answer::check(&reply, call, caller, "")?;
        answer::written(&reply, caller, sent, &now, None)
            .ok_or_else(|| answer::garbage(call, caller))
    }

    /// The item there, if it is the caller's.
    pub(super) async fn read(
        &self,
        app: &App,
        call: &Call,
        caller: &Caller,
        id: &str,
    ) -> Result<Item, Refusal> {
        check_id(id)?;
        let url = format!("{}/Other/{id}?code=StorageItem", self.base);
        let request = call::Request::plain(Method::GET, url);
        let reply = self.ask(app, call, caller, request, ITEM_BYTES).await?;
        answer::check(&reply, call, caller, id)?;
        let item = answer::item(&reply, caller, id).ok_or_else(|| answer::garbage(call, caller))?;
        let view = StorageItem::of(&item.node);
        match caller.may_see(view.and_then(StorageItem::patient).map(identity)) {
            true => item.shown().ok_or_else(|| unknown(id)),
            false => Err(unknown(id)),
        }
    }

    /// Replaces the caller's item there.
    pub(super) async fn update(
        &self,
        app: &App,
        call: &Call,
        caller: &Caller,
        id: &str,
        version: Option<String>,
        sent: &Sent,
    ) -> Result<Item, Refusal> {
        // The provider knows nothing of our applications: whose it is, is looked at first.
        let known = self.read(app, call, caller, id).await?;
        if version.is_some() && known.version.is_some() && version != known.version {
            return Err(kept::outdated(app, id, known.version.as_deref()));
        }
        let patient = StorageItem::of(&known.node).and_then(StorageItem::patient).map(identity);
        if patient != Some(sent.patient.as_str()) {
            return Err(kept::other_patient());
        }
        let now = fine_instant(app.now());
        let node = sent.filled(caller, Some(id), Some(&now));
        let url = format!("{}/Other/{id}", self.base);
        let mut request =
            call::Request::with(Method::PUT, format!("{url}?code=StorageItem"), &node);
        let named = version.or_else(|| known.version.clone());
        if let Some(named) = named.and_then(|version| versioned(&url, &version).parse().ok()) {
            // Somebody else may write between the two calls: the provider decides.
            request.headers.insert(header::CONTENT_LOCATION, named);
        }
        let reply = self.ask(app, call, caller, request, ITEM_BYTES).await?;
        answer::check(&reply, call, caller, id)?;
        answer::written(&reply, caller, sent, &now, Some(id))
            .ok_or_else(|| answer::garbage(call, caller))
    }

    /// Removes the caller's item there, and tells whom it was about.
    pub(super) async fn delete(
        &self,
        app: &App,
        call: &Call,
        caller: &Caller,
        id: &str,
    ) -> Result<Option<String>, Refusal> {
        let known = self.read(app, call, caller, id).await?;
        let url = format!("{}/Other/StorageItem:{id}", self.base);
        let request = call::Request::plain(Method::DELETE, url);
        let reply = self.ask(app, call, caller, request, ITEM_BYTES).await?;
        answer::check(&reply, call, caller, id)?;
        let patient = StorageItem::of(&known.node).and_then(StorageItem::patient);
        Ok(patient.map(|url| identity(url).to_owned()))
    }

    /// Records a change that the provider made, before the client hears of it.
    pub(super) async fn record(&self, app: &Inner, caller: &Caller, entry: Entry) -> Result<()> {
        let ids = app.parts.ids.clone();
        let scope = app.parts.store.scope(&caller.domain);
        scope.write(move |tx| audit::append(tx, &ids, std::slice::from_ref(&entry)).map(drop)).await
    }

    /// The credentials of the domain at its provider.
    fn credentials(&self, app: &Inner) -> Result<HeaderMap> {
        let mut headers = HeaderMap::new();
        if let Some(username) = &self.storage.username {
            let password = match &self.storage.password {
                Some(sealed) => app.parts.seal.open(sealed)?,
                None => String::new(),
            };
            headers.insert(header::AUTHORIZATION, call::basic(username, &password)?);
        }
        Ok(headers)
    }
}

/// An id that can stand in a path, and in no other place of it.
fn check_id(id: &str) -> Result<(), Refusal> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'~');
    let is_dots = id.bytes().all(|b| b == b'.');
    match !is_dots && id.len() <= MAX_ID && id.bytes().all(is_plain) {
        true => Ok(()),
        false => Err(unknown("with this id")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_leads_nowhere_else() {
        for id in ["12", "a1b2-c3.d4", "5f3e_x~y"] {
            assert!(check_id(id).is_ok(), "{id}");
        }
        let long = "a".repeat(129);
        for id in ["", ".", "..", "a/b", "a?b", "a%2Fb", "a b", "é", "a#b", "a\r\n", &long] {
            assert!(check_id(id).is_err(), "{id}");
        }
    }
}
