//! Accounts of administrators. Those of the server see and change all; everybody
//! else sees their own, and changes its name and address.

use koppeltaal_core::{Error, Result};
use koppeltaal_store::administrator::{
    self as stored, Account, Change, NewAccount, account_by_login, accounts,
};
use serde::Deserialize;

use super::answer::{Answer, Refusal};
use super::asked::{Asked, unknown};
use super::invitation::invitation;
use super::rights_given::RightsGiven;
use crate::operate::administrator as shown;

fn sees(asked: &Asked, account: &Account) -> Result<bool> {
    let who = asked.administrator()?;
    Ok(who.rights.is_system() || who.account == Some(account.number))
}

async fn find(asked: &Asked) -> Result<Account> {
    let login = asked.part("login").to_owned();
    let wanted = login.clone();
    let found = asked.app.store.read(move |tx| account_by_login(tx, &wanted)).await?;
    match found {
        Some(account) if sees(asked, &account)? => Ok(account),
        _ => Err(unknown("administrator", &login)),
    }
}

pub(super) async fn list_users(asked: Asked) -> Result<Answer, Refusal> {
    let now = asked.app.clock.now();
    let all = asked.app.store.read(|tx| accounts(tx)).await?;
    let mut objects = Vec::new();
    for account in &all {
        if sees(&asked, account)? {
            objects.push(shown::account(account, now));
        }
    }
    Answer::list(&objects)
}

pub(super) async fn show_user(asked: Asked) -> Result<Answer, Refusal> {
    let account = find(&asked).await?;
    Answer::json(&shown::account(&account, asked.app.clock.now()))
}

#[derive(Deserialize)]
struct UserGiven {
    login: String,
    name: Option<String>,
    email: String,
    #[serde(flatten)]
    rights: RightsGiven,
}

/// A new account; the link by which its owner sets the password goes by mail.
pub(super) async fn create_user(asked: Asked) -> Result<Answer, Refusal> {
    let desk = asked.desk()?;
    let given: UserGiven = asked.json()?;
    let directory = desk.directory().await?;
    let new = NewAccount {
        login: given.login,
        name: plain(given.name)?,
        email: Some(given.email),
        rights: given.rights.rights(&directory)?,
        password_hash: None,
        totp: None,
    };
    let invitation = invitation(&asked)?;
    let (ids, author, now) = (desk.ids.clone(), desk.author.clone(), desk.clock.now());
    let made = desk
        .store
        .write(move |tx| {
            let number = stored::create(tx, &ids, &new, &author)?;
            let account = stored::account(tx, number)?;
            let account = account.ok_or_else(|| Error::internal("an account is not there"))?;
            invitation.send(tx, &ids, &account, now)?;
            Ok(account)
        })
        .await?;
    Ok(Answer::json(&shown::account(&made, now))?.created())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UserChange {
    name: Option<String>,
    email: Option<String>,
    active: Option<bool>,
    role: Option<String>,
    domains: Option<Vec<String>>,
    applications: Option<Vec<String>>,
}

/// An own account changes its name and address alone.
pub(super) async fn change_user(asked: Asked) -> Result<Answer, Refusal> {
    let desk = asked.desk()?;
    let account = find(&asked).await?;
    let given: UserChange = asked.json()?;
    let for_system = given.active.is_some()
        || given.role.is_some()
        || given.domains.is_some()
        || given.applications.is_some();
    if for_system && !desk.rights.is_system() {
        return Err(
            Error::Forbidden("only name and email of an own account change".to_owned()).into()
        );
    }
    let rights = if given.role.is_some() || given.domains.is_some() || given.applications.is_some()
    {
        let role = given.role.unwrap_or_else(|| account.rights.role().code().to_owned());
        let rights = RightsGiven {
            role,
            domains: given.domains.unwrap_or_default(),
            applications: given.applications.unwrap_or_default(),
        };
        Some(rights.rights(&desk.directory().await?)?)
    } else {
        None
    };
    let change =
        Change { name: plain(given.name)?, email: given.email, rights, active: given.active };
    let (ids, author, of) = (desk.ids.clone(), desk.author.clone(), account.clone());
    let changed = desk
        .store
        .write(move |tx| {
            stored::change(tx, &ids, &of, &change, &author)?;
            stored::account(tx, of.number)
        })
        .await?;
    let changed = changed.ok_or_else(|| Error::internal("an account is not there"))?;
    Answer::json(&shown::account(&changed, desk.clock.now()))
}

/// A link by which the owner sets another password goes by mail.
pub(super) async fn invite_user(asked: Asked) -> Result<Answer, Refusal> {
    let desk = asked.desk()?;
    let account = find(&asked).await?;
    let invitation = invitation(&asked)?;
    let (ids, now) = (desk.ids.clone(), desk.clock.now());
    desk.store.write(move |tx| invitation.send(tx, &ids, &account, now)).await?;
    Ok(Answer::nothing())
}

/// Refuses what breaks lines.
fn plain(text: Option<String>) -> Result<Option<String>> {
    match text {
        Some(text) if text.chars().any(char::is_control) || text.chars().count() > 200 => {
            Err(Error::Invalid("name: one line of at most 200 characters".to_owned()))
        }
        text => Ok(text),
    }
}
