//! Where the database is, and how every connection to it is set up.
use std::{sync::Arc, time::Duration};

use postgres::{Client, Config, NoTls, config::Host};
use rustls::{ClientConfig, RootCertStore, pki_types::CertificateDer, pki_types::pem::PemObject};
use tokio_postgres_rustls::MakeRustlsConnect;
use url::Url;

use crate::OpenError;

/// What every session is told. Plans must not depend on statistics: rows move from pending to ended
/// all day, and a plan made while a table was empty would stay. Every hot statement has its index. A
/// node that stops in the middle of a transaction may hold what all others wait for: not for long.
const SESSION: &str = "
    SET default_transaction_isolation = 'read committed';
    SET jit = off;
    SET plan_cache_mode = force_generic_plan;
    SET enable_seqscan = off;
    SET enable_hashjoin = off;
    SET enable_mergejoin = off;
    SET lock_timeout = '10s';
    SET statement_timeout = '60s';
    SET tcp_keepalives_idle = 5;
    SET tcp_keepalives_interval = 2;
    SET tcp_keepalives_count = 3;
    SET idle_in_transaction_session_timeout = '3s';
    SELECT set_config('synchronous_commit', 'on', false)
        WHERE current_setting('synchronous_commit') IN ('off', 'local');
";

/// How long a connection attempt may take, and how long sent bytes may stay unconfirmed.
const PATIENCE: Duration = Duration::from_secs(3);

/// A database with what is needed to connect to it.
pub(crate) struct Address {
    config: Config,
    tls: Option<MakeRustlsConnect>,
}

impl Address {
    /// Reads a `postgres://` URL. `sslmode=disable` turns TLS off and is the default on loopback and on a
    /// Unix socket; with TLS the server's certificate is always checked, against those in
    /// `sslrootcert`, else against the system's authorities.
    pub(crate) fn parse(url: &str) -> Result<Self, OpenError> {
        // The URL may hold a password: no error repeats it.
        let wrong = |why: &str| OpenError::Database(format!("database_url: {why}"));
        let mut parsed =
            Url::parse(url).map_err(|_| wrong("it must look like postgres://user:password@host:5432/name"))?;
        if !matches!(parsed.scheme(), "postgres" | "postgresql") {
            return Err(wrong("it must start with postgres://"));
        }
        let (mut mode, mut authority) = (None, None);
        let mut others = Vec::new();
        for (name, value) in parsed.query_pairs() {
            match &*name {
                "sslmode" => mode = Some(value.into_owned()),
                "sslrootcert" => authority = Some(value.into_owned()),
                _ => others.push((name.into_owned(), value.into_owned())),
            }
        }
        parsed.set_query(None);
        if !others.is_empty() {
            parsed.query_pairs_mut().extend_pairs(others);
        }
        let mut config: Config = parsed.as_str().parse().map_err(|error| wrong(&format!("{error}")))?;
        let local = config.get_hosts().iter().all(|host| match host {
            Host::Tcp(name) => name == "localhost" || name.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback()),
            Host::Unix(_) => true,
        });
        let encrypted = match mode.as_deref() {
            Some("disable") => false,
            Some("require" | "verify-ca" | "verify-full") => true,
            None | Some("prefer" | "allow") => !local,
            Some(_) => return Err(wrong("sslmode must be disable, prefer, require, verify-ca or verify-full")),
        };
        config
            .ssl_mode(if encrypted { postgres::config::SslMode::Require } else { postgres::config::SslMode::Disable })
            .application_name("bellwire")
            .connect_timeout(PATIENCE)
            .tcp_user_timeout(PATIENCE)
            .keepalives_idle(PATIENCE)
            .notice_callback(|notice| tracing::debug!(notice = notice.message(), "PostgreSQL"));
        let tls = encrypted.then(|| tls(authority.as_deref())).transpose().map_err(|why| wrong(&why))?;
        Ok(Self { config, tls })
    }

    /// A new session.
    pub(crate) fn connect(&self) -> Result<Client, postgres::Error> {
        let mut client = match &self.tls {
            Some(tls) => self.config.connect(tls.clone())?,
            None => self.config.connect(NoTls)?,
        };
        client.batch_execute(SESSION)?;
        Ok(client)
    }
}

fn tls(authority: Option<&str>) -> Result<MakeRustlsConnect, String> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = authority {
        let read = |error: &dyn std::fmt::Display| format!("sslrootcert {path}: {error}");
        for certificate in CertificateDer::pem_file_iter(path).map_err(|error| read(&error))? {
            let certificate = certificate.map_err(|error| read(&error))?;
            roots.add(certificate).map_err(|error| read(&error))?;
        }
    } else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_is_left_out_only_where_nothing_leaves_the_machine_or_somebody_said_so() {
        let encrypted = |url: &str| Address::parse(url).expect(url).tls.is_some();
        assert!(!encrypted("postgres://root@127.0.0.1:5432/test"));
        assert!(!encrypted("postgresql://root@localhost/test"));
        assert!(!encrypted("postgres://root@db.example.com/test?sslmode=disable"));
        assert!(encrypted("postgres://root@db.example.com/test"));
        assert!(encrypted("postgres://root@127.0.0.1/test?sslmode=require"));
    }

    #[test]
    fn a_wrong_url_is_refused_without_repeating_its_password() {
        for url in [
            "mysql://u:planted@h/d",
            "postgres://u:planted@h/d?sslmode=maybe",
            "u:planted@h",
            "postgres://u:planted@h:x/d",
        ] {
            let error = Address::parse(url).err().expect(url).to_string();
            assert!(
                error.starts_with("cannot open the database: database_url: ") && !error.contains("planted"),
                "{error}"
            );
        }
    }
}
