//! Events posted by callers, one or many.
use std::sync::Arc;

use axum::extract::{Request, State};
use bellwire_domain::{
    Ctx, Faults, Stored,
    event::{self, Admission, Appended, DATA_DEPTH_MAX, Ingested, NewEvent},
};
use bellwire_store::Tx;
use bellwire_wire::{EventId, EventType, Namespace, Timestamp, catalog, json};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::EventView;
use crate::{
    api::{
        body::{BATCH_BYTES_MAX, BODY_BYTES_MAX, read_body},
        extract::{AnyKey, By, Idempotency, lacks, parse},
        problem::{Code, Problem, ProblemBody},
        reply::{Answer, Reply},
    },
    app::App,
};

/// An event to be posted.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PostEvent {
    /// Lower-case words joined by dots.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "invoice.paid", max_length = 128)]
    kind: Option<String>,
    /// Which customer's; absent or null for workspace-wide events.
    namespace: Option<String>,
    /// A JSON object.
    #[schema(value_type = Object)]
    data: Option<Box<RawValue>>,
    /// The caller's own id: repeating it is harmless.
    id: Option<String>,
    /// When it happened (RFC 3339); now if absent.
    timestamp: Option<String>,
}

/// An accepted event.
#[derive(Serialize, ToSchema)]
struct Accepted<'a> {
    #[schema(inline = false)]
    event: EventView<'a>,
    /// How many endpoints it is on its way to.
    deliveries: u32,
}

/// Post an event. It is durable, with all its deliveries, when this answers.
#[utoipa::path(post, path = "/v1/events", operation_id = "post_event", tag = "event", request_body = PostEvent,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 202, body = Accepted), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 413, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn post(State(app): State<Arc<App>>, by: By<AnyKey>, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let body = read_body(Request::from_parts(parts.clone(), body), BODY_BYTES_MAX, &app.stopping).await?;
    let idempotency = Idempotency::read(&parts.method, parts.uri.path(), &parts.headers, &body)?;
    let (post, faults) = parse(&body)?;
    let new = check(&by, post, faults)?;
    app.command("event", &by, idempotency, move |tx, ctx| {
        let new = new.clone();
        Box::pin(async move { Ok(ingest(tx, &ctx, new).await?.map(|posted| posted.reply())) })
    })
    .await
}

/// An accepted event, and whether it was accepted before.
struct Posted {
    appended: Appended,
    before: bool,
}

impl Posted {
    fn reply(&self) -> Reply {
        let Appended { event, deliveries } = &self.appended;
        let reply = Reply::accepted(&Accepted { event: EventView::new(event), deliveries: *deliveries });
        if self.before { reply.again() } else { reply }
    }
}

async fn ingest(tx: &mut Tx, ctx: &Ctx, new: NewEvent) -> Stored<Result<Posted, Problem>> {
    Ok(match event::ingest(tx, ctx, new).await? {
        Ingested::Accepted(appended) => Ok(Posted { appended, before: false }),
        Ingested::Repeated(appended) => Ok(Posted { appended, before: true }),
        // What it was used for is not said: that may be another namespace's.
        Ingested::Conflict => Err(Problem::new(
            Code::EventConflict,
            "This id is not free for this event: an id names one event in a workspace. Choose another one.",
        )),
        Ingested::Invalid(faults) => Err(faults.into()),
    })
}

/// What was posted, as the domain takes it; or everything that is wrong with it, beside the `faults` of
/// its form.
fn check(by: &By<AnyKey>, post: PostEvent, mut faults: Faults) -> Result<NewEvent, Problem> {
    let kind = faults.need("type", post.kind).and_then(|text| faults.take("type", text.parse::<EventType>()));
    let namespace = post.namespace.and_then(|text| faults.take("namespace", text.parse::<Namespace>()));
    let id = post.id.and_then(|text| faults.take("id", text.parse::<EventId>()));
    let reserved = id.as_ref().is_some_and(|id| matches!(id.as_str(), "stream" | "poll" | "batch"));
    faults.check(!reserved, "id", "must not be stream, poll or batch: those are paths");
    let timestamp = post.timestamp.and_then(|text| faults.take("timestamp", text.parse::<Timestamp>()));
    match &post.data {
        None => faults.add("data", "is required"),
        Some(data) if !data.get().starts_with('{') => faults.add("data", "must be a JSON object"),
        Some(data) if !event::is_readable(data.get()) => {
            faults
                .add("data", "must hold whole characters and numbers that fit: half a surrogate pair and 1e999 do not");
        }
        Some(data) => faults.check(
            event::depth(data.get()) <= DATA_DEPTH_MAX,
            "data",
            format_args!("must nest at most {DATA_DEPTH_MAX} deep"),
        ),
    }
    let mut source = None;
    if let Some(kind) = &kind {
        match event::admit(&by.principal, kind) {
            Admission::Reported => source = Some(format!("reported:{}", by.principal.key.id).into()),
            Admission::Unknown => faults.add("type", unknown(kind)),
            Admission::Needs(permission) if faults.is_empty() => return Err(lacks(&[permission])),
            // Other faults are told first: they are the caller's to mend.
            Admission::Custom | Admission::Needs(_) => {}
        }
    }
    let (Some(kind), Some(data), true) = (kind, post.data, faults.is_empty()) else { return Err(faults.into()) };
    Ok(NewEvent {
        id,
        kind,
        workspace_id: by.workspace().clone(),
        namespace: by.narrow(namespace)?,
        timestamp,
        source,
        // Kept on one line: every dialect sends it so, and a stream's frames end at a line's end.
        data: RawValue::from_string(json::compact(data.get())).unwrap_or(data),
    })
}

