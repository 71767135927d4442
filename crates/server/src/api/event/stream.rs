//! Events as they happen: Server-Sent Events, and the same by long poll. Both read rows after a place;
//! the hub only wakes them (spec delivery, "Events").
use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    response::{
        IntoResponse, Response,
        sse::{Event as Frame, KeepAlive, Sse},
    },
};
use bellwire_domain::{
    Faults, Stored,
    event::{EventFilter, Rows, StoredEvent},
    workspace::{Principal, session::Session},
};
use bellwire_store::Tx;
use bellwire_wire::{EventId, WorkspaceId};
use futures_util::stream::{self, Stream};
use http::{HeaderMap, HeaderValue};
use serde::Serialize;
use tokio::sync::watch;
use utoipa::ToSchema;

use super::{EventView, read::filter_of};
use crate::{
    api::{
        extract::{By, EventsRead, FromQuery, Parameters, Query},
        page::{self, Span},
        problem::{Code, Problem, ProblemBody},
        reply::Reply,
    },
    app::App,
};

/// A comment is sent so often, to keep the connection and to notice when it is gone.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// However quiet the hub is, rows are looked at so often.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Events read at once.
const CHUNK: u32 = 100;

/// What a stream is asked for with.
pub(super) struct StreamQuery {
    types: Vec<String>,
    after: Option<String>,
}

impl FromQuery for StreamQuery {
    const NAMES: &'static [&'static str] = &["types", "type", "after"];

    fn read(parameters: &Parameters, _: &mut Faults) -> Self {
        let mut types: Vec<String> = parameters.list("types").into_iter().map(str::to_owned).collect();
        types.extend(parameters.list("type").into_iter().map(str::to_owned));
        Self { types, after: parameters.get("after").map(str::to_owned) }
    }
}

/// The place to read after: an event's id, the cursor of a poll, or (with nothing) the newest event.
async fn place(app: &App, principal: &Principal, after: Option<&str>) -> Result<i64, Problem> {
    let workspace = principal.workspace();
    let Some(after) = after else {
        let workspace = workspace.clone();
        return app
            .query("newest", move |tx| {
                let workspace = workspace.clone();
                Box::pin(async move { tx.event_newest(&workspace).await })
            })
            .await;
    };
    if let Some(seq) = page::decode(after) {
        return Ok(seq);
    }
    let id: EventId = after
        .parse()
        .map_err(|_| Faults::from(("after", "must be the id of an event, or the next_cursor of a poll")))?;
    let (workspace, wanted) = (workspace.clone(), id.clone());
    let found = app
        .query("place", move |tx| {
            let (workspace, id) = (workspace.clone(), wanted.clone());
            Box::pin(async move { tx.event(&workspace, &id).await })
        })
        .await?;
    // One that retention removed, or that this key may not know of: from the oldest that is left on.
    let known = found.filter(|stored| principal.sees(stored.event.namespace.as_ref()));
    Ok(known.map_or(0, |stored| stored.seq))
}

fn read_after(
    tx: &mut Tx,
    workspace: WorkspaceId,
    filter: EventFilter,
    after: i64,
    limit: u32,
) -> bellwire_store::BoxFuture<'_, Stored<(Vec<StoredEvent>, i64)>> {
    Box::pin(async move { tx.events_after(&workspace, &filter, after, limit).await })
}

/// One stream's place and wishes.
struct Reader {
    app: Arc<App>,
    principal: Arc<Principal>,
    session: Option<Session>,
    workspace: WorkspaceId,
    filter: EventFilter,
    after: i64,
    bell: watch::Receiver<()>,
    ready: std::collections::VecDeque<StoredEvent>,
}

impl Reader {
    /// Reads what is there; whether anything was looked at.
    async fn look(&mut self, limit: u32) -> Stored<bool> {
        self.bell.mark_unchanged();
        let (workspace, filter, after) = (self.workspace.clone(), self.filter.clone(), self.after);
        let (events, looked) = self
            .app
            .store
            .read("stream", move |tx| read_after(tx, workspace.clone(), filter.clone(), after, limit))
            .await?;
        let moved = looked > self.after;
        self.after = looked;
        self.ready.extend(events);
        Ok(moved)
    }

    /// Waits until there may be something new.
    async fn wait(&mut self) {
        tokio::select! {
            _ = self.bell.changed() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = self.app.stopping.cancelled() => {}
        }
    }

    /// Whether its key is still good, and its session, if it has one. Asked after every look and before anything of it
    /// is told: what happens after a key was revoked is told to nobody who has it.
    async fn may_go_on(&self) -> Stored<bool> {
        self.app.auth.is_good(&self.principal, self.session.as_ref(), self.app.clock.now()).await
    }

    async fn look_if_allowed(&mut self) -> Stored<Option<bool>> {
        let moved = self.look(CHUNK).await?;
        Ok(self.may_go_on().await?.then_some(moved))
    }

