//! The machine: free disk, the certificate, the seal key.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::Finding;
use crate::context::Context;

/// Less free disk than this is too little.
const LITTLE_DISK: u64 = 1 << 30;
/// A certificate that ends within so many days should be renewed.
const RENEW_DAYS: i64 = 30;

pub(super) fn check(context: &Context, findings: &mut Vec<Finding>) {
    findings.push(disk(context));
    if let Some(tls) = &context.config.tls {
        findings.push(certificate(context, &tls.certificate));
    }
    findings.push(if context.seal.is_development() {
        Finding::warning(
            "seal key",
            "the development key seals secrets",
            "set KOPPELTAAL_SEAL_KEY to 32 random bytes in base64 before real data arrives (openssl rand -base64 32)",
        )
    } else {
        Finding::ok("seal key", "a key of its own")
    });
}

fn disk(context: &Context) -> Finding {
    let dir = &context.config.data_dir;
    match rustix::fs::statvfs(dir) {
        Err(error) => Finding::warning(
            "disk",
            format!("{}: {error}", dir.display()),
            "create data_dir or set it to a folder that exists",
        ),
        Ok(space) => {
            let free = space.f_bavail.saturating_mul(space.f_frsize);
            let finding = format!("{} MiB free in {}", free >> 20, dir.display());
            if free < LITTLE_DISK {
                Finding::warning("disk", finding, "make room: a full disk refuses writes")
            } else {
                Finding::ok("disk", finding)
            }
        }
    }
}

fn certificate(context: &Context, path: &std::path::Path) -> Finding {
    let expiry =
        CertificateDer::from_pem_file(path).map_err(|error| error.to_string()).and_then(|der| {
            let parsed = x509_parser::parse_x509_certificate(&der);
            parsed
                .map(|(_, found)| found.validity().not_after.timestamp())
                .map_err(|error| error.to_string())
        });
    match expiry {
        Err(error) => Finding::error(
            "certificate",
            format!("{}: {error}", path.display()),
            "set tls.certificate to a certificate chain in PEM form",
        ),
        Ok(expiry) => {
            let days = (expiry - context.clock.now().0 / 1_000_000) / 86_400;
            let finding = format!("valid for {days} more days");
            if days < RENEW_DAYS {
                Finding::warning("certificate", finding, "renew it and restart the server")
            } else {
                Finding::ok("certificate", finding)
            }
        }
    }
}
