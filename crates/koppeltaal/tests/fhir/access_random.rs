//! The proof of isolation: random rights and random requests over all routes that
//! read, in two worlds that differ only in what the caller may not read. Every
//! answer is the same to the letter, so that none tells anything of the rest.

use serde_json::Value;

use crate::chance::Chance;
use crate::client::{Client, JSON, link};
use crate::questions::search;
use crate::reply::Reply;
use crate::resources::TYPES;
use crate::support::Engine;
use crate::twins::{CALLERS, Rights, Twins};
use crate::world::{World, base};

on_both_engines!(
    nothing_that_may_not_be_read_makes_a_difference_1,
    nothing_that_may_not_be_read_makes_a_difference_2,
    nothing_that_may_not_be_read_makes_a_difference_3,
);

async fn nothing_that_may_not_be_read_makes_a_difference_1(engine: Engine) {
    compare(engine, seed(1)).await;
}

async fn nothing_that_may_not_be_read_makes_a_difference_2(engine: Engine) {
    compare(engine, seed(2)).await;
}

async fn nothing_that_may_not_be_read_makes_a_difference_3(engine: Engine) {
    compare(engine, seed(3)).await;
}

/// Requests to each world.
const REQUESTS: usize = 300;

/// The seed of a test; one of `KOPPELTAAL_TEST_SEED` is tried in its place.
fn seed(number: u64) -> u64 {
    let given =
        std::env::var("KOPPELTAAL_TEST_SEED").ok().and_then(|seed| seed.parse::<u64>().ok());
    given.map_or(number, |given| given.wrapping_mul(3).wrapping_add(number))
}

async fn compare(engine: Engine, seed: u64) {
    let mut chance = Chance::new(seed);
    let rights = Rights::by(&mut chance);
    let world = World::build(engine).setup(|setup| rights.give(setup)).start().await;
    let twins = Twins::fill(world, &rights, &mut chance).await;
    let mut found = 0;
    for at in 0..REQUESTS {
        let mut asked = Asked::by(&twins, &mut chance);
        // Each world has AuditEvents of its own of what was asked of it.
        while asked.is_about_audit_events() {
            asked = Asked::by(&twins, &mut chance);
        }
        let about = format!("seed {seed}, request {at}: {asked:?} with {rights:?}");
        found += usize::from(asked.compare(&twins, &about).await);
    }
    assert!(found > REQUESTS / 12, "seed {seed}: only {found} answers had anything to tell");
}

/// A request.
#[derive(Debug)]
struct Asked {
    method: &'static str,
    url: String,
    body: String,
}

impl Asked {
    fn by(twins: &Twins, chance: &mut Chance) -> Self {
        let (mut kind, mut id) = chance.one(&twins.ids).clone();
        if chance.once_in(12) {
            id = "never-was".to_owned();
        }
        if chance.once_in(12) {
            kind = *chance.one(&TYPES);
        }
        let (mut method, mut body) = ("GET", String::new());
        let url = match chance.below(12) {
            0 => format!("{kind}/{id}"),
            1 => format!("{kind}/{id}/_history/{}", 1 + chance.below(4)),
            2 => format!("{kind}/{id}/_history?_count={}", 1 + chance.below(3)),
            3 => format!("{kind}/_history?_count={}", 1 + chance.below(9)),
            4 => {
                method = "POST";
                body = format!("{{\"resourceType\":\"{kind}\",\"id\":\"{id}\"}}");
                format!("{kind}/{id}/$validate")
            }
            5 => format!("{kind}/_history?_summary=count"),
            _ => search(kind, twins, chance),
        };
        Self { method, url, body }
    }

    fn is_about_audit_events(&self) -> bool {
        self.url.contains("AuditEvent") || self.body.contains("AuditEvent")
    }

    async fn ask(&self, client: &Client) -> Reply {
        client.call(self.method, &self.url, &[("content-type", JSON)], self.body.clone()).await
    }

    /// Whether the answers, which are the same, hold anything.
    async fn compare(&self, twins: &Twins, about: &str) -> bool {
        let mut clients = Vec::new();
        for (caller, domain) in CALLERS {
            let client = twins.world.client(caller).await;
            clients.push((client, twins.world.client_id(caller), domain));
        }
        let [(here, my_id, domain), (there, other_id, other)] = &clients[..] else {
            unreachable!()
        };
        let (mut one, mut two) = (self.ask(here).await, self.ask(there).await);
        for page in 0..200 {
            assert!(page < 199, "{about}: no end");
            let (seen, expected) = (plain(&one, my_id, domain), plain(&two, other_id, other));
            let differs = seen.lines().zip(expected.lines()).find(|(one, other)| one != other);
            assert!(seen == expected, "{about}, page {page}: {differs:?}");
            if one.status != 200 {
                break;
            }
            let next = (link(&one.json(), "next"), link(&two.json(), "next"));
            let (Some(first), Some(second)) = next else { break };
            (one, two) = (here.get(&first).await, there.get(&second).await);
        }
        one.status == 200 && (one.text().contains("zq-"))
    }
}

/// An answer without what has to differ: the caller, the domain, and the texts of
/// links, which are sealed for each.
fn plain(reply: &Reply, me: &str, domain: &str) -> String {
    let text = reply.text().replace(me, "ME").replace(&base(domain), "BASE");
    let mut headers: Vec<String> = ["etag", "last-modified", "location", "content-type", "allow"]
        .into_iter()
        .filter_map(|name| {
            Some(format!("{name}: {}", reply.header(name)?.replace(&base(domain), "BASE")))
        })
        .collect();
    headers.push(reply.status.to_string());
    let body = match serde_json::from_str::<Value>(&text) {
        Ok(mut body) => {
            for link in body["link"].as_array_mut().into_iter().flatten() {
                link["url"] = Value::Null;
            }
            for entry in body["entry"].as_array_mut().into_iter().flatten() {
                // What is told about the search has a name of its own each time.
                if entry["search"]["mode"] == "outcome" {
                    entry["fullUrl"] = Value::Null;
                }
            }
            serde_json::to_string_pretty(&body).unwrap()
        }
        Err(_) => text,
    };
    format!("{}\n{body}", headers.join("\n"))
}
