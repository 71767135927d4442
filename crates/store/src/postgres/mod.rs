//! PostgreSQL: any number of identical nodes on one database, and no other coordination.
//!
//! Commands are the same as on the embedded engine and run the same way: on threads with a connection
//! each, many in one commit (`lane`), queries on snapshots (`reader`). What differs:
//! - numbers rise in commit order over all nodes, because whoever numbers rows holds a lock from before
//!   the first number until the commit;
//! - inserts of a batch are gathered and made at once (`bulk`); statements that read for others to
//!   change lock what they read;
//! - a commit whose answer was lost is asked after (`proof`), so nothing is done twice or answered
//!   wrongly;
//! - nodes tell each other by `NOTIFY` (`bell`) what only shortens waits;
//! - rows are partitioned by time (`partition`); a node that is gone is noticed by its session's lock
//!   (`keeper`);
//! - a deployment of the embedded engine is copied into it whole (`target`).
mod address;
mod bell;
mod bulk;
mod clock;
mod keeper;
mod lane;
mod link;
mod migrate;
mod partition;
mod proof;
mod reader;
mod shared;
mod statement;
mod survey;
mod target;

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use bellwire_domain::{StoreError, Stored};
use bellwire_wire::Timestamp;
use tokio::sync::oneshot;

pub(crate) use bulk::{Bulk, Columns, KINDS};
pub use clock::DatabaseClock;
pub(crate) use link::Link;
pub use migrate::MIGRATIONS;
pub use survey::Survey;
pub(crate) use target::{Begun, Target};
#[cfg(test)]
pub(crate) use {migrate::migrate, statement::without_hints};

use crate::{
    Health, MasterKey, Nobody, Observer, OpenError, Vault,
    args::Arg,
    job, stopwatch,
    tx::{BoxFuture, Tx},
};
use address::Address;
use shared::{Queue, Shared};

/// How to open a store on PostgreSQL.
pub struct PostgresOptions {
    /// `postgres://…`.
    pub url: String,
    /// How secrets are sealed and keys hashed: the same on every node.
    pub vault: Arc<Vault>,
    /// Who is told what committed.
    pub observer: Arc<dyn Observer>,
    /// Connections that only read.
    pub readers: usize,
    /// The time that one partition of events, deliveries and attempts holds, if the deployment begins now.
    pub partition: Duration,
    /// This start of this process, told from all others: 1 to 2^31 - 1.
    pub node: i64,
    /// [`MIGRATIONS`]; a test of upgrades has more of them.
    pub migrations: &'static [&'static str],
}

/// Connections that write besides the one that numbers rows.
const FREE_LANES: usize = 2;

/// The engine.
pub(crate) struct Postgres {
    shared: Arc<Shared>,
    habits: Arc<lane::Habits>,
    ordered: Queue,
    free: Queue,
    reads: Queue,
    busy: Vec<Arc<AtomicU64>>,
    keeper: Mutex<Option<mpsc::Sender<keeper::Request>>>,
    /// Tells when a writing thread has ended: first the free ones, then the ordered one.
    ended: Mutex<Option<Ended>>,
}

struct Ended {
    free: mpsc::Receiver<()>,
    ordered: mpsc::Receiver<()>,
    keeper: mpsc::Receiver<()>,
}

/// How long a node that stops waits until it is no longer known: one whose database is away is found to
/// be gone by the others.
const GOODBYE: Duration = Duration::from_secs(2);

/// The master key that the deployment keeps in its own database, for those who gave it none: made if
/// nothing was sealed yet. None if a key was given when things were sealed.
pub(crate) fn kept_master_key(
    url: &str,
    fresh: &MasterKey,
    migrations: &[&str],
) -> Result<Option<MasterKey>, OpenError> {
    let failed = |error: postgres::Error| OpenError::Database(words(&error));
    let mut client = Address::parse(url)?.connect().map_err(failed)?;
    migrate::migrate(&mut client, migrations)?;
    target::refuse_half(&mut client)?;
    client
        .execute(
            "INSERT INTO settings (name, value) SELECT 'master key', $1
             WHERE NOT EXISTS (SELECT 1 FROM settings WHERE name = 'vault check') ON CONFLICT DO NOTHING",
            &[&Arg::Blob(Some(fresh.as_bytes().as_slice()))],
        )
        .map_err(failed)?;
    let kept = client.query_opt("SELECT value FROM settings WHERE name = 'master key'", &[]).map_err(failed)?;
    Ok(kept.and_then(|row| row.get::<_, &[u8]>(0).try_into().ok()).map(MasterKey::from_bytes))
}

