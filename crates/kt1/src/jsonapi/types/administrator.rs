//! ApplicationAdministrator and DomainAdministrator: accounts, and what is theirs.
//! Removing one switches the account off, or takes away what the caller gave.

use std::collections::BTreeSet;
use std::sync::Arc;

use http::StatusCode;
use koppeltaal_auth::administrator::generate;
use koppeltaal_core::administrator::{Rights, Role};
use koppeltaal_core::version::Stamp;
use koppeltaal_core::{Error, Result as StoreResult};
use koppeltaal_store::administrator::{self as stored, Account, Change, NewAccount};

use super::super::ask::Ask;
use super::super::change::check_version;
use super::super::declaration::{
    Attribute, Declaration, Kind, Operations, Relationship, Rule, Who,
};
use super::super::failure::Failure;
use super::super::input::Input;
use super::super::mail::Post;
use super::super::resource::{Owner, Resource};
use super::directory as at;

const ATTRIBUTES: &[Attribute] = &[
    Attribute::text("Name", 100).rule(Rule::Required),
    Attribute::new("Email", Kind::Email).rule(Rule::Required),
    Attribute::text("DesiredUserName", 50).rule(Rule::Fixed),
];

/// Administrators of applications.
pub static OF_APPLICATIONS: Declaration = Declaration {
    name: "ApplicationAdministrator",
    attributes: ATTRIBUTES,
    relationships: &[Relationship::many("Application", "Application", Rule::Required)],
    operations: Operations {
        read: Who::Every,
        create: Who::ApplicationToo,
        update: Who::ApplicationToo,
        delete: Who::ApplicationToo,
    },
};

/// Administrators of domains.
pub static OF_DOMAINS: Declaration = Declaration {
    name: "DomainAdministrator",
    attributes: ATTRIBUTES,
    relationships: &[Relationship::many("Domain", "Domain", Rule::Required)],
    operations: Operations {
        read: Who::DomainToo,
        create: Who::System,
        update: Who::DomainToo,
        delete: Who::System,
    },
};

/// Every active account of a kind.
pub async fn all(ask: &Ask<'_>, of: &'static Declaration) -> Result<Vec<Resource>, Failure> {
    let accounts = ask.inner().store().read(|tx| stored::accounts(tx)).await?;
    let active = accounts.iter().filter(|account| account.active);
    Ok(active.filter_map(|account| resource(ask, of, account)).collect())
}

fn resource(ask: &Ask<'_>, of: &'static Declaration, account: &Account) -> Option<Resource> {
    let directory = &ask.directory;
    let requester = Some(account.login.clone());
    let begin = |owner| {
        Resource::new(of, account.number, owner)
            .version(account.stamp.0)
            .with("Name", account.name.clone())
            .with("Email", account.email.clone())
            .with("DesiredUserName", account.login.as_str())
    };
    match &account.rights {
        Rights::Applications(ids) if std::ptr::eq(of, &OF_APPLICATIONS) => {
            let mine = directory.applications().iter().filter(|a| ids.contains(&a.id));
            let mine: Vec<_> = mine.collect();
            let mut domains: Vec<String> = mine
                .iter()
                .flat_map(|application| at::domains_of(directory, application))
                .collect();
            domains.sort();
            domains.dedup();
            let applications = ids.iter().cloned().collect();
            let owner = Owner { domains, applications, requester, ..Owner::default() };
            let links = mine.iter().map(|application| application.number.to_string()).collect();
            Some(begin(owner).with_many("Application", links))
        }
        Rights::Domains(names) if std::ptr::eq(of, &OF_DOMAINS) => {
            let domains = names.iter().cloned().collect();
            let owner = Owner { domains, requester, ..Owner::default() };
            let mine = directory.domains().iter().filter(|domain| names.contains(&domain.name));
            let links = mine.map(|domain| domain.number.to_string()).collect();
            Some(begin(owner).with_many("Domain", links))
        }
        _ => None,
    }
}

/// What the relationship of an input names: ids of applications, or names of domains.
fn named(ask: &Ask<'_>, input: &Input) -> Option<BTreeSet<String>> {
    let directory = &ask.directory;
    if let Some(ids) = input.links("Application") {
        let found = ids.iter().filter_map(|id| at::application(directory, id));
        return Some(found.map(|application| application.id.clone()).collect());
    }
    let ids = input.links("Domain")?;
    let found = ids.iter().filter_map(|id| at::domain(directory, id));
    Some(found.map(|domain| domain.name.clone()).collect())
}

fn rights(of: &Declaration, names: BTreeSet<String>) -> Rights {
    match of.name == OF_DOMAINS.name {
        true => Rights::Domains(names),
        false => Rights::Applications(names),
    }
}

