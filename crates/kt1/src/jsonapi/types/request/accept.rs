//! What follows when a request is made, accepted or rejected: the change of the
//! directory by the rules of `apply`, accounts, and mails, in one transaction with
//! the decision.

use std::collections::BTreeSet;
use std::sync::Arc;

use koppeltaal_auth::administrator::{Generated, generate};
use koppeltaal_core::administrator::{Rights, check_login};
use koppeltaal_core::{Error, Result as StoreResult};
use koppeltaal_store::administrator::{self as accounts, Account, NewAccount};
use koppeltaal_store::directory::Author;
use koppeltaal_store::support::{self, NewRequest, Request, Status};
use koppeltaal_store::{Ids, Tx};

use super::super::super::ask::Ask;
use super::super::super::change::{Names, change};
use super::super::super::declaration::Declaration;
use super::super::super::failure::Failure;
use super::super::super::mail::Post;
use super::super::super::provision::{Planned, Table};
use super::content::Content;
use super::{ADMINISTRATOR, APPLICATION, CONNECTION, DOMAIN};

/// The longest user name of an instance.
const MOST_LOGIN: usize = 50;

const NAMES: Names = &[
    ("username", "ApplicationInstanceUserLogin"),
    ("sso_username", "ApplicationInstanceSSOUserLogin"),
    ("sso_url", "SSOUrl"),
    ("launch_url", "SSOUrl"),
    ("id", "Identifier"),
    ("name", "Name"),
    ("phase", "DtapPhase"),
];

/// The address for mails to a requester: this one, or that of their account.
pub async fn address(ask: &Ask<'_>, known: Option<String>) -> Result<String, Failure> {
    let account = ask.administrator.as_ref().and_then(|administrator| administrator.account);
    let known = match (known, account) {
        (Some(known), _) => Some(known),
        (None, Some(number)) => {
            let found = ask.inner().store().read(move |tx| accounts::account(tx, number)).await?;
            found.and_then(|account| account.email)
        }
        (None, None) => None,
    };
    known.ok_or_else(|| {
        let title = "It is needed: neither the application nor you have one.";
        Failure::attribute(http::StatusCode::BAD_REQUEST, "ContactEmailAddress", title)
    })
}

/// Tells those who decide that a request waits.
pub fn announce(
    tx: &mut dyn Tx,
    post: &Post,
    request: &NewRequest,
    number: i64,
) -> StoreResult<()> {
    let about = [&request.application, &request.domain];
    let about: Vec<&str> = about.into_iter().flatten().map(String::as_str).collect();
    let text = format!("{} {number} wacht op uw besluit. {}", request.kind, about.join(" in "));
    let is_connection = request.kind == CONNECTION.name;
    let decides = |account: &Account| match &account.rights {
        Rights::System => !is_connection,
        Rights::Domains(names) => {
            is_connection && request.domain.as_ref().is_some_and(|domain| names.contains(domain))
        }
        Rights::Applications(_) => false,
    };
    post.tell(tx, decides, "nieuwe aanvraag", text.trim_end())
}

/// The decision, and what the transaction writes beside the directory.
#[derive(Clone)]
struct Decision {
    of: &'static Declaration,
    known: Request,
    decided: Request,
    content: Content,
    post: Post,
    ids: Arc<Ids>,
    author: Author,
    link: Arc<Generated>,
}

impl Decision {
    fn new(
        ask: &Ask<'_>,
        of: &'static Declaration,
        known: Request,
        content: Content,
        status: Status,
    ) -> Self {
        let decided = Request { status, content: content.render(), ..known.clone() };
        Self {
            of,
            known,
            decided,
            content,
            post: Post::of(ask),
            ids: ask.inner().parts.kt1.parts.ids.clone(),
            author: ask.author(),
            link: Arc::new(generate("")),
        }
    }

