//! A domain with a portal, a module, the SDK as a third client, and an identity
//! provider, each at a loopback address of its own: browsers keep cookies by host,
//! whatever the port, so that these are cross-site as they are in life.

use std::fs;
use std::path::{Path, PathBuf};

use koppeltaal_core::resource::Body;
use koppeltaal_core::{Clock, Timestamp};
use koppeltaal_store::resource::{Indexed, New, create};
use koppeltaal_store::{DatabaseUrl, Ids, Store, directory, test_support};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::child::{Child, node};
use crate::report::Report;
use crate::server::{self, Server};

pub const DOMAIN: &str = "demo";
pub const PORTAL: &str = "6d1f5a0e-5c1f-4f0f-9a53-6f1c7d3a2b01";
pub const MODULE: &str = "0e5b6f3c-8a35-4a0c-a3f1-2f6f5d1b9c02";
pub const SDK: &str = "9c1d2b44-71aa-4c5e-8f7d-52b6e0a3cd03";
/// The identifier system of the names that the identity provider knows.
const SYSTEM: &str = "https://provider.example/accounts";

/// What a test wants to be different.
#[derive(Default)]
pub struct Options {
    /// The identity provider tells no claims in the id_token but at userinfo.
    pub only_userinfo: bool,
    /// A line more for the instance of the SDK.
    pub sdk: &'static str,
}

/// All that takes part.
pub struct World {
    pub server: Server,
    /// The addresses of the module, as it says them.
    pub module: Value,
    portal: String,
    keys: PathBuf,
    folder: TempDir,
    _children: [Child; 3],
}

/// What a person does at the identity provider.
#[derive(Clone, Copy)]
pub enum SignIn {
    As(&'static str),
    Cancel,
}

/// A launch, as the portal begins it.
pub struct Launch {
    /// Claims of the launch token beyond those that are always the same.
    pub claims: Value,
    pub sign_in: SignIn,
    /// What the driver of the browser does (`launch.mjs`).
    pub variant: &'static str,
    /// Whether somebody changes the launch token on its way.
    pub tampered: bool,
}

impl Default for Launch {
    fn default() -> Self {
        let claims = json!({
            "aud": format!("Device/{MODULE}"), "sub": "Patient/robin", "resource": "Task/sleep",
        });
        Self { claims, sign_in: SignIn::As("robin"), variant: "plain", tampered: false }
    }
}

impl Launch {
    /// With a claim more in the launch token.
    pub fn claim(mut self, name: &str, value: &str) -> Self {
        self.claims[name] = value.into();
        self
    }
}

impl World {
    pub fn start() -> Self {
        Self::with(&Options::default())
    }

    pub fn with(options: &Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("keys.json");
        let made = node("keys.mjs", &[]);
        fs::write(&keys, made.to_string()).unwrap();
        let with_keys = ("KEYS", keys.to_str().unwrap());

        let (module, module_says) =
            Child::start("module.mjs", &[with_keys, ("MODULE_CLIENT_ID", MODULE)]);
        let (portal, portal_says) =
            Child::start("portal.mjs", &[with_keys, ("PORTAL_CLIENT_ID", PORTAL)]);
        let accounts = json!({
            "robin": { "email": "robin@example.nl", "email_verified": true },
            "kim": { "email": "kim@example.nl", "email_verified": true },
        });
        let only_userinfo = if options.only_userinfo { "1" } else { "0" };
        let (mut provider, provider_says) = Child::start(
            "provider.mjs",
            &[("ACCOUNTS", &accounts.to_string()), ("CLAIMS_ONLY_IN_USERINFO", only_userinfo)],
        );

        server::apply(
            folder.path(),
            &provisioning(&made, &module_says, &provider_says, options.sdk),
        );
        seed(&server::database(folder.path()));
        let server = Server::start(folder.path());
        let callback = format!("{}/api/v1/{DOMAIN}/oauth2/idp/callback", server.url);
        let ready = provider.tell(&json!({
            "client_id": "koppeltaal", "client_secret": "provider-secret",
            "redirect_uri": callback,
        }));
        assert_eq!(ready, "ready");
        Self {
            server,
            module: module_says,
            portal: text(&portal_says["url"]),
            keys,
            folder,
            _children: [module, portal, provider],
        }
    }

    /// The issuer of the domain.
    pub fn base(&self) -> String {
        format!("{}/api/v1/{DOMAIN}", self.server.url)
    }

    pub fn fhir_base(&self) -> String {
        format!("{}/fhir/r4", self.base())
    }

    /// The file with the keys of the clients.
    pub fn keys(&self) -> &str {
        self.keys.to_str().unwrap()
    }

    /// A place for files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The AuditEvents of a launch, found by the jti of its token, in order: the codes
    /// of type and subtype, the outcome, and what was done.
    pub fn trail(&self, jti: &str) -> Vec<String> {
        let said = server::json(self.folder(), &["trace", jti, "--domain", DOMAIN]);
        let rows = said.as_array().unwrap();
        let line = |row: &Value| {
            let event = &row["audit_event"];
            let kind = [&event["type"]["code"], &event["subtype"][0]["code"], &event["outcome"]];
            let [kind, subtype, outcome] = kind.map(text);
            let done = text(&event["outcomeDesc"]);
            let step = done.split_once(':').map_or("", |(step, _)| step);
            format!("{kind} {subtype} {outcome} {step}").trim_end().to_owned()
        };
        rows.iter().map(line).collect()
    }

