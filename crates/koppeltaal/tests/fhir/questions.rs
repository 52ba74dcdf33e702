//! Searches by chance: conditions along chains, what comes along, the order.

use crate::chance::Chance;
use crate::found::query;
use crate::twins::{FAMILIES, STATUSES, Twins};

/// A search for resources of a type.
pub fn search(kind: &'static str, twins: &Twins, chance: &mut Chance) -> String {
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
    let which = chance.below(7);
    let mut one = |all: &[&'static str]| *chance.one(all);
    match which {
        0 => pair("_include", "*"),
        1 => pair("_revinclude", "AuditEvent:entity"),
        2 => pair(
            "_include:iterate",
            one(&[
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
            one(&[
                "Task:patient",
                "Task:part-of",
                "Organization:partof",
                "AuditEvent:entity",
                "RelatedPerson:patient",
            ]),
        ),
        4 => pair(
            "_sort",
            one(&[
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