    /// Records the decision, if nobody has changed the request since it was read.
    fn record(&self, tx: &mut dyn Tx) -> StoreResult<()> {
        let name = self.of.name;
        if support::find(tx, name, self.known.number)?.as_ref() != Some(&self.known) {
            return Err(Error::Conflict("The request has been changed: read it again.".to_owned()));
        }
        support::decide(tx, &self.ids, name, &self.known, &self.decided, &self.author)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.content.text(name)
    }

    /// Tells the requester, by the address of the request or of their account.
    fn tell(&self, tx: &mut dyn Tx, text: &str) -> StoreResult<()> {
        let subject = match self.decided.status {
            Status::Accepted => "aanvraag geaccepteerd",
            _ => "aanvraag afgewezen",
        };
        let text = format!("{} {}: {text}", self.of.name, self.known.number);
        match self.requester_address(tx)? {
            Some(email) => self.post.put(tx, &email, subject, &text, false),
            None => Ok(()),
        }
    }

    fn requester_address(&self, tx: &mut dyn Tx) -> StoreResult<Option<String>> {
        if self.of.name == ADMINISTRATOR.name {
            return Ok(self.text("Email").map(str::to_owned));
        }
        if self.of.name != DOMAIN.name
            && let Some(email) = self.text("ContactEmailAddress")
        {
            return Ok(Some(email.to_owned()));
        }
        Ok(self.requester(tx)?.and_then(|account| account.email))
    }

    fn requester(&self, tx: &mut dyn Tx) -> StoreResult<Option<Account>> {
        match &self.known.requester {
            Some(login) => accounts::account_by_login(tx, login),
            None => Ok(None),
        }
    }
}

/// Rejects a request.
pub async fn reject(
    ask: &Ask<'_>,
    of: &'static Declaration,
    request: Request,
    content: Content,
) -> Result<(), Failure> {
    let decision = Decision::new(ask, of, request, content, Status::Rejected);
    let write = move |tx: &mut dyn Tx| {
        decision.record(tx)?;
        decision.tell(tx, "afgewezen.")
    };
    Ok(ask.inner().store().write(write).await?)
}

/// Accepts a request, and makes what it asks for.
pub async fn accept(
    ask: &Ask<'_>,
    of: &'static Declaration,
    request: Request,
    content: Content,
) -> Result<(), Failure> {
    let mut decision = Decision::new(ask, of, request, content, Status::Accepted);
    if of.name == ADMINISTRATOR.name {
        let write = move |tx: &mut dyn Tx| {
            decision.record(tx)?;
            new_administrator(tx, &decision)
        };
        return Ok(ask.inner().store().write(write).await?);
    }
    let asked = decision.content.clone();
    let text = |name: &str| asked.text(name).unwrap_or_default().to_owned();
    let tables = match of.name {
        name if name == APPLICATION.name => {
            decision.decided.application = Some(text("Identifier"));
            vec![application(&decision.content)]
        }
        name if name == DOMAIN.name => {
            decision.decided.domain = Some(text("Name"));
            let login = login_of_domain(ask, &decision);
            decision.content.set("ApplicationInstanceUserLogin", login.as_str());
            decision.decided.content = decision.content.render();
            vec![domain(&decision.content), instance(&decision, &login)]
        }
        _ => {
            let login = text("ApplicationInstanceUserLogin");
            vec![connection(&decision, &login)]
        }
    };
    let beside = {
        let decision = decision.clone();
        move |tx: &mut dyn Tx, planned: &Planned| {
            decision.record(tx)?;
            follow(tx, &decision, planned)
        }
    };
    let work = |directory: &koppeltaal_core::directory::Directory| {
        // `apply` would change what is there already.
        let taken = match of.name {
            name if name == APPLICATION.name => {
                directory.application(&text("Identifier")).map(|_| "Identifier")
            }
            name if name == DOMAIN.name => directory.domain(&text("Name")).map(|_| "Name"),
            _ => {
                let (domain, application) = (&decision.known.domain, &decision.known.application);
                let there = directory.instances().iter().any(|instance| {
                    Some(&instance.domain.name) == domain.as_ref()
                        && Some(&instance.application.id) == application.as_ref()
                });
                if there {
                    let title = "The application is connected with this domain already.";
                    return Err(Failure::conflict(title));
                }
                let login = text("ApplicationInstanceUserLogin");
                let taken = directory.instance_by_username(&login);
                taken.map(|_| "ApplicationInstanceUserLogin")
            }
        };
        match taken {
            Some(name) => {
                let status = http::StatusCode::CONFLICT;
                Err(Failure::attribute(status, name, "It is taken already."))
            }
            None => Ok(tables.clone()),
        }
    };
    change(ask, NAMES, work, Some(Arc::new(beside))).await.map(drop)
}

