//! New secrets: the old one signs beside the new one until the overlap ends.
use std::{sync::Arc, time::Duration};

use axum::extract::{Path, State};
use bellwire_domain::delivery::{self, Rows};
use bellwire_wire::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{EndpointView, audit, endpoint::not_for_agents, endpoint_of};
use crate::{
    api::{
        extract::{By, Json, Repeat, WebhooksManage},
        page::Span,
        problem::{Problem, ProblemBody},
        reply::{Answer, Reply},
    },
    app::App,
};

/// How to rotate.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = RotateForm)]
pub(super) struct RotateForm {
    /// How long the older secret signs too; `24h` if absent, at most `7d`, `0s` for at once.
    #[schema(example = "24h")]
    overlap: Option<String>,
}

/// The new secret, once.
#[derive(Serialize, ToSchema)]
struct RotateAnswer {
    secret: String,
    /// Until when the older secret signs too.
    previous_expires_at: Timestamp,
}

const OVERLAP: Duration = Duration::from_hours(24);
const OVERLAP_MAX: Duration = Duration::from_hours(168);

/// Give an endpoint a new secret. Rotate, update the handler, finish.
#[utoipa::path(post, path = "/v1/webhooks/{endpoint_id}/rotate-secret", operation_id = "rotate_secret",
    tag = "delivery",
    params(("endpoint_id" = String, Path), ("Idempotency-Key" = Option<String>, Header)), request_body = RotateForm,
    responses((status = 200, body = RotateAnswer), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn rotate(
    State(app): State<Arc<App>>,
    by: By<WebhooksManage>,
    Path(id): Path<String>,
    body: Json<RotateForm>,
) -> Answer {
    let endpoint = endpoint_of(&app, &by, &id).await?;
    not_for_agents(&by.principal, &endpoint.config)?;
    let at = endpoint.at.clone();
    let (form, mut faults, idempotency) = body.open();
    let overlap =
        form.overlap.and_then(|text| faults.take("overlap", text.parse::<Span>())).map_or(OVERLAP, |span| span.0);
    faults.check(overlap <= OVERLAP_MAX, "overlap", "must be at most 7d");
    faults.or(())?;
    let principal = Arc::clone(&by.principal);
    app.command("rotate", &by, idempotency, move |tx, ctx| {
        let (at, principal) = (at.clone(), Arc::clone(&principal));
        Box::pin(async move {
            let Some(before) = tx.endpoint(&at).await? else { return Ok(Err(Problem::not_found("endpoint"))) };
            let after = delivery::rotate_secret(tx, &ctx, &before, overlap).await?;
            let secret = after.secrets.first().map(|live| live.secret.as_str().to_owned()).unwrap_or_default();
            let previous_expires_at = after.secrets.get(1).and_then(|live| live.expires_at).unwrap_or(ctx.now);
            let until = json!({"previous_expires_at": previous_expires_at});
            audit::record(tx, &ctx, &principal, "endpoint.rotate_secret", &after, until).await?;
            Ok(Ok(Reply::ok(&RotateAnswer { secret, previous_expires_at })))
        })
    })
    .await
}

/// One endpoint.
#[derive(Serialize, ToSchema)]
struct FinishAnswer {
    endpoint: EndpointView,
}

/// End the overlap of a rotation now: only the newest secret signs.
#[utoipa::path(post, path = "/v1/webhooks/{endpoint_id}/rotate-secret/finish", operation_id = "finish_rotation",
    tag = "delivery",
    params(("endpoint_id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = FinishAnswer), (status = 404, body = ProblemBody)))]
pub(super) async fn finish(
    State(app): State<Arc<App>>,
    by: By<WebhooksManage>,
    Path(id): Path<String>,
    repeat: Repeat,
) -> Answer {
    let at = endpoint_of(&app, &by, &id).await?.at.clone();
    let (principal, shared) = (Arc::clone(&by.principal), Arc::clone(&app));
    app.command("rotate_finish", &by, repeat.0, move |tx, ctx| {
        let (at, principal, app) = (at.clone(), Arc::clone(&principal), Arc::clone(&shared));
        Box::pin(async move {
            let Some(before) = tx.endpoint(&at).await? else { return Ok(Err(Problem::not_found("endpoint"))) };
            let after = delivery::finish_rotation(tx, &ctx, &before).await?;
            audit::record(tx, &ctx, &principal, "endpoint.finish_rotation", &after, json!({})).await?;
            Ok(Ok(Reply::ok(&FinishAnswer { endpoint: EndpointView::new(&app, &after, false) })))
        })
    })
    .await
}
