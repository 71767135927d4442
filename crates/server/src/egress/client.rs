//! Sending: a connection from the pool or a new one, the request on it, and as much of the answer
//! as is wanted.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, Request, header};
use http_body_util::Full;
use tokio::time::{Instant, timeout};
use tokio_util::task::TaskTracker;

use super::body::Reading;
use super::config::EgressConfig;
use super::connect::Connector;
use super::dns::Dns;
use super::error::SendError;
use super::exchange::{Exchange, OutboundRequest, Response, Trace, micros_since};
use super::policy::AddressPolicy;
use super::pool::{Body, Connection, Limits, Pool, Sender};
use super::target::Target;
use super::tls::{self, EgressError};

/// How long a connection may take to become ready again after its answer was read.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(1);

/// The door. Cheap to clone; all clones share connections.
#[derive(Clone)]
pub struct Egress {
    inner: Arc<Inner>,
}

struct Inner {
    policy: AddressPolicy,
    dns: Dns,
    connector: Connector,
    pool: Arc<Pool>,
    settling: TaskTracker,
}

/// What became of a request on one connection.
enum Attempt {
    Over(Result<Response, SendError>),
    /// Nothing was written, so another connection may be tried without sending anything twice.
    NotSent(Request<Body>),
}

impl Egress {
    /// Builds the door; reads the certificate stores and the system's DNS configuration.
    pub fn new(config: EgressConfig) -> Result<Self, EgressError> {
        let limits = Limits {
            per_host_max: config.idle_per_host_max,
            total_max: config.idle_total_max,
            idle_timeout: config.idle_timeout,
        };
        let inner = Inner {
            dns: Dns::new(config.hosts, &config.nameservers).map_err(EgressError::Dns)?,
            connector: Connector::new(tls::client_config(&config.ca_files)?),
            policy: config.policy,
            pool: Arc::new(Pool::new(limits)),
            settling: TaskTracker::new(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The rules of this door, for judging URLs when they are saved.
    pub fn policy(&self) -> &AddressPolicy {
        &self.inner.policy
    }

    /// Sends one request and waits for its answer, at most [`OutboundRequest::timeout`] for all
    /// of it. Redirects are not followed, and nothing that may have reached the peer is sent
    /// again. Must be called inside a tokio runtime.
    pub async fn send(&self, request: OutboundRequest) -> Exchange {
        let mut trace = Trace::start();
        let limit = request.timeout;
        let outcome = match timeout(limit, self.inner.exchange(request, &mut trace)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(SendError::Timeout(limit)),
        };
        trace.finish(outcome)
    }

    /// Open connections that wait for the next request.
    pub fn idle_connections(&self) -> usize {
        self.inner.pool.live_count()
    }

    /// Closes connections that wait for the next request, as a server does when it stops.
    pub fn close_idle(&self) {
        self.inner.pool.clear();
    }

    #[cfg(test)]
    pub(super) fn pool(&self) -> &Arc<Pool> {
        &self.inner.pool
    }
}

impl fmt::Debug for Egress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Egress").field("policy", self.policy()).finish_non_exhaustive()
    }
}

impl Inner {
    async fn exchange(&self, request: OutboundRequest, trace: &mut Trace) -> Result<Response, SendError> {
        let reading = Reading { kept: request.response_bytes_kept, read: request.response_bytes_read };
        let deadline = Instant::now() + request.timeout;
        let target = request.target;
        let mut message = Request::new(Full::new(request.body));
        *message.method_mut() = request.method;
        *message.headers_mut() = request.headers;
        strip_connection_headers(message.headers_mut());

        self.policy.check_shared(&target)?;
        if let Some(connection) = self.pool.take(target.key()) {
            trace.timing.reused = true;
            match self.attempt(connection, message, &target, reading, trace).await {
                Attempt::Over(outcome) => return outcome,
                // It was closed while idle and we had not noticed yet.
                Attempt::NotSent(unsent) => message = unsent,
            }
            trace.timing.reused = false;
            trace.remote = None;
        }
        // Boxed: the handshakes' state is large and rarely needed.
        let connection = Box::pin(self.connect(&target, deadline, trace)).await?;
        match self.attempt(connection, message, &target, reading, trace).await {
            Attempt::Over(outcome) => outcome,
            Attempt::NotSent(_) => Err(SendError::Closed),
        }
    }