fn unknown(kind: &EventType) -> String {
    let family = kind.family();
    let names: Vec<&str> =
        catalog::types().iter().map(|spec| spec.name).filter(|name| name.split('.').next() == Some(family)).collect();
    format!("the family `{family}` is built in and has no `{kind}`; it has {}", names.join(", "))
}

/// Many events.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PostBatch {
    /// 1 to 1000 events.
    #[schema(value_type = Vec<PostEvent>, min_items = 1, max_items = 1000)]
    events: Vec<Box<RawValue>>,
}

/// What became of one event of a batch.
#[derive(Serialize, ToSchema)]
struct BatchItem<'a> {
    /// The status it would have had alone.
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<EventView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deliveries: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ProblemBody>,
}

/// What became of a batch, in its order.
#[derive(Serialize, ToSchema)]
struct BatchAnswer<'a> {
    accepted: usize,
    rejected: usize,
    results: Vec<BatchItem<'a>>,
}

/// The most a batch may hold.
const BATCH_MAX: usize = 1_000;

/// Post up to 1000 events; each is answered by itself.
#[utoipa::path(post, path = "/v1/events/batch", operation_id = "post_events", tag = "event", request_body = PostBatch,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 202, body = BatchAnswer), (status = 413, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn batch(State(app): State<Arc<App>>, by: By<AnyKey>, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let body = read_body(Request::from_parts(parts.clone(), body), BATCH_BYTES_MAX, &app.stopping).await?;
    let idempotency = Idempotency::read(&parts.method, parts.uri.path(), &parts.headers, &body)?;
    let events = if body.trim_ascii_start().starts_with(b"[") {
        serde_json::from_slice(&body)
            .map_err(|error| Problem::new(Code::Unparsable, format!("The body is not JSON: {error}.")))?
    } else {
        let (batch, faults) = parse::<PostBatch>(&body)?;
        faults.or(batch.events)?
    };
    if !(1..=BATCH_MAX).contains(&events.len()) {
        return Err(Faults::from(("events", "must have 1 to 1000 items")).into());
    }
    // The request itself was counted as the first.
    let more = u32::try_from(events.len()).unwrap_or(u32::MAX) - 1;
    if !app.playground.admits(by.workspace(), app.clock.now(), more) {
        let detail = "A sandbox of the playground takes 50 events a second, 100 at once. Post fewer.";
        return Err(Problem::new(Code::TooManyRequests, detail).retry_after(2));
    }
    let checked: Vec<Result<NewEvent, Problem>> = events
        .iter()
        .map(|event| {
            if event.get().len() > BODY_BYTES_MAX {
                return Err(Problem::new(Code::TooLarge, format!("The event is over {BODY_BYTES_MAX} bytes.")));
            }
            let (post, faults) = parse(event.get().as_bytes())?;
            check(&by, post, faults)
        })
        .collect();
    app.command("event_batch", &by, idempotency, move |tx, ctx| {
        let checked = checked.clone();
        Box::pin(async move {
            let mut answers = Vec::with_capacity(checked.len());
            for item in checked {
                answers.push(match item {
                    Ok(new) => ingest(tx, &ctx, new).await?,
                    Err(problem) => Err(problem),
                });
            }
            Ok(Ok(batch_reply(&answers)))
        })
    })
    .await
}

fn batch_reply(answers: &[Result<Posted, Problem>]) -> Reply {
    let results: Vec<BatchItem<'_>> = answers
        .iter()
        .map(|answer| match answer {
            Ok(Posted { appended, .. }) => BatchItem {
                status: StatusCode::ACCEPTED.as_u16(),
                event: Some(EventView::new(&appended.event)),
                deliveries: Some(appended.deliveries),
                error: None,
            },
            Err(problem) => BatchItem {
                status: problem.code().status().as_u16(),
                event: None,
                deliveries: None,
                error: Some(problem.body()),
            },
        })
        .collect();
    let accepted = answers.iter().filter(|answer| answer.is_ok()).count();
    Reply::accepted(&BatchAnswer { accepted, rejected: answers.len() - accepted, results })
}
