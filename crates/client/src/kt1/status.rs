//! Setting the ProcessingStatus of a message of one's own mailbox.

use koppeltaal_fhir::dstu1::message_header::{Delivery, set_delivery};
use reqwest::Method;

use super::connector::Connector;
use super::error::{Error, Result};
use super::header::Header;
use super::transport::expect_resource;

/// The status a recipient can give a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Back to the mailbox, to be claimed again.
    New,
    /// Being processed.
    Claimed,
    /// Processed.
    Success,
    /// It cannot be processed, and why.
    Failed(String),
}

impl Status {
    /// The code on the wire.
    pub fn code(&self) -> &'static str {
        match self {
            Status::New => "New",
            Status::Claimed => "Claimed",
            Status::Success => "Success",
            Status::Failed(_) => "Failed",
        }
    }
}

impl Connector {
    /// Sets the status and tells what the message looks like now.
    pub async fn set_status(&self, header: &Header, status: &Status) -> Result<Header> {
        let mut resource = header.resource().clone();
        let now = now();
        set_delivery(
            &mut resource,
            &Delivery {
                patient: header.patient(),
                status: status.code(),
                last_changed: &now,
                exception: match status {
                    Status::Failed(exception) => Some(exception),
                    _ => None,
                },
                is_expired: header.is_expired(),
            },
        );
        let url = self.url(&format!("MessageHeader/{}", header.id()));
        let answer = self.send_resource(Method::PUT, url, &resource).await?;
        let code = answer.status;
        let updated = expect_resource(answer, "MessageHeader")?;
        Header::new(header.url(), updated)
            .ok_or_else(|| Error::unexpected(code, "this is no MessageHeader"))
    }
}

/// The present moment as an instant of FHIR.
pub(super) fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}
