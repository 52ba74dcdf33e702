//! A plain HTTP client of one server process. Every answer is held to what holds
//! for all answers of Koppeltaal 2.0.

use reqwest::{Method, RequestBuilder, header};
use serde_json::Value;

/// Who calls a server.
#[derive(Debug, Clone)]
pub struct Caller {
    http: reqwest::Client,
    base: String,
}

impl Caller {
    pub fn new(http: reqwest::Client, base: String) -> Self {
        Self { http, base }
    }

    /// A request; `path` begins with a slash.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base))
    }

    pub async fn send(&self, request: RequestBuilder) -> Reply {
        let request = request.build().unwrap();
        let what = format!("{} {}", request.method(), request.url());
        let is_key_set = request.url().path().ends_with("jwks.json");
        let response = self.http.execute(request).await.expect(&what);
        let reply = Reply {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        };
        reply.check(&what, is_key_set);
        reply
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        let with =
            |request: RequestBuilder, (name, value): &(&str, &str)| request.header(*name, *value);
        self.send(headers.iter().fold(self.request(Method::GET, path), with)).await
    }

    /// Posts a form to the authorization service of a domain.
    pub async fn form(&self, domain: &str, endpoint: &str, fields: &[(&str, &str)]) -> Reply {
        self.send(self.form_request(domain, endpoint, fields)).await
    }

    pub fn form_request(
        &self,
        domain: &str,
        endpoint: &str,
        fields: &[(&str, &str)],
    ) -> RequestBuilder {
        self.request(Method::POST, &format!("/api/v1/{domain}/oauth2/{endpoint}"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(encoded(fields))
    }

    /// Reads below the FHIR base of a domain with an access token.
    pub async fn read(&self, domain: &str, token: &str, path: &str) -> Reply {
        let path = format!("/api/v1/{domain}/fhir/r4/{path}");
        self.get_with(&path, &[("authorization", &format!("Bearer {token}"))]).await
    }
}

/// The body of a form.
pub fn encoded(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// An answer, read whole.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: header::HeaderMap,
    pub text: String,
}

impl Reply {
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("a text"))
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect(&self.text)
    }

    /// The member of a JSON answer, a text.
    #[track_caller]
    pub fn text_of(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_else(|| panic!("{name}: {}", self.text)).to_owned()
    }

    /// Everything that a caller sees, but for what is new in every answer: the time
    /// and the id of the request.
    pub fn seen(&self) -> String {
        let mut headers: Vec<String> = self
            .headers
            .iter()
            .filter(|(name, _)| !["date", "x-request-id", "x-trace-id"].contains(&name.as_str()))
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        headers.sort();
        format!("{}\n{}\n\n{}", self.status, headers.join("\n"), self.text)
    }

    /// The refusal of RFC 6749 with this code, and no more than that.
    #[track_caller]
    pub fn is_error(&self, status: u16, code: &str) {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), Some("application/json"));
        let body = self.json();
        assert_eq!(body["error"], code, "{}", self.text);
        let known = |name: &String| ["error", "error_description"].contains(&name.as_str());
        assert!(body.as_object().unwrap().keys().all(known), "{}", self.text);
    }

    /// The one answer to all whose client authentication fails.
    #[track_caller]
    pub fn is_unknown_client(&self) {
        assert_eq!((self.status, self.text.as_str()), (401, r#"{"error":"invalid_client"}"#));
        assert_eq!(self.header("www-authenticate"), Some("Bearer"));
        assert_eq!(self.header("content-type"), Some("application/json"));
    }

    #[track_caller]
    fn check(&self, what: &str, is_key_set: bool) {
        assert!(self.status < 500, "{what}: {} {}", self.status, self.text);
        for (name, expected) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
        ] {
            assert_eq!(self.header(name), Some(expected), "{what}: {name}");
        }
        let has = |name: &str, part: &str| {
            let value = self.header(name).unwrap_or_else(|| panic!("{what}: no {name}"));
            assert!(value.contains(part), "{what}: {name}: {value}");
        };
        has("strict-transport-security", "max-age=");
        has("content-security-policy", "default-src 'none'");
        has("x-request-id", "");
        if !is_key_set || self.status != 200 {
            has("cache-control", "no-store");
        }
        for absent in ["access-control-allow-credentials", "server", "x-powered-by"] {
            assert_eq!(self.header(absent), None, "{what}: {absent}");
        }
    }
}
