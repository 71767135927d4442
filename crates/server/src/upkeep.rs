//! Turns that take no input: each reads rows and acts, may run twice or late, and the timer alone is
//! enough to start it.
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use bellwire_domain::{Origin, StoreError, approval, delivery, delivery::JobState, spend, workspace};
use bellwire_store::Tx;
use bellwire_wire::{Timestamp, WorkspaceId};
use tokio::sync::Notify;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{app::App, playground};

/// Rows removed in one transaction: a write never waits long behind it.
const SWEEP_CHUNK: u32 = 100;
/// What attempts came to is kept so long minute by minute: the overview shows an hour.
const MINUTES_KEPT: Duration = Duration::from_hours(2);
/// Samples gather until they are summed up.
const METRICS_EVERY: Duration = Duration::from_secs(5);
/// How often it is counted what is due.
const BACKLOG_EVERY: Duration = Duration::from_secs(15);
/// So many deliveries are counted: more is told as this many. Keeps I12.
const BACKLOG_MAX: u32 = 100_000;
/// Jobs worked on in one turn.
const JOBS_MAX: u32 = 16;

/// How often holds are released whose time is up.
const HOLDS_EVERY: Duration = Duration::from_secs(1);
/// So many are released in one transaction.
const HOLDS_CHUNK: u32 = 200;

/// How often approvals are ended whose time is up: exact to a second.
const APPROVALS_EVERY: Duration = Duration::from_millis(500);
/// So many are ended at once.
const APPROVALS_CHUNK: u32 = 100;

/// How often it is looked whether an hour of spending is over.
const SUMS_EVERY: Duration = Duration::from_secs(5);
/// How often other nodes are told what changed here, for those who watch there.
const TELL_EVERY: Duration = Duration::from_secs(1);
/// How often sandboxes are looked for whose day is over, and those that another node made.
const SANDBOXES_EVERY: Duration = Duration::from_secs(10);
/// So many workspaces are looked for at once.
const SUMS_WORKSPACES: u32 = 100;
/// Purchases go first: adding up pauses so long after each step.
const SUMS_PAUSE: Duration = Duration::from_millis(25);

/// Starts all turns.
pub fn start(app: &Arc<App>, keys_changed: Arc<Notify>, job_queued: Arc<Notify>, tasks: &TaskTracker) {
    tasks.spawn(on_keys(Arc::clone(app), keys_changed));
    tasks.spawn(every(Arc::clone(app), job_queued, Duration::from_secs(5), |app| Box::pin(jobs(app))));
    let never = Arc::new(Notify::new());
    tasks.spawn(every(Arc::clone(app), Arc::clone(&never), HOLDS_EVERY, |app| Box::pin(holds(app))));
    tasks.spawn(every(Arc::clone(app), Arc::clone(&never), APPROVALS_EVERY, |app| Box::pin(approvals(app))));
    tasks.spawn(every(Arc::clone(app), Arc::clone(&never), TELL_EVERY, |app| Box::pin(tell(app))));
    let looked = Arc::new(AtomicI64::new(0));
    tasks.spawn(every(Arc::clone(app), Arc::clone(&never), SUMS_EVERY, move |app| {
        Box::pin(sums(app, Arc::clone(&looked)))
    }));
    tasks.spawn(every(Arc::clone(app), Arc::clone(&never), METRICS_EVERY, |app| {
        Box::pin(async move {
            if let Some(metrics) = &app.metrics {
                metrics.run_upkeep();
            }
        })
    }));
    tasks.spawn(every(Arc::clone(app), Arc::clone(&never), SANDBOXES_EVERY, |app| Box::pin(playground::turn(app))));
    tasks.spawn(every(Arc::clone(app), Arc::clone(&never), BACKLOG_EVERY, |app| Box::pin(backlog(app))));
    tasks.spawn(every(Arc::clone(app), Arc::clone(&never), Duration::from_mins(1), |app| Box::pin(retention(app))));
    tasks.spawn(every(Arc::clone(app), never, Duration::from_secs(30), |app| {
        Box::pin(async move {
            app.quotas.forget_idle();
            if let Err(error) = app.auth.flush().await {
                tracing::debug!(%error, "when keys were used could not be written down yet");
            }
        })
    }));
}

