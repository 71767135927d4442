//! The API, described by the code that serves it.
use std::sync::{Arc, LazyLock};

use serde_json::{Value, json};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
};
use utoipa_axum::router::OpenApiRouter;

use super::problem::Code;
use crate::{app::App, session::COOKIE};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Bellwire",
        description = "The control plane for what AI agents do: events in, signed deliveries out.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    tags(
        (name = "workspace", description = "Keys, workspaces, namespaces, the audit log"),
        (name = "session", description = "Logging in to the console; links that log in"),
        (name = "event", description = "Events: post, list, poll, stream; their types"),
        (name = "delivery", description = "Endpoints, deliveries, replays, pull"),
        (name = "spend", description = "Wallets, purchases, holds, refunds, what was spent"),
        (name = "approval", description = "Questions to people, their decisions, and the policies that ask"),
        (name = "integration", description = "What other systems call: Slack"),
        (name = "system", description = "About the server itself")
    ),
    security(("api_key" = []), ("session" = [], "csrf" = [])),
    modifiers(&Keys)
)]
struct Document;

struct Keys;

impl Modify for Keys {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        crate::VERSION.clone_into(&mut document.info.version);
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("api_key", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
        let cookie = ApiKeyValue::with_description(COOKIE, "A browser that logged in. Not looked at beside a key.");
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
        let csrf = ApiKeyValue::with_description("X-CSRF-Token", "The session's, needed by every change by cookie.");
        components.add_security_scheme("csrf", SecurityScheme::ApiKey(ApiKey::Header(csrf)));
    }
}

/// Every route with its description.
pub fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(Document::openapi())
        .merge(super::workspace::routes())
        .merge(super::session::routes())
        .merge(super::audit::routes())
        .merge(super::event::routes())
        .merge(super::delivery::routes())
        .merge(super::spend::routes())
        .merge(super::approval::routes())
        .merge(super::slack::routes())
        .merge(super::system::routes())
}

static JSON: LazyLock<String> = LazyLock::new(|| {
    let (_, document) = router().split_for_parts();
    let mut document = serde_json::to_value(document).expect("a document is JSON");
    add_refusals(&mut document);
    let mut text = serde_json::to_string_pretty(&document).expect("a document is JSON");
    text.push('\n');
    text
});

/// Adds to every operation the refusals that its extractors may answer with. A problem has its own
/// content type, which the handlers' descriptions do not repeat.
fn add_refusals(document: &mut Value) {
    for operations in document["paths"].as_object_mut().into_iter().flat_map(|paths| paths.values_mut()) {
        for operation in operations.as_object_mut().into_iter().flat_map(|operations| operations.values_mut()) {
            if operation["security"].as_array().is_some_and(|security| security.iter().all(|one| one == &json!({}))) {
                continue;
            }
            let mut refusals = vec![Code::Unauthorized, Code::Forbidden, Code::Invalid, Code::TooManyRequests];
            if !operation["requestBody"].is_null() {
                refusals.extend([Code::Unparsable, Code::IdempotencyConflict, Code::TooLarge]);
            }
            let in_path = |parameter: &Value| parameter["in"] == "path";
            if operation["parameters"].as_array().is_some_and(|parameters| parameters.iter().any(in_path)) {
                // Bytes in a path that are no text, and what is not there.
                refusals.extend([Code::Unparsable, Code::NotFound]);
            }
            let Some(responses) = operation["responses"].as_object_mut() else { continue };
            let problem = json!({"schema": {"$ref": "#/components/schemas/Problem"}});
            for response in responses.values_mut().filter(|response| response["content"]["application/json"] == problem)
            {
                response["content"] = json!({"application/problem+json": problem});
            }
            for code in refusals {
                let content = json!({"application/problem+json": problem});
                responses
                    .entry(code.status().as_str())
                    .or_insert_with(|| json!({"description": code.title(), "content": content}));
            }
            responses.sort_keys();
        }
    }
}

/// The document.
pub fn json() -> &'static str {
    &JSON
}
