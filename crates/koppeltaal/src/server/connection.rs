//! Accepting connections: bounded in number, cut off when slow or idle, drained
//! at shutdown.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustix::net::sockopt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;

use super::counted::Counted;
use super::descriptors::room_for_connections;
use super::request::Router;

/// Connections at the same time; more wait in the listen backlog.
const MOST_CONNECTIONS: usize = 16_384;
/// How long the head of a request may take, and how long a connection may idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a client may leave an answer unread.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a TLS handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// After how long without anything the other side is probed, how often again, how
/// often at most, and how long what was sent may stay unanswered.
const PROBE_AFTER: Duration = Duration::from_secs(30);
const PROBE_AGAIN: Duration = Duration::from_secs(10);
const PROBES: u32 = 3;
const UNANSWERED_MS: u32 = 60_000;
/// How long to wait after accepting failed (no more file descriptors).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves a listener until `stopped`, then drains it for at most `drain`.
pub async fn accept(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Arc<Router>,
    mut stopped: watch::Receiver<bool>,
    drain: Duration,
) {
    // Closed when the last connection has let go of its sender.
    let (serving, mut ended) = mpsc::channel::<()>(1);
    let permits = Arc::new(Semaphore::new(room_for_connections(MOST_CONNECTIONS)));
    loop {
        let accepted = tokio::select! {
            accepted = async {
                let permit = permits.clone().acquire_owned().await;
                (permit, listener.accept().await)
            } => accepted,
            _ = stopped.wait_for(|stop| *stop) => break,
        };
        let (Ok(permit), Ok((stream, peer))) = accepted else {
            if let (_, Err(error)) = accepted {
                tracing::warn!(%error, "a connection could not be accepted");
            }
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let (tls, router) = (tls.clone(), router.clone());
        let (stopped, serving) = (stopped.clone(), serving.clone());
        tokio::spawn(async move {
            let _ = stream.set_nodelay(true);
            notice_loss(&stream);
            let stream = Counted::new(stream, permit);
            match tls {
                None => serve(stream, peer, router, stopped).await,
                Some(tls) => {
                    let handshake = tokio::time::timeout(HANDSHAKE_TIMEOUT, tls.accept(stream));
                    if let Ok(Ok(stream)) = handshake.await {
                        serve(stream, peer, router, stopped).await;
                    }
                }
            }
            drop(serving);
        });
    }
    drop((listener, serving));
    let _ = tokio::time::timeout(drain, ended.recv()).await;
}

/// Has the system find out when the other side is gone without a word: a connection
/// that is held open for hours would never know.
fn notice_loss(stream: &TcpStream) {
    let set = || -> rustix::io::Result<()> {
        sockopt::set_socket_keepalive(stream, true)?;
        sockopt::set_tcp_keepidle(stream, PROBE_AFTER)?;
        sockopt::set_tcp_keepintvl(stream, PROBE_AGAIN)?;
        sockopt::set_tcp_keepcnt(stream, PROBES)?;
        sockopt::set_tcp_user_timeout(stream, UNANSWERED_MS)
    };
    if let Err(error) = set() {
        tracing::debug!(%error, "a connection is not probed");
    }
}

async fn serve<S>(
    stream: S,
    peer: SocketAddr,
    router: Arc<Router>,
    mut stopped: watch::Receiver<bool>,
) where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(WRITE_TIMEOUT));
    let service = service_fn(move |request| {
        let router = router.clone();
        async move { Ok::<_, Infallible>(router.answer(request, peer.ip()).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(Box::pin(stream)), service)
        .with_upgrades();
    // A client that goes away or talks nonsense is no event for the log.
    let mut connection = std::pin::pin!(connection);
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = told_to_stop(&mut stopped) => {
            // The request in progress ends, and no other begins.
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%peer, %error, "connection ended");
    }
}

async fn told_to_stop(stopped: &mut watch::Receiver<bool>) {
    // An error says that nobody is left to serve for.
    let _ = stopped.wait_for(|stop| *stop).await;
}
