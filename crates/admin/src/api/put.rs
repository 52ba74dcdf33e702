//! Items of the directory, written: a request becomes a provisioning file, and is
//! applied as one. What it leaves out stays; a masked secret stays, too.

use koppeltaal_core::directory::Directory;
use koppeltaal_core::{Error, Result};
use koppeltaal_store::directory::Author;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::answer::{Answer, Refusal};
use super::asked::{Asked, unknown};
use super::theirs;
use crate::desk::Desk;
use crate::operate::instance;
use crate::page::Object;
use crate::provision::{self, Kind, MASK, shown};
use crate::seen::{self, Seen};

/// What is read of an item and not written.
const ONLY_READ: [&str; 3] = ["device", "key_source", "callback_url"];

/// `POST /apply`: tables of a provisioning file, as JSON or as TOML.
pub(super) async fn apply(asked: Asked) -> Result<Answer, Refusal> {
    let desk = asked.desk()?;
    let is_toml = asked
        .headers
        .get(http::header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("application/toml"));
    let text = if is_toml {
        String::from_utf8(asked.body.to_vec())
            .map_err(|_| Error::Invalid("the body is not UTF-8".to_owned()))?
    } else {
        let mut tables: Object = asked.json()?;
        for value in tables.values_mut() {
            prepare(value);
        }
        as_toml(&tables)?
    };
    applied(&desk, &text, asked.flag("dry_run")?).await
}

pub(super) async fn domain(asked: Asked) -> Result<Answer, Refusal> {
    let identity = [("name", asked.part("domain").to_owned())];
    put(asked, Kind::Domain, &identity).await
}

pub(super) async fn application(asked: Asked) -> Result<Answer, Refusal> {
    let identity = [("id", asked.part("application").to_owned())];
    put(asked, Kind::Application, &identity).await
}

pub(super) async fn role(asked: Asked) -> Result<Answer, Refusal> {
    let identity =
        [("domain", asked.part("domain").to_owned()), ("name", asked.part("role").to_owned())];
    put(asked, Kind::Role, &identity).await
}

pub(super) async fn identity_provider(asked: Asked) -> Result<Answer, Refusal> {
    let name = asked.part("identity_provider").to_owned();
    let identity = [("domain", asked.part("domain").to_owned()), ("name", name)];
    put(asked, Kind::IdentityProvider, &identity).await
}

/// An instance is named by its user name or client_id; a new one needs its domain
/// and application in the body.
pub(super) async fn instance(asked: Asked) -> Result<Answer, Refusal> {
    let desk = asked.desk()?;
    let directory = desk.directory().await?;
    let name = asked.part("instance").to_owned();
    let mut identity = Vec::new();
    match instance::one(&desk, &directory, &name) {
        Some(found) => {
            identity.push(("domain", found.domain.name.clone()));
            identity.push(("application", found.application.id.clone()));
            identity.push(("client_id", found.instance.client_id.clone()));
        }
        None if Uuid::parse_str(&name).is_ok() => identity.push(("client_id", name)),
        None => identity.push(("username", name)),
    }
    put(asked, Kind::Instance, &identity).await
}

async fn put(
    asked: Asked,
    kind: Kind,
    identity: &[(&'static str, String)],
) -> Result<Answer, Refusal> {
    let desk = asked.desk()?;
    let mut given: Object = asked.json()?;
    for key in ONLY_READ {
        given.remove(key);
    }
    for (key, value) in identity {
        match given.get(*key) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) if text == value => {}
            Some(_) => {
                return Err(Error::Invalid(format!("{key}: the URL says `{value}`")).into());
            }
        }
        given.insert((*key).to_owned(), Value::from(value.as_str()));
    }
    let directory = desk.directory().await?;
    let present = present(&desk, &directory, kind, &given)?;
    limit(&asked, kind, present.as_ref(), &mut given)?;
    for value in given.values_mut() {
        prepare(value);
    }
    given.retain(|_, value| !is_mask(value));
    let mut tables = Map::new();
    tables.insert(kind.name().to_owned(), json!([given]));
    applied(&desk, &as_toml(&tables)?, asked.flag("dry_run")?).await
}

