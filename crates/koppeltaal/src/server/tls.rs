//! https in the server itself, by rustls: TLS 1.2 with forward secrecy and 1.3.

use std::sync::Arc;

use koppeltaal_core::{Error, Result};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::config::Tls;

/// An acceptor with the certificate chain and key of the configuration.
pub fn acceptor(tls: &Tls) -> Result<TlsAcceptor> {
    let unreadable = |key: &str, path: &std::path::Path, error: String| {
        Error::Invalid(format!("{key} {}: {error}", path.display()))
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&tls.certificate)
        .and_then(Iterator::collect)
        .map_err(|error| unreadable("tls.certificate", &tls.certificate, error.to_string()))?;
    if chain.is_empty() {
        let missing = "holds no certificate in PEM form".to_owned();
        return Err(unreadable("tls.certificate", &tls.certificate, missing));
    }
    let key = PrivateKeyDer::from_pem_file(&tls.key)
        .map_err(|error| unreadable("tls.key", &tls.key, error.to_string()))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(Error::internal)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| unreadable("tls.key", &tls.key, error.to_string()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
