//! Deliveries: listed and exported.
use std::{io, sync::Arc};

use axum::{
    body::Bytes,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use bellwire_domain::{
    Faults, Page, PageQuery, Stored,
    delivery::{Delivery, DeliveryFilter, DeliveryStatus, Rows},
};
use bellwire_wire::{EndpointId, Timestamp, WorkspaceId};
use futures_util::stream;
use http::HeaderMap;
use serde::Serialize;
use utoipa::ToSchema;

use super::{DeliveryView, endpoint_of};
use crate::{
    api::{
        event::types_of,
        extract::{By, FromQuery, Parameters, Query, WebhooksManage},
        lines,
        page::{self, When},
        problem::{Problem, ProblemBody},
        reply::Reply,
    },
    app::App,
};

/// Deliveries read at once for an export. Keeps I12.
const CHUNK: u32 = 200;
/// Deliveries that are counted for a page. Keeps I12.
const TOTAL_MAX: u32 = 1_000_000;

/// Which deliveries are asked for.
pub(super) struct LogQuery {
    page: PageQuery,
    paged: bool,
    /// But for the endpoint and times that are told back from now.
    filter: DeliveryFilter,
    since: Option<When>,
    until: Option<When>,
}

impl LogQuery {
    fn filter(&self, by: &By<WebhooksManage>, now: Timestamp) -> DeliveryFilter {
        DeliveryFilter {
            since: self.since.map(|since| since.resolve(now)),
            until: self.until.map(|until| until.resolve(now)),
            namespace: by.namespace.clone(),
            endpoints_of: by.principal.bound().cloned(),
            ..self.filter.clone()
        }
    }
}

impl FromQuery for LogQuery {
    const NAMES: &'static [&'static str] = &["status", "type", "q", "since", "until", "cursor", "limit"];

    fn read(parameters: &Parameters, faults: &mut Faults) -> Self {
        let prefix = parameters.get("q").map(str::to_owned);
        let good = |text: &String| {
            text.len() <= 64 && text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_' || c == b'-')
        };
        faults.check(
            prefix.as_ref().is_none_or(good),
            "q",
            "must be how an id begins: at most 64 characters of A-Z a-z 0-9 _ -",
        );
        let types = parameters.list("type").into_iter().map(str::to_owned).collect();
        Self {
            page: page::page(parameters, faults),
            paged: lines::paged(parameters),
            filter: DeliveryFilter {
                status: parameters.take::<DeliveryStatus>("status", faults),
                kinds: types_of(types),
                prefix,
                ..DeliveryFilter::default()
            },
            since: parameters.take("since", faults),
            until: parameters.take("until", faults),
        }
    }
}

/// The same over all endpoints, or one of them.
pub(super) struct AllQuery {
    of: LogQuery,
    endpoint: Option<EndpointId>,
}

impl FromQuery for AllQuery {
    const NAMES: &'static [&'static str] = &["endpoint_id", "status", "type", "q", "since", "until", "cursor", "limit"];

    fn read(parameters: &Parameters, faults: &mut Faults) -> Self {
        Self { of: LogQuery::read(parameters, faults), endpoint: parameters.take("endpoint_id", faults) }
    }
}

/// Deliveries, newest first.
#[derive(Serialize, ToSchema)]
struct DeliveryList {
    deliveries: Vec<DeliveryView>,
    /// How many there are on all pages. Null where counting would take long: with `type` or `q`,
    /// which are looked for page by page, with `namespace` among more than 10,000, of more than 100 endpoints, and of more
    /// than a million deliveries.
    total: Option<u64>,
    next_cursor: Option<String>,
}

async fn list(
    app: &Arc<App>,
    by: &By<WebhooksManage>,
    headers: &HeaderMap,
    filter: DeliveryFilter,
    query: &LogQuery,
) -> Result<Response, Problem> {
    let (workspace, page) = (by.workspace().clone(), query.page);
    if lines::wanted(headers) {
        lines::whole(query.paged)?;
        let app = Arc::clone(app);
        let until = filter.until.or(Some(app.clock.now()));
        let filter = DeliveryFilter { until, ..filter };
        let export = Export { app, workspace, filter, before: None, ended: false };
        return Ok(lines::answer(stream::try_unfold(export, Export::next)));
    }
    let (found, total) = app
        .query("deliveries", move |tx| {
            let (workspace, filter) = (workspace.clone(), filter.clone());
            Box::pin(async move {
                let found = tx.deliveries(&workspace, &filter, page).await?;
                Ok((found, tx.delivery_count(&workspace, &filter, TOTAL_MAX).await?))
            })
        })
        .await?;
    let list = DeliveryList {
        deliveries: found.items.iter().map(DeliveryView::new).collect(),
        total,
        next_cursor: found.next.map(page::encode),
    };
    Ok(Reply::ok(&list).into_response())
}

