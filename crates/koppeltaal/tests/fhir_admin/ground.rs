//! A domain with two applications and some resources, and looks into its store.

use std::fmt::Write;
use std::fs;

use koppeltaal_core::directory::Domain;
use koppeltaal_store::directory::load;
use koppeltaal_store::{Arg, DatabaseUrl, Options, Store, Value as Column};
use serde_json::Value;

use crate::samples::{self, PORTAL};
use crate::world::{Engine, World};

/// The domain `zon` with the portal and a game.
pub const ZON: &str = r#"
[[domain]]
name = "zon"
phase = "test"
allow_http_loopback = true

[[application]]
id = "Portaal"
application_roles = ["PatientPortal"]

[[application]]
id = "Slaapmodule"
application_roles = ["Game"]

[[instance]]
domain = "zon"
application = "Portaal"
client_id = "9c1f6a52-3c0a-4b3e-8b43-0d5a1c7e2f10"
status = "approved"

[[instance]]
domain = "zon"
application = "Slaapmodule"
client_id = "2e7b4d86-5f19-4c02-a6d8-7b90c4e3d511"
status = "approved"
"#;

/// A store with that domain and nothing in it.
pub async fn empty(engine: Engine) -> World {
    let world = World::empty(engine).await;
    world.apply(ZON);
    world
}

/// A store with that domain and [`samples::all`] in it.
pub async fn filled(engine: Engine) -> World {
    let world = empty(engine).await;
    import(&world, &samples::all());
    world
}

/// Writes a file of resources, one a line.
pub fn file(world: &World, name: &str, resources: &[Value]) {
    let mut text = String::new();
    for resource in resources {
        writeln!(text, "{resource}").unwrap();
    }
    fs::write(world.path().join(name), text).unwrap();
}

/// Imports resources, all of which are good; what the command said.
#[track_caller]
pub fn import(world: &World, resources: &[Value]) -> Value {
    file(world, "import.ndjson", resources);
    world.json(&["fhir", "import", "import.ndjson", "--domain", "zon"])
}

/// Imports resources that cannot all be stored; what the command said.
#[track_caller]
pub fn refused(world: &World, resources: &[Value], more: &[&str]) -> Value {
    file(world, "import.ndjson", resources);
    let arguments =
        [&["fhir", "import", "import.ndjson", "--domain", "zon", "--json"], more].concat();
    let said = world.run(&arguments);
    assert_eq!(said.code, 2, "{said:?}");
    serde_json::from_str(&said.out).expect(&said.out)
}

/// What `fhir export` prints, one resource a line.
#[track_caller]
pub fn exported(world: &World, more: &[&str]) -> Vec<Value> {
    let arguments = [&["fhir", "export", "--domain", "zon"], more].concat();
    let out = world.out(&arguments);
    out.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

/// The names (`Patient/7b`) of what a search finds, in order.
#[track_caller]
pub fn found(world: &World, search: &str) -> Vec<String> {
    let hits = world.list(&["fhir", "search", search, "--domain", "zon", "--count", "1000"]);
    let text = |hit: &Value, key: &str| hit[key].as_str().unwrap().to_owned();
    hits.iter().map(|hit| format!("{}/{}", text(hit, "type"), text(hit, "id"))).collect()
}

/// The store itself.
pub async fn store(world: &World) -> Store {
    let url: DatabaseUrl = world.database.parse().unwrap();
    Store::open(&url, &Options { postgres_write_connections: 1, ..Options::default() })
        .await
        .unwrap()
}

/// The domain.
pub async fn zon(store: &Store) -> std::sync::Arc<Domain> {
    store.read(|tx| load(tx)).await.unwrap().domain("zon").unwrap().clone()
}

/// Runs a statement.
pub async fn execute(store: &Store, sql: &str) -> u64 {
    let sql = sql.to_owned();
    store.write(move |tx| tx.execute(&sql, &[])).await.unwrap()
}

/// The tables in which a text stands somewhere.
pub async fn tables_with(store: &Store, text: &str) -> Vec<String> {
    let text = text.to_owned();
    let tables = match store.dialect() {
        koppeltaal_store::Dialect::Sqlite => {
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        }
        koppeltaal_store::Dialect::Postgres => {
            "SELECT CAST(table_name AS TEXT) FROM information_schema.tables
             WHERE table_schema = 'public' ORDER BY 1"
        }
    };
    store
        .read(move |tx| {
            let mut found = Vec::new();
            for mut row in tx.query(tables, &[] as &[Arg<'_>])? {
                let table = row.text(0)?;
                let rows = tx.query(&format!("SELECT * FROM {table}"), &[])?;
                let holds = |column: &Column| match column {
                    Column::Text(value) => value.contains(&text),
                    Column::Bytes(value) => String::from_utf8_lossy(value).contains(&text),
                    _ => false,
                };
                if rows.iter().flat_map(|row| &row.0).any(holds) {
                    // The trail has a table for each month.
                    let month = table.strip_prefix("audit_");
                    let is_trail = month.is_some_and(|month| month.parse::<u32>().is_ok());
                    found.push(if is_trail { "audit".to_owned() } else { table });
                }
            }
            found.dedup();
            Ok(found)
        })
        .await
        .unwrap()
}

/// Deletes a resource as an application does: a version that says so.
pub async fn delete(world: &World, kind: &'static str, id: &str) {
    let store = store(world).await;
    let domain = zon(&store).await;
    let ids = koppeltaal_store::Ids::take(&store).await.unwrap();
    let (id, now) = (id.to_owned(), koppeltaal_core::Timestamp(1_900_000_000_000_000));
    store
        .scope(&domain)
        .write(move |tx| koppeltaal_store::resource::delete(tx, &ids, kind, &id, None, now))
        .await
        .unwrap();
    store.close().await;
}

/// A resource without the version and time that a store gives it.
pub fn plain(resource: &Value) -> Value {
    let mut resource = resource.clone();
    let meta = resource["meta"].as_object_mut().unwrap();
    meta.remove("versionId");
    meta.remove("lastUpdated");
    resource
}

/// The name of a resource, as `Patient/7b`.
pub fn name(resource: &Value) -> String {
    let text = |key: &str| resource[key].as_str().unwrap_or_default();
    format!("{}/{}", text("resourceType"), text("id"))
}

/// Whether a resource comes from the portal.
pub fn is_of_portal(resource: &Value) -> bool {
    resource.to_string().contains(&format!("Device/{PORTAL}"))
}
