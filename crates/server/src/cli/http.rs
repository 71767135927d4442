//! Requests of the command line to whatever URL the user gives: HTTP/1.1, plain or TLS, connections
//! kept and used again. Not the server's way out: no address policy applies to a user's own machine.
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_util::task::TaskTracker;
use url::{Host, Url};

use crate::egress::tls;

type Sender = http1::SendRequest<Full<Bytes>>;

/// Connections, shared by clones.
#[derive(Clone, Default)]
pub(super) struct Http {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    tls: OnceLock<TlsConnector>,
    idle: Mutex<HashMap<String, Vec<Sender>>>,
    drivers: TaskTracker,
}

/// A request.
#[derive(Debug, Clone)]
pub(super) struct Outbound {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// An answer, whole.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum HttpError {
    /// No connection.
    Connect(String),
    /// The connection broke.
    Broken(String),
    /// It took too long.
    TimedOut(Duration),
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(why) | Self::Broken(why) => f.write_str(why),
            Self::TimedOut(after) => write!(f, "no answer within {} s", after.as_secs()),
        }
    }
}

impl Http {
    /// Sends a request and reads its answer whole.
    pub(super) async fn fetch(&self, outbound: &Outbound, timeout: Duration) -> Result<Fetched, HttpError> {
        let exchange = async {
            let (response, sender) = self.open(outbound).await?;
            let (head, body) = response.into_parts();
            let body = body.collect().await.map_err(|error| HttpError::Broken(words(&error)))?.to_bytes();
            self.keep(&outbound.url, sender);
            Ok(Fetched { status: head.status, headers: head.headers, body })
        };
        tokio::time::timeout(timeout, exchange).await.unwrap_or(Err(HttpError::TimedOut(timeout)))
    }

    /// Sends a request and gives its answer as it comes.
    pub(super) async fn stream(&self, outbound: &Outbound, timeout: Duration) -> Result<Response<Incoming>, HttpError> {
        let opened = tokio::time::timeout(timeout, self.open(outbound)).await;
        Ok(opened.unwrap_or(Err(HttpError::TimedOut(timeout)))?.0)
    }

    async fn open(&self, outbound: &Outbound) -> Result<(Response<Incoming>, Sender), HttpError> {
        let request = request(outbound)?;
        while let Some(mut sender) = self.take(&outbound.url) {
            if sender.ready().await.is_err() {
                continue;
            }
            match sender.send_request(request.clone()).await {
                Ok(response) => return Ok((response, sender)),
                // The server closed it while it was idle: nothing was answered, so another may be used.
                Err(error) if error.is_canceled() || error.is_incomplete_message() => {}
                Err(error) => return Err(HttpError::Broken(words(&error))),
            }
        }
        let mut sender = self.connect(&outbound.url).await?;
        let response = sender.send_request(request).await.map_err(|error| HttpError::Broken(words(&error)))?;
        Ok((response, sender))
    }

    fn take(&self, url: &Url) -> Option<Sender> {
        let mut idle = self.inner.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.get_mut(&origin(url))?.pop()
    }

    fn keep(&self, url: &Url, sender: Sender) {
        let mut idle = self.inner.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.entry(origin(url)).or_default().push(sender);
    }

    async fn connect(&self, url: &Url) -> Result<Sender, HttpError> {
        let port = url.port_or_known_default().unwrap_or(80);
        let stream = match url.host() {
            Some(Host::Domain(name)) => TcpStream::connect((name, port)).await,
            Some(Host::Ipv4(address)) => TcpStream::connect((address, port)).await,
            Some(Host::Ipv6(address)) => TcpStream::connect((address, port)).await,
            None => return Err(HttpError::Connect("the URL has no host".into())),
        };
        let stream = stream.map_err(|error| HttpError::Connect(reason(&error)))?;
        drop(stream.set_nodelay(true));
        if url.scheme() == "https" {
            let connector = self.tls()?;
            let name = match url.host() {
                Some(Host::Domain(name)) => ServerName::try_from(name.to_owned()).ok(),
                Some(Host::Ipv4(address)) => Some(ServerName::from(std::net::IpAddr::from(address))),
                Some(Host::Ipv6(address)) => Some(ServerName::from(std::net::IpAddr::from(address))),
                None => None,
            };
            let name = name.ok_or_else(|| HttpError::Connect("the host is no name for TLS".into()))?;
            let secured = connector.connect(name, stream).await;
            self.handshake(secured.map_err(|error| HttpError::Connect(format!("tls: {error}")))?).await
        } else {
            self.handshake(stream).await
        }
    }

    async fn handshake<S>(&self, stream: S) -> Result<Sender, HttpError>
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    {
        let handshake = http1::handshake(TokioIo::new(stream)).await;
        let (sender, driver) = handshake.map_err(|error| HttpError::Connect(words(&error)))?;
        // The exchange under way reports what goes wrong.
        self.inner.drivers.spawn(async move { drop(driver.await) });
        Ok(sender)
    }

    fn tls(&self) -> Result<TlsConnector, HttpError> {
        if let Some(connector) = self.inner.tls.get() {
            return Ok(connector.clone());
        }
        let mut config: ClientConfig =
            tls::client_config(&[]).map_err(|error| HttpError::Connect(error.to_string()))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(self.inner.tls.get_or_init(|| TlsConnector::from(Arc::new(config))).clone())
    }
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

fn request(outbound: &Outbound) -> Result<Request<Full<Bytes>>, HttpError> {
    let url = &outbound.url;
    let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let mut request = Request::new(Full::new(outbound.body.clone()));
    *request.method_mut() = outbound.method.clone();
    *request.uri_mut() = path.parse().map_err(|_| HttpError::Connect("the URL's path cannot be sent".into()))?;
    *request.headers_mut() = outbound.headers.clone();
    let host = url.host_str().unwrap_or_default();
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let host = HeaderValue::from_str(&host).map_err(|_| HttpError::Connect("the host cannot be sent".into()))?;
    request.headers_mut().insert(header::HOST, host);
    Ok(request)
}

/// An I/O error without its number.
fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

fn words(error: &hyper::Error) -> String {
    if error.is_incomplete_message() {
        return "the connection closed before the answer was whole".into();
    }
    let cause = std::error::Error::source(error).and_then(|source| source.downcast_ref::<std::io::Error>());
    cause.map_or_else(|| error.to_string(), reason)
}
