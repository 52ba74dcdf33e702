//! Changing the directory: rows are written whole, the version rises, Devices
//! follow, and each change leaves an audit row, all in one transaction.

use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::directory::{Application, Domain, IdentityProvider, Instance, Role};
use koppeltaal_core::search::Indexer;
use koppeltaal_core::{Error, Result, Timestamp};
use serde::Serialize;

use super::devices;
use super::load::read_version;
use crate::ids::Ids;
use crate::scope::DomainTx;
use crate::{Tx, args, audit, mailbox};

/// What a change is about, as it is to be. A number of 0 makes a new row; any
/// other number is that of the row to overwrite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A domain; its name is its key.
    Domain(Domain),
    /// An application; its id is its key.
    Application(Application),
    /// A role; domain and name are its key.
    Role(Role),
    /// An identity provider; domain and name are its key.
    IdentityProvider(IdentityProvider),
    /// An instance; it stays in its domain and with its application.
    Instance(Instance),
}

/// One change of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The thing as it is to be.
    pub item: Item,
    /// What changes, in words, for the audit trail: never a secret.
    pub summary: String,
}

/// Who changes the directory, for the audit trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// The operator or administrator in words.
    pub agent: String,
    /// When the change was asked for.
    pub recorded: Timestamp,
    /// The id of the request, where there was one.
    pub request_id: Option<String>,
}

/// Makes `changes`, provided that the directory is still at version `based_on`,
/// and tells the new version. `None`: it has moved on, nothing was written, and
/// the caller works its changes out again from the present directory.
///
/// Names that a change refers to may be made by another change of the same call.
/// `index` finds the searchable values of the Devices that follow.
pub fn change(
    tx: &mut dyn Tx,
    ids: &Ids,
    index: &dyn Indexer,
    based_on: i64,
    changes: &[Change],
    author: &Author,
) -> Result<Option<i64>> {
    let lock =
        format!("SELECT version FROM directory_state WHERE id = 1{}", tx.dialect().for_update());
    if read_version(tx, &lock)? != based_on {
        return Ok(None);
    }
    if changes.is_empty() {
        return Ok(Some(based_on));
    }
    refuse(tx, changes)?;
    // User names can move from one instance to another in one call.
    for change in changes {
        if let Item::Instance(Instance { number, .. }) = &change.item {
            tx.later("UPDATE instance SET username = NULL WHERE number = $1", args![*number])?;
        }
    }
    let mut in_order: Vec<&Change> = changes.iter().collect();
    in_order.sort_by_key(|change| rank(&change.item));
    let mut entries = Vec::with_capacity(in_order.len());
    for change in in_order {
        let stamp = ids.stamp(author.recorded, None).0;
        let domain = write(tx, &change.item, stamp)?.unwrap_or(audit::SERVER);
        let entry = Entry {
            detail: Some(change.summary.clone()),
            request_id: author.request_id.clone(),
            ..Entry::new(Action::Administration, author.recorded, &author.agent)
        };
        entries.push((domain, entry));
    }
    let items = changes.iter().map(|change| &change.item);
    devices::follow(tx, ids, index, items, author.recorded)?;
    audit::append_across(tx, ids, &entries)?;
    tx.later("UPDATE directory_state SET version = $1 WHERE id = 1", args![based_on + 1])?;
    Ok(Some(based_on + 1))
}

/// Refuses what the state of the mailboxes forbids: an instance moves to a later
/// api_version only while nothing waits for it, because what waits was made for
/// the version before.
pub fn refuse(tx: &mut dyn Tx, changes: &[Change]) -> Result<()> {
    for change in changes {
        let Item::Instance(new) = &change.item else {
            continue;
        };
        let row = tx.query_one(
            "SELECT domain, settings FROM instance WHERE number = $1",
            args![new.number],
        )?;
        let Some(mut row) = row else {
            continue;
        };
        let domain = row.int(0)?;
        let old: Instance = serde_json::from_str(&row.text(1)?).map_err(Error::internal)?;
        if new.api_version <= old.api_version {
            continue;
        }
        if mailbox::has_waiting(&mut DomainTx::new(tx, domain), new.number)? {
            let name = new.username.as_deref().unwrap_or(&new.client_id);
            return Err(Error::Forbidden(format!(
                "instance {name}: api_version can be raised from {} to {} only when its mailbox \
                 is empty: let it fetch and finish what waits first",
                old.api_version, new.api_version
            )));
        }
    }
    Ok(())
}

fn rank(item: &Item) -> u8 {
    match item {
        Item::Domain(_) => 0,
        Item::Application(_) => 1,
        Item::Role(_) => 2,
        Item::IdentityProvider(_) => 3,
        Item::Instance(_) => 4,
    }
}

