//! Every table and key of the provisioning file. What a text may say is told by
//! the core types that it is read into; here stands which keys there are.

/// What a value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A text.
    Text,
    /// `true` or `false`.
    Bool,
    /// A date and time with offset, quoted or not.
    Time,
    /// A text that the store keeps sealed.
    Secret,
    /// The path of a file that holds the value of this other key.
    FileOf(&'static str),
    /// Several of the same; replaced as a whole.
    List(&'static Shape),
    /// Named keys; each that is left out stays as it is.
    Table(&'static [Field]),
    /// Free keys; each that is left out stays as it is.
    Map(&'static Shape),
}

/// A key of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What its value looks like.
    pub shape: Shape,
}

/// The tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `[[domain]]`
    Domain,
    /// `[[application]]`
    Application,
    /// `[[role]]`
    Role,
    /// `[[identity_provider]]`
    IdentityProvider,
    /// `[[instance]]`
    Instance,
}

impl Kind {
    /// Every table, in the order in which one may refer to the other.
    pub const ALL: [Self; 5] =
        [Self::Domain, Self::Application, Self::Role, Self::IdentityProvider, Self::Instance];

    /// Its name in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Domain => "domain",
            Self::Application => "application",
            Self::Role => "role",
            Self::IdentityProvider => "identity_provider",
            Self::Instance => "instance",
        }
    }

    /// Its name for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::IdentityProvider => "identity provider",
            other => other.name(),
        }
    }

    /// Its keys.
    pub fn fields(self) -> &'static [Field] {
        match self {
            Self::Domain => DOMAIN,
            Self::Application => APPLICATION,
            Self::Role => ROLE,
            Self::IdentityProvider => IDENTITY_PROVIDER,
            Self::Instance => INSTANCE,
        }
    }

    /// The keys that say which item a table means.
    pub fn identity(self) -> &'static [&'static str] {
        match self {
            Self::Domain => &["name"],
            Self::Application => &["id"],
            Self::Role | Self::IdentityProvider => &["domain", "name"],
            Self::Instance => &["domain", "application"],
        }
    }
}

use Shape::{Bool, FileOf, List, Map, Secret, Table, Text, Time};

const fn field(name: &'static str, shape: Shape) -> Field {
    Field { name, shape }
}

const TEXTS: Shape = List(&Text);

const DOMAIN: &[Field] = &[
    field("name", Text),
    field("title", Text),
    field("organisation", Text),
    field("contact_name", Text),
    field("contact_phone", Text),
    field("contact_email", Text),
    field("phase", Text),
    field("active", Bool),
    field("allow_http_loopback", Bool),
    field("versions_135", Bool),
    field("check_non_focal_versions", Bool),
    field("unknown_versions", Text),
    field("claim_timeout", Text),
    field(
        "retention",
        List(&Table(&[
            field("event", Text),
            field("max_age", Text),
            field("retain_on_success", Bool),
        ])),
    ),
    field(
        "storage",
        Table(&[
            field("kind", Text),
            field("url", Text),
            field("username", Text),
            field("password", Secret),
            field("password_file", FileOf("password")),
            field("quota", Text),
        ]),
    ),
    field("fhir_alias", Text),
    field("includes", Text),
    field("cors_origins", TEXTS),
    field("audit_mask_queries", Bool),
    field("audit_deletable", Bool),
    field("inactive_user", Text),
];

const APPLICATION: &[Field] = &[
    field("id", Text),
    field("title", Text),
    field("application_roles", TEXTS),
    field("contact_name", Text),
    field("contact_email", Text),
    field("launch_url", Text),
    field("redirect_uris", TEXTS),
    field("redirect_policy", Text),
    field("allow_public_token_requests", Bool),
    field("oauth_secret", Secret),
    field("oauth_secret_file", FileOf("oauth_secret")),
    field("refresh_tokens", Bool),
    field("events", TEXTS),
    field("retain_events", TEXTS),
    field("launch_mode", Text),
    field("launch_kinds", TEXTS),
    field("launch_lifetime", Text),
    field("activation_code_lifetime", Text),
    field("access_token_lifetime", Text),
    field("token_by_get", Bool),
    field("active", Bool),
];

const ROLE: &[Field] = &[
    field("domain", Text),
    field("name", Text),
    field(
        "permissions",
        List(&Table(&[
            field("resource", Text),
            field("operations", Text),
            field("scope", Text),
            field("granted", TEXTS),
        ])),
    ),
    field("privileges", TEXTS),
];

const IDENTITY_PROVIDER: &[Field] = &[
    field("domain", Text),
    field("name", Text),
    field("title", Text),
    field("discovery_url", Text),
    field("client_id", Text),
    field("client_secret", Secret),
    field("client_secret_file", FileOf("client_secret")),
    field("username_claim", Text),
    field("identifier_system", Text),
    field("default", Bool),
    field("required", Bool),
];

const INSTANCE: &[Field] = &[
    field("domain", Text),
    field("application", Text),
    field("username", Text),
    field("password", Text),
    field("password_file", FileOf("password")),
    field("password_hash", Text),
    field("previous_password_hash", Text),
    field("previous_password_until", Time),
    field("contact_name", Text),
    field("contact_email", Text),
    field("sso_username", Text),
    field("sso_active", Bool),
    field("api_version", Text),
    field("events", TEXTS),
    field("webhook", Table(&[field("url", Text), field("headers", Map(&Secret))])),
    field("sso_url", Text),
    field("redirect_uris", TEXTS),
    field("basic_in_launch_query", Bool),
    field("client_id", Text),
    field("jwks_url", Text),
    field("jwks", Text),
    field("public_key_pem", Text),
    field("assertion_max_lifetime", Text),
    field("pkce", Text),
    field("launch_token_use", Text),
    field("identity_providers", Map(&TEXTS)),
    field("hook_hosts", TEXTS),
    field("role", Text),
    field("status", Text),
    field("active", Bool),
];
