//! One open connection: whose it is, and what it is to be told. However often it is
//! told that something waits, that is one bit.

use std::sync::atomic::{AtomicU8, Ordering};

use koppeltaal_store::hub::Connection;
use koppeltaal_store::mailbox;
use koppeltaal_store::sso::Digest;
use tokio::sync::Notify;

use super::token::Holder;
use crate::call::Caller;

/// StartPush was called.
const STARTED: u8 = 1;
/// Something waits that the client was not told of.
const WAITING: u8 = 2;
/// The connection is to end.
const OVER: u8 = 4;

/// Who the connections of a caller are bound to.
pub(super) fn holder(caller: &Caller) -> Holder {
    let patient = caller.patient.as_deref().map(mailbox::patient_key);
    Holder { instance: caller.instance.number, patient }
}

/// An open connection.
#[derive(Debug)]
pub(super) struct Live {
    pub id: Connection,
    pub caller: Caller,
    /// What stands for its access token, where it has one.
    pub bearer: Option<Digest>,
    /// What stands for the patient of that.
    patient: Option<i64>,
    state: AtomicU8,
    wake: Notify,
}

impl Live {
    pub(super) fn new(
        id: Connection,
        caller: Caller,
        bearer: Option<Digest>,
        started: bool,
    ) -> Self {
        let state = AtomicU8::new(if started { STARTED } else { 0 });
        let patient = holder(&caller).patient;
        Self { id, caller, bearer, patient, state, wake: Notify::new() }
    }

    pub(super) fn instance(&self) -> i64 {
        self.caller.instance.number
    }

    /// StartPush was called: from now on it is told what arrives.
    pub(super) fn start(&self) {
        self.set(STARTED);
    }

    /// Something about this patient, or about none, has come.
    pub(super) fn arrived(&self, patient: Option<i64>) {
        if self.patient.is_none() || self.patient == patient {
            self.tell();
        }
    }

    /// Something waits.
    pub(super) fn tell(&self) {
        if self.is(STARTED) {
            self.set(WAITING);
        }
    }

    /// The connection is to end.
    pub(super) fn end(&self) {
        self.set(OVER);
    }

    pub(super) fn is_started(&self) -> bool {
        self.is(STARTED)
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.is(WAITING)
    }

    pub(super) fn is_over(&self) -> bool {
        self.is(OVER)
    }

    /// The client is being told: what comes from now on is new.
    pub(super) fn told(&self) {
        self.state.fetch_and(!WAITING, Ordering::AcqRel);
    }

    /// Waits for a change. One task of a connection waits at a time.
    pub(super) async fn changed(&self) {
        self.wake.notified().await;
    }

    fn is(&self, bit: u8) -> bool {
        self.state.load(Ordering::Acquire) & bit != 0
    }

    fn set(&self, bit: u8) {
        if self.state.fetch_or(bit, Ordering::AcqRel) & bit == 0 {
            self.wake.notify_one();
        }
    }
}
