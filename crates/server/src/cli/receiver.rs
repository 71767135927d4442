//! A webhook receiver in this process, told how to behave: for `catch`, `demo` and `bench`.
use std::{
    collections::HashMap,
    convert::Infallible,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bellwire_wire::{Finding, Scheme, Timestamp, Verified, explain, verify, verify::TOLERANCE};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::{Frame, Incoming};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::clock::Clock;

/// The most of a request's body that is kept.
const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// What a dripping answer says, a byte at a time.
const DRIPPED: &[u8] = b"{\"received\": true}\n";

/// How requests are answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Behaviour {
    pub(super) status: StatusCode,
    /// Before the answer.
    pub(super) delay: Duration,
    /// Between the bytes of the answer.
    pub(super) drip: Option<Duration>,
    /// Close the connection with a reset instead of an answer.
    pub(super) reset: bool,
    /// All that only at the first so many requests of each webhook-id; later ones are answered 200 at once.
    pub(super) flaky: Option<u32>,
}

impl Behaviour {
    /// Whether anything but a prompt success is to be answered.
    pub(super) fn is_at_fault(&self) -> bool {
        !self.status.is_success() || !self.delay.is_zero() || self.drip.is_some() || self.reset
    }
}

/// Ids that are counted; beyond that all are forgotten. Keeps I12.
const COUNTED_MAX: usize = 10_000;

/// What all connections share: how to behave, and how often each id was seen.
struct Shared {
    behaviour: Mutex<Behaviour>,
    seen: Mutex<HashMap<String, u32>>,
}

impl Shared {
    fn behaviour(&self) -> Behaviour {
        *self.behaviour.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How to answer a request with this id.
    fn behaviour_to(&self, id: &str) -> Behaviour {
        let behaviour = self.behaviour();
        let Some(faults) = behaviour.flaky else { return behaviour };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= COUNTED_MAX {
            seen.clear();
        }
        let times = seen.entry(id.to_owned()).or_default();
        *times = times.saturating_add(1);
        if *times > faults { Behaviour::default() } else { behaviour }
    }
}

impl Default for Behaviour {
    fn default() -> Self {
        Self { status: StatusCode::OK, delay: Duration::ZERO, drip: None, reset: false, flaky: None }
    }
}

/// A request that came.
#[derive(Debug)]
pub(super) struct Caught {
    pub(super) at: Timestamp,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Bytes,
    /// What it is answered; nothing, if the connection is reset.
    pub(super) answer: Option<StatusCode>,
}

impl Caught {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether its signature is right, or why not.
    pub(super) fn check(&self, scheme: Scheme, secret: &str) -> Result<Verified, Vec<Finding>> {
        let checked = verify(scheme, &[secret], &self.headers, &self.body, self.at, TOLERANCE);
        checked.map_err(|_| explain(scheme, secret, &self.headers, &self.body, self.at))
    }
}

/// A listening receiver.
pub(super) struct Receiver {
    pub(super) address: SocketAddr,
    shared: Arc<Shared>,
    listener: TcpListener,
}

impl Receiver {
    pub(super) async fn bind(listen: &str, behaviour: Behaviour) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let shared = Shared { behaviour: Mutex::new(behaviour), seen: Mutex::default() };
        Ok(Self { address: listener.local_addr()?, shared: Arc::new(shared), listener })
    }

    /// Changes how requests are answered from now on.
    pub(super) fn control(&self) -> impl Fn(Behaviour) + Send + Sync + use<> {
        let shared = Arc::clone(&self.shared);
        move |next| *shared.behaviour.lock().unwrap_or_else(PoisonError::into_inner) = next
    }

    /// Takes requests until `stop`, and then answers those it has; each is sent to `caught` before it
    /// is answered.
    pub(super) async fn run(self, caught: mpsc::UnboundedSender<Caught>, stop: CancellationToken) {
        let connections = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = stop.cancelled() => break,
            };
            let Ok((socket, _)) = accepted else { continue };
            let (shared, caught) = (Arc::clone(&self.shared), caught.clone());
            connections.spawn(serve(socket, shared, caught, stop.clone()));
        }
        connections.close();
        connections.wait().await;
    }
}

async fn serve(socket: TcpStream, shared: Arc<Shared>, caught: mpsc::UnboundedSender<Caught>, stop: CancellationToken) {
    drop(socket.set_nodelay(true));
    if shared.behaviour().reset {
        // Closing then sends a reset at once.
        drop(socket.set_zero_linger());
    }
    let service = hyper::service::service_fn(move |request| answer(request, Arc::clone(&shared), caught.clone()));
    let builder = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
    let connection = builder.serve_connection(TokioIo::new(socket), service);
    tokio::pin!(connection);
    tokio::select! {
        _ = &mut connection => return,
        () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    drop(connection.await);
}

async fn answer(
    request: Request<Incoming>,
    shared: Arc<Shared>,
    caught: mpsc::UnboundedSender<Caught>,
) -> io::Result<Response<UnsyncBoxBody<Bytes, Infallible>>> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, BODY_BYTES_MAX).collect().await;
    let body = body.map_err(|error| io::Error::other(error.to_string()))?.to_bytes();
    let headers = head
        .headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    let id = head.headers.get("webhook-id").and_then(|id| id.to_str().ok()).unwrap_or_default();
    let behaviour = shared.behaviour_to(id);
    let one = Caught {
        at: Clock::SYSTEM.now(),
        method: head.method.to_string(),
        path: head.uri.path_and_query().map_or_else(|| "/".into(), ToString::to_string),
        headers: headers.collect(),
        body,
        answer: (!behaviour.reset).then_some(behaviour.status),
    };
    // Nobody listens any more: it is answered all the same.
    drop(caught.send(one));
    tokio::time::sleep(behaviour.delay).await;
    if behaviour.reset {
        return Err(io::ErrorKind::ConnectionReset.into());
    }
    let body = match behaviour.drip {
        None => Full::new(Bytes::new()).boxed_unsync(),
        Some(pause) => {
            let bytes = futures_util::stream::unfold(0, move |at| async move {
                let byte = DRIPPED.get(at..=at)?;
                tokio::time::sleep(pause).await;
                Some((Ok(Frame::data(Bytes::from_static(byte))), at + 1))
            });
            StreamBody::new(Box::pin(bytes)).boxed_unsync()
        }
    };
    let mut response = Response::new(body);
    *response.status_mut() = behaviour.status;
    Ok(response)
}
