//! Endpoints and deliveries as the API shows them.
use std::collections::BTreeMap;

use bellwire_domain::delivery::{AttemptRecord, Delivery, Endpoint, PARKED, RetryPolicy};
use bellwire_wire::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;

/// When deliveries are tried again.
#[derive(Serialize, ToSchema)]
pub(crate) struct RetryView {
    preset: Option<&'static str>,
    /// The delay before each retry.
    schedule: Vec<String>,
    jitter: bool,
}

impl RetryView {
    fn new(policy: &RetryPolicy) -> Self {
        Self {
            preset: policy.preset.map(bellwire_domain::delivery::Preset::as_str),
            schedule: policy.schedule.iter().map(|seconds| span(*seconds)).collect(),
            jitter: policy.jitter,
        }
    }
}

/// Seconds as people write them.
fn span(seconds: u32) -> String {
    match seconds {
        0 => "0s".into(),
        day if day % 86_400 == 0 => format!("{}d", day / 86_400),
        hour if hour % 3_600 == 0 => format!("{}h", hour / 3_600),
        minute if minute % 60 == 0 => format!("{}m", minute / 60),
        second => format!("{second}s"),
    }
}

/// A subscription.
#[derive(Serialize, ToSchema)]
#[schema(as = Endpoint)]
pub(crate) struct EndpointView {
    id: String,
    workspace_id: String,
    /// `push` or `pull`.
    kind: &'static str,
    url: Option<String>,
    events: Vec<String>,
    namespace: Option<String>,
    filter: Option<String>,
    dialect: String,
    /// `hmac` or `ed25519`.
    signing: &'static str,
    /// What verifies `v1a` signatures, with `signing: ed25519`.
    public_key: Option<String>,
    retry: RetryView,
    timeout_ms: u32,
    rate_limit: Option<u32>,
    max_in_flight: u16,
    ordered: bool,
    headers: BTreeMap<String, String>,
    status: &'static str,
    /// Why the server disabled it.
    status_reason: Option<String>,
    description: Option<String>,
    #[schema(value_type = Object)]
    metadata: serde_json::Map<String, serde_json::Value>,
    /// Until when the older secret signs too, during a rotation.
    rotation_ends_at: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: u32,
    /// The secret, once.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

impl EndpointView {
    pub(crate) fn new(app: &App, endpoint: &Endpoint, secret: bool) -> Self {
        use bellwire_domain::delivery::{EndpointKind, Signing};
        let config = &endpoint.config;
        Self {
            id: endpoint.at.endpoint_id.to_string(),
            workspace_id: endpoint.at.workspace_id.to_string(),
            kind: match config.kind {
                EndpointKind::Push => "push",
                EndpointKind::Pull => "pull",
            },
            url: config.url.clone(),
            events: config.events.iter().map(ToString::to_string).collect(),
            namespace: config.namespace.as_ref().map(ToString::to_string),
            filter: config.filter.as_ref().map(ToString::to_string),
            dialect: config.dialect.to_string(),
            signing: match config.signing {
                Signing::Hmac => "hmac",
                Signing::Ed25519 => "ed25519",
            },
            public_key: (config.signing == Signing::Ed25519).then(|| app.signing_key.public().to_string()),
            retry: RetryView::new(&config.retry),
            timeout_ms: config.timeout_ms,
            rate_limit: config.rate_limit,
            max_in_flight: config.max_in_flight,
            ordered: config.ordered,
            headers: config.headers.clone(),
            status: endpoint.status.as_str(),
            status_reason: endpoint.status_reason.clone(),
            description: config.description.clone(),
            metadata: config.metadata.clone(),
            rotation_ends_at: endpoint.rotation_ends(app.clock.now()),
            created_at: endpoint.created_at,
            updated_at: endpoint.updated_at,
            version: endpoint.version,
            secret: endpoint.secrets.first().filter(|_| secret).map(|live| live.secret.as_str().to_owned()),
        }
    }
}

/// One event on its way to one endpoint.
#[derive(Serialize, ToSchema)]
#[schema(as = Delivery)]
pub(crate) struct DeliveryView {
    id: String,
    endpoint_id: String,
    event_id: String,
    /// The event's type.
    event: String,
    namespace: Option<String>,
    /// `pending`, `success` or `failed`.
    status: &'static str,
    /// Of the last attempt that had an answer.
    status_code: Option<u16>,
    /// Since the last reset.
    attempts: u32,
    /// When it is due; while it waits for an earlier one of its ordering key, null.
    next_attempt_at: Option<Timestamp>,
    last_attempt_at: Option<Timestamp>,
    last_error: Option<String>,
    created_at: Timestamp,
    delivered_at: Option<Timestamp>,
    replay: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    ordering_key: Option<String>,
}

impl DeliveryView {
    pub(crate) fn new(delivery: &Delivery) -> Self {
        Self {
            id: delivery.id.to_string(),
            endpoint_id: delivery.at.endpoint_id.to_string(),
            event_id: delivery.event_id.to_string(),
            event: delivery.event_type.to_string(),
            namespace: delivery.namespace.as_ref().map(ToString::to_string),
            status: delivery.status.as_str(),
            status_code: delivery.status_code,
            attempts: delivery.attempts,
            next_attempt_at: delivery.due.filter(|due| *due != PARKED),
            last_attempt_at: delivery.last_attempt_at,
            last_error: delivery.last_error.clone(),
            created_at: delivery.created_at,
            delivered_at: delivery.delivered_at,
            replay: delivery.replay,
            ordering_key: delivery.ordering_key.clone(),
        }
    }
}

/// How long the parts of an attempt took, in milliseconds.
#[derive(Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the unit belongs to each name in the API")]
pub(crate) struct LatencyView {
    dns_ms: Option<f64>,
    connect_ms: Option<f64>,
    first_byte_ms: Option<f64>,
    total_ms: f64,
}

/// One request of a delivery.
#[derive(Serialize, ToSchema)]
#[schema(as = Attempt)]
pub(crate) struct AttemptView {
    id: String,
    /// Counted from 1 over all resets.
    number: u32,
    at: Timestamp,
    latency: LatencyView,
    /// The address that was sent to.
    remote: Option<String>,
    status_code: Option<u16>,
    response_headers: BTreeMap<String, String>,
    /// The first 4 KiB.
    response_body: Option<String>,
    error: Option<String>,
}

impl AttemptView {
    pub(crate) fn new(attempt: &AttemptRecord) -> Self {
        let millis = |micros: u32| f64::from(micros) / 1_000.0;
        Self {
            id: attempt.id.to_string(),
            number: attempt.number,
            at: attempt.at,
            latency: LatencyView {
                dns_ms: attempt.timing.dns_us.map(millis),
                connect_ms: attempt.timing.connect_us.map(millis),
                first_byte_ms: attempt.timing.first_byte_us.map(millis),
                total_ms: millis(attempt.timing.total_us),
            },
            remote: attempt.remote.clone(),
            status_code: attempt.status_code,
            response_headers: attempt.response_headers.iter().cloned().collect(),
            response_body: attempt.response_body.clone(),
            error: attempt.error.clone(),
        }
    }
}

/// A request as it was sent.
#[derive(Serialize, ToSchema)]
#[schema(as = SentRequest)]
pub(crate) struct RequestView {
    pub(crate) method: &'static str,
    pub(crate) url: Option<String>,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}
