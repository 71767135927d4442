//! What the threads of this engine share.
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
        mpsc,
    },
    time::Instant,
};

use bellwire_domain::{StoreError, Stored};

use super::{address::Address, clock::DatabaseClock, link::Link, partition::Partitions, proof::Proofs};
use crate::{Observer, Tx, Vault, job::Job, stopwatch, tx};

/// Commands that may wait in each queue. Keeps I12.
pub(super) const QUEUE_MAX: usize = 8_192;

pub(super) struct Shared {
    pub(super) address: Arc<Address>,
    pub(super) partitions: Arc<Partitions>,
    pub(super) vault: Arc<Vault>,
    pub(super) observer: Arc<dyn Observer>,
    pub(super) clock: Arc<DatabaseClock>,
    /// This start of this process, among all nodes.
    pub(super) node: i64,
    /// Counts changes of rows that connections cache, whichever node made them.
    pub(super) epoch: AtomicU64,
    /// Whether changes made by other nodes are heard.
    pub(super) hears: AtomicBool,
    /// Nodes that are there, this one included.
    pub(super) nodes: AtomicU32,
    pub(super) closing: AtomicBool,
    /// Since when the database has not answered, in milliseconds since `born`, plus one; 0 if it does.
    pub(super) silent_since: AtomicU64,
    pub(super) born: Instant,
}

impl Shared {
    /// What a thread runs commands on; `lane` tells it from the node's others that write.
    pub(super) fn tx(self: &Arc<Self>, observer: Arc<dyn Observer>, lane: i64) -> Tx {
        let proofs = Proofs::new(self.node, lane);
        let link = Link::new(Arc::clone(&self.address), Arc::clone(&self.partitions), proofs);
        let connection = tx::Connection::Postgres(Box::new(link));
        Tx::new(connection, Arc::clone(&self.vault), observer, self.node)
    }

    /// Notes whether the database answers.
    pub(super) fn answers(&self, it_does: bool) {
        if it_does {
            self.silent_since.store(0, Ordering::Release);
        } else {
            let since = stopwatch::millis(self.born) + 1;
            let _ = self.silent_since.compare_exchange(0, since, Ordering::AcqRel, Ordering::Acquire);
        }
    }

    pub(super) fn silent_ms(&self) -> u64 {
        match self.silent_since.load(Ordering::Acquire) {
            0 => 0,
            since => stopwatch::millis(self.born).saturating_sub(since - 1),
        }
    }
}

type Sender = mpsc::SyncSender<Box<dyn Job>>;

/// A queue of commands that several threads take from.
#[derive(Clone)]
pub(super) struct Queue {
    /// Gone once the queue is closed.
    sender: Arc<Mutex<Option<Sender>>>,
    receiver: Arc<Mutex<mpsc::Receiver<Box<dyn Job>>>>,
}

impl Queue {
    pub(super) fn new() -> Self {
        let (sender, receiver) = mpsc::sync_channel(QUEUE_MAX);
        Self { sender: Arc::new(Mutex::new(Some(sender))), receiver: Arc::new(Mutex::new(receiver)) }
    }

    /// Queues a command; it comes back if it cannot be.
    pub(super) fn send(&self, job: Box<dyn Job>) -> Result<(), (Box<dyn Job>, StoreError)> {
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(sender) = sender.as_ref() else { return Err((job, StoreError::Closed)) };
        sender.try_send(job).map_err(|error| match error {
            mpsc::TrySendError::Full(job) => (job, StoreError::Overloaded),
            mpsc::TrySendError::Disconnected(job) => (job, StoreError::Closed),
        })
    }

    /// Queues a command whose caller hears why it cannot be.
    pub(super) fn push(&self, job: Box<dyn Job>) -> Stored<()> {
        self.send(job).map_err(|(_, error)| error)
    }

    /// Waits for commands; at most `limit` of those that wait. None if it is closed and empty.
    pub(super) fn take(&self, limit: usize) -> Option<Vec<Box<dyn Job>>> {
        let receiver = self.receiver.lock().unwrap_or_else(PoisonError::into_inner);
        let mut jobs = vec![receiver.recv().ok()?];
        jobs.extend(receiver.try_iter().take(limit - 1));
        Some(jobs)
    }

    /// A command that waits, if there is one and nobody else is about to take it.
    pub(super) fn take_one(&self) -> Option<Box<dyn Job>> {
        self.receiver.try_lock().ok()?.try_recv().ok()
    }

    /// Takes no more; what waits is done.
    pub(super) fn close(&self) {
        self.sender.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}
