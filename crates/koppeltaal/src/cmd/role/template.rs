//! `koppeltaal role template`: the predefined roles of Koppeltaal 2.0 (topic 005)
//! as a provisioning file, to be changed where a domain wants it otherwise.

use anyhow::Result;
use koppeltaal_core::directory::{Permission, Role, Scope};

use super::super::directory::found;
use crate::context::Context;
use crate::output;
use crate::provision::{Kind, shown};

/// Prints the predefined roles as a provisioning file.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// This role only
    name: Option<String>,
    /// The domain that the roles are for
    #[arg(long)]
    domain: String,
}

struct Template {
    name: &'static str,
    /// What has the role, as a comment in the file.
    about: &'static str,
    permissions: &'static [(&'static str, &'static str, Scope)],
}

use Scope::{All, Granted, Own};

const TEMPLATES: [Template; 5] = [
    Template {
        name: "clientportaal",
        about: "Client portal",
        permissions: &[
            ("ActivityDefinition", "R", All),
            ("Task", "C", Own),
            ("Task", "RU", Granted),
            ("Patient", "R", All),
            ("Practitioner", "R", All),
            ("RelatedPerson", "R", All),
            ("RelatedPerson", "CU", Own),
            ("Endpoint", "R", All),
            ("Subscription", "CRUD", Own),
            ("CareTeam", "R", All),
            ("Organization", "R", All),
            ("AuditEvent", "C", Own),
        ],
    },
    Template {
        name: "behandelaarsportaal",
        about: "Practitioner portal",
        permissions: &[
            ("ActivityDefinition", "R", All),
            ("Task", "R", All),
            ("Task", "CU", Own),
            ("Patient", "R", All),
            ("Practitioner", "R", All),
            ("RelatedPerson", "R", All),
            ("Endpoint", "R", All),
            ("Subscription", "CRUD", Own),
            ("CareTeam", "R", All),
            ("Organization", "R", All),
            ("AuditEvent", "C", Own),
        ],
    },
    Template {
        name: "zorgondersteuning",
        about: "Care support: the electronic health record, the source of people and care teams",
        permissions: &[
            ("Patient", "CRU", Own),
            ("Practitioner", "CRU", Own),
            ("RelatedPerson", "CRU", Own),
            ("Subscription", "CRUD", Own),
            ("CareTeam", "CRU", Own),
            ("Organization", "CRU", Own),
            ("AuditEvent", "C", Own),
        ],
    },
    Template {
        name: "ehealth-module",
        about: "E-health module: offers activities and is launched for tasks",
        permissions: &[
            ("ActivityDefinition", "CRU", Own),
            ("Task", "C", Own),
            ("Task", "RU", Granted),
            ("Patient", "R", Granted),
            ("Practitioner", "R", Granted),
            ("RelatedPerson", "R", Granted),
            ("Endpoint", "R", All),
            ("Endpoint", "CU", Own),
            ("Subscription", "CRUD", Own),
            ("CareTeam", "R", All),
            ("AuditEvent", "C", Own),
        ],
    },
    Template {
        name: "beheerportaal",
        about: "Administration portal",
        permissions: &[
            ("ActivityDefinition", "CRUD", All),
            ("Patient", "RD", All),
            ("Practitioner", "RD", All),
            ("RelatedPerson", "RD", All),
            ("Endpoint", "CRUD", All),
            ("Subscription", "CRUD", All),
            ("CareTeam", "RD", All),
            ("Organization", "RD", All),
            ("Device", "CRUD", All),
            ("AuditEvent", "C", Own),
            ("AuditEvent", "R", All),
        ],
    },
];

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> Result<()> {
    let wanted: Vec<&Template> = match &args.name {
        None => TEMPLATES.iter().collect(),
        Some(name) => {
            let template = TEMPLATES.iter().find(|template| template.name == name);
            let names = TEMPLATES.iter().map(|template| template.name.to_owned());
            vec![found(template, "predefined role", name, names)?]
        }
    };
    if context.json {
        let roles = wanted.iter().map(|template| shown(Kind::Role, &template.role(&args.domain)));
        return output::json(&roles.collect::<Result<Vec<_>, _>>()?);
    }
    let texts: Vec<String> = wanted.iter().map(|template| template.text(&args.domain)).collect();
    output::text(&texts.join("\n"))
}

impl Template {
    fn role(&self, domain: &str) -> Role {
        let permissions = self.permissions.iter().map(|(resource, operations, scope)| Permission {
            resource: (*resource).to_owned(),
            operations: (*operations).to_owned(),
            scope: *scope,
            granted: Vec::new(),
        });
        Role {
            domain: domain.to_owned(),
            name: self.name.to_owned(),
            permissions: permissions.collect(),
            ..Role::default()
        }
    }

    fn text(&self, domain: &str) -> String {
        let domain = toml::Value::from(domain);
        let mut text = format!(
            "# {}\n[[role]]\ndomain = {domain}\nname = \"{}\"\npermissions = [\n",
            self.about, self.name
        );
        for (resource, operations, scope) in self.permissions {
            let (remark, scope) = match scope {
                Scope::All => (false, "\"ALL\""),
                Scope::Own => (false, "\"OWN\""),
                Scope::Granted => (true, "\"GRANTED\", granted = []"),
            };
            if remark {
                text += "  # fill in granted: the client_ids of the instances whose resources are \
                         meant; empty gives nothing\n";
            }
            text += &format!(
                "  {{ resource = \"{resource}\", operations = \"{operations}\", scope = {scope} }},\n"
            );
        }
        text + "]\n"
    }
}
