//! The keys under test, with a clock that is moved by hand, and instances to ask for.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use koppeltaal_auth::client_keys::ClientKeys;
use koppeltaal_auth::jose::KeySet;
use koppeltaal_core::directory::{Application, ConnectedInstance, Domain, Instance, Phase};
use koppeltaal_core::{Clock, Timestamp};
use koppeltaal_outbound::{Clients, Settings};

#[derive(Debug)]
pub struct TestClock(pub AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

pub struct World {
    pub clock: Arc<TestClock>,
    pub keys: ClientKeys,
}

impl World {
    pub fn new() -> Self {
        Self::patient(Duration::from_secs(60))
    }

    pub fn patient(timeout: Duration) -> Self {
        let clock = Arc::new(TestClock(AtomicI64::new(1_700_000_000_000_000)));
        let outbound = Clients::new(Settings { timeout, ..Settings::default() }).unwrap();
        let keys = ClientKeys::new(Arc::new(outbound), Arc::clone(&clock) as Arc<dyn Clock>);
        Self { clock, keys }
    }

    pub fn pass(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    pub fn of<'a>(
        &'a self,
        instance: &'a ConnectedInstance,
        kid: &'a str,
    ) -> impl Future<Output = Result<Arc<KeySet>, String>> + 'a {
        self.keys.of(instance, Some(kid))
    }
}

pub fn lenient() -> Domain {
    let domain = Domain { number: 1, phase: Phase::Test, ..Domain::default() };
    Domain { allow_http_loopback: true, ..domain }
}

pub fn connected(domain: Domain, instance: Instance) -> ConnectedInstance {
    let application = Arc::new(Application::default());
    ConnectedInstance { instance, application, domain: Arc::new(domain) }
}

pub fn at(url: String) -> ConnectedInstance {
    connected(lenient(), Instance { jwks_url: Some(url), ..Instance::default() })
}

pub fn error(result: Result<Arc<KeySet>, String>) -> String {
    result.map(|keys| format!("{keys:?}")).unwrap_err()
}
