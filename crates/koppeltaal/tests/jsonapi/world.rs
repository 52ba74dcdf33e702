//! Administrators of the three roles, and a client that holds every answer to what
//! JSON:API says of all answers.

use koppeltaal_auth::administrator::{digest, generate, hash_new};
use koppeltaal_core::administrator::{Rights, Role};
use koppeltaal_store::administrator::{NewAccount, NewToken, create, create_token};
use koppeltaal_store::directory::Author;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::TestApp;

/// The password of every account.
pub const PASSWORD: &str = "een-lang-wachtwoord-42";

pub fn author(app: &TestApp) -> Author {
    Author { agent: "test".to_owned(), recorded: app.now(), request_id: None }
}

/// A client with a token of a role.
pub async fn admin(app: &TestApp, role: Role, names: &[&str]) -> Admin {
    let rights = Rights::new(role, names.iter().map(|name| (*name).to_owned())).unwrap();
    let generated = generate("kta_");
    let new = NewToken {
        digest: digest(&generated.secret),
        name: format!("{}-{}", role.code(), names.join("-")),
        rights,
        account: None,
        expires: None,
    };
    let (ids, author) = (app.ids().await, author(app));
    app.store().write(move |tx| create_token(tx, &ids, &new, &author)).await.unwrap();
    anyone(app).token(&generated.secret)
}

pub async fn system(app: &TestApp) -> Admin {
    admin(app, Role::System, &[]).await
}

/// An account; its number.
pub async fn account(app: &TestApp, login: &str, rights: Rights) -> i64 {
    let new = NewAccount {
        login: login.to_owned(),
        name: Some(format!("Name of {login}")),
        email: Some(format!("{login}@example.org")),
        rights,
        password_hash: Some(hash_new(PASSWORD, login, None).unwrap()),
        totp: None,
    };
    let (ids, author) = (app.ids().await, author(app));
    app.store().write(move |tx| create(tx, &ids, &new, &author)).await.unwrap()
}

/// A client that signs in with the password of an account.
pub fn user(app: &TestApp, login: &str) -> Admin {
    Admin { basic: Some((login.to_owned(), PASSWORD.to_owned())), ..anyone(app) }
}

/// A client without credentials.
pub fn anyone(app: &TestApp) -> Admin {
    Admin {
        base: app.server.public_url.clone(),
        http: reqwest::Client::new(),
        token: None,
        basic: None,
    }
}

#[derive(Debug, Clone)]
pub struct Admin {
    pub base: String,
    pub http: reqwest::Client,
    token: Option<String>,
    basic: Option<(String, String)>,
}

impl Admin {
    fn token(self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self }
    }

    pub fn password(mut self, password: &str) -> Self {
        if let Some((_, known)) = &mut self.basic {
            *known = password.to_owned();
        }
        self
    }

    /// A request with credentials; `path` is below the API or a whole URL.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = match path.starts_with("http") {
            true => path.to_owned(),
            false => format!("{}/jsonapi/Koppeltaal/{path}", self.base),
        };
        let mut request = self.http.request(method, url);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some((login, password)) = &self.basic {
            request = request.basic_auth(login, Some(password));
        }
        request
    }

    pub async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = self.request(method, path).header("accept", "application/vnd.api+json");
        if let Some(body) = body {
            request =
                request.header("content-type", "application/vnd.api+json").body(body.to_string());
        }
        Answer::of(request.send().await.unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub async fn post(&self, of: &str, attributes: Value, relationships: Value) -> Answer {
        let data = json!({ "type": of, "attributes": attributes, "relationships": relationships });
        self.send(Method::POST, of, Some(json!({ "data": data }))).await
    }

    pub async fn patch(&self, of: &str, id: &str, attributes: Value) -> Answer {
        self.patch_version(of, id, None, attributes).await
    }

    pub async fn patch_version(
        &self,
        of: &str,
        id: &str,
        version: Option<&str>,
        attributes: Value,
    ) -> Answer {
        let mut data = json!({ "type": of, "id": id, "attributes": attributes });
        if let Some(version) = version {
            data["meta"] = json!({ "version": version });
        }
        self.send(Method::PATCH, &format!("{of}/{id}"), Some(json!({ "data": data }))).await
    }

    pub async fn delete(&self, of: &str, id: &str) -> Answer {
        self.send(Method::DELETE, &format!("{of}/{id}"), None).await
    }

    /// The one resource of a type that a filter leaves.
    pub async fn one(&self, of: &str, filter: &str) -> Value {
        let answer = self.get(&format!("{of}?{filter}")).await.expect(200);
        let rows = answer.rows();
        assert_eq!(rows.len(), 1, "{of} {filter}: {}", answer.text);
        rows[0].clone()
    }

    /// The id of it.
    pub async fn id(&self, of: &str, filter: &str) -> String {
        self.one(of, filter).await["id"].as_str().unwrap().to_owned()
    }
}

/// A relationship to one resource.
pub fn to(of: &str, id: &str) -> Value {
    json!({ "data": { "type": of, "id": id } })
}

#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Answer {
    pub async fn of(response: reqwest::Response) -> Self {
        let answer = Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        };
        answer.check_form();
        answer
    }

    /// What holds for every answer.
    #[track_caller]
    fn check_form(&self) {
        assert_eq!(self.headers["koppeltaal-api-version"], "1", "{}", self.text);
        if self.status == 204 {
            assert!(self.text.is_empty());
            return;
        }
        assert_eq!(self.headers["content-type"], "application/vnd.api+json", "{}", self.text);
        let document = self.json();
        assert_eq!(document["jsonapi"]["version"], "1.0");
        assert_eq!(self.status >= 400, document.get("errors").is_some(), "{}", self.text);
        assert_ne!(document.get("data").is_some(), document.get("errors").is_some());
        for error in document["errors"].as_array().into_iter().flatten() {
            assert!(error["title"].as_str().is_some_and(|title| !title.is_empty()));
            assert!(error["status"].is_string());
        }
        let data = &document["data"];
        let rows = data.as_array().cloned().unwrap_or_else(|| vec![data.clone()]);
        for row in rows.iter().filter(|row| row.is_object()) {
            assert!(row["type"].is_string() && row["id"].is_string(), "{row}");
        }
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect(&self.text)
    }

    #[track_caller]
    pub fn data(&self) -> Value {
        self.json()["data"].clone()
    }

    #[track_caller]
    pub fn id(&self) -> String {
        self.data()["id"].as_str().expect(&self.text).to_owned()
    }

    #[track_caller]
    pub fn version(&self) -> String {
        self.data()["meta"]["version"].as_str().expect(&self.text).to_owned()
    }

    #[track_caller]
    pub fn rows(&self) -> Vec<Value> {
        self.data().as_array().expect(&self.text).clone()
    }

    /// The values of an attribute of all rows.
    #[track_caller]
    pub fn values(&self, name: &str) -> Vec<Value> {
        self.rows().iter().map(|row| row["attributes"][name].clone()).collect()
    }

    #[track_caller]
    pub fn attribute(&self, name: &str) -> Value {
        self.data()["attributes"][name].clone()
    }

    pub fn errors(&self) -> Vec<Value> {
        self.json()["errors"].as_array().expect(&self.text).clone()
    }

    pub fn total(&self) -> u64 {
        self.json()["meta"]["page"]["total-records"].as_u64().unwrap()
    }
}
