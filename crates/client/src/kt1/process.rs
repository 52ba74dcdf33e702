//! The loop of a receiving application: claim, process, tell the server how it went.

use std::future::Future;

use super::connector::Connector;
use super::error::Result;
use super::filter::Filter;
use super::message::Message;
use super::status::Status;

/// How processing a message went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is processed.
    Success,
    /// It can never be processed, and why.
    Failed(String),
}

/// What a run of [`Connector::process`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Processed<E> {
    /// Messages that became Success.
    pub succeeded: usize,
    /// Messages that became Failed.
    pub failed: usize,
    /// The error that ended the run; its message is New again.
    pub stopped_by: Option<E>,
}

impl Connector {
    /// Claims messages until none is left and hands each to `work`. Its outcome becomes the status
    /// of the message.
    ///
    /// An error of `work` means that the application cannot process messages now: the message goes
    /// back to New and the run ends, for otherwise the message would be claimed again at once, and
    /// after five claims be given up.
    pub async fn process<F, Fut, E>(&self, filter: &Filter, mut work: F) -> Result<Processed<E>>
    where
        F: FnMut(Message) -> Fut,
        Fut: Future<Output = std::result::Result<Outcome, E>>,
    {
        let mut processed = Processed { succeeded: 0, failed: 0, stopped_by: None };
        while let Some(message) = self.claim(filter).await? {
            let header = message.header().clone();
            match work(message).await {
                Ok(Outcome::Success) => {
                    self.set_status(&header, &Status::Success).await?;
                    processed.succeeded += 1;
                }
                Ok(Outcome::Failed(exception)) => {
                    self.set_status(&header, &Status::Failed(exception)).await?;
                    processed.failed += 1;
                }
                Err(error) => {
                    self.set_status(&header, &Status::New).await?;
                    processed.stopped_by = Some(error);
                    return Ok(processed);
                }
            }
        }
        Ok(processed)
    }
}
