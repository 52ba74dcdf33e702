//! Criteria say what a search says: whatever a search by the owner finds of a version
//! that was just written is what he is told of, and nothing else.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::chance::Chance;
use crate::client::{Client, path};
use crate::found::total;
use crate::notified::{notified, version};
use crate::resources::{
    INSTANTIATES, KT2, activity_definition, care_team, endpoint, official, organization, patient,
    practitioner, related_person, subscription, task,
};
use crate::support::Engine;
use crate::world::World;

on_both_engines!(
    subscriptions_are_told_of_what_their_search_finds_1,
    subscriptions_are_told_of_what_their_search_finds_2,
);

async fn subscriptions_are_told_of_what_their_search_finds_1(engine: Engine) {
    compare(engine, 1).await;
}

async fn subscriptions_are_told_of_what_their_search_finds_2(engine: Engine) {
    compare(engine, 2).await;
}

/// Subscriptions, and writes.
const SUBSCRIPTIONS: usize = 150;
const WRITES: usize = 60;

const FAMILIES: [&str; 4] = ["Jansen", "Janssen", "de Vries", "Müller"];
const STATUSES: [&str; 3] = ["ready", "draft", "in-progress"];

/// Criteria by type; `$` is the id of something of the type that is named after it.
const CRITERIA: [(&str, &[&str]); 6] = [
    (
        "Patient",
        &[
            "",
            "active=true",
            "active:not=true",
            "active=false,true",
            "name=jan",
            "name=Jansse",
            "name:exact=Jansen",
            "name:exact=jansen",
            "name:contains=ans",
            "family=muller",
            "family=de,jan",
            "given:contains=e",
            "phonetic:missing=true",
            "birthdate=1980",
            "birthdate=ge1985",
            "birthdate=lt1985-06",
            "birthdate=ne1980-02-29",
            "birthdate=sa1984",
            "birthdate=eb1990-01-01",
            "birthdate=ap1980",
            "gender=female",
            "gender:not=female",
            "gender=http://hl7.org/fhir/administrative-gender|male",
            "gender:missing=false",
            "organization:missing=true",
            "organization=$Organization",
            "organization.name=zorg",
            "organization.name:contains=oost",
            "organization:Organization.active=true",
            "_tag=urn:t|x",
            "_tag=x,y",
            "_tag:not=x",
            "_tag:missing=true",
            "_profile=http://koppeltaal.nl/fhir/StructureDefinition/KT2Patient",
            "_id=$Patient",
            "_id:not=$Patient",
            "_lastUpdated=gt2024",
            "_lastUpdated=lt2024",
            "_lastUpdated=ge2024&_lastUpdated=lt2199",
            "_content=Jansen",
            "_content=oost",
            "identifier=https://example.test/ids|a",
            "identifier=a,b",
            "identifier:not=a",
            "identifier:of-type=x|y|z",
            "_has:Task:patient:status=ready",
            "_has:Task:patient:status:not=ready",
            "_has:RelatedPerson:patient:name=bakker",
            "_has:CareTeam:subject:status=active",
            "resource-origin=Device/x",
            "resource-origin:missing=false",
            "_sort=-birthdate&_count=3&_include=*&active=true",
            "_summary=count&gender=male",
            "_total=none&_elements=name",
        ],
    ),
    (
        "Task",
        &[
            "status=ready",
            "status=ready,draft",
            "status:not=ready",
            "status=ready&intent=order",
            "intent:not=plan",
            "owner=$Practitioner",
            "owner:Practitioner=$Practitioner",
            "owner.name=vries",
            "owner:missing=true",
            "patient=$Patient",
            "patient.name=jan",
            "patient.active=true",
            "patient.active:not=true",
            "patient.organization.name=zorg",
            "patient._id=$Patient",
            "patient._has:CareTeam:subject:status=active",
            "subject:Patient.birthdate=ge1985",
            "instantiates.publisherId=X",
            "instantiates.publisherId:not=X",
            "instantiates:missing=true",
            "instantiates:missing=false&status=ready",
            "part-of:missing=true",
            "part-of=$Task",
            "part-of.status=ready",
            "_has:Task:part-of:status=draft",
            "_lastUpdated=ge2024&status=draft",
            "identifier=a",
            "modified=ge2024",
            "period:missing=true",
            "_tag=x&status=ready",
        ],
    ),
    (
        "RelatedPerson",
        &[
            "",
            "patient=$Patient",
            "patient.name=jansen",
            "patient.organization.name:contains=oost",
            "name:exact=Bakker",
            "name:contains=AK",
            "relationship=MTH",
            "relationship:missing=true",
            "birthdate=lt1960",
        ],
    ),
    (
        "CareTeam",
        &[
            "status=active",
            "participant=$Practitioner",
            "participant:Practitioner.name=vries",
            "subject.name=jan",
            "patient=$Patient",
            "_has:Task:owner:status=ready",
        ],
    ),
    ("Organization", &["name=zorg", "name:exact=Zorggroep Oost", "active=true", "_tag=y"]),
    ("ActivityDefinition", &["publisherId=X", "publisherId:missing=true", "title:contains=slapen"]),
];

