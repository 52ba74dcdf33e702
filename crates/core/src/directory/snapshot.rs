//! The directory as a process has it in memory: looked up on every request,
//! replaced whole when the stored one changes.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Application, Domain, IdentityProvider, Instance, InstanceStatus, Role};
use crate::event::Event;

/// An instance with the application and the domain it connects.
#[derive(Debug, Clone)]
pub struct ConnectedInstance {
    /// The instance.
    pub instance: Instance,
    /// Its application.
    pub application: Arc<Application>,
    /// Its domain.
    pub domain: Arc<Domain>,
}

impl ConnectedInstance {
    /// Whether it takes part: it, its application and its domain are switched
    /// on, and it is approved.
    pub fn takes_part(&self) -> bool {
        self.domain.active
            && self.application.active
            && self.instance.is_active()
            && self.instance.status == InstanceStatus::Approved
    }

    /// Its subscriptions: its own, or else those of its application.
    pub fn events(&self) -> &[Event] {
        self.instance.events.as_deref().unwrap_or(&self.application.events)
    }

    /// The name by which people know it.
    pub fn name(&self) -> &str {
        self.instance.username.as_deref().unwrap_or(&self.instance.client_id)
    }
}

/// The versions of rows, by number, in units of 100 ns since 1970.
#[derive(Debug, Default)]
pub struct Stamps {
    /// Of domains.
    pub domains: HashMap<i64, i64>,
    /// Of applications.
    pub applications: HashMap<i64, i64>,
    /// Of instances.
    pub instances: HashMap<i64, i64>,
}

/// Everything provisioned, at one version of the stored directory.
#[derive(Debug, Default)]
pub struct Directory {
    /// The version of the stored directory this was read from.
    pub version: i64,
    /// The version of each row.
    pub stamps: Stamps,
    domains: Vec<Arc<Domain>>,
    applications: Vec<Arc<Application>>,
    roles: Vec<Role>,
    identity_providers: Vec<IdentityProvider>,
    instances: Vec<Arc<ConnectedInstance>>,
    by_name: HashMap<String, Arc<Domain>>,
    /// Places in `roles`, by domain and name.
    by_role: HashMap<String, HashMap<String, usize>>,
    by_username: HashMap<String, Arc<ConnectedInstance>>,
    by_client_id: HashMap<String, Arc<ConnectedInstance>>,
    by_number: HashMap<i64, Arc<ConnectedInstance>>,
    by_domain: HashMap<i64, Vec<Arc<ConnectedInstance>>>,
    recipients: HashMap<(i64, Event), Vec<Arc<ConnectedInstance>>>,
}

impl Directory {
    /// Puts the parts together. Instances whose domain or application is
    /// missing are left out.
    pub fn new(
        version: i64,
        domains: Vec<Domain>,
        applications: Vec<Application>,
        roles: Vec<Role>,
        identity_providers: Vec<IdentityProvider>,
        instances: Vec<Instance>,
    ) -> Self {
        let domains: Vec<_> = domains.into_iter().map(Arc::new).collect();
        let applications: Vec<_> = applications.into_iter().map(Arc::new).collect();
        let by_name = domains.iter().map(|d: &Arc<Domain>| (d.name.clone(), d.clone())).collect();
        let mut by_role: HashMap<String, HashMap<String, usize>> = HashMap::new();
        for (at, role) in roles.iter().enumerate() {
            by_role.entry(role.domain.clone()).or_default().insert(role.name.clone(), at);
        }
        let mut directory = Self {
            version,
            domains,
            applications,
            roles,
            identity_providers,
            by_name,
            by_role,
            ..Self::default()
        };
        for instance in instances {
            let domain = directory.domain(&instance.domain).cloned();
            let application = directory.application(&instance.application).cloned();
            if let (Some(domain), Some(application)) = (domain, application) {
                directory.connect(ConnectedInstance { instance, application, domain });
            }
        }
        directory
    }

    fn connect(&mut self, instance: ConnectedInstance) {
        let instance = Arc::new(instance);
        if let Some(username) = &instance.instance.username {
            self.by_username.insert(username.clone(), instance.clone());
        }
        self.by_client_id.insert(instance.instance.client_id.clone(), instance.clone());
        self.by_number.insert(instance.instance.number, instance.clone());
        self.by_domain.entry(instance.domain.number).or_default().push(instance.clone());
        if instance.takes_part() {
            for event in instance.events() {
                let list = self.recipients.entry((instance.domain.number, *event)).or_default();
                if !list.iter().any(|known| known.instance.number == instance.instance.number) {
                    list.push(instance.clone());
                }
            }
        }
        self.instances.push(instance);
    }

