//! A plain HTTP client, so that nothing of ours stands between a test and the
//! wire. Every answer is held to what holds for all answers.

use koppeltaal_fhir::{dstu1, json};
use reqwest::{Method, header};
use serde_json::Value;

use super::message::Message;
use super::setup::PASSWORD;

/// One caller: credentials and formats.
#[derive(Debug, Clone)]
pub struct Client {
    pub base: String,
    http: reqwest::Client,
    user: Option<(String, String)>,
    accept: Option<String>,
    content_type: Option<String>,
    headers: Vec<(String, String)>,
}

impl Client {
    pub fn new(http: reqwest::Client, base: &str) -> Self {
        Self {
            base: base.to_owned(),
            http,
            user: None,
            accept: Some("application/json".to_owned()),
            content_type: Some("application/json".to_owned()),
            headers: Vec::new(),
        }
    }

    pub fn user(self, user: &str) -> Self {
        self.credentials(user, PASSWORD)
    }

    pub fn credentials(mut self, user: &str, password: &str) -> Self {
        self.user = Some((user.to_owned(), password.to_owned()));
        self
    }

    /// What is accepted; `""` sends no header.
    pub fn accept(mut self, accept: &str) -> Self {
        self.accept = Some(accept.to_owned()).filter(|text| !text.is_empty());
        self
    }

    /// What bodies are; `""` sends no header.
    pub fn content_type(mut self, content_type: &str) -> Self {
        self.content_type = Some(content_type.to_owned()).filter(|text| !text.is_empty());
        self
    }

    pub fn xml(self) -> Self {
        self.accept("application/xml").content_type("application/xml")
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// `path` is a URL, an absolute path, or a path below the FHIR base.
    pub async fn call(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Answer {
        let url = if path.starts_with("http") {
            path.to_owned()
        } else if path.starts_with('/') {
            format!("{}{path}", self.base)
        } else {
            format!("{}/FHIR/Koppeltaal/{path}", self.base)
        };
        let mut request = self.http.request(method.clone(), &url);
        if let Some((user, password)) = &self.user {
            request = request.basic_auth(user, Some(password));
        }
        if let Some(accept) = &self.accept {
            request = request.header(header::ACCEPT, accept);
        }
        if let Some(content_type) = &self.content_type {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let response =
            request.send().await.unwrap_or_else(|error| panic!("{method} {url}: {error}"));
        let answer = Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        };
        if method != Method::OPTIONS && method != Method::HEAD && answer.status != 204 {
            answer.check_form(self.accept.as_deref());
        }
        answer
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: impl Into<Vec<u8>>) -> Answer {
        self.call(Method::POST, path, Some(body.into())).await
    }

    pub async fn put(&self, path: &str, body: impl Into<Vec<u8>>) -> Answer {
        self.call(Method::PUT, path, Some(body.into())).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, None).await
    }

    /// Posts a message in the format of the client.
    pub async fn send(&self, message: &Message) -> Answer {
        let text = message.json().to_string();
        let is_xml = self.content_type.as_deref().is_some_and(|ct| ct.contains("xml"));
        self.post("Mailbox", if is_xml { to_xml(&text) } else { text }).await
    }

    /// GetNextNewAndClaim.
    pub async fn claim(&self) -> Answer {
        self.claim_with("").await
    }

    /// GetNextNewAndClaim with more parameters (`&event=…`).
    pub async fn claim_with(&self, more: &str) -> Answer {
        let path = format!("MessageHeader/_search?_query=MessageHeader.GetNextNewAndClaim{more}");
        let answer = self.get(&path).await.expect(200);
        assert!(answer.link("next").is_none(), "clients would follow it: {}", answer.text);
        answer
    }

    pub async fn browse(&self, query: &str) -> Answer {
        self.get(&format!("MessageHeader/_search?{query}")).await.expect(200)
    }

    /// The complete bundle of one message.
    pub async fn by_id(&self, id: &str) -> Answer {
        let answer = self.get(&format!("MessageHeader/_search?_id={id}")).await.expect(200);
        assert!(answer.link("next").is_none(), "clients would follow it: {}", answer.text);
        answer
    }
}

/// An answer, read whole.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: header::HeaderMap,
    pub text: String,
}

impl Answer {
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The resource as JSON, also when it came as XML.
    #[track_caller]
    pub fn json(&self) -> Value {
        match self.text.starts_with('<') {
            true => from_xml(&self.text),
            false => serde_json::from_str(&self.text).expect(&self.text),
        }
    }

    /// What holds for every answer: a type that is true and was asked for, and
    /// an OperationOutcome when something is wrong.
    #[track_caller]
    fn check_form(&self, accept: Option<&str>) {
        let content_type = self.header("content-type").expect("every answer has a type").to_owned();
        let node = if content_type.starts_with("application/json") {
            json::parse(self.text.as_bytes()).expect(&self.text)
        } else {
            assert!(content_type.starts_with("application/xml"), "{content_type}: {}", self.text);
            assert!(self.text.starts_with('<') && !self.text.starts_with("<?"), "{}", self.text);
            dstu1::parse_xml(self.text.as_bytes()).expect(&self.text)
        };
        match accept {
            Some("application/json") => assert!(content_type.starts_with("application/json")),
            Some("application/xml") => assert!(content_type.starts_with("application/xml")),
            _ => {}
        }
        assert_eq!(self.header("access-control-allow-origin"), Some("*"));
        if self.status >= 400 {
            let outcome = dstu1::OperationOutcome::from_node(&node).expect(&self.text);
            assert!(outcome.issues.iter().all(|issue| !issue.details.is_empty()), "{}", self.text);
            assert!(!outcome.issues.is_empty(), "{}", self.text);
        }
    }

