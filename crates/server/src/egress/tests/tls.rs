//! Certificates good and bad, and HTTP/2.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tempfile::NamedTempFile;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::{Receiver, body, dev_config, dev_egress, request, status, words};
use crate::egress::{Egress, EgressConfig, EgressError};

const NAME: &str = "hooks.example";

static AUTHORITIES: AtomicUsize = AtomicUsize::new(0);

struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: NamedTempFile,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // Issuers are found by name, so each authority needs its own.
        let name = format!("authority {}", AUTHORITIES.fetch_add(1, Ordering::SeqCst));
        params.distinguished_name.push(DnType::CommonName, name);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let file = NamedTempFile::new().unwrap();
        std::fs::write(file.path(), issuer.pem()).unwrap();
        Self { issuer, file }
    }

    fn egress(&self) -> Egress {
        let hosts = HashMap::from([(NAME.to_owned(), vec![Ipv4Addr::LOCALHOST.into()])]);
        let ca_files = vec![self.file.path().to_owned()];
        Egress::new(EgressConfig { ca_files, hosts, ..dev_config() }).unwrap()
    }

    /// A server certificate for `name`, changed by `change` before it is signed.
    fn acceptor(&self, name: &str, alpn: &[&str], change: fn(&mut CertificateParams)) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        change(&mut params);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        acceptor(certificate.der().clone(), &key, alpn)
    }
}

fn acceptor(certificate: rustls::pki_types::CertificateDer<'static>, key: &KeyPair, alpn: &[&str]) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .unwrap();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    TlsAcceptor::from(Arc::new(config))
}

fn unchanged(_: &mut CertificateParams) {}

/// Answers with what it saw: version, authority, path, body. At most one HTTP/2 stream at a time.
async fn echo(request: hyper::Request<Incoming>) -> Result<hyper::Response<Full<Bytes>>, hyper::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let host = head.headers.get("host").map(|host| host.to_str().unwrap().to_owned());
    let authority = head.uri.authority().map(ToString::to_string);
    let text = format!(
        "{:?} host={host:?} authority={authority:?} {} {}",
        head.version,
        head.uri.path_and_query().unwrap(),
        String::from_utf8_lossy(&body)
    );
    Ok(hyper::Response::new(Full::new(text.into())))
}

async fn serve(stream: TcpStream, acceptor: TlsAcceptor) {
    if let Ok(stream) = acceptor.accept(stream).await {
        let mut server = auto::Builder::new(TokioExecutor::new());
        server.http2().max_concurrent_streams(1);
        drop(server.serve_connection(TokioIo::new(stream), service_fn(echo)).await);
    }
}

async fn https(acceptor: TlsAcceptor) -> Receiver {
    Receiver::start(move |stream, _| serve(stream, acceptor.clone())).await
}

fn url(receiver: &Receiver) -> String {
    format!("https://{NAME}:{}/hook?x=1", receiver.address.port())
}

#[tokio::test]
async fn a_certificate_of_our_own_authority_is_trusted() {
    let authority = Authority::new();
    let receiver = https(authority.acceptor(NAME, &[], unchanged)).await;
    let egress = authority.egress();
    for round in 0..3 {
        let exchange = egress.send(request(&url(&receiver))).await;
        let port = receiver.address.port();
        let expected = format!("HTTP/1.1 host=Some(\"{NAME}:{port}\") authority=None /hook?x=1 {{\"a\":1}}");
        assert_eq!(String::from_utf8_lossy(body(&exchange)), expected);
        assert_eq!(exchange.timing.reused, round > 0);
    }
    assert_eq!(receiver.accepted(), 1);
}

#[tokio::test]
async fn bad_certificates_are_named_in_words() {
    let authority = Authority::new();
    let expired: fn(&mut CertificateParams) = |params| {
        params.not_before = date_time_ymd(2019, 1, 1);
        params.not_after = date_time_ymd(2020, 1, 1);
    };
    let early: fn(&mut CertificateParams) = |params| params.not_before = date_time_ymd(4000, 1, 1);
    for (acceptor, expected) in [
        (authority.acceptor(NAME, &[], expired), "tls: certificate expired"),
        (authority.acceptor(NAME, &[], early), "tls: certificate not valid yet"),
        (authority.acceptor("other.example", &[], unchanged), "tls: certificate not valid for name"),
        (Authority::new().acceptor(NAME, &[], unchanged), "tls: unknown issuer"),
        (
            authority.acceptor(NAME, &["spdy/1"], unchanged),
            "tls: the server refused the handshake (NoApplicationProtocol)",
        ),
    ] {
        let receiver = https(acceptor).await;
        let exchange = authority.egress().send(request(&url(&receiver))).await;
        assert_eq!(words(&exchange), expected);
        assert_eq!(exchange.remote, Some(receiver.address));
    }
}

