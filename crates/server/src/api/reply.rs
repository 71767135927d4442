//! Answers, and commands whose answers are kept for repetition.
use std::{sync::Arc, time::Duration};

use axum::response::{IntoResponse, Response};
use bellwire_domain::{
    Ctx, StoreError, Stored,
    workspace::{Rows, Saved},
};
use bellwire_store::{BoxFuture, Tx};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

use super::{
    extract::{By, Idempotency, Right},
    problem::{Code, Problem},
};
use crate::app::App;

/// What a command answers: a reply that is kept, or a problem that is not.
pub(super) type Answer = Result<Reply, Problem>;

/// A JSON answer.
#[derive(Debug, Clone)]
pub struct Reply {
    status: StatusCode,
    body: Vec<u8>,
    replayed: bool,
    /// About the moment: they are not kept with an answer.
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Reply {
    /// An answer with this status and body.
    pub fn new<T: Serialize>(status: StatusCode, body: &T) -> Self {
        let body = serde_json::to_vec(body).expect("an answer is JSON");
        Self { status, body, replayed: false, headers: Vec::new() }
    }

    /// 200.
    pub fn ok<T: Serialize>(body: &T) -> Self {
        Self::new(StatusCode::OK, body)
    }

    /// 201.
    pub fn created<T: Serialize>(body: &T) -> Self {
        Self::new(StatusCode::CREATED, body)
    }

    /// 202.
    pub fn accepted<T: Serialize>(body: &T) -> Self {
        Self::new(StatusCode::ACCEPTED, body)
    }

    /// The same answer as before, given again.
    #[must_use]
    pub fn again(self) -> Self {
        Self { replayed: true, ..self }
    }

    /// Whether it was given before.
    pub fn is_again(&self) -> bool {
        self.replayed
    }

    /// The same with more headers.
    #[must_use]
    pub fn with_headers(mut self, headers: impl IntoIterator<Item = (HeaderName, HeaderValue)>) -> Self {
        self.headers.extend(headers);
        self
    }

    /// 204.
    pub fn gone() -> Self {
        Self { status: StatusCode::NO_CONTENT, body: Vec::new(), replayed: false, headers: Vec::new() }
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        if self.status == StatusCode::NO_CONTENT {
            let mut response = self.status.into_response();
            response.headers_mut().extend(self.headers);
            return response;
        }
        let mut response = (self.status, self.body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        // Answers may hold secrets and are about a moment.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.replayed {
            headers.insert(HeaderName::from_static("idempotency-replayed"), HeaderValue::from_static("true"));
        }
        headers.extend(self.headers);
        response
    }
}

/// What may be written although the disk is full: it ends what is owed (a hold was granted, and its money is
/// paid or not whatever the disk does), takes rights away, or makes room.
const ALWAYS: [&str; 6] =
    ["pull_answer", "hold_end", "key_revoke", "endpoint_delete", "namespace_delete", "session_delete"];

impl App {
    /// Runs a command and answers. With an idempotency key the answer is kept in the command's own
    /// transaction, and given again without running it a second time.
    pub async fn command<R, F>(
        &self,
        name: &'static str,
        by: &By<R>,
        idempotency: Option<Idempotency>,
        command: F,
    ) -> Answer
    where
        R: Right,
        F: for<'a> Fn(&'a mut Tx, Ctx) -> BoxFuture<'a, Stored<Answer>> + Send + Sync + 'static,
    {
        self.command_told(name, by, idempotency, |answer| answer, command).await
    }

