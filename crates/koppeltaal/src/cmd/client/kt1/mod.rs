//! `koppeltaal client kt1 …`: send messages, work through a mailbox, publish ActivityDefinitions,
//! launch applications and sign in.

mod activities;
mod document;
mod mailbox;
mod process;
mod send;
mod sso;

use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;
use koppeltaal_client::kt1::{Connector, Error as ClientError, Format, Integration, Options};
use koppeltaal_core::Error;
use koppeltaal_fhir::json;

use crate::context::Context;
use crate::output;

/// Koppeltaal 1.3 from the side of an application.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    action: Action,
}

/// The server, and who one is there.
#[derive(Debug, clap::Args)]
struct Connection {
    /// The server: https://HOST
    #[arg(
        long,
        global = true,
        env = "KOPPELTAAL_CLIENT_URL",
        default_value = "http://127.0.0.1:8080"
    )]
    url: String,
    /// User name of the application instance
    #[arg(
        long,
        global = true,
        env = "KOPPELTAAL_CLIENT_USERNAME",
        default_value = "",
        hide_default_value = true
    )]
    username: String,
    /// Its password; better given by the environment or a file
    #[arg(long, global = true, env = "KOPPELTAAL_CLIENT_PASSWORD", hide_env_values = true)]
    password: Option<String>,
    /// A file with its password
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "password")]
    password_file: Option<PathBuf>,
    /// The domain; needed for sending a resource
    #[arg(
        long,
        global = true,
        env = "KOPPELTAAL_CLIENT_DOMAIN",
        default_value = "",
        hide_default_value = true
    )]
    domain: String,
    /// Certificates to trust besides those of the system (PEM)
    #[arg(long, global = true, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Talk XML to the server instead of JSON
    #[arg(long, global = true)]
    xml: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show what the server says about itself
    Metadata,
    /// Send a message bundle, or a resource that is wrapped in one
    Send(send::Args),
    /// Claim the next message and show it
    Next(mailbox::Which),
    /// Set a message to Success
    Done {
        /// Its number
        id: String,
    },
    /// Set a message to Failed
    Fail {
        /// Its number
        id: String,
        /// Why it cannot be processed
        #[arg(long, value_name = "TEXT")]
        exception: String,
    },
    /// Put a message back to New
    Again {
        /// Its number
        id: String,
    },
    /// List the messages of the mailbox
    Messages(mailbox::ListArgs),
    /// Show one message without claiming it
    Message {
        /// Its number, URL or identifier
        id: String,
    },
    /// Claim all messages and hand each to a command
    Process(process::Args),
    /// List the ActivityDefinitions of the domain
    Activities {
        /// Also the archived ones
        #[arg(long)]
        archived: bool,
    },
    /// Publish a new ActivityDefinition
    Publish {
        /// The resource; - reads standard input
        file: String,
    },
    /// Launch an application in the browser: prints the URL
    Launch(sso::LaunchArgs),
    /// Make an activation code for a mobile application
    MobileLaunch(sso::LaunchArgs),
    /// Get a code for a launch, as the launched application does
    Authorize(sso::AuthorizeArgs),
    /// Get tokens for a code or a refresh token
    Token(sso::TokenArgs),
    /// Replace an ActivityDefinition
    Update {
        /// The resource; - reads standard input
        file: String,
        /// Its URL [default: that of the definition with the same identifier]
        #[arg(long, value_name = "URL")]
        link: Option<String>,
    },
}

impl Connection {
    fn open(&self) -> Result<Connector> {
        let read = |path: &PathBuf| {
            std::fs::read(path).map_err(|cause| {
                Error::Invalid(format!("{} cannot be read: {cause}", path.display()))
            })
        };
        let password = match &self.password_file {
            Some(path) => String::from_utf8(read(path)?)
                .map_err(|_| Error::Invalid(format!("{} holds no text", path.display())))?
                .trim_end_matches(['\n', '\r'])
                .to_owned(),
            None => self.password.clone().unwrap_or_default(),
        };
        let options = Options {
            format: if self.xml { Format::Xml } else { Format::Json },
            trust: self.ca_file.as_ref().map(read).transpose()?.unwrap_or_default(),
            ..Options::default()
        };
        let integration = Integration {
            name: self.username.clone(),
            software: "koppeltaal client".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            endpoint: "https://koppeltaal-client.invalid/fhir".to_owned(),
        };
        let connector = Connector::with_options(
            &self.url,
            &self.username,
            password,
            &self.domain,
            integration,
            &options,
        );
        Ok(connector.map_err(failure)?)
    }
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<()> {
    let connector = args.connection.open()?;
    match args.action {
        Action::Metadata => {
            let metadata = connector.metadata().await.map_err(failure)?;
            output::line(document::pretty(&json::render(&metadata))?)
        }
        Action::Send(args) => send::run(context, &connector, &args).await,
        Action::Next(which) => mailbox::next(context, &connector, &which).await,
        Action::Done { id } => mailbox::set(context, &connector, &id, mailbox::success()).await,
        Action::Fail { id, exception } => {
            mailbox::set(context, &connector, &id, mailbox::failed(exception)).await
        }
        Action::Again { id } => mailbox::set(context, &connector, &id, mailbox::new()).await,
        Action::Messages(args) => mailbox::list(context, &connector, &args).await,
        Action::Message { id } => mailbox::show(context, &connector, &id).await,
        Action::Process(args) => process::run(context, &connector, args).await,
        Action::Activities { archived } => activities::list(context, &connector, archived).await,
        Action::Launch(args) => sso::launch(context, &connector, args).await,
        Action::MobileLaunch(args) => sso::mobile_launch(context, &connector, args).await,
        Action::Authorize(args) => sso::authorize(context, &connector, args).await,
        Action::Token(args) => sso::token(context, &connector, args).await,
        Action::Publish { file } => activities::publish(context, &connector, &file).await,
        Action::Update { file, link } => activities::update(context, &connector, &file, link).await,
    }
}

/// The error of the program that says the same, so that the exit code is right.
fn failure(error: ClientError) -> Error {
    let text = error.to_string();
    match error.status() {
        Some(401) => Error::Unauthorized(text),
        // A refusal of Authorize goes to the redirect URI.
        Some(302 | 403) => Error::Forbidden(text),
        Some(404) => Error::NotFound(text),
        Some(409) => Error::Conflict(text),
        Some(429) => Error::TooMany(text),
        Some(502..=504) => Error::Unavailable(text),
        Some(400..500) => Error::Invalid(text),
        Some(_) => Error::Internal(text),
        None if error.is_transient() => Error::Unavailable(text),
        None => Error::Invalid(text),
    }
}
