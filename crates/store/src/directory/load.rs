//! Reading the directory: its version on every look, the rows only when the
//! version has moved.

use std::collections::HashMap;

use koppeltaal_core::directory::{
    Application, Directory, Domain, IdentityProvider, Instance, Role, Stamps,
};
use koppeltaal_core::{Error, Result};
use serde::de::DeserializeOwned;

use crate::Tx;
use crate::args;

/// The version of the stored directory: it rises with every change.
pub fn version(tx: &mut dyn Tx) -> Result<i64> {
    read_version(tx, "SELECT version FROM directory_state WHERE id = 1")
}

pub(super) fn read_version(tx: &mut dyn Tx, sql: &str) -> Result<i64> {
    tx.query_one(sql, args![])?
        .ok_or_else(|| Error::internal("the directory has no state row"))?
        .int(0)
}

/// Reads the whole directory. The version is read first: a change that commits
/// in between makes the snapshot newer than it says, and it is read once more.
pub fn load(tx: &mut dyn Tx) -> Result<Directory> {
    let version = version(tx)?;
    let mut domains = rows(tx, "domain", |d: &mut Domain, n| d.number = n)?;
    read_server_devices(tx, &mut domains)?;
    let applications = rows(tx, "application", |a: &mut Application, n| a.number = n)?;
    let roles = rows(tx, "role", |r: &mut Role, n| r.number = n)?;
    let providers = rows(tx, "identity_provider", |p: &mut IdentityProvider, n| p.number = n)?;
    let instances = rows(tx, "instance", |i: &mut Instance, n| i.number = n)?;
    let stamps = Stamps {
        domains: stamps(tx, "domain")?,
        applications: stamps(tx, "application")?,
        instances: stamps(tx, "instance")?,
    };
    let mut directory = Directory::new(version, domains, applications, roles, providers, instances);
    directory.stamps = stamps;
    Ok(directory)
}

fn stamps(tx: &mut dyn Tx, table: &'static str) -> Result<HashMap<i64, i64>> {
    let rows = tx.query(&format!("SELECT number, stamp FROM {table}"), args![])?;
    rows.iter().map(|row| Ok((row.int(0)?, row.int(1)?))).collect()
}

fn read_server_devices(tx: &mut dyn Tx, domains: &mut [Domain]) -> Result<()> {
    for mut row in tx.query("SELECT domain, device FROM domain_device", args![])? {
        let number = row.int(0)?;
        if let Some(domain) = domains.iter_mut().find(|domain| domain.number == number) {
            domain.server_device = row.text(1)?;
        }
    }
    Ok(())
}

fn rows<T: DeserializeOwned>(
    tx: &mut dyn Tx,
    table: &'static str,
    number: impl Fn(&mut T, i64),
) -> Result<Vec<T>> {
    let sql = format!("SELECT number, settings FROM {table} ORDER BY number");
    tx.query(&sql, args![])?
        .iter_mut()
        .map(|row| {
            let at = row.int(0)?;
            let mut item: T = serde_json::from_str(&row.text(1)?).map_err(|cause| {
                Error::Internal(format!("settings of {table} {at} are unreadable: {cause}"))
            })?;
            number(&mut item, at);
            Ok(item)
        })
        .collect()
}
