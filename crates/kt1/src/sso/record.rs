//! What the audit trail keeps of each step: who launched whom for which patient and
//! user, from where, and how it ended; never a secret (around, 1.10).

use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::directory::ConnectedInstance;
use koppeltaal_fhir::dstu1::reference::identity;
use koppeltaal_store::sso::Authorization;

use super::Asked;
use crate::app::Inner;

/// A step that the application takes with a launch: it acts, for the launch's user.
pub(super) fn step(
    asked: &Asked<'_>,
    action: Action,
    instance: &ConnectedInstance,
    launch: &Authorization,
    more: &str,
) -> Entry {
    let separator = if more.is_empty() { "" } else { ", " };
    Entry {
        instance: Some(instance.instance.number),
        patient: Some(identity(&launch.patient).to_owned()),
        item: Some(launch.number),
        detail: Some(format!(
            "client {}, {}, user {}, from {}{separator}{more}",
            instance.application.id,
            launch.kind.code(),
            launch.user,
            asked.peer
        )),
        request_id: Some(asked.request_id.to_owned()),
        ..Entry::new(action, asked.began, instance.name())
    }
}

/// A step that was refused, in the trail of the launch's domain; where no launch is
/// known there is no trail, and the log has to do.
pub(super) fn denied(
    app: &Inner,
    asked: &Asked<'_>,
    launch: Option<(&ConnectedInstance, &Authorization)>,
    endpoint: &'static str,
    why: &'static str,
) {
    let Some((instance, launch)) = launch else {
        tracing::info!(request_id = asked.request_id, endpoint, why, "single sign-on refused");
        return;
    };
    let entry = Entry {
        outcome: why.to_owned(),
        ..step(asked, Action::SsoDeny, instance, launch, endpoint)
    };
    app.parts.audit_log.add(launch.domain, entry);
}