    async fn connect(&self, target: &Target, deadline: Instant, trace: &mut Trace) -> Result<Connection, SendError> {
        if !self.policy.is_own(target) {
            self.policy.check_door(target)?;
        }
        let started = Instant::now();
        let addresses = self.dns.resolve(target, &self.policy).await?;
        if target.literal_address().is_none() {
            trace.timing.dns_us = Some(micros_since(started));
        }
        let started = Instant::now();
        // Shown for failed connects too, where it is the address that was tried first.
        trace.remote = addresses.first().copied();
        let (sender, remote) = self.connector.connect(target, &addresses, deadline).await?;
        trace.timing.connect_us = Some(micros_since(started));
        trace.remote = Some(remote);
        Ok(match sender {
            Sender::Http2(sender) => self.pool.share(target.key(), sender, remote),
            sender @ Sender::Http1(_) => Connection { sender, remote },
        })
    }

    async fn attempt(
        &self,
        connection: Connection,
        mut message: Request<Body>,
        target: &Target,
        reading: Reading,
        trace: &mut Trace,
    ) -> Attempt {
        let started = Instant::now();
        let remote = connection.remote;
        trace.remote = Some(remote);
        let (answer, http1) = match connection.sender {
            Sender::Http1(mut sender) => {
                // Origin form and `Host`, RFC 9112 section 3.2.1.
                *message.uri_mut() = target.origin_form().clone();
                message.headers_mut().insert(header::HOST, target.host_header().clone());
                (sender.try_send_request(message).await, Some(sender))
            }
            Sender::Http2(mut sender) => {
                // `:authority` takes the place of `Host`, RFC 9113 section 8.3.1.
                *message.uri_mut() = target.absolute_form().clone();
                message.headers_mut().remove(header::HOST);
                (sender.try_send_request(message).await, None)
            }
        };
        let response = match answer {
            Ok(response) => response,
            Err(mut error) => {
                if let Some(unsent) = error.take_message() {
                    if http1.is_none() {
                        self.pool.forget_shared(target.key());
                    }
                    return Attempt::NotSent(unsent);
                }
                return Attempt::Over(Err(SendError::from_hyper(&error.into_error())));
            }
        };
        trace.timing.first_byte_us = Some(micros_since(started));
        let (head, body) = response.into_parts();
        let body = match reading.run(body).await {
            Ok(body) => body,
            Err(error) => return Attempt::Over(Err(SendError::from_hyper(&error))),
        };
        if let (Some(sender), true) = (http1, body.complete) {
            self.give_back(target, sender, remote);
        }
        Attempt::Over(Ok(Response {
            status: head.status.as_u16(),
            headers: head.headers,
            body_prefix: body.prefix,
            body_truncated: body.truncated,
        }))
    }

    /// The driver usually is ready again by the time the answer is read. Where it is not, the
    /// wait must not delay the caller, nor must a connection that never settles be reused.
    fn give_back(
        &self,
        target: &Target,
        mut sender: hyper::client::conn::http1::SendRequest<Body>,
        remote: SocketAddr,
    ) {
        if sender.is_ready() {
            self.pool.put(target.key(), sender, remote);
        } else if !sender.is_closed() {
            let pool = Arc::clone(&self.pool);
            let key = Arc::clone(target.key());
            self.settling.spawn(async move {
                if let Ok(Ok(())) = timeout(SETTLE_TIMEOUT, sender.ready()).await {
                    pool.put(&key, sender, remote);
                }
            });
        }
    }
}

const CONNECTION_HEADERS: [HeaderName; 7] = [
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::UPGRADE,
    header::TE,
    header::TRAILER,
    header::EXPECT,
];

/// The connection is ours: a header that contradicts it would let a caller smuggle requests.
fn strip_connection_headers(headers: &mut HeaderMap) {
    for name in &CONNECTION_HEADERS {
        headers.remove(name);
    }
    for name in ["keep-alive", "proxy-connection"] {
        headers.remove(name);
    }
}
