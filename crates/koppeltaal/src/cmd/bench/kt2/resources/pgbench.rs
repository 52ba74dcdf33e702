//! Creates by PostgreSQL's own tool: one Patient with its index rows and its row of the audit
//! trail in a transaction, in the real tables.
//!
//! The script leaves out colons, which pgbench takes for variables; sizes stay the same. Keys rise
//! with time, as those of the server do, and are unique by the number of the pgbench client.

use std::fmt::Write;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use koppeltaal_store::DatabaseUrl;

use super::sample;

const KEY: &str = "((extract(epoch from now()) * 1000000)::bigint * 256 + :client_id::bigint)";
const MICROS: &str = "(extract(epoch from now()) * 1000000)::bigint";
/// The number of the Patient of the script, and what differs in every transaction in its place:
/// the whole number, its last seven digits, its remainder by 5,000.
const NUMBER: u64 = 1_234_567_891;
const MARKS: [(&str, &str); 3] = [
    ("1234567891", "lpad(:id::text, 10, '0')"),
    ("4567891", "lpad((:id::bigint % 10000000)::text, 7, '0')"),
    ("-2891", "'-' || (:id::bigint % 5000)::text"),
];

/// Creates per second over so many connections, as pgbench reaches them.
pub fn run(
    url: &DatabaseUrl,
    domain: i64,
    origin: &str,
    connections: usize,
    duration: Duration,
) -> Result<f64> {
    let (connections, seconds) = (connections.to_string(), duration.as_secs().max(1).to_string());
    let limits = ["-M", "prepared", "-j", "1", "-c", &connections, "-T", &seconds];
    let text = pgbench(url, &script(domain, origin)?, &limits)?;
    let rate = text.lines().find_map(|line| line.strip_prefix("tps = "));
    let rate = rate.and_then(|rate| rate.split(' ').next()?.parse().ok());
    rate.with_context(|| format!("pgbench told no rate: {text}"))
}

/// Vacuums what was filled in one go, as PostgreSQL does by itself in time.
pub fn vacuum(url: &DatabaseUrl) -> Result<()> {
    pgbench(url, "VACUUM (ANALYZE);\n", &["-c", "1", "-t", "1"]).map(drop)
}

/// Runs a script and returns what pgbench says.
fn pgbench(url: &DatabaseUrl, script: &str, limits: &[&str]) -> Result<String> {
    let DatabaseUrl::Postgres(url) = url else {
        bail!("pgbench measures PostgreSQL: give --database postgres://…");
    };
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("script.sql");
    std::fs::write(&file, script)?;
    let mut command = Command::new("pgbench");
    command.arg("-n").args(limits).arg("-f").arg(&file).arg(url);
    let said = command.output().context("pgbench does not start: it comes with PostgreSQL")?;
    match said.status.success() {
        true => Ok(String::from_utf8_lossy(&said.stdout).into_owned()),
        false => bail!("pgbench failed: {}", String::from_utf8_lossy(&said.stderr)),
    }
}

fn script(domain: i64, origin: &str) -> Result<String> {
    let made = sample::ready("Patient", sample::patient(NUMBER), origin)?;
    let uuid = "md5(:id::text)::uuid::text";
    let mut script = String::from("\\set id random(1, 9999999999)\n");
    let mut add = |statement: String| {
        // Writing to a String does not fail.
        let _ = writeln!(script, "{statement};");
    };
    add("BEGIN".into());
    add(format!(
        "SELECT r.stamp FROM resource r WHERE r.domain = {domain} AND r.type = {} \
         AND r.id = {} AND r.deleted + 0 = 0 FOR SHARE",
        number("Device")?,
        text(origin),
    ));
    add(format!(
        "INSERT INTO resource (domain, key, type, id, version, updated, deleted, origin, body, stamp) \
         VALUES ({domain}, {KEY}, {}, {uuid}, 1, {MICROS}, 0, {}, {}, {KEY})",
        number("Patient")?,
        text(origin),
        text(made.body.tail()),
    ));
    let rows: Vec<String> = made
        .indexed
        .rows
        .iter()
        .map(|row| {
            let value = text(&row.value);
            format!("({domain}, {}, {value}, {KEY}, {})", row.parameter, row.qualifier)
        })
        .collect();
    add(format!(
        "INSERT INTO search_index (domain, parameter, value, stamp, qualifier) VALUES {}",
        rows.join(", ")
    ));
    add(format!(
        "INSERT INTO resource_words (domain, stamp, narrative, content) VALUES ({domain}, {KEY}, {}, {})",
        text(&made.indexed.words.narrative),
        text(&made.indexed.words.content),
    ));
    add(format!(
        "INSERT INTO audit_000000 (domain, id, action, recorded, instance, agent, event, patient, focal, version, item, outcome, detail, request_id) \
         VALUES ({domain}, {KEY}, 'create', {MICROS}, 1, {}, NULL, {uuid}, 'http;//127.0.0.1/api/v1/bench/fhir/r4/Patient/' || {uuid}, '1', NULL, 'ok', NULL, {uuid})",
        text(origin),
    ));
    add("COMMIT".into());
    Ok(script)
}

fn number(resource_type: &str) -> Result<i64> {
    koppeltaal_core::resource_type::number(resource_type).context("a type of FHIR R4")
}

/// A text as SQL, with what differs in every transaction.
fn text(text: &str) -> String {
    let mut rest = text;
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let places = MARKS.iter().filter_map(|(mark, sql)| Some((rest.find(mark)?, *mark, *sql)));
        let Some((at, mark, sql)) = places.min_by_key(|(at, ..)| *at) else { break };
        parts.push(quoted(&rest[..at]));
        parts.push(sql.to_owned());
        rest = &rest[at + mark.len()..];
    }
    parts.push(quoted(rest));
    parts.join(" || ")
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace(':', ";").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_in_every_transaction_stands_in_the_script() {
        let said = text("p-1234567891 of +31614567891: Meulen-2891's");
        let expected = format!(
            "'p-' || {} || ' of +3161' || {} || '; Meulen' || {} || '''s'",
            MARKS[0].1, MARKS[1].1, MARKS[2].1
        );
        assert_eq!(said, expected);
        let script = script(1, "d-1").unwrap();
        assert!(!script.replace(":id::", "").replace(":client_id::", "").contains(":\""));
        assert_eq!(script.matches("INSERT").count(), 4);
    }
}
