//! The HTTP API. Each slice has a module with its routes; every handler has the same parts in the same
//! order: who asks ([`extract::By`] is the permission), what was sent (parsed, every fault told), one
//! command or query, one view.
pub mod approval;
mod audit;
mod body;
mod change;
pub mod delivery;
mod diagnose;
pub mod event;
mod exact;
mod extract;
mod form;
mod layer;
mod money;
pub mod openapi;
mod page;
pub mod problem;
mod reply;
mod slack;
pub mod spend;
mod system;
pub(crate) mod workspace;

use std::sync::Arc;

use axum::{Router, response::IntoResponse};

pub(crate) use exact::Exact;
pub use page::Span;
use problem::{Code, Problem};

use crate::app::App;

/// The whole API.
pub fn router(app: Arc<App>) -> Router {
    let (router, _) = openapi::router().split_for_parts();
    router
        .fallback(|| async {
            Problem::new(Code::NotFound, "There is no such path. The API is described at /openapi.json.")
                .into_response()
        })
        .method_not_allowed_fallback(|| async {
            Problem::new(
                Code::MethodNotAllowed,
                "This path does not take this method. The API is described at /openapi.json.",
            )
            .into_response()
        })
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&app), layer::around))
        .with_state(app)
}
