//! The asker's own URL: the event that tells how it ended, signed by the deployment's key, whose public half is at
//! `/.well-known/bellwire-keys.json`.
use bellwire_domain::{
    approval::{Approval, Post, Said},
    event::{Rows as _, StoredEvent},
};
use bellwire_wire::{AttemptId, DeliveryId, Dialect, EventId, Outgoing, sign};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::{PATIENCE, said, unsaid};
use crate::{app::App, egress::OutboundRequest};

/// Sends the event that a post names.
pub(super) async fn say(app: &App, approval: &Approval, post: &Post) -> Said {
    let Some(url) = &approval.question.callback_url else { return unsaid("there is no URL to call back", true) };
    let target = match app.egress.policy().check_url(url) {
        Ok(target) => target,
        Err(error) => return unsaid(error.alone(), true),
    };
    let stored = match event(app, post).await {
        Ok(Some(stored)) => stored,
        Ok(None) => return unsaid("the event is gone", true),
        Err(error) => return unsaid(error.to_string(), false),
    };
    let body = Dialect::Standard.encode(&stored.event);
    let headers = headers(app, post, &stored, &body);
    let exchange = app.egress.send(OutboundRequest::post(target, headers, body.into(), PATIENCE)).await;
    said(exchange, |response| match response.status {
        200..300 => Ok(None),
        300..400 => Err((format!("status {}: redirects are not followed", response.status), false)),
        status => Err((format!("status {status}"), false)),
    })
}

async fn event(app: &App, post: &Post) -> Result<Option<StoredEvent>, bellwire_domain::StoreError> {
    let Some(id) = post.before.as_deref().map(EventId::from_stored) else { return Ok(None) };
    let workspace = post.workspace_id.clone();
    let found = app.store.read("post_event", move |tx| {
        let (workspace, id) = (workspace.clone(), id.clone());
        Box::pin(async move { tx.event(&workspace, &id).await })
    });
    found.await
}

/// Those of a delivery. It has no row as one, so its id is the event's.
fn headers(app: &App, post: &Post, stored: &StoredEvent, body: &[u8]) -> HeaderMap {
    let event = &stored.event;
    let outgoing = Outgoing {
        event,
        dialect: Dialect::Standard,
        body,
        secrets: &[],
        ed25519: Some(&app.signing_key),
        now: app.clock.now(),
        delivery_id: &DeliveryId::from_stored(&format!("callback-{}", event.id)),
        attempt_id: &AttemptId::from_ulid(app.mint.ulid()),
        attempt: post.attempts.saturating_add(1),
        will_retry_after: post.retry_after(),
        replay: false,
        traceparent: None,
        version: crate::VERSION,
    };
    let mut headers = HeaderMap::new();
    for (name, value) in sign::headers(&outgoing) {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    headers
}
