//! Events and custom types.
use std::sync::Arc;

use bellwire_domain::{
    Ctx, Effect, Page, PageQuery, StoreError, Stored, Topic,
    event::{CustomType, DataSchema, EventFilter, Rows, StoredEvent},
};
use bellwire_wire::{Event, EventId, EventType, Namespace, RequestId, Timestamp, WorkspaceId};
use serde_json::value::RawValue;

use crate::{
    Tx,
    args::{Row, args},
    postgres::Bulk,
};

macro_rules! event_sql {
    ($rest:literal) => {
        concat!(
            "SELECT seq, workspace_id, id, type, namespace, occurred_at, source, data, deliveries FROM events ",
            $rest
        )
    };
}

pub(super) use event_sql;

/// An event whose columns start at `first`.
pub(super) fn event(row: &Row<'_>, first: usize) -> Stored<Event> {
    let data = row.text(first + 6)?;
    Ok(Event {
        workspace_id: row.with_text(first, WorkspaceId::from_stored)?,
        id: row.with_text(first + 1, EventId::from_stored)?,
        kind: row.with_text(first + 2, EventType::from_stored)?,
        namespace: row.opt_text(first + 3)?.as_deref().map(Namespace::from_stored),
        timestamp: row.time(first + 4)?,
        source: row.opt_text(first + 5)?.map(Into::into),
        data: RawValue::from_string(data).map_err(|error| StoreError::Broken(format!("an event's data: {error}")))?,
    })
}

pub(super) fn stored(row: &Row<'_>) -> Stored<StoredEvent> {
    Ok(StoredEvent { seq: row.int(0)?, event: Arc::new(event(row, 1)?), deliveries: row.small(8)? })
}

/// The rows that a filter takes are looked for among so many at a time, so that a filter that takes
/// little cannot hold a reader for long. Keeps I12.
const LOOK_MAX: u32 = 20_000;

/// Rows that are read together where a text is looked for, and how many rows and bytes are for one page. Keeps I12.
const READ_CHUNK: u32 = 100;
const READ_ROWS_MAX: usize = 5_000;
const READ_BYTES_MAX: usize = 8 * 1024 * 1024;

/// The place of an event's id among the columns of [`EVENTS`].
const ID: usize = 2;

pub(super) static EVENTS: Bulk = Bulk {
    place: 0,
    one: "INSERT INTO events (seq, workspace_id, id, type, namespace, occurred_at, source, deliveries, request_id,
              traceparent, data) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    many: "INSERT INTO events (seq, workspace_id, id, type, namespace, occurred_at, source, deliveries, request_id,
               traceparent, data) SELECT * FROM UNNEST($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
};

impl Rows for Tx {
    fn event_seq(&mut self, ctx: &Ctx) -> i64 {
        self.next_seq(ctx)
    }

    async fn event_insert(&mut self, ctx: &Ctx, seq: i64, event: &Arc<Event>, deliveries: u32) -> Stored<()> {
        self.touch(&event.workspace_id, Topic::Events);
        self.insert(
            &EVENTS,
            args![
                seq,
                event.workspace_id.as_str(),
                event.id.as_str(),
                event.kind.as_str(),
                event.namespace.as_ref().map(Namespace::as_str),
                event.timestamp,
                event.source.as_deref(),
                deliveries,
                ctx.origin.request_id.as_ref().map(RequestId::as_str),
                ctx.origin.traceparent.as_deref(),
                event.data.get(),
            ],
        )
    }

    async fn event(&mut self, workspace: &WorkspaceId, id: &EventId) -> Stored<Option<StoredEvent>> {
        // A caller's id is looked for before every insertion: that is not to insert one by one.
        if let Some(link) = self.postgres()
            && !link.waits(&EVENTS, ID, id.as_str())
        {
            let sql = event_sql!("WHERE workspace_id = $1 AND id = $2");
            let rows = link.query_beside(sql, args![workspace.as_str(), id.as_str()])?;
            return rows.first().map(|row| stored(&Row::Postgres(row))).transpose();
        }
        self.query_one(
            event_sql!("WHERE workspace_id = $1 AND id = $2"),
            args![workspace.as_str(), id.as_str()],
            stored,
        )
    }

