//! The StorageItem that an application sends: whole, unambiguous and within the limits (spec 4).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use koppeltaal_fhir::Node;
use koppeltaal_fhir::dstu1::reference::identity;
use koppeltaal_fhir::dstu1::{StorageItem, Stored};

use crate::answer::Refusal;
use crate::call::{Call, Caller};
use crate::{key, negotiate};

/// The largest content, decoded.
const MAX_CONTENT: usize = 1 << 20;
/// The largest item: its content in base64, and room for the rest.
const MAX_ITEM: usize = 2 << 20;
/// The longest type and key of an object: with the patient they are one key of the store.
const MAX_TYPE: usize = 200;
const MAX_KEY: usize = 500;
/// The longest media type.
const MAX_MEDIA_TYPE: usize = 255;

/// A StorageItem as it was sent, and found good.
#[derive(Debug)]
pub(super) struct Sent {
    node: Node,
    /// The URL of the patient, without version.
    pub(super) patient: String,
    /// The type of the object.
    pub(super) object_type: String,
    /// The key of the object.
    pub(super) object_key: String,
}

impl Sent {
    /// Reads the body of a call; it is about a patient that the caller may reach.
    pub(super) async fn read(call: &Call, caller: &Caller) -> Result<Self, Refusal> {
        let format = call.body_format.ok_or_else(not_an_item)?;
        if call.body.len() > MAX_ITEM {
            return Err(too_long(format!("The StorageItem is larger than {MAX_ITEM} bytes.")));
        }
        let node = negotiate::read(format, &call.body).await?;
        let item = StorageItem::of(&node).ok_or_else(not_an_item)?;
        if let Some(name) = item.repeated() {
            let details = format!("StorageItem#{name} stands more than once.");
            return Err(Refusal::bad_request("structure", details));
        }
        let media_type = required(item.content_type(), "ContentType")?;
        key::check("The content type", media_type, MAX_MEDIA_TYPE)?;
        if !media_type.contains('/') {
            let details = "StorageItem#ContentType is no media type like application/json.";
            return Err(Refusal::bad_request("value", details));
        }
        check_content(required(item.content(), "Content")?)?;
        let patient = identity(required(item.patient(), "PatientIdentifier")?).to_owned();
        key::check("The URL of the patient", &patient, key::MAX_URL)?;
        caller.narrowed(Some(&patient))?;
        let object_type = required(item.object_type(), "ObjectType")?.to_owned();
        key::check("The object type", &object_type, MAX_TYPE)?;
        let object_key = required(item.object_key(), "ObjectKey")?.to_owned();
        key::check("The object key", &object_key, MAX_KEY)?;
        Ok(Self { patient, object_type, object_key, node })
    }

    /// The item with what the server says of it.
    pub(super) fn filled(
        &self,
        caller: &Caller,
        id: Option<&str>,
        last_modified: Option<&str>,
    ) -> Node {
        let stored = Stored {
            id,
            last_modified,
            application: &caller.application.id,
            domain: &caller.domain.name,
        };
        StorageItem::of(&self.node).map_or(Node::Null, |item| item.normalised(&stored))
    }
}

fn check_content(content: &str) -> Result<(), Refusal> {
    let packed: String = content.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let decoded = STANDARD
        .decode(packed)
        .map_err(|_| Refusal::bad_request("value", "StorageItem#Content is not base64."))?;
    match decoded.len() > MAX_CONTENT {
        true => Err(too_long(format!(
            "The content of the StorageItem is larger than the {MAX_CONTENT} bytes it may have."
        ))),
        false => Ok(()),
    }
}

fn required<'a>(value: Option<&'a str>, name: &str) -> Result<&'a str, Refusal> {
    value.ok_or_else(|| {
        Refusal::bad_request("required", format!("The StorageItem has no StorageItem#{name}."))
    })
}

fn too_long(details: String) -> Refusal {
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too-long", "too-long", details)
}

fn not_an_item() -> Refusal {
    Refusal::bad_request(
        "structure",
        "The body must be an `Other` resource with the code StorageItem.",
    )
}
