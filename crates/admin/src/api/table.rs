//! Every operation of the API.

use http::Method;

use super::forms::{
    AUDIT_ROW, CHANGES, DRY_RUN, EXPLAINED, INSTANCE, MAIL, MESSAGE, NOTIFICATION, PROVIDER,
    PUBLIC_KEY, REASON, ROLES, ROTATED, SESSION, SIGNING_KEY, TEXTS, TOKEN, USER,
};
use super::route::{Route, Who, route};
use super::schema::Schema::{Any, Bool, Int, Item, List, Map, Object, Page, Text, Time, Word};
use super::{
    administrators, audit, directory, instances, keys, mails, messages, notifications, put,
    removal, roles, session, tokens,
};
use crate::provision::Kind;

const GET: &Method = &Method::GET;
const POST: &Method = &Method::POST;
const PUT: &Method = &Method::PUT;
const PATCH: &Method = &Method::PATCH;
const DELETE: &Method = &Method::DELETE;

macro_rules! run {
    ($run:path) => {
        |asked| Box::pin($run(asked))
    };
}

/// Every operation.
pub static ROUTES: &[Route] = &[
    route(GET, "/openapi.json", "openapi", "This document.", run!(super::openapi::show))
        .by(Who::Anyone)
        .answers(Any),
    // Signing in.
    route(POST, "/session", "sign_in", "Sign in with a browser: answers with a cookie.", run!(session::begin))
        .by(Who::Anyone)
        .body(Object(&[("username", Text), ("password", Text), ("totp", Text)]))
        .answers(SESSION),
    route(GET, "/session", "who_am_i", "Who the caller is.", run!(session::show)).answers(SESSION),
    route(DELETE, "/session", "sign_out", "End the session of the cookie.", run!(session::end))
        .by(Who::Anyone),
    route(PUT, "/password", "set_password", "Set a password by a link that came by mail, once.", run!(session::set_password))
        .by(Who::Anyone)
        .body(Object(&[("link", Text), ("password", Text)]))
        .answers(Object(&[("login", Text), ("totp_url", Text)])),
    // The directory.
    route(POST, "/apply", "apply", "Make the directory what tables of a provisioning file say; as JSON, or as TOML with content type application/toml.", run!(put::apply))
        .by(Who::System)
        .query(DRY_RUN)
        .body(Object(&[
            ("domain", List(&Item(Kind::Domain))),
            ("application", List(&Item(Kind::Application))),
            ("role", List(&Item(Kind::Role))),
            ("identity_provider", List(&Item(Kind::IdentityProvider))),
            ("instance", List(&Item(Kind::Instance))),
        ]))
        .answers(CHANGES),
    route(GET, "/export", "export", "The directory as tables of a provisioning file, without secrets.", run!(directory::export))
        .by(Who::System)
        .answers(Map(&List(&Any))),
    route(GET, "/domains", "list_domains", "Domains.", run!(directory::domains))
        .answers(Page(&Item(Kind::Domain))),
    route(GET, "/domains/{domain}", "show_domain", "A domain.", run!(directory::domain))
        .answers(Item(Kind::Domain)),
    route(PUT, "/domains/{domain}", "put_domain", "Make or change a domain; what is left out stays.", run!(put::domain))
        .query(DRY_RUN)
        .body(Item(Kind::Domain))
        .answers(CHANGES),
    route(GET, "/applications", "list_applications", "Applications.", run!(directory::applications))
        .answers(Page(&Item(Kind::Application))),
    route(GET, "/applications/{application}", "show_application", "An application.", run!(directory::application))
        .answers(Item(Kind::Application)),
    route(PUT, "/applications/{application}", "put_application", "Make or change an application; what is left out stays.", run!(put::application))
        .query(DRY_RUN)
        .body(Item(Kind::Application))
        .answers(CHANGES),
    route(GET, "/domains/{domain}/roles", "list_roles", "Roles of a domain.", run!(directory::roles))
        .by(Who::Domain)
        .answers(Page(&Item(Kind::Role))),
    route(GET, "/domains/{domain}/roles/{role}", "show_role", "A role.", run!(directory::role))
        .by(Who::Domain)
        .answers(Item(Kind::Role)),
    route(PUT, "/domains/{domain}/roles/{role}", "put_role", "Make or change a role; what is left out stays.", run!(put::role))
        .by(Who::Domain)
        .query(DRY_RUN)
        .body(Item(Kind::Role))
        .answers(CHANGES),
    route(GET, "/domains/{domain}/role-templates", "list_role_templates", "The predefined roles.", run!(roles::template))
        .by(Who::Domain)
        .answers(Page(&Item(Kind::Role))),
    route(GET, "/domains/{domain}/identity-providers", "list_identity_providers", "Identity providers of a domain.", run!(directory::identity_providers))
        .by(Who::Domain)
        .answers(Page(&PROVIDER)),
    route(GET, "/domains/{domain}/identity-providers/{identity_provider}", "show_identity_provider", "An identity provider.", run!(directory::identity_provider))
        .by(Who::Domain)
        .answers(PROVIDER),
    route(PUT, "/domains/{domain}/identity-providers/{identity_provider}", "put_identity_provider", "Make or change an identity provider; what is left out stays.", run!(put::identity_provider))
        .by(Who::Domain)
        .query(DRY_RUN)
        .body(Item(Kind::IdentityProvider))
        .answers(CHANGES),
    // Instances.
    route(GET, "/instances", "list_instances", "Instances.", run!(directory::instances))
        .query(&[("domain", Text), ("application", Text)])
        .answers(Page(&INSTANCE)),
    route(GET, "/instances/{instance}", "show_instance", "An instance, by user name or client_id.", run!(directory::instance))
        .answers(INSTANCE),
    route(PUT, "/instances/{instance}", "put_instance", "Make or change an instance; what is left out stays. A password that is made up stands in this answer alone.", run!(put::instance))
        .query(DRY_RUN)
        .body(Item(Kind::Instance))
        .answers(CHANGES),
    route(POST, "/instances/{instance}/approve", "approve_instance", "Admit an instance to its domain.", run!(instances::approve))
        .by(Who::Domain)
        .answers(INSTANCE),
    route(POST, "/instances/{instance}/reject", "reject_instance", "Keep an instance out of its domain.", run!(instances::reject))
        .by(Who::Domain)
        .answers(INSTANCE),
    route(GET, "/instances/{instance}/check-keys", "check_instance_keys", "Fetch the public keys of an instance and say what is wrong with each.", run!(instances::check_keys))
        .answers(Page(&PUBLIC_KEY)),
    route(GET, "/instances/{instance}/explain", "explain_request", "Whether an instance may make a request of Koppeltaal 2.0, by which rule, and why.", run!(roles::explained))
        .by(Who::Domain)
        .query(&[("request", Text), ("origin", Text)])
        .answers(EXPLAINED),
    // Signing keys.
    route(GET, "/domains/{domain}/keys", "list_keys", "The signing keys of a domain.", run!(keys::list))
        .by(Who::Domain)
        .answers(Page(&SIGNING_KEY)),
    route(POST, "/domains/{domain}/keys/rotate", "rotate_key", "Replace the signing key of a domain; `at_once`: every token stops working.", run!(keys::rotate))
        .by(Who::Domain)
        .query(&[("at_once", Bool)])
        .answers(ROTATED),
    // Operations.
    route(GET, "/messages", "list_messages", "Copies of messages, oldest first. Bodies are never shown.", run!(messages::list))
        .query(&[
            ("domain", Text),
            ("instance", Text),
            ("status", Text),
            ("event", Text),
            ("patient", Text),
            ("since", Time),
            ("after", Int),
            ("limit", Int),
        ])
        .answers(Page(&MESSAGE)),
    route(GET, "/messages/{message}", "show_message", "A copy of a message.", run!(messages::show))
        .answers(MESSAGE),
    route(POST, "/messages/{message}/requeue", "requeue_message", "Put a copy back to New.", run!(messages::requeue))
        .body(REASON)
        .answers(MESSAGE),
    route(POST, "/messages/{message}/fail", "fail_message", "Set a copy to Failed.", run!(messages::fail))
        .body(REASON)
        .answers(MESSAGE),
    route(GET, "/notifications", "list_notifications", "Notifications, oldest first.", run!(notifications::list))
        .query(&[
            ("domain", Text),
            ("instance", Text),
            ("state", Word(notifications::STATES)),
            ("after", Int),
            ("limit", Int),
        ])
        .answers(Page(&NOTIFICATION)),
    route(GET, "/notifications/{notification}", "show_notification", "A notification with its attempts.", run!(notifications::show))
        .answers(NOTIFICATION),
    route(POST, "/notifications/{notification}/resend", "resend_notification", "Send a dead or delivered notification again.", run!(notifications::resend))
        .body(REASON)
        .answers(NOTIFICATION),
    route(POST, "/retention/run", "run_retention", "Remove bodies whose time is over.", run!(removal::retention))
        .by(Who::System)
        .query(DRY_RUN)
        .answers(Page(&Object(&[
            ("domain", Text),
            ("event", Text),
            ("retrieved", Int),
            ("too_old", Int),
        ]))),
    route(POST, "/domains/{domain}/erase", "erase_patient", "Remove a patient from a domain for good.", run!(removal::patient))
        .by(Who::Domain)
        .query(DRY_RUN)
        .body(Object(&[("patient", Text)]))
        .answers(Any),
    // The audit trail.
    route(GET, "/audit", "search_audit", "Rows of the trail of a domain, oldest first; of `server`: of what belongs to none.", run!(audit::search))
        .by(Who::Domain)
        .query(&[
            ("domain", Text),
            ("since", Time),
            ("until", Time),
            ("action", Text),
            ("agent", Text),
            ("patient", Text),
            ("focal", Text),
            ("outcome", Text),
            ("request_id", Text),
            ("trace_id", Text),
            ("correlation_id", Text),
            ("events", Bool),
            ("after", Int),
            ("limit", Int),
        ])
        .answers(Page(&AUDIT_ROW)),
    route(GET, "/audit/verify", "verify_audit", "Whether nothing was changed, added or removed in a trail since it was sealed.", run!(audit::verify))
        .by(Who::Domain)
        .query(&[("domain", Text)])
        .answers(Any),
    // Mails.
    route(GET, "/mails", "list_mails", "Mails of the outbox, newest first.", run!(mails::list))
        .by(Who::System)
        .query(&[("state", Word(mails::STATES)), ("before", Int), ("limit", Int)])
        .answers(Page(&MAIL)),
    route(GET, "/mails/{mail}", "show_mail", "A mail; its text unless it holds a secret.", run!(mails::show))
        .by(Who::System)
        .answers(MAIL),
    // Administrators.
    route(GET, "/users", "list_users", "Accounts of administrators.", run!(administrators::list_users))
        .answers(Page(&USER)),
    route(POST, "/users", "create_user", "Make an account; its owner gets a link by mail.", run!(administrators::create_user))
        .by(Who::System)
        .body(Object(&[
            ("login", Text),
            ("name", Text),
            ("email", Text),
            ("role", ROLES),
            ("domains", TEXTS),
            ("applications", TEXTS),
        ]))
        .answers(USER),
    route(GET, "/users/{login}", "show_user", "An account.", run!(administrators::show_user))
        .answers(USER),
    route(PATCH, "/users/{login}", "change_user", "Change an account; what is left out stays.", run!(administrators::change_user))
        .body(Object(&[
            ("name", Text),
            ("email", Text),
            ("active", Bool),
            ("role", ROLES),
            ("domains", TEXTS),
            ("applications", TEXTS),
        ]))
        .answers(USER),
    route(POST, "/users/{login}/reset-password", "reset_password", "Send the owner of an account a link to set another password.", run!(administrators::invite_user)),
    route(GET, "/tokens", "list_tokens", "Administrator tokens, without what they are.", run!(tokens::list))
        .answers(Page(&TOKEN)),
    route(POST, "/tokens", "create_token", "Make a token, which stands in this answer alone. It can do no more than who makes it.", run!(tokens::create))
        .body(Object(&[
            ("name", Text),
            ("lifetime", Text),
            ("role", ROLES),
            ("domains", TEXTS),
            ("applications", TEXTS),
        ]))
        .answers(TOKEN),
    route(DELETE, "/tokens/{token}", "revoke_token", "Make a token stop working, in every server within a second.", run!(tokens::revoke))
        .answers(TOKEN),
];
