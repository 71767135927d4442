//! Slack: an exhausted budget is told in a channel, and raised from there (spec spend, "Interactive Slack
//! alert"); approvals are asked and decided there (spec approvals, "Channels"; see `approval`).
//!
//! Who takes part: the turn in `alert` reads `budget.exhausted` in commit order from its own [`Place`] in
//! the log and posts a message with a button. Slack tells of clicks and forms in requests that it signs;
//! [`Interaction`] reads them. A [`Click`] opens the form. A [`Submission`] raises the budget with the same
//! command as the API, in the name of the Slack user, and then the message is changed to say so. `client`
//! calls Slack through `egress` (keeps I10); `message` is what people see; `token` seals what Slack carries
//! from one step to the next.
//!
//! Who may raise a budget is decided by [`Slack::approves`] alone, at the click and again at the form: a user who is
//! not listed may look and nothing else. A message raises a budget once, whoever submits how often, on
//! however many nodes: the raise and the note that this message had its raise commit together (keeps I1).
//!
//! No transaction is open while Slack is spoken to (keeps I8). What is posted twice or not at all moves no
//! money; what is not known to be posted is posted again.
mod alert;
mod approval;
mod click;
mod client;
mod config;
mod interaction;
mod message;
mod raise;
mod token;
mod trial;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use bellwire_domain::{PageQuery, Stored, event::Begin, workspace::Rows};
use bellwire_store::Store;
use bellwire_wire::WorkspaceId;
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use approval::Answer;
pub use click::Click;
pub use config::{API_URL, FileSlack, SlackConfig};
pub use interaction::Interaction;
pub use raise::{Outcome, Submission};

use crate::{app::App, config::Secret, egress::Egress, publish::Place};
use client::{Client, Failed, Method};

/// The name of our place in the log.
const NAME: &str = "slack";
/// Clicks and raised budgets whose calls to Slack are under way. Keeps I12.
const CALLS_MAX: usize = 64;
/// The pauses before a message that could not be changed is tried again.
const AGAIN_AFTER: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(8)];

/// What speaks to Slack, and for whom.
pub struct Slack {
    client: Client,
    signing_secret: Secret,
    channel: String,
    approvers: BTreeSet<String>,
    people: BTreeMap<String, String>,
    workspace: WorkspaceId,
    calls: Arc<Semaphore>,
    tasks: TaskTracker,
    stopping: CancellationToken,
}

impl Slack {
    /// The workspace it speaks for.
    pub fn workspace(&self) -> &WorkspaceId {
        &self.workspace
    }

    /// Gets ready for the workspace that is set, or the first one.
    pub async fn new(
        config: &SlackConfig,
        store: &Store,
        egress: Egress,
        tasks: &TaskTracker,
        stopping: CancellationToken,
    ) -> anyhow::Result<Self> {
        let workspace = workspace(store, "slack", config.workspace.as_ref()).await?;
        if config.approvers.is_empty() {
            tracing::warn!("slack.approvers is empty: nobody may raise a budget from Slack");
        }
        Ok(Self {
            client: Client::new(egress, config)?,
            signing_secret: config.signing_secret.clone(),
            channel: config.channel.clone(),
            approvers: config.approvers.clone(),
            people: config.people.clone(),
            workspace,
            calls: Arc::new(Semaphore::new(CALLS_MAX)),
            tasks: tasks.clone(),
            stopping,
        })
    }

    /// What Slack signs its requests with.
    pub fn signing_secret(&self) -> &str {
        self.signing_secret.expose()
    }

    /// Whether this user may raise budgets. Who is not listed may not.
    pub fn approves(&self, user: &str) -> bool {
        self.approvers.contains(user)
    }

    /// Does something after the answer; shutdown waits for it. Nothing if there is too much of it already.
    fn later(&self, work: impl Future<Output = ()> + Send + 'static) -> bool {
        let Ok(permit) = Arc::clone(&self.calls).try_acquire_owned() else { return false };
        self.tasks.spawn(async move {
            work.await;
            drop(permit);
        });
        true
    }

    /// Calls a method a few times, unless it would fail again anyway.
    async fn insist(&self, method: Method, arguments: &serde_json::Value) -> Result<(), Failed> {
        for pause in AGAIN_AFTER {
            let failed = match self.client.call(method, arguments).await {
                Ok(_) => return Ok(()),
                Err(failed) if failed.lasting || self.stopping.is_cancelled() => return Err(failed),
                Err(failed) => failed,
            };
            tracing::debug!(why = failed.why, "Slack is asked again");
            let pause = failed.after.unwrap_or(pause);
            if self.stopping.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                return Err(failed);
            }
        }
        self.client.call(method, arguments).await.map(drop)
    }
}

/// Makes our place in the log, before anything happens that should be told.
pub async fn prepare(store: &Store) -> Stored<()> {
    Place::prepare(store, NAME, Begin::Newest).await
}

/// Starts telling of exhausted budgets.
pub fn start(app: &Arc<App>, slack: &Arc<Slack>) {
    slack.tasks.spawn(alert::Turn::new(app, slack).run());
}

/// The workspace that an integration speaks for: the one that is set, or the first one.
pub(crate) async fn workspace(store: &Store, name: &str, set: Option<&WorkspaceId>) -> anyhow::Result<WorkspaceId> {
    let Some(id) = set.cloned() else {
        return first_workspace(store).await?.with_context(|| format!("{name}: there is no workspace yet"));
    };
    let wanted = id.clone();
    let found = store.read("workspace", move |tx| {
        let id = wanted.clone();
        Box::pin(async move { tx.workspace(&id).await })
    });
    Ok(found.await?.with_context(|| format!("{name}.workspace: there is no workspace {id}"))?.id)
}

/// The workspace that was made first.
async fn first_workspace(store: &Store) -> Stored<Option<WorkspaceId>> {
    let (mut before, mut first) = (None, None);
    loop {
        let query = PageQuery { before, limit: 200 };
        let page = store.read("workspaces", move |tx| Box::pin(tx.workspaces(query))).await?;
        first = page.items.last().map(|workspace| workspace.id.clone()).or(first);
        match page.next {
            Some(next) => before = Some(next),
            None => return Ok(first),
        }
    }
}
