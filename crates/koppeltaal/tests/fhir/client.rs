//! A client of the FHIR base of a domain, with or without a token.

use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use crate::reply::Reply;
use crate::world::PUBLIC;

/// The Content-Type of a resource as JSON.
pub const JSON: &str = "application/fhir+json";
/// The Content-Type of a resource as XML.
pub const XML: &str = "application/fhir+xml";

/// Who calls a server.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    server: String,
    domain: String,
    token: Option<String>,
}

impl Client {
    pub fn new(http: reqwest::Client, server: String, domain: &str) -> Self {
        Self { http, server, domain: domain.to_owned(), token: None }
    }

    pub fn with_token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    /// A request below the FHIR base; or at a URL that the server has given, or a
    /// path from the root.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = match path.strip_prefix(PUBLIC) {
            Some(rest) => format!("{}{rest}", self.server),
            None if path.starts_with('/') => format!("{}{path}", self.server),
            None => format!("{}/api/v1/{}/fhir/r4/{path}", self.server, self.domain),
        };
        let request = self.http.request(method, url);
        match &self.token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        }
    }

    pub async fn send(&self, request: RequestBuilder) -> Reply {
        let request = request.build().unwrap();
        let is_head = request.method() == Method::HEAD;
        let what = format!("{} {}", request.method(), request.url());
        let response = self.http.execute(request).await.expect(&what);
        let reply = Reply {
            what,
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.bytes().await.unwrap().to_vec(),
        };
        reply.check(is_head);
        reply
    }

    /// A request with these headers and this body.
    pub async fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> Reply {
        let request = self.request(Method::from_bytes(method.as_bytes()).unwrap(), path);
        let with =
            |request: RequestBuilder, (name, value): &(&str, &str)| request.header(*name, *value);
        self.send(headers.iter().fold(request, with).body(body)).await
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        self.call("GET", path, headers, "").await
    }

    /// Posts a resource: a create at a type, `$validate` at an operation.
    pub async fn post(&self, path: &str, resource: &Value) -> Reply {
        self.post_with(path, &[], resource).await
    }

    pub async fn post_with(&self, path: &str, headers: &[(&str, &str)], resource: &Value) -> Reply {
        self.json("POST", path, headers, resource).await
    }

    /// Creates a resource, refused or not.
    pub async fn try_create(&self, resource: &Value) -> Reply {
        self.post(resource["resourceType"].as_str().unwrap(), resource).await
    }

    /// Creates a resource; what is kept.
    pub async fn create(&self, resource: &Value) -> Value {
        self.try_create(resource).await.expect(201).json()
    }

    /// Updates the version that is at hand, refused or not.
    pub async fn try_update(&self, resource: &Value) -> Reply {
        let tag = format!("W/{}", resource["meta"]["versionId"]);
        self.put_with(&path(resource), &[("if-match", &tag)], resource).await
    }

    /// Updates the version that is at hand; what is kept.
    pub async fn update(&self, resource: &Value) -> Value {
        self.try_update(resource).await.expect(200).json()
    }

    pub async fn put_with(&self, path: &str, headers: &[(&str, &str)], resource: &Value) -> Reply {
        self.json("PUT", path, headers, resource).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.send(self.request(Method::DELETE, path)).await
    }

    pub async fn delete_with(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        self.call("DELETE", path, headers, "").await
    }

    /// Searches; the Bundle that is found.
    pub async fn search(&self, query: &str) -> Value {
        self.get(query).await.expect(200).json()
    }

    async fn json(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        resource: &Value,
    ) -> Reply {
        let mut all = vec![("content-type", JSON)];
        all.extend(headers);
        self.call(method, path, &all, resource.to_string()).await
    }
}

/// Type and id of a resource that is kept: its path, and how others refer to it.
pub fn path(resource: &Value) -> String {
    let part = |name: &str| resource[name].as_str().unwrap_or_else(|| panic!("{name}: {resource}"));
    format!("{}/{}", part("resourceType"), part("id"))
}

/// The resources that a Bundle has found, in its order; what it says about the
/// search itself is left out.
pub fn matches(bundle: &Value) -> Vec<Value> {
    let entries = bundle["entry"].as_array().map_or(&[][..], Vec::as_slice);
    let is_match = |entry: &&Value| entry["search"]["mode"] != "outcome";
    entries.iter().filter(is_match).map(|entry| entry["resource"].clone()).collect()
}

/// The URL of a link of a Bundle.
pub fn link(bundle: &Value, relation: &str) -> Option<String> {
    let links = bundle["link"].as_array()?;
    let found = links.iter().find(|link| link["relation"] == relation)?;
    found["url"].as_str().map(str::to_owned)
}
