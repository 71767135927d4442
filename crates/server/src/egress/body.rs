//! Reading as much of an answer's body as is wanted, and no more.

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};

/// How much of a body to keep and to read.
#[derive(Clone, Copy)]
pub(super) struct Reading {
    pub(super) kept: usize,
    pub(super) read: usize,
}

pub(super) struct ReadBody {
    pub(super) prefix: Bytes,
    /// Whether there was more than the prefix.
    pub(super) truncated: bool,
    /// Whether the body was read to its end, so that the connection can serve again.
    pub(super) complete: bool,
}

impl Reading {
    pub(super) async fn run(self, mut body: Incoming) -> Result<ReadBody, hyper::Error> {
        let mut prefix = Vec::new();
        let mut total = 0_usize;
        while !body.is_end_stream() {
            let Some(frame) = body.frame().await else {
                break;
            };
            let Ok(data) = frame?.into_data() else {
                continue;
            };
            total = total.saturating_add(data.len());
            let room = self.kept - prefix.len();
            // Copied, because a slice would keep the whole read buffer alive with the log entry.
            prefix.extend_from_slice(&data[..room.min(data.len())]);
            if total > self.read {
                return Ok(ReadBody { prefix: prefix.into(), truncated: true, complete: false });
            }
        }
        let truncated = total > prefix.len();
        Ok(ReadBody { prefix: prefix.into(), truncated, complete: true })
    }
}
