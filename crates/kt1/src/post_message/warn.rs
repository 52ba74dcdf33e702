//! What a sender should be told and is not refused for: lines of the log for the
//! operator, and rows of the compliance log (spec 3.3, last paragraph, and 3.4).

use koppeltaal_core::event::Event;
use koppeltaal_core::versioning::Decision;
use koppeltaal_fhir::dstu1::{extension, names};
use koppeltaal_store::mailbox::Resource;

use super::check::Message;
use super::kind;
use crate::app::App;
use crate::call::{Call, Caller};

/// About the message itself.
pub(super) fn of_message(app: &App, call: &Call, caller: &Caller, message: &Message) {
    if message.event.wants_patient() && !message.names_patient {
        warn(app, call, caller, "the message has no MessageHeader#Patient extension");
    }
    let of_135 = caller.instance.api_version.versions_all_resources();
    if of_135 && message.event == Event::CreateOrUpdateCarePlan && !has_care_teams(message) {
        // Most applications send none: no more than a hint for who looks for it.
        tracing::debug!(
            request_id = call.request_id,
            instance = caller.name(),
            "a participant of the care plan has no care team, or it is not in the message"
        );
    }
}

/// About the versions that were named.
pub(super) fn of_versions(
    app: &App,
    call: &Call,
    caller: &Caller,
    resources: &[(Option<String>, bool)],
    decisions: impl Iterator<Item = Decision>,
) {
    for ((sent, focal), decision) in resources.iter().zip(decisions) {
        match decision {
            Decision::Adopt => {
                warn(
                    app,
                    call,
                    caller,
                    "a version this server never saw was taken for a new resource",
                );
            }
            Decision::Update | Decision::Keep if sent.is_none() && !focal => {
                warn(app, call, caller, "a known resource was sent without its version");
            }
            _ => {}
        }
    }
}

/// The versions as they were named, for [`of_versions`].
pub(super) fn named(resources: &[Resource], focal: usize) -> Vec<(Option<String>, bool)> {
    let named = |(index, resource): (usize, &Resource)| (resource.version.clone(), index == focal);
    resources.iter().enumerate().map(named).collect()
}

fn has_care_teams(message: &Message) -> bool {
    let plan = message.bundle.entry.get(message.focal).and_then(|entry| entry.content.as_ref());
    let participants = plan.map_or(&[][..], |plan| plan.items("participant"));
    let sent = message
        .bundle
        .entry
        .iter()
        .any(|entry| kind::of(entry.content.as_ref()).as_deref() == Some("Other/CareTeam"));
    let named = |p: &koppeltaal_fhir::Node| {
        extension::find(p, names::care_plan::PARTICIPANT_CARE_TEAM).is_some()
    };
    participants.iter().all(|participant| named(participant) && sent)
}

fn warn(app: &App, call: &Call, caller: &Caller, what: &'static str) {
    tracing::warn!(
        request_id = call.request_id,
        domain = caller.domain.name,
        instance = caller.name(),
        "{what}"
    );
    let (log, instance) = (&app.parts.request_log, caller.instance.number);
    log.finding(&caller.domain, instance, what, call.began, &call.request_id);
}
