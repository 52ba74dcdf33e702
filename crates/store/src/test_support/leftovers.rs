//! Databases that tests of ended processes left on a shared PostgreSQL. Each suite makes
//! hundreds, of some ten megabytes each; without this they would be there together.

use std::path::Path;

use crate::DatabaseUrl;
use crate::engine::postgres::Address;

/// Drops the databases of processes that are no more, beside the tests of this one.
pub(super) fn remove(server: &str) {
    let server = server.to_owned();
    // What is left at the end of the process, the next one drops.
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(drop_all(server));
    });
}

async fn drop_all(server: String) {
    let address = Address::new(&DatabaseUrl::Postgres(server)).expect("a usable URL");
    let (client, serve) = address.connect().await.expect("a connection to the test PostgreSQL");
    let named = "SELECT datname FROM pg_database WHERE datname LIKE 'kt\\_%'";
    for row in client.query(named, &[]).await.expect("the names of the databases") {
        let name: String = row.get(0);
        if is_left(&name) {
            // Another suite may be at it, too.
            let statement = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            drop(client.batch_execute(&statement).await);
        }
    }
    drop(client);
    drop(serve.await);
}

/// Whether the process that made a database is no more; its number follows `kt_`.
/// Where processes cannot be seen, nothing is.
fn is_left(name: &str) -> bool {
    if !Path::new("/proc/self").exists() {
        return false;
    }
    let process = name.split('_').nth(1).and_then(|number| number.parse::<u32>().ok());
    process.is_some_and(|number| !Path::new(&format!("/proc/{number}")).exists())
}
