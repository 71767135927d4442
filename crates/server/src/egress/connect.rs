//! From addresses to a connection that speaks HTTP.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::client::conn::{http1, http2};
use hyper::rt::{Read, Write};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_util::task::TaskTracker;

use super::error::{RESPONSE_HEAD_BYTES_MAX, SendError};
use super::pool::{Body, Sender};
use super::target::Target;

/// A peer that vanished without a word is noticed after both of these.
const HTTP2_PING_INTERVAL: Duration = Duration::from_secs(10);
const HTTP2_PING_TIMEOUT: Duration = Duration::from_secs(5);
/// Answers to webhooks are small; windows of this size bound what an unread one can hold.
const HTTP2_STREAM_WINDOW_BYTES: u32 = 128 * 1024;
const HTTP2_CONNECTION_WINDOW_BYTES: u32 = 1024 * 1024;

/// Dials, greets, and starts the task that drives the connection.
pub(super) struct Connector {
    tls: TlsConnector,
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
    drivers: TaskTracker,
}

impl Connector {
    pub(super) fn new(tls: rustls::ClientConfig) -> Self {
        let mut http1 = http1::Builder::new();
        // The field count stays at hyper's 100, which it can parse without allocating.
        http1.max_buf_size(RESPONSE_HEAD_BYTES_MAX).max_header_size(RESPONSE_HEAD_BYTES_MAX);
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            // Until its settings arrive the peer's limit is unknown, and a burst beyond it is
            // refused rather than queued.
            .initial_max_send_streams(1)
            .keep_alive_interval(HTTP2_PING_INTERVAL)
            .keep_alive_timeout(HTTP2_PING_TIMEOUT)
            .initial_stream_window_size(HTTP2_STREAM_WINDOW_BYTES)
            .initial_connection_window_size(HTTP2_CONNECTION_WINDOW_BYTES)
            .max_header_list_size(64 * 1024);
        let tls = TlsConnector::from(Arc::new(tls));
        Self { tls, http1, http2, drivers: TaskTracker::new() }
    }

    /// Connects to one of `addresses`, which the caller has checked, and to nothing else.
    /// `deadline` only divides the time among addresses; the caller enforces it.
    pub(super) async fn connect(
        &self,
        target: &Target,
        addresses: &[SocketAddr],
        deadline: Instant,
    ) -> Result<(Sender, SocketAddr), SendError> {
        let (stream, remote) = dial(addresses, deadline).await?;
        if !target.is_https() {
            return Ok((self.http1(stream).await?, remote));
        }
        let name = target.server_name().clone();
        let stream = self.tls.connect(name, stream).await.map_err(|error| SendError::from_handshake(&error))?;
        let sender = if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
            self.http2(stream).await?
        } else {
            self.http1(stream).await?
        };
        Ok((sender, remote))
    }

    async fn http1<S>(&self, stream: S) -> Result<Sender, SendError>
    where
        TokioIo<S>: Read + Write + Unpin + Send + 'static,
    {
        let (sender, driver) = self
            .http1
            .handshake::<_, Body>(TokioIo::new(stream))
            .await
            .map_err(|error| SendError::from_hyper(&error))?;
        // The exchange under way reports whatever goes wrong; an idle connection has nobody to
        // report to.
        self.drivers.spawn(async move { drop(driver.await) });
        Ok(Sender::Http1(sender))
    }

    async fn http2<S>(&self, stream: S) -> Result<Sender, SendError>
    where
        TokioIo<S>: Read + Write + Unpin + Send + 'static,
    {
        let (sender, driver) = self
            .http2
            .handshake::<_, Body>(TokioIo::new(stream))
            .await
            .map_err(|error| SendError::from_hyper(&error))?;
        self.drivers.spawn(async move { drop(driver.await) });
        Ok(Sender::Http2(sender))
    }
}

/// One address after the other. All but the last get an equal share of the time that is left, so
/// that a family without a route does not take it all; the last one has the caller's deadline.
/// The last failure is the one reported.
async fn dial(addresses: &[SocketAddr], deadline: Instant) -> Result<(TcpStream, SocketAddr), SendError> {
    let Some((last, others)) = addresses.split_last() else {
        return Err(SendError::Connect("no address to connect to"));
    };
    for (tried, address) in others.iter().enumerate() {
        let left = deadline.saturating_duration_since(Instant::now());
        let shares = u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
        if let Ok(Ok(stream)) = timeout(left / shares, TcpStream::connect(address)).await {
            return Ok((prepare(stream), *address));
        }
    }
    let stream = TcpStream::connect(last).await.map_err(|error| SendError::from_connect(&error))?;
    Ok((prepare(stream), *last))
}

/// Requests are written whole; waiting to fill a packet only adds latency. A socket that refuses
/// the option still works.
fn prepare(stream: TcpStream) -> TcpStream {
    drop(stream.set_nodelay(true));
    stream
}
