//! The TLS client configuration: one provider, named; public roots, the system's, and our own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use thiserror::Error;

/// Why the door could not be built.
#[derive(Debug, Error)]
pub enum EgressError {
    /// A file of `ca_files` cannot be read or holds no certificate.
    #[error("ca file {}: {reason}", path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The TLS library refuses its configuration.
    #[error("tls: {0}")]
    Tls(#[from] rustls::Error),
    /// The resolver refuses its configuration.
    #[error("dns: {0}")]
    Dns(String),
}

/// Trusts the roots shipped with the program, those of the system (which is where a company puts
/// its own authority) and `ca_files`.
pub(crate) fn client_config(ca_files: &[PathBuf]) -> Result<ClientConfig, EgressError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let native = rustls_native_certs::load_native_certs();
    // System stores often hold a few certificates that do not parse; those are no reason to stop.
    roots.add_parsable_certificates(native.certs);
    for path in ca_files {
        add_file(&mut roots, path)?;
    }
    // Named, because the default provider is a panic as soon as two are compiled in.
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn add_file(roots: &mut RootCertStore, path: &Path) -> Result<(), EgressError> {
    let wrong = |reason: String| EgressError::CaFile { path: path.to_owned(), reason };
    let certificates = CertificateDer::pem_file_iter(path).map_err(|error| wrong(error.to_string()))?;
    let mut count = 0;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
        count += 1;
    }
    if count == 0 {
        return Err(wrong("no certificate in it".to_owned()));
    }
    Ok(())
}
