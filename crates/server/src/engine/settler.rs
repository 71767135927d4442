//! Writes what came of attempts: all that wait, in one transaction.
use std::{sync::Arc, time::Duration};

use bellwire_domain::{
    Ctx, Origin,
    delivery::{self, Claimed, Ending, EndpointRef, Outcome, Rows},
    event,
    workspace::audit,
};
use bellwire_wire::Timestamp;
use tokio::sync::mpsc;

use super::{Message, Parts};

/// Something to write.
pub(super) enum Item {
    /// An attempt that ended.
    Outcome(Box<Outcome>),
    /// A delivery to give back, due at once.
    Release(Box<Claimed>),
}

/// When an endpoint next has something due.
pub(super) struct Due {
    pub(super) at: EndpointRef,
    pub(super) due: Timestamp,
}

/// Items in one transaction.
const BATCH_MAX: usize = 256;
/// The wait after a write failed, at first and at most.
const AGAIN: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

pub(super) struct Settler {
    parts: Arc<Parts>,
    dispatcher: mpsc::UnboundedSender<Message>,
}

impl Settler {
    pub(super) fn new(parts: Arc<Parts>, dispatcher: mpsc::UnboundedSender<Message>) -> Self {
        Self { parts, dispatcher }
    }

    /// Runs until every sender is gone and everything is written. Two batches may be under way: one
    /// is written while the next gathers.
    pub(super) async fn run(self, mut items: mpsc::UnboundedReceiver<Item>) {
        let mut batch = Vec::with_capacity(BATCH_MAX);
        loop {
            if items.recv_many(&mut batch, BATCH_MAX).await == 0 {
                return;
            }
            self.write(Arc::new(split(&mut batch))).await;
        }
    }

    /// Writes a batch, again and again until it is written: the leases bound how long that helps, and
    /// the slots its items hold bound how much can wait here.
    async fn write(&self, batch: Arc<Batch>) {
        let mut wait = AGAIN.0;
        loop {
            let ctx =
                Ctx { now: self.parts.clock.now(), mint: Arc::clone(&self.parts.mint), origin: Origin::default() };
            let items = Arc::clone(&batch);
            let written = self
                .parts
                .store
                .transact("settle", move |tx| {
                    let (items, ctx) = (Arc::clone(&items), ctx.clone());
                    Box::pin(async move { settle(tx, &ctx, &items).await })
                })
                .await;
            match written {
                Ok(due) => {
                    drop(self.dispatcher.send(Message::Settled(due)));
                    return;
                }
                Err(error) => {
                    tracing::warn!(%error, items = batch.outcomes.len(), "attempts could not be written yet");
                    if matches!(error, bellwire_domain::StoreError::Closed) {
                        // It is shutting down: the leases run out and they are sent again.
                        return;
                    }
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(AGAIN.1);
                }
            }
        }
    }
}

struct Batch {
    outcomes: Vec<Outcome>,
    releases: Vec<Claimed>,
}

fn split(items: &mut Vec<Item>) -> Batch {
    let mut batch = Batch { outcomes: Vec::with_capacity(items.len()), releases: Vec::new() };
    for item in items.drain(..) {
        match item {
            Item::Outcome(outcome) => batch.outcomes.push(*outcome),
            Item::Release(claimed) => batch.releases.push(*claimed),
        }
    }
    batch
}

async fn settle<R>(rows: &mut R, ctx: &Ctx, batch: &Batch) -> bellwire_domain::Stored<Vec<Due>>
where
    R: Rows + event::Rows + audit::Rows,
{
    let settled = delivery::settle(rows, ctx, &batch.outcomes).await?;
    let mut due: Vec<Due> = settled
        .into_iter()
        .filter_map(|settled| match settled.ending {
            Ending::Retry(at) => Some(Due { at: settled.at, due: at }),
            Ending::Success | Ending::Failed => None,
        })
        .collect();
    for claimed in &batch.releases {
        let at = &claimed.endpoint.at;
        rows.release(at, claimed.seq, claimed.lease_until, ctx.now).await?;
        due.push(Due { at: at.clone(), due: ctx.now });
    }
    Ok(due)
}