    /// Launches the module from the portal, in Chromium.
    pub fn launch(&self, launch: &Launch) -> Report {
        let mut start = self.portal_url(&launch.claims);
        if launch.tampered {
            start.push_str("&tampered=1");
        }
        self.browse(&start, launch.sign_in, launch.variant, "launch")
    }

    /// Opens a page in Chromium and goes on from there. A picture of the last page
    /// goes to `KOPPELTAAL_TEST_SCREENSHOTS`, when that names a folder.
    pub fn browse(&self, start: &str, sign_in: SignIn, variant: &str, picture: &str) -> Report {
        let sign_in = match sign_in {
            SignIn::As(name) => json!({ "name": name, "password": "correct horse" }),
            SignIn::Cancel => "cancel".into(),
        };
        let pictures = std::env::var_os("KOPPELTAAL_TEST_SCREENSHOTS");
        let picture = pictures.map(|folder| PathBuf::from(folder).join(format!("{picture}.png")));
        let plan = json!({
            "start": start, "server": self.server.url, "sign_in": sign_in, "variant": variant,
            "screenshot": picture,
        });
        let report = Report(node("launch.mjs", &[("PLAN", &plan.to_string())]));
        assert!(report.0["failure"].is_null(), "{:#}\n{}", report.0, self.server.log());
        report
    }

    /// A launch token of the portal.
    pub fn launch_token(&self, claims: &Value) -> String {
        let url = format!("{}&token_only=1", self.portal_url(claims));
        let output = std::process::Command::new("curl").args(["-sS", &url]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    fn portal_url(&self, claims: &Value) -> String {
        let to = text(&self.module["launch_url"]);
        let (base, claims) = (self.fhir_base(), claims.to_string());
        let parameters = [("to", to.as_str()), ("iss", &base), ("claims", &claims)];
        url::Url::parse_with_params(&self.portal, parameters).unwrap().into()
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text: {value}")).to_owned()
}

fn provisioning(keys: &Value, module: &Value, provider: &Value, sdk: &str) -> String {
    format!(
        r#"
[[domain]]
name = "{DOMAIN}"
phase = "test"
allow_http_loopback = true
cors_origins = [{module_origin}]

[[application]]
id = "Portal"

[[application]]
id = "Module"

[[application]]
id = "Sdk"

[[role]]
domain = "{DOMAIN}"
name = "portal"
permissions = [
  {{ resource = "Device", operations = "R", scope = "ALL" }},
  {{ resource = "Task", operations = "CRUD", scope = "OWN" }},
  {{ resource = "Patient", operations = "R", scope = "GRANTED", granted = ["{MODULE}", "{SDK}"] }},
]

[[identity_provider]]
domain = "{DOMAIN}"
name = "provider"
discovery_url = {discovery}
client_id = "koppeltaal"
client_secret = "provider-secret"
username_claim = "email"
identifier_system = "{SYSTEM}"
default = true

[[instance]]
domain = "{DOMAIN}"
application = "Portal"
client_id = "{PORTAL}"
jwks = '{portal_jwks}'
role = "portal"
status = "approved"

[[instance]]
domain = "{DOMAIN}"
application = "Module"
client_id = "{MODULE}"
jwks_url = {module_jwks}
redirect_uris = [{redirect}]
status = "approved"

[[instance]]
domain = "{DOMAIN}"
application = "Sdk"
client_id = "{SDK}"
jwks = '{sdk_jwks}'
redirect_uris = [{sdk_redirect}]
role = "portal"
status = "approved"
{sdk}
"#,
        // JSON strings without escapes are TOML strings.
        module_origin = module["url"],
        discovery = provider["discovery_url"],
        portal_jwks = keys["portal"]["jwks"],
        module_jwks = module["jwks_url"],
        redirect = module["redirect_uri"],
        sdk_jwks = keys["sdk"]["jwks"],
        sdk_redirect = module["sdk_redirect_uri"],
    )
}

/// Puts the patients into the store, as the FHIR service will.
fn seed(database: &str) {
    let patients = [("robin", "robin@example.nl"), ("kim", "kim@example.nl")];
    let url: DatabaseUrl = database.parse().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(&url, &test_support::options()).await.unwrap();
        let directory = store.read(directory::load).await.unwrap();
        let domain = directory.domain(DOMAIN).unwrap().clone();
        let ids = Ids::take(&store).await.unwrap();
        let now: Timestamp = koppeltaal::clock::SystemClock.now();
        let scope = store.scope(&domain);
        let seeded = scope.write(move |tx| {
            for (id, name) in patients {
                let rest = format!(
                    r#""identifier":[{{"system":"{SYSTEM}","value":"{name}"}}],"active":true"#
                );
                let body = Body::new("", &rest);
                let patient = New {
                    resource_type: "Patient",
                    id,
                    origin: PORTAL,
                    body: &body,
                    indexed: &Indexed::default(),
                };
                create(tx, &ids, &patient, now)?;
            }
            Ok(())
        });
        seeded.await.unwrap();
        store.close().await;
    });
}
