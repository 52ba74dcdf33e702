//! The types of the Support API (kt13-around 3.4), one file for each, and which
//! file does what.

mod administrator;
mod application;
mod application_message;
mod authorization;
mod compliance_log;
mod definition;
mod directory;
mod domain;
mod instance;
mod instance_user;
mod message;
mod narrow;
mod registered_client;
mod request;
mod request_log;
mod server;
mod sub_definition;
mod subscription;

use super::ask::Ask;
use super::declaration::Declaration;
use super::failure::Failure;
use super::input::Input;
use super::query::Query;
use super::resource::Resource;

macro_rules! types {
    ($($variant:ident = $declaration:path,)*) => {
        /// A type.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Type { $(#[doc = stringify!($variant)] $variant),* }

        impl Type {
            /// Every type.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// What it is.
            pub fn declaration(self) -> &'static Declaration {
                match self { $(Self::$variant => &$declaration),* }
            }
        }
    };
}

types! {
    ActivityDefinition = definition::DECLARATION,
    SubActivityDefinition = sub_definition::DECLARATION,
    Application = application::DECLARATION,
    ApplicationAdministrator = administrator::OF_APPLICATIONS,
    ApplicationInstance = instance::DECLARATION,
    ApplicationInstanceUser = instance_user::DECLARATION,
    Authorization = authorization::DECLARATION,
    Domain = domain::DECLARATION,
    DomainAdministrator = administrator::OF_DOMAINS,
    DomainConnectionRequest = request::CONNECTION,
    DomainRequest = request::DOMAIN,
    NewApplicationAdministratorRequest = request::ADMINISTRATOR,
    NewApplicationRequest = request::APPLICATION,
    RegisteredClient = registered_client::DECLARATION,
    Server = server::DECLARATION,
    SubscriptionsPerApplication = subscription::DECLARATION,
    Message = message::DECLARATION,
    ApplicationMessage = application_message::DECLARATION,
    RequestLog = request_log::DECLARATION,
    ComplianceLog = compliance_log::DECLARATION,
}

/// The declaration with this name.
pub fn lookup(name: &str) -> Option<&'static Declaration> {
    Type::of(name).map(Type::declaration)
}