/// What an export has left to tell.
struct Export {
    app: Arc<App>,
    workspace: WorkspaceId,
    filter: DeliveryFilter,
    /// Before which place the next page is.
    before: Option<i64>,
    ended: bool,
}

impl Export {
    /// The lines of the next deliveries; nothing at the end.
    async fn next(mut self) -> io::Result<Option<(Bytes, Self)>> {
        while !self.ended {
            let page = self.read().await.map_err(|error| {
                tracing::warn!(%error, "an export ends: deliveries could not be read");
                io::Error::other(error)
            })?;
            (self.before, self.ended) = (page.next, page.next.is_none());
            let mut lines = Vec::new();
            for delivery in &page.items {
                serde_json::to_writer(&mut lines, &DeliveryView::new(delivery))?;
                lines.push(b'\n');
            }
            if !lines.is_empty() {
                return Ok(Some((lines.into(), self)));
            }
        }
        Ok(None)
    }

    async fn read(&self) -> Stored<Page<Delivery>> {
        let (workspace, filter) = (self.workspace.clone(), self.filter.clone());
        let page = PageQuery { before: self.before, limit: CHUNK };
        self.app
            .store
            .read("delivery_export", move |tx| {
                let (workspace, filter) = (workspace.clone(), filter.clone());
                Box::pin(async move { tx.deliveries(&workspace, &filter, page).await })
            })
            .await
    }
}

/// The deliveries of an endpoint. With `Accept: application/x-ndjson` all of them, one a line.
#[utoipa::path(get, path = "/v1/webhooks/{endpoint_id}/deliveries", operation_id = "list_endpoint_deliveries",
    tag = "delivery",
    params(("endpoint_id" = String, Path),
        ("status" = Option<String>, Query, description = "pending, success or failed"),
        ("type" = Option<String>, Query, description = "types or `family.*`, separated by commas"),
        ("q" = Option<String>, Query, description = "how the id of the delivery, or of its event, begins"),
        ("since" = Option<String>, Query), ("until" = Option<String>, Query),
        ("cursor" = Option<String>, Query), ("limit" = Option<u32>, Query)),
    responses((status = 200, content((DeliveryList = "application/json"), (String = "application/x-ndjson"))),
        (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn of_endpoint(
    State(app): State<Arc<App>>,
    by: By<WebhooksManage>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Query(query): Query<LogQuery>,
) -> Result<Response, Problem> {
    let endpoint = endpoint_of(&app, &by, &id).await?;
    let filter = DeliveryFilter { endpoint: Some(endpoint.at.clone()), ..query.filter(&by, app.clock.now()) };
    list(&app, &by, &headers, filter, &query).await
}

/// The deliveries of all endpoints; with `status=failed`, the dead letters. A key of one namespace sees those of its
/// namespace's endpoints. Where little of much is asked for, a page may be short although there are more: go on with
/// its `next_cursor`. With `Accept: application/x-ndjson` all of them, one a line.
#[utoipa::path(get, path = "/v1/deliveries", operation_id = "list_deliveries", tag = "delivery",
    params(("endpoint_id" = Option<String>, Query),
        ("status" = Option<String>, Query, description = "pending, success or failed"),
        ("type" = Option<String>, Query, description = "types or `family.*`, separated by commas"),
        ("q" = Option<String>, Query, description = "how the id of the delivery, or of its event, begins"),
        ("namespace" = Option<String>, Query), ("since" = Option<String>, Query),
        ("until" = Option<String>, Query), ("cursor" = Option<String>, Query), ("limit" = Option<u32>, Query)),
    responses((status = 200, content((DeliveryList = "application/json"), (String = "application/x-ndjson"))),
        (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn all(
    State(app): State<Arc<App>>,
    by: By<WebhooksManage>,
    headers: HeaderMap,
    Query(query): Query<AllQuery>,
) -> Result<Response, Problem> {
    let endpoint = match &query.endpoint {
        Some(id) => Some(endpoint_of(&app, &by, id.as_str()).await?.at.clone()),
        None => None,
    };
    let filter = DeliveryFilter { endpoint, ..query.of.filter(&by, app.clock.now()) };
    list(&app, &by, &headers, filter, &query.of).await
}
