//! What changes, as it changes: for pages that show it and look again when they are told. Nothing of what changed is
//! said but its kind.
use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    response::{
        IntoResponse, Response,
        sse::{Event as Frame, KeepAlive, Sse},
    },
};
use bellwire_domain::{
    Topic, Topics,
    workspace::{Principal, session::Session},
};
use futures_util::stream;
use http::HeaderValue;
use serde_json::json;
use tokio::sync::watch;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    extract::{
        AnyKey, ApprovalsRead, AuditRead, By, EventsRead, KeysManage, Nothing, PoliciesRead, Query, Right, WalletsRead,
        WebhooksManage,
    },
    problem::{Code, Problem, ProblemBody},
};
use crate::{app::App, hub::Counts};

/// A comment is sent so often, to keep the connection and to notice when it is gone.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Messages are at least so far apart: two a second at most, whatever happens.
const APART: Duration = Duration::from_millis(500);

/// Also when nothing changes it is asked so often whether who hears it still may.
const GOOD_EVERY: Duration = Duration::from_secs(1);

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(stream))
}

/// What a key hears of: what it may look at.
fn heard_by(by: &Principal) -> Topics {
    let hears = |topic: &Topic| match topic {
        Topic::Deliveries | Topic::Endpoints | Topic::Jobs => WebhooksManage::may(by),
        Topic::Approvals => ApprovalsRead::may(by),
        Topic::Wallets => WalletsRead::may(by),
        Topic::Policies => PoliciesRead::may(by),
        Topic::Keys => KeysManage::may(by),
        Topic::Audit => AuditRead::may(by),
        Topic::Events => EventsRead::may(by),
    };
    Topic::ALL.into_iter().filter(hears).collect()
}

/// One stream.
struct Watcher {
    app: Arc<App>,
    board: watch::Receiver<Counts>,
    /// What was told of.
    seen: Counts,
    hears: Topics,
    /// Who hears it: as long as the key is good, and the session, if there is one.
    principal: Arc<Principal>,
    session: Option<Session>,
    /// Whether it was greeted.
    greeted: bool,
}

impl Watcher {
    /// The next message; nothing when the server stops, or the key or session is no longer good.
    async fn next(mut self) -> Option<(Result<Frame, Infallible>, Self)> {
        if !self.greeted {
            self.greeted = true;
            return Some((Ok(frame("hello", self.hears)), self));
        }
        loop {
            let stopping = self.app.stopping.clone();
            // Pages look again after a message: what comes meanwhile is told together.
            stopping.run_until_cancelled(tokio::time::sleep(APART)).await?;
            let changed = tokio::time::timeout(GOOD_EVERY, self.board.changed());
            let changed = stopping.run_until_cancelled(changed).await?;
            let now = self.app.clock.now();
            if !self.app.auth.is_good(&self.principal, self.session.as_ref(), now).await.unwrap_or(false) {
                return None;
            }
            let Ok(changed) = changed else { continue };
            changed.ok()?;
            let counts = *self.board.borrow_and_update();
            let changed = counts.iter().zip(self.seen).zip(Topic::ALL);
            let changed = changed.filter(|((now, before), _)| *now != before).map(|(_, topic)| topic);
            let topics = changed.collect::<Topics>().and(self.hears);
            self.seen = counts;
            if !topics.is_empty() {
                return Some((Ok(frame("changed", topics)), self));
            }
        }
    }
}

fn frame(event: &str, topics: Topics) -> Frame {
    let names: Vec<&str> = topics.iter().map(Topic::as_str).collect();
    Frame::default().event(event).data(json!({"topics": names}).to_string())
}

/// What changes in the workspace, as Server-Sent Events: `hello` with the kinds of things that this key hears of, then
/// `changed` with those that changed, at most twice a second. Nothing is repeated after a reconnect: look at everything
/// then.
#[utoipa::path(get, path = "/v1/changes/stream", operation_id = "stream_changes",
    tag = "system", params(("namespace" = Option<String>, Query)),
    responses((status = 200, content_type = "text/event-stream", body = String), (status = 422, body = ProblemBody)))]
async fn stream(
    State(app): State<Arc<App>>,
    by: By<AnyKey>,
    Query(Nothing): Query<Nothing>,
) -> Result<Response, Problem> {
    let Some(mut board) = app.hub.watch(by.workspace()) else {
        let detail = "Too many streams of this workspace are open.";
        return Err(Problem::new(Code::TooManyRequests, detail).retry_after(10));
    };
    let seen = *board.borrow_and_update();
    let watcher = Watcher {
        app,
        board,
        seen,
        hears: heard_by(&by.principal),
        principal: by.principal,
        session: by.session,
        greeted: false,
    };
    let frames = stream::unfold(watcher, Watcher::next);
    let mut response =
        Sse::new(frames).keep_alive(KeepAlive::new().interval(HEARTBEAT).text("heartbeat")).into_response();
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}
