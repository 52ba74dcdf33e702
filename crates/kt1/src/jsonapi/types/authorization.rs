//! Authorization: one launch by single sign-on and what became of it. Setting its
//! GrantStatus to Revoked ends its tokens at once.

use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_store::sso::{self, GrantStatus};

use super::super::ask::Ask;
use super::super::declaration::{
    Attribute, Declaration, Kind, Operations, Relationship, Rule, Who,
};
use super::super::failure::Failure;
use super::super::input::Input;
use super::super::resource::{Owner, Resource};
use super::narrow;

/// The most authorizations of a domain that are listed: the newest.
const MOST_LISTED: i64 = 10_000;

/// The type.
pub static DECLARATION: Declaration = Declaration {
    name: "Authorization",
    attributes: &[
        Attribute::text("AuthorizationNumber", 20).read_only(),
        Attribute::text("RedirectUrl", 1000).read_only(),
        Attribute::new("LaunchType", Kind::Word(&["web", "mobile"])).read_only(),
        Attribute::text("GrantedScopes", 200).read_only(),
        Attribute::new(
            "GrantStatus",
            Kind::Word(&["Launched", "Authorized", "Granted", "Revoked"]),
        )
        .rule(Rule::Later),
        Attribute::new("LaunchedAt", Kind::Time).read_only(),
        Attribute::new("AuthorizedAt", Kind::Time).read_only(),
        Attribute::new("ExpiresAt", Kind::Time).read_only(),
        Attribute::new("RevokedAt", Kind::Time).read_only(),
    ],
    relationships: &[
        Relationship::one("RegisteredClient", "RegisteredClient", Rule::ReadOnly),
        Relationship::one("ApplicationInstance", "ApplicationInstance", Rule::ReadOnly),
        Relationship::one("Domain", "Domain", Rule::ReadOnly),
    ],
    operations: Operations {
        read: Who::Every,
        create: Who::Nobody,
        update: Who::Every,
        delete: Who::Nobody,
    },
};

/// The newest authorizations in the domains with something of the caller's.
pub async fn all(ask: &Ask<'_>) -> Result<Vec<Resource>, Failure> {
    let mut all = Vec::new();
    for domain in narrow::domains(ask) {
        let scope = ask.inner().store().scope(&domain);
        for found in scope.read(|tx| sso::list(tx, None, MOST_LISTED)).await? {
            let Some(connected) = ask.directory.instance(found.instance) else { continue };
            let owner = Owner::instance(&domain.name, &connected.application.id);
            let time = |time: Option<koppeltaal_core::Timestamp>| {
                time.map(koppeltaal_core::Timestamp::to_instant_millis)
            };
            all.push(
                Resource::new(&DECLARATION, found.number, owner)
                    .with("AuthorizationNumber", found.number.to_string())
                    .with("RedirectUrl", found.redirect_uri.clone())
                    .with("LaunchType", found.kind.code())
                    .with("GrantedScopes", found.scope.clone())
                    .with("GrantStatus", word(found.status()))
                    .with("LaunchedAt", found.launched.to_instant_millis())
                    .with("AuthorizedAt", time(found.authorized))
                    .with("ExpiresAt", found.expires.to_instant_millis())
                    .with("RevokedAt", time(found.revoked))
                    .to("RegisteredClient", found.application)
                    .to("ApplicationInstance", found.instance)
                    .to("Domain", domain.number),
            );
        }
    }
    Ok(all)
}

fn word(status: GrantStatus) -> &'static str {
    match status {
        GrantStatus::Launched => "Launched",
        GrantStatus::Authorized => "Authorized",
        GrantStatus::Granted => "Granted",
        GrantStatus::Revoked => "Revoked",
    }
}

/// Revokes an authorization; nothing else of it can be changed.
pub async fn update(ask: &Ask<'_>, existing: &Resource, input: &Input) -> Result<(), Failure> {
    match input.text("GrantStatus") {
        None => return Ok(()),
        Some(status) if Some(status) == existing.text("GrantStatus") => return Ok(()),
        Some("Revoked") => {}
        Some(_) => {
            let title = "It can be set to Revoked, and to nothing else.";
            return Err(Failure::attribute(http::StatusCode::CONFLICT, "GrantStatus", title));
        }
    }
    let number: i64 = existing.id.parse().unwrap_or_default();
    let domains = existing.link("Domain").map_or(&[][..], |link| link.ids());
    let domain = domains.first().and_then(|id| super::directory::domain(&ask.directory, id));
    let domain = domain.ok_or_else(|| Failure::not_found(DECLARATION.name, &existing.id))?;
    let author = ask.author();
    let entry = Entry {
        request_id: author.request_id,
        ..Entry::new(Action::SsoRevoke, ask.began, author.agent)
    };
    let (ids, now) = (ask.inner().parts.kt1.parts.ids.clone(), ask.began);
    let scope = ask.inner().store().scope(domain);
    scope.write(move |tx| sso::revoke(tx, &ids, now, number, &entry)).await?;
    Ok(())
}
