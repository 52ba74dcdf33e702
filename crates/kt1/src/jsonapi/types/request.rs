//! The requests that an administrator decides (kt13-around 3.3): to become an
//! administrator of applications, for an application, for a domain, and to connect
//! an application with a domain. Open, then Accepted or Rejected and read-only.

mod accept;
mod content;

use koppeltaal_core::administrator::Rights;
use koppeltaal_core::directory::{Directory, Phase};
use koppeltaal_store::support::{self, NewRequest, Request, Status};
use serde_json::{Map, Value};

use super::super::ask::Ask;
use super::super::change::check_version;
use super::super::declaration::{
    Attribute, Declaration, Kind, Operations, Relationship, Rule, Who,
};
use super::super::failure::{Failure, Fault};
use super::super::input::Input;
use super::super::resource::{Owner, Resource};
use super::directory as at;
use content::Content;

/// The phases of a domain.
pub const PHASES: &[&str] = &["Development", "Test", "Acceptance", "Production"];

/// The word of a phase.
pub fn phase_word(phase: Phase) -> &'static str {
    match phase {
        Phase::Development => "Development",
        Phase::Test => "Test",
        Phase::Acceptance => "Acceptance",
        Phase::Production => "Production",
    }
}

const STATUS: Attribute =
    Attribute::new("Status", Kind::Word(&["Open", "Accepted", "Rejected"])).rule(Rule::Later);
const CREATED: Attribute = Attribute::new("Created", Kind::Time).read_only();
const DECIDED: Attribute = Attribute::new("DecidedAt", Kind::Time).read_only();
const REQUESTER: Attribute = Attribute::text("Requester", 100).read_only();

/// To connect an application with a domain.
pub static CONNECTION: Declaration = Declaration {
    name: "DomainConnectionRequest",
    attributes: &[
        Attribute::new("EnableSSO", Kind::Flag),
        Attribute::text("SSOUrl", 1000),
        Attribute::text("ApplicationInstanceUserLogin", 50).rule(Rule::Required),
        Attribute::text("ApplicationInstanceSSOUserLogin", 50),
        Attribute::new("ContactEmailAddress", Kind::Email),
        STATUS,
        REQUESTER,
        CREATED,
        DECIDED,
    ],
    relationships: &[
        Relationship::one("Application", "Application", Rule::Fixed),
        Relationship::one("Domain", "Domain", Rule::Fixed),
    ],
    operations: Operations {
        read: Who::Every,
        create: Who::ApplicationToo,
        update: Who::Every,
        delete: Who::ApplicationToo,
    },
};

/// For an application.
pub static APPLICATION: Declaration = Declaration {
    name: "NewApplicationRequest",
    attributes: &[
        Attribute::text("Name", 100).rule(Rule::Required),
        Attribute::text("Identifier", 100).rule(Rule::Required),
        Attribute::new("ApplicationRoles", Kind::Words(super::application::ROLES)),
        Attribute::text("ContactPersonName", 100).rule(Rule::Required),
        Attribute::new("ContactEmailAddress", Kind::Email).rule(Rule::Required),
        Attribute::text("SSOUrl", 1000),
        Attribute::text("DesiredApplicationAdminUserName", 50),
        STATUS,
        REQUESTER,
        CREATED,
        DECIDED,
    ],
    relationships: &[Relationship::one("Application", "Application", Rule::ReadOnly)],
    operations: Operations {
        read: Who::ApplicationToo,
        create: Who::ApplicationToo,
        update: Who::System,
        delete: Who::Nobody,
    },
};

/// For a domain.
pub static DOMAIN: Declaration = Declaration {
    name: "DomainRequest",
    attributes: &[
        Attribute::text("Name", 64).rule(Rule::Required),
        Attribute::new("DtapPhase", Kind::Word(PHASES)).rule(Rule::Required),
        Attribute { most: 1000, ..Attribute::new("IntendedUse", Kind::Lines) }.rule(Rule::Required),
        Attribute::new("StorageService", Kind::Word(&["built-in"])),
        Attribute::text("HealthCareOrganization", 200),
        Attribute::text("ContactPersonName", 100),
        Attribute::text("ContactPhone", 40),
        Attribute::new("ContactEmailAddress", Kind::Email),
        Attribute::new("DomainAdminEmail", Kind::Email).rule(Rule::Required),
        Attribute::text("DomainAdminName", 100).rule(Rule::Required),
        Attribute::text("ApplicationInstanceUserLogin", 50),
        STATUS,
        REQUESTER,
        CREATED,
        DECIDED,
    ],
    relationships: &[
        Relationship::one("RequestingApplication", "Application", Rule::Fixed),
        Relationship::one("Domain", "Domain", Rule::ReadOnly),
    ],
    operations: Operations {
        read: Who::ApplicationToo,
        create: Who::ApplicationToo,
        update: Who::System,
        delete: Who::Nobody,
    },
};

