//! What administrators of domains and of applications change of an item that is
//! theirs. The rest is a matter of the administrators of the server, because it
//! concerns others (names, phases, versions) or the safety of all.

use koppeltaal_core::administrator::Role;

use crate::provision::Kind;

const DOMAIN_OF_DOMAIN: &[&str] = &[
    "title",
    "claim_timeout",
    "retention",
    "includes",
    "cors_origins",
    "audit_mask_queries",
    "inactive_user",
];
const ROLE_OF_DOMAIN: &[&str] = &["permissions", "privileges"];
const PROVIDER_OF_DOMAIN: &[&str] = &[
    "title",
    "discovery_url",
    "client_id",
    "client_secret",
    "username_claim",
    "identifier_system",
    "default",
    "required",
];
const INSTANCE_OF_DOMAIN: &[&str] = &[
    "role",
    "status",
    "active",
    "identity_providers",
    "hook_hosts",
    "pkce",
    "launch_token_use",
    "assertion_max_lifetime",
];
const APPLICATION_OF_APPLICATION: &[&str] = &[
    "title",
    "application_roles",
    "launch_url",
    "redirect_uris",
    "oauth_secret",
    "refresh_tokens",
    "events",
    "retain_events",
    "launch_mode",
    "launch_kinds",
    "launch_lifetime",
    "activation_code_lifetime",
    "access_token_lifetime",
];
const INSTANCE_OF_APPLICATION: &[&str] = &[
    "password",
    "previous_password_until",
    "events",
    "webhook",
    "sso_url",
    "redirect_uris",
    "jwks_url",
    "jwks",
    "public_key_pem",
];

/// The keys that an administrator of this role changes; `None`: every one.
pub(super) fn keys(role: Role, kind: Kind) -> Option<&'static [&'static str]> {
    match (role, kind) {
        (Role::System, _) => None,
        (Role::Domain, Kind::Domain) => Some(DOMAIN_OF_DOMAIN),
        (Role::Domain, Kind::Role) => Some(ROLE_OF_DOMAIN),
        (Role::Domain, Kind::IdentityProvider) => Some(PROVIDER_OF_DOMAIN),
        (Role::Domain, Kind::Instance) => Some(INSTANCE_OF_DOMAIN),
        (Role::Application, Kind::Application) => Some(APPLICATION_OF_APPLICATION),
        (Role::Application, Kind::Instance) => Some(INSTANCE_OF_APPLICATION),
        (Role::Domain, Kind::Application)
        | (Role::Application, Kind::Domain | Kind::Role | Kind::IdentityProvider) => Some(&[]),
    }
}

/// Whether an administrator of this role makes new items of this kind.
pub(super) fn makes(role: Role, kind: Kind) -> bool {
    match role {
        Role::System => true,
        Role::Domain => matches!(kind, Kind::Role | Kind::IdentityProvider),
        Role::Application => false,
    }
}
