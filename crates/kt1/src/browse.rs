//! GET MessageHeader/_search?… : the headers of the caller's mailbox, oldest
//! first (spec 5.2).

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use koppeltaal_core::Timestamp;
use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::event::Event;
use koppeltaal_core::status::Status;
use koppeltaal_fhir::json;
use koppeltaal_store::mailbox::{self, Browse, Item, Page};

use crate::answer::{Answer, Refusal};
use crate::app::App;
use crate::call::{Call, Caller};
use crate::deliver;
use crate::feed::{self, Found, Paging};

/// Totals up to here are counted anew for every page.
const COUNTED_EXACTLY: i64 = 10_000;
/// A larger total is kept this long.
const KEPT: Duration = Duration::from_secs(10);
/// How many totals are kept.
const MOST_KEPT: usize = 1000;

/// Totals of large mailboxes, which no client relies on: counted rarely.
#[derive(Debug, Default)]
pub struct Counts(Mutex<HashMap<Browse, (Timestamp, i64)>>);

impl Counts {
    fn get(&self, browse: &Browse, now: Timestamp) -> Option<i64> {
        let kept = self.0.lock().ok()?;
        let (at, total) = kept.get(browse)?;
        (now.since(*at) < KEPT && now >= *at).then_some(*total)
    }

    fn keep(&self, browse: Browse, now: Timestamp, total: i64) {
        if let Ok(mut kept) = self.0.lock() {
            if kept.len() >= MOST_KEPT {
                kept.clear();
            }
            kept.insert(browse, (now, total));
        }
    }
}

/// Lists headers.
pub async fn browse(app: &App, call: &Call, caller: &Caller) -> Result<Answer, Refusal> {
    let (count, page) = (feed::count(call), feed::page(call));
    let patient = caller.narrowed(call.query.get("Patient"))?;
    let Some(browse) = wanted(call, caller, patient) else {
        // A code nobody has: an empty result.
        let entry =
            Entry { detail: Some("0 headers".to_owned()), ..call.audit(Action::Browse, caller) };
        app.parts.audit_log.add(caller.domain.number, entry);
        let paging = Some(Paging { page, count, next: None });
        let found = Found { collection: "MessageHeader", entry: Vec::new(), total: 0, paging };
        return Ok(Answer::tree(feed::bundle(app, call, found)));
    };
    let after = call.query.get(feed::AFTER).and_then(|text| text.parse().ok());
    let asked = Page { count, offset: (page - 1).saturating_mul(count), after };
    let scope = app.parts.store.scope(&caller.domain);
    let kept = app.counts.get(&browse, call.began);
    let (items, more, total) = {
        let browse = browse.clone();
        scope
            .read(move |tx| {
                let (items, more) = mailbox::browse(tx, &browse, asked)?;
                let mut total = mailbox::count(tx, &browse, COUNTED_EXACTLY)?;
                if total == COUNTED_EXACTLY {
                    total = match kept {
                        Some(total) => total,
                        None => mailbox::count(tx, &browse, i64::MAX)?,
                    };
                }
                Ok((items, more, total))
            })
            .await?
    };
    if total >= COUNTED_EXACTLY && kept.is_none() {
        app.counts.keep(browse.clone(), call.began, total);
    }
    app.parts.audit_log.add(caller.domain.number, recorded(call, caller, &browse, items.len()));
    let next =
        more.then(|| items.last().map(|item| format!("{}={}", feed::AFTER, item.id))).flatten();
    render(app, call, &items, total, Paging { page, count, next })
}

fn wanted(call: &Call, caller: &Caller, patient: Option<String>) -> Option<Browse> {
    let event = call.query.get("event").map(str::parse::<Event>).transpose().ok()?;
    let status = call.query.get("ProcessingStatus").map(str::parse::<Status>).transpose().ok()?;
    Some(Browse {
        recipient: caller.instance.number,
        event,
        status,
        patient,
        include_expired: call.query.is_yes("include-expired"),
    })
}

fn recorded(call: &Call, caller: &Caller, browse: &Browse, found: usize) -> Entry {
    Entry {
        event: browse.event,
        patient: browse.patient.clone(),
        detail: Some(format!("{found} headers")),
        ..call.audit(Action::Browse, caller)
    }
}

/// The page as JSON: headers are stored as JSON and only put together.
fn render(
    app: &App,
    call: &Call,
    items: &[Item],
    total: i64,
    paging: Paging,
) -> Result<Answer, Refusal> {
    let found =
        Found { collection: "MessageHeader", entry: Vec::new(), total, paging: Some(paging) };
    let mut text = json::render(&feed::bundle(app, call, found));
    // The empty bundle ends in `"entry":[]}`.
    text.truncate(text.len() - 2);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(&deliver::header_entry(app, item));
    }
    text.push_str("]}");
    Ok(Answer::json(text))
}
