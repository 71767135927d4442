//! Idle connections, kept per scheme, host and port.
//!
//! HTTP/1 connections are a stack: the one used last is the one most likely still open, and those
//! below it grow old and go. HTTP/2 has one connection per host that all requests share. The lock
//! is held for a few map operations and never across an await.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::{http1, http2};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::target::HostKey;

pub(super) type Body = Full<Bytes>;

/// A connection to send the next request on.
pub(super) struct Connection {
    pub(super) sender: Sender,
    pub(super) remote: SocketAddr,
}

/// The handle of a connection whose driver runs in its own task.
pub(super) enum Sender {
    Http1(http1::SendRequest<Body>),
    Http2(http2::SendRequest<Body>),
}

/// How much may lie idle, and for how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) per_host_max: usize,
    pub(super) total_max: usize,
    pub(super) idle_timeout: Duration,
}

pub(super) struct Pool {
    limits: Limits,
    stock: Mutex<Stock>,
    tasks: TaskTracker,
}

#[derive(Default)]
struct Stock {
    hosts: HashMap<Arc<HostKey>, Host>,
    idle_count: usize,
    /// Whether a sweeper task is running.
    swept: bool,
}

#[derive(Default)]
struct Host {
    idle: Vec<Idle>,
    shared: Option<Shared>,
}

struct Idle {
    sender: http1::SendRequest<Body>,
    remote: SocketAddr,
    since: Instant,
}

struct Shared {
    sender: http2::SendRequest<Body>,
    remote: SocketAddr,
    used: Instant,
}

impl Pool {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, stock: Mutex::default(), tasks: TaskTracker::new() }
    }

    /// A connection that looks alive, if there is one.
    pub(super) fn take(&self, key: &HostKey) -> Option<Connection> {
        let mut stock = self.lock();
        let stock = &mut *stock;
        let host = stock.hosts.get_mut(key)?;
        if let Some(shared) = host.shared.as_mut() {
            if !shared.sender.is_closed() {
                shared.used = Instant::now();
                return Some(shared.lend());
            }
            host.shared = None;
        }
        while let Some(idle) = host.idle.pop() {
            stock.idle_count -= 1;
            if idle.sender.is_ready() && idle.since.elapsed() < self.limits.idle_timeout {
                let sender = Sender::Http1(idle.sender);
                return Some(Connection { sender, remote: idle.remote });
            }
        }
        None
    }

    /// Puts an HTTP/1 connection back; beyond the limits it is dropped, which closes it.
    pub(super) fn put(self: &Arc<Self>, key: &Arc<HostKey>, sender: http1::SendRequest<Body>, remote: SocketAddr) {
        let mut stock = self.lock();
        if stock.idle_count >= self.limits.total_max {
            return;
        }
        let host = stock.host(key);
        if host.idle.len() >= self.limits.per_host_max {
            return;
        }
        host.idle.push(Idle { sender, remote, since: Instant::now() });
        stock.idle_count += 1;
        self.ensure_swept(&mut stock);
    }

    /// Shares a new HTTP/2 connection. When another request was faster, its connection is lent
    /// and the new one dropped, so a host never has two.
    pub(super) fn share(
        self: &Arc<Self>,
        key: &Arc<HostKey>,
        sender: http2::SendRequest<Body>,
        remote: SocketAddr,
    ) -> Connection {
        let mut stock = self.lock();
        let shared = &mut stock.host(key).shared;
        let shared = match shared {
            Some(shared) if !shared.sender.is_closed() => shared,
            gone => gone.insert(Shared { sender, remote, used: Instant::now() }),
        };
        let lent = shared.lend();
        self.ensure_swept(&mut stock);
        lent
    }

    /// Forgets an HTTP/2 connection that turned out to accept nothing any more. Should a newer
    /// one have taken its place meanwhile, the price is one more handshake.
    pub(super) fn forget_shared(&self, key: &HostKey) {
        if let Some(host) = self.lock().hosts.get_mut(key) {
            host.shared = None;
        }
    }

    /// Drops all idle connections.
    pub(super) fn clear(&self) {
        let mut stock = self.lock();
        stock.hosts.clear();
        stock.idle_count = 0;
    }

    /// Live connections kept: idle HTTP/1 ones and shared HTTP/2 ones.
    pub(super) fn live_count(&self) -> usize {
        let stock = self.lock();
        let live = |host: &Host| {
            host.idle.iter().filter(|idle| !idle.sender.is_closed()).count()
                + usize::from(host.shared.as_ref().is_some_and(|one| !one.sender.is_closed()))
        };
        stock.hosts.values().map(live).sum()
    }

    /// The sweeper lives only while there is something to sweep, so an idle server has no timer.
    fn ensure_swept(self: &Arc<Self>, stock: &mut Stock) {
        if !stock.swept {
            stock.swept = true;
            let period = (self.limits.idle_timeout / 2).max(Duration::from_millis(1));
            let pool = Arc::downgrade(self);
            // Never joined: it ends by itself when the pool is empty or gone.
            self.tasks.spawn(sweep(pool, period));
        }
    }

    /// Drops what is closed or too old; true when nothing is left.
    fn sweep_once(&self) -> bool {
        let mut stock = self.lock();
        let keep = |since: Instant| since.elapsed() < self.limits.idle_timeout;
        for host in stock.hosts.values_mut() {
            host.idle.retain(|idle| idle.sender.is_ready() && keep(idle.since));
            host.shared.take_if(|shared| shared.sender.is_closed() || !keep(shared.used));
        }
        stock.hosts.retain(|_, host| !host.idle.is_empty() || host.shared.is_some());
        stock.idle_count = stock.hosts.values().map(|host| host.idle.len()).sum();
        stock.swept = !stock.hosts.is_empty();
        !stock.swept
    }

    /// Every change is a whole: a panic elsewhere leaves nothing half done behind the lock.
    fn lock(&self) -> MutexGuard<'_, Stock> {
        self.stock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stock {
    fn host(&mut self, key: &Arc<HostKey>) -> &mut Host {
        // Looked up twice on the first visit so that later ones clone no key.
        if !self.hosts.contains_key(&**key) {
            self.hosts.insert(Arc::clone(key), Host::default());
        }
        self.hosts.get_mut(&**key).expect("inserted above")
    }
}

impl Shared {
    fn lend(&self) -> Connection {
        Connection { sender: Sender::Http2(self.sender.clone()), remote: self.remote }
    }
}

async fn sweep(pool: Weak<Pool>, period: Duration) {
    loop {
        tokio::time::sleep(period).await;
        let Some(pool) = pool.upgrade() else { return };
        if pool.sweep_once() {
            return;
        }
    }
}
