//! `client kt2 keys`: makes a key pair, and shows the public half in the forms in which it is
//! registered.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::ValueEnum;
use koppeltaal_client::kt2::{KeyKind, PrivateKey, Signer, jwks};
use koppeltaal_core::Error;
use serde_json::json;

use super::connection::Key;
use super::failure;
use crate::context::Context;
use crate::output;

/// What is done with keys.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Make a key pair
    Generate(GenerateArgs),
    /// Show the public half of a key, to be published or registered
    Public(Key),
}

/// What kind of key.
#[derive(Debug, clap::Args)]
pub struct GenerateArgs {
    /// RSA with 2048 bits; this is the default
    #[arg(long)]
    rsa: bool,
    /// An elliptic curve
    #[arg(long, value_name = "CURVE", value_enum, conflicts_with = "rsa", num_args = 0..=1,
          default_missing_value = "p256")]
    ec: Option<Curve>,
    /// The kid [default: the thumbprint of the key]
    #[arg(long)]
    kid: Option<String>,
    /// Write the private key to a new file that only you can read, and do not print it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// The curves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Curve {
    P256,
    P384,
    P521,
}

/// `keys`.
pub fn run(context: &Context, command: &Command) -> Result<()> {
    match command {
        Command::Generate(args) => generate(context, args),
        Command::Public(key) => show(context, &key.signer()?, None),
    }
}

fn generate(context: &Context, args: &GenerateArgs) -> Result<()> {
    let kind = match args.ec {
        None => KeyKind::Rsa2048,
        Some(Curve::P256) => KeyKind::P256,
        Some(Curve::P384) => KeyKind::P384,
        Some(Curve::P521) => KeyKind::P521,
    };
    let key = PrivateKey::generate(kind).map_err(failure)?;
    let pem = key.private_pem().map_err(failure)?;
    let kid = args.kid.clone().unwrap_or_else(|| key.thumbprint());
    let signer = Signer::new(key).with_kid(kid);
    match &args.out {
        Some(file) => {
            write_secret(file, &pem)?;
            show(context, &signer, None)
        }
        None => show(context, &signer, Some(&pem)),
    }
}

/// The public half; with the private one where it stands nowhere else.
fn show(context: &Context, signer: &Signer, private_pem: Option<&str>) -> Result<()> {
    let kid = signer.kid().unwrap_or_default();
    let set = jwks([signer.key().public_jwk(kid)]);
    let public_pem = signer.key().public_pem().map_err(failure)?;
    if context.json {
        let mut shown = json!({ "kid": kid, "jwks": set, "public_key_pem": public_pem });
        if let Some(pem) = private_pem {
            shown["private_key_pem"] = pem.into();
        }
        return output::json(&shown);
    }
    if let Some(pem) = private_pem {
        output::text(pem)?;
    }
    output::line(set)
}

fn write_secret(file: &Path, text: &str) -> Result<()> {
    // A key that is there is not overwritten: what it signed could not be verified any more.
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    opened
        .and_then(|mut opened| opened.write_all(text.as_bytes()))
        .map_err(|why| Error::Conflict(format!("{} cannot be made: {why}", file.display())).into())
}
