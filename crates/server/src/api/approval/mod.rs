//! Approvals: asked for, waited for, decided, used (spec approvals).
//!
//! Deciding takes a key, or the signature of an endpoint that was asked; whoever sends neither changes nothing,
//! and whoever may decide but cannot be understood has denied.
mod ask;
mod decide;
mod policy;
mod read;
mod settle;
mod signed;
mod view;

use std::sync::Arc;

pub(super) use ask::crowded;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::problem::Problem;
use crate::app::App;

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(ask::create, read::list))
        .routes(routes!(read::get, decide::decide))
        .routes(routes!(settle::consume))
        .routes(routes!(settle::cancel))
        .routes(routes!(policy::routes::create, policy::routes::list))
        .routes(routes!(policy::routes::get, policy::routes::update, policy::routes::replace, policy::routes::delete))
        .routes(routes!(policy::routes::versions))
        .routes(routes!(policy::evaluate::evaluate))
        .routes(routes!(policy::replay::replay))
}

/// The approval of a path by its form alone.
fn approval_id(text: &str) -> Result<bellwire_wire::ApprovalId, Problem> {
    text.parse().map_err(|_| Problem::not_found("approval"))
}
