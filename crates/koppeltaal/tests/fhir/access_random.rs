//! The proof of isolation: random rights and random requests over all routes that
//! read, in two worlds that differ only in what the caller may not read. Every
//! answer is the same to the letter, so that none tells anything of the rest.

use serde_json::Value;

use crate::chance::Chance;
use crate::client::{Client, JSON, link};
use crate::found::query;
use crate::reply::Reply;
use crate::resources::TYPES;
use crate::support::Engine;
use crate::twins::{CALLERS, FAMILIES, Rights, STATUSES, Twins};
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
        let asked = Asked::by(&twins, &mut chance);
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

fn search(kind: &'static str, twins: &Twins, chance: &mut Chance) -> String {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for _ in 0..chance.below(3) {
        pairs.push(narrowing(kind, twins, chance));
    }
    for _ in 0..chance.below(3) {
        pairs.extend(about_the_answer(kind, chance));
    }
    pairs.push(("_count".to_owned(), (1 + chance.below(25)).to_string()));
    if chance.once_in(8) {
        pairs.push(("_summary".to_owned(), "count".to_owned()));
    }
    let pairs: Vec<(&str, &str)> =
        pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    query(kind, &pairs)
}

/// A condition on a type, along chains where it has some.
fn narrowing(kind: &str, twins: &Twins, chance: &mut Chance) -> (String, String) {
    let (of, id) = chance.one(&twins.ids).clone();
    let own: &[&str] = match kind {
        "Patient" => &[
            "family",
            "organization.name",
            "organization.partof.name",
            "organization:missing",
            "_has:Task:patient:status",
            "_has:Task:subject:status:not",
            "_has:CareTeam:subject:status:missing",
            "_has:Task:patient:owner:Practitioner.family",
            "_has:RelatedPerson:patient:name",
            "_has:AuditEvent:entity:action:missing",
            "_has:Task:patient:_id",
            "active",
            "organization.name:missing",
        ],
        "Practitioner" => &[
            "family",
            "_has:Task:owner:status",
            "_has:CareTeam:participant:subject.family",
            "active:missing",
        ],
        "RelatedPerson" => &[
            "name",
            "patient.family",
            "patient.organization.name",
            "patient.family:missing",
            "patient._id",
            "_has:Task:owner:status:not",
        ],
        "Organization" => &[
            "name",
            "partof.name",
            "partof.partof.name",
            "_has:Patient:organization:family",
            "_has:Organization:partof:name",
            "_has:Endpoint:organization:name:missing",
            "partof:missing",
        ],
        "CareTeam" => &[
            "status",
            "subject.family",
            "participant:Practitioner.family",
            "participant:RelatedPerson.patient.family",
            "_has:Task:owner:status",
            "patient.identifier:not",
        ],
        "Endpoint" => &["name", "organization.name", "organization.partof.name:missing"],
        "Device" => &[
            "device-name",
            "status:not",
            "organization.name",
            "patient.family",
            "patient._has:Task:patient:status",
        ],
        "ActivityDefinition" => &[
            "title",
            "publisherId",
            "_has:Task:instantiates:status",
            "_has:Task:instantiates:patient.family",
            "_has:Task:instantiates:status:missing",
        ],
        "AuditEvent" => &[
            "action",
            "entity:Patient.family",
            "patient.family",
            "entity:Task.status",
            "entity:Task.patient.family",
            "patient.family:missing",
            "entity:Subscription.status",
        ],
        "Subscription" => &["status", "criteria", "_has:AuditEvent:entity:action"],
        _ => &[
            "status",
            "status:not",
            "patient.family",
            "patient.family:missing",
            "patient.organization.name",
            "owner:Practitioner.family",
            "owner:CareTeam.patient.family",
            "owner:RelatedPerson.patient._id",
            "instantiates.publisherId",
            "part-of.status",
            "part-of.part-of.status",
            "part-of.patient.family",
            "_has:Task:part-of:status",
            "_has:AuditEvent:entity:action",
            "patient._has:CareTeam:subject:status",
            "patient._has:Task:patient:status:not",
            "owner.name",
            "patient.identifier:not",
            "instantiates.title:missing",
        ],
    };
    let common = [
        "_id",
        "identifier",
        "identifier:not",
        "resource-origin",
        "_tag",
        "_content",
        "_lastUpdated",
        "_id:not",
    ];
    let name = if chance.once_in(4) { *chance.one(&common) } else { *chance.one(own) };
    let last = name.rsplit(['.', ':']).find(|part| !["not", "missing"].contains(part)).unwrap();
    let value = match last {
        _ if name.ends_with(":missing") => (*chance.one(&["true", "false"])).to_owned(),
        "family" | "name" | "title" | "device-name" | "publisherId" => {
            (*chance.one(&FAMILIES)).to_owned()
        }
        "status" => (*chance.one(&[STATUSES[0], STATUSES[1], "active", "inactive"])).to_owned(),
        "action" => (*chance.one(&["R", "C"])).to_owned(),
        "active" => "true".to_owned(),
        "_id" => id,
        "identifier" => format!("zq-{id}-{}", 1 + chance.below(3)),
        "resource-origin" => {
            (*chance.one(&["Device/dev-1", "Device/dev-2", "dev-1,dev-2,dev-3"])).to_owned()
        }
        "_tag" => (*chance.one(&["x", "y"])).to_owned(),
        "_lastUpdated" => (*chance.one(&["gt2020", "lt2020", "ne2020"])).to_owned(),
        "_content" => id,
        "criteria" => "Task".to_owned(),
        _ => format!("{of}/{id}"),
    };
    (name.to_owned(), value)
}

/// What comes along, and the order.
fn about_the_answer(kind: &str, chance: &mut Chance) -> Option<(String, String)> {
    let pair = |name: &str, value: &str| Some((name.to_owned(), value.to_owned()));
    match chance.below(7) {
        0 => pair("_include", "*"),
        1 => pair("_revinclude", "AuditEvent:entity"),
        2 => pair(
            "_include:iterate",
            *chance.one(&[
                "Patient:organization",
                "Organization:partof",
                "Task:patient",
                "Task:part-of",
                "CareTeam:participant",
                "AuditEvent:entity",
            ]),
        ),
        3 => pair(
            "_revinclude:iterate",
            *chance.one(&[
                "Task:patient",
                "Task:part-of",
                "Organization:partof",
                "AuditEvent:entity",
                "RelatedPerson:patient",
            ]),
        ),
        4 => pair(
            "_sort",
            *chance.one(&[
                "_id",
                "-_id",
                "_lastUpdated",
                "identifier",
                "-identifier,_id",
                "identifier,-_lastUpdated",
            ]),
        ),
        5 if kind == "Patient" => pair("_revinclude", "Task:patient"),
        _ => None,
    }
}
