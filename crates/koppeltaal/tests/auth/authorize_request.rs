//! What a module asks, and what the browser is answered: put together and taken
//! apart without any help of the code under test.

use std::collections::HashMap;

use reqwest::header::HeaderMap;
use serde_json::Value;
use url::form_urlencoded::{Serializer, parse};

/// The parameters of a request, in order.
#[derive(Debug, Clone, Default)]
pub struct Request(Vec<(String, String)>);

impl Request {
    pub fn of(parameters: &[(&str, &str)]) -> Self {
        parameters.iter().fold(Self::default(), |request, (name, value)| request.also(name, value))
    }

    /// With another value.
    pub fn set(self, name: &str, value: &str) -> Self {
        self.without(name).also(name, value)
    }

    pub fn without(mut self, name: &str) -> Self {
        self.0.retain(|(known, _)| known != name);
        self
    }

    /// With one parameter more, perhaps once more.
    pub fn also(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The names of the parameters.
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(|(name, _)| name.clone()).collect()
    }

    pub fn encoded(&self) -> String {
        Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }
}

/// An answer, read whole.
#[derive(Debug, Clone)]
pub struct Response {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Response {
    pub async fn of(response: reqwest::Response) -> Self {
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        }
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{:?} {}", self.headers, self.text);
        self
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect(&self.text)
    }

    /// The error code of a JSON answer with status 400.
    #[track_caller]
    pub fn error(self) -> String {
        let json = self.expect(400).json();
        json["error"].as_str().unwrap().to_owned()
    }

    /// The parameters that the module is sent at `uri`, besides those of its own.
    #[track_caller]
    pub fn told_at(&self, uri: &str) -> HashMap<String, String> {
        assert_eq!(self.status, 302, "{}", self.text);
        let location = self.header("location");
        let rest = location.strip_prefix(uri).unwrap_or_else(|| panic!("elsewhere: {location}"));
        let separator = if uri.contains('?') { '&' } else { '?' };
        let query = rest.strip_prefix(separator).unwrap_or_else(|| panic!("{location}"));
        parse(query.as_bytes()).into_owned().collect()
    }

    /// The parameters that the module is sent.
    #[track_caller]
    pub fn told(&self) -> HashMap<String, String> {
        self.told_at(crate::authorize_world::BACK)
    }

    /// The error that the module is told, with its own state and nothing else.
    #[track_caller]
    pub fn told_error(&self) -> String {
        let mut told = self.told();
        let state = told.remove("state");
        assert_eq!(state.as_deref(), Some(crate::authorize_world::STATE), "{told:?}");
        let error = told.remove("error").unwrap_or_else(|| panic!("no error: {told:?}"));
        assert!(!told.contains_key("code"), "{told:?}");
        assert!(self.begins_no_login());
        error
    }

    /// The code that the module is sent, with its own state and nothing else.
    #[track_caller]
    pub fn code(&self) -> String {
        let mut told = self.told();
        let code = told.remove("code").unwrap_or_else(|| panic!("no code: {told:?}"));
        assert_eq!(told.remove("state").as_deref(), Some(crate::authorize_world::STATE));
        assert!(told.is_empty(), "{told:?}");
        code
    }

    /// Whether the answer begins no login: at most it takes the cookie of one away.
    pub fn begins_no_login(&self) -> bool {
        let mut cookies = self.headers.get_all("set-cookie").iter();
        cookies.all(|cookie| cookie.to_str().unwrap().contains("=; "))
    }

    /// The login that has begun.
    #[track_caller]
    pub fn login(self) -> Login {
        assert_eq!(self.status, 302, "{}", self.text);
        let set_cookie = self.header("set-cookie").to_owned();
        let location = self.header("location").to_owned();
        assert!(!set_cookie.is_empty(), "no login: {location}");
        Login { location, set_cookie }
    }

    /// A page for the person in front of the browser, which sends nobody anywhere.
    #[track_caller]
    pub fn page(&self, status: u16) {
        assert_eq!(self.status, status, "{:?} {}", self.headers, self.text);
        assert_eq!(self.header("content-type"), "text/html; charset=utf-8");
        assert!(!self.headers.contains_key("location"), "{:?}", self.headers);
        assert!(self.begins_no_login(), "{:?}", self.headers);
        assert!(!self.headers.contains_key("refresh"), "{:?}", self.headers);
        let request_id = self.header("x-request-id");
        assert!(!request_id.is_empty() && self.text.contains(request_id), "{}", self.text);
    }
}

/// A login that has begun: the browser is at the provider.
#[derive(Debug, Clone)]
pub struct Login {
    pub location: String,
    pub set_cookie: String,
}

impl Login {
    /// Name and value of the cookie, as a browser sends it.
    pub fn cookie(&self) -> &str {
        self.set_cookie.split(';').next().unwrap()
    }

    /// The state that the provider was given.
    pub fn state(&self) -> String {
        let (_, query) = self.location.split_once('?').unwrap();
        let found = parse(query.as_bytes()).find(|(name, _)| name == "state");
        found.unwrap().1.into_owned()
    }
}