fn application(content: &Content) -> Table {
    Table::new("application")
        .with("id", content.value("Identifier").clone())
        .with("title", content.value("Name").clone())
        .with("application_roles", content.value("ApplicationRoles").clone())
        .with("contact_name", content.value("ContactPersonName").clone())
        .with("contact_email", content.value("ContactEmailAddress").clone())
        .with("launch_url", content.value("SSOUrl").clone())
}

fn domain(content: &Content) -> Table {
    let phase = content.text("DtapPhase").unwrap_or_default().to_lowercase();
    let table = Table::new("domain")
        .with("name", content.value("Name").clone())
        .with("phase", phase)
        .with("organisation", content.value("HealthCareOrganization").clone())
        .with("contact_name", content.value("ContactPersonName").clone())
        .with("contact_phone", content.value("ContactPhone").clone())
        .with("contact_email", content.value("ContactEmailAddress").clone());
    match content.text("StorageService") {
        Some(kind) => table.with("storage", serde_json::json!({ "kind": kind })),
        None => table,
    }
}

fn instance(decision: &Decision, login: &str) -> Table {
    let name = |name: &Option<String>| name.clone().unwrap_or_default();
    Table::new("instance")
        .with("domain", name(&decision.decided.domain))
        .with("application", name(&decision.known.application))
        .with("username", login)
}

fn connection(decision: &Decision, login: &str) -> Table {
    let content = &decision.content;
    let sso = content.value("EnableSSO").as_bool().unwrap_or(false);
    let table = instance(decision, login)
        .with("contact_email", content.value("ContactEmailAddress").clone())
        .with("sso_active", sso);
    if !sso {
        return table;
    }
    table
        .with("sso_url", content.value("SSOUrl").clone())
        .with("sso_username", content.value("ApplicationInstanceSSOUserLogin").clone())
}

/// The user name that was asked for, or `<Application>4<Domain>@<Server>`.
fn login_of_domain(ask: &Ask<'_>, decision: &Decision) -> String {
    if let Some(login) = decision.text("ApplicationInstanceUserLogin") {
        return login.to_owned();
    }
    let application = decision.known.application.clone().unwrap_or_default();
    let domain = decision.decided.domain.clone().unwrap_or_default();
    let login = format!("{application}4{domain}@{}", ask.inner().server_name());
    let plain = login.chars().filter(|c| !c.is_whitespace() && *c != ':');
    plain.take(MOST_LOGIN).collect()
}

/// What follows from a change of the directory: accounts and mails.
fn follow(tx: &mut dyn Tx, decision: &Decision, planned: &Planned) -> StoreResult<()> {
    let of = decision.of.name;
    if of == APPLICATION.name {
        give_application(tx, decision)?;
        return decision.tell(tx, "geaccepteerd. De applicatie bestaat.");
    }
    if of == DOMAIN.name {
        invite(tx, decision)?;
    }
    decision.tell(tx, "geaccepteerd. De applicatie is met het domein verbonden.")?;
    let login = decision.text("ApplicationInstanceUserLogin").unwrap_or_default();
    match (decision.requester_address(tx)?, &planned.password) {
        (Some(email), Some(password)) => decision.post.credentials(tx, &email, login, password),
        _ => Ok(()),
    }
}

