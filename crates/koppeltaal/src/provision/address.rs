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
