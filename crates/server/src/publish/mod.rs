//! Tells every event to a log elsewhere, for consumers that want one: from the rows that deliveries are
//! made from, so nothing is told that did not commit, and nothing is left out.
//!
//! Who takes part: a [`Publisher`] speaks to one kind of log ([`nats`]); the turn here holds the
//! publisher's lease (of several nodes one tells), reads events in commit order after the cursor, has
//! them published, and moves the cursor behind what the log confirmed. A crash between the two tells
//! some again: the log drops what it has by the event's id.
//!
//! No transaction is open while the log is spoken to (keeps I8), and nobody waits for it: while it is
//! away events wait in their rows, and other nodes get a chance to reach it.
pub mod nats;
mod place;

use std::{sync::Arc, time::Duration};

use bellwire_domain::event::{Outbox, StoredEvent};
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;

pub use place::{LEASE, Place};

use crate::app::App;

/// Events told at once. Keeps I12.
const BATCH_MAX: u32 = 256;
/// A log that has not confirmed a batch by then is taken to be away: well within the lease.
const PATIENCE: Duration = Duration::from_secs(8);
/// How often rows are looked at and the lease is renewed, however quiet it is.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How long the first pause is while the log is away; each is twice the one before.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// A kind of log.
pub trait Publisher: Send + Sync + 'static {
    /// Its name, under which the cursor is kept.
    const NAME: &'static str;

    /// Tells events in this order and returns when the log has confirmed them. What it has already it
    /// must not keep twice.
    fn publish(&mut self, batch: &[StoredEvent]) -> impl Future<Output = Result<(), Failed>> + Send;
}

/// Not everything was confirmed.
#[derive(Debug)]
pub struct Failed {
    /// So many from the front were.
    pub published: usize,
    /// Why the next one was not.
    pub why: String,
}

/// Starts telling; `appended` rings when there may be something new.
pub fn start<P: Publisher>(app: &Arc<App>, publisher: P, appended: Arc<Notify>, tasks: &TaskTracker) {
    let stop = app.stopping.clone();
    let mut turn = Turn { app: Arc::clone(app), place: Place::new(app, P::NAME), publisher, appended };
    tasks.spawn(async move {
        // What is under way when the server stops is told again.
        let _ = stop.run_until_cancelled(turn.run()).await;
        // Another node need not wait for the end of the lease.
        turn.place.release().await;
    });
}

/// How holding the lease ended.
enum Ended {
    /// Another node has it, or the rows cannot be reached.
    Lost,
    /// The log is away; how many events were told before.
    Away(usize),
}

struct Turn<P> {
    app: Arc<App>,
    place: Place,
    publisher: P,
    appended: Arc<Notify>,
}

impl<P: Publisher> Turn<P> {
    async fn run(&mut self) {
        let mut pause = PAUSE_MIN;
        loop {
            let Some(cursor) = self.place.take().await else {
                // Another node is at it.
                tokio::time::sleep(LOOK_EVERY).await;
                continue;
            };
            match self.tell(cursor).await {
                Ended::Lost => pause = PAUSE_MIN,
                Ended::Away(told) => {
                    if told > 0 {
                        pause = PAUSE_MIN;
                    }
                    // Perhaps another node can reach it.
                    self.place.release().await;
                }
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// Tells what there is and what comes, for as long as the lease and the log last.
    async fn tell(&mut self, mut cursor: i64) -> Ended {
        let mut all = 0;
        loop {
            let read = self.app.store.read("publisher_events", move |tx| Box::pin(tx.events_of_all(cursor, BATCH_MAX)));
            let batch = match read.await {
                Ok(batch) => batch,
                Err(error) => {
                    tracing::warn!(%error, publisher = P::NAME, "events to publish could not be read yet");
                    return Ended::Lost;
                }
            };
            self.lag(&batch);
            let told = if batch.is_empty() {
                drop(tokio::time::timeout(LOOK_EVERY, self.appended.notified()).await);
                Ok(())
            } else {
                let told = tokio::time::timeout(PATIENCE, self.publisher.publish(&batch)).await;
                told.unwrap_or_else(|_| Err(Failed { published: 0, why: "it did not answer in time".into() }))
            };
            let published = told.as_ref().map_or_else(|failed| failed.published.min(batch.len()), |()| batch.len());
            let next = published.checked_sub(1).map_or(cursor, |last| batch[last].seq);
            if !self.place.moved(cursor, next).await {
                return Ended::Lost;
            }
            cursor = next;
            all += published;
            metrics::counter!("bellwire_published_total", "publisher" => P::NAME).increment(published as u64);
            match told {
                Ok(()) => {}
                // Something went: what is left may only have been refused for coming out of order.
                Err(failed) if failed.published > 0 => {
                    tracing::debug!(why = failed.why, publisher = P::NAME, "a part was published");
                }
                Err(failed) => {
                    metrics::counter!("bellwire_publish_failures_total", "publisher" => P::NAME).increment(1);
                    tracing::warn!(why = failed.why, publisher = P::NAME, "events could not be published yet");
                    return Ended::Away(all);
                }
            }
        }
    }

    /// How long the oldest event has waited that the log has not confirmed. A sequence number is about
    /// the time in microseconds.
    fn lag(&self, batch: &[StoredEvent]) {
        let waited = batch.first().map_or(0, |oldest| (self.app.clock.now().micros() - oldest.seq).max(0));
        let waited = Duration::from_micros(waited.unsigned_abs());
        metrics::gauge!("bellwire_publish_lag_seconds", "publisher" => P::NAME).set(waited.as_secs_f64());
    }
}