    async fn events(
        &mut self,
        workspace: &WorkspaceId,
        filter: &EventFilter,
        page: PageQuery,
    ) -> Stored<Page<StoredEvent>> {
        if filter.text.is_some() {
            return self.events_that_read(workspace, filter, page);
        }
        let after = filter.since.map_or(0, Timestamp::micros);
        let mut before = page.before.unwrap_or(i64::MAX).min(filter.until.map_or(i64::MAX, |until| until.micros() + 1));
        let wanted = page.limit as usize + 1;
        let mut found = Vec::new();
        loop {
            let chunk = if filter.takes_all() && filter.namespace.is_none() {
                u32::try_from(wanted - found.len()).unwrap_or(page.limit)
            } else {
                LOOK_MAX
            };
            let heads = self.query(
                "SELECT seq, type, namespace FROM events INDEXED BY events_workspace
                 WHERE workspace_id = $1 AND seq < $2 AND seq > $3 ORDER BY seq DESC LIMIT $4",
                args![workspace.as_str(), before, after, chunk],
                |row| Ok((row.int(0)?, takes(filter, row)?)),
            )?;
            let looked = heads.len();
            before = heads.last().map_or(before, |(seq, _)| *seq);
            for (seq, _) in heads.into_iter().filter(|(_, taken)| *taken).take(wanted - found.len()) {
                found.extend(self.query_one(event_sql!("WHERE seq = $1"), args![seq], stored)?);
            }
            if found.len() >= wanted || looked < chunk as usize {
                break;
            }
        }
        Ok(Page::from_overfetch(found, page.limit, |stored| stored.seq))
    }

    async fn events_after(
        &mut self,
        workspace: &WorkspaceId,
        filter: &EventFilter,
        after: i64,
        limit: u32,
    ) -> Stored<(Vec<StoredEvent>, i64)> {
        let heads = self.query(
            "SELECT seq, type, namespace FROM events INDEXED BY events_workspace
             WHERE workspace_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
            args![workspace.as_str(), after, LOOK_MAX.min(limit.saturating_mul(20))],
            |row| Ok((row.int(0)?, takes(filter, row)?)),
        )?;
        let mut looked = after;
        let mut found = Vec::new();
        for (seq, taken) in heads {
            if found.len() >= limit as usize {
                break;
            }
            looked = seq;
            if taken {
                found.extend(self.query_one(event_sql!("WHERE seq = $1"), args![seq], stored)?);
            }
        }
        Ok((found, looked))
    }

    async fn event_newest(&mut self, workspace: &WorkspaceId) -> Stored<i64> {
        let newest =
            self.query_one("SELECT MAX(seq) FROM events WHERE workspace_id = $1", args![workspace.as_str()], |row| {
                row.opt_int(0)
            })?;
        Ok(newest.flatten().unwrap_or(0))
    }

    async fn alerts(
        &mut self,
        workspace: &WorkspaceId,
        namespace: Option<&Namespace>,
        limit: u32,
    ) -> Stored<Vec<StoredEvent>> {
        self.find_alerts(workspace, namespace, limit)
    }

    async fn custom_type(&mut self, workspace: &WorkspaceId, name: &EventType) -> Stored<Option<Arc<CustomType>>> {
        let key = (workspace.clone(), name.clone());
        if let Some(known) = self.cache.custom_types.get(&key) {
            return Ok(known.clone());
        }
        let found = self
            .query_one(
                "SELECT workspace_id, name, description, schema, version, created_at, updated_at FROM event_types
                 WHERE workspace_id = $1 AND name = $2",
                args![workspace.as_str(), name.as_str()],
                custom,
            )?
            .map(Arc::new);
        self.cache.custom_types.insert(key, found.clone());
        Ok(found)
    }

    async fn custom_types(&mut self, workspace: &WorkspaceId, after: &str, limit: u32) -> Stored<Vec<Arc<CustomType>>> {
        self.query(
            "SELECT workspace_id, name, description, schema, version, created_at, updated_at FROM event_types
             WHERE workspace_id = $1 AND name > $2 ORDER BY name LIMIT $3",
            args![workspace.as_str(), after, limit],
            |row| custom(row).map(Arc::new),
        )
    }

