//! The program, serving https with a throw-away certificate and one domain.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use tempfile::TempDir;

pub const DOMAIN: &str = "PythonAdapterTesting";
pub const PASSWORD: &str = "Pass:w0rd with spaces";

const PROVISIONING: &str = r#"
[[domain]]
name = "PythonAdapterTesting"
phase = "test"
claim_timeout = "2s"           # what a client leaves comes back soon

[[application]]
id = "Portaal"
application_roles = ["PatientPortal"]

[[application]]
id = "Slaapmodule"
application_roles = ["Game"]
events = [
  "CreateOrUpdatePatient", "CreateOrUpdatePractitioner", "CreateOrUpdateRelatedPerson",
  "CreateOrUpdateCarePlan", "UpdateCarePlanActivityStatus",
  "CreateOrUpdateCarePlanActivityResult", "CreateOrUpdateUserMessage",
  "CreateOrUpdateActivityDefinition",
]

# What the live suite of the connector launches.
[[application]]
id = "MindDistrict"
launch_url = "https://example.com/launch"
redirect_policy = "any"
refresh_tokens = true
oauth_secret = "oauth:s3cret"

[[instance]]
domain = "PythonAdapterTesting"
application = "MindDistrict"
username = "minddistrict"
password = "Pass:w0rd with spaces"

[[instance]]
domain = "PythonAdapterTesting"
application = "Portaal"
username = "portal"
password = "Pass:w0rd with spaces"

[[instance]]
domain = "PythonAdapterTesting"
application = "Slaapmodule"
username = "game"
password = "Pass:w0rd with spaces"
"#;

/// The running program; it ends with this value.
pub struct Server {
    pub url: String,
    pub port: u16,
    folder: TempDir,
    child: Child,
}

impl Server {
    /// Starts the program, as `host` or under its own address.
    pub fn start(host: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        certificates(&folder, host);
        fs::write(folder.path().join("domain.toml"), PROVISIONING).unwrap();
        let applied = program(&folder).args(["apply", "domain.toml"]).output().unwrap();
        assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
        let mut command = program(&folder);
        command
            .args(["serve", "--listen", "127.0.0.1:0"])
            .env("KOPPELTAAL_TLS_CERTIFICATE", folder.path().join("server.pem"))
            .env("KOPPELTAAL_TLS_KEY", folder.path().join("server.key"))
            .stdout(Stdio::piped())
            .stderr(fs::File::create(folder.path().join("log")).unwrap());
        if let Some(host) = host {
            command.args(["--public-url", &format!("https://{host}")]);
        }
        let mut child = command.spawn().unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        let mut server = Self { url: String::new(), port: 0, folder, child };
        let listening =
            said.lines().map_while(Result::ok).find(|line| line.starts_with("listening "));
        let listening = listening.unwrap_or_else(|| panic!("not started:\n{}", server.log()));
        let url = listening.split([' ', ',']).nth(1).unwrap();
        url.clone_into(&mut server.url);
        server.port = url.rsplit(':').next().unwrap().parse().unwrap();
        server
    }

    /// The file with what clients are to trust.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The errors that the program logged so far.
    pub fn log(&self) -> String {
        let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        let told = |line: &&str| line.contains(" ERROR ");
        log.lines().filter(told).map(|line| format!("{line}\n")).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program(folder: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_koppeltaal"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("KOPPELTAAL_") {
            command.env_remove(name);
        }
    }
    command.current_dir(folder.path()).stdin(Stdio::null());
    command
}

/// An authority of one's own and a certificate of it, as strict clients want them.
fn certificates(folder: &TempDir, host: Option<&str>) {
    let write = |name: &str, text: String| fs::write(folder.path().join(name), text).unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.distinguished_name.push(DnType::CommonName, "Test authority");
    let key = KeyPair::generate().unwrap();
    write("ca.pem", params.self_signed(&key).unwrap().pem());
    let authority = Issuer::new(params, key);

    let names = ["127.0.0.1", "localhost"].into_iter().chain(host).map(str::to_owned);
    let mut params = CertificateParams::new(names.collect::<Vec<_>>()).unwrap();
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let key = KeyPair::generate().unwrap();
    write("server.pem", params.signed_by(&key, &authority).unwrap().pem());
    write("server.key", key.serialize_pem());
}
