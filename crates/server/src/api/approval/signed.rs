//! Answers that are signed instead of sent with a key: with the secret of an endpoint that was asked, over a body
//! that repeats the approval's id, so that a signature fits one approval only.
use bellwire_domain::{
    approval::{Approver, Channel, Rows as _},
    delivery::{EndpointRef, Rows as _},
};
use bellwire_wire::{
    ApprovalId,
    verify::{self, Scheme, TOLERANCE},
};
use http::HeaderMap;
use serde::Deserialize;

use crate::{
    api::problem::{Code, Problem},
    app::App,
};

/// Endpoints whose secrets are tried. Keeps I12.
const ENDPOINTS_MAX: usize = 100;

/// What the body must repeat.
#[derive(Deserialize)]
struct About {
    approval_id: String,
}

/// Whoever signed, if it is an endpoint that was asked.
pub(super) async fn approver(
    app: &App,
    id: &ApprovalId,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Approver, Problem> {
    // The same words for whatever is wrong: who cannot sign learns nothing of what there is.
    let refused = || {
        Problem::new(
            Code::BadSignature,
            "Send an API key with `approvals:decide`, or sign the body, which must repeat `approval_id`, with the \
             secret of an endpoint that was asked (Standard Webhooks headers).",
        )
    };
    let about = serde_json::from_slice::<About>(body).ok().filter(|about| about.approval_id == id.as_str());
    if about.is_none() {
        return Err(refused());
    }
    let (id, now) = (id.clone(), app.clock.now());
    let asked = app
        .query("approval_endpoints", move |tx| {
            let id = id.clone();
            Box::pin(async move {
                let Some(workspace) = tx.approval_workspace(&id).await? else { return Ok(Vec::new()) };
                let Some(approval) = tx.approval(&workspace, &id).await? else { return Ok(Vec::new()) };
                let asked = approval.channels.into_iter().filter_map(|channel| match channel {
                    Channel::Endpoint(endpoint_id) => {
                        Some(EndpointRef { workspace_id: workspace.clone(), endpoint_id })
                    }
                    _ => None,
                });
                let mut endpoints = Vec::new();
                for at in asked.take(ENDPOINTS_MAX) {
                    endpoints.extend(tx.endpoint(&at).await?);
                }
                Ok(endpoints)
            })
        })
        .await?;
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let signed = asked.into_iter().find(|endpoint| {
        let secrets = endpoint.live_secrets(now);
        let secrets: Vec<&str> = secrets.iter().map(bellwire_wire::EndpointSecret::as_str).collect();
        verify::verify(Scheme::Standard, &secrets, &headers, body, now, TOLERANCE).is_ok()
    });
    let endpoint = signed.ok_or_else(refused)?;
    Ok(Approver {
        workspace_id: endpoint.at.workspace_id.clone(),
        bound: endpoint.config.namespace.clone(),
        name: format!("endpoint:{}", endpoint.at.endpoint_id),
        agent_id: None,
    })
}
