//! One bounded request: the rules for URLs are checked, redirects are not
//! followed, and of the answer no more is read than the caller wants.

use http::header::{ACCEPT, HeaderValue, USER_AGENT};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use koppeltaal_core::directory::Domain;

use crate::clients::Clients;
use crate::reach::check_url;

/// What this server calls itself. Some publishers turn away whatever does not
/// look like a browser (kt2-auth, 1.4).
pub const AGENT: &str =
    concat!("Mozilla/5.0 (compatible; Koppeltaal-Server/", env!("CARGO_PKG_VERSION"), ")");

/// What a GET was answered with.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// The status, whatever it is: a redirect is an answer like any other.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Clients {
    /// Gets what is at a URL, of which at most `limit` bytes are read; more is an
    /// error. The error says in plain words why there is no answer.
    pub async fn get(
        &self,
        url: &str,
        domain: &Domain,
        accept: &str,
        limit: usize,
    ) -> Result<Fetched, String> {
        let mut headers = HeaderMap::new();
        let accept = HeaderValue::from_str(accept).map_err(|error| error.to_string())?;
        headers.insert(ACCEPT, accept);
        let (parts, body) =
            self.send(domain, Method::GET, url, headers, Vec::new(), limit).await?.into_parts();
        Ok(Fetched { status: parts.status, headers: parts.headers, body })
    }

    /// Sends any request within the same bounds. A `User-Agent` is added where it
    /// has none.
    pub async fn execute(
        &self,
        domain: &Domain,
        request: Request<Vec<u8>>,
        limit: usize,
    ) -> Result<Response<Vec<u8>>, String> {
        let (parts, body) = request.into_parts();
        let url = parts.uri.to_string();
        self.send(domain, parts.method, &url, parts.headers, body, limit).await
    }

    async fn send(
        &self,
        domain: &Domain,
        method: Method,
        url: &str,
        mut headers: HeaderMap,
        body: Vec<u8>,
        limit: usize,
    ) -> Result<Response<Vec<u8>>, String> {
        let (url, reach) = check_url(url, domain)?;
        headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(AGENT));
        let mut request = self.client(reach)?.request(method, url).headers(headers);
        if !body.is_empty() {
            request = request.body(body);
        }
        let mut answer = request.send().await.map_err(|error| self.describe(&error))?;
        let too_long = || format!("the answer is longer than {limit} bytes");
        if answer.content_length().is_some_and(|length| length > limit as u64) {
            return Err(too_long());
        }
        let mut read = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| self.describe(&error))? {
            if read.len() + chunk.len() > limit {
                return Err(too_long());
            }
            read.extend_from_slice(&chunk);
        }
        let mut response = Response::new(read);
        *response.status_mut() = answer.status();
        std::mem::swap(response.headers_mut(), answer.headers_mut());
        Ok(response)
    }
}
