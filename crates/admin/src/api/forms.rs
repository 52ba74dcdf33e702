//! The forms of what goes in and comes out, under the names of the contract.

use super::schema::Schema::{self, Any, Bool, Int, ItemWith, List, Object, Text, Time, Word};
use super::{mails, notifications};
use crate::provision::Kind;

/// The roles of administrators.
pub(super) const ROLES: Schema = Word(&["system", "domain", "application"]);
/// Several texts.
pub(super) const TEXTS: Schema = List(&Text);
/// Only to tell what would be done.
pub(super) const DRY_RUN: &[(&str, Schema)] = &[("dry_run", Bool)];
/// Why somebody intervenes.
pub(super) const REASON: Schema = Object(&[("reason", Text)]);

/// An instance as it is read.
pub(super) const INSTANCE: Schema =
    ItemWith(Kind::Instance, &[("device", Text), ("key_source", Text)]);
/// An identity provider as it is read.
pub(super) const PROVIDER: Schema = ItemWith(Kind::IdentityProvider, &[("callback_url", Text)]);
/// What was changed.
pub(super) const CHANGES: Schema = Object(&[
    ("dry_run", Bool),
    (
        "changes",
        List(&Object(&[
            ("action", Word(&["created", "changed"])),
            ("kind", Text),
            ("name", Text),
            ("domain", Text),
            ("keys", TEXTS),
            ("generated_password", Text),
        ])),
    ),
]);
/// A copy of a message.
pub(super) const MESSAGE: Schema = Object(&[
    ("id", Int),
    ("message_identifier", Text),
    ("domain", Text),
    ("event", Text),
    ("sender", Text),
    ("recipient", Text),
    ("patient", Text),
    ("focal", Text),
    ("version", Text),
    ("status", Text),
    ("claims", Int),
    ("exception", Text),
    ("created", Time),
    ("last_changed", Time),
    ("expired", Bool),
]);
/// A notification.
pub(super) const NOTIFICATION: Schema = Object(&[
    ("id", Int),
    ("domain", Text),
    ("generation", Word(&["kt1", "kt2"])),
    ("instance", Text),
    ("subscription", Text),
    ("endpoint", Text),
    ("item", Int),
    ("message_identifier", Text),
    ("resource", Text),
    ("request_id", Text),
    ("trace_id", Text),
    ("state", Word(notifications::STATES)),
    ("attempts", List(&Any)),
    ("next_attempt", Time),
    ("created", Time),
]);
/// A public key of an instance.
pub(super) const PUBLIC_KEY: Schema = Object(&[
    ("kid", Text),
    ("kty", Text),
    ("algorithm", Text),
    ("curve", Text),
    ("bits", Int),
    ("use", Text),
    ("usable", Bool),
    ("problem", Text),
]);
/// A signing key of a domain.
pub(super) const SIGNING_KEY: Schema = Object(&[
    ("domain", Text),
    ("kid", Text),
    ("state", Text),
    ("created", Time),
    ("signs_from", Time),
    ("published_until", Time),
]);
/// A signing key that took the place of others.
pub(super) const ROTATED: Schema = Object(&[
    ("domain", Text),
    ("kid", Text),
    ("signs_from", Time),
    ("replaced", List(&Object(&[("kid", Text), ("published_until", Time)]))),
]);
/// What a role says to a request.
pub(super) const EXPLAINED: Schema = Object(&[
    ("instance", Text),
    ("domain", Text),
    ("role", Text),
    ("request", Text),
    ("operation", Text),
    ("resource", Text),
    ("origin", Text),
    ("allowed", Bool),
    ("rule", Text),
    ("reach", Object(&[("all", Bool), ("devices", TEXTS)])),
    ("reason", Text),
    ("note", Text),
]);
/// A row of the audit trail.
pub(super) const AUDIT_ROW: Schema = Object(&[
    ("domain", Text),
    ("id", Int),
    ("recorded", Time),
    ("action", Text),
    ("agent", Text),
    ("event", Text),
    ("patient", Text),
    ("focal", Text),
    ("version", Text),
    ("item", Int),
    ("outcome", Text),
    ("detail", Text),
    ("request_id", Text),
    ("trace_id", Text),
    ("correlation_id", Text),
    ("audit_event", Text),
]);
/// A mail.
pub(super) const MAIL: Schema = Object(&[
    ("id", Int),
    ("recipient", Text),
    ("subject", Text),
    ("secret", Bool),
    ("state", Word(mails::STATES)),
    ("attempts", Int),
    ("next_attempt", Time),
    ("created", Time),
    ("sent", Time),
    ("error", Text),
    ("body", Text),
]);
/// An account.
pub(super) const USER: Schema = Object(&[
    ("role", ROLES),
    ("domains", TEXTS),
    ("applications", TEXTS),
    ("login", Text),
    ("name", Text),
    ("email", Text),
    ("active", Bool),
    ("has_password", Bool),
    ("has_second_factor", Bool),
    ("locked_until", Time),
    ("last_login", Time),
    ("created", Time),
]);
/// A token.
pub(super) const TOKEN: Schema = Object(&[
    ("role", ROLES),
    ("domains", TEXTS),
    ("applications", TEXTS),
    ("id", Int),
    ("name", Text),
    ("state", Word(&["works", "expired", "revoked"])),
    ("created", Time),
    ("created_by", Text),
    ("expires", Time),
    ("revoked", Time),
    ("token", Text),
]);
/// Who the caller is.
pub(super) const SESSION: Schema = Object(&[
    ("role", ROLES),
    ("domains", TEXTS),
    ("applications", TEXTS),
    ("name", Text),
    ("means", Word(&["token", "password", "session"])),
    ("csrf_token", Text),
]);

#[cfg(test)]
mod tests {
    use koppeltaal_core::administrator::Role;

    use super::*;

    #[test]
    fn the_words_for_roles_are_those_of_administrators() {
        let Word(words) = ROLES else { panic!() };
        assert_eq!(words, Role::ALL.map(Role::code));
    }
}