/// Takes turns until the server stops: when told, and now and then anyway.
async fn every(
    app: Arc<App>,
    told: Arc<Notify>,
    period: Duration,
    turn: impl Fn(Arc<App>) -> bellwire_store::BoxFuture<'static, ()>,
) {
    let stop: CancellationToken = app.stopping.clone();
    while !stop.is_cancelled() {
        turn(Arc::clone(&app)).await;
        tokio::select! {
            () = stop.cancelled() => return,
            () = told.notified() => {}
            () = tokio::time::sleep(period) => {}
        }
    }
}

async fn on_keys(app: Arc<App>, changed: Arc<Notify>) {
    loop {
        tokio::select! {
            () = app.stopping.cancelled() => return,
            () = changed.notified() => app.auth.forget(),
        }
    }
}

/// Works on replay jobs, chunk by chunk, each in its own transaction.
async fn jobs(app: Arc<App>) {
    loop {
        let open = app.store.read("jobs", |tx| Box::pin(delivery::Rows::jobs_open(tx, JOBS_MAX))).await;
        let Ok(open) = open else { return };
        if open.is_empty() || app.stopping.is_cancelled() {
            return;
        }
        for job in open {
            let ctx = app.ctx(Origin::default());
            let done = app
                .store
                .transact("replay", move |tx| {
                    let (ctx, id, at) = (ctx.clone(), job.id.clone(), job.at.clone());
                    Box::pin(async move {
                        if !workspace::Rows::turn(tx, "replay").await? {
                            return Ok(false);
                        }
                        let Some(job) = delivery::Rows::job(tx, &at.workspace_id, &id).await? else { return Ok(true) };
                        if job.state == JobState::Running {
                            delivery::replay_turn(tx, &ctx, job).await?;
                        }
                        Ok(true)
                    })
                })
                .await;
            match done {
                Ok(true) => {}
                // Another node is at it.
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(%error, "a replay could not go on yet");
                    return;
                }
            }
        }
    }
}

/// Releases holds whose time is up. Whether there are any is read first: most turns write nothing.
async fn holds(app: Arc<App>) {
    let now = app.clock.now();
    let overdue =
        app.store.read("holds_overdue", move |tx| Box::pin(spend::Rows::holds_overdue(tx, None, now, 1))).await;
    if !overdue.is_ok_and(|overdue| !overdue.is_empty()) {
        return;
    }
    loop {
        let ctx = app.ctx(Origin::default());
        let released = app
            .store
            .transact("holds_release", move |tx| {
                let ctx = ctx.clone();
                Box::pin(async move {
                    if !workspace::Rows::turn(tx, "holds").await? {
                        // Another node is at it.
                        return Ok(0);
                    }
                    spend::release_overdue(tx, &ctx, None, HOLDS_CHUNK).await
                })
            })
            .await;
        match released {
            Ok(released) if released >= HOLDS_CHUNK as usize && !app.stopping.is_cancelled() => {}
            Ok(_) => return,
            Err(error) => {
                tracing::warn!(%error, "holds could not be released yet");
                return;
            }
        }
    }
}

/// Ends approvals whose time is up, and those that nobody could be asked: each in a transaction of its own, so that
/// one that cannot be ended keeps no other from it. Two nodes may be at it: an approval ends once.
async fn approvals(app: Arc<App>) {
    loop {
        let now = app.clock.now();
        let found = app.store.read("approvals_to_end", move |tx| {
            Box::pin(async move {
                let mut found = approval::Rows::approvals_overdue(tx, now, APPROVALS_CHUNK).await?;
                found.extend(approval::Rows::approvals_undeliverable(tx, APPROVALS_CHUNK).await?);
                Ok(found)
            })
        });
        let Ok(found) = found.await else { return };
        let ended = found.into_iter().map(|(workspace, id)| {
            let ctx = app.ctx(Origin::default());
            app.store.transact("approval_end", move |tx| {
                let (ctx, workspace, id) = (ctx.clone(), workspace.clone(), id.clone());
                Box::pin(async move { approval::end_due::<spend::Buyer, _>(tx, &ctx, &workspace, &id).await })
            })
        });
        let ended = futures_util::future::join_all(ended).await;
        if let Some(error) = ended.iter().find_map(|ended| ended.as_ref().err()) {
            tracing::warn!(%error, "an approval could not be ended yet");
        }
        let many = ended.iter().filter(|ended| matches!(ended, Ok(true))).count() >= APPROVALS_CHUNK as usize;
        if !many || app.stopping.is_cancelled() {
            return;
        }
    }
}

