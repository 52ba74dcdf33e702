//! What the server points to: its own public URL, hooks, key sets and identity
//! providers.

use std::time::Duration;

use anyhow::Result;
use koppeltaal_delivery::probe;

use super::Finding;
use crate::cmd::directory::read;
use crate::context::Context;

const PATIENCE: Duration = Duration::from_secs(5);

pub(super) async fn check(context: &Context, findings: &mut Vec<Finding>) -> Result<()> {
    let directory = read(context).await?;
    let public = context.config.public_url(context.config.listen);
    let mut asked = vec![(
        "public_url",
        format!("{public}/healthz"),
        "start the server, or set `public_url` to the URL under which clients reach it",
        true,
    )];
    for instance in directory.instances().iter().filter(|instance| instance.takes_part()) {
        if let Some(webhook) = &instance.instance.webhook {
            asked.push((
                "webhook",
                webhook.url.clone(),
                "ask the administrator of the application, or correct `webhook` and apply",
                false,
            ));
        }
        if let Some(url) = &instance.instance.jwks_url {
            let fix = "ask the administrator of the application, or correct `jwks_url` and apply";
            asked.push(("jwks", url.clone(), fix, true));
        }
    }
    for provider in directory.identity_providers() {
        let fix = "ask the provider, or correct `discovery_url` and apply";
        asked.push(("identity provider", provider.discovery_url.clone(), fix, true));
    }
    for (check, url, fix, wants_success) in asked {
        let ca = context.config.outbound_ca_file.as_deref();
        // A hook is only connected to: a request would be a notification.
        let answer = if wants_success {
            probe::get(&url, ca, PATIENCE).await
        } else {
            probe::connect(&url, PATIENCE).await
        };
        findings.push(match answer {
            Ok(()) => Finding::ok(check, format!("{url} answers")),
            Err(error) => Finding::warning(check, format!("{url}: {error}"), fix),
        });
    }
    Ok(())
}
