//! The rules for every URL of the provisioning file: https, `http` to loopback
//! only where a domain allows it, no private address in acceptance and
//! production. The rules within a domain are those by which hooks are called.

use koppeltaal_core::directory::Domain;
use url::{Host, Url};

/// Refuses what can be no endpoint in any domain.
pub fn check_anywhere(text: &str) -> Result<(), String> {
    // The most that any domain allows.
    let lenient = Domain { allow_http_loopback: true, ..Domain::default() };
    check_endpoint(text, &lenient)
}

/// Refuses what can be no endpoint in this domain.
pub fn check_endpoint(text: &str, domain: &Domain) -> Result<(), String> {
    let url = Url::parse(text).map_err(|cause| format!("`{text}` is not a URL: {cause}"))?;
    // The parser forgives both; whoever compares texts does not.
    let slashes = text.split_once(':').is_some_and(|(_, rest)| rest.starts_with("//"));
    if !slashes || text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(format!("`{text}` is not a URL: write https://… without spaces"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a URL must not hold credentials".to_owned());
    }
    if url.fragment().is_some() {
        return Err(format!("`{text}` must have no `#`"));
    }
    koppeltaal_outbound::check_url(text, domain)
        .map_err(|why| format!("`{text}`: {}", why.trim_start_matches("the endpoint ")))?;
    let local = matches!(url.host(), Some(Host::Domain(name))
        if name == "localhost" || name.ends_with(".localhost"));
    if local && domain.phase.is_strict() {
        return Err(format!("`{text}`: this machine is not called from acceptance and production"));
    }
    Ok(())
}

/// Refuses what is no origin (`https://app.example:8443`).
pub fn check_origin(text: &str) -> Result<(), String> {
    check_anywhere(text)?;
    let url = Url::parse(text).map_err(|cause| cause.to_string())?;
    if url.origin().ascii_serialization() != text {
        return Err(format!(
            "`{text}` is not an origin: write {}",
            url.origin().ascii_serialization()
        ));
    }
    Ok(())
}

/// Refuses what is neither an OpenID issuer nor its configuration document
/// (OpenID Connect Discovery 1.0, 3 and 4).
pub fn check_discovery(text: &str) -> Result<(), String> {
    check_anywhere(text)?;
    if text.contains('?') {
        return Err(format!(
            "`{text}` must have no `?`: give the issuer, or its /.well-known/openid-configuration"
        ));
    }
    Ok(())
}

/// Paths that the server serves itself.
const OURS: [&str; 9] = [
    "/FHIR/Koppeltaal",
    "/OAuth2",
    "/jsonapi",
    "/signalr",
    "/api",
    "/admin",
    "/healthz",
    "/readyz",
    "/metrics",
];

/// Refuses what is no path such as `/fhir/DEFAULT`, or one of the server's own.
pub fn check_alias(alias: &str) -> Result<(), String> {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | '~');
    let segments = alias.strip_prefix('/').unwrap_or("");
    let whole = alias.chars().all(good)
        && segments.split('/').all(|s| !s.is_empty() && s != "." && s != "..");
    if !whole {
        return Err(format!("`{alias}` is not a path like /fhir/DEFAULT"));
    }
    // Some clients and proxies do not tell cases apart.
    let overlaps = |ours: &&str| is_within(&alias.to_ascii_lowercase(), &ours.to_ascii_lowercase());
    match OURS.into_iter().find(overlaps) {
        Some(ours) => Err(format!("`{alias}`: the server serves {ours} itself")),
        None => Ok(()),
    }
}

/// Whether one path lies below the other, or is the same.
pub fn is_within(one: &str, other: &str) -> bool {
    one.split('/').zip(other.split('/')).all(|(a, b)| a == b)
}
