//! `koppeltaal validate FILE… [--profile URL]`: judges FHIR R4 resources as the service would, with
//! the Koppeltaal 2.0 profiles that are built in. Needs no store and no server.

use std::io::{ErrorKind, Read};
use std::path::Path;

use anyhow::Result;
use koppeltaal_core::Error;
use koppeltaal_fhir::r4::definition::Definitions;
use koppeltaal_fhir::r4::validate::{Compiled, Issue, Options, Report, validate};
use koppeltaal_fhir::r4::{profile, xml};
use koppeltaal_fhir::{Node, json};
use serde_json::{Value, json};

use crate::context::Context;
use crate::output;

/// Judges FHIR R4 resources as the service would: by R4 and the Koppeltaal 2.0 profiles.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// JSON or XML files with one resource or Bundle each, .ndjson with one a line; - reads standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<String>,
    /// A profile that each resource must meet besides those of its meta.profile
    #[arg(long = "profile", value_name = "URL")]
    profiles: Vec<String>,
}

/// One resource that was judged.
struct Judged {
    /// The file, and the line in it when it has several resources.
    place: String,
    report: Report,
}

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> Result<()> {
    let compiled = Compiled::new(profile::koppeltaal().clone());
    if let Some(unknown) = args.profiles.iter().find(|url| !compiled.is_known(url)) {
        let text = format!("there is no profile {unknown} among those that are built in");
        return Err(Error::Invalid(text).into());
    }
    let profiles: Vec<&str> = args.profiles.iter().map(String::as_str).collect();
    let (mut judged, mut failure) = (Vec::new(), None);
    for file in &args.files {
        let read = read(file).and_then(|bytes| resources(file, &bytes, compiled.definitions()));
        match read {
            Ok(resources) => {
                for (place, node) in resources {
                    let one = Judged { place, report: judge(&node, &compiled, &profiles) };
                    if !context.json {
                        print(&one)?;
                    }
                    judged.push(one);
                }
            }
            Err(error) => {
                if let Some(earlier) = failure.replace(error) {
                    output::remark(format_args!("error: {earlier}"));
                }
            }
        }
    }
    if context.json {
        output::json(&judged.iter().map(Judged::to_json).collect::<Vec<_>>())?;
    }
    if let Some(error) = failure {
        return Err(error.into());
    }
    let invalid = judged.iter().filter(|one| !one.report.is_valid()).count();
    if invalid > 0 {
        let text = match judged.len() {
            1 => "the resource is not valid".to_owned(),
            all => format!("{invalid} of {all} resources are not valid"),
        };
        return Err(Error::Unprocessable(text).into());
    }
    Ok(())
}

/// As the service judges: a type that Koppeltaal has a profile for must name one.
fn judge(node: &Node, compiled: &Compiled, profiles: &[&str]) -> Report {
    let has_profile = node.resource_type().is_some_and(|name| compiled.has_profile_for(name));
    let is_profile_required = profiles.is_empty() && has_profile;
    validate(node, &Options { profiles, is_profile_required, ..Options::new(compiled) })
}

fn read(file: &str) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let outcome = match file {
        "-" => std::io::stdin().read_to_end(&mut bytes).map(drop),
        path => std::fs::read(path).map(|read| bytes = read),
    };
    match outcome {
        Ok(()) => Ok(bytes),
        Err(cause) if cause.kind() == ErrorKind::NotFound => {
            Err(Error::NotFound(format!("there is no file {file}")))
        }
        Err(cause) => Err(Error::Invalid(format!("{file} cannot be read: {cause}"))),
    }
}

/// The resources in a file with their places.
fn resources(
    file: &str,
    bytes: &[u8],
    definitions: &Definitions,
) -> Result<Vec<(String, Node)>, Error> {
    let extension = Path::new(file).extension().unwrap_or_default();
    if extension.eq_ignore_ascii_case("xml") || bytes.trim_ascii_start().starts_with(b"<") {
        let node = xml::parse(bytes, definitions)
            .map_err(|error| Error::Invalid(format!("{file}: {error}")))?;
        return Ok(vec![(file.to_owned(), node)]);
    }
    let parse = |place: &str, bytes: &[u8]| {
        json::parse(bytes).map_err(|error| Error::Invalid(format!("{place}: {error}")))
    };
    if !extension.eq_ignore_ascii_case("ndjson") {
        return Ok(vec![(file.to_owned(), parse(file, bytes)?)]);
    }
    let lines = bytes.split(|byte| *byte == b'\n').enumerate();
    lines
        .filter(|(_, line)| !line.trim_ascii().is_empty())
        .map(|(index, line)| {
            let place = format!("{file}:{}", index + 1);
            let node = parse(&place, line)?;
            Ok((place, node))
        })
        .collect()
}

fn print(judged: &Judged) -> Result<()> {
    let place = &judged.place;
    for issue in &judged.report.issues {
        let Issue { severity, expression, details, .. } = issue;
        output::line(format_args!("{place}: {} {expression}: {details}", severity.code()))?;
    }
    if judged.report.is_valid() {
        output::line(format_args!("{place}: ok"))?;
    }
    Ok(())
}

impl Judged {
    fn to_json(&self) -> Value {
        let issue = |issue: &Issue| {
            json!({
                "severity": issue.severity.code(),
                "code": issue.code.code(),
                "expression": issue.expression,
                "details": issue.details,
                "rule": issue.rule,
            })
        };
        json!({
            "file": self.place,
            "valid": self.report.is_valid(),
            "issues": self.report.issues.iter().map(issue).collect::<Vec<_>>(),
        })
    }
}
