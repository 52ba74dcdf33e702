//! A launch and what became of it: one authorization, from the launch to the last
//! token.

use koppeltaal_core::{Error, Result, Timestamp};

use crate::tx::Row;

/// How an application is launched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LaunchKind {
    /// In the browser.
    Web,
    /// By an activation code that a person types in.
    Mobile,
}

impl LaunchKind {
    /// The word in provisioning, in the audit trail and for administrators.
    pub fn code(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Mobile => "mobile",
        }
    }

    pub(super) fn number(self) -> i64 {
        match self {
            Self::Web => 0,
            Self::Mobile => 1,
        }
    }

    fn from_number(number: i64) -> Result<Self> {
        match number {
            0 => Ok(Self::Web),
            1 => Ok(Self::Mobile),
            _ => Err(Error::Internal(format!("no kind of launch has number {number}"))),
        }
    }
}

/// How far an authorization has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GrantStatus {
    /// Launched, and no more yet.
    Launched,
    /// The application has a code.
    Authorized,
    /// The application has tokens.
    Granted,
    /// An administrator, or a code or token that was used twice, ended it.
    Revoked,
}

/// A launch and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization {
    /// The number of its domain.
    pub domain: i64,
    /// Its number, unique in the store.
    pub number: i64,
    /// The number of the application that was launched.
    pub application: i64,
    /// The number of its instance in the domain.
    pub instance: i64,
    /// The number of the instance that launched it.
    pub caller: i64,
    /// How it was launched.
    pub kind: LaunchKind,
    /// The patient, as the caller gave it.
    pub patient: String,
    /// Who acts, as the caller gave it.
    pub user: String,
    /// What is to be done there, opaque.
    pub resource: Option<String>,
    /// What the user intends, opaque.
    pub intent: Option<String>,
    /// When it was launched.
    pub launched: Timestamp,
    /// Where the code went.
    pub redirect_uri: Option<String>,
    /// The scope that was granted.
    pub scope: Option<String>,
    /// The challenge of PKCE (S256).
    pub challenge: Option<String>,
    /// When the code was given.
    pub authorized: Option<Timestamp>,
    /// When the first tokens were given.
    pub granted: Option<Timestamp>,
    /// When it was revoked.
    pub revoked: Option<Timestamp>,
    /// When nothing of it can be used any more.
    pub expires: Timestamp,
}

impl Authorization {
    /// How far it has come.
    pub fn status(&self) -> GrantStatus {
        match self {
            Self { revoked: Some(_), .. } => GrantStatus::Revoked,
            Self { granted: Some(_), .. } => GrantStatus::Granted,
            Self { authorized: Some(_), .. } => GrantStatus::Authorized,
            _ => GrantStatus::Launched,
        }
    }
}

/// The columns of [`from_row`].
pub(super) const COLUMNS: &str = "domain, number, application, instance, caller, kind, patient,
    user_url, resource, intent, launched, redirect_uri, scope, challenge, authorized, granted,
    revoked, expires";

pub(super) fn from_row(mut row: Row) -> Result<Authorization> {
    Ok(Authorization {
        domain: row.int(0)?,
        number: row.int(1)?,
        application: row.int(2)?,
        instance: row.int(3)?,
        caller: row.int(4)?,
        kind: LaunchKind::from_number(row.int(5)?)?,
        patient: row.text(6)?,
        user: row.text(7)?,
        resource: row.opt_text(8)?,
        intent: row.opt_text(9)?,
        launched: Timestamp(row.int(10)?),
        redirect_uri: row.opt_text(11)?,
        scope: row.opt_text(12)?,
        challenge: row.opt_text(13)?,
        authorized: row.opt_int(14)?.map(Timestamp),
        granted: row.opt_int(15)?.map(Timestamp),
        revoked: row.opt_int(16)?.map(Timestamp),
        expires: Timestamp(row.int(17)?),
    })
}
