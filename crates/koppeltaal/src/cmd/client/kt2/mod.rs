//! `koppeltaal client kt2 …`: keys, access tokens, introspection and launches.

mod connection;
mod keys;
mod launch;
mod tokens;

use anyhow::Result;
use clap::Subcommand;
use koppeltaal_client::kt2::Error as ClientError;
use koppeltaal_core::Error;

use crate::context::Context;

/// Koppeltaal 2.0 from the side of an application.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a key, or show what to publish of one
    #[command(subcommand)]
    Keys(keys::Command),
    /// Get an access token
    Token(tokens::TokenArgs),
    /// Look into a launch token, an access token or an id_token
    Introspect(tokens::WhichArgs),
    /// Make an access token worthless
    Revoke(tokens::WhichArgs),
    /// Make a launch token, as a portal does
    Launch(Box<launch::Args>),
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<()> {
    match args.action {
        Action::Keys(command) => keys::run(context, &command),
        Action::Token(args) => tokens::token(context, &args).await,
        Action::Introspect(args) => tokens::introspect(context, &args).await,
        Action::Revoke(args) => tokens::revoke(context, &args).await,
        Action::Launch(args) => launch::run(context, &args),
    }
}

/// The error of the program that says the same, so that the exit code is right.
fn failure(error: ClientError) -> Error {
    if error.oauth() == Some("invalid_client") {
        return Error::Unauthorized(format!(
            "{error}: the server does not take this application for what it says it is. Is the \
             client_id right, the instance approved, the key (and its kid) the one that was \
             registered, the clock right? The log of the server says which"
        ));
    }
    let text = error.to_string();
    match (error.status(), error.oauth()) {
        (Some(404), None) => Error::NotFound(text),
        (Some(429), _) => Error::TooMany(text),
        (Some(502..=504), _) => Error::Unavailable(text),
        (Some(400..500), _) => Error::Forbidden(text),
        (Some(_), _) => Error::Internal(text),
        (None, _) if error.is_transient() => Error::Unavailable(text),
        (None, _) => Error::Invalid(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_tells_who_has_to_do_something() {
        let refused = |status, error: &str| ClientError::Refused {
            status,
            error: error.to_owned(),
            error_description: None,
        };
        let odd = |status| ClientError::Unexpected { status, reason: "odd".to_owned() };
        for (error, code) in [
            (refused(401, "invalid_client"), 4),
            (refused(400, "invalid_scope"), 4),
            (refused(429, "slow_down"), 5),
            (refused(503, "temporarily_unavailable"), 5),
            (odd(404), 3),
            (odd(200), 1),
            (ClientError::Setup("no key".to_owned()), 2),
        ] {
            assert_eq!(failure(error).exit_code(), code);
        }
    }
}
