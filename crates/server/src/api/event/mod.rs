//! Events in, listed, polled, streamed; and their types.
mod post;
mod read;
mod stream;
mod types;

use std::sync::Arc;

use bellwire_wire::{Event, Timestamp};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

pub(crate) use read::filter_of as types_of;

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(post::post, read::list))
        .routes(routes!(post::batch))
        .routes(routes!(stream::stream))
        .routes(routes!(stream::poll))
        .routes(routes!(read::get))
        .routes(routes!(types::register, types::list))
        .routes(routes!(types::get))
}

/// An event: the native envelope.
#[derive(Serialize, ToSchema)]
#[schema(as = Event)]
pub(crate) struct EventView<'a> {
    #[schema(value_type = String)]
    id: &'a str,
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    kind: &'a str,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    timestamp: Timestamp,
    #[schema(value_type = String)]
    workspace_id: &'a str,
    #[schema(value_type = Option<String>)]
    namespace: Option<&'a str>,
    /// `reported:<key_id>` when a key posted a built-in type.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    source: Option<&'a str>,
    #[schema(value_type = Object)]
    data: &'a RawValue,
}

impl<'a> EventView<'a> {
    pub(crate) fn new(event: &'a Event) -> Self {
        Self {
            id: event.id.as_str(),
            kind: event.kind.as_str(),
            timestamp: event.timestamp,
            workspace_id: event.workspace_id.as_str(),
            namespace: event.namespace.as_ref().map(bellwire_wire::Namespace::as_str),
            source: event.source.as_deref(),
            data: &event.data,
        }
    }
}
