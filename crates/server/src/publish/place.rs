//! A place in the log of events that one node at a time holds and moves on.
use std::{sync::Arc, time::Duration};

use bellwire_domain::{
    Stored,
    event::{Begin, Outbox},
};
use bellwire_store::Store;

use crate::app::App;

/// How long a node keeps the lease without moving on: the longest pause after one was killed whose end
/// nobody noticed.
pub const LEASE: Duration = Duration::from_secs(15);

/// Somebody's place in the log, kept in its row under their name.
pub struct Place {
    app: Arc<App>,
    name: &'static str,
}

impl Place {
    /// The place of this name.
    pub fn new(app: &Arc<App>, name: &'static str) -> Self {
        Self { app: Arc::clone(app), name }
    }

    /// Makes its row, before anything happens that should be seen from there.
    pub async fn prepare(store: &Store, name: &'static str, from: Begin) -> Stored<()> {
        store.transact("publisher_ensure", move |tx| Box::pin(tx.publisher_ensure(name, from))).await
    }

    /// Takes it: the last event that was dealt with; nothing while another node is at it.
    pub async fn take(&self) -> Option<i64> {
        let (name, now) = (self.name, self.app.clock.now());
        let taken = self
            .app
            .store
            .transact("publisher_take", move |tx| Box::pin(tx.publisher_take(name, now, now.after(LEASE))))
            .await;
        taken.unwrap_or_else(|error| {
            tracing::debug!(%error, publisher = name, "the publisher could not be taken yet");
            None
        })
    }

    /// Moves it on (or nowhere) and renews the lease; whether this node still had it.
    pub async fn moved(&self, from: i64, to: i64) -> bool {
        let (name, until) = (self.name, self.app.clock.now().after(LEASE));
        let moved = self
            .app
            .store
            .transact("publisher_move", move |tx| Box::pin(tx.publisher_move(name, from, to, until)))
            .await;
        moved.unwrap_or_else(|error| {
            tracing::debug!(%error, publisher = name, "what was told could not be written down yet");
            false
        })
    }

    /// Lets another node have it.
    pub async fn release(&self) {
        let name = self.name;
        drop(self.app.store.transact("publisher_release", move |tx| Box::pin(tx.publisher_release(name))).await);
    }
}