/// A world that grows by chance.
struct Growing<'a> {
    clients: Vec<(&'static str, Client)>,
    known: BTreeMap<&'static str, Vec<Value>>,
    world: &'a World,
}

impl Growing<'_> {
    /// The id of something of a type.
    fn some(&self, kind: &str, chance: &mut Chance) -> String {
        let all = self.known.get(kind).filter(|all| !all.is_empty());
        all.map_or("none".to_owned(), |all| chance.one(all)["id"].as_str().unwrap().to_owned())
    }

    fn reference(&self, kind: &str, chance: &mut Chance) -> String {
        format!("{kind}/{}", self.some(kind, chance))
    }

    fn criteria(&self, chance: &mut Chance) -> String {
        let (kind, all) = *chance.one(&CRITERIA);
        let mut parts = vec![*chance.one(all)];
        if chance.once_in(3) {
            parts.push(*chance.one(all));
        }
        let parts: Vec<String> = parts
            .iter()
            .filter(|part| !part.is_empty())
            .map(|part| match part.split_once('$') {
                Some((name, of)) => format!("{name}{}", self.some(of, chance)),
                None => (*part).to_owned(),
            })
            .collect();
        format!("{kind}?{}", parts.join("&"))
    }

    /// A new resource of a type by chance.
    fn resource(&self, kind: &'static str, chance: &mut Chance) -> Value {
        let family = *chance.one(&FAMILIES);
        let mut new = match kind {
            "Patient" => {
                let mut new = patient();
                new["name"] = json!([official(family, ["Zoë", "Bert"][chance.below(2)])]);
                new["active"] = chance.once_in(2).into();
                new["gender"] = (*chance.one(&["female", "male"])).into();
                new["birthDate"] =
                    (*chance.one(&["1980-02-29", "1984-12-31", "1990-01-01"])).into();
                if chance.once_in(2) {
                    let organization = self.reference("Organization", chance);
                    new["managingOrganization"] = json!({ "reference": organization });
                }
                new
            }
            "Practitioner" => {
                let mut new = practitioner();
                new["name"] = json!([official(family, "Sam")]);
                new
            }
            "Organization" => {
                let mut new = organization();
                new["name"] = (*chance.one(&["Zorggroep Oost", "Kliniek Oost"])).into();
                new
            }
            "RelatedPerson" => related_person(&self.reference("Patient", chance)),
            "CareTeam" => {
                let patient = self.reference("Patient", chance);
                care_team(&patient, &self.reference("Practitioner", chance))
            }
            "Endpoint" => endpoint(),
            "ActivityDefinition" => {
                let mut new = activity_definition(&self.reference("Endpoint", chance));
                if chance.once_in(2) {
                    let publisher = *chance.one(&["X", "Y"]);
                    let extension =
                        json!({ "url": format!("{KT2}KT2PublisherId"), "valueId": publisher });
                    new["extension"].as_array_mut().unwrap().push(extension);
                }
                new
            }
            _ => {
                let patient = self.reference("Patient", chance);
                let mut new = task(&patient, &self.reference("Practitioner", chance));
                new["status"] = (*chance.one(&STATUSES)).into();
                if chance.once_in(2) {
                    let activity = self.reference("ActivityDefinition", chance);
                    let reference = json!({ "reference": activity });
                    new["extension"] =
                        json!([{ "url": INSTANTIATES, "valueReference": reference }]);
                }
                if chance.once_in(3) && self.known.get("Task").is_some_and(|all| !all.is_empty()) {
                    new["partOf"] = json!([{ "reference": self.reference("Task", chance) }]);
                }
                new
            }
        };
        if chance.once_in(2) {
            let tag = *chance.one(&["x", "y"]);
            new["meta"]["tag"] = json!([{ "system": "urn:t", "code": tag }]);
        }
        if chance.once_in(3) && new["identifier"].is_array() {
            new["identifier"][0]["value"] = (*chance.one(&["a", "b"])).into();
        }
        new
    }

    /// Creates or changes something; the version that is made.
    async fn write(&mut self, kind: &'static str, chance: &mut Chance) -> Value {
        let (_, client) = chance.one(&self.clients).clone();
        let admin = self.clients[0].1.clone();
        let resource = self.resource(kind, chance);
        let known = self.known.entry(kind).or_default();
        if known.len() > 2 && chance.once_in(3) {
            let at = chance.below(known.len());
            let mut next = resource;
            for name in ["id", "meta"] {
                let tag = next["meta"]["tag"].clone();
                next[name] = known[at][name].clone();
                if name == "meta" && tag.is_array() {
                    next["meta"]["tag"] = tag;
                }
            }
            let made = admin.update(&next).await;
            known[at] = made.clone();
            return made;
        }
        let made = client.create(&resource).await;
        known.push(made.clone());
        made
    }
}

