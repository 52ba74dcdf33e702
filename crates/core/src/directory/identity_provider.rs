//! An OpenID provider that signs the users of a domain in (KT2).

use serde::{Deserialize, Serialize};

use super::Secret;

/// An OpenID provider of a domain.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct IdentityProvider {
    /// The number under which the store keeps it.
    #[serde(skip)]
    pub number: i64,
    /// The domain's name.
    pub domain: String,
    /// The logical identifier that an `idp_hint` names.
    pub name: String,
    /// The name for people.
    pub title: Option<String>,
    /// Where its OpenID configuration is.
    pub discovery_url: String,
    /// This server's client id there.
    pub client_id: String,
    /// This server's secret there.
    pub client_secret: Option<Secret>,
    /// The claim that names the user.
    pub username_claim: Option<String>,
    /// The identifier system the claim's value belongs to.
    pub identifier_system: Option<String>,
    /// Whether it is used when nothing else decides.
    pub default: bool,
    /// Whether users must pass through it.
    pub required: bool,
}
