//! Bodies of requests: read within bounds of size and time, and taken off the wire even when nobody
//! wants them.
use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::Request,
};
use http::{StatusCode, Version, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Frame, SizeHint};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::problem::{Code, Problem};
use crate::connection::STOP_READ;

/// The most a body may measure, unless the route takes more.
pub(super) const BODY_BYTES_MAX: usize = 256 * 1024;
/// The most a batch may measure.
pub(super) const BATCH_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How long a client may take to send its body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// How long it may send nothing of it.
const STALL_TIMEOUT: Duration = Duration::from_secs(10);

/// Reads a body within a bound. When the server stops, what has not come in shortly after is not
/// waited for.
pub(super) async fn read_body(request: Request, max: usize, stopping: &CancellationToken) -> Result<Bytes, Problem> {
    let too_large = || Problem::new(Code::TooLarge, format!("The body is over {max} bytes."));
    let declared =
        request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > max) {
        return Err(too_large());
    }
    let mut body = Limited::new(request.into_body(), max);
    let stopped = async {
        stopping.cancelled().await;
        tokio::time::sleep(STOP_READ).await;
    };
    tokio::pin!(stopped);
    // What is only announced takes no memory.
    let mut whole = Vec::with_capacity(declared.unwrap_or(0).min(BODY_BYTES_MAX));
    let until = Instant::now() + BODY_TIMEOUT;
    loop {
        let frame = tokio::select! {
            biased;
            frame = body.frame() => frame,
            () = tokio::time::sleep_until(until.min(Instant::now() + STALL_TIMEOUT)) => {
                return Err(Problem::new(Code::Timeout, "The body took too long to arrive."));
            }
            () = &mut stopped => {
                return Err(Problem::new(Code::Unavailable, "The server is stopping, and the body had not arrived."));
            }
        };
        match frame {
            None => return Ok(whole.into()),
            Some(Ok(frame)) => whole.extend_from_slice(frame.data_ref().map_or(&[], |data| data)),
            Some(Err(error)) if error.is::<LengthLimitError>() => return Err(too_large()),
            Some(Err(_)) => return Err(Problem::new(Code::Unparsable, "The body ended early.")),
        }
    }
}

/// The most that is read of a body that nobody wants: twice the largest that is taken. Keeps I12.
const DRAIN_BYTES_MAX: usize = 2 * BATCH_BYTES_MAX;
/// How long it is read.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(2);

/// The body of a request, held by the handler and by the outermost layer. A connection that is closed
/// with bytes unread is reset, and the client may lose the answer that explains it: so what a handler
/// left is read, within bounds, before the answer goes.
#[derive(Clone)]
pub(super) struct Shared(Arc<Mutex<Held>>);

struct Held {
    body: Body,
    /// Whether the client was told to send it, or sends it unasked.
    sent: bool,
}

impl Shared {
    /// Takes hold of the body of a request, if the connection cannot do without it.
    pub(super) fn hold(request: Request) -> (Request, Option<Self>) {
        // Later versions of HTTP end the one stream and keep the connection.
        if request.version() > Version::HTTP_11 || request.body().is_end_stream() {
            return (request, None);
        }
        let sent = !request.headers().contains_key(header::EXPECT);
        let (parts, body) = request.into_parts();
        let shared = Self(Arc::new(Mutex::new(Held { body, sent })));
        (Request::from_parts(parts, Body::new(shared.clone())), Some(shared))
    }

    /// Reads what is left of it, unless the answer is that too little came.
    pub(super) async fn drain(self, status: StatusCode) {
        let waits = !self.held(|held| held.sent);
        if waits || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::SERVICE_UNAVAILABLE) {
            return;
        }
        let mut rest = Limited::new(self, DRAIN_BYTES_MAX);
        let all = async { while let Some(Ok(_)) = rest.frame().await {} };
        drop(tokio::time::timeout(DRAIN_TIMEOUT, all).await);
    }

    fn held<T>(&self, with: impl FnOnce(&mut Held) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl HttpBody for Shared {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.held(|held| {
            held.sent = true;
            Pin::new(&mut held.body).poll_frame(cx)
        })
    }

    fn is_end_stream(&self) -> bool {
        self.held(|held| held.body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.held(|held| held.body.size_hint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A body of which nothing more comes after its first bytes.
    fn stalled() -> Request {
        let first = futures_util::stream::iter([Ok::<_, std::convert::Infallible>(Bytes::from_static(b"{"))]);
        let body = futures_util::StreamExt::chain(first, futures_util::stream::pending());
        Request::new(Body::from_stream(body))
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stalls_is_given_up() {
        let began = Instant::now();
        let refused = read_body(stalled(), BODY_BYTES_MAX, &CancellationToken::new()).await;
        assert_eq!(refused.map_err(|problem| problem.code()), Err(Code::Timeout));
        assert_eq!(began.elapsed().as_secs(), STALL_TIMEOUT.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_trickles_is_given_up_too() {
        let drops = futures_util::stream::repeat(Ok::<_, std::convert::Infallible>(Bytes::from_static(b" ")));
        let slow = futures_util::StreamExt::then(drops, |drop| async {
            tokio::time::sleep(Duration::from_secs(4)).await;
            drop
        });
        let began = Instant::now();
        let body = Request::new(Body::from_stream(slow));
        let refused = read_body(body, BODY_BYTES_MAX, &CancellationToken::new()).await;
        assert_eq!(refused.map_err(|problem| problem.code()), Err(Code::Timeout));
        assert_eq!(began.elapsed().as_secs(), BODY_TIMEOUT.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_waits_only_shortly_for_a_body() {
        let (began, stopping) = (Instant::now(), CancellationToken::new());
        stopping.cancel();
        let refused = read_body(stalled(), BODY_BYTES_MAX, &stopping).await;
        assert_eq!(refused.map_err(|problem| problem.code()), Err(Code::Unavailable));
        assert_eq!(began.elapsed().as_secs(), STOP_READ.as_secs());
    }
}
