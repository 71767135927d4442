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
        (name = "integration", description = "Other systems: what they call, and whether they can be reached"),
        (name = "playground", description = "Sandboxes that anybody may make, and a receiver to try things with"),
        (name = "system", description = "About the server itself: how things stand, and what changes")
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
        .merge(super::integration::routes())
        .merge(super::overview::routes())
        .merge(super::changes::routes())
        .merge(super::playground::routes())
        .merge(super::system::routes())
}

static JSON: LazyLock<String> = LazyLock::new(|| {
    let (_, document) = router().split_for_parts();
    let mut document = serde_json::to_value(document).expect("a document is JSON");
    add_refusals(&mut document);
    add_headers(&mut document);
    add_words(&mut document);
    super::examples::written(&mut document)
});

/// Adds to every operation the refusals that its extractors may answer with. A problem has its own
/// content type, which the handlers' descriptions do not repeat.
fn add_refusals(document: &mut Value) {
    for operations in document["paths"].as_object_mut().into_iter().flat_map(|paths| paths.values_mut()) {
        for operation in operations.as_object_mut().into_iter().flat_map(|operations| operations.values_mut()) {
            let problem = json!({"schema": {"$ref": "#/components/schemas/Problem"}});
            let described =
                operation["responses"].as_object_mut().into_iter().flat_map(|responses| responses.values_mut());
            for response in described.filter(|response| response["content"]["application/json"] == problem) {
                response["content"] = json!({"application/problem+json": problem});
            }
            if operation["security"].as_array().is_some_and(|security| security.iter().all(|one| one == &json!({}))) {
                continue;
            }
            let mut refusals = vec![Code::Unauthorized, Code::Forbidden, Code::Invalid, Code::TooManyRequests];
            if !operation["requestBody"].is_null() {
                refusals.extend([Code::Unparsable, Code::IdempotencyConflict, Code::TooLarge]);
            }
            let parameters = operation["parameters"].as_array();
            if parameters.is_some_and(|all| all.iter().any(|parameter| parameter["name"] == "Idempotency-Key")) {
                refusals.push(Code::IdempotencyConflict);
            }
            if parameters.is_some_and(|all| all.iter().any(|parameter| parameter["in"] == "path")) {
                // Bytes in a path that are no text name nothing that is there either.
                refusals.push(Code::NotFound);
            }
            let Some(responses) = operation["responses"].as_object_mut() else { continue };
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

/// Says what the layer around every handler adds: how the key that asks stands, and which answer it is.
fn add_headers(document: &mut Value) {
    let text = |description: &str, example: &str| json!({"description": description, "schema": {"type": "string"}, "example": example});
    document["components"]["headers"] = json!({
        "ETag": text("Which answer it is: with it in `If-None-Match`, the same answer is told by 304", TAG),
        "RateLimit": text(
            "How many requests the key may make now, and in how many seconds it may make all of them again \
             (draft-ietf-httpapi-ratelimit-headers-10)",
            "\"key\";r=99999;t=1"
        ),
        "Retry-After": text("Ask again in so many seconds", "1"),
        "RateLimit-Policy": text("How many requests a key may make in how many seconds", "\"key\";q=100000;w=1"),
    });
    let link = |name: &str| json!({"$ref": format!("#/components/headers/{name}")});
    for (method, operation) in document["paths"]
        .as_object_mut()
        .into_iter()
        .flat_map(|paths| paths.values_mut())
        .filter_map(Value::as_object_mut)
        .flatten()
    {
        let anybody = operation["security"].as_array().is_some_and(|all| all.iter().all(|one| one == &json!({})));
        let Some(responses) = operation["responses"].as_object_mut() else { continue };
        for (_, response) in responses.iter_mut().filter(|(status, _)| status.starts_with('2') || *status == "429") {
            if !anybody {
                response["headers"]["RateLimit"] = link("RateLimit");
                response["headers"]["RateLimit-Policy"] = link("RateLimit-Policy");
            }
        }
        if let Some(refusal) = responses.get_mut("429") {
            refusal["headers"]["Retry-After"] = link("Retry-After");
        }
        let tagged =
            method == "get" && responses.get("200").is_some_and(|ok| !ok["content"]["application/json"].is_null());
        if !tagged {
            continue;
        }
        responses["200"]["headers"]["ETag"] = link("ETag");
        responses.insert("304".to_owned(), json!({"headers": {"ETag": link("ETag")}}));
        responses.sort_keys();
        let parameter =
            json!({"name": "If-None-Match", "in": "header", "required": false, "schema": {"type": "string"}});
        match operation.get_mut("parameters").and_then(Value::as_array_mut) {
            Some(parameters) => parameters.push(parameter),
            None => operation["parameters"] = json!([parameter]),
        }
    }
}

/// What parameters of these names mean wherever they are not described.
const PARAMETERS: &[(&str, &str)] = &[
    ("cursor", "The `next_cursor` of the page before"),
    ("limit", "At most so many, 1 to 200; 50 if absent"),
    ("namespace", "Only this namespace's"),
    ("types", "Only these types: exact or `family.*`, separated by commas"),
    ("type", "Only these types: exact or `family.*`, separated by commas"),
    ("since", "Since when: a time, or a duration back from now such as `1h` or `7d`"),
    ("until", "Until when: a time, or a duration back from now"),
    ("If-None-Match", "The `ETag` of the answer that you have: if it still holds, you are told 304 and no more"),
    ("Idempotency-Key", "1 to 255 printable characters: the same request with the same key is done once"),
];

/// What answers of these kinds mean wherever they are not described.
const STATUSES: &[(&str, &str)] = &[
    ("201", "Made"),
    ("202", "Taken; it goes on"),
    ("204", "Gone"),
    ("304", "The answer that you have still holds"),
    ("400", "It cannot be read"),
    ("401", "The key is missing or wrong"),
    ("402", "A budget is short"),
    ("403", "The key may not, or a rule does not allow it"),
    ("404", "There is no such thing, as far as this key may know"),
    ("409", "The state or an idempotency key is in the way"),
    ("413", "It is too large"),
    ("422", "It can be read and is not possible"),
    ("423", "The wallet is frozen"),
    ("429", "Too much at once"),
    ("503", "Not now"),
];

/// Says what a parameter means, and what it may be, unless its operation does.
fn describe(parameter: &mut Value) {
    let known = PARAMETERS.iter().find(|(name, _)| parameter["name"] == *name && parameter["in"] != "path");
    let Some((name, meaning)) = known.filter(|_| parameter["description"].is_null()) else { return };
    parameter["description"] = (*meaning).into();
    let schema = &mut parameter["schema"];
    match *name {
        "limit" => (schema["minimum"], schema["maximum"]) = (1.into(), 200.into()),
        "Idempotency-Key" => (schema["minLength"], schema["maxLength"]) = (1.into(), 255.into()),
        _ => {}
    }
}

/// An example of a tag.
const TAG: &str = "\"6e46dd10defc9b56c29a6ec56b508c21\"";

/// Operations whose body has no field that is always needed, and that are refused without one.
const NEEDED: [&str; 2] = ["create_endpoint", "log_in"];

/// What an answer is: what its schema says, or its status.
fn said_of(status: &str, response: &Value, schemas: &Value) -> String {
    let contents = response["content"].as_object().into_iter().flat_map(serde_json::Map::values);
    let mut named = contents.filter_map(|content| content["schema"]["$ref"].as_str()?.rsplit('/').next());
    let schema = named.next().filter(|name| *name != "Problem").and_then(|name| schemas[name]["description"].as_str());
    let meant = STATUSES.iter().find(|(known, _)| *known == status).map(|(_, meaning)| *meaning);
    schema.or(meant).unwrap_or("Done").to_owned()
}

/// Says what common parameters and answers mean, and keeps summaries to one sentence: what more was said is the description.
fn add_words(document: &mut Value) {
    let schemas = document["components"]["schemas"].clone();
    for operations in document["paths"].as_object_mut().into_iter().flat_map(|paths| paths.values_mut()) {
        for operation in operations.as_object_mut().into_iter().flat_map(|operations| operations.values_mut()) {
            let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
            parameters.into_iter().flatten().for_each(describe);
            // A body without a field that is needed need not be there.
            let to = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].as_str();
            let form = to.and_then(|to| schemas.get(to.rsplit('/').next()?));
            let needs = form.is_none_or(|form| form["required"].as_array().is_some_and(|names| !names.is_empty()));
            if !needs && NEEDED.iter().all(|id| operation["operationId"] != *id) {
                operation["requestBody"]["required"] = false.into();
            }
            for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
                if response["description"].as_str().is_none_or(str::is_empty) {
                    response["description"] = said_of(status, response, &schemas).into();
                }
            }
            let said = operation["summary"].as_str().unwrap_or_default();
            let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
            let Some((summary, rest)) = said.split_once(". ") else {
                operation["summary"] = said.trim_end_matches('.').into();
                continue;
            };
            let more = operation["description"].as_str().unwrap_or_default();
            let description = [rest, more].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n");
            (operation["summary"], operation["description"]) = (summary.into(), description.into());
        }
    }
}

/// The document.
pub fn json() -> &'static str {
    &JSON
}
