//! The Devices that follow the directory: each instance that takes part has an
//! active one whose id is its client_id (LNH-002), each domain has one of the
//! server itself. They are made and changed in the transaction of what they
//! follow.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use koppeltaal_core::directory::{Application, ConnectedInstance, Domain, Instance};
use koppeltaal_core::resource::Body;
use koppeltaal_core::search::Indexer;
use koppeltaal_core::{Error, Result, Timestamp, device};
use serde::de::DeserializeOwned;

use super::apply::Item;
use super::load::read_version;
use crate::args;
use crate::ids::Ids;
use crate::resource::{self, Indexed, New, Next, Stored};
use crate::scope::DomainTx;
use crate::subscription;
use crate::tx::{Arg, Row, Tx};

const DEVICE: &str = "Device";

/// Instances by domain and client_id: rows are locked in this order.
type Instances = BTreeMap<(i64, String), ConnectedInstance>;

/// What the Devices are written with.
#[derive(Clone, Copy)]
struct Writer<'a> {
    ids: &'a Ids,
    index: &'a dyn Indexer,
    now: Timestamp,
}

impl Writer<'_> {
    /// What a Device with this content is found by. Its version and time are not
    /// among it: they stand in columns of their own.
    fn indexed(&self, domain: i64, id: &str, body: &Body) -> Indexed {
        self.index.index(domain, &body.render(DEVICE, id, 1, self.now)).into()
    }
}

/// Brings the Devices in line with what these items are now in the store. The
/// caller holds the lock of the directory.
pub(super) fn follow<'a>(
    tx: &mut dyn Tx,
    ids: &Ids,
    index: &dyn Indexer,
    items: impl Iterator<Item = &'a Item>,
    now: Timestamp,
) -> Result<()> {
    let writer = Writer { ids, index, now };
    let mut domains = BTreeSet::new();
    let mut instances = Instances::new();
    for item in items {
        let (condition, name) = match item {
            Item::Domain(domain) => {
                let row =
                    tx.query_one("SELECT number FROM domain WHERE name = $1", args![&domain.name])?;
                domains.insert(row.unwrap_or_default().int(0)?);
                ("d.name = $1", &domain.name)
            }
            Item::Application(application) => ("a.id = $1", &application.id),
            Item::Instance(instance) => ("i.client_id = $1", &instance.client_id),
            Item::Role(_) | Item::IdentityProvider(_) => continue,
        };
        instances.extend(connected(tx, condition, args![name])?);
    }
    domains.extend(instances.keys().map(|(domain, _)| *domain));
    let mut servers = HashMap::new();
    for domain in domains {
        let server = match server_device(tx, domain)? {
            Some(server) => server,
            None => add_server_device(tx, writer, domain)?,
        };
        servers.insert(domain, server);
    }
    for ((domain, client_id), instance) in &instances {
        let server = servers.get(domain).ok_or_else(|| Error::internal("no server Device"))?;
        let body = device::of_instance(instance, server);
        let mut tx = DomainTx::new(tx, *domain);
        keep(&mut tx, writer, client_id, server, &body, instance.takes_part())?;
    }
    Ok(())
}

/// Brings every Device in line with the directory: for a store whose directory is
/// older than its Devices, or whose Devices another version of the program made or
/// did not index.
/// Costs a few reads when there is nothing to do. Raises the version of the
/// directory when a domain has got its server Device.
pub fn ensure_devices(
    tx: &mut dyn Tx,
    ids: &Ids,
    index: &dyn Indexer,
    now: Timestamp,
) -> Result<()> {
    let writer = Writer { ids, index, now };
    let lock =
        format!("SELECT version FROM directory_state WHERE id = 1{}", tx.dialect().for_update());
    let version = read_version(tx, &lock)?;
    let instances = connected(tx, "1 = 1", args![])?;
    let mut made = false;
    for row in tx.query("SELECT number FROM domain ORDER BY number", args![])? {
        let domain = row.int(0)?;
        let server = match server_device(tx, domain)? {
            Some(server) => server,
            None => {
                made = true;
                add_server_device(tx, writer, domain)?
            }
        };
        let mut tx = DomainTx::new(tx, domain);
        let known = known_devices(&mut tx, &server)?;
        let mut keep_if_changed = |id: &str, body: &Body, active: bool| match known.get(id) {
            Some(known) if known.body == body.tail() && known.is_indexed => Ok(()),
            _ => keep(&mut tx, writer, id, &server, body, active),
        };
        keep_if_changed(&server, &device::of_server(&server), true)?;
        for ((_, client_id), instance) in instances.range((domain, String::new())..) {
            if instance.domain.number != domain {
                break;
            }
            let body = device::of_instance(instance, &server);
            keep_if_changed(client_id, &body, instance.takes_part())?;
        }
    }
    if made {
        tx.later("UPDATE directory_state SET version = $1 WHERE id = 1", args![version + 1])?;
    }
    Ok(())
}