impl Postgres {
    /// Connects, migrates, checks the master key and starts the threads.
    pub(crate) fn open(options: PostgresOptions) -> Result<Self, OpenError> {
        let failed = |error: postgres::Error| OpenError::Database(words(&error));
        let address = Arc::new(Address::parse(&options.url)?);
        let mut client = address.connect().map_err(failed)?;
        migrate::migrate(&mut client, options.migrations)?;
        target::refuse_half(&mut client)?;
        check_vault(&mut client, &options.vault)?;
        let clock = Arc::new(DatabaseClock::ask(&mut client).map_err(failed)?);
        let partitions = partition::Partitions::of(&mut client, options.partition).map_err(failed)?;
        let shared = Arc::new(Shared {
            address,
            partitions: Arc::new(partitions),
            vault: options.vault,
            observer: options.observer,
            clock,
            node: options.node,
            epoch: AtomicU64::new(0),
            hears: AtomicBool::new(false),
            nodes: AtomicU32::new(1),
            closing: AtomicBool::new(false),
            silent_since: AtomicU64::new(0),
            born: stopwatch::now(),
        });
        keeper::ahead(&shared, &mut client).map_err(failed)?;
        keeper::announce(&mut client, options.node).map_err(failed)?;
        keeper::count(&shared, &mut client).map_err(failed)?;
        Self::start(shared, client, options.readers).map_err(|error| OpenError::Database(error.to_string()))
    }

    fn start(shared: Arc<Shared>, client: postgres::Client, readers: usize) -> std::io::Result<Self> {
        let (ordered, free, reads) = (Queue::new(), Queue::new(), Queue::new());
        let habits = Arc::new(lane::Habits::default());
        let ((free_ended, free_ends), (ordered_ended, ordered_ends)) = (mpsc::channel(), mpsc::channel());
        let (keeper_ended, keeper_ends) = mpsc::channel();
        let mut busy = Vec::new();
        for (number, name) in (0..=FREE_LANES).zip(0_i64..) {
            let in_order = number == 0;
            let busy_since = Arc::new(AtomicU64::new(0));
            busy.push(Arc::clone(&busy_since));
            let lane = lane::Lane {
                tx: shared.tx(Arc::clone(&shared.observer), name),
                shared: Arc::clone(&shared),
                habits: Arc::clone(&habits),
                queue: if in_order { ordered.clone() } else { free.clone() },
                ordered: (!in_order).then(|| ordered.clone()),
                busy_since,
                epoch: 0,
                cached: 0,
            };
            let ended = if in_order { ordered_ended.clone() } else { free_ended.clone() };
            thread::Builder::new().name("bellwire-writer".into()).spawn(move || lane.run(&ended))?;
        }
        for _ in 0..readers.max(1) {
            let reader = reader::Reader {
                tx: shared.tx(Arc::new(Nobody), -1),
                shared: Arc::clone(&shared),
                queue: reads.clone(),
            };
            thread::Builder::new().name("bellwire-reader".into()).spawn(move || reader.run())?;
        }
        let (keeper, requests) = mpsc::channel();
        let keeping = keeper::Keeper { shared: Arc::clone(&shared), requests };
        thread::Builder::new().name("bellwire-keeper".into()).spawn(move || {
            keeping.run(client);
            let _ = keeper_ended.send(());
        })?;
        let listening = Arc::clone(&shared);
        thread::Builder::new().name("bellwire-bell".into()).spawn(move || bell::run(&listening))?;
        Ok(Self {
            shared,
            habits,
            ordered,
            free,
            reads,
            busy,
            keeper: Mutex::new(Some(keeper)),
            ended: Mutex::new(Some(Ended { free: free_ends, ordered: ordered_ends, keeper: keeper_ends })),
        })
    }

