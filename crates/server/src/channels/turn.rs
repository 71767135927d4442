//! The turn that says what is due, one for each kind of addressee.
use std::{sync::Arc, time::Duration};

use bellwire_domain::{
    Origin, StoreError,
    approval::{self, Addressee, Approval, ApprovalStatus, Post, Rows as _, Said, Saying},
};
use bellwire_wire::Timestamp;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::task::TaskTracker;

use super::{callback, unsaid};
use crate::app::App;

/// The kinds of addressees, and how many posts to each are under way at once (keeps I12). The URLs of askers are
/// many hosts, of which any may hang.
const LANES: [(Addressee, usize); 3] = [(Addressee::Slack, 16), (Addressee::PagerDuty, 16), (Addressee::Callback, 256)];
/// Posts taken in one transaction. Keeps I12.
const TAKEN_MAX: usize = 64;
/// How often rows are looked at, however quiet it is.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long is waited between two looks, however busy it is.
const LOOK_PAUSE: Duration = Duration::from_millis(100);
/// How long a post is ours: for the call, and for writing down what came of it.
const LEASE: Duration = Duration::from_secs(15);
/// How often is tried to write down what came of it, and the pause between. After that it is said again.
const SETTLES_MAX: u32 = 10;
const SETTLE_PAUSE: Duration = Duration::from_millis(200);

/// Starts saying what is due; `appended` rings when an event commits.
pub fn start(app: &Arc<App>, appended: &watch::Sender<()>, tasks: &TaskTracker) {
    for (to, places) in LANES {
        let lane = Lane {
            app: Arc::clone(app),
            to,
            places: Arc::new(Semaphore::new(places)),
            freed: Arc::default(),
            tasks: tasks.clone(),
        };
        tasks.spawn(lane.run(appended.subscribe()));
    }
}

struct Lane {
    app: Arc<App>,
    to: Addressee,
    places: Arc<Semaphore>,
    /// Rings when a place is free again: what was settled may have made a post due as well.
    freed: Arc<Notify>,
    tasks: TaskTracker,
}

impl Lane {
    /// Takes turns until the server stops: when something commits or ends, and now and then anyway.
    async fn run(self, mut appended: watch::Receiver<()>) {
        let stop = self.app.stopping.clone();
        while !stop.is_cancelled() {
            appended.mark_unchanged();
            if let Err(error) = self.look().await {
                tracing::warn!(%error, channel = self.to.as_str(), "what is due could not be read yet");
            }
            let rung = async {
                tokio::time::sleep(LOOK_PAUSE).await;
                tokio::select! {
                    rung = appended.changed() => if rung.is_err() { std::future::pending().await },
                    () = self.freed.notified() => {}
                }
            };
            let _ = stop.run_until_cancelled(tokio::time::timeout(LOOK_EVERY, rung)).await;
        }
    }

    /// Takes what is due, as far as there are places, and begins to say it.
    async fn look(&self) -> Result<(), StoreError> {
        let (to, now) = (self.to, self.app.clock.now());
        let free = self.places.available_permits().min(TAKEN_MAX);
        let limit = u32::try_from(free).unwrap_or(u32::MAX);
        if limit == 0 {
            return Ok(());
        }
        let due = self.app.store.read("posts_due", move |tx| Box::pin(tx.posts_due(to, now, limit))).await?;
        if due.is_empty() {
            return Ok(());
        }
        let until = now.after(LEASE);
        let taken = self.app.store.transact("posts_take", move |tx| {
            let due = due.clone();
            Box::pin(async move {
                let mut taken = Vec::with_capacity(due.len());
                for post in due {
                    if tx.post_take(&post, until).await? {
                        taken.push(post);
                    }
                }
                Ok(taken)
            })
        });
        for post in taken.await? {
            // There is a place: nobody else takes any.
            let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else { break };
            self.begin(post, until, place);
        }
        Ok(())
    }

    fn begin(&self, post: Post, until: Timestamp, place: OwnedSemaphorePermit) {
        let (app, freed) = (Arc::clone(&self.app), Arc::clone(&self.freed));
        self.tasks.spawn(async move {
            if let Some(said) = say(&app, &post).await {
                settle(&app, post, until, said).await;
            }
            drop(place);
            freed.notify_one();
        });
    }
}

/// Says a post once; nothing if it is not to be said any more, or cannot be now: then its lease ends.
async fn say(app: &App, post: &Post) -> Option<Said> {
    let approval = match approval(app, post).await {
        Ok(Some(approval)) => approval,
        Ok(None) => return Some(unsaid("the approval is gone", true)),
        Err(error) => {
            tracing::warn!(%error, approval = %post.approval_id, "an approval could not be read yet");
            return None;
        }
    };
    if post.saying == Saying::Requested && approval.status != ApprovalStatus::Pending {
        return None;
    }
    let said = match post.to {
        Addressee::Slack => match &app.slack {
            Some(slack) => slack.say(app, &approval, post).await,
            None => unsaid("Slack is not set up here", false),
        },
        Addressee::PagerDuty => match &app.pagerduty {
            Some(pagerduty) => pagerduty.say(&approval, post).await,
            None => unsaid("PagerDuty is not set up here", false),
        },
        Addressee::Callback => callback::say(app, &approval, post).await,
    };
    count(post, &said);
    Some(said)
}

fn count(post: &Post, said: &Said) {
    let (channel, saying) = (post.to.as_str(), post.saying.as_str());
    let result = match &said.result {
        Ok(_) => "success",
        Err((why, lasting)) => {
            let attempt = post.attempts.saturating_add(1);
            let last = *lasting || post.retry_after().is_none();
            let approval = &post.approval_id;
            if last {
                tracing::error!(%approval, channel, saying, attempt, why, "this could not be said, and is given up");
            } else {
                tracing::warn!(%approval, channel, saying, attempt, why, "this could not be said yet");
            }
            "failure"
        }
    };
    metrics::counter!("bellwire_posts_total", "channel" => channel, "saying" => saying, "result" => result)
        .increment(1);
}

async fn approval(app: &App, post: &Post) -> Result<Option<Approval>, StoreError> {
    let (workspace, id) = (post.workspace_id.clone(), post.approval_id.clone());
    let found = app.store.read("post_approval", move |tx| {
        let (workspace, id) = (workspace.clone(), id.clone());
        Box::pin(async move { tx.approval(&workspace, &id).await })
    });
    found.await
}

/// Writes down what came of it.
async fn settle(app: &App, post: Post, until: Timestamp, said: Said) {
    for _ in 0..SETTLES_MAX {
        let (ctx, post, said) = (app.ctx(Origin::default()), post.clone(), said.clone());
        let settled = app.store.transact("post_settle", move |tx| {
            let (ctx, post, said) = (ctx.clone(), post.clone(), said.clone());
            Box::pin(async move { approval::settle_post(tx, &ctx, post, until, said).await })
        });
        match settled.await {
            Ok(()) => return,
            Err(error) => tracing::warn!(%error, "what was said could not be written down yet"),
        }
        tokio::time::sleep(SETTLE_PAUSE).await;
    }
    tracing::error!(approval = %post.approval_id, channel = post.to.as_str(), "what was said is said again");
}
