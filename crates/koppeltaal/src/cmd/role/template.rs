//! `koppeltaal role template`: the predefined roles of Koppeltaal 2.0 (topic 005)
//! as a provisioning file, to be changed where a domain wants it otherwise.

use anyhow::Result;
use koppeltaal_admin::role::{Template, templates};

use super::super::directory::found;
use crate::context::Context;
use crate::output;
use crate::provision::{Kind, shown};

/// Prints the predefined roles as a provisioning file.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// This role only
    name: Option<String>,
    /// The domain that the roles are for
    #[arg(long)]
    domain: String,
}

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> Result<()> {
    let wanted: Vec<&Template> = match &args.name {
        None => templates().collect(),
        Some(name) => {
            let template = templates().find(|template| template.name == name);
            let names = templates().map(|template| template.name.to_owned());
            vec![found(template, "predefined role", name, names)?]
        }
    };
    if context.json {
        let roles = wanted.iter().map(|template| shown(Kind::Role, &template.role(&args.domain)));
        return output::json(&roles.collect::<Result<Vec<_>, _>>()?);
    }
    let texts: Vec<String> = wanted.iter().map(|template| template.text(&args.domain)).collect();
    output::text(&texts.join("\n"))
}