/// To become an administrator of applications.
pub static ADMINISTRATOR: Declaration = Declaration {
    name: "NewApplicationAdministratorRequest",
    attributes: &[
        Attribute::text("Name", 100).rule(Rule::Required),
        Attribute::new("Email", Kind::Email).rule(Rule::Required),
        Attribute::text("DesiredUserName", 50).rule(Rule::Required),
        STATUS,
        CREATED,
        DECIDED,
    ],
    relationships: &[],
    operations: Operations {
        read: Who::System,
        create: Who::Anyone,
        update: Who::System,
        delete: Who::Nobody,
    },
};

/// The name of the relationship to an application.
fn to_application(of: &Declaration) -> &'static str {
    if of.name == DOMAIN.name { "RequestingApplication" } else { "Application" }
}

/// Every request of a kind.
pub async fn all(ask: &Ask<'_>, of: &'static Declaration) -> Result<Vec<Resource>, Failure> {
    let found = ask.inner().store().read(move |tx| support::list(tx, of.name)).await?;
    found.iter().map(|request| resource(ask, of, request)).collect()
}

fn resource(
    ask: &Ask<'_>,
    of: &'static Declaration,
    request: &Request,
) -> Result<Resource, Failure> {
    let content = Content::read(&request.content)?;
    let mut resource = Resource::new(of, request.number, owner(of, request)).version(request.stamp);
    for attribute in of.attributes {
        let value = match attribute.name {
            "Status" => request.status.code().into(),
            "Requester" => request.requester.clone().into(),
            "Created" => request.created.to_instant_millis().into(),
            "DecidedAt" => request.decided.map(|at| at.to_instant_millis()).into(),
            name => content.value(name).clone(),
        };
        resource = resource.with(attribute.name, value);
    }
    if of.relationship(to_application(of)).is_some() {
        let id = request.application.as_deref();
        let application = id.and_then(|id| ask.directory.application(id));
        let id = application.map(|application| application.number.to_string());
        resource = resource.with_any(to_application(of), id);
    }
    if of.relationship("Domain").is_some() {
        let domain = request.domain.as_deref().and_then(|name| ask.directory.domain(name));
        resource = resource.with_any("Domain", domain.map(|domain| domain.number.to_string()));
    }
    Ok(resource)
}

/// Whose a request is: the requester's and their fellow administrators', and for a
/// connection also the domain's.
fn owner(of: &Declaration, request: &Request) -> Owner {
    let domain = request.domain.clone().filter(|_| of.name == CONNECTION.name);
    Owner {
        domains: domain.into_iter().collect(),
        applications: request.application.clone().into_iter().collect(),
        requester: request.requester.clone(),
        ..Owner::default()
    }
}

/// Makes a request, and tells those who decide.
pub async fn create(
    ask: &Ask<'_>,
    of: &'static Declaration,
    input: &Input,
) -> Result<String, Failure> {
    let directory = &ask.directory;
    let application =
        input.link(to_application(of)).and_then(|id| at::application(directory, id)).cloned();
    let domain = input.link("Domain").and_then(|id| at::domain(directory, id)).cloned();
    let mut content = Content::default();
    content.take(input);
    if of.name == CONNECTION.name
        && let (Some(domain), Some(application)) = (&domain, &application)
    {
        not_connected(directory, domain.number, application.number)?;
        if content.text("ContactEmailAddress").is_none() {
            let email = application.contact_email.clone();
            content.set("ContactEmailAddress", accept::address(ask, email).await?);
        }
    }
    check(of, &content, false)?;
    let new = NewRequest {
        kind: of.name,
        domain: domain.as_ref().map(|domain| domain.name.clone()),
        application: application.as_ref().map(|application| application.id.clone()),
        requester: ask.requester(),
        content: content.render(),
    };
    let (ids, author) = (ask.inner().parts.kt1.parts.ids.clone(), ask.author());
    let post = super::super::mail::Post::of(ask);
    let number = ask
        .inner()
        .store()
        .write(move |tx| {
            if let (Some(domain), Some(application)) = (&new.domain, &new.application)
                && support::has_open(tx, new.kind, domain, application)?
            {
                return Ok(None);
            }
            let number = support::add(tx, &ids, &new, &author)?;
            accept::announce(tx, &post, &new, number)?;
            Ok(Some(number))
        })
        .await?;
    number
        .map(|number| number.to_string())
        .ok_or_else(|| Failure::conflict("A request for this connection waits already."))
}

fn not_connected(directory: &Directory, domain: i64, application: i64) -> Result<(), Failure> {
    let connected =
        directory.instances_of(domain).any(|instance| instance.application.number == application);
    if connected {
        return Err(Failure::conflict("The application is connected with this domain already."));
    }
    Ok(())
}

