//! One delivery with its attempts.
use std::{collections::BTreeMap, sync::Arc};

use axum::extract::{Path, State};
use bellwire_domain::{
    Stored,
    delivery::{self, Delivery, Endpoint, EndpointVersion, Rows},
    event,
};
use bellwire_store::Tx;
use bellwire_wire::{DeliveryId, Event};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    DeliveryView,
    view::{AttemptView, RequestView},
    visible,
};
use crate::{
    api::{
        extract::{By, WebhooksManage},
        problem::{Problem, ProblemBody},
        reply::{Answer, Reply},
    },
    app::App,
};

/// A delivery with its attempts and the request of the last one.
#[derive(Serialize, ToSchema)]
struct DeliveryDetail {
    #[serde(flatten)]
    delivery: DeliveryView,
    /// Attempts, oldest first.
    attempt_log: Vec<AttemptView>,
    /// The last request, as it was sent, whatever was changed since; null before the first.
    request: Option<RequestView>,
}

struct Found {
    delivery: Delivery,
    endpoint: Arc<Endpoint>,
    event: Arc<Event>,
    attempts: Vec<delivery::AttemptRecord>,
    /// The endpoint as it was at the last attempt.
    sent_as: EndpointVersion,
}

async fn find(tx: &mut Tx, workspace: &bellwire_wire::WorkspaceId, id: &DeliveryId) -> Stored<Option<Found>> {
    let Some(delivery) = tx.delivery(workspace, id).await? else { return Ok(None) };
    let Some(endpoint) = tx.endpoint(&delivery.at).await? else { return Ok(None) };
    let Some(stored) = event::Rows::event(tx, workspace, &delivery.event_id).await? else { return Ok(None) };
    let attempts = tx.attempts(delivery.seq).await?;
    let version = attempts.last().and_then(|attempt| attempt.endpoint_version);
    let sent_as = match version.filter(|version| *version != endpoint.version) {
        Some(version) => tx.endpoint_version(&delivery.at, version).await?,
        None => None,
    };
    let sent_as = sent_as.unwrap_or_else(|| EndpointVersion::from(&*endpoint));
    Ok(Some(Found { delivery, endpoint, event: stored.event, attempts, sent_as }))
}

async fn detail(app: &App, by: &By<WebhooksManage>, id: &str) -> Answer {
    let id: DeliveryId = id.parse().map_err(|_| Problem::not_found("delivery"))?;
    let workspace = by.workspace().clone();
    let found = app
        .query("delivery", move |tx| {
            let (workspace, id) = (workspace.clone(), id.clone());
            Box::pin(async move { find(tx, &workspace, &id).await })
        })
        .await?;
    // An endpoint that was another's before may have deliveries that are not its tenant's.
    let seen =
        |found: &Found| visible(&by.principal, &found.endpoint) && by.principal.sees(found.delivery.namespace.as_ref());
    let found = found.filter(seen).ok_or_else(|| Problem::not_found("delivery"))?;
    let request = found.attempts.last().map(|attempt| {
        let own = found.sent_as.headers.iter().map(|(name, value)| (name.clone(), value.clone()));
        let headers: BTreeMap<String, String> =
            own.chain(attempt.request_headers.iter().map(|(name, value)| (name.to_string(), value.clone()))).collect();
        // The body is a function of the stored event and the dialect, the same for ever.
        let body = String::from_utf8_lossy(&found.sent_as.dialect.encode(&found.event)).into_owned();
        RequestView { method: "POST", url: found.sent_as.url.clone(), headers, body }
    });
    Ok(Reply::ok(&DeliveryDetail {
        delivery: DeliveryView::new(&found.delivery),
        attempt_log: found.attempts.iter().map(AttemptView::new).collect(),
        request,
    }))
}

/// One delivery with its attempts.
#[utoipa::path(get, path = "/v1/deliveries/{delivery_id}", operation_id = "get_delivery",
    tag = "delivery", params(("delivery_id" = String, Path)),
    responses((status = 200, body = DeliveryDetail), (status = 404, body = ProblemBody)))]
pub(super) async fn get(State(app): State<Arc<App>>, by: By<WebhooksManage>, Path(id): Path<String>) -> Answer {
    detail(&app, &by, &id).await
}

/// One delivery with its attempts; the same as `/v1/deliveries/{delivery_id}`.
#[utoipa::path(get, path = "/v1/webhooks/deliveries/{delivery_id}", operation_id = "get_webhook_delivery",
    tag = "delivery", params(("delivery_id" = String, Path)),
    responses((status = 200, body = DeliveryDetail), (status = 404, body = ProblemBody)))]
pub(super) async fn get_nested(State(app): State<Arc<App>>, by: By<WebhooksManage>, Path(id): Path<String>) -> Answer {
    detail(&app, &by, &id).await
}
