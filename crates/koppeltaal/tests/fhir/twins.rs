//! Small worlds by chance, twice: in `zorg` with resources of everybody, in
//! `elders` with those alone that a caller may read. Whatever he asks, he cannot
//! tell which of the two he is in.

use std::time::Duration;

use koppeltaal_core::directory::{Permission, Scope};
use serde_json::{Value, json};

use crate::cast::{ELDERS, ZORG, right, role};
use crate::chance::Chance;
use crate::resources::{INSTANTIATES, KT2, TYPES};
use crate::shelf::Shelf;
use crate::support::setup::Setup;
use crate::world::World;

/// Resources in a world.
const MANY: usize = 70;
/// Whose they are, beside the caller's own: Devices that nobody has to have.
const OTHERS: [&str; 3] = ["dev-1", "dev-2", "dev-3"];
/// What families are called.
pub const FAMILIES: [&str; 3] = ["Jansen", "Bakker", "Visser"];
/// What Tasks can be.
pub const STATUSES: [&str; 3] = ["ready", "draft", "completed"];

/// The caller in each of the two.
pub const CALLERS: [(&str, &str); 2] = [("own", ZORG), ("elsewhere", ELDERS)];

/// What the caller may read.
#[derive(Debug, Clone)]
pub struct Rights(Vec<(String, Scope, Vec<String>)>);

impl Rights {
    pub fn by(chance: &mut Chance) -> Self {
        let mut all = Vec::new();
        for kind in TYPES {
            // Devices and AuditEvents of the server itself differ in the two.
            let may_all = !["Device", "AuditEvent"].contains(&kind);
            for _ in 0..=chance.below(2) {
                let granted: Vec<String> = OTHERS
                    .iter()
                    .filter(|_| chance.once_in(2))
                    .map(|id| (*id).to_owned())
                    .collect();
                match chance.below(5) {
                    0 if may_all => all.push((kind.to_owned(), Scope::All, Vec::new())),
                    1 | 2 => all.push((kind.to_owned(), Scope::Own, Vec::new())),
                    3 => all.push((kind.to_owned(), Scope::Granted, granted)),
                    _ => {}
                }
            }
        }
        if chance.once_in(4) {
            all.push(("*".to_owned(), Scope::Own, Vec::new()));
        }
        Self(all)
    }

    /// Gives them to the caller of both worlds.
    pub fn give(&self, setup: &mut Setup) {
        let permission = |(kind, scope, granted): &(String, Scope, Vec<String>)| -> Permission {
            right(kind, "R", *scope, &granted.iter().collect::<Vec<_>>())
        };
        for (client, domain) in CALLERS {
            role(setup, domain, "chance", self.0.iter().map(permission).collect());
            setup.instance(client).role = Some("chance".to_owned());
        }
    }

    /// Whether the caller may read what is of this type and this origin; his own
    /// is `me`.
    fn may_read(&self, kind: &str, origin: &str) -> bool {
        let reaches = |scope: Scope, granted: &[String]| match scope {
            Scope::All => true,
            Scope::Own => origin == "me",
            Scope::Granted => granted.iter().any(|id| id == origin),
        };
        let mut rules = self.0.iter().filter(|(on, ..)| on == "*" || on == kind);
        let may = rules.any(|(_, scope, granted)| reaches(*scope, granted));
        may && (kind != "Subscription" || origin == "me")
    }
}

