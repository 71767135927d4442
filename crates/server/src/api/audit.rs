//! The audit log: listed newest first, or exported as lines, oldest first (spec approvals, "Audit log").
use std::{io, sync::Arc};

use axum::{
    body::Bytes,
    extract::State,
    response::{IntoResponse, Response},
};
use bellwire_domain::{
    Faults, PageQuery, Stored,
    workspace::audit::{self, AuditEntry, AuditFilter, NewAudit, Rows},
};
use bellwire_wire::{Timestamp, WorkspaceId};
use futures_util::stream;
use http::HeaderMap;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    extract::{AuditRead, By, FromQuery, Nothing, Parameters, Query},
    lines,
    page::{self, When},
    problem::{Code, Problem, ProblemBody},
    reply::{Answer, Reply},
};
use crate::app::App;

/// Entries read at once for an export. Keeps I12.
const CHUNK: u32 = 500;

/// The routes of the audit log.
pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(chain))
}

/// What is asked for.
struct AuditQuery {
    page: PageQuery,
    /// Whether a page was asked for.
    paged: bool,
    filter: AuditFilter,
    since: Option<When>,
    until: Option<When>,
}

impl FromQuery for AuditQuery {
    const NAMES: &'static [&'static str] = &["action", "subject", "actor", "since", "until", "cursor", "limit"];

    fn read(parameters: &Parameters, faults: &mut Faults) -> Self {
        let named = |name| parameters.get(name).map(str::to_owned);
        Self {
            page: page::page(parameters, faults),
            paged: lines::paged(parameters),
            filter: AuditFilter {
                action: named("action"),
                subject: named("subject"),
                actor: named("actor"),
                ..AuditFilter::default()
            },
            since: parameters.take("since", faults),
            until: parameters.take("until", faults),
        }
    }
}

/// Something that was done. `prev_hash` and `hash` tie it to all before it: see the page about the
/// audit log.
#[derive(ToSchema)]
#[schema(as = AuditEntry)]
#[expect(dead_code, reason = "describes what the domain's own entry is written as")]
struct EntryView {
    workspace_id: String,
    /// Its place in the workspace's chain, from 1.
    seq: i64,
    at: Timestamp,
    /// `person:…`, `key:…`, `slack:…` or `system`.
    actor: String,
    #[schema(example = "key.create")]
    action: String,
    /// The id of what it was done to.
    subject: String,
    namespace: Option<String>,
    #[schema(value_type = Object)]
    detail: serde_json::Map<String, serde_json::Value>,
    request_id: Option<String>,
    prev_hash: String,
    hash: String,
}

/// Entries, newest first.
#[derive(Serialize, ToSchema)]
struct AuditList {
    #[schema(value_type = Vec<EntryView>)]
    entries: Vec<AuditEntry>,
    next_cursor: Option<String>,
}

/// Who did what, newest first. With `Accept: application/x-ndjson` the whole selection, one entry a
/// line, oldest first: what `bellwire audit verify` checks.
#[utoipa::path(get, path = "/v1/audit", operation_id = "list_audit", tag = "workspace",
    params(("action" = Option<String>, Query), ("subject" = Option<String>, Query), ("actor" = Option<String>, Query),
        ("namespace" = Option<String>, Query),
        ("since" = Option<String>, Query, description = "a time or a duration back from now; exclusive"),
        ("until" = Option<String>, Query), ("cursor" = Option<String>, Query), ("limit" = Option<u32>, Query)),
    responses(
        (status = 200, content((AuditList = "application/json"), (String = "application/x-ndjson"))),
        (status = 422, body = ProblemBody)))]
async fn list(
    State(app): State<Arc<App>>,
    by: By<AuditRead>,
    headers: HeaderMap,
    Query(query): Query<AuditQuery>,
) -> Result<Response, Problem> {
    let now = app.clock.now();
    let filter = AuditFilter {
        namespace: by.namespace.clone(),
        since: query.since.map(|since| since.resolve(now)),
        until: query.until.map(|until| until.resolve(now)),
        ..query.filter
    };
    let (workspace, page) = (by.workspace().clone(), query.page);
    if lines::wanted(&headers) {
        lines::whole(query.paged)?;
        return export(&by, app, filter).await;
    }
    let found = app
        .query("audit", move |tx| {
            let (workspace, filter) = (workspace.clone(), filter.clone());
            Box::pin(async move { tx.audit_page(&workspace, &filter, page).await })
        })
        .await?;
    let next_cursor = found.next.map(page::encode);
    Ok(Reply::ok(&AuditList { entries: found.items, next_cursor }).into_response())
}

