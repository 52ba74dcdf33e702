//! GET MessageHeader/_search?_query=MessageHeader.GetNextNewAndClaim (spec 5.1).

use koppeltaal_core::audit::Action;
use koppeltaal_core::event::Event;
use koppeltaal_store::DomainTx;
use koppeltaal_store::mailbox::{self, Claim};

use crate::answer::{Answer, Refusal};
use crate::app::App;
use crate::call::{Call, Caller};
use crate::deliver;
use crate::feed;

/// Claims the caller's oldest New message that fits.
pub async fn claim(app: &App, call: &Call, caller: &Caller) -> Result<Answer, Refusal> {
    let event = match call.query.get("event").map(str::parse::<Event>) {
        Some(Err(_)) => return Ok(feed::nothing(app, call, "MessageHeader")),
        Some(Ok(event)) => Some(event),
        None => None,
    };
    let scope = app.parts.store.scope(&caller.domain);
    let (recipient, now) = (caller.instance.number, app.now());
    let patient = caller.narrowed(call.query.get("Patient"))?;
    let expired = call.query.is_yes("include-expired");
    // Polls of an empty mailbox are answered by a reader and write nothing.
    let about = patient.clone();
    let waits = move |tx: &mut DomainTx<'_>| {
        mailbox::has_claimable(tx, recipient, about.as_deref(), expired, now)
    };
    if !scope.read(waits).await? {
        return Ok(feed::nothing(app, call, "MessageHeader"));
    }
    let claim = Claim {
        recipient,
        event,
        patient,
        include_expired: expired,
        until: app.claim_until(&caller.domain, now),
        audit: call.audit(Action::Claim, caller),
    };
    let ids = app.parts.ids.clone();
    let claimed = scope.write(move |tx| mailbox::claim(tx, &ids, now, &claim)).await?;
    let Some(claimed) = claimed else { return Ok(feed::nothing(app, call, "MessageHeader")) };
    app.metrics().claimed(&caller.domain.name, claimed.item.event);
    let content = deliver::bundle(app, caller, &claimed.item, claimed.body.as_ref())?;
    Ok(Answer { content, ..Answer::json(String::new()) })
}