/// The rules between attributes. `accepting`: it must be complete.
fn check(of: &Declaration, content: &Content, accepting: bool) -> Result<(), Failure> {
    let mut faults = Vec::new();
    let mut wrong = |name: &str, text: String| {
        faults.push(Fault::attribute(http::StatusCode::BAD_REQUEST, name, text));
    };
    for name in ["DesiredUserName", "DesiredApplicationAdminUserName"] {
        let login = content.text(name).filter(|_| of.attribute(name).is_some());
        if let Some(Err(error)) = login.map(koppeltaal_core::administrator::check_login) {
            wrong(name, error.to_string());
        }
    }
    for name in ["ApplicationInstanceUserLogin", "ApplicationInstanceSSOUserLogin"] {
        if content.text(name).is_some_and(|login| login.contains(':')) {
            wrong(name, "It must have no colon.".to_owned());
        }
    }
    let roles = content.value("ApplicationRoles").as_array().map_or(0, Vec::len);
    if accepting && of.name == APPLICATION.name && roles == 0 {
        wrong("ApplicationRoles", "An application needs one at least.".to_owned());
    }
    if faults.is_empty() { Ok(()) } else { Err(Failure::of(faults)) }
}

/// Changes a request that is Open, or decides it.
pub async fn update(ask: &Ask<'_>, existing: &Resource, input: &Input) -> Result<(), Failure> {
    let of = existing.of;
    let request = open(ask, existing).await?;
    check_version(input.version.as_deref(), Some(request.stamp))?;
    let status = input.text("Status").and_then(Status::from_code);
    let edits = input.attributes.iter().any(|(attribute, _)| attribute.name != "Status");
    may(ask, of, &request, edits, status.is_some_and(|status| status != Status::Open))?;
    let mut content = Content::read(&request.content)?;
    content.take(input);
    check(of, &content, status == Some(Status::Accepted))?;
    match status {
        None | Some(Status::Open) => {
            let (text, author) = (content.render(), ask.author());
            let ids = ask.inner().parts.kt1.parts.ids.clone();
            with_current(ask, of, request, move |tx, current| {
                support::update(tx, &ids, of.name, current, &text, &author)
            })
            .await
        }
        Some(Status::Rejected) => accept::reject(ask, of, request, content).await,
        Some(Status::Accepted) => accept::accept(ask, of, request, content).await,
    }
}

/// A domain's administrators decide connections and change nothing; those of an
/// application change their requests and decide nothing.
fn may(
    ask: &Ask<'_>,
    of: &Declaration,
    request: &Request,
    edits: bool,
    decides: bool,
) -> Result<(), Failure> {
    let decider = match ask.rights() {
        Some(Rights::System) => return Ok(()),
        Some(rights @ Rights::Domains(_)) => {
            of.name == CONNECTION.name
                && request.domain.as_deref().is_some_and(|domain| rights.has_domain(domain))
        }
        _ => false,
    };
    if decides && !decider {
        return Err(Failure::forbidden("An administrator of the domain decides this request."));
    }
    if edits && decider {
        return Err(Failure::forbidden("You may accept or reject this request, as it is."));
    }
    Ok(())
}

/// Withdraws a request that is Open.
pub async fn delete(ask: &Ask<'_>, existing: &Resource) -> Result<(), Failure> {
    let request = open(ask, existing).await?;
    let of = existing.of;
    let (ids, author) = (ask.inner().parts.kt1.parts.ids.clone(), ask.author());
    with_current(ask, of, request, move |tx, current| {
        support::remove(tx, &ids, of.name, current, &author)
    })
    .await
}

/// The stored request, which must be Open.
async fn open(ask: &Ask<'_>, existing: &Resource) -> Result<Request, Failure> {
    let (of, number) = (existing.of, existing.id.parse::<i64>().unwrap_or_default());
    let found = ask.inner().store().write(move |tx| support::find(tx, of.name, number)).await?;
    let request = found.ok_or_else(|| Failure::not_found(of.name, &existing.id))?;
    if request.status != Status::Open {
        return Err(Failure::conflict("It is decided, and cannot be changed any more."));
    }
    Ok(request)
}

/// Runs `work` on the request if nobody has changed it since it was read.
async fn with_current(
    ask: &Ask<'_>,
    of: &'static Declaration,
    known: Request,
    work: impl Fn(&mut dyn koppeltaal_store::Tx, &Request) -> koppeltaal_core::Result<()>
    + Send
    + 'static,
) -> Result<(), Failure> {
    let done = ask
        .inner()
        .store()
        .write(move |tx| match support::find(tx, of.name, known.number)? {
            Some(current) if current == known => work(tx, &current).map(|()| true),
            _ => Ok(false),
        })
        .await?;
    if done { Ok(()) } else { Err(super::super::change::stale()) }
}

/// The attributes of a request as its row keeps them.
fn kept(of_input: &Input) -> Map<String, Value> {
    let named = of_input.attributes.iter().filter(|(attribute, _)| attribute.name != "Status");
    named.map(|(attribute, value)| (attribute.name.to_owned(), value.clone())).collect()
}