    /// The next event; nothing when the server stops, or the key is no longer good.
    async fn next(mut self) -> Option<(Result<Frame, Infallible>, Self)> {
        loop {
            if let Some(stored) = self.ready.pop_front() {
                let text = serde_json::to_string(&EventView::new(&stored.event)).unwrap_or_default();
                let frame = Frame::default().id(stored.event.id.as_str()).event(stored.event.kind.as_str()).data(text);
                return Some((Ok(frame), self));
            }
            if self.app.stopping.is_cancelled() {
                return None;
            }
            match self.look_if_allowed().await {
                Ok(Some(true)) => {}
                Ok(Some(false)) => self.wait().await,
                Ok(None) => return None,
                Err(error) => {
                    tracing::warn!(%error, "a stream ends: events could not be read");
                    return None;
                }
            }
        }
    }

    fn into_stream(self) -> impl Stream<Item = Result<Frame, Infallible>> {
        stream::unfold(self, Self::next)
    }
}

fn reader(app: Arc<App>, by: &By<EventsRead>, types: Vec<String>, after: i64, bell: watch::Receiver<()>) -> Reader {
    let filter = EventFilter { namespace: by.namespace.clone(), ..filter_of(types) };
    Reader {
        app,
        principal: Arc::clone(&by.principal),
        session: by.session.clone(),
        workspace: by.workspace().clone(),
        filter,
        after,
        bell,
        ready: std::collections::VecDeque::new(),
    }
}

/// Events as Server-Sent Events. `Last-Event-ID` resumes, with nothing missed and nothing twice.
#[utoipa::path(get, path = "/v1/events/stream", operation_id = "stream_events", tag = "event",
    params(("types" = Option<String>, Query), ("namespace" = Option<String>, Query),
        ("after" = Option<String>, Query, description = "an event's id to resume after, as Last-Event-ID"),
        ("Last-Event-ID" = Option<String>, Header)),
    responses((status = 200, content_type = "text/event-stream", body = String), (status = 422, body = ProblemBody)))]
pub(super) async fn stream(
    State(app): State<Arc<App>>,
    by: By<EventsRead>,
    headers: HeaderMap,
    Query(query): Query<StreamQuery>,
) -> Result<Response, Problem> {
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok()).filter(|id| !id.is_empty());
    // Listen first, look second, wait third.
    let bell = app.hub.listen(by.workspace());
    let after = place(&app, &by.principal, last.or(query.after.as_deref())).await?;
    let frames = reader(app, &by, query.types, after, bell).into_stream();
    let greeting = stream::iter([Ok(Frame::default().comment("connected"))]);
    let frames = futures_util::StreamExt::chain(greeting, frames);
    let mut response =
        Sse::new(frames).keep_alive(KeepAlive::new().interval(HEARTBEAT).text("heartbeat")).into_response();
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// What a poll is asked for with.
pub(super) struct PollQuery {
    stream: StreamQuery,
    limit: u32,
    wait: Duration,
}

impl FromQuery for PollQuery {
    const NAMES: &'static [&'static str] = &["types", "type", "after", "limit", "wait"];

    fn read(parameters: &Parameters, faults: &mut Faults) -> Self {
        let wait = parameters.take::<Span>("wait", faults).map_or(Duration::ZERO, |span| span.0);
        faults.check(wait <= Duration::from_mins(1), "wait", "must be at most 60s");
        Self { limit: page::page(parameters, faults).limit, stream: StreamQuery::read(parameters, faults), wait }
    }
}

/// Events after a place, oldest first.
#[derive(Serialize, ToSchema)]
struct PollAnswer<'a> {
    events: Vec<EventView<'a>>,
    /// Where to go on: the next `after`. Always there.
    next_cursor: String,
}

/// The stream for clients without Server-Sent Events: waits until there is something, or the wait is
/// over. Without `after` it starts at the newest event.
#[utoipa::path(get, path = "/v1/events/poll", operation_id = "poll_events", tag = "event",
    params(("after" = Option<String>, Query, description = "an event's id, or the next_cursor of the poll before"),
        ("types" = Option<String>, Query), ("namespace" = Option<String>, Query), ("limit" = Option<u32>, Query),
        ("wait" = Option<String>, Query, description = "a duration up to 60s")),
    responses((status = 200, body = PollAnswer), (status = 422, body = ProblemBody)))]
pub(super) async fn poll(
    State(app): State<Arc<App>>,
    by: By<EventsRead>,
    Query(query): Query<PollQuery>,
) -> Result<Reply, Problem> {
    let bell = app.hub.listen(by.workspace());
    let after = place(&app, &by.principal, query.stream.after.as_deref()).await?;
    let mut reader = reader(Arc::clone(&app), &by, query.stream.types, after, bell);
    let until = tokio::time::Instant::now() + query.wait;
    loop {
        let moved = reader.look(query.limit).await?;
        if !reader.may_go_on().await? {
            return Err(Problem::new(Code::Unauthorized, "This key was revoked, or has expired."));
        }
        if !reader.ready.is_empty() || app.stopping.is_cancelled() {
            break;
        }
        if !moved && tokio::time::timeout_at(until, reader.wait()).await.is_err() {
            break;
        }
    }
    Ok(Reply::ok(&PollAnswer {
        events: reader.ready.iter().map(|stored| EventView::new(&stored.event)).collect(),
        next_cursor: page::encode(reader.after),
    }))
}
