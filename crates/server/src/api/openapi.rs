//! The API, described by the code that serves it.
use std::sync::{Arc, LazyLock};

use utoipa::{
    Modify, OpenApi,
    openapi::security::{Http, HttpAuthScheme, SecurityScheme},
};
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Bellwire",
        description = "The control plane for what AI agents do: events in, signed deliveries out.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    tags(
        (name = "workspace", description = "Keys, workspaces, namespaces"),
        (name = "event", description = "Events: post, list, poll, stream; their types"),
        (name = "delivery", description = "Endpoints, deliveries, replays, pull"),
        (name = "system", description = "About the server itself")
    ),
    security(("api_key" = [])),
    modifiers(&Keys)
)]
struct Document;

struct Keys;

impl Modify for Keys {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        crate::VERSION.clone_into(&mut document.info.version);
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("api_key", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    }
}

/// Every route with its description.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(Document::openapi())
        .merge(super::workspace::routes())
        .merge(super::event::routes())
        .merge(super::delivery::routes())
        .merge(super::system::routes())
}

static JSON: LazyLock<String> = LazyLock::new(|| {
    let (_, document) = router().split_for_parts();
    let mut text = document.to_pretty_json().expect("a document is JSON");
    text.push('\n');
    text
});

/// The document.
pub fn json() -> &'static str {
    &JSON
}