/// The item that is meant, as it is read, when there is one; an item that is not
/// theirs is as if it were not there.
fn present(
    desk: &Desk,
    directory: &Directory,
    kind: Kind,
    given: &Object,
) -> Result<Option<Object>> {
    let text = |key: &str| given.get(key).and_then(Value::as_str).unwrap_or("");
    let found = match kind {
        Kind::Domain => {
            let domain = directory.domain(text("name"));
            let seen = domain.map(|domain| seen::domain(directory, &desk.rights, domain));
            refuse_by(seen, "domain", text("name"))?;
            domain.map(|domain| shown(kind, domain.as_ref()))
        }
        Kind::Application => {
            let found = directory.application(text("id"));
            let seen = found.map(|one| seen::application(directory, &desk.rights, one));
            refuse_by(seen, "application", text("id"))?;
            found.map(|application| shown(kind, application.as_ref()))
        }
        Kind::Role | Kind::IdentityProvider => {
            let domain = directory.domain(text("domain"));
            let seen = domain.map_or(Seen::Not, |d| seen::domain(directory, &desk.rights, d));
            refuse_by(Some(seen), "domain", text("domain"))?;
            let is = |of: &str, name: &str| of == text("domain") && name == text("name");
            if kind == Kind::Role {
                let found = directory.roles().iter().find(|role| is(&role.domain, &role.name));
                found.map(|role| shown(kind, role))
            } else {
                let mut all = directory.identity_providers().iter();
                let found = all.find(|one| is(&one.domain, &one.name));
                found.map(|provider| shown(kind, provider))
            }
        }
        Kind::Instance => {
            let name =
                if text("client_id").is_empty() { text("username") } else { text("client_id") };
            instance::one(desk, directory, name).map(|one| shown(kind, &one.instance))
        }
    };
    found.transpose()
}

fn refuse_by(seen: Option<Seen>, kind: &str, name: &str) -> Result<()> {
    match seen {
        None | Some(Seen::Whole) => Ok(()),
        Some(Seen::Not) => Err(unknown(kind, name)),
        Some(Seen::Name) => {
            Err(Error::Forbidden(format!("this {kind} is a matter of its own administrators")))
        }
    }
}

/// Leaves of what is given what the caller may change, and refuses the rest unless
/// it is as it is already.
fn limit(asked: &Asked, kind: Kind, present: Option<&Object>, given: &mut Object) -> Result<()> {
    let role = asked.rights()?.role();
    let Some(present) = present else {
        if theirs::makes(role, kind) {
            return Ok(());
        }
        // Whether somebody else has one of this name is not told.
        let mut name = kind.identity().iter().filter_map(|key| given.get(*key)?.as_str());
        let name = given.get("username").and_then(Value::as_str).or(name.next_back()).unwrap_or("");
        return Err(unknown(kind.words(), name));
    };
    let Some(allowed) = theirs::keys(role, kind) else { return Ok(()) };
    let is_identity = |key: &str| kind.identity().contains(&key) || key == "client_id";
    let mut refused = Vec::new();
    given.retain(|key, value| {
        if allowed.contains(&key.as_str()) || (kind.identity().contains(&key.as_str())) {
            return true;
        }
        let same = present.get(key).is_some_and(|known| known == value);
        if !same && !is_mask(value) {
            refused.push(key.clone());
        }
        kind == Kind::Instance && is_identity(key) && same
    });
    if refused.is_empty() {
        return Ok(());
    }
    Err(Error::Forbidden(format!(
        "an administrator of role {} does not change {}",
        role.code(),
        refused.join(", ")
    )))
}

/// JSON as a provisioning file wants it: nothing instead of null, and masked
/// secrets left out.
fn prepare(value: &mut Value) {
    match value {
        // An empty text leads a key back to its default.
        Value::Null => *value = Value::from(""),
        Value::Array(items) => items.iter_mut().for_each(prepare),
        Value::Object(table) => {
            table.retain(|_, value| !is_mask(value));
            table.values_mut().for_each(prepare);
        }
        _ => {}
    }
}

fn is_mask(value: &Value) -> bool {
    value.as_str() == Some(MASK)
}

fn as_toml(tables: &Object) -> Result<String> {
    toml::to_string(tables).map_err(|cause| Error::Invalid(format!("the body: {cause}")))
}

async fn applied(desk: &Desk, text: &str, dry_run: bool) -> Result<Answer, Refusal> {
    let author: Author = desk.author.clone();
    let (rules, now) = (&desk.settings.rules, desk.clock.now());
    let applied =
        provision::apply_request(&desk.store, &desk.seal, rules, text, author, now, dry_run)
            .await?
            .map_err(Refusal::Problems)?;
    Answer::json(&json!({ "dry_run": dry_run, "changes": applied.lines }))
}
