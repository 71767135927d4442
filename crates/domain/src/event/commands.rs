//! Appending events.
use std::sync::Arc;

use bellwire_wire::{Event, EventId, EventType, WorkspaceId};
use serde_json::Value;

use super::{CustomType, DataSchema, Log, NewEvent, Rows};
use crate::{
    Ctx, Faults, Stored,
    delivery::{self, Audience},
    workspace,
};

/// An appended event and how many deliveries it made.
#[derive(Debug, Clone)]
pub struct Appended {
    /// The event.
    pub event: Arc<Event>,
    /// How many endpoints it is on its way to.
    pub deliveries: u32,
}

/// What became of an event that a caller posted.
#[derive(Debug, Clone)]
pub enum Ingested {
    /// Appended.
    Accepted(Appended),
    /// The same event was appended before under the caller's id; nothing new happened.
    Repeated(Appended),
    /// Another event was appended before under the caller's id.
    Conflict,
    /// The data does not satisfy the type's schema.
    Invalid(Faults),
}

/// Appends an event and its deliveries. Keeps I1.
pub async fn append<R: Log>(rows: &mut R, ctx: &Ctx, new: NewEvent) -> Stored<Appended> {
    append_for(rows, ctx, new, &Audience::All).await
}

/// The same, delivered to some endpoints only.
pub async fn append_for<R: Log>(rows: &mut R, ctx: &Ctx, new: NewEvent, audience: &Audience) -> Stored<Appended> {
    let event = Arc::new(Event {
        id: new.id.unwrap_or_else(|| EventId::from_ulid(ctx.mint.ulid())),
        kind: new.kind,
        timestamp: new.timestamp.unwrap_or(ctx.now),
        workspace_id: new.workspace_id,
        namespace: new.namespace,
        source: new.source,
        data: new.data,
    });
    let seq = rows.event_seq(ctx);
    let deliveries = delivery::fan_out(rows, ctx, seq, &event, audience).await?;
    rows.event_insert(ctx, seq, &event, deliveries).await?;
    rows.appended(&event.workspace_id);
    Ok(Appended { event, deliveries })
}

/// Appends an event that a caller posted, once: the same id again answers as the first time.
pub async fn ingest<R>(rows: &mut R, ctx: &Ctx, new: NewEvent) -> Stored<Ingested>
where
    R: Log + workspace::Rows,
{
    if let Some(id) = &new.id
        && let Some(first) = rows.event(&new.workspace_id, id).await?
    {
        let appended = Appended { event: first.event, deliveries: first.deliveries };
        let same = is_same(&appended.event, &new);
        return Ok(if same { Ingested::Repeated(appended) } else { Ingested::Conflict });
    }
    if let Some(custom) = rows.custom_type(&new.workspace_id, &new.kind).await?
        && let Some(schema) = &custom.schema
        && let Ok(data) = serde_json::from_str::<Value>(new.data.get())
    {
        let faults = schema.faults(&data, "data");
        if !faults.is_empty() {
            return Ok(Ingested::Invalid(faults.into()));
        }
    }
    if let Some(namespace) = &new.namespace {
        rows.namespace_touch(&new.workspace_id, namespace, ctx.now).await?;
    }
    append(rows, ctx, new).await.map(Ingested::Accepted)
}

/// Registers a custom type, or changes it: the stored one, and whether it is new.
pub async fn register_type<R: Rows>(
    rows: &mut R,
    ctx: &Ctx,
    workspace: &WorkspaceId,
    name: EventType,
    description: Option<String>,
    schema: Option<Arc<DataSchema>>,
) -> Stored<(CustomType, bool)> {
    let before = rows.custom_type(workspace, &name).await?;
    let custom = CustomType {
        workspace_id: workspace.clone(),
        name,
        description,
        schema,
        version: before.as_ref().map_or(1, |before| before.version.saturating_add(1)),
        created_at: before.as_ref().map_or(ctx.now, |before| before.created_at),
        updated_at: ctx.now,
    };
    rows.custom_type_put(&custom).await?;
    Ok((custom, before.is_none()))
}

/// Whether `new` says what `event` said: the same but for what the server filled in, and for white
/// space between the tokens of the data.
fn is_same(event: &Event, new: &NewEvent) -> bool {
    let value = |text: &str| serde_json::from_str::<Value>(text).ok();
    event.kind == new.kind
        && event.namespace == new.namespace
        && event.source == new.source
        && new.timestamp.is_none_or(|timestamp| timestamp == event.timestamp)
        && (event.data.get() == new.data.get()
            || value(event.data.get()).is_some_and(|data| Some(data) == value(new.data.get())))
}
