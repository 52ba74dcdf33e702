//! Claiming the next message, and reading one without claiming it.

use super::connector::Connector;
use super::error::Result;
use super::filter::Filter;
use super::header::Header;
use super::message::Message;
use super::transport::{expect_bundle, expect_resource};
use crate::kt1::Error;

impl Connector {
    /// Claims the oldest New message that fits; `None` when there is none. It has to be followed by
    /// [`Connector::set_status`], or the claim lapses and the message is New again.
    pub async fn claim(&self, filter: &Filter) -> Result<Option<Message>> {
        let answer = self.get(filter.for_claim(self.url("MessageHeader/_search"))).await?;
        let status = answer.status;
        Message::of_bundle(status, expect_bundle(answer)?)
    }

    /// The message with this number, whatever its status, which stays as it is; also found by its
    /// URL or by the identifier its sender gave it. `None` when there is none in this mailbox.
    pub async fn message(&self, id: &str) -> Result<Option<Message>> {
        let mut url = self.url("MessageHeader/_search");
        url.query_pairs_mut().append_pair("_id", id);
        let answer = self.get(url).await?;
        let status = answer.status;
        Message::of_bundle(status, expect_bundle(answer)?)
    }

    /// The header of the message with this number.
    pub async fn header(&self, id: &str) -> Result<Header> {
        let url = self.url(&format!("MessageHeader/{id}"));
        let name = url.to_string();
        let answer = self.get(url).await?;
        let status = answer.status;
        let resource = expect_resource(answer, "MessageHeader")?;
        Header::new(&name, resource)
            .ok_or_else(|| Error::unexpected(status, "this is no MessageHeader"))
    }
}