    /// Every domain.
    pub fn domains(&self) -> &[Arc<Domain>] {
        &self.domains
    }

    /// Every application.
    pub fn applications(&self) -> &[Arc<Application>] {
        &self.applications
    }

    /// Every role.
    pub fn roles(&self) -> &[Role] {
        &self.roles
    }

    /// Every identity provider.
    pub fn identity_providers(&self) -> &[IdentityProvider] {
        &self.identity_providers
    }

    /// Every instance.
    pub fn instances(&self) -> &[Arc<ConnectedInstance>] {
        &self.instances
    }

    /// The domain with this name.
    pub fn domain(&self, name: &str) -> Option<&Arc<Domain>> {
        self.by_name.get(name)
    }

    /// The application with this id.
    pub fn application(&self, id: &str) -> Option<&Arc<Application>> {
        self.applications.iter().find(|application| application.id == id)
    }

    /// The instance that signs in with this name.
    pub fn instance_by_username(&self, username: &str) -> Option<&Arc<ConnectedInstance>> {
        self.by_username.get(username)
    }

    /// The instance of a domain with this client_id.
    pub fn instance_by_client_id(
        &self,
        domain: i64,
        client_id: &str,
    ) -> Option<&Arc<ConnectedInstance>> {
        self.by_client_id.get(client_id).filter(|instance| instance.domain.number == domain)
    }

    /// The role of an instance, if it has one.
    pub fn role_of(&self, instance: &Instance) -> Option<&Role> {
        let place = self.by_role.get(&instance.domain)?.get(instance.role.as_deref()?)?;
        self.roles.get(*place)
    }

    /// The identity providers of a domain.
    pub fn identity_providers_of<'a>(
        &'a self,
        domain: &'a str,
    ) -> impl Iterator<Item = &'a IdentityProvider> {
        self.identity_providers.iter().filter(move |provider| provider.domain == domain)
    }

    /// The domain whose FHIR base is also at this path.
    pub fn domain_by_alias(&self, path: &str) -> Option<&Arc<Domain>> {
        self.domains.iter().find(|domain| domain.fhir_alias.as_deref() == Some(path))
    }

    /// The instance with this number of the store.
    pub fn instance(&self, number: i64) -> Option<&Arc<ConnectedInstance>> {
        self.by_number.get(&number)
    }

    /// The instances of a domain.
    pub fn instances_of(&self, domain: i64) -> impl Iterator<Item = &Arc<ConnectedInstance>> {
        self.by_domain.get(&domain).into_iter().flatten()
    }

    /// The instances of a domain that take part and subscribe to an event.
    pub fn recipients(&self, domain: i64, event: Event) -> &[Arc<ConnectedInstance>] {
        self.recipients.get(&(domain, event)).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(change: impl FnOnce(&mut Instance, &mut Application, &mut Domain)) -> Directory {
        let mut domain = Domain { number: 1, name: "d".into(), ..Domain::default() };
        let mut application = Application {
            number: 1,
            id: "a".into(),
            events: vec![Event::CreateOrUpdatePatient],
            ..Application::default()
        };
        let mut instance = Instance {
            number: 7,
            domain: "d".into(),
            application: "a".into(),
            username: Some("u".into()),
            ..Instance::default()
        };
        change(&mut instance, &mut application, &mut domain);
        Directory::new(1, vec![domain], vec![application], vec![], vec![], vec![instance])
    }

    #[test]
    fn an_instance_has_the_subscriptions_of_its_application_unless_its_own() {
        let d = directory(|_, _, _| {});
        assert_eq!(d.recipients(1, Event::CreateOrUpdatePatient).len(), 1);
        let d = directory(|i, _, _| i.events = Some(vec![Event::CreateOrUpdateCarePlan]));
        assert_eq!(d.recipients(1, Event::CreateOrUpdatePatient).len(), 0);
        assert_eq!(d.recipients(1, Event::CreateOrUpdateCarePlan).len(), 1);
        let d = directory(|i, _, _| i.events = Some(vec![]));
        assert_eq!(d.recipients(1, Event::CreateOrUpdatePatient).len(), 0);
    }

    #[test]
    fn what_is_switched_off_or_not_approved_receives_nothing() {
        for d in [
            directory(|i, _, _| i.active = Some(false)),
            directory(|_, a, _| a.active = false),
            directory(|_, _, d| d.active = false),
            directory(|i, _, _| i.status = InstanceStatus::Pending),
        ] {
            assert_eq!(d.recipients(1, Event::CreateOrUpdatePatient).len(), 0);
            assert!(d.instance_by_username("u").is_some());
        }
    }
}