/// What an export has left to tell.
struct Export {
    app: Arc<App>,
    workspace: WorkspaceId,
    filter: AuditFilter,
    after: i64,
    /// The newest when it began: it ends however much is recorded meanwhile.
    up_to: i64,
}

impl Export {
    /// The lines of the next entries; nothing at the end. An error breaks the answer off, so that nobody
    /// takes a part for the whole.
    async fn next(mut self) -> io::Result<Option<(Bytes, Self)>> {
        let entries = self.read().await.map_err(|error| {
            tracing::warn!(%error, "an export ends: the audit log could not be read");
            io::Error::other(error)
        })?;
        let Some(last) = entries.last() else { return Ok(None) };
        self.after = last.seq;
        let mut lines = Vec::new();
        for entry in &entries {
            serde_json::to_writer(&mut lines, entry)?;
            lines.push(b'\n');
        }
        Ok(Some((lines.into(), self)))
    }

    async fn read(&self) -> Stored<Vec<AuditEntry>> {
        let (workspace, filter) = (self.workspace.clone(), self.filter.clone());
        let (after, up_to) = (self.after, self.up_to);
        self.app
            .store
            .read("audit_export", move |tx| {
                let (workspace, filter) = (workspace.clone(), filter.clone());
                Box::pin(async move { tx.audit_between(&workspace, &filter, after, up_to, CHUNK).await })
            })
            .await
    }
}

/// Tells everything up to now. That somebody took it all is recorded too, behind what they took.
async fn export(by: &By<AuditRead>, app: Arc<App>, filter: AuditFilter) -> Result<Response, Problem> {
    let (ctx, workspace, actor) = (by.ctx(&app), by.workspace().clone(), by.principal.actor());
    let (of, asked) = (workspace.clone(), filter.clone());
    let up_to = app
        .store
        .transact("audit_export", move |tx| {
            let (ctx, of, actor, asked) = (ctx.clone(), of.clone(), actor.clone(), asked.clone());
            Box::pin(async move {
                let up_to = tx.audit_newest(&of).await?;
                let new = NewAudit {
                    actor,
                    action: "audit.export",
                    subject: of.to_string(),
                    namespace: asked.namespace,
                    detail: json!({"up_to": up_to, "action": asked.action, "subject": asked.subject,
                        "actor": asked.actor, "since": asked.since, "until": asked.until}),
                };
                audit::record(tx, &ctx, &of, new).await?;
                Ok(up_to)
            })
        })
        .await?;
    let export = Export { app, workspace, filter, after: 0, up_to };
    Ok(lines::answer(stream::try_unfold(export, Export::next)))
}

/// What is wrong with a chain.
#[derive(Serialize, ToSchema)]
struct ChainFault {
    /// The number of the entry.
    seq: i64,
    /// In a sentence.
    detail: String,
}

/// Whether the audit log is whole.
#[derive(Serialize, ToSchema)]
struct ChainView {
    /// Entries that are good, from the first on.
    entries: i64,
    /// The hash of the last one of them, in hexadecimal digits.
    head: String,
    /// `intact` or `broken`.
    status: &'static str,
    first_fault: Option<ChainFault>,
    checked_at: Timestamp,
}

/// Whether the audit log is whole: every entry is checked, and its tie to the one before. What was checked in the last
/// ten minutes is not checked again. For keys that are not bound to a namespace. Nobody needs to believe the answer:
/// an export can be checked elsewhere.
#[utoipa::path(get, path = "/v1/audit/chain", operation_id = "get_audit_chain", tag = "workspace",
    responses((status = 200, body = ChainView), (status = 403, body = ProblemBody)))]
async fn chain(State(app): State<Arc<App>>, by: By<AuditRead>, Query(Nothing): Query<Nothing>) -> Answer {
    if by.principal.bound().is_some() {
        return Err(Problem::new(
            Code::Forbidden,
            "The chain is the workspace's: a key of one namespace sees its entries only.",
        ));
    }
    let verdict = app.chains.check(&app.store, by.workspace(), app.clock.now()).await?;
    Ok(Reply::ok(&ChainView {
        entries: verdict.entries,
        head: hex::encode(verdict.head),
        status: if verdict.fault.is_none() { "intact" } else { "broken" },
        first_fault: verdict.fault.map(|(seq, why)| ChainFault { seq, detail: format!("Entry {seq}: {why}.") }),
        checked_at: verdict.checked_at,
    }))
}
