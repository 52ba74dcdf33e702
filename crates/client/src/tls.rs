//! The HTTP client of both generations: bounded in time, following no redirect,
//! trusting the certificates it is given besides those of the system.

use std::time::Duration;

use reqwest::{Certificate, Client, Url};

/// A client for servers at addresses like `base`; the error is what is wrong with
/// the settings.
pub(crate) fn client(
    base: &Url,
    trust: &[u8],
    connect_timeout: Duration,
    timeout: Duration,
) -> Result<Client, String> {
    let certificates = Certificate::from_pem_bundle(trust)
        .map_err(|_| "the trusted certificates are not PEM".to_owned())?;
    if certificates.is_empty() && !trust.is_empty() {
        return Err("there is no certificate in the PEM that is to be trusted".to_owned());
    }
    let builder = || {
        Client::builder()
            // A redirect would carry credentials to where it points.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(connect_timeout)
            .timeout(timeout)
    };
    let built = if base.scheme() == "http" {
        // Nothing to verify; a machine without any certificates can still talk to itself.
        builder().tls_certs_only(certificates).build()
    } else if certificates.is_empty() {
        builder().build()
    } else {
        // Where the system has no certificates, the given ones are enough.
        let merged = builder().tls_certs_merge(certificates.clone()).build();
        merged.or_else(|_| builder().tls_certs_only(certificates).build())
    };
    built.map_err(|cause| format!("TLS cannot be set up: {cause}"))
}
