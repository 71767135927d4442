//! One worker's way to the other side: its own connection, or a pool shared by all.

use std::time::Instant;

use anyhow::Context as _;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Response, StatusCode};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::REQUEST_TIMEOUT;
use super::options::Client;
use super::request::{Body, Requests};
use super::tally::Tally;
use crate::clock;

/// The pooled client.
pub type Pool = hyper_util::client::legacy::Client<HttpConnector, Body>;

/// Makes the pool that all workers of a run share.
pub fn pool(connections: usize) -> Pool {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    hyper_util::client::legacy::Client::builder(TokioExecutor::new())
        .pool_max_idle_per_host(connections)
        .build(connector)
}

/// Sends one request at a time.
#[derive(Debug)]
pub struct Sender<'a> {
    requests: &'a Requests,
    way: Way,
    turn: usize,
    step: usize,
}

#[derive(Debug)]
enum Way {
    Pooled(Box<Pool>),
    Own {
        open: Option<SendRequest<Body>>,
        // Dropping it ends the connection.
        driver: JoinSet<()>,
    },
}

impl<'a> Sender<'a> {
    /// The sender that is the `turn`th of so many: they take turns, so that all of them together make each request once
    /// before any is made again.
    pub fn new(requests: &'a Requests, client: Client, pool: &Pool, (turn, of): (usize, usize)) -> Self {
        let way = match client {
            Client::Pooled => Way::Pooled(Box::new(pool.clone())),
            Client::Conn => Way::Own { open: None, driver: JoinSet::new() },
        };
        Self { requests, way, turn, step: of.max(1) }
    }

    /// Connects before the clock starts; an error will show in the first request.
    pub async fn connect(&mut self) {
        if let Way::Own { open, driver } = &mut self.way {
            *open = connect(&self.requests.authority, driver).await.ok();
        }
    }

    /// Sends the next request, due at `due`, and notes in `tally` what came of it.
    pub async fn send(&mut self, due: Instant, tally: &mut Tally) {
        let exchange = self.exchange(clock::unix_us_at(due));
        let answer = match tokio::time::timeout(REQUEST_TIMEOUT, exchange).await {
            Ok(answer) => answer,
            Err(elapsed) => Err(elapsed.into()),
        };
        match answer {
            Ok((status, body)) => tally.answered(clock::us_since(due), status, &body),
            Err(error) => {
                if let Way::Own { open, .. } = &mut self.way {
                    *open = None;
                }
                tally.failed(&error);
                // A refused connection must not become a busy loop.
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        }
    }

    async fn exchange(&mut self, due_us: u64) -> anyhow::Result<(StatusCode, Bytes)> {
        self.turn = self.turn.wrapping_add(self.step);
        let answer = match &mut self.way {
            Way::Pooled(pool) => pool.request(self.requests.absolute(self.turn, due_us)).await.context("request")?,
            Way::Own { open, driver } => {
                if open.as_ref().is_none_or(SendRequest::is_closed) {
                    *open = Some(connect(&self.requests.authority, driver).await?);
                }
                let open = open.as_mut().expect("it was opened above");
                open.ready().await.context("connection")?;
                open.send_request(self.requests.relative(self.turn, due_us)).await.context("request")?
            }
        };
        read(answer).await
    }
}

async fn read(answer: Response<Incoming>) -> anyhow::Result<(StatusCode, Bytes)> {
    let status = answer.status();
    let body = answer.into_body().collect().await.context("answer")?;
    Ok((status, body.to_bytes()))
}

async fn connect(authority: &str, driver: &mut JoinSet<()>) -> anyhow::Result<SendRequest<Body>> {
    let stream = TcpStream::connect(authority).await.context("connect")?;
    stream.set_nodelay(true)?;
    let (open, connection) = handshake(TokioIo::new(stream)).await.context("handshake")?;
    driver.abort_all();
    driver.spawn(async move {
        // The sender sees the same error on its next request.
        let _ = connection.await;
    });
    Ok(open)
}
