//! `client kt2 launch`: the launch token of a portal, and the page that carries it to the module.
//! Nothing is sent: a launch goes through the browser of the user.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use koppeltaal_client::kt2::{LaunchToken, launch_form};
use koppeltaal_core::{Error, duration};
use serde_json::{Value, json};

use super::connection::Identity;
use super::failure;
use crate::context::Context;
use crate::output;

/// Who launches what.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    portal: Identity,
    /// The module: its client_id
    #[arg(long, value_name = "ID")]
    module: String,
    /// The user: Patient/…, Practitioner/… or RelatedPerson/…
    #[arg(long, value_name = "REFERENCE")]
    sub: String,
    /// The task: Task/…
    #[arg(long, value_name = "REFERENCE")]
    resource: String,
    /// The definition of the task: a canonical URL or ActivityDefinition/…
    #[arg(long, value_name = "REFERENCE")]
    definition: Option<String>,
    /// The patient, when the user is somebody else
    #[arg(long, value_name = "REFERENCE")]
    patient: Option<String>,
    /// What the user intends
    #[arg(long, value_name = "CODE")]
    intent: Option<String>,
    /// The identity provider that the portal suggests
    #[arg(long, value_name = "NAME")]
    idp_hint: Option<String>,
    /// How long the token lives
    #[arg(long, default_value = "5m", value_parser = lifetime)]
    lifetime: Duration,
    /// Another claim, or another value for one; JSON, or else a text
    #[arg(long = "claim", value_name = "NAME=VALUE", value_parser = claim)]
    claims: Vec<(String, Value)>,
    /// Leave a claim out, to see what the module does
    #[arg(long, value_name = "NAME")]
    without: Vec<String>,
    /// Also make the page that posts the launch to the module: the address of its Endpoint
    #[arg(long, value_name = "URL", requires = "fhir_base")]
    endpoint: Option<String>,
    /// The FHIR base of the domain, which the page carries along
    #[arg(long, value_name = "URL", env = "KOPPELTAAL_CLIENT_FHIR_BASE")]
    fhir_base: Option<String>,
    /// Write the page to a file, to be opened in a browser
    #[arg(long, value_name = "FILE", requires = "endpoint")]
    html: Option<PathBuf>,
}

/// `launch`.
pub fn run(context: &Context, args: &Args) -> Result<()> {
    let token = args.token().sign(&args.portal.key.signer()?).map_err(failure)?;
    let page = args.endpoint.as_ref().map(|endpoint| {
        launch_form(endpoint, &token, args.fhir_base.as_deref().unwrap_or_default())
    });
    if let (Some(file), Some(page)) = (&args.html, &page) {
        std::fs::write(file, page).map_err(|why| {
            Error::Invalid(format!("{} cannot be written: {why}", file.display()))
        })?;
    }
    if context.json {
        return output::json(&json!({
            "launch": token,
            "iss": args.fhir_base,
            "endpoint": args.endpoint,
            "html": page,
        }));
    }
    output::line(token)?;
    match page {
        Some(page) if args.html.is_none() => output::text(&format!("\n{page}")),
        _ => Ok(()),
    }
}

impl Args {
    fn token(&self) -> LaunchToken {
        let mut token =
            LaunchToken::new(&self.portal.client_id, &self.module, &self.sub, &self.resource)
                .lifetime(self.lifetime);
        for (name, value) in [
            ("definition", &self.definition),
            ("patient", &self.patient),
            ("intent", &self.intent),
            ("idp_hint", &self.idp_hint),
        ] {
            if let Some(value) = value {
                token = token.claim(name, value.as_str());
            }
        }
        for (name, value) in &self.claims {
            token = token.claim(name, value.clone());
        }
        for name in &self.without {
            token = token.without(name);
        }
        token
    }
}

fn lifetime(text: &str) -> Result<Duration, String> {
    duration::parse(text).map_err(|why| why.to_string())
}

/// `name=value`; what is no JSON is a text, so that quotes are rarely needed.
fn claim(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("a claim has the form NAME=VALUE")?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
    Ok((name.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn claims(more: &[&str]) -> serde_json::Map<String, Value> {
        let line = "launch --client-id p --key k --module m --sub Patient/1 --resource Task/2";
        let line = line.split(' ').chain(more.iter().copied());
        Line::try_parse_from(line).unwrap().args.token().claims().clone()
    }

    #[test]
    fn every_claim_can_be_given_replaced_or_left_out() {
        let claims = claims(&[
            "--intent=plan",
            "--idp-hint=x",
            "--claim=aud=[\"Device/m\"]",
            "--claim=nbf=12",
            "--claim=sub=Organization/1",
            "--without=jti",
            "--lifetime=1m",
        ]);
        assert_eq!(claims["aud"], json!(["Device/m"]));
        assert_eq!((&claims["nbf"], &claims["sub"]), (&json!(12), &json!("Organization/1")));
        assert_eq!((&claims["intent"], &claims["idp_hint"]), (&json!("plan"), &json!("x")));
        assert!(!claims.contains_key("jti"));
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 60);
    }

    #[test]
    fn the_page_needs_the_fhir_base() {
        let line =
            "launch --client-id p --key k --module m --sub a --resource b --endpoint https://m";
        // The environment of the test could name one.
        if std::env::var_os("KOPPELTAAL_CLIENT_FHIR_BASE").is_none() {
            assert!(Line::try_parse_from(line.split(' ')).is_err());
        }
    }
}
