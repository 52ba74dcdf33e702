//! An application instance: an application in a domain, with its credentials.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Secret;
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::event::Event;

/// A dotted version such as `1.3.5`, compared number by number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiVersion(Vec<u32>);

impl ApiVersion {
    /// The version from which every resource of a message is versioned.
    pub fn v1_3_5() -> Self {
        Self(vec![1, 3, 5])
    }

    /// Whether this is 1.3.5 or later.
    pub fn versions_all_resources(&self) -> bool {
        *self >= Self::v1_3_5()
    }
}

impl Default for ApiVersion {
    fn default() -> Self {
        Self::v1_3_5()
    }
}

impl FromStr for ApiVersion {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let numbers: Option<Vec<u32>> = text
            .split('.')
            .map(|part| part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok())?)
            .collect();
        numbers
            .map(Self)
            .ok_or_else(|| Error::Invalid(format!("`{text}` is not a version like 1.3.5")))
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, number) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(".")?;
            }
            write!(f, "{number}")?;
        }
        Ok(())
    }
}

impl PartialOrd for ApiVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ApiVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        let length = self.0.len().max(other.0.len());
        let at = |version: &Self, index: usize| version.0.get(index).copied().unwrap_or(0);
        (0..length)
            .map(|index| at(self, index).cmp(&at(other, index)))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    }
}

impl Serialize for ApiVersion {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ApiVersion {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Where an instance stands in being admitted to its domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InstanceStatus {
    /// Waits for the domain's administrator.
    Pending,
    /// Takes part.
    #[default]
    Approved,
    /// Does not take part.
    Rejected,
}

/// Whether a KT2 launch needs PKCE.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pkce {
    /// Always.
    #[default]
    Required,
    /// An old client may leave it out.
    Optional,
}

/// How a KT2 launch token may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LaunchTokenUse {
    /// Once.
    #[default]
    Once,
    /// Introspected first, then authorized with.
    IntrospectThenAuthorize,
}

/// Where new messages are announced (KT1, since 1.3.8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// The endpoint.
    pub url: String,
    /// Headers sent along; their values are secrets.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Secret>,
}

/// An application in a domain.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Instance {
    /// The number under which the store keeps it.
    #[serde(skip)]
    pub number: i64,
    /// The domain's name.
    pub domain: String,
    /// The application's id.
    pub application: String,
    /// Its name at Basic authentication, unique in the store.
    pub username: Option<String>,
    /// argon2id, in PHC form.
    pub password_hash: Option<String>,
    /// The password before, for as long as it still works.
    pub previous_password_hash: Option<String>,
    /// Until when the password before still works.
    pub previous_password_until: Option<Timestamp>,
    /// Who uses its user name.
    pub contact_name: Option<String>,
    /// Where mails to them go.
    pub contact_email: Option<String>,
    /// The name under which people who are launched act (KT1); it signs in nowhere.
    pub sso_username: Option<String>,
    /// False refuses launches of it (KT1).
    pub sso_active: Option<bool>,
    /// The version of KT1 it speaks.
    pub api_version: ApiVersion,
    /// Its subscriptions, instead of the application's.
    pub events: Option<Vec<Event>>,
    /// Where it is told of new messages.
    pub webhook: Option<Webhook>,
    /// Where a KT1 launch sends the browser, instead of the application's URL.
    pub sso_url: Option<String>,
    /// Redirect URIs of its own.
    pub redirect_uris: Vec<String>,
    /// Whether a KT1 launch may carry Basic credentials in its query.
    pub basic_in_launch_query: bool,
    /// The KT2 client_id and the id of its Device: a UUIDv4, unique in the store.
    pub client_id: String,
    /// Where its public keys are.
    pub jwks_url: Option<String>,
    /// Its public keys.
    pub jwks: Option<String>,
    /// Its public key.
    pub public_key_pem: Option<String>,
    /// How far ahead its assertions may expire, where its clock needs it.
    #[serde(with = "crate::duration::optional_text")]
    pub assertion_max_lifetime: Option<std::time::Duration>,
    /// Whether its launches need PKCE.
    pub pkce: Pkce,
    /// How its launch tokens may be used.
    pub launch_token_use: LaunchTokenUse,
    /// Which identity providers sign which kind of user in, in order.
    pub identity_providers: BTreeMap<String, Vec<String>>,
    /// Hosts its KT2 endpoints may be on; empty: any.
    pub hook_hosts: Vec<String>,
    /// The name of its KT2 role.
    pub role: Option<String>,
    /// Whether it is admitted.
    pub status: InstanceStatus,
    /// False switches it off.
    pub active: Option<bool>,
}

impl Instance {
    /// Whether it is switched on.
    pub fn is_active(&self) -> bool {
        self.active.unwrap_or(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        let v = |text: &str| text.parse::<ApiVersion>().unwrap();
        assert!(v("1.3.10") > v("1.3.9"));
        assert!(v("1.3.5") == ApiVersion::default());
        assert!(v("1.3.5.2") > v("1.3.5"));
        assert!(!v("1.3.3").versions_all_resources());
        assert!(v("2").versions_all_resources());
        for text in ["", "1.", "v1", "1.x", "1.-3"] {
            assert!(text.parse::<ApiVersion>().is_err(), "{text}");
        }
    }
}
