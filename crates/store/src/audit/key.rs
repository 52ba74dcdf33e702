//! What events are looked up by: 58 bits of a hash of its kind and text, in a
//! narrow table of their own. The day of the month leads, so that what is written
//! together stands together; a look-up asks for each day of a month.

use koppeltaal_core::audit::{Entry, EventBody};
use koppeltaal_core::id::time_of_key;
use sha2::{Digest, Sha256};

use crate::tx::Dialect;

/// What an event is looked up by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// A reference in an entity or an agent, as `Task/12`, without version.
    Entity(String),
    /// The id of its chain of requests.
    Trace(String),
    /// The id of its request.
    Request(String),
    /// The id of the request that its request follows from.
    Correlation(String),
}

const DAY_BITS: u32 = 58;
/// Days are 1 to 31; 0 has what was recorded before there were months.
const DAYS: i64 = 32;
const MICROS_A_DAY: i64 = 86_400_000_000;

impl Lookup {
    fn parts(&self) -> (&'static str, &str) {
        match self {
            Self::Entity(text) => ("entity", text),
            Self::Trace(text) => ("trace", text),
            Self::Request(text) => ("request", text),
            Self::Correlation(text) => ("correlation", text),
        }
    }

    /// The column that holds the whole text, to be compared too; an entity has none.
    pub(super) fn column(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::Entity(_) => None,
            Self::Trace(text) => Some(("trace_id", text)),
            Self::Request(text) => Some(("request_id", text)),
            Self::Correlation(text) => Some(("correlation_id", text)),
        }
    }

    /// Its keys in a month.
    pub(super) fn keys(&self, month: i64) -> impl Iterator<Item = i64> + use<> {
        let (kind, text) = self.parts();
        let hash = hash(kind, text);
        let days = if month == super::month::BEFORE { 0..1 } else { 1..DAYS };
        days.map(move |day| (day << DAY_BITS) | hash)
    }
}

/// The keys of a row, each once. `is_before`: the row stands in the month of what
/// was recorded before there were months.
pub(super) fn keys_of(id: i64, entry: &Entry, event: &EventBody) -> Vec<i64> {
    let day = day(id);
    // What has a content says in it what it refers to: a deletion and a refusal are
    // about something and refer to nothing.
    let focal = entry.focal.iter().filter(|_| event.content.is_none());
    let entities = focal.chain(&event.keys).map(|text| ("entity", text));
    let ids = [
        ("trace", &entry.trace_id),
        ("request", &entry.request_id),
        ("correlation", &entry.correlation_id),
    ];
    let ids = ids.into_iter().filter_map(|(kind, id)| Some((kind, id.as_ref()?)));
    let mut keys: Vec<i64> =
        entities.chain(ids).map(|(kind, text)| (day << DAY_BITS) | hash(kind, text)).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// The condition that a row of a month is found by one of each of these lists of keys
/// (parameters). PostgreSQL is told to look up key by key and row by row: left to itself, it would
/// rather walk everything once and ask of each.
pub(super) fn is_found(dialect: Dialect, month: i64, lists: &[String]) -> String {
    let table = super::month::key_table(month);
    let ids = |keys: &String| match dialect {
        Dialect::Sqlite => {
            format!("SELECT k.id FROM {table} k WHERE k.domain = $1 AND k.key IN ({keys})")
        }
        Dialect::Postgres => format!(
            "SELECT f.id FROM unnest(ARRAY[{keys}]::bigint[]) AS w(key), LATERAL
               (SELECT k.id FROM {table} k WHERE k.domain = $1 AND k.key = w.key OFFSET 0) AS f"
        ),
    };
    let lists: Vec<String> = lists.iter().map(ids).collect();
    match dialect {
        Dialect::Sqlite => format!("id IN ({})", lists.join(") AND id IN (")),
        Dialect::Postgres => format!("id = ANY (ARRAY({}))", lists.join(" INTERSECT ")),
    }
}

/// The key of a text in the month of what was recorded before there were months.
pub(super) fn key_before(lookup: &Lookup) -> i64 {
    let (kind, text) = lookup.parts();
    hash(kind, text)
}

/// The day of the month of a row, from 1.
fn day(id: i64) -> i64 {
    let time = time_of_key(id);
    let first = koppeltaal_core::Timestamp::of_month(time.month()).unwrap_or_default();
    ((time.0 - first.0) / MICROS_A_DAY + 1).clamp(1, DAYS - 1)
}

fn hash(kind: &str, text: &str) -> i64 {
    let digest = Sha256::new().chain_update(kind).chain_update([0]).chain_update(text).finalize();
    let bits = digest.iter().take(8).fold(0_u64, |bits, byte| (bits << 8) | u64::from(*byte));
    i64::try_from(bits >> (64 - DAY_BITS)).unwrap_or(0)
}
