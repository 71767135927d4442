//! The HTTP API. Each slice has a module with its routes; every handler has the same parts in the same
//! order: who asks ([`extract::By`] is the permission), what was sent (parsed, every fault told), one
//! command or query, one view.
pub mod approval;
mod audit;
mod body;
mod change;
mod changes;
mod code;
pub mod delivery;
mod diagnose;
mod etag;
pub mod event;
mod exact;
mod examples;
mod extract;
mod form;
mod integration;
mod layer;
mod lines;
mod money;
pub mod openapi;
pub mod overview;
mod page;
mod playground;
pub mod problem;
mod reply;
mod session;
mod slack;
pub mod spend;
mod system;
pub(crate) mod workspace;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    response::{IntoResponse, Response},
};

pub(crate) use exact::Exact;
pub use page::Span;
use problem::{Code, Problem};

use crate::{app::App, console};

/// The whole API.
pub fn router(app: Arc<App>) -> Router {
    let (router, _) = openapi::router().split_for_parts();
    router
        .fallback(elsewhere)
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

/// What is not of the API: the console's, or nobody's.
async fn elsewhere(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    console::answer(&parts, &*app.mint).unwrap_or_else(|| {
        let unbuilt = matches!(parts.uri.path(), "/docs" | "/docs/") && !console::has_docs();
        let detail = if unbuilt {
            "This binary was built without its console, which the API reference is part of: run `make console`, then \
             build the binary anew. The API is described at /openapi.json."
        } else {
            "There is no such path. The API is described at /openapi.json."
        };
        Problem::new(Code::NotFound, detail).into_response()
    })
}
