//! Who takes part: domain D with A and B (1.3.5, everything), C (1.3.3,
//! everything) and N (nothing); domain E with X. A test changes what it needs.

use std::sync::OnceLock;

use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, Version};
use koppeltaal_core::Timestamp;
use koppeltaal_core::directory::{
    Application, Directory, Domain, IdentityProvider, Instance, Phase, Role,
};
use koppeltaal_core::event::Event;
use koppeltaal_store::directory::{Author, Change, Item, change, load};
use koppeltaal_store::{Ids, Store, Tx};

/// The password of every instance.
pub const PASSWORD: &str = "s3cret:with:colons";
/// The name of domain D.
pub const D: &str = "Domein D";
/// The name of domain E.
pub const E: &str = "domein-e";

/// What is provisioned before the server starts.
#[derive(Debug, Clone)]
pub struct Setup {
    pub domains: Vec<Domain>,
    pub applications: Vec<Application>,
    pub roles: Vec<Role>,
    pub identity_providers: Vec<IdentityProvider>,
    pub instances: Vec<Instance>,
}

impl Default for Setup {
    fn default() -> Self {
        let mut setup = Self::empty();
        for name in [D, E] {
            setup.domains.push(Domain {
                name: name.to_owned(),
                phase: Phase::Test,
                allow_http_loopback: true,
                ..Domain::default()
            });
        }
        for (user, domain, events) in [
            ("a", D, Event::ALL),
            ("b", D, Event::ALL),
            ("c", D, Event::ALL),
            ("n", D, &[]),
            ("x", E, Event::ALL),
        ] {
            setup.join(user, domain, events);
        }
        setup.instance("c").api_version = "1.3.3".parse().unwrap();
        setup
    }
}

impl Setup {
    /// Nobody.
    pub fn empty() -> Self {
        Self {
            domains: Vec::new(),
            applications: Vec::new(),
            roles: Vec::new(),
            identity_providers: Vec::new(),
            instances: Vec::new(),
        }
    }

    /// Adds an application and its instance in a domain.
    pub fn join(&mut self, user: &str, domain: &str, events: &[Event]) {
        let id = format!("App{}", user.to_uppercase());
        self.applications.push(Application {
            id: id.clone(),
            title: Some(format!("Application {user}")),
            application_roles: vec!["Game".to_owned()],
            events: events.to_vec(),
            ..Application::default()
        });
        self.instances.push(instance(user, &id, domain));
    }

    /// Adds an instance of an application that is there.
    pub fn join_too(&mut self, user: &str, application: &str, domain: &str) {
        self.instances.push(instance(user, application, domain));
    }

    pub fn domain(&mut self, name: &str) -> &mut Domain {
        self.domains.iter_mut().find(|domain| domain.name == name).unwrap()
    }

    pub fn application(&mut self, id: &str) -> &mut Application {
        self.applications.iter_mut().find(|application| application.id == id).unwrap()
    }

    pub fn instance(&mut self, user: &str) -> &mut Instance {
        self.instances.iter_mut().find(|i| i.username.as_deref() == Some(user)).unwrap()
    }

    /// Writes all of it into an empty store.
    pub async fn write(self, store: &Store) -> Directory {
        let items = (self.domains.into_iter().map(Item::Domain))
            .chain(self.applications.into_iter().map(Item::Application))
            .chain(self.roles.into_iter().map(Item::Role))
            .chain(self.identity_providers.into_iter().map(Item::IdentityProvider))
            .chain(self.instances.into_iter().map(Item::Instance));
        let changes: Vec<Change> =
            items.map(|item| Change { item, summary: "set up".to_owned() }).collect();
        let author = Author { agent: "test".to_owned(), recorded: Timestamp(0), request_id: None };
        let ids = Ids::take(store).await.unwrap();
        let catalogs = koppeltaal_kt2::Catalogs::default();
        let write = move |tx: &mut dyn Tx| change(tx, &ids, &catalogs, 0, &changes, &author);
        store.write(write).await.unwrap().unwrap();
        store.read(load).await.unwrap()
    }
}

fn instance(user: &str, application: &str, domain: &str) -> Instance {
    Instance {
        domain: domain.to_owned(),
        application: application.to_owned(),
        username: Some(user.to_owned()),
        password_hash: Some(hash().to_owned()),
        client_id: uuid::Uuid::new_v4().to_string(),
        ..Instance::default()
    }
}

/// One hash for all, with the least work that argon2 knows.
fn hash() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| {
        let params = Params::new(8, 1, 1, None).unwrap();
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon2.hash_password(PASSWORD.as_bytes()).unwrap().to_string()
    })
}
