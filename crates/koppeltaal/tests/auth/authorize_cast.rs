//! Who takes part in the launches: a portal, modules in every state, people, and a
//! second domain.

use std::collections::HashMap;
use std::sync::Mutex;

use koppeltaal_auth::SealKey;
use koppeltaal_auth::seal::DEVELOPMENT_KEY;
use koppeltaal_client::kt2::{KeyKind, PrivateKey, Signer, jwks};
use koppeltaal_core::directory::{
    Application, Domain, IdentityProvider, Instance, InstanceStatus, Phase,
};

use crate::provider::{CLIENT, SECRET};
use crate::support::setup::Setup;

/// The domain of the launches.
pub const ZORG: &str = "zorg";
/// Another domain.
pub const ELDERS: &str = "elders";
/// Where `module` wants the browser back.
pub const BACK: &str = "https://module.example/terug";
/// Another place of `module`, with a query of its own.
pub const BACK_WITH_QUERY: &str = "https://module.example/terug?van=koppeltaal";
/// A place that is registered for the application of `module`.
pub const BACK_OF_APPLICATION: &str = "https://toepassing.example/terug";
/// The identifier system of the people.
pub const SYSTEM: &str = "https://zorg.example/mail";
/// The PKCE verifier of every launch.
pub const VERIFIER: &str = "een-geheim-van-de-module-dat-lang-genoeg-is-0123";
/// The state of every launch.
pub const STATE: &str = "toestand van de module & meer";

pub const PATIENT: &str = "Patient/p1";
pub const PRACTITIONER: &str = "Practitioner/d1";
pub const RELATED: &str = "RelatedPerson/r1";
/// Those who sign in.
pub const PEOPLE: [&str; 3] = [PATIENT, PRACTITIONER, RELATED];

/// Under which name somebody signs in.
pub fn email(user: &str) -> String {
    format!("{}@zorg.example", user.replace('/', "."))
}

/// The key of a client, the same in all tests.
pub fn signer(client: &str) -> Signer {
    static KEYS: Mutex<Option<HashMap<String, Signer>>> = Mutex::new(None);
    let mut keys = KEYS.lock().unwrap();
    let new = || Signer::new(PrivateKey::generate(KeyKind::P256).unwrap()).with_kid(client);
    keys.get_or_insert_default().entry(client.to_owned()).or_insert_with(new).clone()
}

/// Who takes part.
pub fn everybody(issuer: &str) -> Setup {
    let mut setup = Setup::empty();
    for name in [ZORG, ELDERS] {
        setup.domains.push(Domain {
            name: name.to_owned(),
            phase: Phase::Test,
            allow_http_loopback: true,
            fhir_alias: (name == ZORG).then(|| "/fhir/DEFAULT".to_owned()),
            ..Domain::default()
        });
        setup.identity_providers.push(IdentityProvider {
            identifier_system: Some(SYSTEM.to_owned()),
            default: true,
            ..identity_provider(name, "huis", issuer)
        });
    }
    for (client, domain) in [
        ("portal", ZORG),
        ("module", ZORG),
        ("other", ZORG),
        ("pending", ZORG),
        ("rejected", ZORG),
        ("off", ZORG),
        ("foreign", ELDERS),
    ] {
        join(&mut setup, client, domain);
    }
    setup.instance("module").redirect_uris = [BACK, BACK_WITH_QUERY].map(str::to_owned).to_vec();
    setup.application("app-module").redirect_uris = vec![BACK_OF_APPLICATION.to_owned()];
    setup.instance("pending").status = InstanceStatus::Pending;
    setup.instance("rejected").status = InstanceStatus::Rejected;
    setup.instance("off").active = Some(false);
    setup
}

/// An identity provider at this address.
pub fn identity_provider(domain: &str, name: &str, issuer: &str) -> IdentityProvider {
    let seal = SealKey::parse(DEVELOPMENT_KEY).unwrap();
    IdentityProvider {
        domain: domain.to_owned(),
        name: name.to_owned(),
        discovery_url: issuer.to_owned(),
        client_id: CLIENT.to_owned(),
        client_secret: Some(seal.seal(SECRET).unwrap()),
        ..IdentityProvider::default()
    }
}

fn join(setup: &mut Setup, client: &str, domain: &str) {
    let application = format!("app-{client}");
    setup.applications.push(Application { id: application.clone(), ..Application::default() });
    setup.instances.push(Instance {
        domain: domain.to_owned(),
        application,
        username: Some(client.to_owned()),
        client_id: uuid::Uuid::new_v4().to_string(),
        jwks: Some(jwks([signer(client).key().public_jwk(client)]).to_string()),
        redirect_uris: vec![format!("https://{client}.example/terug")],
        ..Instance::default()
    });
}