async fn compare(engine: Engine, seed: u64) {
    let mut chance = Chance::new(seed);
    let world = World::start(engine).await;
    let mut clients = Vec::new();
    for name in ["admin", "own", "own2"] {
        clients.push((name, world.client(name).await));
    }
    let mut growing = Growing { clients, known: BTreeMap::new(), world: &world };
    for kind in
        ["Organization", "Practitioner", "Patient", "Endpoint", "ActivityDefinition", "Task"]
    {
        for _ in 0..2 {
            growing.write(kind, &mut chance).await;
        }
    }
    let mut subscriptions = Vec::new();
    let kinds = [
        "Patient",
        "Task",
        "Task",
        "RelatedPerson",
        "CareTeam",
        "Organization",
        "ActivityDefinition",
    ];
    let (mut matched, mut asked) = (0, 0);
    for at in 0..WRITES {
        // They come on the way.
        while subscriptions.len() < SUBSCRIPTIONS && subscriptions.len() <= at * 10 {
            let (name, client) = chance.one(&growing.clients).clone();
            let criteria = growing.criteria(&mut chance);
            let reply = client.try_create(&subscription(&criteria)).await;
            assert_eq!(reply.status, 201, "{criteria}: {}", reply.text());
            subscriptions.push((name, client, criteria, reply.json()));
        }
        let kind = *chance.one(&kinds);
        let made = growing.write(kind, &mut chance).await;
        let all = notified(growing.world.app.store()).await;
        let told = |kept: &Value| {
            let is_it = |one: &&crate::notified::Notified| {
                kept["id"] == one.subscription.as_str() && one.version == version(&made)
            };
            all.iter().filter(is_it).count()
        };
        let id = made["id"].as_str().unwrap();
        for (name, client, criteria, kept) in &subscriptions {
            if !criteria.starts_with(&format!("{kind}?")) {
                assert_eq!(told(kept), 0, "{criteria} is told of a {kind}");
                continue;
            }
            let expected = total(&client.search(&format!("{criteria}&_id={id}")).await);
            assert_eq!(told(kept), expected, "seed {seed}, {name}, {criteria}, write {at}: {made}");
            matched += expected;
            asked += 1;
        }
        let _ = path(&made);
    }
    assert!(matched > asked / 10 && matched < asked, "{matched} of {asked} match: no test");
}
