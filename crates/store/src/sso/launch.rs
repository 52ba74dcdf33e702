//! A launch: who is to be signed in where, until when, under which secret.

use koppeltaal_core::audit::Entry;
use koppeltaal_core::{Result, Timestamp};

use super::authorization::LaunchKind;
use super::secret::{self, Digest};
use crate::ids::Ids;
use crate::mailbox::key_of;
use crate::scope::DomainTx;
use crate::{args, audit};

/// What is launched.
#[derive(Debug, Clone)]
pub struct Launch {
    /// The number of the application.
    pub application: i64,
    /// The number of its instance.
    pub instance: i64,
    /// The number of the instance that launches it.
    pub caller: i64,
    /// How.
    pub kind: LaunchKind,
    /// The patient, as it was given.
    pub patient: String,
    /// The patient without version.
    pub patient_identity: String,
    /// Who acts, as it was given.
    pub user: String,
    /// The same without version.
    pub user_identity: String,
    /// Opaque.
    pub resource: Option<String>,
    /// Opaque.
    pub intent: Option<String>,
    /// What the application will bring.
    pub secret: Digest,
    /// Until when.
    pub expires: Timestamp,
    /// The row that records it; gets the number of the authorization.
    pub audit: Entry,
}

/// Keeps a launch and tells its number; `None` when the secret is taken.
pub fn launch(
    tx: &mut DomainTx<'_>,
    ids: &Ids,
    now: Timestamp,
    launch: &Launch,
) -> Result<Option<i64>> {
    let number = ids.key(now);
    if !secret::keep(tx, &launch.secret, number, launch.expires)? {
        return Ok(None);
    }
    tx.later(
        "INSERT INTO sso_authorization
           (domain, number, application, instance, caller, kind, patient, patient_key, user_url,
            user_key, resource, intent, launched, expires)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        args![
            number,
            launch.application,
            launch.instance,
            launch.caller,
            launch.kind.number(),
            launch.patient.as_str(),
            key_of(&launch.patient_identity),
            launch.user.as_str(),
            key_of(&launch.user_identity),
            &launch.resource,
            &launch.intent,
            now,
            launch.expires
        ],
    )?;
    audit::append(tx, ids, &[Entry { item: Some(number), ..launch.audit.clone() }])?;
    Ok(Some(number))
}
