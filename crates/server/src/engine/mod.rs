//! The delivery engine: rows that are due become requests, answers become rows.
//!
//! Who takes part: [`gauge`] counts what is in memory, so that the transaction that takes an event
//! knows whether its deliveries may be handed over at once; the [`dispatcher`] is one task that owns
//! a [`lane`] per endpoint and gives every workspace and endpoint its turn; an [`attempt`] is one
//! request; the [`settler`] writes what came of them, many in one transaction.
//!
//! How a delivery moves: inserted leased, it arrives through [`Engine::committed`]; inserted due, it
//! is claimed from disk when its lane has room. Attempted, it is settled: success, dead letter, or due
//! again. Every wake-up here only shortens a wait; the sweep alone finds everything that is due
//! (keeps I5). No transaction is open while a request is (keeps I8). Everything is bounded (keeps I12).
pub mod attempt;
mod dispatcher;
mod gauge;
mod lane;
mod settler;

use std::{sync::Arc, time::Duration};

use bellwire_domain::{
    Effect, Mint,
    delivery::{Endpoint, Slot},
};
use bellwire_store::Store;
use bellwire_wire::SigningKey;
use tokio::sync::mpsc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::clock::Clock;

pub use attempt::Transport;

/// What the engine works with.
pub struct Parts {
    /// The rows.
    pub store: Store,
    /// The clock.
    pub clock: Clock,
    /// The dice.
    pub mint: Arc<dyn Mint>,
    /// The way out.
    pub transport: Arc<dyn Transport>,
    /// Signs for endpoints that ask for Ed25519.
    pub signing_key: Arc<SigningKey>,
    /// Requests in flight at once.
    pub max_in_flight: usize,
    /// How often everything due is looked for.
    pub sweep_every: Duration,
}

/// The engine's outer half: where commits are reported and memory is reserved. It exists before the
/// store does; [`Engine::start`] gives it its inner half.
#[derive(Clone)]
pub struct Engine {
    gauges: Arc<gauge::Gauges>,
    inbox: mpsc::UnboundedSender<Message>,
}

/// The engine's end of the inbox, until it is started.
pub struct Inbox(mpsc::UnboundedReceiver<Message>);

/// What the dispatcher is told. Unbounded, but each message stands for a reserved slot, a request in
/// flight or a committed transaction, which are bounded.
enum Message {
    Committed(Vec<Effect>),
    Claimed(dispatcher::ClaimedFor),
    Reloaded(Box<dispatcher::Reloaded>),
    Finished(lane::Finished),
    Settled(Vec<settler::Due>),
    Swept(Vec<(bellwire_domain::delivery::EndpointRef, bellwire_wire::Timestamp)>),
}

impl Engine {
    /// An engine that is not started.
    pub fn new() -> (Self, Inbox) {
        let (inbox, messages) = mpsc::unbounded_channel();
        (Self { gauges: Arc::default(), inbox }, Inbox(messages))
    }

    /// A place in memory for a delivery of this endpoint and size, if there is one.
    pub fn reserve(&self, endpoint: &Endpoint, bytes: usize) -> Option<Slot> {
        self.gauges.reserve(&endpoint.at.endpoint_id, bytes)
    }

    /// What committed, in commit order.
    pub fn committed(&self, effects: Vec<Effect>) {
        // The engine may be stopping: what is not sent now is found in the rows at the next start.
        drop(self.inbox.send(Message::Committed(effects)));
    }

    /// Starts sending. With `stop`, nothing new starts and what is in flight is finished and settled;
    /// then `tasks` is empty.
    pub fn start(&self, inbox: Inbox, parts: Arc<Parts>, tasks: &TaskTracker, stop: CancellationToken) {
        let (settled, outcomes) = mpsc::unbounded_channel();
        let settler = settler::Settler::new(Arc::clone(&parts), self.inbox.clone());
        tasks.spawn(settler.run(outcomes));
        let dispatcher =
            dispatcher::Dispatcher::new(parts, Arc::clone(&self.gauges), self.inbox.clone(), settled, stop);
        tasks.spawn(dispatcher.run(inbox.0));
    }
}
