//! One HTTP/1.1 connection with one request at a time, without a pool and without redirects.

use std::time::Duration;

use anyhow::{Context, bail};
use bytes::Bytes;
use http::header::{AUTHORIZATION, HOST};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// After this the server counts as hanging.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The server that is measured.
#[derive(Debug, Clone)]
pub struct Target {
    /// Host and port to connect to.
    address: String,
    host: HeaderValue,
    /// The path of the server below its host, without a final slash.
    path: String,
}

impl Target {
    /// The server at this URL. Only plain HTTP: encryption would be measured on both sides.
    pub fn parse(url: &str) -> anyhow::Result<Target> {
        let parsed = url::Url::parse(url).with_context(|| format!("`{url}` is not a URL"))?;
        if parsed.scheme() != "http" {
            bail!("`{url}`: load is put on http:// only; measure behind what ends TLS");
        }
        let host = parsed.host_str().with_context(|| format!("`{url}` names no host"))?;
        let port = parsed.port_or_known_default().unwrap_or(80);
        let authority = match parsed.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        Ok(Target {
            address: format!("{host}:{port}"),
            host: HeaderValue::from_str(&authority)?,
            path: parsed.path().trim_end_matches('/').to_owned(),
        })
    }

    /// Host and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The path of `rest` on this server.
    pub fn uri(&self, rest: &str) -> anyhow::Result<Uri> {
        format!("{}{rest}", self.path).parse().with_context(|| format!("`{rest}` is no path"))
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "http://{}{}", self.address, self.path)
    }
}

/// A connection that is opened when it is first needed, and again when the server closed it.
#[derive(Debug)]
pub struct Connection {
    address: String,
    headers: HeaderMap,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Connection {
    /// A connection whose requests carry these headers besides `Host`.
    pub fn new(
        target: &Target,
        authorization: Option<HeaderValue>,
        more: &HeaderMap,
    ) -> Connection {
        let mut headers = more.clone();
        headers.insert(HOST, target.host.clone());
        if let Some(authorization) = authorization {
            headers.insert(AUTHORIZATION, authorization);
        }
        Connection { address: target.address.clone(), headers, sender: None }
    }

    /// From now on in the name of another instance.
    pub fn authorize(&mut self, authorization: HeaderValue) {
        self.headers.insert(AUTHORIZATION, authorization);
    }

    /// From now on with this header, too.
    pub fn set(&mut self, name: HeaderName, value: HeaderValue) {
        self.headers.insert(name, value);
    }

    /// Sends a request and reads the whole answer: its status and body.
    pub async fn send(
        &mut self,
        method: Method,
        uri: Uri,
        body: Bytes,
    ) -> Result<(u16, Bytes), String> {
        let answer = self.exchange(method, uri, body).await;
        answer.map(|(status, _, body)| (status, body))
    }

    /// As [`Connection::send`], with the headers of the answer.
    pub async fn exchange(
        &mut self,
        method: Method,
        uri: Uri,
        body: Bytes,
    ) -> Result<(u16, HeaderMap, Bytes), String> {
        match tokio::time::timeout(TIMEOUT, self.ask(method, uri, body)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(why)) => {
                self.sender = None;
                Err(why)
            }
            Err(_) => {
                self.sender = None;
                Err("timeout".to_owned())
            }
        }
    }

    async fn ask(
        &mut self,
        method: Method,
        uri: Uri,
        body: Bytes,
    ) -> Result<(u16, HeaderMap, Bytes), String> {
        let mut sender = match self.sender.take().filter(|sender| !sender.is_closed()) {
            Some(sender) => sender,
            None => self.open().await?,
        };
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        request.headers_mut().clone_from(&self.headers);
        sender.ready().await.map_err(|_| "closed".to_owned())?;
        let response = sender.send_request(request).await.map_err(|_| "broken".to_owned())?;
        let (head, body) = response.into_parts();
        let body = body.collect().await.map_err(|_| "broken".to_owned())?.to_bytes();
        self.sender = Some(sender);
        Ok((head.status.as_u16(), head.headers, body))
    }

    async fn open(&self) -> Result<SendRequest<Full<Bytes>>, String> {
        let stream = TcpStream::connect(&self.address)
            .await
            .map_err(|error| format!("connect: {}", error.kind()))?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        let (sender, connection) =
            handshake(TokioIo::new(stream)).await.map_err(|_| "broken".to_owned())?;
        tokio::task::spawn_local(async move {
            // Its end shows in the next request.
            drop(connection.await);
        });
        Ok(sender)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_an_http_url() {
        let target = Target::parse("http://localhost:8080/x/").unwrap();
        assert_eq!(target.to_string(), "http://localhost:8080/x");
        assert_eq!(target.uri("/healthz").unwrap(), "/x/healthz");
        assert!(Target::parse("https://localhost").is_err());
        assert!(Target::parse("localhost").is_err());
    }
}