impl Type {
    /// The type with this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|of| of.name() == name)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.declaration().name
    }

    /// Whether there are too many to be read at once: then the store filters them.
    pub fn is_large(self) -> bool {
        matches!(self, Self::Message | Self::ApplicationMessage | Self::RequestLog)
    }

    /// All that the caller sees.
    pub async fn all(self, ask: &Ask<'_>) -> Result<Vec<Resource>, Failure> {
        let mut all = self.everything(ask).await?;
        all.retain(|resource| ask.sees(resource));
        Ok(all)
    }

    async fn everything(self, ask: &Ask<'_>) -> Result<Vec<Resource>, Failure> {
        let directory = &ask.directory;
        Ok(match self {
            Self::Application => application::all(directory),
            Self::ApplicationInstance => instance::all(directory),
            Self::ApplicationInstanceUser => instance_user::all(directory),
            Self::Domain => domain::all(directory),
            Self::RegisteredClient => registered_client::all(directory),
            Self::Server => server::all(ask),
            Self::SubscriptionsPerApplication => subscription::all(directory),
            Self::ActivityDefinition => definition::all(ask).await?,
            Self::SubActivityDefinition => sub_definition::all(ask).await?,
            Self::ApplicationAdministrator | Self::DomainAdministrator => {
                administrator::all(ask, self.declaration()).await?
            }
            Self::Authorization => authorization::all(ask).await?,
            Self::DomainConnectionRequest
            | Self::DomainRequest
            | Self::NewApplicationAdministratorRequest
            | Self::NewApplicationRequest => request::all(ask, self.declaration()).await?,
            Self::ComplianceLog => compliance_log::all(ask).await?,
            Self::Message | Self::ApplicationMessage | Self::RequestLog => Vec::new(),
        })
    }

    /// The resource with this id, whoever may see it.
    pub async fn find(self, ask: &Ask<'_>, id: &str) -> Result<Option<Resource>, Failure> {
        match self {
            Self::Message => message::find(ask, id).await,
            Self::ApplicationMessage => application_message::find(ask, id).await,
            Self::RequestLog => request_log::find(ask, id).await,
            _ => {
                let everything = self.everything(ask).await?;
                Ok(everything.into_iter().find(|resource| resource.id == id))
            }
        }
    }

    /// A page of what the caller sees of a large type, and how many there are.
    pub async fn page(
        self,
        ask: &Ask<'_>,
        query: &Query,
    ) -> Result<(Vec<Resource>, usize), Failure> {
        match self {
            Self::Message => message::page(ask, query).await,
            Self::ApplicationMessage => application_message::page(ask, query).await,
            Self::RequestLog => request_log::page(ask, query).await,
            _ => Ok((Vec::new(), 0)),
        }
    }

    /// Makes a resource and tells its id.
    pub async fn create(self, ask: &Ask<'_>, input: &Input) -> Result<String, Failure> {
        match self {
            Self::ActivityDefinition => definition::create(ask, input).await,
            Self::SubActivityDefinition => sub_definition::create(ask, input).await,
            Self::ApplicationAdministrator | Self::DomainAdministrator => {
                administrator::create(ask, self.declaration(), input).await
            }
            Self::ApplicationInstanceUser => instance_user::create(ask, input).await,
            Self::DomainConnectionRequest
            | Self::DomainRequest
            | Self::NewApplicationAdministratorRequest
            | Self::NewApplicationRequest => request::create(ask, self.declaration(), input).await,
            Self::RegisteredClient => registered_client::create(ask, input).await,
            Self::SubscriptionsPerApplication => subscription::create(ask, input).await,
            _ => Err(not_served(self, "POST")),
        }
    }

    /// Changes a resource.
    pub async fn update(
        self,
        ask: &Ask<'_>,
        existing: &Resource,
        input: &Input,
    ) -> Result<(), Failure> {
        match self {
            Self::ActivityDefinition => definition::update(ask, existing, input).await,
            Self::SubActivityDefinition => sub_definition::update(ask, existing, input).await,
            Self::Application => application::update(ask, existing, input).await,
            Self::ApplicationAdministrator | Self::DomainAdministrator => {
                administrator::update(ask, existing, input).await
            }
            Self::ApplicationInstance => instance::update(ask, existing, input).await,
            Self::ApplicationInstanceUser => instance_user::update(ask, existing, input).await,
            Self::Authorization => authorization::update(ask, existing, input).await,
            Self::DomainConnectionRequest
            | Self::DomainRequest
            | Self::NewApplicationAdministratorRequest
            | Self::NewApplicationRequest => request::update(ask, existing, input).await,
            Self::RegisteredClient => registered_client::update(ask, existing, input).await,
            _ => Err(not_served(self, "PATCH")),
        }
    }

    /// Removes a resource.
    pub async fn delete(self, ask: &Ask<'_>, existing: &Resource) -> Result<(), Failure> {
        match self {
            Self::ApplicationAdministrator | Self::DomainAdministrator => {
                administrator::delete(ask, existing).await
            }
            Self::DomainConnectionRequest => request::delete(ask, existing).await,
            Self::SubscriptionsPerApplication => subscription::delete(ask, existing).await,
            _ => Err(not_served(self, "DELETE")),
        }
    }
}

fn not_served(of: Type, method: &str) -> Failure {
    Failure::new(
        http::StatusCode::METHOD_NOT_ALLOWED,
        format!("{method} is not served for {}.", of.name()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_relationship_leads_to_a_type() {
        for of in Type::ALL {
            for relationship in of.declaration().relationships {
                assert!(Type::of(relationship.to).is_some(), "{} {}", of.name(), relationship.to);
            }
        }
    }

    #[test]
    fn no_type_has_a_name_for_two_things() {
        for of in Type::ALL {
            let declaration = of.declaration();
            let mut names: Vec<&str> = declaration.attributes.iter().map(|a| a.name).collect();
            names.extend(declaration.relationships.iter().map(|r| r.name));
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), count, "{}", of.name());
        }
    }
}
