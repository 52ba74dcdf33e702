//! A closure on its way to a connection, with its type erased: the value it made
//! waits inside until the engine knows that the transaction is durable.

use std::any::TypeId;

use koppeltaal_core::{Error, Result};
use tokio::sync::oneshot;

use crate::tx::Tx;

/// A closure that an engine runs, perhaps several times, and then answers.
pub(crate) trait Job: Send {
    /// Runs the closure once and keeps its value.
    fn run(&mut self, tx: &mut dyn Tx) -> Result<()>;

    /// Tells the caller: the kept value, or this error.
    fn finish(self: Box<Self>, outcome: Result<()>);

    /// Whether the caller has gone away.
    fn abandoned(&self) -> bool;

    /// The type of the closure, the same for every call from one place.
    fn kind(&self) -> TypeId;
}

/// The closure, the value of its last run and the way back to the caller.
pub(crate) struct Closure<T, F> {
    closure: F,
    value: Option<T>,
    answer: oneshot::Sender<Result<T>>,
}

impl<T, F> Closure<T, F> {
    /// A job and the end where its answer will arrive.
    pub(crate) fn new(closure: F) -> (Self, oneshot::Receiver<Result<T>>) {
        let (answer, answered) = oneshot::channel();
        (Self { closure, value: None, answer }, answered)
    }
}

impl<T, F> Job for Closure<T, F>
where
    F: FnMut(&mut dyn Tx) -> Result<T> + Send + 'static,
    T: Send + 'static,
{
    fn run(&mut self, tx: &mut dyn Tx) -> Result<()> {
        self.value = None;
        self.value = Some((self.closure)(tx)?);
        Ok(())
    }

    fn finish(self: Box<Self>, outcome: Result<()>) {
        let answer = match (outcome, self.value) {
            (Ok(()), Some(value)) => Ok(value),
            (Ok(()), None) => Err(Error::Internal("a store closure was never run".to_owned())),
            (Err(error), _) => Err(error),
        };
        // Nobody listening is no error: the work is done, or undone, as a whole.
        drop(self.answer.send(answer));
    }

    fn abandoned(&self) -> bool {
        self.answer.is_closed()
    }

    fn kind(&self) -> TypeId {
        TypeId::of::<F>()
    }
}