    /// The one issue of an OperationOutcome: type code and details.
    #[track_caller]
    pub fn issue(&self) -> (Option<String>, String) {
        let issues = self.issues();
        assert_eq!(issues.len(), 1, "{}", self.text);
        let code = issues[0]["type"]["code"].as_str().map(str::to_owned);
        (code, issues[0]["details"].as_str().unwrap().to_owned())
    }

    #[track_caller]
    pub fn issues(&self) -> Vec<Value> {
        self.json()["issue"].as_array().unwrap().clone()
    }

    /// The type code of the one issue.
    #[track_caller]
    pub fn code(&self) -> String {
        self.issue().0.unwrap_or_default()
    }

    #[track_caller]
    pub fn entries(&self) -> Vec<Value> {
        self.json()["entry"].as_array().expect("`entry` is always there").clone()
    }

    #[track_caller]
    pub fn is_empty(&self) -> bool {
        self.entries().is_empty()
    }

    pub fn link(&self, rel: &str) -> Option<String> {
        link(&self.json(), rel)
    }

    /// The MessageHeader that leads a bundle.
    #[track_caller]
    pub fn message(&self) -> Header {
        let entries = self.entries();
        Header(entries.first().unwrap_or_else(|| panic!("no message: {}", self.text)).clone())
    }

    /// The MessageHeaders of a list.
    #[track_caller]
    pub fn messages(&self) -> Vec<Header> {
        self.entries().into_iter().map(Header).collect()
    }

    /// The references that the answer to a message gives.
    #[track_caller]
    pub fn data(&self) -> Vec<String> {
        self.message().data()
    }
}

/// The entry of a MessageHeader.
#[derive(Debug, Clone)]
pub struct Header(pub Value);

impl Header {
    pub fn content(&self) -> &Value {
        &self.0["content"]
    }

    pub fn id(&self) -> String {
        self.0["id"].as_str().unwrap().to_owned()
    }

    /// The integer of the copy.
    #[track_caller]
    pub fn number(&self) -> i64 {
        self.id().rsplit('/').next().unwrap().parse().unwrap()
    }

    #[track_caller]
    pub fn self_link(&self) -> String {
        link(&self.0, "self").unwrap()
    }

    pub fn identifier(&self) -> String {
        self.content()["identifier"].as_str().unwrap().to_owned()
    }

    pub fn event(&self) -> String {
        self.content()["event"]["code"].as_str().unwrap().to_owned()
    }

    pub fn data(&self) -> Vec<String> {
        let data = self.content()["data"].as_array().cloned().unwrap_or_default();
        data.iter().map(|d| d["reference"].as_str().unwrap().to_owned()).collect()
    }

    #[track_caller]
    pub fn status(&self) -> String {
        self.status_part("ProcessingStatusStatus", "valueCode").unwrap()
    }

    pub fn exception(&self) -> Option<String> {
        self.status_part("ProcessingStatusException", "valueString")
    }

    pub fn status_part(&self, name: &str, value: &str) -> Option<String> {
        let status = extension(self.content(), "MessageHeader#ProcessingStatus")?;
        let part = extension(&status, &format!("MessageHeader#{name}"))?;
        part[value].as_str().map(str::to_owned)
    }

    pub fn is_expired(&self) -> bool {
        extension(self.content(), "MessageHeader#IsExpired").unwrap()["valueBoolean"]
            .as_bool()
            .unwrap()
    }

    /// The header as a client sends it back with another status.
    pub fn with_status(&self, status: &str) -> String {
        self.with_status_and(status, None)
    }

    pub fn with_status_and(&self, status: &str, exception: Option<&str>) -> String {
        let mut header = self.content().clone();
        let extensions = header["extension"].as_array_mut().unwrap();
        let is_status =
            |e: &&mut Value| e["url"].as_str() == Some(&kt("MessageHeader#ProcessingStatus"));
        let parts = &mut extensions.iter_mut().find(is_status).unwrap()["extension"];
        parts[0]["valueCode"] = status.into();
        if let Some(exception) = exception {
            let part = serde_json::json!({
                "url": kt("MessageHeader#ProcessingStatusException"),
                "valueString": exception,
            });
            parts.as_array_mut().unwrap().push(part);
        }
        header.to_string()
    }
}

/// A name of the Koppeltaal namespace.
pub fn kt(name: &str) -> String {
    format!("http://ggz.koppeltaal.nl/fhir/Koppeltaal/{name}")
}

/// The extension of a resource with this Koppeltaal name.
pub fn extension(resource: &Value, name: &str) -> Option<Value> {
    let extensions = resource["extension"].as_array()?;
    extensions.iter().find(|e| e["url"].as_str() == Some(&kt(name))).cloned()
}

pub fn link(owner: &Value, rel: &str) -> Option<String> {
    let links = owner["link"].as_array()?;
    let link = links.iter().find(|link| link["rel"] == rel)?;
    Some(link["href"].as_str()?.to_owned())
}

/// JSON as a sender of XML writes it.
pub fn to_xml(text: &str) -> String {
    dstu1::render_xml(&json::parse(text.as_bytes()).unwrap())
}

#[track_caller]
pub fn from_xml(text: &str) -> Value {
    let node = dstu1::parse_xml(text.as_bytes()).expect(text);
    serde_json::from_str(&json::render(&node)).unwrap()
}
