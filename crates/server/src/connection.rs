//! One connection of the listening socket: its bounds, and how it ends when the server stops.
use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::Router;
use hyper::{
    Request,
    body::Incoming,
    rt::{Read, ReadBufCursor, Write},
    service::Service,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

/// The most a request's head may measure.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// How long a connection may be idle, or its client take to send its headers: longer than load
/// balancers keep an idle connection (60 s), so that it is they who end it and no request meets a
/// closing door.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);
/// How long a stop waits for what of a request has not come in, and for a client that takes nothing of
/// its answer.
pub const STOP_READ: Duration = Duration::from_secs(2);

/// Answers the requests of one connection until either side ends it. After `stopping`, requests being
/// handled finish; what else there is (half a head, an answer that nobody reads) is cut off shortly.
pub async fn serve(socket: TcpStream, router: TowerToHyperService<Router>, stopping: CancellationToken) {
    // An answer is small and whole: waiting to fill a packet only delays it.
    drop(socket.set_nodelay(true));
    let (busy, written) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicU64::new(0)));
    let handled = Arc::clone(&busy);
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let handled = Handled::new(Arc::clone(&handled));
        let answer = router.call(request);
        async move {
            let answer = answer.await;
            drop(handled);
            answer
        }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(HEAD_BYTES_MAX)
        .half_close(false);
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(256).keep_alive_interval(Duration::from_secs(20));
    let socket = Counted { socket: TokioIo::new(socket), written: Arc::clone(&written) };
    let connection = builder.serve_connection(socket, service);
    tokio::pin!(connection);
    tokio::select! {
        _ = &mut connection => return,
        () = stopping.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    loop {
        let before = written.load(Relaxed);
        if tokio::time::timeout(STOP_READ, connection.as_mut()).await.is_ok() {
            return;
        }
        if busy.load(Relaxed) == 0 && written.load(Relaxed) == before {
            return;
        }
    }
}

/// A request being handled, for as long as this lives.
struct Handled(Arc<AtomicUsize>);

impl Handled {
    fn new(count: Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Relaxed);
        Self(count)
    }
}

impl Drop for Handled {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// A socket that counts what the other side took.
struct Counted {
    socket: TokioIo<TcpStream>,
    written: Arc<AtomicU64>,
}

impl Counted {
    fn count(&self, wrote: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = &wrote {
            self.written.fetch_add(*bytes as u64, Relaxed);
        }
        wrote
    }
}

impl Read for Counted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, buf)
    }
}

impl Write for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.socket).poll_write(cx, buf);
        self.count(wrote)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.socket).poll_write_vectored(cx, bufs);
        self.count(wrote)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