/// Both worlds; the ids of all that was ever in the first.
pub struct Twins {
    pub world: World,
    pub ids: Vec<(&'static str, String)>,
}

impl Twins {
    pub async fn fill(world: World, rights: &Rights, chance: &mut Chance) -> Self {
        let mut shelf = Shelf::of(&world).await;
        let mut ids: Vec<(&'static str, String)> = Vec::new();
        let mut origins = Vec::new();
        let mut now = world.app.now().minus(Duration::from_secs(3600));
        for at in 0..MANY {
            let kind = *chance.one(&TYPES);
            let origin = if chance.once_in(3) { "me" } else { *chance.one(&OTHERS) };
            let id = format!("{}-{at}", kind.to_lowercase());
            ids.push((kind, id.clone()));
            origins.push(origin);
            let versions = 1 + chance.below(3);
            let is_deleted = chance.once_in(8);
            for version in 1..=versions {
                let resource = resource(kind, &id, version, &ids, chance);
                now = now.plus(Duration::from_millis(1_500));
                shelf.at = Some(now);
                for (caller, domain) in seen_in(rights, kind, origin) {
                    let origin =
                        if origin == "me" { world.client_id(caller) } else { origin.to_owned() };
                    match version {
                        1 => shelf.keep(domain, &origin, &resource).await,
                        _ => shelf.change(domain, &origin, &resource).await,
                    }
                }
            }
            if is_deleted {
                now = now.plus(Duration::from_millis(1_500));
                shelf.at = Some(now);
                for (_, domain) in seen_in(rights, kind, origin) {
                    shelf.remove(domain, kind, &id).await;
                }
            }
        }
        Self { world, ids }
    }
}

/// Where a resource is put: in the first world always, in the second when it may
/// be read.
fn seen_in(
    rights: &Rights,
    kind: &str,
    origin: &str,
) -> impl Iterator<Item = (&'static str, &'static str)> {
    let worlds = if rights.may_read(kind, origin) { 2 } else { 1 };
    CALLERS.into_iter().take(worlds)
}

/// A reference to something of a type that is there, or to nothing.
fn some(kind: &str, ids: &[(&'static str, String)], chance: &mut Chance) -> Value {
    let all: Vec<&String> = ids.iter().filter(|(of, _)| *of == kind).map(|(_, id)| id).collect();
    let id = if all.is_empty() { "none" } else { all[chance.below(all.len())] };
    json!({ "reference": format!("{kind}/{id}") })
}

fn resource(
    kind: &str,
    id: &str,
    version: usize,
    ids: &[(&'static str, String)],
    chance: &mut Chance,
) -> Value {
    let family = *chance.one(&FAMILIES);
    let about = *chance.one(&TYPES);
    let owner = *chance.one(&["Patient", "Practitioner", "RelatedPerson", "CareTeam"]);
    let mut resource = json!({
        "resourceType": kind, "id": id,
        "identifier": [{ "system": "urn:ids", "value": format!("zq-{id}-{version}") }],
        "meta": { "tag": [{ "code": *chance.one(&["x", "y"]) }] },
    });
    let more = match kind {
        "Patient" => json!({
            "name": [{ "family": family }], "active": chance.once_in(2), "birthDate": *chance.one(&["1980-01-01", "2000"]),
            "managingOrganization": some("Organization", ids, chance),
        }),
        "Practitioner" => json!({ "name": [{ "family": family }], "active": chance.once_in(2) }),
        "RelatedPerson" => {
            json!({ "name": [{ "family": family }], "patient": some("Patient", ids, chance) })
        }
        "Organization" => json!({ "name": family, "partOf": some("Organization", ids, chance) }),
        "CareTeam" => json!({
            "status": *chance.one(&["active", "inactive"]), "subject": some("Patient", ids, chance),
            "participant": [
                { "member": some("Practitioner", ids, chance) },
                { "member": some("RelatedPerson", ids, chance) },
            ],
        }),
        "Endpoint" => {
            json!({ "name": family, "managingOrganization": some("Organization", ids, chance) })
        }
        "Device" => json!({
            "deviceName": [{ "name": family }], "status": *chance.one(&["active", "inactive"]),
            "owner": some("Organization", ids, chance), "patient": some("Patient", ids, chance),
        }),
        "ActivityDefinition" => json!({
            "title": family, "status": "active",
            "extension": [{ "url": format!("{KT2}KT2PublisherId"), "valueId": family }],
        }),
        "AuditEvent" => json!({
            "action": *chance.one(&["R", "C"]), "recorded": "2024-05-01T10:00:00Z",
            "entity": [{ "what": some(about, ids, chance) }, { "what": some("Patient", ids, chance) }],
        }),
        "Subscription" => {
            json!({ "criteria": "Task?status=ready", "status": "active", "reason": family })
        }
        _ => json!({
            "status": *chance.one(&STATUSES), "for": some("Patient", ids, chance),
            "owner": some(owner, ids, chance),
            "partOf": [some("Task", ids, chance)],
            "extension": [{ "url": INSTANTIATES, "valueReference": some("ActivityDefinition", ids, chance) }],
        }),
    };
    let members = resource.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    resource
}