/// Makes an account. Its password is set by the link in a mail.
pub async fn create(
    ask: &Ask<'_>,
    of: &'static Declaration,
    input: &Input,
) -> Result<String, Failure> {
    let text = |name: &str| input.text(name).unwrap_or_default().to_owned();
    let login = text("DesiredUserName");
    koppeltaal_core::administrator::check_login(&login).map_err(|error| {
        Failure::attribute(StatusCode::BAD_REQUEST, "DesiredUserName", error.to_string())
    })?;
    let names = named(ask, input).unwrap_or_default();
    let new = NewAccount {
        login: login.clone(),
        name: Some(text("Name")),
        email: Some(text("Email")),
        rights: rights(of, names),
        password_hash: None,
        totp: None,
    };
    let link = Arc::new(generate(""));
    let (post, email, author) = (Post::of(ask), text("Email"), ask.author());
    let ids = ask.inner().parts.kt1.parts.ids.clone();
    let number = ask
        .inner()
        .store()
        .write(move |tx| {
            let number = stored::create(tx, &ids, &new, &author)?;
            let about = "U bent beheerder geworden.";
            post.invitation(tx, &email, number, &new.login, &link, about)?;
            Ok(number)
        })
        .await;
    match number {
        Err(Error::Conflict(text)) => {
            Err(Failure::attribute(StatusCode::CONFLICT, "DesiredUserName", text))
        }
        number => Ok(number?.to_string()),
    }
}

/// Changes name and address of an account, or what is its.
pub async fn update(ask: &Ask<'_>, existing: &Resource, input: &Input) -> Result<(), Failure> {
    let change = Change {
        name: input.text("Name").map(str::to_owned),
        email: input.text("Email").map(str::to_owned),
        ..Change::default()
    };
    let wanted = named(ask, input);
    let of = existing.of;
    apply(ask, existing, input.version.clone(), move |caller, account| {
        if (change.name.is_some() || change.email.is_some()) && !caller.may_edit(account) {
            return Err(forbidden("You may change your own details alone."));
        }
        let mut change = change.clone();
        if let Some(wanted) = &wanted {
            change.rights = Some(rights(of, caller.kept(account, wanted)?));
        }
        Ok(change)
    })
    .await
}

/// Switches an account off; an administrator of applications takes away their own.
pub async fn delete(ask: &Ask<'_>, existing: &Resource) -> Result<(), Failure> {
    let of = existing.of;
    apply(ask, existing, None, move |caller, account| {
        if caller.login.as_deref() == Some(&account.login) {
            return Err(Error::Conflict("Nobody removes themselves.".to_owned()));
        }
        let left = match &caller.rights {
            Rights::System => BTreeSet::new(),
            _ => caller.kept(account, &BTreeSet::new())?,
        };
        if left.is_empty() {
            return Ok(Change { active: Some(false), ..Change::default() });
        }
        Ok(Change { rights: Some(rights(of, left)), ..Change::default() })
    })
    .await
}

/// Who changes an account.
struct Caller {
    rights: Rights,
    login: Option<String>,
}

impl Caller {
    /// Whether name and address are the caller's to change.
    fn may_edit(&self, account: &Account) -> bool {
        self.rights.is_system() || self.login.as_deref() == Some(&account.login)
    }

    /// What is the account's when the caller wants this: what is not the caller's
    /// stays.
    fn kept(&self, account: &Account, wanted: &BTreeSet<String>) -> StoreResult<BTreeSet<String>> {
        match &self.rights {
            Rights::System => Ok(wanted.clone()),
            Rights::Applications(mine) => {
                let others = account.rights.names().into_iter().filter(|id| !mine.contains(id));
                Ok(others.chain(wanted.iter().filter(|id| mine.contains(*id)).cloned()).collect())
            }
            Rights::Domains(_) => Err(forbidden("A system administrator gives and takes domains.")),
        }
    }
}

fn forbidden(text: &str) -> Error {
    Error::Forbidden(text.to_owned())
}

async fn apply(
    ask: &Ask<'_>,
    existing: &Resource,
    version: Option<String>,
    work: impl Fn(&Caller, &Account) -> StoreResult<Change> + Send + 'static,
) -> Result<(), Failure> {
    let caller = Caller {
        rights: ask.rights().cloned().unwrap_or(Rights::Applications(BTreeSet::new())),
        login: ask.requester(),
    };
    let number: i64 = existing.id.parse().unwrap_or_default();
    let role = match existing.of.name == OF_DOMAINS.name {
        true => Role::Domain,
        false => Role::Application,
    };
    let (ids, author) = (ask.inner().parts.kt1.parts.ids.clone(), ask.author());
    let changed = ask
        .inner()
        .store()
        .write(move |tx| {
            let found = stored::account(tx, number)?;
            let Some(account) = found.filter(|a| a.active && a.rights.role() == role) else {
                return Ok(Err(None));
            };
            let Stamp(stamp) = account.stamp;
            if let Err(stale) = check_version(version.as_deref(), Some(stamp)) {
                return Ok(Err(Some(stale)));
            }
            let change = work(&caller, &account)?;
            stored::change(tx, &ids, &account, &change, &author)?;
            Ok(Ok(()))
        })
        .await?;
    changed.map_err(|failure| {
        failure.unwrap_or_else(|| Failure::not_found(existing.of.name, &existing.id))
    })
}