#[tokio::test]
async fn a_self_signed_certificate_is_refused() {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![NAME.to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let receiver = https(acceptor(certificate.der().clone(), &key, &[])).await;
    let exchange = Authority::new().egress().send(request(&url(&receiver))).await;
    assert_eq!(words(&exchange), "tls: unknown issuer");
}

#[tokio::test]
async fn a_literal_address_is_matched_against_the_certificate_too() {
    let authority = Authority::new();
    for (name, expected) in [("127.0.0.1", Ok(200)), (NAME, Err("tls: certificate not valid for name"))] {
        let receiver = https(authority.acceptor(name, &[], unchanged)).await;
        let exchange = authority.egress().send(request(&format!("https://{}/", receiver.address))).await;
        let outcome = exchange.outcome.map(|response| response.status).map_err(|e| e.to_string());
        assert_eq!(outcome, expected.map_err(str::to_owned));
    }
}

#[tokio::test]
async fn a_plain_server_behind_https_is_a_tls_error() {
    let receiver = Receiver::start(|mut stream, _| async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    })
    .await;
    let exchange = dev_egress().send(request(&format!("https://{}/", receiver.address))).await;
    assert_eq!(words(&exchange), "tls: the server does not speak TLS on this port");
}

#[tokio::test]
async fn a_close_in_the_handshake_is_a_tls_error() {
    let receiver = Receiver::start(|mut stream, _| async move {
        use tokio::io::AsyncReadExt;
        assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
    })
    .await;
    let words = words(&dev_egress().send(request(&format!("https://{}/", receiver.address))).await);
    assert!(words.starts_with("tls: connection "), "{words}");
}

#[tokio::test]
async fn alpn_chooses_http2_and_all_requests_share_one_connection() {
    let authority = Authority::new();
    let receiver = https(authority.acceptor(NAME, &["h2", "http/1.1"], unchanged)).await;
    let egress = authority.egress();
    let exchange = egress.send(request(&url(&receiver))).await;
    let port = receiver.address.port();
    let expected = format!("HTTP/2.0 host=None authority=Some(\"{NAME}:{port}\") /hook?x=1 {{\"a\":1}}");
    assert_eq!(String::from_utf8_lossy(body(&exchange)), expected);
    assert!(!exchange.timing.reused);
    let sends = (0..20).map(|_| egress.send(request(&url(&receiver))));
    for exchange in futures_util::future::join_all(sends).await {
        assert_eq!((status(&exchange), exchange.timing.reused), (200, true));
    }
    assert_eq!(receiver.accepted(), 1);
    assert_eq!(egress.idle_connections(), 1);
}

#[tokio::test]
async fn a_host_never_keeps_two_http2_connections() {
    let authority = Authority::new();
    let receiver = https(authority.acceptor(NAME, &["h2"], unchanged)).await;
    let egress = authority.egress();
    let sends = (0..8).map(|_| egress.send(request(&url(&receiver))));
    for exchange in futures_util::future::join_all(sends).await {
        assert_eq!(status(&exchange), 200);
    }
    assert_eq!(egress.idle_connections(), 1);
}

#[tokio::test]
async fn an_http2_connection_that_is_gone_is_replaced() {
    let authority = Authority::new();
    let acceptor = authority.acceptor(NAME, &["h2"], unchanged);
    let served = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&served);
    let (close, closing) = tokio::sync::watch::channel(false);
    let receiver = Receiver::start(move |stream, nth| {
        let (acceptor, count) = (acceptor.clone(), Arc::clone(&count));
        let mut closing = closing.clone();
        async move {
            count.fetch_add(1, Ordering::SeqCst);
            tokio::select! {
                () = serve(stream, acceptor) => {}
                Ok(_) = closing.wait_for(|now| *now), if nth == 0 => {}
            }
        }
    })
    .await;
    let egress = authority.egress();
    assert_eq!(status(&egress.send(request(&url(&receiver))).await), 200);
    close.send(true).unwrap();
    while egress.idle_connections() > 0 {
        tokio::task::yield_now().await;
    }
    let exchange = egress.send(request(&url(&receiver))).await;
    assert_eq!((status(&exchange), exchange.timing.reused), (200, false));
    assert_eq!(served.load(Ordering::SeqCst), 2);
}

#[test]
fn a_ca_file_without_a_certificate_stops_the_start() {
    let file = NamedTempFile::new().unwrap();
    for path in [file.path().to_owned(), "/nonexistent/ca.pem".into()] {
        let error = Egress::new(EgressConfig { ca_files: vec![path], ..dev_config() }).err();
        assert!(matches!(error, Some(EgressError::CaFile { .. })), "{error:?}");
    }
}
