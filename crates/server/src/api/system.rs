//! About the server itself: health, metrics, its public keys, its own description.
use std::sync::Arc;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{openapi, reply::Reply};
use crate::{app::App, asyncapi};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(healthz))
        .routes(routes!(readyz))
        .routes(routes!(metrics))
        .routes(routes!(keys))
        .routes(routes!(document))
        .routes(routes!(events))
}

/// Whether the process lives.
#[derive(Serialize, ToSchema)]
struct Healthy {
    status: &'static str,
    version: &'static str,
}

/// Whether the process lives.
#[utoipa::path(get, path = "/healthz", operation_id = "get_health",
    tag = "system", responses((status = 200, body = Healthy)), security(()))]
async fn healthz() -> Reply {
    Reply::ok(&Healthy { status: "ok", version: crate::VERSION })
}

/// Whether the server should be sent requests.
#[derive(Serialize, ToSchema)]
struct Ready {
    /// `ready` or `not_ready`.
    status: &'static str,
    /// Why not.
    reasons: Vec<String>,
    writer_waiting_ms: u64,
    disk_free_bytes: Option<u64>,
}

/// A commit that takes longer is a stall.
const STALL_MS: u64 = 5_000;

/// Whether the server should be sent requests: the writer answers, the disk has room, it is not stopping.
#[utoipa::path(get, path = "/readyz", operation_id = "get_readiness",
    tag = "system", responses((status = 200, body = Ready), (status = 503, body = Ready)), security(()))]
async fn readyz(State(app): State<Arc<App>>) -> Reply {
    let health = app.store.health();
    let mut reasons = Vec::new();
    if health.writer_waiting_ms > STALL_MS {
        reasons.push(format!("the writer has been busy for {} ms", health.writer_waiting_ms));
    }
    if health.disk_low {
        reasons.push("the disk is full or nearly so".to_owned());
    }
    if app.stopping.is_cancelled() {
        reasons.push("the server is stopping".to_owned());
    }
    let good = reasons.is_empty();
    let ready = Ready {
        status: if good { "ready" } else { "not_ready" },
        reasons,
        writer_waiting_ms: health.writer_waiting_ms,
        disk_free_bytes: health.disk_free_bytes,
    };
    Reply::new(if good { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, &ready)
}

/// Metrics in the text format of Prometheus. No tenant's or endpoint's name is in them.
#[utoipa::path(get, path = "/metrics", operation_id = "get_metrics",
    tag = "system", responses((status = 200, content_type = "text/plain", body = String)), security(()))]
async fn metrics(State(app): State<Arc<App>>) -> Response {
    let text = app.metrics.as_ref().map(metrics_exporter_prometheus::PrometheusHandle::render).unwrap_or_default();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

/// A public key.
#[derive(Serialize, ToSchema)]
struct PublicKeyView {
    /// `ed25519`.
    algorithm: &'static str,
    /// `whpk_…`.
    public_key: String,
    /// What it signs.
    purpose: &'static str,
}

/// The public keys of this deployment.
#[derive(Serialize, ToSchema)]
struct PublicKeys {
    keys: Vec<PublicKeyView>,
}

/// What verifies `v1a` signatures.
#[utoipa::path(get, path = "/.well-known/bellwire-keys.json", operation_id = "get_signing_keys",
    tag = "system", responses((status = 200, body = PublicKeys)), security(()))]
async fn keys(State(app): State<Arc<App>>) -> Reply {
    let key = PublicKeyView {
        algorithm: "ed25519",
        public_key: app.signing_key.public().to_string(),
        purpose: "webhook-signature v1a",
    };
    Reply::ok(&PublicKeys { keys: vec![key] })
}

/// This API, described (OpenAPI 3.1).
#[utoipa::path(get, path = "/openapi.json", operation_id = "get_openapi",
    tag = "system", responses((status = 200, content_type = "application/json", body = Object)), security(()))]
async fn document() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], openapi::json()).into_response()
}

/// The events and webhooks, described (AsyncAPI 3.0).
#[utoipa::path(get, path = "/asyncapi.json", operation_id = "get_asyncapi",
    tag = "system", responses((status = 200, content_type = "application/json", body = Object)), security(()))]
async fn events() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], asyncapi::json()).into_response()
}
