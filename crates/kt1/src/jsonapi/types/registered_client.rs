//! RegisteredClient: the settings of an application for single sign-on (kt13-around
//! 3.4). There is one where an application can be launched; its id is that of the
//! application.

use http::StatusCode;
use koppeltaal_core::directory::{Application, Directory, LaunchMode};
use serde_json::Value;

use super::super::ask::Ask;
use super::super::change::{Names, change, check_version};
use super::super::declaration::{
    Attribute, Declaration, Kind, Operations, Relationship, Rule, Who,
};
use super::super::failure::Failure;
use super::super::input::Input;
use super::super::provision::Table;
use super::super::resource::{Owner, Resource};
use super::directory as at;

/// The type.
pub static DECLARATION: Declaration = Declaration {
    name: "RegisteredClient",
    attributes: &[
        Attribute::text("ClientId", 100).rule(Rule::FixedOptional),
        Attribute::text("Name", 100).read_only(),
        Attribute::text("ClientSecret", 200).secret(),
        Attribute::new("UseRefreshTokens", Kind::Flag),
        Attribute::new("TokenExpiresIn", Kind::Number),
        Attribute::new("LaunchMode", Kind::Word(&["all", "smart", "named"])),
        Attribute::new("MobileOrWeb", Kind::Word(&["both", "web", "mobile"])),
        Attribute::new("WebLaunchRequestExpiresIn", Kind::Number),
        Attribute::new("MobileActivationCodeExpiresIn", Kind::Number),
        Attribute::text("LaunchUrl", 1000).rule(Rule::Required),
        Attribute::new("AllowPublicTokenRequests", Kind::Flag),
        Attribute::new("AllowUsernamePasswordRequests", Kind::Flag).read_only(),
    ],
    relationships: &[Relationship::one("Application", "Application", Rule::Fixed)],
    operations: Operations {
        read: Who::ApplicationToo,
        create: Who::ApplicationToo,
        update: Who::ApplicationToo,
        delete: Who::Nobody,
    },
};

const NAMES: Names = &[
    ("oauth_secret", "ClientSecret"),
    ("refresh_tokens", "UseRefreshTokens"),
    ("launch_mode", "LaunchMode"),
    ("launch_url", "LaunchUrl"),
    ("allow_public_token_requests", "AllowPublicTokenRequests"),
    ("access_token_lifetime", "TokenExpiresIn"),
    ("launch_lifetime", "WebLaunchRequestExpiresIn"),
    ("activation_code_lifetime", "MobileActivationCodeExpiresIn"),
    ("launch_kinds", "MobileOrWeb"),
];
/// Those of [`NAMES`] whose values are keys as they are.
const AS_THEY_ARE: Names = &[
    ("oauth_secret", "ClientSecret"),
    ("refresh_tokens", "UseRefreshTokens"),
    ("launch_mode", "LaunchMode"),
    ("launch_url", "LaunchUrl"),
    ("allow_public_token_requests", "AllowPublicTokenRequests"),
];

const DAY: u64 = 86_400;

/// The clients of all applications that can be launched.
pub fn all(directory: &Directory) -> Vec<Resource> {
    directory
        .applications()
        .iter()
        .filter(|application| is_registered(application))
        .map(|application| {
            let owner = Owner { applications: vec![application.id.clone()], ..Owner::default() };
            let seconds = |duration: Option<std::time::Duration>| duration.map(|d| d.as_secs());
            let kinds: Vec<&str> = application.launch_kinds.iter().map(String::as_str).collect();
            let stamp = directory.stamps.applications.get(&application.number);
            Resource::new(&DECLARATION, application.number, owner)
                .version(stamp.copied().unwrap_or_default())
                .with("ClientId", application.id.as_str())
                .with("Name", application.title.as_deref().unwrap_or(&application.id))
                .with("UseRefreshTokens", application.refresh_tokens)
                .with("TokenExpiresIn", seconds(application.access_token_lifetime))
                .with("LaunchMode", mode(application.launch_mode))
                .with(
                    "MobileOrWeb",
                    match kinds.as_slice() {
                        ["web"] => "web",
                        ["mobile"] => "mobile",
                        _ => "both",
                    },
                )
                .with("WebLaunchRequestExpiresIn", seconds(application.launch_lifetime))
                .with(
                    "MobileActivationCodeExpiresIn",
                    seconds(application.activation_code_lifetime).map(|s| s.div_ceil(DAY)),
                )
                .with("LaunchUrl", application.launch_url.clone())
                .with("AllowPublicTokenRequests", application.allow_public_token_requests)
                .with("AllowUsernamePasswordRequests", false)
                .to("Application", application.number)
        })
        .collect()
}

fn is_registered(application: &Application) -> bool {
    application.launch_url.is_some()
        || application.oauth_secret.is_some()
        || application.allow_public_token_requests
}

fn mode(mode: LaunchMode) -> &'static str {
    match mode {
        LaunchMode::All => "all",
        LaunchMode::Smart => "smart",
        LaunchMode::Named => "named",
    }
}

/// Makes it possible to launch an application.
pub async fn create(ask: &Ask<'_>, input: &Input) -> Result<String, Failure> {
    let id = input.link("Application").unwrap_or_default();
    let work = |directory: &Directory| {
        let application =
            at::application(directory, id).ok_or_else(|| at::gone("Application", id))?;
        if is_registered(application) {
            return Err(Failure::conflict("The application has its registered client already."));
        }
        if input.text("ClientId").is_some_and(|client_id| client_id != application.id) {
            let title = "It is the Identifier of the application.";
            return Err(Failure::attribute(StatusCode::CONFLICT, "ClientId", title));
        }
        Ok(vec![table(application, input)])
    };
    change(ask, NAMES, work, None).await?;
    Ok(id.to_owned())
}

/// Changes how an application is launched.
pub async fn update(ask: &Ask<'_>, existing: &Resource, input: &Input) -> Result<(), Failure> {
    let work = |directory: &Directory| {
        let application = at::application(directory, &existing.id)
            .ok_or_else(|| at::gone(DECLARATION.name, &existing.id))?;
        let stamp = directory.stamps.applications.get(&application.number).copied();
        check_version(input.version.as_deref(), stamp)?;
        Ok(vec![table(application, input)])
    };
    change(ask, NAMES, work, None).await.map(drop)
}

fn table(application: &Application, input: &Input) -> Table {
    let table = Table::new("application").with("id", application.id.as_str());
    let mut table = at::put(table, input, AS_THEY_ARE);
    for (key, name) in [
        ("access_token_lifetime", "TokenExpiresIn"),
        ("launch_lifetime", "WebLaunchRequestExpiresIn"),
    ] {
        if let Some(value) = input.value(name) {
            table = table.with(key, at::seconds(value));
        }
    }
    if let Some(days) = input.value("MobileActivationCodeExpiresIn") {
        let days = days.as_i64().map_or(Value::Null, |days| format!("{days}d").into());
        table = table.with("activation_code_lifetime", days);
    }
    if let Some(kinds) = input.value("MobileOrWeb") {
        let kinds: Vec<&str> = kinds.as_str().filter(|kind| *kind != "both").into_iter().collect();
        table = table.with("launch_kinds", kinds);
    }
    table
}
