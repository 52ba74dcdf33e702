//! From `mail.url` to a connection: `smtps://` is TLS from the start, `smtp://` is
//! STARTTLS, which must be there unless the mail server is this machine or the URL
//! says `?tls=none`.

use std::net::IpAddr;

use koppeltaal_core::{Error, Result};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters, TlsParametersBuilder};
use lettre::{AsyncSmtpTransport, Tokio1Executor};
use percent_encoding::percent_decode_str;
use url::Url;

use super::{ATTEMPT, MailSettings};

/// The transport of these settings.
pub(super) fn of(settings: &MailSettings) -> Result<AsyncSmtpTransport<Tokio1Executor>> {
    // The URL holds a password: no message repeats it.
    let invalid = |why: &str| Error::Invalid(format!("mail.url {why}"));
    let url = Url::parse(&settings.url).map_err(|_| invalid("is not a URL"))?;
    let host = url.host_str().filter(|host| !host.is_empty());
    let host = host.ok_or_else(|| invalid("has no host"))?.trim_matches(['[', ']']).to_owned();
    let wish = url.query_pairs().find(|(key, _)| key == "tls").map(|(_, value)| value.to_string());
    let wants_none = match wish.as_deref() {
        None => is_this_machine(&host),
        Some("none") => true,
        Some("required") => false,
        Some(_) => return Err(invalid("has a `tls` other than none and required")),
    };
    let (tls, port) = match url.scheme() {
        "smtps" => (Tls::Wrapper(parameters(&host, settings)?), 465),
        "smtp" if wants_none => (Tls::None, 25),
        "smtp" => (Tls::Required(parameters(&host, settings)?), 587),
        _ => return Err(invalid("must begin with smtp:// or smtps://")),
    };
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
        .tls(tls)
        .port(url.port().unwrap_or(port))
        .timeout(Some(ATTEMPT));
    if let Some(password) = url.password() {
        builder = builder.credentials(Credentials::new(decoded(url.username()), decoded(password)));
    }
    Ok(builder.build())
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn parameters(host: &str, settings: &MailSettings) -> Result<TlsParameters> {
    let mut builder = TlsParametersBuilder::new(host.to_owned());
    if let Some(path) = &settings.ca_file {
        let unread = |cause: &dyn std::fmt::Display| {
            Error::Invalid(format!("outbound.ca_file {}: {cause}", path.display()))
        };
        let pem = std::fs::read(path).map_err(|cause| unread(&cause))?;
        let anchor = Certificate::from_pem(&pem).map_err(|cause| unread(&cause))?;
        builder = builder.add_root_certificate(anchor);
    }
    builder.build_rustls().map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_urls_of_smtp_are_taken_and_no_message_repeats_the_password() {
        let check = |url: &str| {
            of(&MailSettings { url: url.to_owned(), from: String::new(), ca_file: None }).map(drop)
        };
        for url in [
            "smtp://localhost",
            "smtp://user:p%40ss@127.0.0.1:2525",
            "smtp://mail.example?tls=none",
            "smtps://user:pass@mail.example",
            "smtp://mail.example",
        ] {
            assert_eq!(check(url), Ok(()), "{url}");
        }
        for url in ["", "mail.example", "https://u:geheim@mail.example", "smtp://u:geheim@h?tls=x"]
        {
            let error = check(url).unwrap_err().to_string();
            assert!(error.starts_with("mail.url ") && !error.contains("geheim"), "{error}");
        }
    }
}
