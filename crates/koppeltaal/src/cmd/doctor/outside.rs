//! What the server points to: its own public URL, hooks, the public keys of
//! instances and identity providers. All are asked at the same time, a few at
//! once, so that those that are down keep nobody waiting for long.

use std::time::Duration;

use anyhow::Result;
use futures_util::{StreamExt, stream};
use koppeltaal_auth::client_keys::ClientKeys;
use koppeltaal_auth::openid::IdentityProviders;
use koppeltaal_core::directory::{ConnectedInstance, Directory, Domain, IdentityProvider};
use koppeltaal_delivery::probe;

use super::Finding;
use crate::cmd::directory::read;
use crate::cmd::outbound;
use crate::context::Context;

/// How long one exchange may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long one check may take, which can be several exchanges.
const LONGEST: Duration = Duration::from_secs(12);
/// How many are asked at once.
const AT_ONCE: usize = 8;

/// Somebody to ask.
enum Asked<'a> {
    /// This server, as others reach it.
    PublicUrl,
    /// The hook of an instance.
    Webhook(&'a str),
    /// The public keys of an instance.
    Keys(&'a ConnectedInstance),
    /// The storage provider of a domain.
    Storage(&'a Domain, &'a str),
    /// An identity provider of a domain.
    Provider(&'a Domain, &'a IdentityProvider),
}

struct Callers {
    keys: ClientKeys,
    providers: IdentityProviders,
}

pub(super) async fn check(context: &Context, findings: &mut Vec<Finding>) -> Result<()> {
    let directory = read(context).await?;
    let clients = match outbound::clients(context) {
        Ok(clients) => clients,
        Err(error) => {
            let fix = "set `outbound.ca_file` to a PEM file with certificates";
            findings.push(Finding::error("outbound", error.to_string(), fix));
            return Ok(());
        }
    };
    let callers = Callers {
        keys: ClientKeys::new(clients.clone(), context.clock.clone()),
        providers: IdentityProviders::new(clients, context.clock.clone(), context.seal.clone()),
    };
    let asked = everybody(&directory);
    let asking = asked.iter().map(|asked| async {
        let asking = ask(context, &callers, asked);
        tokio::time::timeout(LONGEST, asking).await.unwrap_or_else(|_| {
            let (check, name, fix) = words(context, asked);
            Finding::warning(check, format!("{name}: no end within {LONGEST:?}"), fix)
        })
    });
    findings.extend(stream::iter(asking).buffered(AT_ONCE).collect::<Vec<_>>().await);
    Ok(())
}

fn everybody(directory: &Directory) -> Vec<Asked<'_>> {
    let mut asked = vec![Asked::PublicUrl];
    for instance in directory.instances().iter().filter(|instance| instance.takes_part()) {
        let webhook = instance.instance.webhook.as_ref();
        asked.extend(webhook.map(|webhook| Asked::Webhook(&webhook.url)));
        if koppeltaal_admin::operate::instance::key_source(&instance.instance).is_some() {
            asked.push(Asked::Keys(instance));
        }
    }
    for domain in directory.domains().iter().filter(|domain| domain.active) {
        let url = koppeltaal_kt1::storage_provider(domain);
        asked.extend(url.map(|url| Asked::Storage(domain, url)));
    }
    for provider in directory.identity_providers() {
        let domain = directory.domain(&provider.domain).filter(|domain| domain.active);
        asked.extend(domain.map(|domain| Asked::Provider(domain, provider)));
    }
    asked
}

async fn ask(context: &Context, callers: &Callers, asked: &Asked<'_>) -> Finding {
    let answer = match asked {
        Asked::PublicUrl => {
            let ca = context.config.outbound_ca_file.as_deref();
            let url = format!("{}/healthz", public_url(context));
            probe::get(&url, ca, PATIENCE).await.map(|()| "answers".to_owned())
        }
        // There is nothing to ask for that every provider would have.
        Asked::Storage(_, url) => {
            probe::connect(url, PATIENCE).await.map(|()| "answers".to_owned())
        }
        // A hook is only connected to: a request would be a notification.
        Asked::Webhook(url) => probe::connect(url, PATIENCE).await.map(|()| "answers".to_owned()),
        Asked::Keys(instance) => keys(callers, instance).await,
        Asked::Provider(domain, provider) => callers
            .providers
            .check(domain, provider)
            .await
            .map(|()| "can sign users in".to_owned())
            .map_err(|failure| failure.to_string()),
    };
    let (check, name, fix) = words(context, asked);
    match answer {
        Ok(what) => Finding::ok(check, format!("{name} {what}")),
        Err(why) => Finding::warning(check, format!("{name}: {why}"), fix),
    }
}

async fn keys(callers: &Callers, instance: &ConnectedInstance) -> Result<String, String> {
    let keys = callers.keys.check(instance).await?.describe();
    let usable = keys.iter().filter(|key| key.problem.is_none()).count();
    if usable > 0 {
        return Ok(format!("has usable keys: {usable} of {}", keys.len()));
    }
    let problem = keys.iter().find_map(|key| key.problem.clone());
    Err(format!("no usable key: {}", problem.as_deref().unwrap_or("the set is empty")))
}

/// The check, what is asked, and what to do when it fails.
fn words(context: &Context, asked: &Asked<'_>) -> (&'static str, String, String) {
    match asked {
        Asked::PublicUrl => (
            "public_url",
            public_url(context),
            "start the server, or set `public_url` to the URL under which clients reach it"
                .to_owned(),
        ),
        Asked::Webhook(url) => (
            "webhook",
            (*url).to_owned(),
            "ask the administrator of the application, or correct `webhook` and apply".to_owned(),
        ),
        Asked::Storage(domain, url) => (
            "storage",
            format!("the provider of {} ({url})", domain.name),
            "ask the provider, or correct `storage` of the domain and apply".to_owned(),
        ),
        Asked::Keys(instance) => {
            let url = instance.instance.jwks_url.as_deref();
            let name = instance.name();
            let named = url.map_or_else(|| name.to_owned(), |url| format!("{name} ({url})"));
            let key = koppeltaal_admin::operate::instance::key_source(&instance.instance)
                .unwrap_or("jwks_url");
            let fix = format!(
                "see `koppeltaal instance check-keys {name}`; ask the administrator of the \
                 application, or correct `{key}` and apply"
            );
            ("jwks", named, fix)
        }
        Asked::Provider(domain, provider) => (
            "identity provider",
            format!("{} in {} ({})", provider.name, domain.name, provider.discovery_url),
            "ask the provider, or correct its [[identity_provider]] and apply".to_owned(),
        ),
    }
}

fn public_url(context: &Context) -> String {
    context.config.public_url(context.config.listen)
}
