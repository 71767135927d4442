//! Endpoints and their deliveries.
pub(super) mod audit;
mod detail;
mod endpoint;
mod form;
mod log;
mod pull;
mod replay;
mod retry;
mod rotate;
mod test;
mod view;

use std::sync::Arc;

use bellwire_domain::{
    delivery::{Endpoint, EndpointConfig, EndpointRef, EventPattern, Preset, Rows},
    workspace::Principal,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    extract::{By, Right},
    problem::Problem,
};
use crate::app::App;

pub(crate) use endpoint::percentile;
pub(crate) use view::{DeliveryView, EndpointView};

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(endpoint::create, endpoint::list))
        .routes(routes!(endpoint::get, endpoint::update, endpoint::delete))
        .routes(routes!(endpoint::stats))
        .routes(routes!(test::test))
        .routes(routes!(rotate::rotate))
        .routes(routes!(rotate::finish))
        .routes(routes!(replay::replay))
        .routes(routes!(replay::job))
        .routes(routes!(replay::jobs))
        .routes(routes!(log::of_endpoint))
        .routes(routes!(log::all))
        .routes(routes!(detail::get))
        .routes(routes!(detail::get_nested))
        .routes(routes!(retry::retry))
        .routes(routes!(retry::retry_nested))
        .routes(routes!(retry::retry_many))
        .routes(routes!(pull::pull))
        .routes(routes!(pull::ack))
        .routes(routes!(pull::nack))
        .routes(routes!(pull::extend))
}

/// An endpoint for all events there, as one is made that says nothing else but the name of its schedule.
pub(super) fn endpoint_at(url: String, preset: Preset) -> EndpointConfig {
    EndpointConfig { url: Some(url), events: vec![EventPattern::All], retry: preset.into(), ..form::blank() }
}

/// The endpoint of a path, if there is one that this key may see.
async fn endpoint_of<R: Right>(app: &App, by: &By<R>, id: &str) -> Result<Arc<Endpoint>, Problem> {
    let at = EndpointRef {
        workspace_id: by.workspace().clone(),
        endpoint_id: id.parse().map_err(|_| Problem::not_found("endpoint"))?,
    };
    let found = app
        .query("endpoint", move |tx| {
            let at = at.clone();
            Box::pin(async move { tx.endpoint(&at).await })
        })
        .await?;
    found.filter(|endpoint| visible(&by.principal, endpoint)).ok_or_else(|| Problem::not_found("endpoint"))
}

/// Whether a key may see an endpoint: a tenant sees its own, not those of the workspace.
fn visible(principal: &Principal, endpoint: &Endpoint) -> bool {
    principal.sees(endpoint.config.namespace.as_ref())
}