/// The administrator of a new application: the one who is named, or who asked.
fn give_application(tx: &mut dyn Tx, decision: &Decision) -> StoreResult<()> {
    let account = match decision.text("DesiredApplicationAdminUserName") {
        Some(login) => Some(accounts::account_by_login(tx, login)?.ok_or_else(|| {
            Error::Conflict(format!("There is no administrator {login} to give it to."))
        })?),
        None => decision.requester(tx)?,
    };
    let Some(account) = account else { return Ok(()) };
    let Rights::Applications(mut ids) = account.rights.clone() else { return Ok(()) };
    ids.extend(decision.decided.application.clone());
    grant(tx, decision, &account, Rights::Applications(ids))
}

fn grant(
    tx: &mut dyn Tx,
    decision: &Decision,
    account: &Account,
    rights: Rights,
) -> StoreResult<()> {
    let change = accounts::Change { rights: Some(rights), ..accounts::Change::default() };
    accounts::change(tx, &decision.ids, account, &change, &decision.author)
}

/// The administrator of a new domain: an account with this address is told; else
/// one is made and invited.
fn invite(tx: &mut dyn Tx, decision: &Decision) -> StoreResult<()> {
    let email = decision.text("DomainAdminEmail").unwrap_or_default();
    let domain = decision.decided.domain.clone().unwrap_or_default();
    let known = accounts::accounts(tx)?.into_iter().find_map(|account| match &account.rights {
        Rights::Domains(names) if account.active && account.email.as_deref() == Some(email) => {
            let names: BTreeSet<String> = names.iter().cloned().chain([domain.clone()]).collect();
            Some((account, names))
        }
        _ => None,
    });
    if let Some((account, names)) = known {
        grant(tx, decision, &account, Rights::Domains(names))?;
        let text = format!("U bent beheerder van het domein {domain}.");
        return decision.post.put(tx, email, "uitnodiging", &text, false);
    }
    let new = NewAccount {
        login: free_login(tx, email)?,
        name: decision.text("DomainAdminName").map(str::to_owned),
        email: Some(email.to_owned()),
        rights: Rights::Domains(BTreeSet::from([domain.clone()])),
        password_hash: None,
        totp: None,
    };
    let number = accounts::create(tx, &decision.ids, &new, &decision.author)?;
    let about = format!("U bent beheerder van het domein {domain}.");
    decision.post.invitation(tx, email, number, &new.login, &decision.link, &about)
}

/// The address as a login, or the address with a number where that is taken.
fn free_login(tx: &mut dyn Tx, email: &str) -> StoreResult<String> {
    let plain: String = email.chars().take(MOST_LOGIN - 3).collect();
    for number in 1..100 {
        let login = if number == 1 { plain.clone() } else { format!("{plain}-{number}") };
        if check_login(&login).is_ok() && accounts::account_by_login(tx, &login)?.is_none() {
            return Ok(login);
        }
    }
    Err(Error::Conflict(format!("No login can be made of {email}.")))
}

/// The account of somebody who asked to become an administrator of applications.
fn new_administrator(tx: &mut dyn Tx, decision: &Decision) -> StoreResult<()> {
    let text = |name: &str| decision.text(name).unwrap_or_default().to_owned();
    let new = NewAccount {
        login: text("DesiredUserName"),
        name: Some(text("Name")),
        email: Some(text("Email")),
        rights: Rights::Applications(BTreeSet::new()),
        password_hash: None,
        totp: None,
    };
    let number = accounts::create(tx, &decision.ids, &new, &decision.author)?;
    let about = "Uw aanvraag is geaccepteerd: u bent applicatiebeheerder.";
    decision.post.invitation(tx, &text("Email"), number, &new.login, &decision.link, about)
}