    async fn custom_type_put(&mut self, custom: &CustomType) -> Stored<()> {
        let schema = custom.schema.as_ref().map(|schema| schema.source().to_string());
        self.execute(
            "INSERT INTO event_types (workspace_id, name, description, schema, version, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (workspace_id, name) DO UPDATE SET description = excluded.description,
                 schema = excluded.schema, version = excluded.version, updated_at = excluded.updated_at",
            args![
                custom.workspace_id.as_str(),
                custom.name.as_str(),
                custom.description.as_ref(),
                schema.as_ref(),
                custom.version,
                custom.created_at,
                custom.updated_at
            ],
        )?;
        self.cache.custom_types.remove(&(custom.workspace_id.clone(), custom.name.clone()));
        self.cached_rows_change();
        Ok(())
    }

    fn appended(&mut self, workspace: &WorkspaceId) {
        // One word per workspace and commit is enough.
        let said = |effect: &Effect| matches!(effect, Effect::Appended(before) if before == workspace);
        if !self.effects.iter().rev().take(8).any(said) {
            self.effects.push(Effect::Appended(workspace.clone()));
        }
    }
}

impl Tx {
    /// A page of the events that hold a text: as many as are found among a bounded number of rows and bytes. The next
    /// page goes on where this one ended.
    fn events_that_read(
        &mut self,
        workspace: &WorkspaceId,
        filter: &EventFilter,
        page: PageQuery,
    ) -> Stored<Page<StoredEvent>> {
        let after = filter.since.map_or(0, Timestamp::micros);
        let mut before = page.before.unwrap_or(i64::MAX).min(filter.until.map_or(i64::MAX, |until| until.micros() + 1));
        let (mut found, mut rows, mut bytes) = (Vec::new(), 0, 0);
        while found.len() <= page.limit as usize {
            let read = |row: &Row<'_>| {
                let (seq, size) = (row.int(0)?, row.with_text(7, str::len)?);
                let event = if takes_at(filter, row, 3)? { Some(stored(row)?) } else { None };
                Ok((seq, size, event.filter(|stored| filter.reads(&stored.event))))
            };
            let looked = self.query(
                event_sql!(
                    "INDEXED BY events_workspace WHERE workspace_id = $1 AND seq < $2 AND seq > $3
                     ORDER BY seq DESC LIMIT $4"
                ),
                args![workspace.as_str(), before, after, READ_CHUNK],
                read,
            )?;
            let whole = looked.len() < READ_CHUNK as usize;
            rows += looked.len();
            for (seq, size, event) in looked {
                before = seq;
                bytes += size;
                found.extend(event);
            }
            if whole {
                return Ok(Page::from_overfetch(found, page.limit, |stored| stored.seq));
            }
            if rows >= READ_ROWS_MAX || bytes >= READ_BYTES_MAX {
                break;
            }
        }
        let found = Page::from_overfetch(found, page.limit, |stored| stored.seq);
        Ok(Page { next: found.next.or(Some(before)), ..found })
    }
}

/// Whether a filter takes the event whose type and namespace stand at 1 and 2.
fn takes(filter: &EventFilter, row: &Row<'_>) -> Stored<bool> {
    takes_at(filter, row, 1)
}

/// The same of one whose type stands at `kind`, and its namespace behind it.
fn takes_at(filter: &EventFilter, row: &Row<'_>, kind: usize) -> Stored<bool> {
    let taken = row.with_text(kind, |kind| filter.takes(kind))?;
    Ok(taken
        && match &filter.namespace {
            Some(wanted) => row.opt_text(kind + 1)?.as_deref() == Some(wanted.as_str()),
            None => true,
        })
}

fn custom(row: &Row<'_>) -> Stored<CustomType> {
    let schema = row
        .opt_text(3)?
        .map(|text| {
            let value = serde_json::from_str(&text).map_err(|error| StoreError::Broken(error.to_string()))?;
            DataSchema::compile(value).map(Arc::new).map_err(|error| StoreError::Broken(error.to_string()))
        })
        .transpose()?;
    Ok(CustomType {
        workspace_id: row.with_text(0, WorkspaceId::from_stored)?,
        name: row.with_text(1, EventType::from_stored)?,
        description: row.opt_text(2)?,
        schema,
        version: row.small(4)?,
        created_at: row.time(5)?,
        updated_at: row.time(6)?,
    })
}
