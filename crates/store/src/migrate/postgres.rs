//! Migrations on PostgreSQL: one transaction each, under an advisory lock that
//! several starting processes take in turn.

use koppeltaal_core::{Error, Result};
use tokio_postgres::Client;

use super::{Applied, CREATE_TABLE, Migration, SELECT_NEWEST, after, failed, now, refuse_newer};
use crate::engine::DatabaseUrl;
use crate::engine::postgres::{Address, with_source};
use crate::tx::Dialect;

/// The lock that a migrating process holds, in this database.
const LOCK: i64 = 0x6b6f_7070_656c_7461;

pub(super) async fn run(url: &DatabaseUrl, migrations: &[Migration]) -> Result<Vec<Applied>> {
    let (mut client, serve) = Address::new(url)?.connect().await?;
    let applied = locked(&mut client, migrations).await;
    // The lock ends with the connection.
    drop(client);
    drop(serve.await);
    applied
}

async fn locked(client: &mut Client, migrations: &[Migration]) -> Result<Vec<Applied>> {
    client
        .batch_execute(&format!(
            "SET statement_timeout = 0; SET synchronous_commit = on; \
             SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE; \
             SELECT pg_advisory_lock({LOCK})"
        ))
        .await
        .map_err(unavailable)?;
    // Not `IF NOT EXISTS` alone: it would ask for the right to create.
    let present = "SELECT to_regclass('schema_migration') IS NOT NULL";
    let present = client.query_one(present, &[]).await.map_err(unavailable)?;
    if !present.try_get::<_, bool>(0).map_err(unavailable)? {
        client.batch_execute(CREATE_TABLE).await.map_err(unavailable)?;
    }
    let newest = client.query_one(SELECT_NEWEST, &[]).await.map_err(unavailable)?;
    let newest: i64 = newest.try_get(0).map_err(unavailable)?;
    refuse_newer(newest, migrations)?;

    let mut applied = Vec::new();
    for migration in after(newest, migrations) {
        let step = step(client, migration).await;
        applied.push(step.map_err(|cause| failed(migration, &with_source(&cause)))?);
    }
    Ok(applied)
}

async fn step(
    client: &mut Client,
    migration: &Migration,
) -> Result<Applied, tokio_postgres::Error> {
    let applied_at = now();
    // Dropped without COMMIT, it is rolled back.
    let transaction = client.transaction().await?;
    transaction.batch_execute(&migration.sql(Dialect::Postgres)).await?;
    let insert = "INSERT INTO schema_migration (number, name, applied_at) VALUES ($1, $2, $3)";
    transaction.execute(insert, &[&migration.number, &migration.name, &applied_at.0]).await?;
    transaction.commit().await?;
    Ok(Applied { number: migration.number, name: migration.name.to_owned(), applied_at })
}

fn unavailable(cause: tokio_postgres::Error) -> Error {
    Error::Unavailable(format!("the store cannot be migrated: {}", with_source(&cause)))
}
