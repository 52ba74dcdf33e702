//! `send FILE`: a bundle as it is, or a resource in a bundle of its own.

use anyhow::Result;
use koppeltaal_client::kt1::{Connector, MessageBuilder, Resource, Sent};
use koppeltaal_core::Error;
use koppeltaal_fhir::Node;
use koppeltaal_fhir::dstu1::{Bundle, other, reference};
use serde_json::{Map, Value, json};

use super::{document, failure};
use crate::context::Context;
use crate::output;

/// What is sent.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A bundle or a resource, JSON or XML; - reads standard input
    file: String,
    /// The event of a resource [default: the one of its type]
    #[arg(long)]
    event: Option<String>,
    /// The URL of a resource, with its version when the server knows it
    /// [default: a new one]
    #[arg(long, value_name = "URL")]
    link: Option<String>,
    /// The patient a resource is about [default: what the resource says]
    #[arg(long, value_name = "URL")]
    patient: Option<String>,
    /// More resources for the bundle of a resource: URL=FILE
    #[arg(long, value_name = "URL=FILE")]
    with: Vec<String>,
    /// Let the server check a resource and do nothing with it
    #[arg(long)]
    validate_only: bool,
}

/// Runs the command.
pub async fn run(context: &Context, connector: &Connector, args: &Args) -> Result<()> {
    let node = document::read(&args.file)?;
    let bundle = if node.resource_type() == Some("Bundle") {
        Bundle::from_node(node)
            .map_err(|error| Error::Invalid(format!("{}: {error}", args.file)))?
    } else {
        wrap(connector, args, node)?
    };
    let sent = connector.send_bundle(bundle).await.map_err(failure)?;
    print(context, &sent)
}

fn print(context: &Context, sent: &Sent) -> Result<()> {
    let object: Map<String, Value> = [
        ("message_identifier".to_owned(), json!(sent.identifier())),
        ("versions".to_owned(), json!(sent.versions())),
    ]
    .into_iter()
    .collect();
    if context.json {
        return output::json(&object);
    }
    if sent.versions().is_empty() {
        return output::line("the message is valid; nothing was stored");
    }
    output::line(format_args!("accepted as {}", sent.identifier()))?;
    sent.versions().iter().try_for_each(output::line)
}

fn wrap(connector: &Connector, args: &Args, resource: Node) -> Result<Bundle> {
    let invalid = |why: &str| Error::Invalid(format!("{}: {why}", args.file));
    if connector.domain().is_empty() {
        return Err(Error::Invalid("in which domain? Give --domain".to_owned()).into());
    }
    let kind = resource
        .resource_type()
        .ok_or_else(|| invalid("this is neither a bundle nor a resource"))?
        .to_owned();
    let event = match &args.event {
        Some(event) => event.clone(),
        None => {
            usual_event(&resource).ok_or_else(|| invalid("which event? Give --event"))?.to_owned()
        }
    };
    let link = args.link.clone().unwrap_or_else(|| {
        format!("{}/{kind}/{}", connector.integration().endpoint, uuid::Uuid::new_v4())
    });
    let patient = args.patient.clone().or_else(|| match kind.as_str() {
        "Patient" => Some(reference::identity(&link).to_owned()),
        _ => {
            Some(reference::identity(resource.get("patient")?.get("reference")?.text()?).to_owned())
        }
    });
    let more = args.with.iter().map(|pair| {
        let (link, file) = pair
            .split_once('=')
            .ok_or_else(|| Error::Invalid(format!("`{pair}` is not URL=FILE")))?;
        anyhow::Ok(Resource::new(link, document::read(file)?))
    });
    let more = more.collect::<Result<Vec<_>>>()?;
    let focal = Resource::new(link, resource);
    let mut message =
        MessageBuilder::new(connector.domain(), &event, connector.integration(), focal)
            .resources(more);
    if let Some(patient) = patient {
        message = message.patient(patient);
    }
    if args.validate_only {
        message = message.validate_only();
    }
    Ok(message.build())
}

/// The event that announces a resource of this type.
fn usual_event(resource: &Node) -> Option<&'static str> {
    match resource.resource_type()? {
        "Patient" => Some("CreateOrUpdatePatient"),
        "Practitioner" => Some("CreateOrUpdatePractitioner"),
        "RelatedPerson" => Some("CreateOrUpdateRelatedPerson"),
        "CarePlan" => Some("CreateOrUpdateCarePlan"),
        "Other" => match other::usage(resource)? {
            "CarePlanActivityStatus" => Some("UpdateCarePlanActivityStatus"),
            "UserMessage" => Some("CreateOrUpdateUserMessage"),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use koppeltaal_client::kt1::{Integration, resource};

    use super::*;

    fn args(file: &str) -> Args {
        Args {
            file: file.into(),
            event: None,
            link: None,
            patient: None,
            with: vec![],
            validate_only: false,
        }
    }

    fn connector(domain: &str) -> Connector {
        Connector::new("http://h", "u", "p", domain, Integration::new("n", "https://a")).unwrap()
    }

    #[test]
    fn a_resource_is_wrapped_with_its_usual_event_and_its_patient() {
        let plan = resource::CarePlanBuilder::new("https://a/Patient/1/_history/v").build();
        let bundle = wrap(&connector("d"), &args("f"), plan).unwrap();
        let header = bundle.entry[0].content.as_ref().unwrap();
        let header = koppeltaal_fhir::dstu1::message_header::MessageHeader::of(header).unwrap();
        assert_eq!(header.event().unwrap().code, "CreateOrUpdateCarePlan");
        assert_eq!(header.patient(), Some("https://a/Patient/1"));
        assert!(header.focal().unwrap().starts_with("https://a/CarePlan/"));
    }

    #[test]
    fn what_cannot_be_guessed_has_to_be_said() {
        assert!(wrap(&connector(""), &args("f"), resource::patient("a", "b")).is_err());
        assert!(wrap(&connector("d"), &args("f"), resource::organization("o")).is_err());
        let said = Args { event: Some("CreateOrUpdatePatient".into()), ..args("f") };
        assert!(wrap(&connector("d"), &said, resource::organization("o")).is_ok());
    }
}
