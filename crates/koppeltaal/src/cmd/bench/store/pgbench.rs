//! A script for pgbench that stores the rows of one message in the real tables: the raw bound of
//! PostgreSQL as PostgreSQL's own tool measures it.
//!
//! The script leaves out colons, which pgbench takes for variables; sizes stay the same. Keys rise
//! with time, as those of the server do, and are unique by the number of the pgbench client.

use std::fmt::Write;
use std::path::Path;

use anyhow::{Result, bail};
use koppeltaal_store::DatabaseUrl;
use koppeltaal_store::mailbox::Incoming;

use super::PostArgs;
use super::ground::Ground;
use super::incoming::Form;
use super::post::options;
use crate::cmd::bench::message;
use crate::cmd::bench::template::Tokens;

const KEY: &str = "((extract(epoch from now()) * 1000000)::bigint * 256 + :client_id::bigint)";
const STAMP: &str = "2024-01-05T10;00;00;123.4567";
const MICROS: &str = "(extract(epoch from now()) * 1000000)::bigint";

/// Writes the script and tells how to run it.
pub async fn write(database: &DatabaseUrl, args: &PostArgs, file: &Path) -> Result<String> {
    let DatabaseUrl::Postgres(url) = database else {
        bail!("pgbench measures PostgreSQL: give --database postgres://…");
    };
    let common = &args.common;
    let ground = Ground::open(database, &options(1), &common.domain, common.mailboxes).await?;
    let bundle = message::care_plan(&common.domain);
    let form = Form::of(&ground, message::CARE_PLAN, &bundle)?;
    let token = Tokens::random().next();
    let incoming = form.incoming(token, ground.mailboxes[0]);
    let script =
        script(&incoming, token.as_str(), ground.domain.number, ground.mailboxes[0], args.pipeline);
    ground.store.close().await;
    tokio::fs::write(file, script).await?;
    Ok(format!("pgbench -n -M prepared -c 32 -j 1 -T 30 -f {} '{url}'\n", file.display()))
}

fn script(incoming: &Incoming, token: &str, domain: i64, mailbox: i64, pipeline: bool) -> String {
    // `id` differs in every transaction; its digits take the place of the token.
    let text = |text: &str| {
        let text = text.replace(':', ";").replace('\'', "`").replace('\u{1}', "#");
        let parts: Vec<String> = text.split(token).map(|part| format!("'{part}'")).collect();
        parts.join(" || lpad(to_hex(:id::bigint), 16, '0') || ")
    };
    let versions: Vec<String> = incoming.resources.iter().map(|_| STAMP.to_owned()).collect();
    let urls: Vec<String> = incoming.resources.iter().map(|r| text(&r.url)).collect();
    let patient = text(incoming.patient.as_deref().unwrap_or_default());
    let mut script = String::from("\\set id random(1, 9000000000000000000)\n");
    let mut add = |statement: String| {
        // Writing to a String does not fail.
        let _ = writeln!(script, "{statement};");
    };
    add("BEGIN".into());
    add(format!(
        "SELECT url, version, digest FROM kt1_resource WHERE domain = {domain} AND url IN ({}) ORDER BY url FOR UPDATE",
        urls.join(", ")
    ));
    let rows: Vec<String> = incoming
        .resources
        .iter()
        .zip(&urls)
        .map(|(resource, url)| {
            let patient = if resource.patient.is_some() { patient.as_str() } else { "NULL" };
            format!(
                "({domain}, {url}, '{}', '{STAMP}', decode(repeat(lpad(to_hex(:id::bigint), 16, '0'), 4), 'hex'), {patient}, {MICROS}, {MICROS}, {})",
                resource.kind, incoming.sender
            )
        })
        .collect();
    add(format!(
        "INSERT INTO kt1_resource (domain, url, type, version, digest, patient, created, changed, changed_by) VALUES {}",
        rows.join(", ")
    ));
    add(format!(
        "INSERT INTO kt1_message (domain, id, identifier, event, sender, patient, subject, focal, focal_version, created, retrieved, expired, header) VALUES ({domain}, {KEY}, {}, {}, {}, {patient}, NULL, {}, '{STAMP}', {MICROS}, NULL, NULL, {})",
        text(&incoming.identifier),
        incoming.event.number(),
        incoming.sender,
        urls[incoming.focal],
        text(&incoming.header.fill(&versions)),
    ));
    add(format!(
        "INSERT INTO kt1_body (domain, message, feed, entries) VALUES ({domain}, {KEY}, {}, {})",
        text(&incoming.feed),
        text(&incoming.entries.fill(&versions)),
    ));
    add(format!(
        "INSERT INTO kt1_item (domain, id, message, recipient, event, patient_key, focal_key, status, claims, claim_until, changed, stamp, expired, exception) VALUES ({domain}, {KEY}, {KEY}, {mailbox}, {}, :id::bigint, -(:id::bigint), 0, 0, NULL, {MICROS}, {MICROS}, 0, NULL)",
        incoming.event.number()
    ));
    let audit = &incoming.audit;
    add(format!(
        "INSERT INTO audit_000000 (domain, id, action, recorded, instance, agent, event, patient, focal, version, item, outcome, detail, request_id) VALUES ({domain}, {KEY}, '{}', {MICROS}, {}, '{}', {}, {patient}, {}, '{STAMP}', {KEY}, 'ok', NULL, {})",
        audit.action.code(),
        incoming.sender,
        audit.agent.replace('\'', ""),
        incoming.event.number(),
        urls[incoming.focal],
        text(audit.request_id.as_deref().unwrap_or_default()),
    ));
    add("COMMIT".into());
    if pipeline {
        let body = script.split_once('\n').map_or(("", ""), |parts| parts);
        return format!("{}\n\\startpipeline\n{}\\endpipeline\n", body.0, body.1);
    }
    script
}
