//! `koppeltaal admin user add|list|reset-password`.

use std::io::Read;

use anyhow::Result;
use clap::Subcommand;
use koppeltaal_auth::administrator::{Totp, hash_new};
use koppeltaal_auth::generate_password;
use koppeltaal_core::Error;
use koppeltaal_core::administrator::check_login;
use koppeltaal_store::Ids;
use koppeltaal_store::administrator::{
    Account, NewAccount, account, account_by_login, accounts, create, set_password, set_totp,
};
use serde_json::Value;

use koppeltaal_admin::operate::administrator as shown;

use super::RightsArgs;
use crate::context::Context;
use crate::output;

/// Accounts: personal, with a password and a second factor.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make an account; a password that is made up and the second factor are shown
    /// this once
    Add {
        /// By which the person signs in
        login: String,
        #[command(flatten)]
        rights: RightsArgs,
        /// The name of the person
        #[arg(long)]
        name: Option<String>,
        /// Where mails go
        #[arg(long)]
        email: Option<String>,
        /// Read the password from standard input instead of making one up
        #[arg(long)]
        password_stdin: bool,
    },
    /// All accounts
    List,
    /// Give an account another password, and unlock it; its sessions end
    ResetPassword {
        /// The login of the account
        login: String,
        /// Read the password from standard input instead of making one up
        #[arg(long)]
        password_stdin: bool,
        /// Give it another second factor, too
        #[arg(long)]
        second_factor: bool,
    },
}

/// Runs the command.
pub(super) async fn run(context: &Context, args: Args) -> Result<()> {
    match args.action {
        Action::Add { login, rights, name, email, password_stdin } => {
            check_login(&login)?;
            let rights = rights.rights(context).await?;
            let password = Password::take(password_stdin)?;
            let new = NewAccount {
                password_hash: Some(hash_new(&password.text, &login, None)?),
                login,
                name,
                email,
                rights,
                totp: None,
            };
            add(context, new, password).await
        }
        Action::List => {
            let now = context.clock.now();
            let all = context.store().await?.read(|tx| accounts(tx)).await?;
            let objects: Vec<_> = all.iter().map(|one| shown::account(one, now)).collect();
            let columns = [
                "login",
                "name",
                "email",
                "role",
                "domains",
                "applications",
                "active",
                "locked_until",
                "last_login",
            ];
            output::list(context.json, &objects, &columns)
        }
        Action::ResetPassword { login, password_stdin, second_factor } => {
            reset(context, login, Password::take(password_stdin)?, second_factor).await
        }
    }
}

/// A password, and whether it was made up here.
struct Password {
    text: String,
    is_generated: bool,
}

impl Password {
    fn take(stdin: bool) -> Result<Self> {
        if !stdin {
            return Ok(Self { text: generate_password(), is_generated: true });
        }
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        let text = text.trim_end_matches(['\r', '\n']).to_owned();
        Ok(Self { text, is_generated: false })
    }
}

async fn add(context: &Context, new: NewAccount, password: Password) -> Result<()> {
    let totp = Totp::generate();
    let new = NewAccount { totp: Some(totp.sealed(&context.seal)?), ..new };
    let store = context.store().await?;
    let ids = Ids::take(store).await?;
    let author = context.author("admin user add");
    let made = store
        .write(move |tx| {
            let number = create(tx, &ids, &new, &author)?;
            account(tx, number)
        })
        .await?;
    let made = made.ok_or_else(|| Error::internal("an account that was made is not there"))?;
    tell(context, &made, password, Some(&totp))
}

async fn reset(
    context: &Context,
    login: String,
    password: Password,
    second_factor: bool,
) -> Result<()> {
    let store = context.store().await?;
    let wanted = login.clone();
    let found = store.read(move |tx| account_by_login(tx, &wanted)).await?;
    let Some(found) = found else {
        return Err(Error::NotFound(format!("there is no administrator {login}")).into());
    };
    let hash = hash_new(&password.text, &login, Some(&found))?;
    let totp = (second_factor || found.totp.is_none()).then(Totp::generate);
    let sealed = totp.as_ref().map(|totp| totp.sealed(&context.seal)).transpose()?;
    let ids = Ids::take(store).await?;
    let author = context.author("admin user reset-password");
    let of = found.clone();
    store
        .write(move |tx| {
            set_password(tx, &ids, &of, &hash, &author)?;
            if let Some(sealed) = &sealed {
                set_totp(tx, &ids, &of, sealed, &author)?;
            }
            Ok(())
        })
        .await?;
    tell(context, &found, password, totp.as_ref())
}

fn tell(
    context: &Context,
    account: &Account,
    password: Password,
    totp: Option<&Totp>,
) -> Result<()> {
    let generated = password.is_generated.then_some(password.text);
    let url = totp.map(|totp| totp.url(&context.config.server.name, &account.login));
    if context.json {
        let mut object = shown::account(account, context.clock.now());
        object.insert("generated_password".to_owned(), Value::from(generated));
        object.insert("totp_url".to_owned(), Value::from(url));
        return output::json(&object);
    }
    output::line(format_args!("administrator {}: {}", account.login, account.rights))?;
    if let Some(password) = generated {
        output::line(format_args!("  password (shown this once): {password}"))?;
    }
    if let Some(url) = url {
        output::line(format_args!("  second factor, for an app (shown this once): {url}"))?;
    }
    Ok(())
}