    /// The same for what a command did and `tell` makes an answer of. Unless the answer is kept that is once it is
    /// durable, by whoever asked: the writer has no time for words.
    pub async fn command_told<R, T, F, W>(
        &self,
        name: &'static str,
        by: &By<R>,
        idempotency: Option<Idempotency>,
        tell: W,
        command: F,
    ) -> Answer
    where
        R: Right,
        T: Send + 'static,
        F: for<'a> Fn(&'a mut Tx, Ctx) -> BoxFuture<'a, Stored<T>> + Send + Sync + 'static,
        W: Fn(T) -> Answer + Send + Sync + 'static,
    {
        if !self.store.has_room() && !ALWAYS.contains(&name) {
            return Err(StoreError::Full.into());
        }
        let idempotency = placed(by, idempotency);
        let (ctx, workspace, command) = (by.ctx(self), by.workspace().clone(), Arc::new(command));
        let tell = Arc::new(tell);
        let words = Arc::clone(&tell);
        let done: Result<T, Answer> = self
            .store
            .transact(name, move |tx| {
                let (ctx, workspace, command) = (ctx.clone(), workspace.clone(), Arc::clone(&command));
                let (idempotency, words) = (idempotency.clone(), Arc::clone(&words));
                Box::pin(async move {
                    let Some(key) = idempotency else { return command(tx, ctx).await.map(Ok) };
                    if let Some(saved) = tx.saved(&workspace, &key.route, &key.key).await? {
                        return Ok(Err(replay(saved, &key)));
                    }
                    let now = ctx.now;
                    let answer = words(command(tx, ctx).await?);
                    if let Ok(reply) = &answer {
                        let saved = kept(&key, reply);
                        tx.save(&workspace, &key.route, &key.key, &saved, now, key.kept.until(now)).await?;
                    }
                    Ok(Err(answer))
                })
            })
            .await?;
        done.map_or_else(|answer| answer, |done| tell(done))
    }

    /// Does work of more than one transaction, and answers. With an idempotency key that it is under way
    /// is noted before it begins: a second request that comes meanwhile is told to wait.
    pub async fn work<R: Right>(
        &self,
        by: &By<R>,
        idempotency: Option<Idempotency>,
        work: impl Future<Output = Answer>,
    ) -> Answer {
        if !self.store.has_room() {
            return Err(StoreError::Full.into());
        }
        let Some(key) = placed(by, idempotency) else { return work.await };
        let (now, workspace) = (self.clock.now(), by.workspace().clone());
        let noted = key.clone();
        let before = self
            .store
            .transact("work_begin", move |tx| {
                let (workspace, key) = (workspace.clone(), noted.clone());
                Box::pin(async move {
                    let before = tx.saved(&workspace, &key.route, &key.key).await?;
                    if before.is_none() {
                        let saved = Saved { fingerprint: key.fingerprint, status: UNDER_WAY, body: Vec::new() };
                        let until = Some(now.after(UNDER_WAY_MAX));
                        tx.save(&workspace, &key.route, &key.key, &saved, now, until).await?;
                    }
                    Ok(before)
                })
            })
            .await?;
        if let Some(before) = before {
            return replay(before, &key);
        }
        let answer = work.await;
        let (now, workspace) = (self.clock.now(), by.workspace().clone());
        let kept = answer.as_ref().ok().map(|reply| kept(&key, reply));
        self.store
            .transact("work_end", move |tx| {
                let (workspace, key, kept) = (workspace.clone(), key.clone(), kept.clone());
                Box::pin(async move {
                    match kept {
                        Some(saved) => {
                            tx.save(&workspace, &key.route, &key.key, &saved, now, key.kept.until(now)).await
                        }
                        None => tx.saved_forget(&workspace, &key.route, &key.key).await,
                    }
                })
            })
            .await?;
        answer
    }

    /// Runs a query on one snapshot.
    pub async fn query<T, F>(&self, name: &'static str, query: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Stored<T>> + Send + Sync + 'static,
    {
        Ok(self.store.read(name, query).await?)
    }
}

/// The status under which work is noted that has no answer yet: no answer has it.
const UNDER_WAY: u16 = 102;
/// Work that did not end (its client left, the process died) keeps its key for so long at least.
const UNDER_WAY_MAX: Duration = Duration::from_mins(2);

/// An answer of one namespace is never another's to see.
fn placed<R>(by: &By<R>, idempotency: Option<Idempotency>) -> Option<Idempotency> {
    idempotency.map(|key| match &by.namespace {
        Some(namespace) if !key.anywhere => Idempotency { route: format!("{} in {namespace}", key.route), ..key },
        _ => key,
    })
}

fn kept(key: &Idempotency, reply: &Reply) -> Saved {
    Saved { fingerprint: key.fingerprint, status: reply.status.as_u16(), body: reply.body.clone() }
}

fn replay(saved: Saved, key: &Idempotency) -> Answer {
    if saved.fingerprint != key.fingerprint {
        return Err(Problem::new(
            Code::IdempotencyConflict,
            format!("The idempotency key `{}` was used for a request with another body.", key.key),
        ));
    }
    if saved.status == UNDER_WAY {
        let detail = format!("The first request with the idempotency key `{}` is still under way.", key.key);
        return Err(Problem::new(Code::IdempotencyConflict, detail).retry_after(1));
    }
    let status = StatusCode::from_u16(saved.status).unwrap_or(StatusCode::OK);
    Ok(Reply { status, body: saved.body, replayed: true, headers: Vec::new() })
}
