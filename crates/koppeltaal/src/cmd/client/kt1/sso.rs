//! `launch`, `mobile-launch`, `authorize` and `token`: each step of single sign-on by itself.

use anyhow::Result;
use koppeltaal_client::kt1::{Authorize, ClientSecret, Connector, Launch};
use serde_json::json;

use super::failure;
use crate::context::Context;
use crate::output;

/// Who is launched, for whom.
#[derive(Debug, clap::Args)]
pub struct LaunchArgs {
    /// The application: its client_id
    #[arg(long, value_name = "ID")]
    client: String,
    /// The patient: an absolute URL
    #[arg(long, value_name = "URL")]
    patient: String,
    /// Who acts, when that is somebody else
    #[arg(long, value_name = "URL")]
    user: Option<String>,
    /// What is to be done
    #[arg(long, value_name = "IDENTIFIER")]
    resource: Option<String>,
    /// What the user intends
    #[arg(long, value_name = "TEXT")]
    intent: Option<String>,
}

impl From<LaunchArgs> for Launch {
    fn from(args: LaunchArgs) -> Self {
        let LaunchArgs { client, patient, user, resource, intent } = args;
        Self { client_id: client, patient, user, resource, intent }
    }
}

/// With what a code is asked for.
#[derive(Debug, clap::Args)]
pub struct AuthorizeArgs {
    /// The application: its client_id
    #[arg(long, value_name = "ID")]
    client: String,
    /// The launch id of the URL, or an activation code
    #[arg(long, value_name = "ID")]
    launch: String,
    /// Where the code is to go
    #[arg(long, value_name = "URL")]
    redirect_uri: String,
}

/// With what tokens are asked for.
#[derive(Debug, clap::Args)]
pub struct TokenArgs {
    /// The application: its client_id
    #[arg(long, value_name = "ID")]
    client: String,
    /// Its secret, when it has one; better given by the environment
    #[arg(long, env = "KOPPELTAAL_CLIENT_SECRET", hide_env_values = true)]
    secret: Option<String>,
    /// The code
    #[arg(long, requires = "redirect_uri", required_unless_present = "refresh_token")]
    code: Option<String>,
    /// Where the code went
    #[arg(long, value_name = "URL")]
    redirect_uri: Option<String>,
    /// A refresh token, instead of a code
    #[arg(long, conflicts_with = "code")]
    refresh_token: Option<String>,
}

/// `launch`.
pub async fn launch(context: &Context, connector: &Connector, args: LaunchArgs) -> Result<()> {
    let location = connector.launch(&args.into()).await.map_err(failure)?;
    if context.json {
        return output::json(&json!({ "location": location }));
    }
    output::line(location)
}

/// `mobile-launch`.
pub async fn mobile_launch(
    context: &Context,
    connector: &Connector,
    args: LaunchArgs,
) -> Result<()> {
    let code = connector.mobile_launch(&args.into()).await.map_err(failure)?;
    if context.json {
        return output::json(&json!({ "activation_code": code.code, "days": code.days }));
    }
    output::line(format_args!("{} (for {} days)", code.code, code.days))
}

/// `authorize`.
pub async fn authorize(
    context: &Context,
    connector: &Connector,
    args: AuthorizeArgs,
) -> Result<()> {
    let AuthorizeArgs { client, launch, redirect_uri } = args;
    let asked = Authorize { client_id: client, launch, redirect_uri, challenge: None };
    let code = connector.authorize(&asked).await.map_err(failure)?;
    if context.json {
        return output::json(&json!({ "code": code }));
    }
    output::line(code)
}

/// `token`.
pub async fn token(context: &Context, connector: &Connector, args: TokenArgs) -> Result<()> {
    let client = match args.secret {
        Some(secret) => ClientSecret::Secret { client_id: args.client, secret },
        None => ClientSecret::Public,
    };
    let token = match (args.code, args.refresh_token) {
        (_, Some(refresh)) => connector.refresh(&client, &refresh).await,
        (code, None) => {
            let back = args.redirect_uri.unwrap_or_default();
            connector.token(&client, &code.unwrap_or_default(), &back, None).await
        }
    };
    let token = token.map_err(failure)?;
    if context.json {
        return output::json(&token.answer);
    }
    output::text(&format!("{:#}\n", token.answer))
}