/// Writes one row and tells the domain it belongs to.
fn write(tx: &mut dyn Tx, item: &Item, stamp: i64) -> Result<Option<i64>> {
    match item {
        Item::Domain(domain) => {
            if domain.number != 0 {
                let settings = settings(domain)?;
                overwrite_stamped(tx, "domain", domain.number, &settings, stamp)?;
                return Ok(Some(domain.number));
            }
            let number = next_number(tx, "domain")?;
            tx.later(
                "INSERT INTO domain (number, name, settings, stamp) VALUES ($1, $2, $3, $4)",
                args![number, &domain.name, &settings(domain)?, stamp],
            )?;
            Ok(Some(number))
        }
        Item::Application(application) => {
            if application.number != 0 {
                let settings = settings(application)?;
                overwrite_stamped(tx, "application", application.number, &settings, stamp)?;
                return Ok(None);
            }
            let number = next_number(tx, "application")?;
            tx.later(
                "INSERT INTO application (number, id, settings, stamp) VALUES ($1, $2, $3, $4)",
                args![number, &application.id, &settings(application)?, stamp],
            )?;
            Ok(None)
        }
        Item::Role(role) => {
            let of = (role.number, role.domain.as_str(), role.name.as_str());
            write_named(tx, "role", of, &settings(role)?).map(Some)
        }
        Item::IdentityProvider(provider) => {
            let of = (provider.number, provider.domain.as_str(), provider.name.as_str());
            write_named(tx, "identity_provider", of, &settings(provider)?).map(Some)
        }
        Item::Instance(instance) => write_instance(tx, instance, stamp).map(Some),
    }
}

fn write_named(
    tx: &mut dyn Tx,
    table: &'static str,
    (number, domain, name): (i64, &str, &str),
    settings: &str,
) -> Result<i64> {
    let domain = domain_number(tx, domain)?;
    if number != 0 {
        overwrite(tx, table, number, settings)?;
        return Ok(domain);
    }
    let number = next_number(tx, table)?;
    let sql =
        format!("INSERT INTO {table} (number, domain, name, settings) VALUES ($1, $2, $3, $4)");
    tx.later(&sql, args![number, domain, name, settings])?;
    Ok(domain)
}

fn write_instance(tx: &mut dyn Tx, instance: &Instance, stamp: i64) -> Result<i64> {
    let domain = domain_number(tx, &instance.domain)?;
    if instance.number != 0 {
        overwrite_stamped(tx, "instance", instance.number, &settings(instance)?, stamp)?;
        tx.later(
            "UPDATE instance SET username = $1 WHERE number = $2",
            args![&instance.username, instance.number],
        )?;
        return Ok(domain);
    }
    let application =
        named(tx, "SELECT number FROM application WHERE id = $1", &instance.application)?
            .ok_or_else(|| {
                Error::Unprocessable(format!("application {} does not exist", instance.application))
            })?;
    let number = next_number(tx, "instance")?;
    tx.later(
        "INSERT INTO instance (number, domain, application, username, client_id, settings, stamp)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        args![
            number,
            domain,
            application,
            &instance.username,
            &instance.client_id,
            &settings(instance)?,
            stamp
        ],
    )?;
    Ok(domain)
}

fn overwrite(tx: &mut dyn Tx, table: &'static str, number: i64, settings: &str) -> Result<()> {
    let sql = format!("UPDATE {table} SET settings = $1 WHERE number = $2");
    tx.later(&sql, args![settings, number])
}

/// As [`overwrite`], with a version greater than the one before.
fn overwrite_stamped(
    tx: &mut dyn Tx,
    table: &'static str,
    number: i64,
    settings: &str,
    stamp: i64,
) -> Result<()> {
    let sql = format!(
        "UPDATE {table} SET settings = $1, stamp = CASE WHEN stamp < $3 THEN $3 ELSE stamp + 1 END
         WHERE number = $2"
    );
    tx.later(&sql, args![settings, number, stamp])
}

/// The next free number of a table. Rows are never deleted, so the greatest
/// number plus one was never given before.
fn next_number(tx: &mut dyn Tx, table: &'static str) -> Result<i64> {
    let sql = format!("SELECT COALESCE(MAX(number), 0) + 1 FROM {table}");
    tx.query_one(&sql, args![])?.ok_or_else(|| Error::internal("no number"))?.int(0)
}

fn domain_number(tx: &mut dyn Tx, name: &str) -> Result<i64> {
    named(tx, "SELECT number FROM domain WHERE name = $1", name)?
        .ok_or_else(|| Error::Unprocessable(format!("domain {name} does not exist")))
}

fn named(tx: &mut dyn Tx, sql: &str, name: &str) -> Result<Option<i64>> {
    tx.query_one(sql, args![name])?.map(|row| row.int(0)).transpose()
}

fn settings(item: &impl Serialize) -> Result<String> {
    serde_json::to_string(item).map_err(Error::internal)
}