/// Makes the Device of this id what it is to be. One that is not active and does
/// not exist is not made.
fn keep(
    tx: &mut DomainTx<'_>,
    writer: Writer<'_>,
    id: &str,
    origin: &str,
    body: &Body,
    active: bool,
) -> Result<()> {
    let known = resource::locked(tx, DEVICE, id)?;
    // A Device that somebody deleted comes back while its instance takes part.
    let is_wanted = known.as_ref().is_some_and(|known| !known.deleted) || active;
    if !is_wanted {
        return Ok(());
    }
    let Writer { ids, now, .. } = writer;
    let indexed = writer.indexed(tx.domain(), id, body);
    match known {
        None => {
            let new = New { resource_type: DEVICE, id, origin, body, indexed: &indexed };
            let made = resource::create_or_retry(tx, ids, &new, now)?;
            subscription::watch_later(tx, &made)?;
        }
        Some(known) if !known.deleted && known.body == *body => {
            repair(tx, &known, &indexed)?;
        }
        Some(known) => {
            let made = resource::succeed(tx, ids, known, Next::Content(body, &indexed), now)?;
            subscription::watch_later(tx, &made)?;
        }
    }
    Ok(())
}

/// Indexes a Device that was made before there was an index.
fn repair(tx: &mut DomainTx<'_>, known: &Stored, indexed: &Indexed) -> Result<()> {
    let row = tx.query_one(
        "SELECT 1 FROM search_index WHERE domain = $1 AND stamp = $2 LIMIT 1",
        args![known.stamp],
    )?;
    if row.is_none() {
        resource::reindex(tx, known, indexed)?;
    }
    Ok(())
}

fn server_device(tx: &mut dyn Tx, domain: i64) -> Result<Option<String>> {
    let row = tx.query_one("SELECT device FROM domain_device WHERE domain = $1", args![domain])?;
    row.map(|mut row| row.text(0)).transpose()
}

fn add_server_device(tx: &mut dyn Tx, writer: Writer<'_>, domain: i64) -> Result<String> {
    let id = uuid::Uuid::new_v4().to_string();
    tx.later("INSERT INTO domain_device (domain, device) VALUES ($1, $2)", args![domain, &id])?;
    let body = device::of_server(&id);
    let indexed = writer.indexed(domain, &id, &body);
    let new = New { resource_type: DEVICE, id: &id, origin: &id, body: &body, indexed: &indexed };
    let mut tx = DomainTx::new(tx, domain);
    resource::create_or_retry(&mut tx, writer.ids, &new, writer.now)?;
    Ok(id)
}

/// A Device as it is in the store.
struct Known {
    body: String,
    is_indexed: bool,
}

/// The domain's Devices that this server keeps, by id.
fn known_devices(tx: &mut DomainTx<'_>, server: &str) -> Result<HashMap<String, Known>> {
    let kind = resource::kind(DEVICE).ok_or_else(|| Error::internal("no type Device"))?;
    const SELECT: &str = "SELECT r.id, r.body,
           CASE WHEN EXISTS (SELECT 1 FROM search_index x
                             WHERE x.domain = $1 AND x.stamp = r.stamp) THEN 1 ELSE 0 END
         FROM resource r WHERE r.domain = $1 AND r.type = $2 AND r.deleted = 0";
    let mut rows = tx.query(
        &format!("{SELECT} AND r.id IN (SELECT client_id FROM instance WHERE domain = $1)"),
        args![kind.number],
    )?;
    rows.extend(tx.query(&format!("{SELECT} AND r.id = $3"), args![kind.number, server])?);
    rows.into_iter()
        .map(|mut row| {
            let known = Known { body: row.text(1)?, is_indexed: row.int(2)? != 0 };
            Ok((row.text(0)?, known))
        })
        .collect()
}

/// Instances as they stand in the store, with what they connect.
fn connected(tx: &mut dyn Tx, condition: &str, args: &[Arg<'_>]) -> Result<Instances> {
    let sql = format!(
        "SELECT d.number, i.number, d.settings, a.settings, i.settings FROM instance i
         JOIN domain d ON d.number = i.domain JOIN application a ON a.number = i.application
         WHERE {condition} ORDER BY i.number"
    );
    tx.query(&sql, args)?
        .into_iter()
        .map(|mut row| {
            let number = row.int(0)?;
            let domain = Domain { number, ..settings(&mut row, 2)? };
            let instance = Instance { number: row.int(1)?, ..settings(&mut row, 4)? };
            let application: Application = settings(&mut row, 3)?;
            let key = (number, instance.client_id.clone());
            let (application, domain) = (Arc::new(application), Arc::new(domain));
            Ok((key, ConnectedInstance { instance, application, domain }))
        })
        .collect()
}

fn settings<T: DeserializeOwned>(row: &mut Row, column: usize) -> Result<T> {
    serde_json::from_str(&row.text(column)?).map_err(Error::internal)
}
