//! Events listed, and one with where it went.
use std::sync::Arc;

use axum::extract::{Path, State};
use bellwire_domain::{
    Faults, PageQuery,
    delivery::{self, Delivery},
    event::{self, EventFilter},
};
use bellwire_wire::EventId;
use serde::Serialize;
use utoipa::ToSchema;

use super::EventView;
use crate::{
    api::{
        delivery::DeliveryView,
        extract::{By, EventsRead, FromQuery, Parameters, Query},
        page::{self, When},
        problem::{Problem, ProblemBody},
        reply::{Answer, Reply},
    },
    app::App,
};

/// What a list of events is asked for with.
pub(super) struct ListQuery {
    page: PageQuery,
    types: Vec<String>,
    since: Option<When>,
    until: Option<When>,
    text: Option<String>,
}

impl FromQuery for ListQuery {
    const NAMES: &'static [&'static str] = &["type", "types", "q", "since", "until", "cursor", "limit"];

    fn read(parameters: &Parameters, faults: &mut Faults) -> Self {
        let mut types: Vec<String> = parameters.list("type").into_iter().map(str::to_owned).collect();
        types.extend(parameters.list("types").into_iter().map(str::to_owned));
        Self {
            page: page::page(parameters, faults),
            types,
            since: parameters.take("since", faults),
            until: parameters.take("until", faults),
            text: text(parameters, faults),
        }
    }
}

/// The longest text that is looked for.
const TEXT_CHARS_MAX: usize = 256;

/// The text that is looked for, in lower case.
fn text(parameters: &Parameters, faults: &mut Faults) -> Option<String> {
    let text = parameters.get("q")?;
    let good = text.chars().count() <= TEXT_CHARS_MAX && !text.chars().any(char::is_control);
    faults.check(
        good,
        "q",
        format_args!("must be at most {TEXT_CHARS_MAX} characters, none of them a control character"),
    );
    Some(text.to_lowercase())
}

/// A filter of types as people write them: names, `family.*`, `*`.
pub(crate) fn filter_of(types: Vec<String>) -> EventFilter {
    let mut filter = EventFilter::default();
    for name in types {
        match name.strip_suffix(".*") {
            Some(family) => filter.families.push(family.to_owned()),
            None if name == "*" => return EventFilter::default(),
            None => filter.types.push(name),
        }
    }
    filter
}

/// Events, newest first.
#[derive(Serialize, ToSchema)]
struct EventList<'a> {
    events: Vec<EventView<'a>>,
    next_cursor: Option<String>,
}

/// Events, newest first.
#[utoipa::path(get, path = "/v1/events", operation_id = "list_events", tag = "event",
    params(("type" = Option<String>, Query, description = "types or `family.*`, separated by commas"),
        ("namespace" = Option<String>, Query),
        ("q" = Option<String>, Query, description = "a text that the id, the type or the data holds, in whatever case; a page may be short although there are more: go on with its `next_cursor`"),
        ("since" = Option<String>, Query, description = "a time or a duration back from now; exclusive"),
        ("until" = Option<String>, Query), ("cursor" = Option<String>, Query), ("limit" = Option<u32>, Query)),
    responses((status = 200, body = EventList), (status = 422, body = ProblemBody)))]
pub(super) async fn list(State(app): State<Arc<App>>, by: By<EventsRead>, Query(query): Query<ListQuery>) -> Answer {
    let now = app.clock.now();
    let filter = EventFilter {
        namespace: by.namespace.clone(),
        since: query.since.map(|since| since.resolve(now)),
        until: query.until.map(|until| until.resolve(now)),
        text: query.text,
        ..filter_of(query.types)
    };
    let (workspace, page) = (by.workspace().clone(), query.page);
    let found = app
        .query("events", move |tx| {
            let (workspace, filter) = (workspace.clone(), filter.clone());
            Box::pin(async move { event::Rows::events(tx, &workspace, &filter, page).await })
        })
        .await?;
    Ok(Reply::ok(&EventList {
        events: found.items.iter().map(|stored| EventView::new(&stored.event)).collect(),
        next_cursor: found.next.map(page::encode),
    }))
}

/// An event and where it went.
#[derive(Serialize, ToSchema)]
struct EventDetail<'a> {
    #[serde(flatten)]
    event: EventView<'a>,
    deliveries: Vec<DeliveryView>,
}

/// One event and its deliveries.
#[utoipa::path(get, path = "/v1/events/{event_id}", operation_id = "get_event",
    tag = "event", params(("event_id" = String, Path)),
    responses((status = 200, body = EventDetail), (status = 404, body = ProblemBody)))]
pub(super) async fn get(State(app): State<Arc<App>>, by: By<EventsRead>, Path(id): Path<String>) -> Answer {
    let id: EventId = id.parse().map_err(|_| Problem::not_found("event"))?;
    let (workspace, principal) = (by.workspace().clone(), Arc::clone(&by.principal));
    let found = app
        .query("event", move |tx| {
            let (workspace, id, principal) = (workspace.clone(), id.clone(), Arc::clone(&principal));
            Box::pin(async move {
                let Some(stored) = event::Rows::event(tx, &workspace, &id).await? else { return Ok(None) };
                let mut deliveries: Vec<Delivery> = Vec::new();
                for delivery in delivery::Rows::deliveries_of(tx, &workspace, &id).await? {
                    // A tenant sees its own endpoints, not those of the workspace.
                    let endpoint = delivery::Rows::endpoint(tx, &delivery.at).await?;
                    if endpoint.is_some_and(|endpoint| principal.sees(endpoint.config.namespace.as_ref())) {
                        deliveries.push(delivery);
                    }
                }
                Ok(Some((stored, deliveries)))
            })
        })
        .await?;
    let (stored, deliveries) = found
        .filter(|(stored, _)| by.principal.sees(stored.event.namespace.as_ref()))
        .ok_or_else(|| Problem::not_found("event"))?;
    Ok(Reply::ok(&EventDetail {
        event: EventView::new(&stored.event),
        deliveries: deliveries.iter().map(DeliveryView::new).collect(),
    }))
}
