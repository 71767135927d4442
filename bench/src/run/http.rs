//! A small blocking client for the API and the sink's controls; never used under measurement.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::load::sender::Pool;

/// A connection that was idle for longer is not used again.
const IDLE_MAX: Duration = Duration::from_secs(5);

/// Calls to one base URL.
#[derive(Debug)]
pub struct Http {
    base: String,
    key: Option<String>,
    pool: Pool,
    runtime: Runtime,
}

impl Http {
    /// A client for `base`, with a bearer key if there is one.
    pub fn new(base: &str, key: Option<&str>) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self {
            base: base.to_owned(),
            key: key.map(ToOwned::to_owned),
            // Between two calls minutes may pass in which nobody here notices that a connection was closed.
            pool: Client::builder(TokioExecutor::new()).pool_idle_timeout(IDLE_MAX).build(HttpConnector::new()),
            runtime,
        })
    }

    /// `GET`; anything but 2xx is an error.
    pub fn get(&self, path: &str) -> anyhow::Result<Value> {
        let request = self.request(Method::GET, path, None)?;
        self.runtime.block_on(exchange(self.pool.clone(), request))
    }

    /// `POST`; anything but 2xx is an error.
    pub fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let request = self.request(Method::POST, path, Some(body))?;
        self.runtime.block_on(exchange(self.pool.clone(), request))
    }

    /// Many `POST`s to one path, `at_once` at a time; the answers in no certain order.
    pub fn post_all(&self, path: &str, bodies: &[Value], at_once: usize) -> anyhow::Result<Vec<Value>> {
        self.runtime.block_on(async {
            let mut answers = Vec::with_capacity(bodies.len());
            let mut running = JoinSet::new();
            for body in bodies {
                if running.len() >= at_once
                    && let Some(answer) = running.join_next().await
                {
                    answers.push(answer??);
                }
                let request = self.request(Method::POST, path, Some(body))?;
                running.spawn(exchange(self.pool.clone(), request));
            }
            while let Some(answer) = running.join_next().await {
                answers.push(answer??);
            }
            Ok(answers)
        })
    }

    fn request(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Request<Full<Bytes>>> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("content-type", "application/json");
        if let Some(key) = &self.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        Ok(request.body(Full::from(body))?)
    }
}

async fn exchange(pool: Pool, request: Request<Full<Bytes>>) -> anyhow::Result<Value> {
    let what = format!("{} {}", request.method(), request.uri());
    let answer = pool.request(request).await.with_context(|| what.clone())?;
    let status = answer.status();
    let body = answer.into_body().collect().await?.to_bytes();
    ensure!(status.is_success(), "{what}: {status}: {}", String::from_utf8_lossy(&body[..body.len().min(500)]));
    if body.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&body).with_context(|| what.clone())
}
