//! A running server with a domain of Koppeltaal 2.0 and one application that may do
//! everything there.

use std::path::{Path, PathBuf};

use koppeltaal_client::kt2::{
    Algorithm, Authorization, KeyKind, Options, PrivateKey, Signer, jwks,
};
use reqwest::{Method, Response};
use serde_json::Value;

use crate::world::{Engine, Server, World};

/// The application.
pub const CLIENT: &str = "6d1f5a0e-5c1f-4f0f-9a53-6f1c7d3a2b01";
/// The name of its key.
pub const KID: &str = "the-key-of-the-tests";
const DOMAIN: &str = "demo";

/// The server and the application.
pub struct Place {
    pub server: Server,
    world: World,
    token: String,
    http: reqwest::Client,
}

impl Place {
    pub async fn open(engine: Engine) -> Self {
        let key = PrivateKey::generate(KeyKind::Rsa2048).unwrap();
        let world = World::with(engine, &provisioning(&key)).await;
        world.file("private.pem", &key.private_pem().unwrap());
        world.file("public.pem", &key.public_pem().unwrap());
        let server = world.serve();
        let signer = Signer::new(key).with_algorithm(Algorithm::Rs512).unwrap().with_kid(KID);
        let base = format!("{}/api/v1/{DOMAIN}/fhir/r4", server.url);
        let service = Authorization::discover(&base, CLIENT, signer, &Options::default()).await;
        let token = service.unwrap().new_token("").await.unwrap().secret().to_owned();
        Self { server, world, token, http: reqwest::Client::new() }
    }

    /// The issuer of the domain.
    pub fn base(&self) -> String {
        format!("{}/api/v1/{DOMAIN}", self.server.url)
    }

    pub fn fhir_base(&self) -> String {
        format!("{}/fhir/r4", self.base())
    }

    /// An access token, good for five minutes.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// A folder for files; the key of the application is there.
    pub fn folder(&self) -> &Path {
        self.world.folder()
    }

    /// A new folder for files.
    pub fn new_folder(&self, name: &str) -> PathBuf {
        let folder = self.folder().join(name);
        std::fs::create_dir(&folder).unwrap();
        folder
    }

    /// Asks the FHIR service; the path is below its base or a whole URL.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        accept: &str,
        body: Option<&Value>,
    ) -> Response {
        let url = match path.starts_with("http") {
            true => path.to_owned(),
            false => format!("{}/{path}", self.fhir_base()),
        };
        let mut request = self.http.request(method, url).bearer_auth(&self.token);
        request = request.header("Accept", accept);
        if let Some(body) = body {
            request =
                request.header("Content-Type", "application/fhir+json").body(body.to_string());
        }
        request.send().await.unwrap()
    }

    /// Creates a resource; gives it as it is stored.
    pub async fn created(&self, body: &Value) -> Value {
        let kind = body["resourceType"].as_str().unwrap();
        let answer = self.ask(Method::POST, kind, "application/fhir+json", Some(body)).await;
        let status = answer.status();
        let said: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        assert_eq!(status, 201, "{kind}: {said:#}");
        said
    }

    /// Updates a resource in the version that is at hand.
    pub async fn updated(&self, resource: &Value) {
        let tag = format!("W/{}", resource["meta"]["versionId"]);
        let request = self.http.put(format!("{}/{}", self.fhir_base(), reference(resource)));
        let request = request.bearer_auth(&self.token).header("If-Match", tag);
        let request = request.header("Content-Type", "application/fhir+json");
        let answer = request.body(resource.to_string()).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    }
}

/// The reference to a stored resource.
pub fn reference(resource: &Value) -> String {
    let text = |name: &str| resource[name].as_str().unwrap();
    format!("{}/{}", text("resourceType"), text("id"))
}

fn provisioning(key: &PrivateKey) -> String {
    let jwks = jwks([key.public_jwk(KID)]);
    format!(
        r#"
[[domain]]
name = "{DOMAIN}"
phase = "test"
allow_http_loopback = true

[[application]]
id = "Platform"

[[role]]
domain = "{DOMAIN}"
name = "everything"
permissions = [{{ resource = "*", operations = "CRUD", scope = "ALL" }}]

[[instance]]
domain = "{DOMAIN}"
application = "Platform"
client_id = "{CLIENT}"
jwks = '{jwks}'
role = "everything"
status = "approved"
"#
    )
}
