//! https in the server itself.

use std::time::{Duration, Instant};

use koppeltaal_client::kt1::Options;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::world::{Engine, ORIGIN, World, connector_with, plan, send_plan};

/// A TLS handshake may take ten seconds.
const HANDSHAKE: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn https_works_and_what_is_no_tls_is_cut_off() {
    let world = World::with(Engine::Sqlite, "").await;
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let trust = made.cert.pem();
    let certificate = world.file("certificate.pem", &trust);
    let key = world.file("key.pem", &made.signing_key.serialize_pem());
    let mut server = world.serve_with(&[
        ("KOPPELTAAL_TLS_CERTIFICATE", certificate.to_str().unwrap()),
        ("KOPPELTAAL_TLS_KEY", key.to_str().unwrap()),
    ]);
    assert!(server.url.starts_with("https://127.0.0.1:"), "{}", server.url);

    let options = Options { trust: trust.into_bytes(), ..Options::default() };
    let portal = connector_with(&server.url, "portal", &options);
    let sent = send_plan(&portal, "m", plan(&format!("{ORIGIN}/CarePlan/1"), "g")).await.unwrap();
    assert!(sent.focal().contains("/_history/"));
    let distrusting = connector_with(&server.url, "portal", &Options::default());
    assert!(distrusting.metadata().await.is_err(), "the certificate is really checked");

    tokio::join!(
        ends(&server.address, "GET / HTTP/1.1\r\nHost: h\r\n\r\n", Duration::from_secs(3)),
        ends(&server.address, "", HANDSHAKE),
        ends(&server.address, "\x16\x03\x01", HANDSHAKE),
    );
    portal.metadata().await.unwrap();
    server.terminate();
    let (status, _) = server.wait(Duration::from_secs(8));
    assert_eq!(status.code(), Some(0));
}

async fn ends(address: &std::net::SocketAddr, sends: &str, limit: Duration) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let began = Instant::now();
    stream.write_all(sends.as_bytes()).await.unwrap();
    let mut said = Vec::new();
    let ended = tokio::time::timeout(limit, stream.read_to_end(&mut said)).await;
    assert!(ended.is_ok(), "{sends:?} hangs after {:?}", began.elapsed());
    assert!(!said.starts_with(b"HTTP"), "nothing is answered in the clear");
}

#[tokio::test]
async fn a_certificate_that_does_not_fit_is_refused_by_key() {
    let world = World::with(Engine::Sqlite, "").await;
    let made = |name: &str| rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
    world.file("certificate.pem", &made("a").cert.pem());
    world.file("key.pem", &made("b").signing_key.serialize_pem());
    world.file("nothing.pem", "nothing");
    for (certificate, key, says) in [
        ("certificate.pem", "key.pem", "tls.key"),
        ("nothing.pem", "key.pem", "tls.certificate"),
        ("certificate.pem", "nothing.pem", "tls.key"),
        ("certificate.pem", "absent.pem", "tls.key"),
    ] {
        let text = format!("[tls]\ncertificate = '{certificate}'\nkey = '{key}'\n");
        world.file("k.toml", &text);
        let said = world.run(&["serve", "--config", "k.toml", "--listen", "127.0.0.1:0"]);
        assert_eq!(said.code, 2, "{certificate} {key}: {}", said.err);
        assert!(said.err.contains(says), "{certificate} {key}: {}", said.err);
    }
}
