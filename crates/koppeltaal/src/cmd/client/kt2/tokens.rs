//! `client kt2 token`, `introspect` and `revoke`.

use std::io::Read;

use anyhow::Result;
use koppeltaal_core::Error;

use super::connection::Connection;
use super::failure;
use crate::context::Context;
use crate::output;

/// For what a token is wanted.
#[derive(Debug, clap::Args)]
pub struct TokenArgs {
    #[command(flatten)]
    connection: Connection,
    /// Scopes, separated by spaces [default: all that the role permits]
    #[arg(long, default_value = "", hide_default_value = true)]
    scope: String,
}

/// Which token.
#[derive(Debug, clap::Args)]
pub struct WhichArgs {
    #[command(flatten)]
    connection: Connection,
    /// The token; - reads it from standard input
    token: String,
}

impl WhichArgs {
    fn token(&self) -> Result<String> {
        if self.token != "-" {
            return Ok(self.token.clone());
        }
        let mut text = String::new();
        std::io::stdin()
            .read_to_string(&mut text)
            .map_err(|why| Error::Invalid(format!("standard input cannot be read: {why}")))?;
        Ok(text.trim().to_owned())
    }
}

/// `token`.
pub async fn token(context: &Context, args: &TokenArgs) -> Result<()> {
    let application = args.connection.open().await?;
    let token = application.new_token(&args.scope).await.map_err(failure)?;
    if context.json {
        return output::json(token.answer());
    }
    output::line(token.secret())
}

/// `introspect`.
pub async fn introspect(context: &Context, args: &WhichArgs) -> Result<()> {
    let application = args.connection.open().await?;
    let found = application.introspect(&args.token()?).await.map_err(failure)?;
    output::show(context.json, found.answer())
}

/// `revoke`.
pub async fn revoke(context: &Context, args: &WhichArgs) -> Result<()> {
    let application = args.connection.open().await?;
    application.revoke(&args.token()?).await.map_err(failure)?;
    if context.json {
        return output::json(&serde_json::json!({ "revoked": true }));
    }
    output::line("revoked; a token that was not valid is not valid now either")
}
