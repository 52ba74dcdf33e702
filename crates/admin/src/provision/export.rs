//! `koppeltaal export`: the directory as a provisioning file that makes the same
//! directory on an empty store. Keys at their default are left out; the order
//! is that of names, so that two exports can be compared.

use koppeltaal_auth::SealKey;
use koppeltaal_core::directory::{
    Application, Directory, Domain, IdentityProvider, Instance, Role, Secret,
};
use koppeltaal_core::{Error, Result, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};

use super::schema::{Field, Kind, Shape};

/// What an export says of secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrets {
    /// Nothing: neither sealed ones nor hashes of passwords.
    Without,
    /// Hashes of passwords; sealed ones are named in a comment.
    Hashes,
    /// Hashes of passwords, and sealed ones in clear.
    Revealed,
}

/// Keys that are written even when they are at their default.
const ALWAYS: [&str; 7] = ["name", "id", "domain", "application", "phase", "status", "api_version"];

/// Keys that hold hashes of passwords, and the end of the old one's time.
const PASSWORDS: [&str; 3] = ["password_hash", "previous_password_hash", "previous_password_until"];

/// The directory as a provisioning file.
pub fn export(
    directory: &Directory,
    seal: &SealKey,
    secrets: Secrets,
    now: Timestamp,
) -> Result<String> {
    let mut writer = Writer { text: String::new(), seal, secrets };
    let mut domains: Vec<_> = directory.domains().iter().collect();
    domains.sort_by_key(|domain| &domain.name);
    for domain in domains {
        writer.item(Kind::Domain, domain.as_ref(), &Domain::default())?;
    }
    let mut applications: Vec<_> = directory.applications().iter().collect();
    applications.sort_by_key(|application| &application.id);
    for application in applications {
        writer.item(Kind::Application, application.as_ref(), &Application::default())?;
    }
    let mut roles: Vec<_> = directory.roles().iter().collect();
    roles.sort_by_key(|role| (&role.domain, &role.name));
    for role in roles {
        writer.item(Kind::Role, role, &Role::default())?;
    }
    let mut providers: Vec<_> = directory.identity_providers().iter().collect();
    providers.sort_by_key(|provider| (&provider.domain, &provider.name));
    for provider in providers {
        writer.item(Kind::IdentityProvider, provider, &IdentityProvider::default())?;
    }
    let mut instances: Vec<Instance> =
        directory.instances().iter().map(|connected| connected.instance.clone()).collect();
    instances.sort_by(|a, b| {
        let key = |i: &Instance| {
            (i.domain.clone(), i.application.clone(), i.username.clone(), i.client_id.clone())
        };
        key(a).cmp(&key(b))
    });
    for mut instance in instances {
        if instance.previous_password_until.is_none_or(|until| until <= now) {
            instance.previous_password_hash = None;
            instance.previous_password_until = None;
        }
        writer.item(Kind::Instance, &instance, &Instance::default())?;
    }
    Ok(writer.text)
}

struct Writer<'a> {
    text: String,
    seal: &'a SealKey,
    secrets: Secrets,
}

impl Writer<'_> {
    fn item<T: Serialize>(&mut self, kind: Kind, item: &T, default: &T) -> Result<()> {
        let item = serde_json::to_value(item).map_err(Error::internal)?;
        let default = serde_json::to_value(default).map_err(Error::internal)?;
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(&format!("[[{}]]\n", kind.name()));
        let mut hidden = Vec::new();
        for field in kind.fields() {
            let Some(value) = item.get(field.name).filter(|value| !value.is_null()) else {
                continue;
            };
            if self.secrets == Secrets::Without && PASSWORDS.contains(&field.name) {
                continue;
            }
            let always = ALWAYS.contains(&field.name);
            if !always && default.get(field.name) == Some(value) {
                continue;
            }
            if let Some(value) = self.value(field.name, value, field.shape, &mut hidden)? {
                self.text.push_str(&format!("{} = {value}\n", field.name));
            }
        }
        for key in hidden {
            self.text.push_str(&format!("# {key}: sealed, shown by export --reveal-secrets\n"));
        }
        Ok(())
    }

    /// The value as TOML; `None`: it is hidden, and its path noted.
    fn value(
        &self,
        path: &str,
        value: &Value,
        shape: Shape,
        hidden: &mut Vec<String>,
    ) -> Result<Option<String>> {
        Ok(match (shape, value) {
            (Shape::Secret, Value::String(sealed)) => {
                if self.secrets != Secrets::Revealed {
                    hidden.push(path.to_owned());
                    return Ok(None);
                }
                Some(text(&self.seal.open(&Secret(sealed.clone()))?))
            }
            (Shape::List(of), Value::Array(items)) => {
                let mut written = Vec::new();
                for item in items {
                    written.extend(self.value(path, item, *of, hidden)?);
                }
                Some(list(&written, matches!(of, Shape::Table(_))))
            }
            (Shape::Table(fields), Value::Object(table)) => {
                Some(self.table(path, table, Some(fields), Shape::Text, hidden)?)
            }
            (Shape::Map(of), Value::Object(table)) => {
                Some(self.table(path, table, None, *of, hidden)?)
            }
            (_, Value::String(value)) => Some(text(value)),
            (_, value) => Some(value.to_string()),
        })
    }

    fn table(
        &self,
        path: &str,
        table: &Map<String, Value>,
        fields: Option<&'static [Field]>,
        of: Shape,
        hidden: &mut Vec<String>,
    ) -> Result<String> {
        let mut pairs = Vec::new();
        for (key, value) in table {
            let shape = match fields {
                Some(fields) => fields.iter().find(|f| f.name == key).map(|field| field.shape),
                None => Some(of),
            };
            let (Some(shape), false) = (shape, value.is_null()) else {
                continue;
            };
            let path = format!("{path}.{key}");
            if let Some(value) = self.value(&path, value, shape, hidden)? {
                pairs.push(format!("{} = {value}", name(key)));
            }
        }
        if pairs.is_empty() {
            return Ok("{}".to_owned());
        }
        Ok(format!("{{ {} }}", pairs.join(", ")))
    }
}

fn list(items: &[String], of_tables: bool) -> String {
    if of_tables && !items.is_empty() {
        let lines: String = items.iter().map(|item| format!("  {item},\n")).collect();
        return format!("[\n{lines}]");
    }
    format!("[{}]", items.join(", "))
}

fn text(value: &str) -> String {
    toml::Value::from(value).to_string()
}

fn name(key: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !key.is_empty() && key.chars().all(bare) {
        return key.to_owned();
    }
    text(key)
}
