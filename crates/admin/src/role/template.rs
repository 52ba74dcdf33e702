//! The predefined roles of Koppeltaal 2.0 (topic 005)
//! as a provisioning file, to be changed where a domain wants it otherwise.

use koppeltaal_core::directory::{Permission, Role, Scope};

/// A predefined role.
pub struct Template {
    /// Its name.
    pub name: &'static str,
    /// What has the role, as a comment in the file.
    about: &'static str,
    permissions: &'static [(&'static str, &'static str, Scope)],
}

use Scope::{All, Granted, Own};

static TEMPLATES: [Template; 5] = [
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

/// The predefined roles.
pub fn templates() -> impl Iterator<Item = &'static Template> {
    TEMPLATES.iter()
}

impl Template {
    /// The role in this domain.
    pub fn role(&self, domain: &str) -> Role {
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

    /// The role in this domain as a provisioning file.
    pub fn text(&self, domain: &str) -> String {
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
