//! An application: software that connects to domains through its instances.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Secret;
use crate::event::Event;

/// Which redirect URIs a launch may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RedirectPolicy {
    /// Those that are registered.
    #[default]
    Registered,
    /// Any (refused where an instance is in a production domain).
    Any,
}

/// Which launch parameters a KT1 launch sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LaunchMode {
    /// Both generations of names.
    #[default]
    All,
    /// `iss` and `launch`.
    Smart,
    /// `application_id` and `launch_id`.
    Named,
}

/// Software that takes part in Koppeltaal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Application {
    /// The number under which the store keeps it; also the id of its KT1 Device.
    #[serde(skip)]
    pub number: i64,
    /// The KT1 client_id; never changes.
    pub id: String,
    /// The name for people.
    pub title: Option<String>,
    /// What it is for (value set ApplicationRoles); informative.
    pub application_roles: Vec<String>,
    /// Who answers questions about it.
    pub contact_name: Option<String>,
    /// Where mails to them go.
    pub contact_email: Option<String>,
    /// Where a launch sends the browser.
    pub launch_url: Option<String>,
    /// Where an authorization may return to.
    pub redirect_uris: Vec<String>,
    /// Whether only registered redirect URIs are used.
    pub redirect_policy: RedirectPolicy,
    /// Whether it is a KT1 public client.
    pub allow_public_token_requests: bool,
    /// The KT1 OAuth client secret.
    pub oauth_secret: Option<Secret>,
    /// Whether it gets refresh tokens.
    pub refresh_tokens: bool,
    /// The subscriptions of its instances, unless they have their own.
    pub events: Vec<Event>,
    /// Events whose bodies it needs kept (RetainmentRequired).
    pub retain_events: Vec<Event>,
    /// Which launch parameters it is sent.
    pub launch_mode: LaunchMode,
    /// Which kinds of launch it takes (`web`, `mobile`); empty: all.
    pub launch_kinds: Vec<String>,
    /// How long a launch lasts; the server's default when absent.
    #[serde(with = "crate::duration::optional_text")]
    pub launch_lifetime: Option<Duration>,
    /// How long an activation code lasts.
    #[serde(with = "crate::duration::optional_text")]
    pub activation_code_lifetime: Option<Duration>,
    /// How long an access token lasts.
    #[serde(with = "crate::duration::optional_text")]
    pub access_token_lifetime: Option<Duration>,
    /// Whether it may ask for tokens by GET.
    pub token_by_get: bool,
    /// False switches every instance of it off.
    pub active: bool,
}

impl Default for Application {
    fn default() -> Self {
        Self {
            number: 0,
            id: String::new(),
            title: None,
            application_roles: Vec::new(),
            contact_name: None,
            contact_email: None,
            launch_url: None,
            redirect_uris: Vec::new(),
            redirect_policy: RedirectPolicy::default(),
            allow_public_token_requests: false,
            oauth_secret: None,
            refresh_tokens: false,
            events: Vec::new(),
            retain_events: Vec::new(),
            launch_mode: LaunchMode::default(),
            launch_kinds: Vec::new(),
            launch_lifetime: None,
            activation_code_lifetime: None,
            access_token_lifetime: None,
            token_by_get: true,
            active: true,
        }
    }
}
