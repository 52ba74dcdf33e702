//! Accepting connections: bounded in number, cut off when slow or idle, drained
//! at shutdown.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;

use super::descriptors::room_for_connections;
use super::request::Router;

/// Connections at the same time; more wait in the listen backlog.
const MOST_CONNECTIONS: usize = 8192;
/// How long the head of a request may take, and how long a connection may idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a client may leave an answer unread.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a TLS handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
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
    let graceful = Arc::new(GracefulShutdown::new());
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
        let watcher = graceful.watcher();
        tokio::spawn(async move {
            let _permit = permit;
            let _ = stream.set_nodelay(true);
            match tls {
                None => serve(stream, peer, router, watcher).await,
                Some(tls) => {
                    let handshake = tokio::time::timeout(HANDSHAKE_TIMEOUT, tls.accept(stream));
                    if let Ok(Ok(stream)) = handshake.await {
                        serve(stream, peer, router, watcher).await;
                    }
                }
            }
        });
    }
    drop(listener);
    if let Some(graceful) = Arc::into_inner(graceful) {
        let _ = tokio::time::timeout(drain, graceful.shutdown()).await;
    }
}

async fn serve<S>(
    stream: S,
    peer: SocketAddr,
    router: Arc<Router>,
    watcher: hyper_util::server::graceful::Watcher,
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
        .serve_connection(TokioIo::new(Box::pin(stream)), service);
    // A client that goes away or talks nonsense is no event for the log.
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%peer, %error, "connection ended");
    }
}
