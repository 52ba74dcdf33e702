//! Which endpoints are called at all, and whether they are who they say.

use std::sync::Arc;

use koppeltaal_core::Error;
use koppeltaal_core::notification::State;
use koppeltaal_delivery::{Delivery, Settings};
use koppeltaal_store::test_support::sqlite_store;
use rustls::pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;

use crate::hook::{Answer, Hook};
use crate::world::{PRODUCTION, TEST, World, settings};

#[tokio::test]
async fn addresses_inside_the_network_are_not_called_from_production() {
    let store = sqlite_store().await;
    let mut world = World::new(&store);
    let hook = Hook::start(Answer::status(200)).await;
    let port = hook.address.port();
    let cases = [
        (format!("https://127.0.0.1:{port}/"), "address 127.0.0.1 refused"),
        // A name is checked by what it resolves to.
        (format!("https://localhost:{port}/"), "refused: private, loopback"),
        (format!("https://[::ffff:127.0.0.1]:{port}/"), "refused"),
        ("https://169.254.169.254/latest/".to_owned(), "address 169.254.169.254 refused"),
        ("https://10.1.2.3/".to_owned(), "address 10.1.2.3 refused"),
        (hook.url(), "not https"),
    ];
    let mut ids = Vec::new();
    for ((url, _), instance) in cases.iter().zip(10..) {
        world.connect(PRODUCTION, instance, url);
        ids.push(world.announce(PRODUCTION, instance, 1).await[0]);
    }
    let _delivery = world.start();
    for ((url, reason), id) in cases.iter().zip(ids) {
        let shown = world.until_tried(PRODUCTION, id, 1).await;
        assert_eq!((shown.state, shown.failed), (State::Pending, 1), "{url}");
        let [attempt] = &shown.attempts[..] else { panic!("{shown:?}") };
        assert_eq!(attempt.status, None);
        assert!(attempt.error.as_ref().unwrap().contains(reason), "{url}: {attempt:?}");
        assert!(attempt.endpoint.is_some());
    }
    assert_eq!(hook.connections(), 0);
}

/// An endpoint with a certificate for `localhost` of an authority of its own, and
/// that authority.
pub async fn https() -> (Hook, String) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(
        rustls::crypto::aws_lc_rs::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .unwrap()
    .with_no_client_auth()
    .with_single_cert(vec![made.cert.der().clone()], key)
    .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    (Hook::start_with(Answer::status(200), Some(acceptor)).await, made.cert.pem())
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused_unless_configured() {
    let store = sqlite_store().await;
    let mut world = World::new(&store);
    let (hook, anchor) = https().await;
    world.connect(TEST, 7, &format!("https://localhost:{}/hook", hook.address.port()));
    let id = world.announce(TEST, 7, 1).await[0];
    let (_, other) = https().await;
    let folder = store.folder().unwrap();
    std::fs::write(folder.join("other.pem"), other).unwrap();
    std::fs::write(folder.join("ca.pem"), anchor).unwrap();

    let untrusting = Settings { ca_file: Some(folder.join("other.pem")), ..settings() };
    let delivery = world.start_with(untrusting);
    let shown = world.until_tried(TEST, id, 1).await;
    let error = shown.attempts[0].error.clone().unwrap();
    assert!(error.contains("certificate"), "{error}");
    assert_eq!(hook.count(), 0);
    delivery.shutdown().await;

    let trusting = Settings { ca_file: Some(folder.join("ca.pem")), ..settings() };
    let _delivery = world.start_with(trusting);
    world.advance(std::time::Duration::from_secs(30));
    world.until(TEST, 7, State::Delivered, 1).await;
    assert_eq!(hook.received()[0].line, "POST /hook HTTP/1.1");
}

#[tokio::test]
async fn a_ca_file_that_cannot_be_read_stops_the_start() {
    let store = sqlite_store().await;
    let world = World::new(&store);
    let folder = store.folder().unwrap();
    std::fs::write(folder.join("empty.pem"), "nothing").unwrap();
    for file in ["absent.pem", "empty.pem"] {
        let settings = Settings { ca_file: Some(folder.join(file)), ..settings() };
        let error = Delivery::start(world.deps(), settings).unwrap_err();
        assert!(matches!(&error, Error::Invalid(text) if text.contains(file)), "{error}");
    }
}