/// Tells other nodes what changed here.
async fn tell(app: Arc<App>) {
    let untold = app.hub.take_untold();
    if untold.is_empty() || app.store.nodes() < 2 {
        return;
    }
    let told = app.store.transact("tell", move |tx| {
        let untold = untold.clone();
        Box::pin(async move { tx.tell_touched(&untold) })
    });
    if let Err(error) = told.await {
        tracing::debug!(%error, "other nodes could not be told what changed");
    }
}

/// Adds up the hours and days of spending that are over, workspace by workspace. Once nothing is left, nothing is looked
/// at for the rest of the hour.
async fn sums(app: Arc<App>, looked: Arc<AtomicI64>) {
    let now = app.clock.now();
    let over = Tx::sums_over(now).micros();
    if looked.load(Ordering::Acquire) == over {
        return;
    }
    let mut after = String::new();
    loop {
        let from = after.clone();
        let found = app.store.read("sums_behind", move |tx| {
            let from = from.clone();
            Box::pin(async move { tx.sums_behind(now, &from, SUMS_WORKSPACES) })
        });
        let Ok(behind) = found.await else { return };
        let Some(last) = behind.last() else { break };
        after = last.to_string();
        for workspace in behind {
            if !add_up(&app, workspace, now).await {
                return;
            }
        }
    }
    looked.store(over, Ordering::Release);
}

/// Adds up a workspace; false if that is to be gone on with later.
async fn add_up(app: &App, workspace: WorkspaceId, now: Timestamp) -> bool {
    loop {
        let workspace = workspace.clone();
        let step = app.store.transact("sums_add_up", move |tx| {
            let workspace = workspace.clone();
            Box::pin(async move {
                // Another node may be at it.
                if workspace::Rows::turn(tx, "sums").await? { tx.add_up(&workspace, now).map(Some) } else { Ok(None) }
            })
        });
        match step.await {
            Ok(Some(true)) => {}
            Ok(Some(false)) => return true,
            Ok(None) => return false,
            Err(error) => {
                tracing::warn!(%error, "what was spent could not be added up yet");
                return false;
            }
        }
        if app.stopping.is_cancelled() {
            return false;
        }
        tokio::time::sleep(SUMS_PAUSE).await;
    }
}

/// Tells the metrics what is due and waits, by age.
async fn backlog(app: Arc<App>) {
    let now = app.clock.now();
    let found = app.store.read("backlog", move |tx| Box::pin(delivery::Rows::backlog(tx, now, BACKLOG_MAX))).await;
    let Ok(found) = found else { return };
    for (age, count) in ["1m", "10m", "1h", "older"].into_iter().zip(found.counts) {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        metrics::gauge!("bellwire_backlog", "age" => age).set(count);
    }
    let oldest = found.oldest.map_or(Duration::ZERO, |oldest| now.since(oldest));
    metrics::gauge!("bellwire_backlog_oldest_seconds").set(oldest.as_secs_f64());
}

/// Removes what is older than the retention, in small chunks with pauses between them.
async fn retention(app: Arc<App>) {
    let before = match app.store.drop_older(app.clock.now().before(app.config.retention)).await {
        Ok((_, before)) => before,
        Err(error) => {
            tracing::warn!(%error, "old rows could not be dropped yet");
            return;
        }
    };
    loop {
        let now = app.clock.now();
        let removed = app
            .store
            .transact("retention", move |tx| {
                Box::pin(async move {
                    if !workspace::Rows::turn(tx, "retention").await? {
                        return Ok(0);
                    }
                    let answers = workspace::Rows::saved_sweep(tx, now, SWEEP_CHUNK).await?;
                    let sessions = workspace::session::Rows::sessions_sweep(tx, now, SWEEP_CHUNK).await?;
                    let minutes = delivery::Rows::minutes_sweep(tx, now.before(MINUTES_KEPT), SWEEP_CHUNK).await?;
                    let rows = delivery::Rows::sweep(tx, before, SWEEP_CHUNK).await?;
                    Ok::<_, StoreError>(answers.max(sessions).max(minutes).max(rows))
                })
            })
            .await;
        match removed {
            Ok(removed) if removed > 0 && !app.stopping.is_cancelled() => {
                metrics::counter!("bellwire_retention_rows_total").increment(removed as u64);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            Ok(_) => return,
            Err(error) => {
                tracing::warn!(%error, "old rows could not be removed yet");
                return;
            }
        }
    }
}
