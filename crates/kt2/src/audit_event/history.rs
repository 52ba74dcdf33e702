//! Histories of AuditEvents: each has one version, and one more where it was removed.

use koppeltaal_core::search::{Condition, Span};
use koppeltaal_core::{Result, Timestamp};
use koppeltaal_store::DomainTx;
use koppeltaal_store::resource::Stored;

use super::page::{count, newest_first};
use super::read::first;
use crate::catalog::Catalog;

/// At most `limit` versions below `before` (from the newest on when absent), newest
/// first.
pub fn history(current: &Stored, before: Option<i64>, limit: i64) -> Vec<Stored> {
    let mut versions = vec![current.clone()];
    if current.deleted {
        versions.push(first(current));
    }
    versions.retain(|version| before.is_none_or(|before| version.version < before));
    versions.truncate(usize::try_from(limit).unwrap_or(0));
    versions
}

/// The number of the first version that was made at this time or later, and how many
/// there are from it on.
pub fn versions_since(current: &Stored, since: Option<Timestamp>) -> (i64, i64) {
    let is_since = |version: &Stored| since.is_none_or(|since| version.updated >= since);
    let all = history(current, None, i64::MAX);
    let found: Vec<&Stored> = all.iter().filter(|version| is_since(version)).collect();
    let first = found.last().map_or(current.version + 1, |first| first.version);
    (first, i64::try_from(found.len()).unwrap_or(i64::MAX))
}

/// At most `limit` events below this stamp of these Devices (of all when absent),
/// written at this time or later; newest first.
pub fn type_history(
    tx: &mut DomainTx<'_>,
    catalog: &Catalog,
    origins: Option<&[String]>,
    before: Option<i64>,
    since: Option<Timestamp>,
    limit: i64,
) -> Result<Vec<Stored>> {
    newest_first(tx, catalog, &conditions(origins, since), before, limit)
}

/// How many there are of those.
pub fn type_history_count(
    tx: &mut DomainTx<'_>,
    catalog: &Catalog,
    origins: Option<&[String]>,
    since: Option<Timestamp>,
) -> Result<i64> {
    count(tx, catalog, &conditions(origins, since))
}

fn conditions(origins: Option<&[String]>, since: Option<Timestamp>) -> Vec<Condition> {
    let origins = origins.map(|devices| Condition::Origin(devices.to_vec()));
    let since =
        since.map(|since| Condition::Updated(vec![Span { from: Some(since), until: None }]));
    origins.into_iter().chain(since).collect()
}
