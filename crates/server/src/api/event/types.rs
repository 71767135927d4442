//! The catalog of event types: built in, and the workspace's own.
use std::sync::Arc;

use axum::extract::{Path, State};
use bellwire_domain::event::{self, CustomType, DataSchema, Rows};
use bellwire_wire::{EventType, catalog};
use serde::{Deserialize, Serialize};
use serde_json::{
    Value,
    value::{RawValue, to_raw_value},
};
use utoipa::ToSchema;

use crate::{
    api::{
        extract::{By, EventsRead, EventsWrite, Json, Query},
        page::NameQuery,
        problem::{Problem, ProblemBody},
        reply::{Answer, Reply},
    },
    app::App,
};

/// A type to be registered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RegisterType {
    /// Lower-case words joined by dots, outside the built-in families.
    #[schema(value_type = String, example = "invoice.paid", max_length = 128)]
    name: Option<String>,
    /// A JSON Schema that data must satisfy from now on.
    #[schema(value_type = Option<Object>)]
    schema: Option<Value>,
    /// What it is, for people.
    #[schema(max_length = 1024)]
    description: Option<String>,
}

/// An event type.
#[derive(Serialize, ToSchema)]
struct TypeView {
    name: String,
    description: Option<String>,
    #[schema(value_type = Option<Object>)]
    schema: Option<Box<RawValue>>,
    /// Valid data, for built-in types.
    #[schema(value_type = Option<Object>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    example: Option<Box<RawValue>>,
    version: u32,
    built_in: bool,
}

impl TypeView {
    fn custom(custom: &CustomType) -> Self {
        Self {
            name: custom.name.to_string(),
            description: custom.description.clone(),
            schema: custom.schema.as_ref().and_then(|schema| to_raw_value(schema.source()).ok()),
            example: None,
            version: custom.version,
            built_in: false,
        }
    }

    fn built_in(spec: &catalog::TypeSpec) -> Self {
        Self {
            name: spec.name.to_owned(),
            description: Some(spec.description.to_owned()),
            schema: Some(spec.schema.clone()),
            example: Some(spec.example.clone()),
            version: spec.version,
            built_in: true,
        }
    }
}

/// Register a custom type, or change it (201 when new, 200 when changed).
#[utoipa::path(post, path = "/v1/event-types", operation_id = "create_event_type",
    tag = "event", request_body = RegisterType,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = TypeView), (status = 200, body = TypeView), (status = 422, body = ProblemBody)))]
pub(super) async fn register(State(app): State<Arc<App>>, by: By<EventsWrite>, body: Json<RegisterType>) -> Answer {
    let (form, mut faults, idempotency) = body.open();
    if by.principal.bound().is_some() {
        return Err(Problem::new(
            crate::api::problem::Code::Forbidden,
            "A key of one namespace cannot register types: they are the workspace's.",
        ));
    }
    let name = faults.need("name", form.name).and_then(|text| faults.take("name", text.parse::<EventType>()));
    if let Some(name) = &name {
        let family = name.family();
        faults.check(
            !catalog::is_reserved_family(family),
            "name",
            format_args!("must not be in the built-in family `{family}`"),
        );
    }
    let schema = form
        .schema
        .filter(|schema| !schema.is_null())
        .and_then(|schema| faults.take("schema", DataSchema::compile(schema)));
    let long = form.description.as_ref().is_some_and(|text| text.len() > 1_024);
    faults.check(!long, "description", "must be at most 1024 bytes");
    let (Some(name), true) = (name, faults.is_empty()) else { return Err(faults.into()) };
    let (workspace, schema, description) = (by.workspace().clone(), schema.map(Arc::new), form.description);
    app.command("event_type", &by, idempotency, move |tx, ctx| {
        let (workspace, name, schema, description) =
            (workspace.clone(), name.clone(), schema.clone(), description.clone());
        Box::pin(async move {
            let (custom, new) = event::register_type(tx, &ctx, &workspace, name, description, schema).await?;
            let view = TypeView::custom(&custom);
            Ok(Ok(if new { Reply::created(&view) } else { Reply::ok(&view) }))
        })
    })
    .await
}

/// Event types: the workspace's own by name, then the built-in ones.
#[derive(Serialize, ToSchema)]
struct TypeList {
    event_types: Vec<TypeView>,
    next_cursor: Option<String>,
}

/// The catalog: the workspace's own types, then the built-in ones.
#[utoipa::path(get, path = "/v1/event-types", operation_id = "list_event_types", tag = "event",
    params(("cursor" = Option<String>, Query), ("limit" = Option<u32>, Query)),
    responses((status = 200, body = TypeList), (status = 422, body = ProblemBody)))]
pub(super) async fn list(State(app): State<Arc<App>>, by: By<EventsRead>, Query(query): Query<NameQuery>) -> Answer {
    let passed = catalog::types().iter().position(|spec| spec.name == query.after);
    let mut rows = Vec::new();
    // After a built-in type there are no others: they come last.
    if passed.is_none() {
        let (workspace, after, fetch) = (by.workspace().clone(), query.after.clone(), query.fetch());
        let custom = app
            .query("event_types", move |tx| {
                let (workspace, after) = (workspace.clone(), after.clone());
                Box::pin(async move { tx.custom_types(&workspace, &after, fetch).await })
            })
            .await?;
        rows.extend(custom.iter().map(|custom| TypeView::custom(custom)));
    }
    let built_in = catalog::types().iter().skip(passed.map_or(0, |passed| passed + 1));
    let room = (query.fetch() as usize).saturating_sub(rows.len());
    rows.extend(built_in.take(room).map(TypeView::built_in));
    let (event_types, next_cursor) = query.cut(rows, |view| &view.name);
    Ok(Reply::ok(&TypeList { event_types, next_cursor }))
}

/// One event type.
#[utoipa::path(get, path = "/v1/event-types/{name}", operation_id = "get_event_type",
    tag = "event", params(("name" = String, Path)),
    responses((status = 200, body = TypeView), (status = 404, body = ProblemBody)))]
pub(super) async fn get(State(app): State<Arc<App>>, by: By<EventsRead>, Path(name): Path<String>) -> Answer {
    if let Some(spec) = catalog::find(&name) {
        return Ok(Reply::ok(&TypeView::built_in(spec)));
    }
    let kind: EventType = name.parse().map_err(|_| Problem::not_found("event type"))?;
    let workspace = by.workspace().clone();
    let custom = app
        .query("event_type", move |tx| {
            let (workspace, kind) = (workspace.clone(), kind.clone());
            Box::pin(async move { tx.custom_type(&workspace, &kind).await })
        })
        .await?;
    custom.map(|custom| Reply::ok(&TypeView::custom(&custom))).ok_or_else(|| Problem::not_found("event type"))
}