    pub(crate) async fn transact<T, F>(&self, name: &'static str, command: F) -> Stored<T>
    where
        T: Send + 'static,
        F: for<'a> FnMut(&'a mut Tx) -> BoxFuture<'a, Stored<T>> + Send + 'static,
    {
        if self.shared.closing.load(Ordering::Acquire) {
            return Err(StoreError::Closed);
        }
        let (job, answer) = job::Task::new(name, command);
        let queue = if self.habits.numbers(name) { &self.ordered } else { &self.free };
        queue.push(Box::new(job))?;
        answer.wait().await
    }

    pub(crate) async fn read<T, F>(&self, name: &'static str, query: F) -> Stored<T>
    where
        T: Send + 'static,
        F: for<'a> FnMut(&'a mut Tx) -> BoxFuture<'a, Stored<T>> + Send + 'static,
    {
        let (job, answer) = job::Task::new(name, query);
        self.reads.push(Box::new(job))?;
        answer.wait().await
    }

    /// Drops whole partitions of what is older; how many, and from when on rows are kept.
    pub(crate) async fn drop_older(&self, before: Timestamp) -> Stored<(usize, Timestamp)> {
        let (answer, answered) = oneshot::channel();
        {
            let keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
            let asked = keeper.as_ref().map(|keeper| keeper.send(keeper::Request::Drop(before, answer)));
            if !matches!(asked, Some(Ok(()))) {
                return Err(StoreError::Closed);
            }
        }
        answered.await.unwrap_or(Err(StoreError::Closed))
    }

    pub(crate) fn nodes(&self) -> u32 {
        self.shared.nodes.load(Ordering::Acquire)
    }

    pub(crate) fn clock(&self) -> Arc<DatabaseClock> {
        Arc::clone(&self.shared.clock)
    }

    pub(crate) async fn close(&self) {
        self.shared.closing.store(true, Ordering::Release);
        self.reads.close();
        self.free.close();
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(ended) = ended else { return };
        let ordered = self.ordered.clone();
        let keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (done, wait) = oneshot::channel();
        // What waits is finished by threads that can only be waited for by a thread.
        let waiter = thread::Builder::new().name("bellwire-close".into()).spawn(move || {
            for _ in 0..FREE_LANES {
                let _ = ended.free.recv();
            }
            ordered.close();
            let _ = ended.ordered.recv();
            drop(keeper);
            let _ = ended.keeper.recv_timeout(GOODBYE);
            let _ = done.send(());
        });
        if waiter.is_ok() {
            let _ = wait.await;
        }
    }

    pub(crate) fn health(&self) -> Health {
        let busy = self.busy.iter().map(|busy| match busy.load(Ordering::Acquire) {
            0 => 0,
            since => stopwatch::millis(self.shared.born).saturating_sub(since - 1),
        });
        let waiting = busy.max().unwrap_or(0).max(self.shared.silent_ms());
        Health { writer_waiting_ms: waiting, disk_free_bytes: None, disk_low: false }
    }
}

/// What is sealed to try master keys on.
const VAULT_CHECK: &str = "vault check";

/// Tries the master key on what it sealed before; seals something if nothing was.
fn check_vault(client: &mut postgres::Client, vault: &Vault) -> Result<(), OpenError> {
    let failed = |error: postgres::Error| OpenError::Database(words(&error));
    let sealed = vault.seal(VAULT_CHECK, b"bellwire")?;
    client
        .execute("INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING", &[&VAULT_CHECK, &sealed])
        .map_err(failed)?;
    let sealed = client.query_one("SELECT value FROM settings WHERE name = $1", &[&VAULT_CHECK]).map_err(failed)?;
    vault.open(VAULT_CHECK, sealed.get(0)).map(drop).map_err(OpenError::Vault)
}

/// An error in words: the server's, where it is the server that says no.
fn words(error: &postgres::Error) -> String {
    if let Some(error) = error.as_db_error() {
        return error.message().to_owned();
    }
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
    format!("{error}{}", cause.unwrap_or_default())
}
